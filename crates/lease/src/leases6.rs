//! The leases of the DHCPv6 half, in memory, with the rules that keep an address or a prefix with one holder.

mod change;
mod operate;
mod prefix_lens;
mod quota;
mod recovery;

use std::collections::BTreeSet;
use std::sync::Arc;

use fosix_journal::Staging;

pub use recovery::Violation6;

use self::prefix_lens::PrefixLens;
use crate::Timestamp;
use crate::allocator::Picks;
use crate::changes::{Change6, Changes};
use crate::counts::Counts;
use crate::entry6::{Entry6, Key6, LeaseRef6};
use crate::links::Lists;
use crate::offers::{Offers, Owner};
use crate::pending::Pending;
use crate::pool6::{PoolRange6, Pools6, Scope6, has_reserved_id};
use crate::quota::Quotas;
use crate::random::Random;
use crate::record::LeaseState;
use crate::record6::{Lease6, LeaseKind6};
use crate::table6::Table6;
use crate::wheel::Wheel;

/// The lease state of the DHCPv6 half.
///
/// It is to DHCPv6 what [`Leases4`](crate::Leases4) is to DHCPv4: what is free keeps the lease that it had last, and each
/// change is staged as a record for the journal; without room for that nothing changes. A client is a DUID, and what it
/// holds belongs to one of its identity associations (IAID).
#[derive(Debug)]
pub struct Leases6 {
    table: Table6,
    /// What a start has read and is yet to put there.
    pending: Pending<Entry6>,
    /// Leases and probations that have not been noticed as ended, by their end.
    wheel: Wheel,
    /// Former leases, the one free longest first: list 0 has those that no pool gives out again, list n + 1 those of pool
    /// n, but for those that are on offer.
    former: Lists,
    pools: Pools6,
    /// Leases that no pool counts one by one.
    outside: BTreeSet<Key6>,
    /// How many leases of prefixes there are of each length.
    prefix_lens: PrefixLens,
    offers: Offers<Key6>,
    staging: Staging,
    changes: Changes<Lease6>,
    /// Where pools that are given out at random begin to look.
    random: Random,
    counts: Counts,
    quotas: Quotas,
    /// Seconds for which a former lease is kept; `None` is until somebody else needs what it was of.
    hold_reclaimed_time: Option<u32>,
    /// The list of `former` that is looked at next.
    forget_from: usize,
    /// Fields of the lease in hand; kept for its memory.
    scratch: Vec<u8>,
}

/// Who asks, as the store tells clients apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Association<'a> {
    /// The client.
    pub duid: &'a [u8],
    /// Which of its identity associations (RFC 9915 §12).
    pub iaid: u32,
    /// IA_NA or IA_PD: each has IAIDs of its own.
    pub kind: LeaseKind6,
}

/// Why an address or a prefix cannot be given to a client, or a lease cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict6 {
    /// The subnet has no pool with it.
    #[error("{key} is in no pool of the subnet")]
    NotInPool {
        /// What was asked for.
        key: Key6,
    },
    /// It is reserved for another client, or only some classes of clients may be given of its pool.
    #[error("{key} is for other clients")]
    Reserved {
        /// What was asked for.
        key: Key6,
    },
    /// Another holds it or a part of it, or it was declined and its probation goes on.
    #[error("{key} is held by another client or in probation after a decline")]
    Held {
        /// What was asked for.
        key: Key6,
    },
    /// It is on offer to another.
    #[error("{key} is on offer to another client")]
    OnOffer {
        /// What was asked for.
        key: Key6,
    },
    /// The identity association has as many as one may have.
    #[error("the identity association holds {limit} leases already")]
    TooMany {
        /// How many that is.
        limit: usize,
    },
    /// The lease would be longer than a record may be.
    #[error("the lease of {key} has more to keep than a record takes")]
    TooLong {
        /// What it is of.
        key: Key6,
    },
    /// The log has no room for the change.
    #[error("the store has no room for another change")]
    NoRoom,
}

/// Offers that are looked at with each operation: more than an operation can make.
const LAPSE_AT_ONCE: usize = 64;

/// How many ended leases a client may cause to be reclaimed before it is told that there is nothing for it.
const RECLAIM_AT_ONCE: usize = 64;

/// What is looked at, of former leases and of what is not counted, for one that can be given out.
const LOOK_AT_ONCE: usize = 32;

impl Leases6 {
    /// No leases yet, and room for `offer_limit` offers; pools of a kind must not overlap. Nothing is recorded until
    /// [`Self::set_staging`].
    pub fn new(pools: &[PoolRange6], offer_limit: usize) -> Self {
        let pools = Pools6::new(pools);
        Self {
            table: Table6::default(),
            pending: Pending::default(),
            wheel: Wheel::default(),
            former: Lists::new(pools.count() + 1),
            pools,
            outside: BTreeSet::new(),
            prefix_lens: PrefixLens::default(),
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
    pub fn changes(&self) -> &[Arc<Change6>] {
        self.changes.list()
    }

    /// What happened since this was last called, in order.
    pub fn take_changes(&mut self) -> Vec<Arc<Change6>> {
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

    /// The lease with this key, also one that has ended.
    pub fn get(&self, key: Key6) -> Option<LeaseRef6<'_>> {
        self.table.get(self.table.find(key)?)
    }

    /// Every lease, also those that have ended, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = LeaseRef6<'_>> {
        (0..self.table.entries.slot_end()).filter_map(|slot| self.table.get(slot))
    }

    /// Everything on record of `client`, whatever its subnet, pool and state. What it registered belongs to no association.
    pub fn of_association<'a>(&'a self, client: Association<'a>) -> impl Iterator<Item = LeaseRef6<'a>> {
        let leases = self.table.of_association(client.duid, client.iaid).map(|(_, lease)| lease);
        leases.filter(move |lease| lease.kind() == client.kind)
    }

    /// What `client` holds in `subnet` at `now`.
    pub fn held_by<'a>(
        &'a self,
        client: Association<'a>,
        subnet: u32,
        now: Timestamp,
    ) -> impl Iterator<Item = LeaseRef6<'a>> {
        self.on_record(client, subnet)
            .filter(move |lease| lease.state() == LeaseState::Assigned && lease.is_active(now))
    }

    /// What is on record of `client` in `subnet`: a lease that it holds, else the one that it held last.
    pub fn known<'a>(
        &'a self,
        client: Association<'a>,
        subnet: u32,
        now: Timestamp,
    ) -> Option<LeaseRef6<'a>> {
        let former = || {
            let leases = self.on_record(client, subnet);
            let leases = leases.filter(|lease| lease.state() != LeaseState::Declined);
            leases.max_by_key(|lease| lease.last_transaction())
        };
        self.held_by(client, subnet, now).next().or_else(former)
    }

    /// What `client` should be offered in `subnet`, or `None` when there is nothing left.
    ///
    /// What is reserved for it, if nobody holds that; else what it holds, else what is on offer to it, else what it had, else
    /// the first of `hints` that it may have, else a new one. In a pool of more than 2^24 the further ones are found by
    /// trying some of them.
    ///
    /// `prefix_len` is the length that a client would like a new prefix to have, `None` where it does not matter. RFC 8168
    /// §3.2: pools of that length come first, then those of shorter ones (larger prefixes), then of longer ones, the
    /// nearest first each time.
    pub fn choose<'s>(
        &mut self,
        client: Association<'_>,
        scope: impl Into<Scope6<'s>>,
        hints: &[Key6],
        prefix_len: Option<u8>,
        now: Timestamp,
    ) -> Option<Key6> {
        let scope = scope.into();
        self.lapse_offers(now);
        let distinction = distinction_of(client);
        let picks = Picks::new(self.random.draw(), client.duid, &distinction);
        let may_have = |key: &Key6| key.kind == client.kind && self.check(*key, client, scope, now).is_ok();
        if let Some(reserved) = scope.reserved.iter().copied().find(may_have) {
            return Some(reserved);
        }
        let is_on_record = self.of_association(client).next().is_some();
        if is_on_record {
            let mut held = self.held_by(client, scope.subnet, now);
            if let Some(lease) = held.find(|lease| self.pools.is_open(&scope, lease.key())) {
                return Some(lease.key());
            }
        }
        let former = || {
            let free = self.on_record(client, scope.subnet).filter(|lease| may_have(&lease.key()));
            free.max_by_key(|lease| lease.last_transaction()).map(LeaseRef6::key)
        };
        let chosen = self.offers.to(owner(client));
        let chosen = chosen
            .filter(may_have)
            .or_else(|| if is_on_record { former() } else { None })
            .or_else(|| hints.iter().copied().find(may_have))
            .or_else(|| self.find_free(client, &scope, prefix_len, &picks, now));
        chosen.or_else(|| {
            // Leases that ended since the last round count as free here and now.
            self.reclaim(now, RECLAIM_AT_ONCE);
            self.find_free(client, &scope, prefix_len, &picks, now)
        })
    }

    /// Keeps `key` from others for `lifetime` seconds. It must be one that [`Self::choose`] gave, or [`Self::check`]
    /// allows. An identity association has one offer at a time.
    pub fn offer(&mut self, key: Key6, client: Association<'_>, lifetime: u32, now: Timestamp) {
        if self.offers.renew(key, owner(client), lifetime, now) {
            return;
        }
        let found = self.table.find(key);
        let lease = found.and_then(|slot| self.table.get(slot));
        if lease.is_some_and(|lease| lease.is_held_by(client.duid, client.iaid, now)) {
            return; // It is the client's own; nobody else gets it anyway.
        }
        let mut lapsed = Vec::new();
        self.offers.put(key, owner(client), lifetime, now, |gone| lapsed.push(gone));
        self.pools.set_used(key);
        if let Some(slot) = found.filter(|&slot| self.is_former(slot))
            && self.former_list(key) != 0
        {
            self.former.unlink(&mut self.table.entries, slot);
        }
        for gone in lapsed {
            self.offer_is_gone(gone);
        }
    }

    /// Whether `client` can be offered something without an offer being forgotten that its client may be about to take.
    pub fn can_offer(&self, client: Association<'_>, now: Timestamp) -> bool {
        !self.offers.is_full(owner(client), now)
    }

    /// Forgets what is on offer to a client: it went to another server.
    pub fn withdraw_offers(&mut self, duid: &[u8]) {
        while let Some(key) = self.offers.any_to(duid) {
            self.offers.remove(key);
            self.offer_is_gone(key);
        }
    }

    /// Whether `client` may have `key` in `subnet` at `now`.
    ///
    /// A prefix is compared with those of other lengths that hold it, and with those that it holds outside of the pools;
    /// pools of prefixes must not overlap.
    pub fn check<'s>(
        &self,
        key: Key6,
        client: Association<'_>,
        scope: impl Into<Scope6<'s>>,
        now: Timestamp,
    ) -> Result<(), Conflict6> {
        self.check_found(key, self.table.find(key), client, &scope.into(), now)
    }

    /// Whether the client of `scope` may go on with `key`, which it holds: it is not for others.
    pub fn is_open(&self, key: Key6, scope: &Scope6<'_>) -> bool {
        self.pools.is_open(scope, key)
    }

    /// The same with what was found of `key`.
    fn check_found(
        &self,
        key: Key6,
        found: Option<u32>,
        client: Association<'_>,
        scope: &Scope6<'_>,
        now: Timestamp,
    ) -> Result<(), Conflict6> {
        if key.kind != client.kind {
            return Err(Conflict6::NotInPool { key });
        }
        self.pools.check(scope, key)?;
        let found = found.and_then(|slot| self.table.get(slot)).filter(|lease| lease.is_active(now));
        if found.is_some_and(|lease| !lease.is_held_by(client.duid, client.iaid, now))
            || self.overlap(key, now).is_some()
        {
            return Err(Conflict6::Held { key });
        }
        if self.offers.is_to_another(key, owner(client), now) {
            return Err(Conflict6::OnOffer { key });
        }
        Ok(())
    }

    /// An active lease of a prefix that holds, or is part of, the prefix `key`, and is another one.
    fn overlap(&self, key: Key6, now: Timestamp) -> Option<Key6> {
        if key.kind != LeaseKind6::Prefix {
            return None;
        }
        let is_active = |key: &Key6| self.get(*key).is_some_and(|lease| lease.is_active(now));
        let shorter = self.prefix_lens.in_use().take_while(|&len| len < key.prefix_len);
        let mut holding = shorter.map(|len| Key6::prefix(key.address, len)).filter(is_active);
        holding.next().or_else(|| {
            let within = self.outside.range(key..).take_while(|other| other.overlaps(key));
            within.copied().take(LOOK_AT_ONCE).find(|other| *other != key && is_active(other))
        })
    }

    /// What nobody needs of `subnet`, in pools whose length is as near as possible to the one wanted.
    fn find_free(
        &self,
        client: Association<'_>,
        scope: &Scope6<'_>,
        prefix_len: Option<u8>,
        picks: &Picks<'_>,
        now: Timestamp,
    ) -> Option<Key6> {
        let pools = || self.pools.of_scope(scope, client.kind);
        let distance = |pool: usize| self.pools.distance(pool, prefix_len);
        let mut at = pools().map(distance).min()?;
        loop {
            let near = || pools().filter(|&pool| distance(pool) == at);
            let found = self.find_in(near, client, scope, picks, now);
            if found.is_some() {
                return found;
            }
            at = pools().map(distance).filter(|&further| further > at).min()?;
        }
    }

    /// What nobody needs of these pools of `subnet`: never leased, else free the longest, else beyond what is counted.
    fn find_in<I: Iterator<Item = usize>>(
        &self,
        pools: impl Fn() -> I,
        client: Association<'_>,
        scope: &Scope6<'_>,
        picks: &Picks<'_>,
        now: Timestamp,
    ) -> Option<Key6> {
        let is_free = |key: &Key6| self.overlap(*key, now).is_none();
        let may_have = |key: &Key6| self.check(*key, client, *scope, now).is_ok();
        let unused = pools().find_map(|pool| {
            let any = self.pools.any(pool, picks).take(LOOK_AT_ONCE).find(may_have);
            any.or_else(|| self.pools.unused(pool, picks).filter(is_free))
        });
        let former = || {
            let oldest = pools().filter_map(|pool| {
                let former = self.former.iter(&self.table.entries, pool + 1).take(LOOK_AT_ONCE);
                former.filter_map(|slot| self.table.get(slot)).find(|lease| is_free(&lease.key()))
            });
            oldest.min_by_key(|lease| lease.expires()).map(LeaseRef6::key)
        };
        let uncounted = || {
            let seed = self.staging.sequence() ^ u64::from(client.iaid) << 32 ^ now.0;
            pools().find_map(|pool| self.pools.uncounted(pool, seed).take(LOOK_AT_ONCE).find(may_have))
        };
        unused.or_else(former).or_else(uncounted)
    }

    /// All leases of an identity association in `subnet`.
    fn on_record<'a>(&'a self, client: Association<'a>, subnet: u32) -> impl Iterator<Item = LeaseRef6<'a>> {
        self.of_association(client).filter(move |lease| self.pools.holds(subnet, lease.key()))
    }

    /// The former lease of `key`.
    fn former_slot(&self, key: Key6) -> Option<u32> {
        self.table.find(key).filter(|&slot| self.is_former(slot))
    }

    fn is_former(&self, slot: u32) -> bool {
        self.table.entries.get(slot).is_some_and(|entry| !entry.state.keeps_others_away())
    }

    fn lapse_offers(&mut self, now: Timestamp) {
        for _ in 0..LAPSE_AT_ONCE {
            let Some(gone) = self.offers.lapse(now) else { return };
            self.offer_is_gone(gone);
        }
    }

    /// Puts back what is on offer no more and was not given to anybody.
    fn offer_is_gone(&mut self, key: Key6) {
        if let Some(slot) = self.former_slot(key) {
            // It has been free for long: next to go again.
            let list = self.former_list(key);
            self.former.unlink(&mut self.table.entries, slot);
            self.former.push_front(&mut self.table.entries, list, slot);
        } else if self.table.find(key).is_none() {
            self.pools.set_unused(key);
        }
    }

    /// The list that a former lease belongs in.
    fn former_list(&self, key: Key6) -> usize {
        if self.pools.is_reserved(key) || has_reserved_id(key) {
            return 0;
        }
        self.pools.pool_of(key).map_or(0, |pool| pool + 1)
    }
}

/// What tells an identity association from others of its client, for [`Allocator::Identity`](crate::Allocator::Identity).
fn distinction_of(client: Association<'_>) -> [u8; 5] {
    let [a, b, c, d] = client.iaid.to_be_bytes();
    [a, b, c, d, u8::from(client.kind == LeaseKind6::Prefix)]
}

fn owner(client: Association<'_>) -> Owner<'_> {
    let kind = u64::from(client.kind == LeaseKind6::Prefix);
    Owner { client: client.duid, number: u64::from(client.iaid) << 1 | kind }
}

#[cfg(test)]
mod model;
