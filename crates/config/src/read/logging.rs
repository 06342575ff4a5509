//! Kea's `loggers`, as far as they say how much is logged.

use super::object::Object;
use crate::model::LogLevel;

/// The level that the root loggers of both halves ask for; the more talkative one, where they differ.
pub(crate) fn level_of_loggers<'t>(halves: impl IntoIterator<Item = Object<'t>>) -> Option<LogLevel> {
    halves
        .into_iter()
        .flat_map(|half| half.objects("loggers"))
        // `kea-dhcp4.packets` and the like are parts of the whole, which have no levels of their own here.
        .filter(|logger| logger.text("name").is_none_or(|name| !name.value.contains('.')))
        .filter_map(|logger| level(&logger))
        .max()
}

fn level(logger: &Object<'_>) -> Option<LogLevel> {
    let severity = logger.text("severity")?.value.to_ascii_uppercase();
    let debug_level = logger.integer::<u8>("debuglevel").map_or(0, |at| at.value);
    Some(match severity.as_str() {
        "NONE" | "FATAL" | "ERROR" => LogLevel::Error,
        "WARN" => LogLevel::Warn,
        "INFO" => LogLevel::Info,
        "DEBUG" if debug_level >= 70 => LogLevel::Trace,
        "DEBUG" => LogLevel::Debug,
        _ => return None,
    })
}
