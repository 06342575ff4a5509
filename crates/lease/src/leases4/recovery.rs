//! From records to leases at the start, and from leases to records for a snapshot.

use std::fmt;

use super::Leases4;
use crate::Timestamp;
use crate::counts::Counts;
use crate::entry4::{Entry4, Key4, LeaseRef4};
use crate::fields::{BodyError, seconds};
use crate::links::{Links, Lists, SLOT_LIMIT};
use crate::wheel::Wheel;

/// Two active leases that may not both be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation4 {
    /// One of them.
    pub one: Key4,
    /// The other one.
    pub other: Key4,
    /// Whether they share a softwire; else they share ports.
    pub of_softwire: bool,
}

impl fmt::Display for Violation4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, other) = (self.one.address, self.other.address);
        let what = if self.of_softwire { "the same softwire" } else { "ports that overlap" };
        write!(f, "{one} and {other} have {what} and two holders")
    }
}

impl Leases4 {
    /// Makes room for `count` leases that are about to be replayed, in a store without any.
    pub fn reserve(&mut self, count: usize) {
        self.table.reserve(count);
    }

    /// Takes the lease in the body of a put; one that changed later stays.
    ///
    /// A snapshot comes first, then the log in order. Until [`Self::finish_replay`] nothing else may be done.
    pub fn replay_put(&mut self, body: &[u8], sequence: u64) -> Result<(), BodyError> {
        let (mut entry, fields) = Entry4::decode(body)?;
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
        let found = table.find_all(pending.entries().map(Entry4::key));
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
        let key = Key4::decode(body)?;
        self.take_pending();
        if let Some(slot) = self.table.find(key)
            && self.table.entries.get(slot).is_some_and(|entry| entry.sequence <= sequence)
        {
            self.table.remove(slot);
        }
        Ok(())
    }

    /// Builds everything that is not in records, and says which leases contradict each other.
    pub fn finish_replay(&mut self, now: Timestamp) -> Vec<Violation4> {
        self.take_pending();
        let doubtful = self.table.finish_reading();
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
        let mut violations = self.shared_ports(now);
        let leases = doubtful.into_iter().filter_map(|slot| self.table.get(slot));
        let mut before: Option<LeaseRef4<'_>> = None;
        for lease in leases.filter(|lease| lease.is_active(now)) {
            let address = |lease: LeaseRef4<'_>| lease.softwire().map(|softwire| softwire.address);
            if let Some(one) = before.filter(|&one| address(one) == address(lease)) {
                violations.push(Violation4 { one: one.key(), other: lease.key(), of_softwire: true });
            }
            before = Some(lease);
        }
        violations
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
        let mut former = Vec::new();
        for slot in 0..self.table.entries.slot_end() {
            let Some(entry) = self.table.entries.get_mut(slot) else { continue };
            if !entry.state.keeps_others_away() {
                entry.links = Links::UNLINKED;
                former.push((entry.end(), slot));
            }
            let address = entry.address;
            if self.pools.pool_of(address.into()).is_none() {
                self.outside.insert(address);
            } else {
                self.pools.set_used(address.into());
            }
        }
        former.sort_unstable();
        for (_, slot) in former {
            let Some(key) = self.table.entries.get(slot).map(Entry4::key) else { continue };
            let list = self.former_list(key);
            if list == 0 || !self.offers.holds(key.address.into()) {
                self.former.push_back(&mut self.table.entries, list, slot);
            }
        }
        for address in self.offers.keys() {
            self.pools.set_used(address.into());
        }
    }

    /// Active leases of one address with a port in common. Without port sets there are none: keys are unique.
    fn shared_ports(&self, now: Timestamp) -> Vec<Violation4> {
        let mut violations = Vec::new();
        let entries = &self.table.entries;
        let shared = |entry: &Entry4| entry.has_ports() && entry.is_active(now);
        for (slot, entry) in entries.iter_from(0).filter(|(_, entry)| shared(entry)) {
            for other_slot in self.table.on_address(entry.address) {
                let Some(other) = entries.get(other_slot).filter(|other| other.is_active(now)) else {
                    continue;
                };
                // Each pair once.
                let first = slot < other_slot || !other.has_ports();
                if other_slot != slot && first && entry.key().overlaps(other.key()) {
                    violations.push(Violation4 { one: entry.key(), other: other.key(), of_softwire: false });
                }
            }
        }
        violations
    }
}

/// A lease as a snapshot has it.
#[derive(Debug, Clone, Copy)]
pub struct Snapped<'a> {
    /// The number of its last change.
    pub sequence: u64,
    /// When its holder last obtained or extended it, in seconds since the Unix epoch.
    pub time: u32,
    /// The body of a put.
    pub body: &'a [u8],
}
