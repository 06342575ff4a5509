//! `hooks-libraries`: Kea's libraries cannot be loaded. Whether that matters depends on what each does.

use super::object::Object;
use crate::diagnostic::{Diagnostic, Report, shorten};

/// Libraries without which the same clients get the same leases and options.
const HARMLESS: &[(&str, &str)] = &[
    ("cb_cmds", "commands for a configuration database"),
    ("class_cmds", "commands"),
    ("ddns_tuning", "DNS updates"),
    ("gss_tsig", "DNS updates"),
    ("host_cmds", "commands"),
    ("lease_cmds", "commands"),
    ("lease_query", "lease queries"),
    ("legal_log", "a log"),
    ("mysql", "a database, which is refused where it is used"),
    ("mysql_cb", "a configuration database, which is refused where it is used"),
    ("perfmon", "measurements"),
    ("pgsql", "a database, which is refused where it is used"),
    ("pgsql_cb", "a configuration database, which is refused where it is used"),
    ("rbac", "access to commands"),
    ("run_script", "scripts that follow events"),
    ("stat_cmds", "commands"),
    ("subnet_cmds", "commands"),
];

/// Libraries that decide who gets what, and how.
const DECISIVE: &[(&str, &str)] = &[
    ("bootp", "it serves BOOTP clients"),
    ("flex_id", "it changes by what clients are known"),
    ("flex_option", "it changes the options of answers"),
    ("ha", "another server may hold the same leases"),
    ("host_cache", "it holds reservations"),
    ("limits", "it limits how many leases a client gets"),
    ("ping_check", "it keeps addresses in use from being offered"),
    ("radius", "a RADIUS server decides"),
    ("user_chk", "it decides who is served"),
];

/// Tells what becomes of each library.
pub(super) fn hooks(half: &Object<'_>, report: &mut Report) {
    for hook in half.objects("hooks-libraries") {
        let Some(library) = hook.text("library") else {
            if hook.lacks("library") {
                let told = Diagnostic::error(hook.head(), "this hook has no `library`");
                report.push(told.help("remove it"));
            }
            continue;
        };
        let name = name_of(library.value);
        let find = |list: &[(&'static str, &'static str)]| {
            list.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
        };
        if let Some(what) = find(HARMLESS) {
            let told = Diagnostic::warning(library.span, format!("the hook library {name} is not loaded"));
            let label = format!("it is about {what}");
            report.unsupported(
                &format!("hook {name}"),
                told.label(label).help("remove it, or leave it for Kea; libraries of Kea cannot be loaded"),
            );
        } else {
            let why = find(DECISIVE).unwrap_or("nobody here knows what it decides");
            let told = Diagnostic::error(
                library.span,
                format!("the hook library {} is not supported, and may decide who gets what", shorten(name)),
            );
            report.push(
                told.label(why)
                    .help("remove it, if clients can do without; libraries of Kea cannot be loaded"),
            );
        }
    }
}

/// `flex_id` of `/usr/lib/kea/hooks/libdhcp_flex_id.so`.
fn name_of(library: &str) -> &str {
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
