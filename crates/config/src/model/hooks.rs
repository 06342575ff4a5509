//! The hooks that the configuration switches on.

use std::path::PathBuf;

/// One entry of `hooks-libraries` that is honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HookSettings {
    /// `legal_log`: who had which address from when to when, in files.
    LegalLog(LegalLogSettings),
    /// `run_script`: a program that is run when something happens to a lease.
    RunScript(RunScriptSettings),
}

/// What `legal_log` writes, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalLogSettings {
    /// The directory of the files; it must exist.
    pub directory: PathBuf,
    /// What the names of the files begin with; no slash in it.
    pub base_name: String,
    /// What a file lasts for.
    pub period: LogPeriod,
    /// Units of `period` that a file lasts for; 0 is for ever.
    pub count: u32,
    /// Bytes after which another file is begun; 0 is no limit.
    pub max_size: u64,
    /// Files that are kept, the one that is written included; 0 is all.
    pub keep: usize,
    /// How a line looks.
    pub format: LegalLogFormat,
    /// Lines that may wait to be written, at least 1; more are lost, and counted.
    pub queue_size: usize,
}

impl Default for LegalLogSettings {
    fn default() -> Self {
        Self {
            directory: "/var/lib/fosix".into(),
            base_name: "fosix-legal".to_owned(),
            period: LogPeriod::Day,
            count: 1,
            max_size: 0,
            keep: 0,
            format: LegalLogFormat::Json,
            queue_size: 65_536,
        }
    }
}

/// The unit of time by which files follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPeriod {
    /// A second.
    Second,
    /// A day, in UTC.
    Day,
    /// A month, in UTC.
    Month,
    /// A year, in UTC.
    Year,
}

/// How a line of `legal_log` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalLogFormat {
    /// One JSON object.
    Json,
    /// A sentence much like Kea's.
    Text,
}

/// What `run_script` runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScriptSettings {
    /// The program, with its whole path.
    pub program: PathBuf,
    /// Seconds after which it is killed, at least 1.
    pub timeout_secs: u32,
    /// Processes that run at a time, at least 1.
    pub max_processes: usize,
    /// Events that may wait for a process, at least 1; more are lost, and counted.
    pub queue_size: usize,
}

impl RunScriptSettings {
    /// That program with the default limits.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), timeout_secs: 10, max_processes: 4, queue_size: 1024 }
    }
}
