//! Addresses on offer: promised to nobody yet, but kept from others for a short time.
//!
//! An offer that is forgotten costs nothing: its client can still ask for the address while it is free.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;

use foldhash::quality::RandomState;

use crate::{ClientIdentity, Timestamp};

/// All addresses on offer, at most a fixed number.
#[derive(Debug)]
pub(crate) struct Offers {
    limit: usize,
    by_address: HashMap<Ipv4Addr, Offer, RandomState>,
    by_client: HashMap<ClientIdentity, Ipv4Addr, RandomState>,
    /// In the order in which they were made; one that was renewed or taken since has another serial.
    queue: VecDeque<(Ipv4Addr, u64)>,
    serial: u64,
}

#[derive(Debug)]
struct Offer {
    client: ClientIdentity,
    expires: Timestamp,
    serial: u64,
}

impl Offers {
    /// Room for `limit` offers; when it is used up the oldest is forgotten.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            by_address: HashMap::default(),
            by_client: HashMap::default(),
            queue: VecDeque::new(),
            serial: 0,
        }
    }

    /// The address on offer to `client`.
    pub(crate) fn to(&self, client: &ClientIdentity) -> Option<Ipv4Addr> {
        self.by_client.get(client).copied()
    }

    /// Whether `address` is on offer to anybody.
    pub(crate) fn holds(&self, address: Ipv4Addr) -> bool {
        self.by_address.contains_key(&address)
    }

    /// Whether `address` is on offer to somebody other than `client`.
    pub(crate) fn is_to_another(&self, address: Ipv4Addr, client: &ClientIdentity, now: Timestamp) -> bool {
        self.by_address.get(&address).is_some_and(|offer| offer.client != *client && now < offer.expires)
    }

    /// Offers `address` to `client` until `expires`. Offers of a client replace each other.
    /// The addresses that are on offer no more are handed to `lapsed`.
    pub(crate) fn put(
        &mut self,
        address: Ipv4Addr,
        client: &ClientIdentity,
        expires: Timestamp,
        mut lapsed: impl FnMut(Ipv4Addr),
    ) {
        if let Some(before) = self.to(client).filter(|&before| before != address) {
            self.remove(before);
            lapsed(before);
        }
        self.remove(address);
        while self.by_address.len() >= self.limit {
            let Some(oldest) = self.pop_oldest() else { break };
            lapsed(oldest);
        }
        self.serial = self.serial.wrapping_add(1);
        let offer = Offer { client: client.clone(), expires, serial: self.serial };
        self.by_address.insert(address, offer);
        self.by_client.insert(client.clone(), address);
        self.queue.push_back((address, self.serial));
        self.forget_stale_queue_entries();
    }

    /// Takes the offer of `address` away.
    pub(crate) fn remove(&mut self, address: Ipv4Addr) -> bool {
        let Some(offer) = self.by_address.remove(&address) else { return false };
        self.by_client.remove(&offer.client);
        true
    }

    /// Takes away the offers that ended by `now` and hands their addresses to `lapsed`.
    pub(crate) fn lapse(&mut self, now: Timestamp, mut lapsed: impl FnMut(Ipv4Addr)) {
        while let Some(&(address, serial)) = self.queue.front() {
            match self.by_address.get(&address) {
                Some(offer) if offer.serial == serial && now < offer.expires => return,
                Some(offer) if offer.serial == serial => {
                    self.remove(address);
                    lapsed(address);
                }
                _ => {}
            }
            self.queue.pop_front();
        }
    }

    fn pop_oldest(&mut self) -> Option<Ipv4Addr> {
        loop {
            let (address, serial) = self.queue.pop_front()?;
            if self.by_address.get(&address).is_some_and(|offer| offer.serial == serial) {
                self.remove(address);
                return Some(address);
            }
        }
    }

    /// Keeps the queue at most twice as long as there are offers, also where offers are renewed without end.
    fn forget_stale_queue_entries(&mut self) {
        if self.queue.len() > 64 && self.queue.len() / 2 > self.by_address.len() {
            let live = &self.by_address;
            self.queue
                .retain(|(address, serial)| live.get(address).is_some_and(|offer| offer.serial == *serial));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HardwareAddress;

    fn client(number: u8) -> ClientIdentity {
        ClientIdentity::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]).unwrap()).unwrap()
    }

    fn address(last: u8) -> Ipv4Addr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn the_oldest_offer_is_forgotten_when_there_is_no_room() {
        let mut offers = Offers::new(2);
        let mut lapsed = Vec::new();
        for number in 1..=3 {
            offers.put(address(number), &client(number), Timestamp(100), |gone| lapsed.push(gone));
        }
        assert_eq!(lapsed, [address(1)]);
        assert_eq!(offers.to(&client(1)), None);
        assert_eq!(offers.to(&client(3)), Some(address(3)));
    }

    #[test]
    fn an_offer_made_again_lives_from_then_on() {
        let mut offers = Offers::new(10);
        offers.put(address(1), &client(1), Timestamp(100), |_| ());
        offers.put(address(1), &client(1), Timestamp(150), |_| ());
        let mut lapsed = Vec::new();
        offers.lapse(Timestamp(120), |gone| lapsed.push(gone));
        assert!(lapsed.is_empty());
        assert!(offers.is_to_another(address(1), &client(2), Timestamp(149)));
        offers.lapse(Timestamp(150), |gone| lapsed.push(gone));
        assert_eq!(lapsed, [address(1)]);
        assert!(offers.queue.is_empty());
    }

    #[test]
    fn a_new_offer_to_a_client_replaces_the_one_before() {
        let mut offers = Offers::new(10);
        let mut lapsed = Vec::new();
        offers.put(address(1), &client(1), Timestamp(100), |gone| lapsed.push(gone));
        offers.put(address(2), &client(1), Timestamp(100), |gone| lapsed.push(gone));
        assert_eq!(lapsed, [address(1)]);
        assert!(!offers.is_to_another(address(1), &client(9), Timestamp(0)));
    }

    #[test]
    fn offers_renewed_without_end_do_not_grow_the_queue() {
        let mut offers = Offers::new(10);
        for _ in 0..10_000 {
            offers.put(address(1), &client(1), Timestamp(100), |_| ());
        }
        assert!(offers.queue.len() <= 65);
    }
}
