//! DHCPv6 leases in their places, and the indexes that they are found by. What may be stored is not decided here.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::quality::RandomState;

use crate::arena::Arena;
use crate::chunks::Chunks;
use crate::entry6::{Entry6, Key6, LeaseRef6};
use crate::fields::Fields;
use crate::index::{Index, NEIGHBOURS, neighbourly, relative};
use crate::record::LeaseState;

/// Leases that are found by one DUID. Clients make these up, and IAIDs; without a limit one that gives the same one with
/// many IAIDs could make the walk over its leases long.
const SAME: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Table6 {
    pub(crate) entries: Chunks<Entry6>,
    arena: Arena,
    by_key: Index,
    /// By DUID and IAID, or address where a client registered it: relatives by DUID.
    by_client: Index,
    hasher: RandomState,
    /// While records are read, leases are in the index by key alone.
    pub(crate) reading: bool,
}

impl Table6 {
    /// Makes room for `count` leases, in a table without any.
    pub(crate) fn reserve(&mut self, count: usize) {
        if self.entries.len() == 0 {
            self.by_key = Index::with_room_for(count);
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<LeaseRef6<'_>> {
        let entry = self.entries.get(slot)?;
        Some(LeaseRef6 { entry, fields: Fields(self.arena.get(entry.blob())) })
    }

    /// Finds many at once: quicker than one after the other.
    pub(crate) fn find_all(&self, keys: impl Iterator<Item = Key6> + Clone) -> Vec<Option<u32>> {
        let hashes: Vec<_> = keys.clone().map(|key| self.key_hash(key)).collect();
        let slots: Vec<_> = self.by_key.approach(&hashes).collect();
        let leases = slots.into_iter().filter_map(|slot| self.entries.get(slot));
        let blobs: Vec<_> = leases.map(Entry6::blob).collect();
        let bytes = blobs.into_iter().filter_map(|blob| self.arena.get(blob).first());
        // Only to have them at hand.
        black_box(bytes.fold(0, |sum, byte| sum ^ byte));
        keys.map(|key| self.find(key)).collect()
    }

    pub(crate) fn find(&self, key: Key6) -> Option<u32> {
        let is_it = |slot| self.entries.get(slot).is_some_and(|entry: &Entry6| entry.key() == key);
        self.by_key.find(self.key_hash(key), is_it)
    }

    /// What an identity association has; what its client registered belongs to none.
    pub(crate) fn of_association<'a>(
        &'a self,
        duid: &'a [u8],
        iaid: u32,
    ) -> impl Iterator<Item = (u32, LeaseRef6<'a>)> {
        let candidates = self.by_client.candidates(self.association_hash(duid, iaid));
        let leases = candidates.filter_map(|slot| Some((slot, self.get(slot)?)));
        leases.filter(move |(_, lease)| lease.is_of(duid, iaid) && lease.state() != LeaseState::Registered)
    }

    /// At most [`SAME`] leases of a client.
    pub(crate) fn of_duid<'a>(&'a self, duid: &'a [u8]) -> impl Iterator<Item = LeaseRef6<'a>> {
        let relatives = self.by_client.relatives(self.hasher.hash_one(duid));
        let leases = relatives.filter_map(|slot| self.get(slot));
        leases.filter(move |lease| lease.duid() == duid).take(SAME)
    }

    /// Stores a lease in the place of the one with the same key, which was `found`; says where.
    /// `None`, and nothing has changed, when there is no place left.
    pub(crate) fn put(&mut self, found: Option<u32>, mut entry: Entry6, fields: &[u8]) -> Option<u32> {
        let before = found.and_then(|slot| self.get(slot));
        let old = before.filter(|_| !self.reading).and_then(|lease| self.client_hash(lease));
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
            self.by_key.insert(self.key_hash(entry.key()), slot);
            slot
        };
        if !self.reading {
            let new = self.get(slot).and_then(|lease| self.client_hash(lease));
            self.by_client.replace(slot, old, new);
        }
        Some(slot)
    }

    /// Removes the lease in `slot`, which is in no list.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(lease) = self.get(slot) else { return };
        let (entry, old) = (*lease.entry, self.client_hash(lease));
        if !self.reading {
            self.by_client.replace(slot, old, None);
        }
        self.by_key.remove(self.key_hash(entry.key()), slot);
        self.arena.remove(entry.blob());
        self.entries.remove(slot);
    }

    fn key_hash(&self, key: Key6) -> u64 {
        let unit = u32::from(128 - key.prefix_len.min(128));
        let number = u128::from(key.address).checked_shr(unit).unwrap_or(0);
        let [.., low] = number.to_be_bytes();
        let shared = Key6 { address: (number / u128::from(NEIGHBOURS)).into(), ..key };
        neighbourly(self.hasher.hash_one(shared), low.into())
    }

    /// Builds what was left out while records were read.
    pub(crate) fn finish_reading(&mut self) {
        if !std::mem::take(&mut self.reading) {
            return;
        }
        let leases = (0..self.entries.slot_end()).filter_map(|slot| Some((slot, self.get(slot)?)));
        let clients = leases.filter_map(|(slot, lease)| Some((self.client_hash(lease)?, slot)));
        self.by_client = Index::build(clients.collect(), |_, _| ());
    }

    /// The hash of a lease in the index by client; one of nobody is not in it.
    fn client_hash(&self, lease: LeaseRef6<'_>) -> Option<u64> {
        let duid = Some(lease.duid()).filter(|duid| !duid.is_empty())?;
        Some(if lease.state() == LeaseState::Registered {
            let client = self.hasher.hash_one(duid);
            relative(client, self.hasher.hash_one((client, lease.address())))
        } else {
            self.association_hash(duid, lease.iaid())
        })
    }

    fn association_hash(&self, duid: &[u8], iaid: u32) -> u64 {
        let client = self.hasher.hash_one(duid);
        relative(client, self.hasher.hash_one((client, iaid)))
    }
}
