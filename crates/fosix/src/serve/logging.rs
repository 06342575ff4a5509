//! Where the log goes: standard error, as text for people or as one JSON object a line.

use std::io::{self, IsTerminal as _};

use anyhow::anyhow;
use fosix_config::{LogFormat, LogLevel, LogSettings};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt, reload};

/// The log of the whole process.
pub(super) struct Log {
    level: reload::Handle<LevelFilter, Registry>,
}

impl Log {
    /// Starts it.
    pub(super) fn start(settings: LogSettings) -> anyhow::Result<Self> {
        let (filter, level) = reload::Layer::new(filter(settings.level));
        let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
        let lines = match settings.format {
            LogFormat::Text => lines.with_target(false).boxed(),
            LogFormat::Json => lines.json().boxed(),
        };
        let started = tracing_subscriber::registry().with(filter).with(lines).try_init();
        started.map_err(|error| anyhow!("cannot start logging: {error}"))?;
        Ok(Self { level })
    }

    /// From now on logs what is at least that important.
    pub(super) fn set_level(&self, level: LogLevel) -> anyhow::Result<()> {
        self.level.reload(filter(level)).map_err(|error| anyhow!("cannot change what is logged: {error}"))
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
