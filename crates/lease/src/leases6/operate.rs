//! What operators do with leases: look at them, import them, remove them, change the pools.

use fosix_journal::Cause;

use super::change::Note;
use super::{Conflict6, Leases6};
use crate::Timestamp;
use crate::changes::cause;
use crate::counts::Counts;
use crate::entry6::{Entry6, Key6, LeaseRef6};
use crate::pool6::{PoolRange6, Pools6};
use crate::record6::Lease6;

/// Bytes of fields that a lease may have: a record takes 64 KiB, and relays are added to what was imported.
pub(super) const FIELDS_LIMIT: usize = 65_000;
/// Bytes of fields that an imported lease may have.
const IMPORT_LIMIT: usize = 40_000;

impl Leases6 {
    /// How many leases there are in each state; some of the active ones may have ended unnoticed.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// All leases of a client, former ones too; where there are over 256, only that many.
    pub fn by_duid<'a>(&'a self, duid: &'a [u8]) -> impl Iterator<Item = LeaseRef6<'a>> {
        self.table.of_duid(duid)
    }

    /// Hands out the leases from `first` to `last` in the order of their keys. At most `limit` keys are looked at; the
    /// result is the key to go on from.
    pub fn in_range(
        &self,
        first: Key6,
        last: Key6,
        limit: usize,
        mut each: impl FnMut(LeaseRef6<'_>),
    ) -> Option<Key6> {
        let mut from = first;
        for _ in 0..limit {
            let in_pool = self.pools.next_used(from);
            let outside = self.outside.range(from..).next().copied();
            let key = in_pool.into_iter().chain(outside).min().filter(|&key| key <= last)?;
            if let Some(lease) = self.get(key) {
                each(lease);
            }
            from = key.successor()?;
        }
        (from <= last).then_some(from)
    }

    /// Stores a whole lease, as it is, in the place of the one with the same key, if there is one.
    ///
    /// An active prefix is refused where it would be part of another active one, as far as [`Self::check`] sees that.
    pub fn put_lease(&mut self, lease: &Lease6, cause: Cause, now: Timestamp) -> Result<(), Conflict6> {
        let mut fields = Vec::new();
        let entry = Entry6::of(lease, &mut fields);
        let key = entry.key();
        if fields.len() > IMPORT_LIMIT {
            return Err(Conflict6::TooLong { key });
        }
        if !self.staging.has_room(1) {
            return Err(Conflict6::NoRoom);
        }
        if entry.is_active(now) && self.overlap(key, now).is_some() {
            return Err(Conflict6::Held { key });
        }
        if self.offers.remove(key) {
            self.offer_is_gone(key);
        }
        self.store(self.table.find(key), entry, &fields, Note::new(cause, now))
            .map(|_| ())
            .ok_or(Conflict6::NoRoom)
    }

    /// Removes the lease with this key, whatever its state; says whether there was one. Without room in the log it stays.
    pub fn remove(&mut self, key: Key6, now: Timestamp) -> bool {
        let Some(slot) = self.table.find(key).filter(|_| self.staging.has_room(1)) else { return false };
        self.forget(slot, Note::new(cause::OPERATOR, now));
        true
    }

    /// How many seconds a former lease is kept; `None` is until somebody else needs what it was of, 0 not at all.
    pub fn set_hold_reclaimed_time(&mut self, seconds: Option<u32>) {
        self.hold_reclaimed_time = seconds;
    }

    /// From now on `subnet` gives `key` out by name alone, also where it is in none of its pools: somebody has it
    /// reserved, whom [`Scope6::reserved`](crate::Scope6::reserved) tells of. Subnet 0 is whichever one its client is in.
    pub fn exclude(&mut self, subnet: u32, key: Key6) {
        self.pools.reserve(subnet, key);
        if let Some(slot) = self.former_slot(key) {
            self.former.unlink(&mut self.table.entries, slot);
            self.former.push_back(&mut self.table.entries, 0, slot);
        }
    }

    /// Puts other pools in the place of those there are; exclusions go. Leases stay, also those that are in no pool then.
    /// It takes as long as there are leases.
    pub fn set_pools(&mut self, pools: &[PoolRange6]) {
        self.pools = Pools6::new(pools);
        self.rebuild_pools();
    }
}
