//! Who sent a message: where it comes from, its hardware address, the relays that it came through.

use std::net::Ipv6Addr;

use fosix_config::MacSource;
use fosix_lease::HardwareAddress;
use fosix_wire::v6::{ClientLinkLayerAddress, Duid, DuidKind, OptionCode, Packet, RelayMessage};

/// IANA's hardware type for Ethernet.
const ETHERNET: u8 = 1;

/// The client's own address: what the relay nearest to it saw, or where the datagram came from.
pub(crate) fn address(packet: &Packet<'_>, source: Ipv6Addr) -> Ipv6Addr {
    packet.relays().last().map_or(source, RelayMessage::peer_address)
}

/// The client's hardware address from the first of `sources` that tells it.
pub(crate) fn hardware(
    packet: &Packet<'_>,
    source: Ipv6Addr,
    sources: &[MacSource],
) -> Option<HardwareAddress> {
    sources.iter().find_map(|place| match place {
        MacSource::ClientLinkAddress => from_relay(packet),
        MacSource::Duid => from_duid(packet),
        MacSource::Ipv6LinkLocal => from_link_local(address(packet, source)),
    })
}

/// RFC 6939 §5: only the relay nearest the client knows its hardware address.
fn from_relay(packet: &Packet<'_>) -> Option<HardwareAddress> {
    let data = packet.relays().last()?.options().find(OptionCode::CLIENT_LINKLAYER_ADDR)?;
    let link_layer = ClientLinkLayerAddress::new_checked(data).ok()?;
    HardwareAddress::new(u8::try_from(link_layer.hardware_type).ok()?, link_layer.address)
}

fn from_duid(packet: &Packet<'_>) -> Option<HardwareAddress> {
    let data = packet.message().options().find(OptionCode::CLIENT_ID)?;
    match Duid::new_checked(data).ok()?.kind() {
        DuidKind::LinkLayerTime { hardware_type, address, .. }
        | DuidKind::LinkLayer { hardware_type, address } => {
            HardwareAddress::new(u8::try_from(hardware_type).ok()?, address)
        }
        _ => None,
    }
}

/// RFC 4291, appendix A: an interface identifier made of a MAC address has ff:fe in the middle and a bit inverted.
fn from_link_local(address: Ipv6Addr) -> Option<HardwareAddress> {
    if !address.is_unicast_link_local() {
        return None;
    }
    match address.octets() {
        [_, _, _, _, _, _, _, _, first, second, third, 0xff, 0xfe, rest @ ..] => {
            let [fourth, fifth, sixth] = rest;
            HardwareAddress::new(ETHERNET, &[first ^ 2, second, third, fourth, fifth, sixth])
        }
        _ => None,
    }
}
