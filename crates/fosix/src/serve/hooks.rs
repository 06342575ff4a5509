//! The hooks that the configuration switches on.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use fosix_config::HookSettings;
use fosix_hooks::{Hook, Hooks, LegalLog, RunScript};
use fosix_lease::Timestamp;
use tracing::info;

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
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let log = LegalLog::start(settings, Timestamp(now));
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
