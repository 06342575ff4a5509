//! `hooks-libraries`: the hooks that are built in. Kea's libraries cannot be loaded; whether that matters depends on
//! what each does.

use std::path::PathBuf;

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::keys;
use crate::model::{HookSettings, LegalLogFormat, LegalLogSettings, LogPeriod, RunScriptSettings};
use crate::source::Span;
use crate::syntax::Value;

/// Libraries without which the same clients get the same leases and options.
const HARMLESS: &[(&str, &str)] = &[
    ("cb_cmds", "commands for a configuration database"),
    ("class_cmds", "commands"),
    ("ddns_tuning", "DNS updates"),
    ("gss_tsig", "DNS updates"),
    ("host_cmds", "commands"),
    ("lease_cmds", "commands"),
    ("lease_query", "lease queries"),
    ("mysql", "a database, which is refused where it is used"),
    ("mysql_cb", "a configuration database, which is refused where it is used"),
    ("perfmon", "measurements"),
    ("pgsql", "a database, which is refused where it is used"),
    ("pgsql_cb", "a configuration database, which is refused where it is used"),
    ("rbac", "access to commands"),
    ("stat_cmds", "commands"),
    ("subnet_cmds", "commands"),
];

/// Libraries that decide who gets what, and how.
const DECISIVE: &[(&str, &str)] = &[
    ("bootp", "it serves BOOTP clients"),
    ("ha", "another server may hold the same leases"),
    ("host_cache", "it holds reservations"),
    ("ping_check", "it keeps addresses in use from being offered"),
    ("radius", "a RADIUS server decides"),
    ("user_chk", "it decides who is served"),
];

/// Which half a hook belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Dhcp4,
    Dhcp6,
}

/// The hooks of a half; what becomes of each library that is not among them is reported.
pub(super) fn hooks(object: &Object<'_>, half: Half, report: &mut Report) -> Vec<HookSettings> {
    let mut found: Vec<HookSettings> = Vec::new();
    for hook in object.objects("hooks-libraries") {
        let Some(library) = library(&hook, report) else { continue };
        let settings = match name_of(library.value) {
            "legal_log" => parameters(&hook, &keys::LEGAL_LOG, report)
                .and_then(|parameters| legal_log(&parameters, half, library.span, &found, report))
                .map(HookSettings::LegalLog),
            "run_script" => parameters(&hook, &keys::RUN_SCRIPT, report)
                .and_then(|parameters| run_script(&hook, &parameters, report))
                .map(HookSettings::RunScript),
            // Read by `flex.rs` and `limits.rs`.
            "flex_id" | "flex_option" | "limits" => None,
            name => {
                not_loaded(name, library.span, report);
                None
            }
        };
        found.extend(settings);
    }
    found
}

/// Tells of files that the hooks of one half and those of the other would write to.
pub(super) fn check_files(dhcp6: &Object<'_>, dhcp4: &Object<'_>, report: &mut Report) {
    let first: Vec<_> = log_files(dhcp6, Half::Dhcp6).collect();
    for (path, at) in log_files(dhcp4, Half::Dhcp4) {
        if let Some((_, other)) = first.iter().find(|(other, _)| *other == path) {
            report.push(
                Diagnostic::error(at, "the hooks of both halves would write to the same files")
                    .also(*other, "the other one")
                    .help("give each a `base-name` of its own"),
            );
        }
    }
}

fn log_files<'t>(half: &Object<'t>, which: Half) -> impl Iterator<Item = (PathBuf, Span)> + use<'t> {
    half.objects("hooks-libraries").filter_map(move |hook| {
        let library = hook.text("library").filter(|library| name_of(library.value) == "legal_log")?;
        let parameters = hook.object("parameters").unwrap_or_else(|| Object::empty(hook.span));
        let LegalLogSettings { directory, base_name, .. } = log_defaults(which);
        let directory = parameters.text_if_any("path").map_or(directory, |path| PathBuf::from(path.value));
        let base_name = parameters.text("base-name").map_or(base_name, |name| name.value.to_owned());
        Some((directory.join(base_name), library.span))
    })
}

/// Each half has files of its own, also where nothing is said about them.
fn log_defaults(half: Half) -> LegalLogSettings {
    let mut settings = LegalLogSettings::default();
    if half == Half::Dhcp6 {
        "fosix-legal6".clone_into(&mut settings.base_name);
    }
    settings
}

fn library<'t>(hook: &Object<'t>, report: &mut Report) -> Option<At<&'t str>> {
    let library = hook.text("library");
    if library.is_none() && hook.lacks("library") {
        let told = Diagnostic::error(hook.head(), "this hook has no `library`");
        report.push(told.help("remove it"));
    }
    library
}

/// What stands under `parameters`, held against `spec`; nothing at all is as good as an empty map.
pub(super) fn parameters<'t>(
    hook: &Object<'t>,
    spec: &'static keys::Spec,
    report: &mut Report,
) -> Option<Object<'t>> {
    let Some(member) = hook.member("parameters") else { return Some(Object::empty(hook.span)) };
    let parameters = Object::new(&member.node);
    if parameters.is_none() && !matches!(member.node.value, Value::Damaged) {
        let found = member.node.value.describe();
        let told = Diagnostic::error(
            member.node.span.head_if_large(),
            format!("`parameters` takes a map, not {found}"),
        );
        report.push(told.label(format!("this is {found}")).help("write a map"));
    }
    keys::check(&member.node, spec, report);
    parameters
}

fn legal_log(
    parameters: &Object<'_>,
    half: Half,
    library: Span,
    others: &[HookSettings],
    report: &mut Report,
) -> Option<LegalLogSettings> {
    let mut settings = log_defaults(half);
    if let Some(path) = parameters.text_if_any("path") {
        settings.directory = path.value.into();
    }
    if let Some(name) = parameters.text("base-name") {
        if name.value.is_empty() || name.value.contains(['/', '\0']) {
            let told = Diagnostic::error(name.span, "`base-name` must be the beginning of a file's name");
            report.push(told.help("write it without a slash; `path` is the directory"));
            return None;
        }
        name.value.clone_into(&mut settings.base_name);
    }
    let lower = |key| parameters.text(key).map(|text| text.value.to_ascii_lowercase());
    settings.period = match lower("time-unit").as_deref() {
        Some("second") => LogPeriod::Second,
        Some("month") => LogPeriod::Month,
        Some("year") => LogPeriod::Year,
        _ => LogPeriod::Day,
    };
    if lower("format").as_deref() == Some("text") {
        settings.format = LegalLogFormat::Text;
    }
    settings.count = number(parameters, "count", settings.count);
    settings.max_size = number(parameters, "max-size", settings.max_size);
    settings.keep = number(parameters, "keep", settings.keep);
    settings.queue_size = number(parameters, "queue-size", settings.queue_size);
    let same_file = |other: &HookSettings| match other {
        HookSettings::LegalLog(other) => {
            (&other.directory, &other.base_name) == (&settings.directory, &settings.base_name)
        }
        HookSettings::RunScript(_) => false,
    };
    if others.iter().any(same_file) {
        let told = Diagnostic::error(library, "two hooks would write to the same files");
        report.push(told.help("give each a `base-name` of its own"));
        return None;
    }
    Some(settings)
}

fn run_script(hook: &Object<'_>, parameters: &Object<'_>, report: &mut Report) -> Option<RunScriptSettings> {
    let Some(program) = parameters.text("name") else {
        if parameters.lacks("name") {
            let told = Diagnostic::error(hook.head(), "run_script has no program to run");
            report.push(told.help("give its path: \"parameters\": { \"name\": \"/path/to/program\" }"));
        }
        return None;
    };
    if !program.value.starts_with('/') || program.value.contains('\0') {
        let told = Diagnostic::error(program.span, "`name` must be the whole path of a program");
        report.push(told.help("begin it with a slash"));
        return None;
    }
    let mut settings = RunScriptSettings::new(program.value);
    if let Some(sync) = parameters.boolean("sync").filter(|sync| sync.value) {
        let told = Diagnostic::error(sync.span, "no packet can wait for a program");
        report.push(told.help("remove it, or write false"));
        return None;
    }
    settings.timeout_secs = number(parameters, "timeout", settings.timeout_secs);
    settings.max_processes = number(parameters, "max-processes", settings.max_processes);
    settings.queue_size = number(parameters, "queue-size", settings.queue_size);
    Some(settings)
}

fn number<T: TryFrom<i64>>(parameters: &Object<'_>, key: &str, default: T) -> T {
    parameters.integer(key).map_or(default, |at| at.value)
}

fn not_loaded(name: &str, library: Span, report: &mut Report) {
    let find = |list: &[(&'static str, &'static str)]| {
        list.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
    };
    if let Some(what) = find(HARMLESS) {
        let told = Diagnostic::warning(library, format!("the hook library {name} is not loaded"));
        let label = format!("it is about {what}");
        report.unsupported(
            &format!("hook {name}"),
            told.label(label).help("remove it, or leave it for Kea; libraries of Kea cannot be loaded"),
        );
        return;
    }
    let why = find(DECISIVE).unwrap_or("nobody here knows what it decides");
    let told = Diagnostic::error(
        library,
        format!("the hook library {} is not supported, and may decide who gets what", shorten(name)),
    );
    report.push(
        told.label(why).help("remove it, if clients can do without; libraries of Kea cannot be loaded"),
    );
}

/// `flex_id` of `/usr/lib/kea/hooks/libdhcp_flex_id.so`.
pub(super) fn name_of(library: &str) -> &str {
    let file = library.rsplit('/').next().unwrap_or(library);
    let stem = file.strip_suffix(".so").unwrap_or(file);
    let name = stem.strip_prefix("libdhcp_").or_else(|| stem.strip_prefix("libddns_")).unwrap_or(stem);
    name.strip_prefix("lib").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_its_file_name() {
        assert_eq!(name_of("/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_flex_id.so"), "flex_id");
        assert_eq!(name_of("libddns_gss_tsig.so"), "gss_tsig");
        assert_eq!(name_of("libdhcp_ha.so"), "ha");
        assert_eq!(name_of("mine"), "mine");
    }
}
