//! Where the log goes: standard error, as text for people or as one JSON object a line.

use std::io::{self, IsTerminal as _};

use anyhow::anyhow;
use fosix_config::{LogFormat, LogLevel, LogSettings};
use tracing::level_filters::LevelFilter;

/// Starts logging for the whole process.
pub(super) fn start(settings: LogSettings) -> anyhow::Result<()> {
    let level = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let result = match settings.format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    result.map_err(|error| anyhow!("cannot start logging: {error}"))
}
