//! What this server goes by: its DUID, and its server identifier where none is configured.

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;

use fosix_config::DuidSpec;
use fosix_dhcp4::derived_server_identifier;
use fosix_dhcp6::LinkLayerAddress;
use fosix_net::{AddressBook, Interface};

use super::listen::Listeners;

/// The DUID of the configuration, completed with the hardware address of the first interface that has one; those
/// that the server listens on come first. Without a DHCPv6 half it is one of that hardware address.
pub(super) fn server_duid(
    spec: Option<&DuidSpec>,
    listeners: Option<&Listeners>,
    book: &AddressBook,
) -> Vec<u8> {
    let hardware = first(listeners, book, |interface| {
        let usable = !interface.loopback && interface.hardware_address.iter().any(|&octet| octet != 0);
        usable.then(|| LinkLayerAddress {
            hardware_type: interface.hardware_type,
            octets: interface.hardware_address.clone(),
        })
    });
    let alone = DuidSpec::LinkLayer { hardware_type: None, identifier: None };
    fosix_dhcp6::server_duid(spec.unwrap_or(&alone), hardware.as_ref(), machine_id())
}

/// An IPv4 address of the machine, of the interfaces that the server listens on first; on a machine without one, an
/// address derived from the DUID. Both are the same at every start.
pub(super) fn server_identifier(listeners: Option<&Listeners>, book: &AddressBook, duid: &[u8]) -> Ipv4Addr {
    let usable = |address: &Ipv4Addr| !address.is_loopback() && !address.is_link_local();
    first(listeners, book, |interface| interface.ipv4.iter().copied().find(usable))
        .unwrap_or_else(|| derived_server_identifier(duid))
}

/// Bytes as `01:23:ab`.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing to a text cannot fail.
        let _ = write!(text, "{colon}{byte:02x}");
    }
    text
}

/// The first thing that `look` finds at an interface: those listened on first, then by index.
fn first<T>(
    listeners: Option<&Listeners>,
    book: &AddressBook,
    look: impl Fn(&Interface) -> Option<T>,
) -> Option<T> {
    let interfaces = book.interfaces();
    let mut order: Vec<&Interface> = interfaces.iter().collect();
    let is_named = |name| listeners.is_some_and(|listeners| listeners.names_interface(name));
    order.sort_by_key(|interface| (!is_named(&interface.name), interface.index));
    order.into_iter().find_map(look)
}

/// The machine's id (machine-id(5)); zeros where there is none.
fn machine_id() -> [u8; 16] {
    let text = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    u128::from_str_radix(text.trim(), 16).unwrap_or(0).to_be_bytes()
}
