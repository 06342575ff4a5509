//! Who was given what, over the whole run: the same to two clients is an error, and so is any answer that is not the client's.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{Ipv4Addr, Ipv6Addr};

use foldhash::fast::RandomState;

/// Errors that are shown; all are counted.
const SHOWN: usize = 10;

/// What was given to whom, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    holders4: HashMap<Ipv4Addr, u32, RandomState>,
    holders6: HashMap<Ipv6Addr, u32, RandomState>,
    errors: u64,
    shown: Vec<String>,
}

impl Ledger {
    /// A ledger with room for what so many clients hold.
    pub(super) fn new(clients: u32, speak6: bool) -> Self {
        let (four, six) = if speak6 { (0, clients as usize * 2) } else { (clients as usize, 0) };
        Self {
            holders4: HashMap::with_capacity_and_hasher(four, RandomState::default()),
            holders6: HashMap::with_capacity_and_hasher(six, RandomState::default()),
            ..Self::default()
        }
    }

    /// `client` was given an address.
    pub(super) fn give4(&mut self, address: Ipv4Addr, client: u32) {
        if let Some(other) = give(&mut self.holders4, address, client) {
            self.wrong(|| format!("client {client} was given {address}, which client {other} holds"));
        }
    }

    /// `client` was given an address, or a prefix that begins with it.
    pub(super) fn give6(&mut self, address: Ipv6Addr, client: u32) {
        if let Some(other) = give(&mut self.holders6, address, client) {
            self.wrong(|| format!("client {client} was given {address}, which client {other} holds"));
        }
    }

    /// Nobody holds the address any more.
    pub(super) fn take4(&mut self, address: Ipv4Addr) {
        self.holders4.remove(&address);
    }

    /// Nobody holds the address or prefix any more.
    pub(super) fn take6(&mut self, address: Ipv6Addr) {
        self.holders6.remove(&address);
    }

    /// Counts an error, and keeps the first few.
    pub(super) fn wrong(&mut self, what: impl FnOnce() -> String) {
        self.errors += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(what());
        }
    }

    pub(super) fn errors(&self) -> u64 {
        self.errors
    }

    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }
}

/// Notes who holds it; whoever else does so already stays, and is told.
fn give<K: Eq + Hash>(holders: &mut HashMap<K, u32, RandomState>, key: K, client: u32) -> Option<u32> {
    let holder = *holders.entry(key).or_insert(client);
    (holder != client).then_some(holder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_to_two_clients_is_an_error_until_the_first_gives_it_back() {
        let mut ledger = Ledger::new(10, false);
        let address = Ipv4Addr::new(10, 0, 0, 1);
        ledger.give4(address, 1);
        ledger.give4(address, 1);
        assert_eq!(ledger.errors(), 0);
        ledger.give4(address, 2);
        assert_eq!((ledger.errors(), ledger.shown().len()), (1, 1));
        assert!(ledger.shown()[0].contains("client 2 was given 10.0.0.1, which client 1 holds"));
        ledger.take4(address);
        ledger.give4(address, 2);
        assert_eq!(ledger.errors(), 1);
    }

    #[test]
    fn all_errors_count_and_the_first_are_shown() {
        let mut ledger = Ledger::default();
        for number in 0..50 {
            ledger.wrong(|| format!("number {number}"));
        }
        assert_eq!((ledger.errors(), ledger.shown().len()), (50, SHOWN));
    }
}
