//! A bitmap of up to 2^32 bits whose memory is made as bits are set, 4,096 at a time.

use crate::bitmap::Bitmap;

/// Words in a chunk, each of 64 bits.
const WORDS: usize = 64;
const CHUNK_BITS: u64 = 4096;

/// Bits 0 to `len - 1`, all clear at first.
#[derive(Debug)]
pub(crate) struct LazyBitmap {
    len: u64,
    /// Those without a set bit may be missing.
    chunks: Vec<Option<Box<Chunk>>>,
    /// The chunks without a clear bit.
    full: Bitmap,
}

#[derive(Debug)]
struct Chunk {
    words: [u64; WORDS],
    /// The words without a clear bit.
    full: u64,
}

impl LazyBitmap {
    /// `len` clear bits, at most 2^32.
    pub(crate) fn new(len: u64) -> Self {
        let chunks = len.min(1 << 32).div_ceil(CHUNK_BITS);
        let mut full = Bitmap::new(chunks);
        if len == 0 {
            full.set(0);
        }
        let mut empty = Vec::new();
        empty.resize_with(usize::try_from(chunks).unwrap_or(0), || None);
        Self { len, chunks: empty, full }
    }

    /// Sets `bit`; one past the end is ignored.
    pub(crate) fn set(&mut self, bit: u64) {
        let (number, word, mask) = place(bit);
        if bit >= self.len {
            return;
        }
        let Some(chunk) = self.chunks.get_mut(index(number)) else { return };
        let left = self.len - number * CHUNK_BITS;
        let chunk = chunk.get_or_insert_with(|| Box::new(Chunk::new(left)));
        let Some(found) = chunk.words.get_mut(word) else { return };
        *found |= mask;
        if *found == u64::MAX {
            chunk.full |= 1 << word;
        }
        if chunk.full == u64::MAX {
            self.full.set(number);
        }
    }

    /// Clears `bit`; one past the end is ignored.
    pub(crate) fn clear(&mut self, bit: u64) {
        let (number, word, mask) = place(bit);
        if bit >= self.len {
            return;
        }
        let Some(Some(chunk)) = self.chunks.get_mut(index(number)) else { return };
        let Some(found) = chunk.words.get_mut(word) else { return };
        *found &= !mask;
        chunk.full &= !(1 << word);
        self.full.clear(number);
    }

    /// Whether `bit` is set; one past the end is not.
    pub(crate) fn contains(&self, bit: u64) -> bool {
        let (number, word, mask) = place(bit);
        let chunk = self.chunks.get(index(number)).and_then(Option::as_ref);
        bit < self.len && chunk.and_then(|chunk| chunk.words.get(word)).is_some_and(|word| word & mask != 0)
    }

    /// How many bits there are.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The lowest clear bit from `from` on.
    pub(crate) fn next_clear(&self, from: u64) -> Option<u64> {
        if from >= self.len {
            return None;
        }
        let (number, word, mask) = place(from);
        match self.chunks.get(index(number))? {
            None => return Some(from),
            Some(chunk) => {
                if let Some(bit) = chunk.next_clear(word, mask) {
                    return Some(number * CHUNK_BITS + bit);
                }
            }
        }
        let number = self.full.next_clear(number + 1)?;
        let bit = match self.chunks.get(index(number))? {
            None => 0,
            Some(chunk) => chunk.next_clear(0, 1)?,
        };
        Some(number * CHUNK_BITS + bit)
    }

    /// The lowest set bit from `from` on.
    pub(crate) fn next_set(&self, from: u64) -> Option<u64> {
        let (mut number, mut word, mask) = place(from);
        let mut above = !(mask - 1);
        while let Some(chunk) = self.chunks.get(index(number)) {
            for at in word..WORDS {
                let Some(chunk) = chunk else { break };
                let bits = chunk.words.get(at)? & above;
                if bits != 0 {
                    let word = u64::try_from(at).ok()?;
                    let found = number * CHUNK_BITS + word * 64 + u64::from(bits.trailing_zeros());
                    return (found < self.len).then_some(found);
                }
                above = u64::MAX;
            }
            (number, word, above) = (number + 1, 0, u64::MAX);
        }
        None
    }
}

impl Chunk {
    /// The first `len` bits are clear; what is behind counts as set, so that it is never found.
    fn new(len: u64) -> Self {
        let mut words = [0; WORDS];
        let mut full = 0;
        for (at, word) in (0u32..).zip(&mut words) {
            match len.saturating_sub(u64::from(at) * 64) {
                0 => (*word, full) = (u64::MAX, full | 1 << at),
                clear @ 1..64 => *word = u64::MAX << clear,
                _ => {}
            }
        }
        Self { words, full }
    }

    /// The lowest clear bit from the one in `mask` of `word` on.
    fn next_clear(&self, word: usize, mask: u64) -> Option<u64> {
        let clear = !self.words.get(word)? & !(mask - 1);
        let number = u32::try_from(word).ok()?;
        if clear != 0 {
            return Some(u64::from(number * 64 + clear.trailing_zeros()));
        }
        let later = !self.full & u64::MAX.checked_shl(number + 1).unwrap_or(0);
        let ones = self.words.get(usize::try_from(later.trailing_zeros()).ok()?)?.trailing_ones();
        Some(u64::from(later.trailing_zeros() * 64 + ones))
    }
}

/// The chunk, the word in it, and the bit in that.
fn place(bit: u64) -> (u64, usize, u64) {
    (bit / CHUNK_BITS, index(bit % CHUNK_BITS / 64), 1 << (bit % 64))
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_clear_bit_of_sixteen_million_is_found() {
        let mut bits = LazyBitmap::new(1 << 24);
        for bit in 0..1 << 24 {
            bits.set(bit);
        }
        assert_eq!(bits.next_clear(0), None);
        bits.clear(7_777_777);
        assert_eq!(bits.next_clear(0), Some(7_777_777));
    }

    #[test]
    fn no_bits_and_very_many() {
        let mut none = LazyBitmap::new(0);
        none.set(0);
        assert_eq!((none.next_clear(0), none.next_set(0)), (None, None));
        let mut all = LazyBitmap::new(1 << 32);
        all.set((1 << 32) - 1);
        assert_eq!((all.next_clear(0), all.next_set(1)), (Some(0), Some((1 << 32) - 1)));
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(
            len in 1u64..10_000,
            steps in prop::collection::vec((any::<bool>(), 0u64..10_100, 0u64..200), 0..200),
        ) {
            let (mut bits, mut model) = (LazyBitmap::new(len), BTreeSet::new());
            for (set, first, count) in steps {
                for bit in first..first + count {
                    if set {
                        bits.set(bit);
                        if bit < len {
                            model.insert(bit);
                        }
                    } else {
                        bits.clear(bit);
                        model.remove(&bit);
                    }
                }
                for from in [0, first] {
                    prop_assert_eq!(bits.next_clear(from), (from..len).find(|bit| !model.contains(bit)));
                }
                prop_assert_eq!(bits.next_set(first), model.range(first..).next().copied());
            }
        }
    }
}
