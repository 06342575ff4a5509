//! The hooks that the configuration switches on.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use fosix_config::HookSettings;
use fosix_hooks::{Hook, Hooks, LegalLog, RunScript};
use tracing::info;

use super::clock;

/// Starts the hooks of a half, in their order.
pub(super) fn attach(settings: &[HookSettings]) -> anyhow::Result<Hooks> {
    let hooks = settings.iter().map(start).collect::<anyhow::Result<Vec<_>>>()?;
    for hook in &hooks {
        info!(hook = hook.name(), points = ?hook.points(), "hook attached");
    }
    Ok(Hooks::new(hooks))
}

fn start(settings: &HookSettings) -> anyhow::Result<Arc<dyn Hook>> {
    match settings {
        HookSettings::LegalLog(settings) => {
            let log = LegalLog::start(settings, clock::wall());
            let log = log.with_context(|| {
                format!("hook legal_log: cannot write a file in {}", settings.directory.display())
            })?;
            Ok(Arc::new(log))
        }
        HookSettings::RunScript(settings) => {
            let script = RunScript::start(settings)
                .with_context(|| format!("hook run_script: cannot run {}", settings.program.display()))?;
            Ok(Arc::new(script))
        }
        other => bail!("a hook that this program does not have: {other:?}"),
    }
}
