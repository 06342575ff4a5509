//! When to send again.

use std::time::Duration;

use super::random::Random;

/// The first delay of RFC 2131 §4.1.
pub(super) const FIRST_DELAY: Duration = Duration::from_secs(4);

/// The delays of one exchange.
///
/// RFC 2131 §4.1: the first is 4 seconds, each further one twice as long up to 64, and each is varied by up to a second
/// either way. With another first delay all of it scales, for tests that have no time.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    doublings: u32,
}

/// 4 s doubled four times is the longest delay, 64 s.
const MOST_DOUBLINGS: u32 = 4;

impl Backoff {
    pub(super) const fn new(first: Duration) -> Self {
        Self { first, doublings: 0 }
    }

    /// How long to wait for an answer to the transmission that was just made.
    pub(super) fn next_delay(&mut self, random: &mut Random) -> Duration {
        let delay = self.first.saturating_mul(1 << self.doublings);
        self.doublings = self.doublings.saturating_add(1).min(MOST_DOUBLINGS);
        random.around(delay, self.first / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_from_4_to_64_seconds_and_vary_by_one() {
        let mut random = Random::from_seed(7);
        let mut backoff = Backoff::new(FIRST_DELAY);
        for seconds in [4, 8, 16, 32, 64, 64, 64] {
            let delay = backoff.next_delay(&mut random).as_secs_f64();
            assert!(
                (f64::from(seconds) - 1.0..=f64::from(seconds) + 1.0).contains(&delay),
                "{seconds} {delay}"
            );
        }
    }

    #[test]
    fn a_shorter_first_delay_scales_all_of_them() {
        let mut random = Random::from_seed(7);
        let mut backoff = Backoff::new(Duration::from_millis(40));
        for millis in [40, 80, 160, 320, 640, 640] {
            let delay = backoff.next_delay(&mut random);
            let (low, high) = (Duration::from_millis(millis - 10), Duration::from_millis(millis + 10));
            assert!((low..=high).contains(&delay), "{millis} {delay:?}");
        }
    }
}
