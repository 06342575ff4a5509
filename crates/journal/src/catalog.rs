//! Which files a running log has.

use std::collections::VecDeque;
use std::sync::Arc;

/// The files, and what may go.
#[derive(Debug)]
pub(crate) struct Catalog<F> {
    /// Oldest first; the last one is written to.
    segments: VecDeque<Kept>,
    /// Made and not begun, in their order.
    ahead: VecDeque<Ahead<F>>,
    next_ordinal: u64,
    /// Oldest first; only the last one counts.
    snapshots: Vec<Snapshot>,
    /// Files that could not be removed.
    undead: Vec<String>,
}

/// A segment that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) ordinal: u64,
    /// The number of the last change before it.
    pub(crate) before: u64,
    pub(crate) bytes: u64,
}

/// A segment that was made.
#[derive(Debug)]
pub(crate) struct Ahead<F> {
    pub(crate) name: String,
    pub(crate) ordinal: u64,
    pub(crate) file: Arc<F>,
    pub(crate) bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) sequence: u64,
    pub(crate) bytes: u64,
}

impl<F> Catalog<F> {
    pub(crate) fn new(segments: VecDeque<Kept>, next_ordinal: u64, snapshot: Option<Snapshot>) -> Self {
        Self {
            segments,
            ahead: VecDeque::new(),
            next_ordinal,
            snapshots: snapshot.into_iter().collect(),
            undead: Vec::new(),
        }
    }

    pub(crate) fn next_ordinal(&self) -> u64 {
        self.next_ordinal
    }

    pub(crate) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// How long each segment is that was made and not begun.
    pub(crate) fn ahead_bytes(&self) -> impl Iterator<Item = u64> + '_ {
        self.ahead.iter().map(|segment| segment.bytes)
    }

    pub(crate) fn made(&mut self, segment: Ahead<F>) {
        self.next_ordinal = segment.ordinal.saturating_add(1);
        self.ahead.push_back(segment);
    }

    /// Begins the next segment behind change `before`.
    pub(crate) fn move_on(&mut self, before: u64) -> Option<Ahead<F>> {
        let next = self.ahead.pop_front()?;
        let (name, ordinal, bytes) = (next.name.clone(), next.ordinal, next.bytes);
        self.segments.push_back(Kept { name, ordinal, before, bytes });
        Some(next)
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        let segments = self.segments.iter().map(|segment| segment.bytes);
        let ahead = self.ahead.iter().map(|segment| segment.bytes);
        let snapshots = self.snapshots.iter().map(|snapshot| snapshot.bytes);
        segments.chain(ahead).chain(snapshots).fold(0, u64::saturating_add)
    }

    /// The segment that has the change behind `sequence`, or will have it.
    pub(crate) fn behind(&self, sequence: u64) -> Option<Kept> {
        self.segments.iter().rfind(|segment| segment.before <= sequence).cloned()
    }

    /// The segment after the one with `ordinal`, if it was begun.
    pub(crate) fn after(&self, ordinal: u64) -> Option<Kept> {
        self.segments.iter().find(|segment| segment.ordinal > ordinal).cloned()
    }

    /// Segments in which nothing is written any more.
    pub(crate) fn closed(&self) -> usize {
        self.segments.len().saturating_sub(1)
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshots.last()
    }

    pub(crate) fn took(&mut self, snapshot: Snapshot) {
        // One of the same number took its place in the directory.
        self.snapshots.retain(|other| other.sequence != snapshot.sequence);
        self.snapshots.push(snapshot);
        self.snapshots.sort_by_key(|snapshot| snapshot.sequence);
    }

    /// Names of files that nobody needs any more, which are then no longer in here. Up to `synced` the log is on
    /// the disk: a segment is needed until the one behind it has something that is, since it is by that one's first
    /// mark that a start knows that nothing is missing.
    pub(crate) fn dispensable(&mut self, synced: u64) -> Vec<String> {
        let mut names = std::mem::take(&mut self.undead);
        let covered = self.snapshots.last().map(|snapshot| snapshot.sequence);
        while let (Some(covered), Some(next)) = (covered, self.segments.get(1))
            && next.before <= covered
            && next.before < synced
        {
            names.extend(self.segments.pop_front().map(|segment| segment.name));
        }
        let former = self.snapshots.len().saturating_sub(1);
        names.extend(self.snapshots.drain(..former).map(|snapshot| snapshot.name));
        names
    }

    /// A file of [`Catalog::dispensable`] is still there, and is to be removed another time.
    pub(crate) fn keep_dispensable(&mut self, name: String) {
        self.undead.push(name);
    }
}
