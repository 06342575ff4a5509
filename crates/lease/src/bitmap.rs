//! A bitmap that finds the next clear bit in a few steps, however full it is.
//!
//! ```text
//! level 2   one bit for 64 words of level 1:  set when all of them are full
//! level 1   one bit for each word of level 0: set when the word is full
//! level 0   one bit for each address:         set when it is taken
//! ```
//!
//! Each level is 1/64 of the one below; a million addresses need three levels and at most one look at each.

/// Bits 0 to `len - 1`, all clear at first.
#[derive(Debug, Clone)]
pub(crate) struct Bitmap {
    len: u64,
    /// From the bits themselves up to a level of one word.
    levels: Vec<Vec<u64>>,
}

impl Bitmap {
    /// `len` clear bits.
    pub(crate) fn new(len: u64) -> Self {
        let mut levels = Vec::new();
        let mut bits = len.max(1);
        loop {
            let words = bits.div_ceil(64);
            let mut level = vec![0u64; usize::try_from(words).unwrap_or(usize::MAX)];
            // What lies past the end counts as taken, so that it is never found.
            if let (Some(last), tail @ 1..) = (level.last_mut(), bits % 64) {
                *last = u64::MAX << tail;
            }
            levels.push(level);
            if words == 1 {
                break;
            }
            bits = words;
        }
        Self { len, levels }
    }

    #[cfg(test)]
    /// Whether `bit` is set; a bit past the end is.
    pub(crate) fn get(&self, bit: u64) -> bool {
        let word = self.levels.first().and_then(|level| level.get(index(bit)));
        word.is_none_or(|word| word & mask(bit) != 0)
    }

    /// Sets `bit`; one past the end is ignored.
    pub(crate) fn set(&mut self, mut bit: u64) {
        for level in &mut self.levels {
            let Some(word) = level.get_mut(index(bit)) else { return };
            *word |= mask(bit);
            if *word != u64::MAX {
                return;
            }
            bit /= 64;
        }
    }

    /// Clears `bit`; one past the end is ignored.
    pub(crate) fn clear(&mut self, mut bit: u64) {
        if bit >= self.len {
            return;
        }
        for level in &mut self.levels {
            let Some(word) = level.get_mut(index(bit)) else { return };
            let was_full = *word == u64::MAX;
            *word &= !mask(bit);
            if !was_full {
                return;
            }
            bit /= 64;
        }
    }

    /// The lowest clear bit from `from` on.
    pub(crate) fn next_clear(&self, from: u64) -> Option<u64> {
        let mut at = from;
        for (above, level) in self.levels.iter().enumerate() {
            let clear = !level.get(index(at))? & !(mask(at) - 1);
            if clear != 0 {
                let mut found = at / 64 * 64 + u64::from(clear.trailing_zeros());
                for below in self.levels.iter().take(above).rev() {
                    let word = below.get(usize::try_from(found).ok()?)?;
                    found = found * 64 + u64::from(word.trailing_ones());
                }
                return (found < self.len).then_some(found);
            }
            at = at / 64 + 1;
        }
        None
    }
}

fn index(bit: u64) -> usize {
    usize::try_from(bit / 64).unwrap_or(usize::MAX)
}

fn mask(bit: u64) -> u64 {
    1 << (bit % 64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_clear_bit_of_a_million_is_found() {
        let mut bits = Bitmap::new(1_000_000);
        for bit in 0..1_000_000 {
            bits.set(bit);
        }
        assert_eq!(bits.next_clear(0), None);
        bits.clear(777_777);
        assert_eq!(bits.next_clear(0), Some(777_777));
        assert!(!bits.get(777_777));
        assert!(bits.get(777_776));
        assert!(bits.get(1_000_000));
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(len in 1u64..10_000, steps in prop::collection::vec((any::<bool>(), 0u64..10_100), 0..400)) {
            let (mut bits, mut model) = (Bitmap::new(len), BTreeSet::new());
            for (set, bit) in steps {
                if set {
                    bits.set(bit);
                    model.insert(bit);
                } else {
                    bits.clear(bit);
                    model.remove(&bit);
                }
                for from in [0, bit] {
                    prop_assert_eq!(bits.next_clear(from), (from..len).find(|bit| !model.contains(bit)));
                }
            }
        }
    }
}
