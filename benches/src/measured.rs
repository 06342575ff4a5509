//! Times of commits, and what they cost.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

/// What was measured of one store at one size of batch.
#[derive(Debug, Default, Clone)]
pub struct Measured {
    /// How long each batch took as a whole.
    pub batches: Vec<Duration>,
    /// Of that, from when it was handed over until it was durable.
    pub commits: Vec<Duration>,
    /// Updates in them.
    pub updates: u64,
    /// From the first to the last, waits for room included.
    pub wall: Duration,
    /// Of all threads, in user and kernel mode, with the work that was put off.
    pub cpu: Duration,
    /// Bytes that were written to files.
    pub written: u64,
}

impl Measured {
    /// Updates in a second.
    pub fn rate(&self) -> f64 {
        float(self.updates) / self.wall.as_secs_f64()
    }

    /// Processor time of one update in microseconds.
    pub fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / float(self.updates)
    }

    /// Bytes written for one update.
    pub fn written_each(&self) -> f64 {
        float(self.written) / float(self.updates)
    }
}

/// What one took at most in `of_1000` of 1,000 cases; nothing where there were too few to tell.
pub fn quantile(times: &[Duration], of_1000: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let enough = sorted.len() * (1000 - of_1000) >= 1000;
    sorted.get(sorted.len() * of_1000 / 1000).copied().filter(|_| enough)
}

/// What this process has used so far, in user and kernel mode, by all of its threads.
pub fn cpu_time() -> Result<Duration> {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).context("the processor time is negative")
}

/// Bytes that this process has caused to be written so far.
pub fn written_bytes() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/io").context("cannot read /proc/self/io")?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.context("/proc/self/io says nothing of what was written")?.parse()?)
}

#[expect(clippy::cast_precision_loss, reason = "figures have three places")]
fn float(number: u64) -> f64 {
    number as f64
}
