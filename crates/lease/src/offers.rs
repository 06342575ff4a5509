//! Addresses on offer: promised to nobody yet, but kept from others for a short time.
//!
//! An offer that is forgotten costs nothing while the address stays free: its client can still ask for it. But a flood of
//! clients that never come back would have what is forgotten offered again at once, so an offer that its client may be about to
//! take is not forgotten for the sake of another one.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use crate::Timestamp;
use crate::chunks::Chunks;
use crate::index::Index;
use crate::links::{Linked, Links, Lists};

/// Offers that one client has at a time; with another one, one of them goes.
const SAME_OWNER: usize = 16;

/// Seconds in which a client that means to take an offer has asked for it, with a retransmission or two (RFC 2131 §4.1: after 4
/// seconds; RFC 9915 §7.6: after 1 and 2).
const MID_EXCHANGE: u64 = 10;

/// Offers beyond the limit: what a message in hand is about to be given is on offer to its client until it has it.
const IN_HAND: u32 = 256;

/// All offers of things of type `K`, at most a fixed number.
#[derive(Debug)]
pub(crate) struct Offers<K> {
    limit: u32,
    offers: Chunks<Offer<K>>,
    by_key: Index,
    by_owner: Index,
    /// One list, in the order in which they were made.
    queue: Lists,
    hasher: RandomState,
}

/// To whom something is offered: a client, and what of it: a client replaces offers to itself with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner<'a> {
    pub(crate) client: &'a [u8],
    pub(crate) number: u64,
}

#[derive(Debug, Clone, Default)]
struct Offer<K> {
    links: Places,
    key: K,
    /// Nearly always as short as that.
    client: SmallVec<[u8; 32]>,
    number: u64,
    made: Timestamp,
    expires: Timestamp,
}

/// [`Links`] that are vacant at first.
#[derive(Debug, Clone)]
struct Places(Links);

impl Default for Places {
    fn default() -> Self {
        Self(Links::VACANT)
    }
}

impl<K> Linked for Offer<K> {
    fn links(&self) -> Links {
        self.links.0
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links.0
    }
}

impl<K> Offer<K> {
    fn is_to(&self, owner: Owner<'_>) -> bool {
        self.number == owner.number && *self.client == *owner.client
    }
}

impl<K: Copy + Eq + Hash + Default> Offers<K> {
    /// Room for `limit` offers; when it is used up the oldest is forgotten, if it is not of the last seconds.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: u32::try_from(limit).unwrap_or(u32::MAX).max(1),
            offers: Chunks::default(),
            by_key: Index::default(),
            by_owner: Index::default(),
            queue: Lists::new(1),
            hasher: RandomState::default(),
        }
    }

    /// What is on offer to `owner`.
    pub(crate) fn to(&self, owner: Owner<'_>) -> Option<K> {
        let slot = self.by_owner.find(self.hasher.hash_one(owner.client), |slot| {
            self.offers.get(slot).is_some_and(|offer| offer.is_to(owner))
        });
        slot.and_then(|slot| self.offers.get(slot)).map(|offer| offer.key)
    }

    /// One of the things on offer to `client`.
    pub(crate) fn any_to(&self, client: &[u8]) -> Option<K> {
        let slot = self.by_owner.find(self.hasher.hash_one(client), |slot| {
            self.offers.get(slot).is_some_and(|offer| *offer.client == *client)
        });
        slot.and_then(|slot| self.offers.get(slot)).map(|offer| offer.key)
    }

    /// Whether `key` is on offer to anybody.
    pub(crate) fn holds(&self, key: K) -> bool {
        self.find(key).is_some()
    }

    /// Whether `key` is on offer to somebody other than `owner`.
    pub(crate) fn is_to_another(&self, key: K, owner: Owner<'_>, now: Timestamp) -> bool {
        let offer = self.find(key).and_then(|slot| self.offers.get(slot));
        offer.is_some_and(|offer| !offer.is_to(owner) && now < offer.expires)
    }

    /// Has what is on offer to `owner` be so for `lifetime` seconds from `now` on; false where `key` is not.
    pub(crate) fn renew(&mut self, key: K, owner: Owner<'_>, lifetime: u32, now: Timestamp) -> bool {
        let Some(slot) = self.find(key) else { return false };
        let Some(offer) = self.offers.get_mut(slot).filter(|offer| offer.is_to(owner)) else { return false };
        (offer.made, offer.expires) = (now, now.plus(lifetime));
        self.queue.unlink(&mut self.offers, slot);
        self.queue.push_back(&mut self.offers, 0, slot);
        true
    }

    /// Offers `key` to `owner` for `lifetime` seconds from `now` on. Offers to an owner replace each other.
    /// What is on offer no more is handed to `lapsed`.
    pub(crate) fn put(
        &mut self,
        key: K,
        owner: Owner<'_>,
        lifetime: u32,
        now: Timestamp,
        mut lapsed: impl FnMut(K),
    ) {
        if let Some(before) = self.to(owner).filter(|&before| before != key) {
            self.remove(before);
            lapsed(before);
        }
        self.remove(key);
        let hash = self.hasher.hash_one(owner.client);
        let same = self
            .by_owner
            .candidates(hash)
            .filter(|&slot| self.offers.get(slot).is_some_and(|offer| *offer.client == *owner.client));
        let crowded = same.take(SAME_OWNER).count() == SAME_OWNER;
        let surplus = if crowded { self.any_to(owner.client) } else { None };
        if let Some(surplus) = surplus {
            self.remove(surplus);
            lapsed(surplus);
        }
        while self.offers.len() >= self.limit {
            let Some(oldest) = self.oldest() else { break };
            let is_young = now.seconds_since(oldest.made) < MID_EXCHANGE;
            if is_young && self.offers.len() < self.limit.saturating_add(IN_HAND) {
                break;
            }
            let oldest = oldest.key;
            self.remove(oldest);
            lapsed(oldest);
        }
        let offer = Offer {
            links: Places(Links::UNLINKED),
            key,
            client: SmallVec::from_slice(owner.client),
            number: owner.number,
            made: now,
            expires: now.plus(lifetime),
        };
        let Some(slot) = self.offers.insert(offer) else { return };
        self.by_key.insert(self.hasher.hash_one(key), slot);
        self.by_owner.insert(hash, slot);
        self.queue.push_back(&mut self.offers, 0, slot);
    }

    /// Takes the offer of `key` away.
    pub(crate) fn remove(&mut self, key: K) -> bool {
        let Some(slot) = self.find(key) else { return false };
        self.by_key.remove(self.hasher.hash_one(key), slot);
        self.queue.unlink(&mut self.offers, slot);
        if let Some(offer) = self.offers.get_mut(slot) {
            let client = std::mem::take(&mut offer.client);
            self.by_owner.remove(self.hasher.hash_one(&*client), slot);
        }
        self.offers.remove(slot)
    }

    /// Takes away the oldest of the offers if it ended by `now`, and says what it was of.
    pub(crate) fn lapse(&mut self, now: Timestamp) -> Option<K> {
        let key = self.oldest().filter(|offer| offer.expires <= now)?.key;
        self.remove(key);
        Some(key)
    }

    /// Whether an offer to `owner` at `now` would be at the cost of one that its client may be about to take.
    pub(crate) fn is_full(&self, owner: Owner<'_>, now: Timestamp) -> bool {
        let is_young = |oldest: &Offer<K>| now.seconds_since(oldest.made) < MID_EXCHANGE;
        self.offers.len() >= self.limit && self.oldest().is_some_and(is_young) && self.to(owner).is_none()
    }

    /// Everything on offer.
    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        self.offers.iter_from(0).map(|(_, offer)| offer.key)
    }

    fn oldest(&self) -> Option<&Offer<K>> {
        self.offers.get(self.queue.first(0)?)
    }

    fn find(&self, key: K) -> Option<u32> {
        let is_it = |slot| self.offers.get(slot).is_some_and(|offer: &Offer<K>| offer.key == key);
        self.by_key.find(self.hasher.hash_one(key), is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn client(number: &[u8; 1]) -> Owner<'_> {
        Owner { client: number, number: 0 }
    }

    #[test]
    fn an_offer_that_is_made_again_is_the_youngest() {
        let mut offers = Offers::new(9);
        for number in 1..=2 {
            offers.put(u32::from(number), client(&[number]), 60, Timestamp(1), |_| panic!());
        }
        assert!(!offers.renew(1, client(&[2]), 60, Timestamp(30)));
        assert!(!offers.renew(3, client(&[1]), 60, Timestamp(30)));
        assert!(offers.renew(1, client(&[1]), 60, Timestamp(30)));
        assert_eq!([offers.lapse(Timestamp(61)), offers.lapse(Timestamp(89))], [Some(2), None]);
        assert_eq!([offers.lapse(Timestamp(90)), offers.lapse(Timestamp(99))], [Some(1), None]);
    }

    #[test]
    fn the_oldest_offer_is_forgotten_when_there_is_no_room() {
        let mut offers = Offers::new(2);
        let mut lapsed = Vec::new();
        for number in 1..=3 {
            assert!(!offers.is_full(client(&[number]), Timestamp(10 * u64::from(number))));
            let now = Timestamp(10 * u64::from(number));
            offers.put(u32::from(number), client(&[number]), 60, now, |gone| lapsed.push(gone));
        }
        assert_eq!(lapsed, [1]);
        assert_eq!(offers.to(client(&[1])), None);
        assert_eq!(offers.to(client(&[3])), Some(3));
    }

    #[test]
    fn an_offer_that_may_be_taken_soon_is_not_forgotten_for_another_one() {
        let mut offers = Offers::new(2);
        for number in 1..=2 {
            offers.put(u32::from(number), client(&[number]), 60, Timestamp(100), |_| ());
        }
        assert!(offers.is_full(client(&[3]), Timestamp(109)));
        assert!(!offers.is_full(client(&[2]), Timestamp(109)), "it has its own already");
        assert!(!offers.is_full(client(&[3]), Timestamp(110)));
        // What a message in hand is given is on offer for a moment, however full it is.
        offers.put(3, client(&[3]), 60, Timestamp(109), |gone| panic!("{gone} is forgotten"));
        assert!(offers.remove(3));
        // Without bound it is not.
        for number in 0..10_000 {
            offers.put(
                number,
                Owner { client: &number.to_be_bytes(), number: 0 },
                60,
                Timestamp(109),
                |_| (),
            );
        }
        assert_eq!(offers.offers.len(), 2 + IN_HAND);
    }

    #[test]
    fn an_offer_made_again_lives_from_then_on() {
        let mut offers = Offers::new(10);
        offers.put(1, client(&[1]), 60, Timestamp(40), |_| ());
        offers.put(1, client(&[1]), 60, Timestamp(90), |_| ());
        assert_eq!(offers.lapse(Timestamp(120)), None);
        assert!(offers.is_to_another(1, client(&[2]), Timestamp(149)));
        assert_eq!(offers.lapse(Timestamp(150)), Some(1));
        assert_eq!(offers.lapse(Timestamp(150)), None);
    }

    #[test]
    fn a_new_offer_to_a_client_replaces_the_one_before() {
        let mut offers = Offers::new(10);
        let mut lapsed = Vec::new();
        offers.put(1, client(&[1]), 60, Timestamp(40), |gone| lapsed.push(gone));
        offers.put(2, client(&[1]), 60, Timestamp(40), |gone| lapsed.push(gone));
        assert_eq!(lapsed, [1]);
        assert!(!offers.is_to_another(1, client(&[9]), Timestamp(0)));
    }

    #[test]
    fn a_client_with_many_numbers_has_a_few_offers_at_a_time() {
        let mut offers = Offers::new(1000);
        for number in 0..100 {
            offers.put(number, Owner { client: &[1], number }, 60, Timestamp(40), |_| ());
        }
        assert_eq!(offers.offers.len(), 16);
        while let Some(key) = offers.any_to(&[1]) {
            assert!(offers.remove(key));
        }
        assert_eq!(offers.offers.len(), 0);
    }
}
