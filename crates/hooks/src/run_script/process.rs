//! One run of a program, which ends in a bounded time.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// How a run ended.
#[derive(Debug)]
pub(super) enum End {
    /// With status 0.
    Succeeded,
    /// With another status, or by a signal.
    Failed(ExitStatus),
    /// It took too long, and was killed with all that it had started.
    Killed,
    /// It could not be run or watched.
    NotRun(io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("the program succeeded"),
            Self::Failed(status) => write!(f, "the program ended with {status}"),
            Self::Killed => f.write_str("the program took too long and was killed"),
            Self::NotRun(error) => write!(f, "the program cannot be run: {error}"),
        }
    }
}

/// Runs `program` with `argument` and, beside a `PATH`, only these variables, for at most `timeout`.
pub(super) fn run(program: &Path, argument: &str, variables: &[(String, String)], timeout: Duration) -> End {
    let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let child = Command::new(program)
        .arg(argument)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A group of its own, so that what it starts is killed with it.
        .process_group(0)
        .spawn();
    match child {
        Ok(child) => attend(child, timeout).unwrap_or_else(End::NotRun),
        Err(error) => End::NotRun(error),
    }
}

/// Waits for the end of `child`, or brings it about.
fn attend(mut child: Child, timeout: Duration) -> io::Result<End> {
    let ended = ends_within(&child, timeout);
    if !matches!(ended, Ok(true)) {
        // It has not been waited for, so that its number is still its own.
        if let Err(error) = kill_process_group(Pid::from_child(&child), Signal::KILL) {
            tracing::debug!(%error, "no process left to kill");
        }
    }
    let status = child.wait()?;
    Ok(match ended? {
        false => End::Killed,
        true if status.success() => End::Succeeded,
        true => End::Failed(status),
    })
}

/// Whether `child` ends within `timeout`.
fn ends_within(child: &Child, timeout: Duration) -> io::Result<bool> {
    let handle = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
