//! What operators do with leases: look at them, import them, remove them, change the pools.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_journal::Cause;

use super::change::Note;
use super::{Conflict, Leases4};
use crate::changes::cause;
use crate::counts::Counts;
use crate::entry4::{Entry4, Key4, LeaseRef4};
use crate::pool4::{PoolRange4, Pools4};
use crate::record::{Lease4, LeaseState};
use crate::{ClientIdentity, Timestamp};

/// Bytes of fields that a lease may have: a record takes 64 KiB, and relays and softwire are added to what was imported.
pub(super) const FIELDS_LIMIT: usize = 65_000;
/// Bytes of fields that an imported lease may have.
const IMPORT_LIMIT: usize = 40_000;

impl Leases4 {
    /// How many leases there are in each state; some of the assigned and declined ones may have ended unnoticed.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// All leases of a client, former ones too.
    pub fn by_client<'a>(&'a self, client: &'a ClientIdentity) -> impl Iterator<Item = LeaseRef4<'a>> {
        self.table.of_client(client.as_identity_ref()).map(|(_, lease)| lease)
    }

    /// The assigned lease whose softwire starts at `address`; it may have ended unnoticed.
    pub fn by_softwire(&self, address: Ipv6Addr) -> Option<LeaseRef4<'_>> {
        self.table.of_softwire(address.octets()).map(|(_, lease)| lease).next()
    }

    /// Hands out the leases of the addresses from `first` to `last`, in order. At most `limit` addresses are looked at; the
    /// result is the address to go on from.
    pub fn in_range(
        &self,
        first: Ipv4Addr,
        last: Ipv4Addr,
        limit: usize,
        mut each: impl FnMut(LeaseRef4<'_>),
    ) -> Option<Ipv4Addr> {
        let mut from = first;
        for _ in 0..limit {
            let in_pool = self.pools.next_used(from);
            let outside = self.outside.range(u32::from(from)..).next().map(|&address| address.into());
            let address = in_pool.into_iter().chain(outside).min().filter(|&address| address <= last)?;
            for slot in self.table.on_address(address.into()) {
                if let Some(lease) = self.table.get(slot) {
                    each(lease);
                }
            }
            from = u32::from(address).checked_add(1)?.into();
        }
        (from <= last).then_some(from)
    }

    /// Stores a whole lease, as it is, in the place of the one with the same key, if there is one.
    ///
    /// An active one is refused where it would share ports or a softwire with another active one.
    pub fn put_lease(&mut self, lease: &Lease4, cause: Cause, now: Timestamp) -> Result<(), Conflict> {
        let address = lease.address;
        let mut fields = Vec::new();
        let entry = Entry4::of(lease, &mut fields);
        let key = entry.key();
        if fields.len() > IMPORT_LIMIT {
            return Err(Conflict::TooLong { address });
        }
        if !self.staging.has_room(2) {
            return Err(Conflict::NoRoom);
        }
        if entry.is_active(now) {
            let mut others = self.table.on_address(entry.address).filter_map(|slot| self.table.get(slot));
            if others.any(|other| other.key() != key && other.is_active(now) && other.key().overlaps(key)) {
                return Err(Conflict::Held { address });
            }
        }
        if let Some(softwire) = lease.softwire.filter(|_| entry.state == LeaseState::Assigned) {
            if entry.is_active(now) && self.softwire_is_anothers(softwire.address, key, None, now) {
                return Err(Conflict::SoftwireHeld { softwire: softwire.address });
            }
            if entry.is_active(now) {
                self.clear_softwire(softwire, key, now);
            }
        }
        if self.offers.remove(entry.address) {
            self.offer_is_gone(address);
        }
        self.store(self.table.find(key), entry, &fields, Note::new(cause, now))
            .map(|_| ())
            .ok_or(Conflict::NoRoom)
    }

    /// Removes the lease with this key, whatever its state; says whether there was one. Without room in the log it stays.
    pub fn remove(&mut self, key: Key4, now: Timestamp) -> bool {
        let Some(slot) = self.table.find(key).filter(|_| self.staging.has_room(1)) else { return false };
        self.forget(slot, Note::new(cause::OPERATOR, now));
        true
    }

    /// How many seconds a former lease is kept; `None` is until somebody else needs the address, 0 not at all.
    pub fn set_hold_reclaimed_time(&mut self, seconds: Option<u32>) {
        self.hold_reclaimed_time = seconds;
    }

    /// From now on `subnet` gives `address` out by name alone, also where it is in none of its pools: somebody has it
    /// reserved, whom [`Scope4::reserved`](crate::Scope4::reserved) tells of. Subnet 0 is whichever one its client is in.
    pub fn exclude(&mut self, subnet: u32, address: Ipv4Addr) {
        self.pools.reserve(subnet, address);
        if let Some(slot) = self.former_slot(address) {
            self.former.unlink(&mut self.table.entries, slot);
            self.former.push_back(&mut self.table.entries, 0, slot);
        }
    }

    /// Puts other pools in the place of those there are; exclusions go. Leases stay, also those that are in no pool then.
    /// It takes as long as there are leases.
    pub fn set_pools(&mut self, pools: &[PoolRange4]) {
        self.pools = Pools4::new(pools);
        self.rebuild_pools();
    }
}
