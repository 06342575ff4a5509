//! How many bytes may still be staged.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::header::FIRST_RECORD;
use crate::mark::MARK_LEN;

const MARK: u64 = MARK_LEN as u64;

/// Counters that only rise. What is counted of a segment is what it can take whatever the changes are: without the
/// last mark, and without what may be too short for the next change.
#[derive(Debug)]
pub(crate) struct Room {
    /// How far `handed` may rise.
    reserved: AtomicU64,
    /// Bytes that were handed over, with a mark for each time: there are no more turns than that.
    handed: AtomicU64,
    /// Of those, what was written.
    written: AtomicU64,
    /// Bytes that may wait.
    queue: u64,
    longest_change: u64,
}

impl Room {
    pub(crate) fn new(queue: usize, longest_change: usize) -> Self {
        Self {
            reserved: AtomicU64::new(0),
            handed: AtomicU64::new(0),
            written: AtomicU64::new(0),
            queue: queue as u64,
            longest_change: longest_change as u64,
        }
    }

    /// What counts of a segment of `bytes` that was not begun. The mark at its start is its own, since it may be
    /// begun in the middle of a turn.
    pub(crate) fn of_new(&self, bytes: u64) -> u64 {
        self.of_free(bytes.saturating_sub(FIRST_RECORD + 2 * MARK))
    }

    /// What counts of a segment that has `free` bytes left before the last mark.
    pub(crate) fn of_free(&self, free: u64) -> u64 {
        free.saturating_sub(self.longest_change)
    }

    /// Adds what counts of a segment.
    pub(crate) fn add(&self, counted: u64) {
        self.reserved.fetch_add(counted, Ordering::AcqRel);
    }

    pub(crate) fn hand_over(&self, bytes: usize) {
        self.handed.fetch_add(bytes as u64 + MARK, Ordering::AcqRel);
    }

    pub(crate) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Acquire)
    }

    /// Everything up to `handed` was written, and the segments have `left` behind it: a turn writes fewer marks than
    /// were counted, and leaves less empty. Nothing may be added meanwhile.
    pub(crate) fn settle(&self, handed: u64, left: u64) {
        self.written.store(handed, Ordering::Release);
        self.reserved.fetch_max(handed.saturating_add(left), Ordering::AcqRel);
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
