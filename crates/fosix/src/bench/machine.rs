//! What the machine is, and what processes on it have used.

use std::fs;

/// Ticks of /proc/PID/stat in a second: USER_HZ, which is 100 on every Linux that people run.
const TICKS: f64 = 100.0;

/// CPU seconds of a process, those of its threads together: user, system. Zero where there is no such process.
pub(super) fn cpu(pid: u32) -> [f64; 2] {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may have spaces in it.
    let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut next = || fields.next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / TICKS;
    [next(), next()]
}

/// Resident memory of a process in KiB.
pub(super) fn resident_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The processor, how many of them, and the kernel, for a report.
pub(super) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} x {cores}, Linux {}", model.unwrap_or("unknown processor").trim(), kernel.trim())
}
