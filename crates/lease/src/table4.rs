//! DHCPv4 leases in their places, and the indexes that they are found by. What may be stored is not decided here.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::thread;

use foldhash::quality::RandomState;

use crate::arena::Arena;
use crate::chunks::Chunks;
use crate::client::IdentityRef;
use crate::entry4::{Entry4, Key4, LeaseRef4};
use crate::fields::Fields;
use crate::index::{Index, NEIGHBOURS, neighbourly};
use crate::record::LeaseState;

#[derive(Debug, Default)]
pub(crate) struct Table4 {
    pub(crate) entries: Chunks<Entry4>,
    arena: Arena,
    by_address: Index,
    by_client: Index,
    /// Of assigned leases only.
    by_softwire: Index,
    hasher: RandomState,
    /// While records are read, leases are in the index by address alone.
    pub(crate) reading: bool,
}

/// Hashes of what a lease is found by beside its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hashes {
    client: u64,
    softwire: Option<u64>,
}

impl Table4 {
    /// Makes room for `count` leases, in a table without any.
    pub(crate) fn reserve(&mut self, count: usize) {
        if self.entries.len() == 0 {
            self.by_address = Index::with_room_for(count);
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<LeaseRef4<'_>> {
        let entry = self.entries.get(slot)?;
        Some(LeaseRef4 { entry, fields: Fields(self.arena.get(entry.blob())) })
    }

    /// Finds many at once: quicker than one after the other.
    pub(crate) fn find_all(&self, keys: impl Iterator<Item = Key4> + Clone) -> Vec<Option<u32>> {
        let hashes: Vec<_> = keys.clone().map(|key| self.address_hash(key.address.into())).collect();
        let slots: Vec<_> = self.by_address.approach(&hashes).collect();
        let leases = slots.into_iter().filter_map(|slot| self.entries.get(slot));
        let blobs: Vec<_> = leases.map(Entry4::blob).collect();
        let bytes = blobs.into_iter().filter_map(|blob| self.arena.get(blob).first());
        // Only to have them at hand.
        black_box(bytes.fold(0, |sum, byte| sum ^ byte));
        keys.map(|key| self.find(key)).collect()
    }

    pub(crate) fn find(&self, key: Key4) -> Option<u32> {
        let address = u32::from(key.address);
        self.by_address.find(self.address_hash(address), |slot| {
            self.entries
                .get(slot)
                .is_some_and(|entry| entry.address == address && entry.port_set() == key.port_set)
        })
    }

    /// All leases of an address: one, or several with port sets.
    pub(crate) fn on_address(&self, address: u32) -> impl Iterator<Item = u32> + '_ {
        let candidates = self.by_address.candidates(self.address_hash(address));
        candidates.filter(move |&slot| self.entries.get(slot).is_some_and(|entry| entry.address == address))
    }

    pub(crate) fn of_client<'a>(
        &'a self,
        client: IdentityRef<'a>,
    ) -> impl Iterator<Item = (u32, LeaseRef4<'a>)> {
        let candidates = self.by_client.candidates(self.hasher.hash_one(client));
        let leases = candidates.filter_map(|slot| Some((slot, self.get(slot)?)));
        leases.filter(move |(_, lease)| lease.identity() == client)
    }

    /// Assigned leases with this softwire address, also some that have ended and were not noticed.
    pub(crate) fn of_softwire(&self, address: [u8; 16]) -> impl Iterator<Item = (u32, LeaseRef4<'_>)> {
        let candidates = self.by_softwire.candidates(self.hasher.hash_one(address));
        let leases = candidates.filter_map(|slot| Some((slot, self.get(slot)?)));
        leases.filter(move |(_, lease)| lease.softwire().is_some_and(|s| s.address.octets() == address))
    }

    /// Stores a lease in the place of the one with the same key, which was `found`; says where.
    /// `None`, and nothing has changed, when there is no place left.
    pub(crate) fn put(&mut self, found: Option<u32>, mut entry: Entry4, fields: &[u8]) -> Option<u32> {
        let before = found.and_then(|slot| self.get(slot));
        let old = before.filter(|_| !self.reading).map(|lease| self.hashes(lease));
        let old_entry = before.map(|lease| *lease.entry);
        let blob = self.arena.replace(old_entry.map(|entry| entry.blob()).unwrap_or_default(), fields)?;
        (entry.fields_place, entry.fields_len) = (blob.place, blob.len);
        let slot = if let (Some(slot), Some(before)) = (found, old_entry) {
            entry.links = before.links;
            *self.entries.get_mut(slot)? = entry;
            slot
        } else {
            let Some(slot) = self.entries.insert(entry) else {
                self.arena.remove(blob);
                return None;
            };
            self.by_address.insert(self.address_hash(entry.address), slot);
            slot
        };
        if !self.reading {
            let new = self.get(slot).map(|lease| self.hashes(lease));
            self.index(slot, old, new);
        }
        Some(slot)
    }

    /// Removes the lease in `slot`, which is in no list.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(lease) = self.get(slot) else { return };
        let (entry, old) = (*lease.entry, self.hashes(lease));
        if !self.reading {
            self.index(slot, Some(old), None);
        }
        self.by_address.remove(self.address_hash(entry.address), slot);
        self.arena.remove(entry.blob());
        self.entries.remove(slot);
    }

    /// Builds what was left out while records were read. Gives assigned leases that share a softwire,
    /// those with the same one next to each other.
    pub(crate) fn finish_reading(&mut self) -> Vec<u32> {
        let mut doubtful = Vec::new();
        if !std::mem::take(&mut self.reading) {
            return doubtful;
        }
        let (mut clients, mut softwires) = (Vec::new(), Vec::new());
        for slot in 0..self.entries.slot_end() {
            let Some(lease) = self.get(slot) else { continue };
            let hashes = self.hashes(lease);
            clients.push((hashes.client, slot));
            softwires.extend(hashes.softwire.map(|hash| (hash, slot)));
        }
        // Each waits for memory most of the time, and none for another.
        thread::scope(|scope| {
            scope.spawn(|| self.by_client = Index::build(clients, |_, _| ()));
            self.by_softwire = Index::build(softwires, |one, other| doubtful.extend([one, other]));
        });
        doubtful.dedup();
        doubtful
    }

    fn address_hash(&self, address: u32) -> u64 {
        neighbourly(self.hasher.hash_one(address / NEIGHBOURS), address)
    }

    fn hashes(&self, lease: LeaseRef4<'_>) -> Hashes {
        Hashes {
            client: self.hasher.hash_one(lease.identity()),
            softwire: softwire_hash(&self.hasher, lease),
        }
    }

    /// Brings the indexes of what can change from `old` to `new`.
    fn index(&mut self, slot: u32, old: Option<Hashes>, new: Option<Hashes>) {
        let client = |hashes: Hashes| hashes.client;
        self.by_client.replace(slot, old.map(client), new.map(client));
        let softwire = |hashes: Hashes| hashes.softwire;
        self.by_softwire.replace(slot, old.and_then(softwire), new.and_then(softwire));
    }
}

fn softwire_hash(hasher: &RandomState, lease: LeaseRef4<'_>) -> Option<u64> {
    if lease.entry.state != LeaseState::Assigned {
        return None;
    }
    lease.softwire().map(|softwire| hasher.hash_one(softwire.address.octets()))
}
