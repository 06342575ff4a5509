//! Which of many IPv6 prefixes holds an address: the longest.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use foldhash::fast::RandomState;
use ipnet::Ipv6Net;
use smallvec::SmallVec;

/// The places of one prefix: nearly always one.
type Places = SmallVec<[usize; 2]>;

/// Prefixes, each with a place in a list. A configuration has few lengths of prefix, however many prefixes it has: a look-up
/// is one look into a table for each length.
#[derive(Debug, Default)]
pub struct Prefixes {
    /// The longest first.
    by_length: Vec<(u8, HashMap<u128, Places, RandomState>)>,
}

impl Prefixes {
    /// Adds a prefix, whose bits beyond its length do not count. Places that the same prefix has already come before it.
    pub fn insert(&mut self, prefix: Ipv6Net, at: usize) {
        let len = prefix.prefix_len();
        let place = self.by_length.partition_point(|(longer, _)| *longer > len);
        if self.by_length.get(place).is_none_or(|(known, _)| *known != len) {
            self.by_length.insert(place, (len, HashMap::default()));
        }
        if let Some((_, places)) = self.by_length.get_mut(place) {
            places.entry(leading(prefix.addr(), len)).or_default().push(at);
        }
    }

    /// The place of the longest prefix that holds `address`, of those that are admitted.
    pub fn find(&self, address: Ipv6Addr, admits: impl Fn(usize) -> bool) -> Option<usize> {
        self.by_length.iter().find_map(|(len, places)| {
            places.get(&leading(address, *len))?.iter().copied().find(|&at| admits(at))
        })
    }
}

/// The first `len` bits of `address`, the others zero.
fn leading(address: Ipv6Addr, len: u8) -> u128 {
    let behind = u128::MAX.checked_shr(len.into()).unwrap_or(0);
    u128::from(address) & !behind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_that_holds_an_address_has_it() {
        let mut prefixes = Prefixes::default();
        let table = ["2001:db8::/32", "::/0", "2001:db8:1::/48", "2001:db8::1/128", "2001:db8:1::/48"];
        for (at, prefix) in table.iter().enumerate() {
            prefixes.insert(prefix.parse().unwrap(), at);
        }
        for (address, at) in [
            ("2001:db8:2::1", 0),
            ("fe80::1", 1),
            ("2001:db8:1::ffff", 2),
            ("2001:db8::1", 3),
            ("2001:db8::2", 0),
        ] {
            assert_eq!(prefixes.find(address.parse().unwrap(), |_| true), Some(at), "{address}");
        }
        let address = "2001:db8:1::ffff".parse().unwrap();
        assert_eq!(prefixes.find(address, |at| at != 2), Some(4), "the same prefix once more");
        assert_eq!(prefixes.find(address, |at| at < 2), Some(0), "a shorter prefix");
    }

    #[test]
    fn what_no_prefix_holds_has_no_place() {
        let mut prefixes = Prefixes::default();
        assert_eq!(prefixes.find(Ipv6Addr::LOCALHOST, |_| true), None);
        prefixes.insert("2001:db8::5/64".parse().unwrap(), 7);
        assert_eq!(prefixes.find(Ipv6Addr::LOCALHOST, |_| true), None);
        assert_eq!(
            prefixes.find("2001:db8::1".parse().unwrap(), |_| true),
            Some(7),
            "bits beyond its length do not count"
        );
    }
}
