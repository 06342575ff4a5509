//! From records to leases at the start, and from leases to records for a snapshot.

use std::fmt;

use super::Leases6;
use super::prefix_lens::PrefixLens;
use crate::Timestamp;
use crate::counts::Counts;
use crate::entry6::{Entry6, Key6};
use crate::fields::{BodyError, seconds};
use crate::leases4::Snapped;
use crate::links::{Links, Lists, SLOT_LIMIT};
use crate::record6::LeaseKind6;
use crate::wheel::Wheel;

/// Two active leases that may not both be: one prefix holds the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation6 {
    /// One of them.
    pub one: Key6,
    /// The other one.
    pub other: Key6,
}

impl fmt::Display for Violation6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, other) = (self.one, self.other);
        let prefix = |key: Key6| format!("{}/{}", key.address, key.prefix_len);
        write!(f, "{} and {} overlap and have two holders", prefix(one), prefix(other))
    }
}

impl Leases6 {
    /// Makes room for `count` leases that are about to be replayed, in a store without any.
    pub fn reserve(&mut self, count: usize) {
        self.table.reserve(count);
    }

    /// Takes the lease in the body of a put; one that changed later stays.
    ///
    /// A snapshot comes first, then the log in order. Until [`Self::finish_replay`] nothing else may be done.
    pub fn replay_put(&mut self, body: &[u8], sequence: u64) -> Result<(), BodyError> {
        let (mut entry, fields) = Entry6::decode(body)?;
        entry.sequence = sequence;
        // Here, since what was added is sure to find a place.
        let leases =
            self.table.entries.len().checked_add(u32::try_from(self.pending.len()).unwrap_or(u32::MAX));
        if leases.is_none_or(|leases| leases >= SLOT_LIMIT) {
            return Err(BodyError::Full);
        }
        if self.pending.add(entry, fields.0) {
            self.take_pending();
        }
        Ok(())
    }

    /// Puts what was read into the table.
    fn take_pending(&mut self) {
        let (table, pending) = (&mut self.table, &mut self.pending);
        table.reading = true;
        let found = table.find_all(pending.entries().map(Entry6::key));
        pending.take(|number, entry, fields| {
            // Where there was none, one before it in `pending` may have the same key.
            let found = found.get(number).copied().flatten().or_else(|| table.find(entry.key()));
            let before = found.and_then(|slot| table.entries.get(slot));
            if before.is_none_or(|before| before.sequence <= entry.sequence) {
                table.put(found, entry, fields);
            }
        });
    }

    /// Removes the lease with the key in the body of a delete; one that changed later stays.
    pub fn replay_delete(&mut self, body: &[u8], sequence: u64) -> Result<(), BodyError> {
        let key = Key6::decode(body)?;
        self.take_pending();
        if let Some(slot) = self.table.find(key)
            && self.table.entries.get(slot).is_some_and(|entry| entry.sequence <= sequence)
        {
            self.table.remove(slot);
        }
        Ok(())
    }

    /// Builds everything that is not in records, and says which leases contradict each other.
    pub fn finish_replay(&mut self, now: Timestamp) -> Vec<Violation6> {
        self.take_pending();
        self.table.finish_reading();
        self.counts = Counts::default();
        self.wheel = Wheel::default();
        for slot in 0..self.table.entries.slot_end() {
            let Some(entry) = self.table.entries.get_mut(slot) else { continue };
            entry.links = Links::UNLINKED;
            let entry = *entry;
            self.counts.moved(None, Some(entry.state));
            if let Some(end) = entry.end().filter(|_| entry.state.keeps_others_away()) {
                self.wheel.add(&mut self.table.entries, slot, end, now.0);
            }
        }
        self.count_again();
        self.rebuild_pools();
        self.held_twice(now)
    }

    /// Hands out leases in the order of their places: at most `limit` places from `from` on. The result is the place to go
    /// on from. What changes meanwhile is handed out as it is when its place is met.
    pub fn slice(&self, from: u32, limit: u32, each: &mut dyn FnMut(Snapped<'_>)) -> Option<u32> {
        let end = self.table.entries.slot_end();
        let until = from.saturating_add(limit).min(end);
        let mut body = Vec::new();
        for lease in (from..until).filter_map(|slot| self.table.get(slot)) {
            body.clear();
            lease.body(&mut body);
            each(Snapped {
                sequence: lease.sequence(),
                time: seconds(lease.last_transaction()),
                body: &body,
            });
        }
        (until < end).then_some(until)
    }

    /// Marks what is used in new pools, and puts former leases into their lists, the one free longest first.
    pub(super) fn rebuild_pools(&mut self) {
        self.former = Lists::new(self.pools.count() + 1);
        self.forget_from = 0;
        self.outside.clear();
        self.prefix_lens = PrefixLens::default();
        let mut former = Vec::new();
        for slot in 0..self.table.entries.slot_end() {
            let Some(entry) = self.table.entries.get_mut(slot) else { continue };
            if !entry.state.keeps_others_away() {
                entry.links = Links::UNLINKED;
                former.push((entry.end(), slot));
            }
            let key = entry.key();
            self.note_new(key);
        }
        former.sort_unstable();
        for (_, slot) in former {
            let Some(key) = self.table.entries.get(slot).map(Entry6::key) else { continue };
            let list = self.former_list(key);
            if list == 0 || !self.offers.holds(key) {
                self.former.push_back(&mut self.table.entries, list, slot);
            }
        }
        for key in self.offers.keys() {
            self.pools.set_used(key);
        }
    }

    /// Active prefixes that are part of others. With one length for all there are none: keys are unique.
    fn held_twice(&self, now: Timestamp) -> Vec<Violation6> {
        if self.prefix_lens.in_use().nth(1).is_none() {
            return Vec::new();
        }
        let entries = self.table.entries.iter_from(0).map(|(_, entry)| entry);
        let active = entries.filter(|entry| entry.is_active(now)).map(Entry6::key);
        let mut keys: Vec<_> = active.filter(|key| key.kind == LeaseKind6::Prefix).collect();
        keys.sort_unstable();
        let mut violations = Vec::new();
        let mut holding: Vec<Key6> = Vec::new();
        for key in keys {
            holding.retain(|other| other.overlaps(key));
            violations.extend(holding.last().map(|&one| Violation6 { one, other: key }));
            holding.push(key);
        }
        violations
    }
}
