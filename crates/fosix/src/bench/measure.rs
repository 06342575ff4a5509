//! What was measured: exchanges, losses and latencies, while it runs and at the end.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::machine;

/// The percentiles of reports.
pub(super) const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 100.0];
/// The longest latency that is told apart: 100 s, in microseconds.
const LONGEST_US: u64 = 100_000_000;

/// Latencies in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Latency(Option<Histogram<u32>>);

impl Latency {
    pub(super) fn new() -> Self {
        // Three digits over that range are what every histogram can have.
        Self(Histogram::new_with_bounds(1, LONGEST_US, 3).ok())
    }

    pub(super) fn record(&mut self, microseconds: u64) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(microseconds.clamp(1, LONGEST_US));
        }
    }

    pub(super) fn at(&self, percentile: f64) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.value_at_percentile(percentile))
    }

    pub(super) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    pub(super) fn clear(&mut self) {
        if let Some(histogram) = &mut self.0 {
            histogram.reset();
        }
    }
}

/// A second of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Second {
    pub(super) exchanges: u64,
    pub(super) lost: u64,
    pub(super) p99_us: u64,
    /// Memory of the processes that are watched, together.
    pub(super) resident_kib: u64,
}

/// Everything that was counted since measuring began.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) began: Instant,
    pub(super) took: Duration,
    /// Completed ones that began in that time.
    pub(super) exchanges: u64,
    /// Those without an answer that is due: releases.
    pub(super) silent: u64,
    pub(super) sent: u64,
    pub(super) lost: u64,
    /// Clients of an avalanche that had to begin again.
    pub(super) refused: u64,
    /// First message, second message, the whole.
    pub(super) first: Latency,
    pub(super) second: Latency,
    pub(super) whole: Latency,
    pub(super) seconds: Vec<Second>,
    current: Second,
    current_latency: Latency,
    /// CPU seconds of each process, user and system, and of this one, when it began and then in that time.
    pub(super) cpu: Vec<[f64; 2]>,
    pub(super) own_cpu: [f64; 2],
}

impl Measured {
    pub(super) fn begin(pids: &[u32]) -> Self {
        Self {
            began: Instant::now(),
            took: Duration::ZERO,
            exchanges: 0,
            silent: 0,
            sent: 0,
            lost: 0,
            refused: 0,
            first: Latency::new(),
            second: Latency::new(),
            whole: Latency::new(),
            seconds: Vec::new(),
            current: Second::default(),
            current_latency: Latency::new(),
            cpu: pids.iter().map(|&pid| machine::cpu(pid)).collect(),
            own_cpu: machine::cpu(std::process::id()),
        }
    }

    pub(super) fn completed(&mut self, whole_us: u64) {
        self.exchanges += 1;
        self.current.exchanges += 1;
        self.whole.record(whole_us);
        self.current_latency.record(whole_us);
    }

    pub(super) fn lost(&mut self) {
        self.lost += 1;
        self.current.lost += 1;
    }

    /// The second that has ended, once for each.
    pub(super) fn tick(&mut self, pids: &[u32]) -> Option<Second> {
        let elapsed = usize::try_from(self.began.elapsed().as_secs()).unwrap_or(usize::MAX);
        if elapsed <= self.seconds.len() {
            return None;
        }
        self.current.resident_kib = pids.iter().map(|&pid| machine::resident_kib(pid)).sum();
        self.current.p99_us = self.current_latency.at(99.0);
        let ended = std::mem::take(&mut self.current);
        self.current_latency.clear();
        self.seconds.push(ended);
        Some(ended)
    }

    pub(super) fn end(&mut self, pids: &[u32]) {
        self.took = self.began.elapsed();
        let used = |before: [f64; 2], now: [f64; 2]| [now[0] - before[0], now[1] - before[1]];
        for (cpu, &pid) in self.cpu.iter_mut().zip(pids) {
            *cpu = used(*cpu, machine::cpu(pid));
        }
        self.own_cpu = used(self.own_cpu, machine::cpu(std::process::id()));
    }

    /// Exchanges a second.
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 exchanges")]
    pub(super) fn rate(&self) -> f64 {
        (self.exchanges + self.silent) as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// Microseconds of CPU for each exchange.
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 exchanges")]
    pub(super) fn each_us(&self, seconds: f64) -> f64 {
        seconds * 1e6 / (self.exchanges + self.silent).max(1) as f64
    }
}
