//! Byte strings of many lengths, packed: what a lease has beside its fixed part.
//!
//! Lengths are rounded up to a multiple of 8; each such class has chunks of its own and a chain of freed places in them.
//! What is longer than [`LONGEST_PACKED`] is allocated by itself. Growing copies nothing.

use crate::chunks::Chunks;
use crate::links::{Linked, Links};

/// Classes are multiples of this many bytes; it is also enough for the link between freed places.
const STEP: usize = 8;
/// The longest string that is packed.
const LONGEST_PACKED: usize = 512;
/// Bytes in a chunk.
const CHUNK_BYTES: usize = 32 * 1024;
/// The end of the chain of freed places.
const NO_PLACE: u32 = u32::MAX;

/// Where a string is. The empty one is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Blob {
    pub(crate) place: u32,
    pub(crate) len: u16,
}

#[derive(Debug, Default)]
pub(crate) struct Arena {
    /// By length: 1 to 8 bytes, 9 to 16, and so on.
    classes: Vec<Class>,
    long: Chunks<Long>,
}

#[derive(Debug)]
struct Class {
    chunks: Vec<Box<[u8]>>,
    /// Places that were ever used.
    made: u32,
    /// The first of the freed places, each of which begins with the number of the next one.
    free: u32,
}

#[derive(Debug, Clone)]
struct Long {
    links: Links,
    bytes: Box<[u8]>,
}

impl Arena {
    /// The bytes of `blob`.
    pub(crate) fn get(&self, blob: Blob) -> &[u8] {
        let len = usize::from(blob.len);
        let found = if len > LONGEST_PACKED {
            self.long.get(blob.place).map(|long| &*long.bytes)
        } else {
            class_of(len)
                .and_then(|(class, size)| self.classes.get(class)?.cell(size, blob.place)?.get(..len))
        };
        found.unwrap_or_default()
    }

    /// Puts `bytes` in the place of `blob`; the result takes its place.
    ///
    /// `None`, and nothing has changed, when they are longer than 65,535 bytes or there is no place left.
    pub(crate) fn replace(&mut self, blob: Blob, bytes: &[u8]) -> Option<Blob> {
        let len = u16::try_from(bytes.len()).ok()?;
        let class = class_of(bytes.len());
        if let Some((at, size)) = class
            && class_of(usize::from(blob.len)) == class
        {
            let cell = self.classes.get_mut(at)?.cell_mut(size, blob.place)?;
            cell.get_mut(..bytes.len())?.copy_from_slice(bytes);
            return Some(Blob { place: blob.place, len });
        }
        let place = match class {
            None if bytes.is_empty() => 0,
            None => self.long.insert(Long { links: Links::UNLINKED, bytes: bytes.into() })?,
            Some((at, size)) => {
                while self.classes.len() <= at {
                    self.classes.push(Class { chunks: Vec::new(), made: 0, free: NO_PLACE });
                }
                self.classes.get_mut(at)?.insert(size, bytes)?
            }
        };
        self.remove(blob);
        Some(Blob { place, len })
    }

    /// Frees the place of `blob`.
    pub(crate) fn remove(&mut self, blob: Blob) {
        let len = usize::from(blob.len);
        if let Some((class, size)) = class_of(len) {
            if let Some(class) = self.classes.get_mut(class) {
                class.remove(size, blob.place);
            }
        } else if len > LONGEST_PACKED {
            if let Some(long) = self.long.get_mut(blob.place) {
                long.bytes = Box::default();
            }
            self.long.remove(blob.place);
        }
    }
}

impl Class {
    fn cell(&self, size: usize, place: u32) -> Option<&[u8]> {
        let (chunk, at) = position(size, place)?;
        self.chunks.get(chunk)?.get(at..at + size)
    }

    fn cell_mut(&mut self, size: usize, place: u32) -> Option<&mut [u8]> {
        let (chunk, at) = position(size, place)?;
        self.chunks.get_mut(chunk)?.get_mut(at..at + size)
    }

    fn insert(&mut self, size: usize, bytes: &[u8]) -> Option<u32> {
        let reused = self.free != NO_PLACE;
        let place = if reused { self.free } else { self.made };
        if place == NO_PLACE {
            return None;
        }
        let (chunk, _) = position(size, place)?;
        if chunk == self.chunks.len() {
            self.chunks.push(vec![0; CHUNK_BYTES].into());
        }
        let cell = self.cell_mut(size, place)?;
        let next = cell.first_chunk().map_or(NO_PLACE, |next| u32::from_le_bytes(*next));
        cell.get_mut(..bytes.len())?.copy_from_slice(bytes);
        if reused {
            self.free = next;
        } else {
            self.made += 1;
        }
        Some(place)
    }

    fn remove(&mut self, size: usize, place: u32) {
        let next = self.free;
        if let Some(link) = self.cell_mut(size, place).and_then(|cell| cell.first_chunk_mut()) {
            *link = next.to_le_bytes();
            self.free = place;
        }
    }
}

/// The class of strings of `len` bytes, and the bytes that each gets in it.
fn class_of(len: usize) -> Option<(usize, usize)> {
    let class = len.checked_sub(1)? / STEP;
    (len <= LONGEST_PACKED).then_some((class, (class + 1) * STEP))
}

/// The chunk and the offset in it.
fn position(size: usize, place: u32) -> Option<(usize, usize)> {
    let place = usize::try_from(place).ok()?;
    let in_chunk = CHUNK_BYTES / size;
    Some((place / in_chunk, place % in_chunk * size))
}

impl Default for Long {
    fn default() -> Self {
        Self { links: Links::VACANT, bytes: Box::default() }
    }
}

impl Linked for Long {
    fn links(&self) -> Links {
        self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_string_is_found_again(
            steps in prop::collection::vec((0usize..12, prop_oneof![0usize..40, 500usize..530, 0usize..70_000]), 0..120),
        ) {
            let mut arena = Arena::default();
            let mut model = vec![(Blob::default(), Vec::new()); 12];
            for (number, (at, len)) in steps.into_iter().enumerate() {
                let bytes = vec![u8::try_from(number % 251).unwrap(); len];
                let (blob, content) = &mut model[at];
                match arena.replace(*blob, &bytes) {
                    Some(new) => (*blob, *content) = (new, bytes),
                    None => prop_assert!(len > 65_535),
                }
                for (blob, content) in &model {
                    prop_assert_eq!(arena.get(*blob), &content[..]);
                }
            }
        }
    }

    #[test]
    fn freed_places_are_used_again() {
        let mut arena = Arena::default();
        for _ in 0..10_000 {
            let blob = arena.replace(Blob::default(), &[7; 50]).unwrap();
            arena.remove(blob);
        }
        assert_eq!(arena.classes[6].made, 1);
    }
}
