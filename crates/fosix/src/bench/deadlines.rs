//! When a message is taken for lost, and with an avalanche when each client begins.

use std::time::Duration;

use super::args::{Pace, Settings};
use super::plan::{Random, microseconds};

/// Milliseconds that are told apart, more than anybody waits: the longest wait is 65 s.
const SLOTS: u64 = 1 << 17;

/// When messages without an answer are sent again, and when each client of an avalanche begins: to the millisecond, as a wheel, since most
/// messages have their answer long before and nobody asks for the order of others.
#[derive(Debug)]
pub(super) struct Deadlines {
    slots: Vec<Vec<Waiting>>,
    /// The millisecond that comes next.
    next_ms: u64,
    /// What is over, the last of it first.
    over: Vec<Waiting>,
    timeout_us: u64,
    backs_off: bool,
    random: Random,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The client begins at this microsecond.
    ToBegin(u32, u64),
    /// The client has sent a message at this microsecond. It may have had its answer.
    ForAnswer(u32, u64),
}

impl Deadlines {
    pub(super) fn new(settings: &Settings) -> Self {
        Self::with(settings.timeout, matches!(settings.pace, Pace::Avalanche(_)))
    }

    /// With the same `timeout` for all, or with those of DHCPv4.
    fn with(timeout: Duration, backs_off: bool) -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            next_ms: 0,
            over: Vec::new(),
            timeout_us: microseconds(timeout),
            backs_off,
            random: Random::new(0xca11),
        }
    }

    /// `client` begins at some time before `within`.
    pub(super) fn begins(&mut self, client: u32, within: Duration) {
        let at = self.random.below(microseconds(within));
        self.put(at, Waiting::ToBegin(client, at));
    }

    /// `client` has sent a message for the `tries`th time at `now_us`.
    pub(super) fn sent(&mut self, client: u32, tries: u8, now_us: u64) {
        let wait = if self.backs_off {
            // RFC 2131 §4.1: 4 s, doubled up to 64, each with -1 to 1 s.
            let seconds = 4u64 << tries.saturating_sub(1).min(4);
            seconds * 1_000_000 - 1_000_000 + self.random.below(2_000_000)
        } else {
            self.timeout_us
        };
        self.put(now_us + wait, Waiting::ForAnswer(client, now_us));
    }

    fn put(&mut self, at_us: u64, waiting: Waiting) {
        let at_ms = (at_us / 1000).clamp(self.next_ms, self.next_ms + SLOTS - 1);
        if let Some(slot) = slot(&mut self.slots, at_ms) {
            slot.push(waiting);
        }
    }

    /// One that is over.
    pub(super) fn over(&mut self, now_us: u64) -> Option<Waiting> {
        while self.over.is_empty() && self.next_ms < now_us / 1000 {
            std::mem::swap(&mut self.over, slot(&mut self.slots, self.next_ms)?);
            self.next_ms += 1;
        }
        self.over.pop()
    }

    /// Microseconds until the next one, or until this is to be asked again: some milliseconds at most.
    pub(super) fn next_in(&mut self, now_us: u64) -> u64 {
        const LOOK_AHEAD: u64 = 20;
        if !self.over.is_empty() {
            return 0;
        }
        let next = (self.next_ms..self.next_ms + LOOK_AHEAD)
            .find(|&at_ms| slot(&mut self.slots, at_ms).is_some_and(|slot| !slot.is_empty()))
            .unwrap_or(self.next_ms + LOOK_AHEAD);
        ((next + 1) * 1000).saturating_sub(now_us)
    }
}

fn slot(slots: &mut [Vec<Waiting>], at_ms: u64) -> Option<&mut Vec<Waiting>> {
    slots.get_mut(usize::try_from(at_ms % SLOTS).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_over(deadlines: &mut Deadlines, now_us: u64) -> Vec<Waiting> {
        std::iter::from_fn(|| deadlines.over(now_us)).collect()
    }

    #[test]
    fn what_waits_is_over_at_its_time_and_once() {
        let mut deadlines = Deadlines::with(Duration::from_millis(100), false);
        deadlines.sent(1, 1, 0);
        deadlines.sent(2, 1, 50_000);
        assert_eq!(all_over(&mut deadlines, 99_000), []);
        assert_eq!(all_over(&mut deadlines, 102_000), [Waiting::ForAnswer(1, 0)]);
        assert!(deadlines.next_in(102_000) <= 49_000);
        assert_eq!(all_over(&mut deadlines, 10_000_000), [Waiting::ForAnswer(2, 50_000)]);
        // One that is long over is over at once, not after a turn of the wheel.
        deadlines.put(5, Waiting::ToBegin(3, 5));
        assert_eq!(all_over(&mut deadlines, 10_002_000), [Waiting::ToBegin(3, 5)]);
    }

    #[test]
    fn a_client_waits_longer_each_time_as_rfc_2131_has_it() {
        for (tries, seconds) in [(1, 4), (2, 8), (3, 16), (4, 32), (5, 64), (9, 64)] {
            let mut deadlines = Deadlines::with(Duration::ZERO, true);
            deadlines.sent(7, tries, 1);
            assert_eq!(all_over(&mut deadlines, (seconds - 1) * 1_000_000), []);
            assert_eq!(all_over(&mut deadlines, (seconds + 1) * 1_000_000 + 2000).len(), 1);
        }
    }
}
