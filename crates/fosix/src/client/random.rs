//! Numbers that need not be secret but must differ: transaction ids, the spread of retransmissions.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// SplitMix64. Not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Another sequence in each process.
    pub(super) fn from_system() -> Self {
        // The standard library seeds its hash maps with the system's randomness.
        Self(std::hash::RandomState::new().build_hasher().finish())
    }

    /// The same sequence for the same seed.
    #[cfg(test)]
    pub(super) const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() >> 32).unwrap_or_default()
    }

    /// A transaction id of a DHCPv6 message.
    pub(super) fn transaction_id(&mut self) -> [u8; 3] {
        let [_, a, b, c] = self.next_u32().to_be_bytes();
        [a, b, c]
    }

    /// Evenly between `middle - spread` and `middle + spread`, but never below zero.
    pub(super) fn around(&mut self, middle: Duration, spread: Duration) -> Duration {
        let width = u64::try_from(spread.as_nanos().saturating_mul(2)).unwrap_or(u64::MAX).saturating_add(1);
        let offset = self.next_u64() % width;
        (middle + Duration::from_nanos(offset)).saturating_sub(spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_kept() {
        let mut random = Random::from_seed(1);
        let (middle, spread) = (Duration::from_secs(4), Duration::from_secs(1));
        let values: Vec<_> = (0..1000).map(|_| random.around(middle, spread)).collect();
        let (least, most) = (Duration::from_secs(3), Duration::from_secs(5));
        assert!(values.iter().all(|value| (least..=most).contains(value)));
        assert!(values.iter().any(|value| *value < middle) && values.iter().any(|value| *value > middle));
        assert_eq!(random.around(Duration::ZERO, Duration::ZERO), Duration::ZERO);
    }
}
