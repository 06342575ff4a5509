//! Numbers that depend on a seed alone, and that nobody who does not know it can foretell.

use std::hash::{DefaultHasher, Hasher as _};

/// The numbers of one seed, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Random {
    seed: u64,
    /// How many halves of numbers were drawn.
    drawn: u64,
}

impl Random {
    /// Those of `seed`, from the first one on.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next one; any is as likely as another.
    pub(crate) fn draw(&mut self) -> u128 {
        u128::from(self.half()) << 64 | u128::from(self.half())
    }

    /// SipHash does not give away what went in: who sees addresses cannot tell the next ones from them.
    fn half(&mut self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write_u64(self.drawn);
        self.drawn = self.drawn.wrapping_add(1);
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
            (0..100).map(|_| random.draw()).collect::<BTreeSet<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_eq!(some(1).union(&some(2)).count(), 200);
    }
}
