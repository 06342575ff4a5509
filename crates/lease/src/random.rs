//! Numbers that depend on a seed alone, and that nobody who does not know it can foretell.

use std::hash::{DefaultHasher, Hasher as _};

/// The numbers of one seed, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Random {
    next: Draw,
}

/// One of them, which is worked out when it is needed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Draw {
    seed: u64,
    at: u64,
}

impl Random {
    /// Those of `seed`, from the first one on.
    pub(crate) fn new(seed: u64) -> Self {
        Self { next: Draw { seed, at: 0 } }
    }

    /// The next one; any is as likely as another.
    pub(crate) fn draw(&mut self) -> Draw {
        let draw = self.next;
        self.next.at = draw.at.wrapping_add(1);
        draw
    }
}

impl Draw {
    /// The number.
    pub(crate) fn number(self) -> u128 {
        u128::from(self.half(0)) << 64 | u128::from(self.half(1))
    }

    /// SipHash does not give away what went in: who sees addresses cannot tell the next ones from them.
    fn half(self, half: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write_u64(self.at.wrapping_mul(2).wrapping_add(half));
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_decides_the_numbers() {
        let some = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.draw().number()).collect::<BTreeSet<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_eq!(some(1).union(&some(2)).count(), 200);
    }
}
