//! The `Fosix` object.

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{FosixSettings, LogFormat, LogLevel, OfferSettings, Ports, StoreSettings};

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
    if let Some(store) = object.object("store") {
        if store.lacks("type") {
            let told = Diagnostic::error(store.head(), "`Fosix.store` has no `type`");
            report.push(told.help("add \"type\": \"memory\""));
        }
        settings.store = StoreSettings::Memory;
    }
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
    settings
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
