//! The time that leases are measured in.
//!
//! While the server runs it counts on from its start, asleep or not, whatever is done to the wall clock.

use std::time::Duration;

use fosix_lease::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Wall time at the start, and how long ago that was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    anchor: Timestamp,
    since: Duration,
}

impl Clock {
    /// Starts at the wall clock's time.
    pub(super) fn start() -> Self {
        Self { anchor: wall(), since: boot_time() }
    }

    /// The same, but not before `newest`: no time that leases already know comes again.
    #[must_use]
    pub(super) fn not_before(self, newest: Timestamp) -> Self {
        Self { anchor: self.anchor.max(newest), ..self }
    }

    /// Now, in whole seconds.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.anchor.0.saturating_add(boot_time().saturating_sub(self.since).as_secs()))
    }
}

/// What the wall clock shows.
pub(crate) fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_secs()))
}

/// Time since the machine was started, a suspend included.
fn boot_time() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_never_before_what_leases_know() {
        let clock = Clock::start();
        let future = Timestamp(clock.now().0 + 1000);
        assert!(clock.not_before(future).now() >= future);
        assert!(clock.not_before(Timestamp(0)).now() >= clock.anchor);
    }
}
