//! Kea's settings about leases: what of them can be honoured so far.

use super::object::Object;
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{ExpiredLeases, LeaseChecks};

/// `lease-database`: whether leases are to outlive the server. A database is refused.
pub(super) fn lease_database(half: &Object<'_>, report: &mut Report) -> bool {
    let Some(database) = half.object("lease-database") else { return true };
    let Some(kind) = database.text("type") else {
        if database.lacks("type") {
            let told = Diagnostic::error(database.head(), "`lease-database` has no `type`");
            report.push(told.help("add \"type\": \"memfile\""));
        }
        return true;
    };
    if !kind.value.eq_ignore_ascii_case("memfile") {
        let told = Diagnostic::error(
            kind.span,
            format!("leases cannot be kept in a database of type \"{}\"", shorten(kind.value)),
        );
        report.push(
            told.label("leases that are there already would be given to others")
                .help("write \"memfile\", and bring its leases over with `fosix leases import`"),
        );
        return true;
    }
    database.boolean("persist").is_none_or(|persist| persist.value)
}

/// `expired-leases-processing`.
pub(super) fn expired_leases(half: &Object<'_>) -> ExpiredLeases {
    let default = ExpiredLeases::default();
    let Some(object) = half.object("expired-leases-processing") else { return default };
    let number = |key, otherwise| object.integer(key).map_or(otherwise, |at| at.value);
    ExpiredLeases {
        reclaim_wait: number("reclaim-timer-wait-time", default.reclaim_wait),
        max_reclaim_leases: number("max-reclaim-leases", default.max_reclaim_leases),
        max_reclaim_time: number("max-reclaim-time", default.max_reclaim_time),
        unwarned_cycles: number("unwarned-reclaim-cycles", default.unwarned_cycles),
        flush_wait: number("flush-reclaimed-timer-wait-time", default.flush_wait),
        hold: number("hold-reclaimed-time", default.hold),
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
