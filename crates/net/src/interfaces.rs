//! A snapshot of the machine's network interfaces and their addresses.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::ifaddrs::{Address, Entry, entries};

/// The interfaces of the network namespace, as they were at one moment.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    /// By index.
    list: Vec<Interface>,
    places: HashMap<Arc<str>, usize>,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the system's flags, each independent of the others")]
#[non_exhaustive]
pub struct Interface {
    /// The kernel's number for it, from 1; a new one when it goes and comes back.
    pub index: u32,
    /// Its name, such as `eth0`.
    pub name: Arc<str>,
    /// ARP hardware type (IANA): 1 is Ethernet, 772 Linux's loopback.
    pub hardware_type: u16,
    /// Hardware address; empty where there is none, or one of more than 8 bytes.
    pub hardware_address: Vec<u8>,
    /// Whether an administrator has set it up.
    pub up: bool,
    /// Whether it can carry packets now: up, and with a carrier.
    pub running: bool,
    /// Whether it is the loopback interface.
    pub loopback: bool,
    /// Whether it can do multicast. Linux's loopback does not.
    pub multicast: bool,
    /// Its IPv4 addresses, in ascending order.
    pub ipv4: Vec<Ipv4Addr>,
    /// Its IPv6 addresses, in ascending order.
    pub ipv6: Vec<Ipv6Addr>,
}

impl Interfaces {
    /// Asks the system.
    pub fn snapshot() -> io::Result<Self> {
        entries().map(Self::from_entries)
    }

    /// All of them, in the order of their indexes.
    pub fn iter(&self) -> std::slice::Iter<'_, Interface> {
        self.list.iter()
    }

    /// The interface of this name.
    pub fn by_name(&self, name: &str) -> Option<&Interface> {
        self.places.get(name).and_then(|place| self.list.get(*place))
    }

    /// The interface with this index.
    pub fn by_index(&self, index: u32) -> Option<&Interface> {
        let place = self.list.binary_search_by_key(&index, |interface| interface.index).ok()?;
        self.list.get(place)
    }

    fn from_entries(entries: Vec<Entry>) -> Self {
        let mut by_name: HashMap<String, Interface> = HashMap::new();
        for Entry { name, flags, address } in entries {
            // The old names for further addresses of an interface (eth0:1) belong to it.
            let name = name.split(':').next().unwrap_or_default();
            let interface = by_name.entry(name.to_owned()).or_default();
            let has = |flag: libc::c_int| flags & flag.cast_unsigned() != 0;
            interface.up = has(libc::IFF_UP);
            interface.running = has(libc::IFF_RUNNING);
            interface.loopback = has(libc::IFF_LOOPBACK);
            interface.multicast = has(libc::IFF_MULTICAST);
            match address {
                Some(Address::Ipv4(address)) => interface.ipv4.push(address),
                Some(Address::Ipv6(address)) => interface.ipv6.push(address),
                Some(Address::Link { index, hardware_type, hardware_address }) => {
                    interface.index = index;
                    interface.hardware_type = hardware_type;
                    interface.hardware_address = hardware_address;
                }
                None => {}
            }
        }
        // One without a link entry came or went while the list was made.
        let mut list: Vec<_> = by_name
            .into_iter()
            .filter(|(_, interface)| interface.index != 0)
            .map(|(name, mut interface)| {
                interface.name = name.into();
                interface.ipv4.sort_unstable();
                interface.ipv6.sort_unstable();
                interface
            })
            .collect();
        list.sort_unstable_by_key(|interface| interface.index);
        let places =
            list.iter().enumerate().map(|(place, interface)| (Arc::clone(&interface.name), place)).collect();
        Self { list, places }
    }
}

impl<'a> IntoIterator for &'a Interfaces {
    type Item = &'a Interface;
    type IntoIter = std::slice::Iter<'a, Interface>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Interface {
    /// Whether `address` is one of its addresses.
    pub fn has(&self, address: Ipv6Addr) -> bool {
        self.ipv6.binary_search(&address).is_ok()
    }

    /// Its link-local IPv6 address, the first if there are several.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        self.ipv6.iter().copied().find(Ipv6Addr::is_unicast_link_local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, index: u32) -> Entry {
        Entry {
            name: name.to_owned(),
            flags: (libc::IFF_UP | libc::IFF_MULTICAST).cast_unsigned(),
            address: Some(Address::Link {
                index,
                hardware_type: 1,
                hardware_address: vec![2, 0, 0, 0, 0, 1],
            }),
        }
    }

    fn ipv6(name: &str, address: &str) -> Entry {
        Entry { name: name.to_owned(), flags: 0, address: Some(Address::Ipv6(address.parse().unwrap())) }
    }

    #[test]
    fn entries_of_one_interface_are_gathered() {
        let entries = vec![
            link("b", 9),
            ipv6("b", "fe80::2"),
            link("a", 3),
            ipv6("b", "2001:db8::1"),
            ipv6("b:1", "fd00::1"),
        ];
        let interfaces = Interfaces::from_entries(entries);
        assert_eq!(interfaces.iter().map(|i| (i.index, &*i.name)).collect::<Vec<_>>(), [(3, "a"), (9, "b")]);
        let b = interfaces.by_name("b").unwrap();
        assert_eq!(interfaces.by_index(9), Some(b));
        assert!(b.has("2001:db8::1".parse().unwrap()) && b.has("fd00::1".parse().unwrap()));
        assert!(!b.has("2001:db8::2".parse().unwrap()));
        assert_eq!(b.link_local(), Some("fe80::2".parse().unwrap()));
        assert_eq!(b.hardware_address, [2, 0, 0, 0, 0, 1]);
        assert_eq!(interfaces.by_name("c"), None);
        assert_eq!(interfaces.by_index(4), None);
    }

    #[test]
    fn an_interface_without_a_link_entry_is_left_out() {
        assert!(Interfaces::from_entries(vec![ipv6("gone", "fe80::1")]).iter().next().is_none());
    }

    #[test]
    fn the_system_has_a_loopback() {
        let interfaces = Interfaces::snapshot().unwrap();
        let lo = interfaces.by_name("lo").unwrap();
        assert!(lo.loopback && !lo.multicast);
        assert_eq!(lo.hardware_type, 772);
        assert!(lo.link_local().is_none());
    }
}
