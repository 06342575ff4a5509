//! Entries of one size, found by a slot number that stays theirs. Growing copies nothing.

use crate::links::{Linked, Links, SLOT_LIMIT};

/// Entries in a chunk.
const CHUNK: u32 = 1024;

/// Entries in chunks of [`CHUNK`]; freed slots are used again, the one freed last first.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Box<[T]>>,
    /// Slots that were ever used.
    made: u32,
    used: u32,
    /// The first of the freed slots, which are chained by their `next`.
    free: Option<u32>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), made: 0, used: 0, free: None }
    }
}

impl<T: Linked> Chunks<T> {
    /// Entries there are.
    pub(crate) fn len(&self) -> u32 {
        self.used
    }

    /// Every slot number in use is below this.
    pub(crate) fn slot_end(&self) -> u32 {
        self.made
    }

    /// The entry in `slot`.
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let (chunk, at) = place(slot);
        self.chunks.get(chunk)?.get(at).filter(|entry| !entry.links().is_vacant())
    }

    /// The entry in `slot`.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        let (chunk, at) = place(slot);
        self.chunks.get_mut(chunk)?.get_mut(at).filter(|entry| !entry.links().is_vacant())
    }

    /// All entries with their slots, from slot `from` on.
    pub(crate) fn iter_from(&self, from: u32) -> impl Iterator<Item = (u32, &T)> {
        (from..self.made).filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// Frees `slot`; says whether there was an entry.
    pub(crate) fn remove(&mut self, slot: u32) -> bool {
        let next = self.free;
        let Some(entry) = self.get_mut(slot) else { return false };
        *entry.links_mut() = Links { next: next.unwrap_or(SLOT_LIMIT), ..Links::VACANT };
        self.free = Some(slot);
        self.used -= 1;
        true
    }
}

impl<T: Linked + Default + Clone> Chunks<T> {
    /// Puts an entry, which is in no list yet, into a free slot; `None` when all 2^31 are used.
    pub(crate) fn insert(&mut self, entry: T) -> Option<u32> {
        let slot = match self.free {
            Some(slot) => slot,
            None if self.made < SLOT_LIMIT => self.made,
            None => return None,
        };
        let (chunk, at) = place(slot);
        if chunk == self.chunks.len() {
            self.chunks.push(vec![T::default(); usize::try_from(CHUNK).ok()?].into());
        }
        let cell = self.chunks.get_mut(chunk)?.get_mut(at)?;
        if self.free.is_some() {
            self.free = Some(cell.links().next).filter(|&next| next < SLOT_LIMIT);
        } else {
            self.made += 1;
        }
        *cell = entry;
        *cell.links_mut() = Links::UNLINKED;
        self.used += 1;
        Some(slot)
    }
}

fn place(slot: u32) -> (usize, usize) {
    let chunk = usize::try_from(slot / CHUNK).unwrap_or(usize::MAX);
    (chunk, usize::try_from(slot % CHUNK).unwrap_or(usize::MAX))
}
