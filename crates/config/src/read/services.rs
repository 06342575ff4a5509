//! Kea's settings about leases: what of them can be honoured so far.

use super::object::Object;
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::LeaseChecks;

/// `lease-database`: leases are kept in memory, so that a file is accepted with a notice and a database refused.
pub(super) fn lease_database(half: &Object<'_>, report: &mut Report) {
    let Some(database) = half.object("lease-database") else { return };
    let Some(member) = half.member("lease-database") else { return };
    let Some(kind) = database.text("type") else {
        if database.lacks("type") {
            let told = Diagnostic::error(database.head(), "`lease-database` has no `type`");
            report.push(told.help("add \"type\": \"memfile\""));
        }
        return;
    };
    if !kind.value.eq_ignore_ascii_case("memfile") {
        let told = Diagnostic::error(
            kind.span,
            format!("leases cannot be kept in a database of type \"{}\"", shorten(kind.value)),
        );
        report.push(
            told.label("leases that are there already would be given to others")
                .help("write \"memfile\"; leases are kept in memory alone for now"),
        );
        return;
    }
    // Leases that are not to be kept anyway are kept as they should be.
    if database.boolean("persist").is_none_or(|persist| persist.value) {
        let told = Diagnostic::notice(
            member.key_span,
            "leases are not durable: they are kept in memory alone for now",
        );
        report.unsupported(
            "lease-database",
            told.label("a restart forgets them").help("write \"persist\": false where that is what you want"),
        );
    }
}

/// Seconds that a declined address rests.
pub(super) fn decline_probation_period(half: &Object<'_>) -> u32 {
    /// Where nothing is configured: as in Kea.
    const DEFAULT: u32 = 86400;
    half.integer("decline-probation-period").map_or(DEFAULT, |at| at.value)
}

/// `sanity-checks.lease-checks`.
pub(super) fn lease_checks(half: &Object<'_>) -> LeaseChecks {
    let text = half.object("sanity-checks").and_then(|checks| checks.text("lease-checks"));
    match text.map(|text| text.value.to_ascii_lowercase()).as_deref() {
        Some("none") => LeaseChecks::None,
        Some("fix") => LeaseChecks::Fix,
        Some("fix-del") => LeaseChecks::FixDelete,
        Some("del") => LeaseChecks::Delete,
        _ => LeaseChecks::Warn,
    }
}
