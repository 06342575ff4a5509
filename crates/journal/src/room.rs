//! How many bytes may still be staged.
//!
//! All counters only rise, so that who reads them without a lock never sees room that is not there for longer than
//! the update takes.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::mark::MARK_LEN;

const MARK: u64 = MARK_LEN as u64;

#[derive(Debug)]
pub(crate) struct Room {
    /// Bytes that the segments which were ever there could take.
    reserved: AtomicU64,
    /// Bytes that were handed over, with a mark for each time: there are no more turns than that.
    handed: AtomicU64,
    /// Of those, what was written.
    written: AtomicU64,
    /// Bytes that may wait.
    queue: u64,
}

impl Room {
    pub(crate) fn new(queue: usize) -> Self {
        Self {
            reserved: AtomicU64::new(0),
            handed: AtomicU64::new(0),
            written: AtomicU64::new(0),
            queue: queue as u64,
        }
    }

    /// Adds `free` bytes at the end of a segment. The last mark keeps its place, and what is too short for the next
    /// change is left empty; both are not counted.
    pub(crate) fn reserve(&self, free: u64, longest_change: usize) {
        let counted = free.saturating_sub(MARK + longest_change as u64);
        self.reserved.fetch_add(counted, Ordering::AcqRel);
    }

    pub(crate) fn hand_over(&self, bytes: usize) {
        self.handed.fetch_add(bytes as u64 + MARK, Ordering::AcqRel);
    }

    /// Everything that was handed over when `handed` was asked for is written.
    pub(crate) fn wrote(&self, handed: u64) {
        self.written.fetch_max(handed, Ordering::AcqRel);
    }

    pub(crate) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Acquire)
    }

    pub(crate) fn left(&self) -> usize {
        let written = self.written.load(Ordering::Acquire);
        let handed = self.handed.load(Ordering::Acquire);
        let reserved = self.reserved.load(Ordering::Acquire);
        let waiting = handed.saturating_sub(written);
        let left = reserved.saturating_sub(handed + MARK).min(self.queue.saturating_sub(waiting));
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}
