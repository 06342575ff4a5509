//! How a store is kept.

use crate::frame::Salt;
use crate::header::FIRST_RECORD;
use crate::mark::MARK_LEN;
use crate::walk::MAX_CHANGE;

/// When a change counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is synced.
    Sync,
    /// Once it is written. It is synced within a second, and a power cut takes what came after the last sync.
    Async,
}

/// How a store is kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// 4 or 6: the address family of the leases.
    pub family: u16,
    /// For a store that is yet to be made: anything random. A store that there is keeps its own.
    pub new_salt: Salt,
    /// Bytes of a segment of the log; 64 MiB.
    pub segment_bytes: u64,
    /// When a change counts as durable; [`Durability::Sync`].
    pub durability: Durability,
    /// Bytes that the store may take on the disk; as many as there are, when none are given.
    pub disk_budget: Option<u64>,
    /// The longest change in bytes, all of its records together; up to [`MAX_CHANGE`], which is the default. As much
    /// at the end of a segment is not counted as room, since a change is never in two segments.
    pub longest_change: usize,
    /// Bytes that may wait for the disk; 32 MiB.
    pub queue_bytes: usize,
    /// A snapshot is due no sooner than after so many bytes of log; 64 MiB.
    pub snapshot_after: u64,
}

impl Options {
    /// The defaults.
    pub fn new(family: u16, new_salt: Salt) -> Self {
        Self {
            family,
            new_salt,
            segment_bytes: 64 << 20,
            durability: Durability::Sync,
            disk_budget: None,
            longest_change: MAX_CHANGE,
            queue_bytes: 32 << 20,
            snapshot_after: 64 << 20,
        }
    }

    /// Within what the format and the accounting can bear.
    pub(crate) fn sane(mut self) -> Self {
        self.longest_change = self.longest_change.clamp(64, MAX_CHANGE);
        let least = FIRST_RECORD + 2 * (MARK_LEN as u64 + self.longest_change as u64);
        self.segment_bytes = self.segment_bytes.clamp(least, 1 << 30).next_multiple_of(8);
        self
    }
}
