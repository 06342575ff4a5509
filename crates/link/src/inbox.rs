//! Messages with where they came from, in one buffer that keeps its room.

use std::ops::Range;

/// Messages in the order in which they came, each with what is `T` to know of it.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    bytes: Vec<u8>,
    items: Vec<(T, Range<usize>)>,
}

impl<T> Inbox<T> {
    /// Adds the message that `write` appends; if it fails, none.
    pub(crate) fn push<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>) -> Result<(), E> {
        let start = self.bytes.len();
        match write(&mut self.bytes) {
            Ok(item) => {
                self.items.push((item, start..self.bytes.len()));
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(start);
                Err(error)
            }
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<(&T, &[u8])> {
        let (item, range) = self.items.get(at)?;
        Some((item, self.bytes.get(range.clone())?))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&T, &[u8])> {
        self.items.iter().map(|(item, range)| (item, self.bytes.get(range.clone()).unwrap_or_default()))
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
    }
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self { bytes: Vec::new(), items: Vec::new() }
    }
}
