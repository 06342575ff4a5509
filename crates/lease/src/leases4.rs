//! The leases of the DHCPv4 half, in memory, with the rules that keep an address with one holder.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::net::Ipv4Addr;
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::changes::{Change4, ChangeKind4, Changes};
use crate::offers::Offers;
use crate::pool4::{PoolRange4, Pools4};
use crate::record::{Grant4, Lease4, LeaseState};
use crate::{ClientIdentity, DnsUpdated, Timestamp};

/// The lease state of the DHCPv4 half.
///
/// Addresses that are free keep the lease that they had last, so that a client can have its former address
/// again; such a lease goes when somebody else is given the address.
#[derive(Debug)]
pub struct Leases4 {
    /// Slots of leases; an index into this is what the other members hold.
    entries: Vec<Lease4>,
    by_address: HashMap<Ipv4Addr, u32, RandomState>,
    /// All leases of a client, former ones too.
    by_client: HashTable<u32>,
    hasher: RandomState,
    /// Leases and probations that have not been noticed as ended, by their end.
    due: BTreeSet<(Timestamp, u32)>,
    offers: Offers,
    pools: Pools4,
    changes: Changes,
}

/// Why an address cannot be given to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// The subnet has no pool with the address.
    #[error("{address} is in no pool of the subnet")]
    NotInPool {
        /// The address.
        address: Ipv4Addr,
    },
    /// Another client holds it, or it was declined and its probation goes on.
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
}

impl Leases4 {
    /// No leases yet, addresses from `pools` (which must not overlap), and room for `offer_limit` offers.
    pub fn new(pools: &[PoolRange4], offer_limit: usize) -> Self {
        Self {
            entries: Vec::new(),
            by_address: HashMap::default(),
            by_client: HashTable::new(),
            hasher: RandomState::default(),
            due: BTreeSet::new(),
            offers: Offers::new(offer_limit),
            pools: Pools4::new(pools),
            changes: Changes::default(),
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

    /// The lease of `address`, also one that has ended.
    pub fn get(&self, address: Ipv4Addr) -> Option<&Lease4> {
        self.entries.get(index(*self.by_address.get(&address)?))
    }

    /// Every lease, also those that have ended, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Lease4> {
        self.entries.iter()
    }

    /// The address that `client` holds in `subnet` at `now`.
    pub fn held_by(&self, client: &ClientIdentity, subnet: u32, now: Timestamp) -> Option<&Lease4> {
        let mut leases = self.leases_of(client);
        leases.find(|lease| lease.is_held_by(client, now) && self.pools.holds(subnet, lease.address))
    }

    /// What is on record of `client` in `subnet`: the lease that it holds, else the one that it held last.
    pub fn known(&self, client: &ClientIdentity, subnet: u32, now: Timestamp) -> Option<&Lease4> {
        let former = || {
            let leases = self.leases_of(client).filter(|lease| self.pools.holds(subnet, lease.address));
            leases
                .filter(|lease| lease.state != LeaseState::Declined)
                .max_by_key(|lease| lease.last_transaction)
        };
        self.held_by(client, subnet, now).or_else(former)
    }

    /// The address that `client` should be offered in `subnet`, or `None` when there is none left.
    ///
    /// RFC 2131 §4.3.1: its current address, else the one it had, else the one that it asks for, else a new one.
    pub fn choose(
        &mut self,
        client: &ClientIdentity,
        subnet: u32,
        requested: Option<Ipv4Addr>,
        now: Timestamp,
    ) -> Option<Ipv4Addr> {
        self.lapse_offers(now);
        if let Some(lease) = self.held_by(client, subnet, now) {
            return Some(lease.address);
        }
        let on_offer = self.offers.to(client);
        let former = self.leases_of(client).map(|lease| lease.address).collect::<Vec<_>>();
        let wanted = on_offer.into_iter().chain(former).chain(requested);
        for address in wanted {
            if self.check(address, client, subnet, now).is_ok() {
                return Some(address);
            }
        }
        self.pools.find_free(subnet).or_else(|| {
            // Leases that ended since the last round count as free here and now.
            self.reclaim(now, RECLAIM_AT_ONCE);
            self.pools.find_free(subnet)
        })
    }

    /// Keeps `address` from other clients for `lifetime` seconds. It must be one that [`Self::choose`] gave.
    pub fn offer(&mut self, address: Ipv4Addr, client: &ClientIdentity, lifetime: u32, now: Timestamp) {
        if self.get(address).is_some_and(|lease| lease.is_held_by(client, now)) {
            return; // It is the client's own; nobody else gets it anyway.
        }
        self.pools.take(address, self.free_since(address));
        let mut lapsed = Vec::new();
        self.offers.put(address, client, now.plus(lifetime), |gone| lapsed.push(gone));
        for gone in lapsed {
            self.offer_is_gone(gone);
        }
    }

    /// Forgets what is on offer to `client`: it went to another server.
    pub fn withdraw_offer(&mut self, client: &ClientIdentity) {
        if let Some(address) = self.offers.to(client) {
            self.offers.remove(address);
            self.offer_is_gone(address);
        }
    }

    /// Whether `client` may have `address` in `subnet` at `now`.
    pub fn check(
        &self,
        address: Ipv4Addr,
        client: &ClientIdentity,
        subnet: u32,
        now: Timestamp,
    ) -> Result<(), Conflict> {
        if !self.pools.holds(subnet, address) {
            return Err(Conflict::NotInPool { address });
        }
        if self.get(address).is_some_and(|lease| lease.is_active(now) && !lease.is_held_by(client, now)) {
            return Err(Conflict::Held { address });
        }
        if self.offers.is_to_another(address, client, now) {
            return Err(Conflict::OnOffer { address });
        }
        Ok(())
    }

    /// Gives an address to a client, or extends what it holds; another address that it held in the subnet is
    /// free from then on.
    pub fn grant(&mut self, grant: Grant4, now: Timestamp) -> Result<(), Conflict> {
        let address = grant.address;
        self.check(address, &grant.client, grant.subnet, now)?;
        let other = self.held_by(&grant.client, grant.subnet, now).map(|lease| lease.address);
        if let Some(other) = other.filter(|&other| other != address) {
            self.free(other, LeaseState::Released, now);
        }
        self.withdraw_offer(&grant.client);
        self.offers.remove(address);
        self.pools.take(address, self.free_since(address));

        let before = self.get(address).filter(|lease| lease.client == grant.client);
        let (softwire, user_context) =
            before.map(|lease| (lease.softwire, lease.user_context.clone())).unwrap_or_default();
        let held = before.filter(|lease| lease.is_held_by(&grant.client, now));
        let since = held.map(|lease| lease.since);
        let lease = Lease4 {
            address,
            port_set: None,
            client: grant.client,
            hardware: grant.hardware,
            softwire,
            source: grant.source,
            relay_path: grant.relay_path,
            subnet: grant.subnet,
            pool_id: 0,
            hostname: grant.hostname,
            dns: DnsUpdated::default(),
            user_context,
            state: LeaseState::Assigned,
            valid_lifetime: grant.valid_lifetime,
            last_transaction: now,
            since: since.unwrap_or(now),
        };
        let kind = if since.is_some() { ChangeKind4::Renewed } else { ChangeKind4::Assigned };
        self.note_lapse(address, now);
        self.changes.add(kind, now, || lease.clone());
        self.put(lease);
        Ok(())
    }

    /// Ends the lease of `address` if `client` holds it; its address is free from then on.
    pub fn release(&mut self, address: Ipv4Addr, client: &ClientIdentity, now: Timestamp) -> bool {
        let held = self.get(address).is_some_and(|lease| lease.is_held_by(client, now));
        if held {
            self.free(address, LeaseState::Released, now);
        }
        held
    }

    /// Takes `address` out of use for `probation` seconds, if `client` holds it.
    ///
    /// RFC 2131 §4.3.3: the client found that somebody else uses it.
    pub fn decline(
        &mut self,
        address: Ipv4Addr,
        client: &ClientIdentity,
        probation: u32,
        now: Timestamp,
    ) -> bool {
        let Some(lease) = self.get(address).filter(|lease| lease.is_held_by(client, now)) else {
            return false;
        };
        let held = lease.clone();
        let declined = Lease4 {
            state: LeaseState::Declined,
            valid_lifetime: probation,
            last_transaction: now,
            ..held.clone()
        };
        self.changes.add(ChangeKind4::Declined, now, || held);
        self.put(declined);
        true
    }

    /// Frees the addresses of at most `limit` leases and probations that ended by `now`; says how many.
    pub fn reclaim(&mut self, now: Timestamp, limit: usize) -> usize {
        self.lapse_offers(now);
        let mut done = 0;
        while done < limit {
            let Some(&(end, slot)) = self.due.first() else { break };
            if now < end {
                break;
            }
            let Some(address) = self.entries.get(index(slot)).map(|lease| lease.address) else { break };
            self.free(address, LeaseState::Expired, end);
            done += 1;
        }
        done
    }

    fn leases_of<'a, 'c>(
        &'a self,
        client: &'c ClientIdentity,
    ) -> impl Iterator<Item = &'a Lease4> + use<'a, 'c> {
        let candidates = self.by_client.iter_hash(self.hasher.hash_one(client));
        candidates
            .filter_map(|&slot| self.entries.get(index(slot)))
            .filter(move |lease| lease.client == *client)
    }

    /// Stores a lease in the place of its address, and keeps the indexes true.
    fn put(&mut self, lease: Lease4) {
        let hasher = &self.hasher;
        let address = lease.address;
        let hash = hasher.hash_one(&lease.client);
        let expires = lease.expires();
        let next = self.entries.len();
        let slot = *self.by_address.entry(address).or_insert_with(|| u32::try_from(next).unwrap_or(u32::MAX));
        let at = index(slot);
        let known = self.entries.get(at).map(|before| (before.expires(), hasher.hash_one(&before.client)));
        match self.entries.get_mut(at) {
            Some(place) => *place = lease,
            None => self.entries.push(lease),
        }
        if let Some((end, former_hash)) = known {
            if let Some(end) = end {
                self.due.remove(&(end, slot));
            }
            if former_hash != hash
                && let Ok(found) = self.by_client.find_entry(former_hash, |&other| other == slot)
            {
                found.remove();
            }
        }
        let entries = &self.entries;
        if self.by_client.find(hash, |&other| other == slot).is_none() {
            self.by_client.insert_unique(hash, slot, |&other| {
                entries.get(index(other)).map_or(0, |lease| hasher.hash_one(&lease.client))
            });
        }
        if let Some(end) = expires {
            self.due.insert((end, slot));
        }
    }

    /// Ends the lease of `address` as of `since`; its address is free, unless it is on offer.
    fn free(&mut self, address: Ipv4Addr, state: LeaseState, since: Timestamp) {
        let Some(&slot) = self.by_address.get(&address) else { return };
        let Some(lease) = self.entries.get_mut(index(slot)) else { return };
        if let Some(end) = lease.expires() {
            self.due.remove(&(end, slot));
        }
        let kind = match (state, lease.state) {
            (LeaseState::Released, _) => ChangeKind4::Released,
            (_, LeaseState::Declined) => ChangeKind4::Recovered,
            _ => ChangeKind4::Expired,
        };
        self.changes.add(kind, since, || lease.clone());
        lease.state = state;
        // What tells how long the address has been free.
        lease.last_transaction = since;
        lease.valid_lifetime = 0;
        if !self.offers.holds(address) {
            self.pools.give_back(address, Some(since));
        }
    }

    /// Notes the end of a lease or probation that nobody noticed before `address` is given to the next client.
    fn note_lapse(&mut self, address: Ipv4Addr, now: Timestamp) {
        let lapsed = self.by_address.get(&address).and_then(|&slot| self.entries.get(index(slot)));
        let Some(lease) = lapsed.filter(|lease| !lease.is_active(now)) else { return };
        let (kind, end) = match (lease.state, lease.expires()) {
            (LeaseState::Assigned, Some(end)) => (ChangeKind4::Expired, end),
            (LeaseState::Declined, Some(end)) => (ChangeKind4::Recovered, end),
            _ => return,
        };
        self.changes.add(kind, end, || lease.clone());
    }

    /// Since when `address` is free with a former lease on it.
    fn free_since(&self, address: Ipv4Addr) -> Option<Timestamp> {
        let lease = self.get(address)?;
        matches!(lease.state, LeaseState::Expired | LeaseState::Released).then_some(lease.last_transaction)
    }

    fn lapse_offers(&mut self, now: Timestamp) {
        let mut lapsed = Vec::new();
        self.offers.lapse(now, |gone| lapsed.push(gone));
        for gone in lapsed {
            self.offer_is_gone(gone);
        }
    }

    /// Puts an address back that is on offer no more and that nobody was given.
    fn offer_is_gone(&mut self, address: Ipv4Addr) {
        match self.get(address) {
            None => self.pools.give_back(address, None),
            Some(_) => {
                if let Some(since) = self.free_since(address) {
                    self.pools.give_back(address, Some(since));
                }
            }
        }
    }
}

/// How many ended leases a client without an address may cause to be reclaimed before it is told that there is
/// none: enough to find one, and a bounded time.
const RECLAIM_AT_ONCE: usize = 64;

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "leases4_tests.rs"]
mod tests;
