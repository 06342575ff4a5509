//! getifaddrs(3): the system's list of interfaces and addresses, copied out of its linked list.

use std::ffi::CStr;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

/// One entry of the list.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) flags: libc::c_uint,
    pub(crate) address: Option<Address>,
}

/// The address of an entry, of a family that we know.
#[derive(Debug)]
pub(crate) enum Address {
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Link {
        index: u32,
        /// ARP hardware type.
        hardware_type: u16,
        /// Empty when the interface has none or it is longer than the 8 bytes of a `sockaddr_ll`.
        hardware_address: Vec<u8>,
    },
}

/// The whole list; entries whose name is not UTF-8 are left out.
pub(crate) fn entries() -> io::Result<Vec<Entry>> {
    let list = List::get()?;
    let mut entries = Vec::new();
    let mut next = list.0.cast_const();
    // SAFETY: getifaddrs(3): the list is linked through `ifa_next` and ends with null; its nodes and what they point
    // to stay valid and unchanged until freeifaddrs(3), which `List` calls when it is dropped, after the loop.
    while let Some(node) = unsafe { next.as_ref() } {
        next = node.ifa_next.cast_const();
        // SAFETY: `ifa_name` points to the interface's name, terminated by a null byte, and lives as the list does.
        let name = unsafe { CStr::from_ptr(node.ifa_name) };
        if let Ok(name) = name.to_str() {
            // SAFETY: `ifa_addr` is null or points to a socket address in the list.
            let address = unsafe { read_address(node.ifa_addr) };
            entries.push(Entry { name: name.to_owned(), flags: node.ifa_flags, address });
        }
    }
    Ok(entries)
}

/// The list that getifaddrs(3) allocated.
struct List(*mut libc::ifaddrs);

impl List {
    fn get() -> io::Result<Self> {
        let mut head = std::ptr::null_mut();
        // SAFETY: getifaddrs(3) writes one pointer through its argument, and only on success.
        match unsafe { libc::getifaddrs(&raw mut head) } {
            0 => Ok(Self(head)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the pointer is what getifaddrs(3) gave, and is freed here only.
        unsafe { libc::freeifaddrs(self.0) }
    }
}

/// Copies an address.
///
/// # Safety
/// `address` is null or points to a readable socket address that is as long as its family's structure.
unsafe fn read_address(address: *const libc::sockaddr) -> Option<Address> {
    // The nodes are not promised to be aligned for the family's structure, hence the unaligned reads.
    if address.is_null() {
        return None;
    }
    // SAFETY: every socket address begins with its family.
    match i32::from(unsafe { (&raw const (*address).sa_family).read_unaligned() }) {
        libc::AF_INET => {
            // SAFETY: the family says which structure it is.
            let address = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(Address::Ipv4(Ipv4Addr::from_bits(u32::from_be(address.sin_addr.s_addr))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says which structure it is.
            let address = unsafe { address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Address::Ipv6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
        }
        libc::AF_PACKET => {
            // SAFETY: the family says which structure it is; packet(7).
            let address = unsafe { address.cast::<libc::sockaddr_ll>().read_unaligned() };
            let hardware_address = address.sll_addr.get(..usize::from(address.sll_halen));
            Some(Address::Link {
                index: u32::try_from(address.sll_ifindex).ok()?,
                hardware_type: address.sll_hatype,
                hardware_address: hardware_address.unwrap_or_default().to_vec(),
            })
        }
        _ => None,
    }
}
