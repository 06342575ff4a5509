//! The `Fosix` object.

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{
    Durability, FosixSettings, JournalSettings, LinkSettings, LogFormat, LogLevel, OfferSettings, Ports,
    StoreSettings,
};

/// What the object says; `loggers` is the level that Kea's loggers ask for.
pub(crate) fn settings(
    object: Option<&Object<'_>>,
    loggers: Option<LogLevel>,
    report: &mut Report,
) -> FosixSettings {
    let mut settings = FosixSettings::default();
    if let Some(level) = loggers {
        settings.log.level = level;
    }
    let Some(object) = object else { return settings };
    if let Some(log) = object.object("log") {
        settings.log.level = log.text("level").and_then(level).unwrap_or(settings.log.level);
        settings.log.format = log.text("format").and_then(format).unwrap_or_default();
    }
    settings.store = object.object("store").and_then(|store| self::store(&store, report));
    if let Some(ports) = object.object("ports") {
        let default = Ports::default();
        settings.ports = Ports {
            server: ports.integer("server").map_or(default.server, |at| at.value),
            client: ports.integer("client").map_or(default.client, |at| at.value),
            reply_to_source_port: ports.boolean("reply-to-source-port").is_some_and(|at| at.value),
        };
    }
    if let Some(levels) = object.integer("max-relay-levels") {
        settings.max_relay_levels = levels.value;
    }
    if let Some(offers) = object.object("offers") {
        let default = OfferSettings::default();
        settings.offers = OfferSettings {
            lifetime: offers.integer("lifetime").map_or(default.lifetime, |at| at.value),
            limit: offers.integer("limit").map_or(default.limit, |at| at.value),
        };
    }
    if let Some(workers) = object.integer("workers") {
        settings.workers = workers.value;
    }
    settings.link = link(object, report);
    settings
}

/// Where leases are kept.
fn store(object: &Object<'_>, report: &mut Report) -> Option<StoreSettings> {
    const OF_JOURNAL: [&str; 4] = ["directory", "disk-budget", "durability", "reclaim-hold"];
    let in_memory = object.text("type").is_some_and(|kind| kind.value.eq_ignore_ascii_case("memory"));
    if in_memory {
        for member in OF_JOURNAL.iter().filter_map(|key| object.member(key)) {
            let told = Diagnostic::error(member.key_span, "a store in memory has no such setting");
            report.push(told.help("remove it, or write \"type\": \"journal\""));
        }
        return Some(StoreSettings::Memory);
    }
    let mut settings = JournalSettings::default();
    if let Some(directory) = object.text("directory") {
        if !directory.value.starts_with('/') || directory.value.contains('\0') {
            let told = Diagnostic::error(directory.span, "`directory` must be an absolute path");
            report.push(told.help("such as \"/var/lib/fosix\""));
            return None;
        }
        settings.directory = directory.value.into();
    }
    if object.text("durability").is_some_and(|text| text.value.eq_ignore_ascii_case("async")) {
        settings.durability = Durability::Async;
    }
    if let Some(budget) = object.integer::<u64>("disk-budget") {
        settings.disk_budget = Some(budget.value.saturating_mul(1 << 20));
    }
    if let Some(hold) = object.integer("reclaim-hold") {
        settings.reclaim_hold = hold.value;
    }
    Some(StoreSettings::Journal(settings))
}

/// The link to a half in another process.
fn link(object: &Object<'_>, report: &mut Report) -> Option<LinkSettings> {
    /// What fits into the address of a Unix socket, beside the null byte (unix(7)).
    const LONGEST_PATH: usize = 107;
    let user = object.text_if_any("link-user");
    let Some(path) = object.text_if_any("link") else {
        if let Some(user) = user {
            let told = Diagnostic::error(user.span, "`link-user` without `link`");
            report.push(told.help("add \"link\" with the path of the socket, or remove it"));
        }
        return None;
    };
    if !path.value.starts_with('/') || path.value.len() > LONGEST_PATH || path.value.contains('\0') {
        let told = Diagnostic::error(path.span, "`link` must be an absolute path of at most 107 bytes");
        report.push(told.help("such as \"/run/fosix/link\""));
        return None;
    }
    Some(LinkSettings { path: path.value.into(), user: user.map(|user| user.value.to_owned()) })
}

fn level(text: At<&str>) -> Option<LogLevel> {
    Some(match text.value.to_ascii_lowercase().as_str() {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        _ => return None,
    })
}

fn format(text: At<&str>) -> Option<LogFormat> {
    Some(match text.value.to_ascii_lowercase().as_str() {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        _ => return None,
    })
}
