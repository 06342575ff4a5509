//! The leases of the DHCPv4 half, in memory, with the rules that keep an address with one holder.

mod change;
mod operate;
mod quota;
mod recovery;

pub use recovery::{Snapped, Violation4};

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use fosix_journal::Staging;

use crate::allocator::Picks;
use crate::changes::{Change4, Changes};
use crate::client::IdentityRef;
use crate::counts::Counts;
use crate::entry4::{Entry4, Key4, LeaseRef4};
use crate::links::Lists;
use crate::offers::{Offers, Owner};
use crate::pending::Pending;
use crate::pool4::{PoolRange4, Pools4, Scope4};
use crate::quota::Quotas;
use crate::random::Random;
use crate::record::{Lease4, LeaseState};
use crate::table4::Table4;
use crate::wheel::Wheel;
use crate::{ClientIdentity, Timestamp};

/// The lease state of the DHCPv4 half.
///
/// Addresses that are free keep the lease that they had last, so that a client can have its former address
/// again; such a lease goes when somebody else is given the address, or when it was kept long enough.
///
/// Each change is staged as a record for the journal, in the same order; without room for that nothing changes.
#[derive(Debug)]
pub struct Leases4 {
    table: Table4,
    /// What a start has read and is yet to put there.
    pending: Pending<Entry4>,
    /// Leases and probations that have not been noticed as ended, by their end.
    wheel: Wheel,
    /// Former leases, the one free longest first: list 0 has those that no pool gives out again, list n + 1 those of pool
    /// n, but for those whose address is on offer.
    former: Lists,
    pools: Pools4,
    /// The addresses of leases that are in no pool.
    outside: BTreeSet<u32>,
    offers: Offers<u32>,
    staging: Staging,
    changes: Changes<Lease4>,
    random: Random,
    counts: Counts,
    quotas: Quotas,
    /// Seconds for which a former lease is kept; `None` is until somebody else needs its address.
    hold_reclaimed_time: Option<u32>,
    /// The list of `former` that is looked at next.
    forget_from: usize,
    /// Fields of the lease in hand; kept for its memory.
    scratch: Vec<u8>,
}

/// Why an address cannot be given to a client, or a lease cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// The subnet has no pool with the address.
    #[error("{address} is in no pool of the subnet")]
    NotInPool {
        /// The address.
        address: Ipv4Addr,
    },
    /// It is reserved for another client, or only some classes of clients may be given of its pool.
    #[error("{address} is for other clients")]
    Reserved {
        /// The address.
        address: Ipv4Addr,
    },
    /// Another client holds it or some of its ports, or it was declined and its probation goes on.
    #[error("{address} is held by another client or in probation after a decline")]
    Held {
        /// The address.
        address: Ipv4Addr,
    },
    /// It is on offer to another client.
    #[error("{address} is on offer to another client")]
    OnOffer {
        /// The address.
        address: Ipv4Addr,
    },
    /// Another client has a softwire that starts there.
    #[error("another client has a softwire from {softwire}")]
    SoftwireHeld {
        /// The softwire source address.
        softwire: Ipv6Addr,
    },
    /// The lease would be longer than a record may be.
    #[error("the lease of {address} has more to keep than a record takes")]
    TooLong {
        /// The address.
        address: Ipv4Addr,
    },
    /// The log has no room for the change.
    #[error("the store has no room for another change")]
    NoRoom,
}

/// Offers that are looked at with each operation: more than an operation can make.
const LAPSE_AT_ONCE: usize = 64;

/// How many ended leases a client without an address may cause to be reclaimed before it is told that there is
/// none: enough to find one, and a bounded time.
const RECLAIM_AT_ONCE: usize = 64;

/// Former leases of a pool that are looked at for one that can be given out.
const FORMER_AT_ONCE: usize = 16;

impl Leases4 {
    /// No leases yet, addresses from `pools` (which must not overlap), and room for `offer_limit` offers. Nothing is
    /// recorded until [`Self::set_staging`].
    pub fn new(pools: &[PoolRange4], offer_limit: usize) -> Self {
        let pools = Pools4::new(pools);
        Self {
            table: Table4::default(),
            pending: Pending::default(),
            wheel: Wheel::default(),
            former: Lists::new(pools.count() + 1),
            pools,
            outside: BTreeSet::new(),
            offers: Offers::new(offer_limit),
            staging: Staging::unrecorded(),
            changes: Changes::default(),
            random: Random::default(),
            counts: Counts::default(),
            quotas: Quotas::default(),
            hold_reclaimed_time: None,
            forget_from: 0,
            scratch: Vec::new(),
        }
    }

    /// From now on keeps what happens for [`Self::take_changes`]. Whoever asks for it must take the changes after each
    /// operation: they are kept until then.
    pub fn follow_changes(&mut self) {
        self.changes.follow();
    }

    /// What happened since the changes were last taken, in order.
    pub fn changes(&self) -> &[Arc<Change4>] {
        self.changes.list()
    }

    /// What happened since this was last called, in order.
    pub fn take_changes(&mut self) -> Vec<Arc<Change4>> {
        self.changes.take()
    }

    /// What [`Allocator::Random`](crate::Allocator::Random) picks follows from `seed`. Without one it can be foretold.
    pub fn seed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Where changes are staged for the log.
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    /// Where changes are staged for the log.
    pub fn staging_mut(&mut self) -> &mut Staging {
        &mut self.staging
    }

    /// From now on changes are staged there.
    pub fn set_staging(&mut self, staging: Staging) {
        self.staging = staging;
    }

    /// The lease of the whole `address`, also one that has ended.
    pub fn get(&self, address: Ipv4Addr) -> Option<LeaseRef4<'_>> {
        self.get_key(Key4 { address, port_set: None })
    }

    /// The lease with this key, also one that has ended.
    pub fn get_key(&self, key: Key4) -> Option<LeaseRef4<'_>> {
        self.table.get(self.table.find(key)?)
    }

    /// Every lease, also those that have ended, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = LeaseRef4<'_>> {
        (0..self.table.entries.slot_end()).filter_map(|slot| self.table.get(slot))
    }

    /// The address that `client` holds, whole, in `subnet` at `now`.
    pub fn held_by(&self, client: &ClientIdentity, subnet: u32, now: Timestamp) -> Option<LeaseRef4<'_>> {
        let client = client.as_identity_ref();
        let slot = self.slot_held_by(client, subnet, None, now)?;
        self.table.get(slot)
    }

    /// What is on record of `client` in `subnet`: the lease that it holds, else the one that it held last.
    pub fn known(&self, client: &ClientIdentity, subnet: u32, now: Timestamp) -> Option<LeaseRef4<'_>> {
        let former = || {
            let leases = self.table.of_client(client.as_identity_ref());
            let slot = leases
                .filter(|(_, lease)| lease.state() != LeaseState::Declined && lease.port_set().is_none())
                .filter(|(_, lease)| self.pools.holds(subnet, lease.address()))
                .max_by_key(|(_, lease)| lease.last_transaction());
            self.table.get(slot?.0)
        };
        self.held_by(client, subnet, now).or_else(former)
    }

    /// The address that `client` should be offered in `subnet`, or `None` when there is none left.
    ///
    /// What is reserved for it, if nobody else holds that; else as RFC 2131 §4.3.1 has it: its current address, else the one
    /// it had, else the one that it asks for, else a new one.
    pub fn choose<'a>(
        &mut self,
        client: &ClientIdentity,
        scope: impl Into<Scope4<'a>>,
        requested: Option<Ipv4Addr>,
        now: Timestamp,
    ) -> Option<Ipv4Addr> {
        let scope = scope.into();
        self.lapse_offers(now);
        let draw = self.random.draw();
        let may_have = |address: &Ipv4Addr| self.check(*address, client, scope, now).is_ok();
        if let Some(reserved) = scope.reserved.filter(may_have) {
            return Some(reserved);
        }
        let is_on_record = self.table.of_client(client.as_identity_ref()).next().is_some();
        if is_on_record
            && let Some(lease) = self.held_by(client, scope.subnet, now)
            && self.pools.is_open(&scope, lease.address())
        {
            return Some(lease.address());
        }
        let on_offer = self.offers.to(owner(client)).map(Ipv4Addr::from);
        let former = || {
            let leases = self.table.of_client(client.as_identity_ref()).map(|(_, lease)| lease);
            let free = leases.filter(|lease| lease.port_set().is_none() && may_have(&lease.address()));
            free.max_by_key(|lease| lease.last_transaction()).map(LeaseRef4::address)
        };
        let (octets, distinction) = identity_of(client);
        let picks = Picks::new(draw, octets, &distinction);
        let wanted = on_offer
            .filter(may_have)
            .or_else(|| if is_on_record { former() } else { None })
            .or_else(|| requested.filter(may_have))
            .or_else(|| self.find_free(&scope, &picks, now));
        wanted.or_else(|| {
            // Leases that ended since the last round count as free here and now.
            self.reclaim(now, RECLAIM_AT_ONCE);
            self.find_free(&scope, &picks, now)
        })
    }

    /// Keeps `address` from other clients for `lifetime` seconds. It must be one that [`Self::choose`] gave, or
    /// [`Self::check`] allows.
    pub fn offer(&mut self, address: Ipv4Addr, client: &ClientIdentity, lifetime: u32, now: Timestamp) {
        if self.offers.renew(address.into(), owner(client), lifetime, now) {
            return;
        }
        let key = Key4 { address, port_set: None };
        let found = self.table.find(key);
        let lease = found.and_then(|slot| self.table.get(slot));
        if lease.is_some_and(|lease| lease.is_held_by(client, now)) {
            return; // It is the client's own; nobody else gets it anyway.
        }
        let mut lapsed = Vec::new();
        let owner = owner(client);
        self.offers.put(address.into(), owner, lifetime, now, |gone| lapsed.push(gone));
        self.pools.set_used(address);
        if let Some(slot) = found.filter(|&slot| self.is_former(slot))
            && self.former_list(key) != 0
        {
            self.former.unlink(&mut self.table.entries, slot);
        }
        for gone in lapsed {
            self.offer_is_gone(gone.into());
        }
    }

    /// Whether `address` can be offered to `client` without an offer being forgotten that its client may be about to take.
    pub fn can_offer(&self, address: Ipv4Addr, client: &ClientIdentity, now: Timestamp) -> bool {
        !self.offers.is_full(owner(client), now)
            || self.get(address).is_some_and(|lease| lease.is_held_by(client, now))
    }

    /// Forgets what is on offer to `client`: it went to another server.
    pub fn withdraw_offer(&mut self, client: &ClientIdentity) {
        if let Some(address) = self.offers.to(owner(client)) {
            self.offers.remove(address);
            self.offer_is_gone(address.into());
        }
    }

    /// Whether `client` may have `address` in `scope` at `now`.
    pub fn check<'a>(
        &self,
        address: Ipv4Addr,
        client: &ClientIdentity,
        scope: impl Into<Scope4<'a>>,
        now: Timestamp,
    ) -> Result<(), Conflict> {
        let scope = scope.into();
        if !self.pools.holds(scope.subnet, address) {
            return Err(Conflict::NotInPool { address });
        }
        if !self.pools.is_open(&scope, address) {
            return Err(Conflict::Reserved { address });
        }
        // With the whole address go all of its ports.
        let mut leases = self.table.on_address(address.into()).filter_map(|slot| self.table.get(slot));
        let is_own = |lease: LeaseRef4<'_>| lease.port_set().is_none() && lease.is_held_by(client, now);
        if leases.any(|lease| lease.is_active(now) && !is_own(lease)) {
            return Err(Conflict::Held { address });
        }
        if self.offers.is_to_another(address.into(), owner(client), now) {
            return Err(Conflict::OnOffer { address });
        }
        Ok(())
    }

    /// An address of the scope that nobody needs: one that was never leased, else the one free the longest.
    fn find_free(&self, scope: &Scope4<'_>, picks: &Picks<'_>, now: Timestamp) -> Option<Ipv4Addr> {
        self.pools.next_unused(scope, picks).or_else(|| {
            let pools = self.pools.of_scope(scope);
            let oldest = pools.filter_map(|pool| {
                let former = self.former.iter(&self.table.entries, pool + 1).take(FORMER_AT_ONCE);
                let mut former = former.filter_map(|slot| self.table.get(slot));
                former.find(|lease| {
                    let mut others = self.table.on_address(lease.entry.address);
                    !others.any(|slot| self.table.entries.get(slot).is_some_and(|entry| entry.is_active(now)))
                })
            });
            oldest.min_by_key(|lease| lease.expires()).map(LeaseRef4::address)
        })
    }

    /// What `client` holds in `subnet`, whole, beside the lease with the key `but`.
    fn slot_held_by(
        &self,
        client: IdentityRef<'_>,
        subnet: u32,
        but: Option<Key4>,
        now: Timestamp,
    ) -> Option<u32> {
        let mut leases = self.table.of_client(client);
        let held = leases.find(|(_, lease)| {
            lease.state() == LeaseState::Assigned
                && lease.is_active(now)
                && lease.port_set().is_none()
                && but != Some(lease.key())
                && self.pools.holds(subnet, lease.address())
        });
        held.map(|(slot, _)| slot)
    }

    /// The former lease of the whole `address`.
    fn former_slot(&self, address: Ipv4Addr) -> Option<u32> {
        self.table.find(Key4 { address, port_set: None }).filter(|&slot| self.is_former(slot))
    }

    fn is_former(&self, slot: u32) -> bool {
        self.table.entries.get(slot).is_some_and(|entry| !entry.state.keeps_others_away())
    }

    fn lapse_offers(&mut self, now: Timestamp) {
        for _ in 0..LAPSE_AT_ONCE {
            let Some(gone) = self.offers.lapse(now) else { return };
            self.offer_is_gone(gone.into());
        }
    }

    /// Puts an address back that is on offer no more and that nobody was given.
    fn offer_is_gone(&mut self, address: Ipv4Addr) {
        if let Some(slot) = self.former_slot(address) {
            // It has been free for long: next to go again.
            let list = self.former_list(Key4 { address, port_set: None });
            self.former.unlink(&mut self.table.entries, slot);
            self.former.push_front(&mut self.table.entries, list, slot);
        } else if self.table.on_address(address.into()).next().is_none() {
            self.pools.set_unused(address);
        }
    }

    /// The list that a former lease belongs in.
    fn former_list(&self, key: Key4) -> usize {
        if key.port_set.is_some() || self.pools.is_reserved(key.address) {
            return 0;
        }
        self.pools.pool_of(key.address).map_or(0, |pool| pool + 1)
    }
}

/// What tells a client from others, for [`Allocator::Identity`](crate::Allocator::Identity).
fn identity_of(client: &ClientIdentity) -> (&[u8], [u8; 1]) {
    match client.as_identity_ref() {
        IdentityRef::Identifier(octets) => (octets, [0]),
        IdentityRef::Hardware(kind, octets) => (octets, [kind]),
    }
}

fn owner(client: &ClientIdentity) -> Owner<'_> {
    match client.as_identity_ref() {
        IdentityRef::Identifier(client) => Owner { client, number: 0 },
        // An identifier of the same octets is another client.
        IdentityRef::Hardware(hardware_type, client) => {
            Owner { client, number: 1 << 8 | u64::from(hardware_type) }
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
