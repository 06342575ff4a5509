//! Who sent a message: where it comes from, its hardware address, by what reservations know it, and which classes it is in.

use std::net::Ipv6Addr;

use fosix_config::{IdentifierKind, MacSource};
use fosix_expression::{Classes, View};
use fosix_lease::HardwareAddress;
use fosix_policy::{Candidate, Dropped, Explanation};
use fosix_wire::v6::{ClientLinkLayerAddress, Duid, DuidKind, OptionCode, Packet, RelayMessage, VendorClass};

use crate::query::Datagram;
use crate::reserved::Hosts6;
use crate::server::Server6;

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

/// The DUID that a client is known by where a flexible identifier is put in its place: of type 0, which is none of those
/// that clients have (RFC 9915 §11.1), so that it is no other client's.
pub(crate) fn replaced_duid(flex_id: &[u8]) -> Vec<u8> {
    let end = flex_id.len().min(128);
    [&[0, 0], flex_id.get(..end).unwrap_or_default()].concat()
}

/// Everything by which a reservation can know the client of a message.
#[derive(Debug)]
pub(crate) struct Identifiers<'a> {
    hardware: Option<HardwareAddress>,
    duid: &'a [u8],
    flex_id: &'a [u8],
}

impl Identifiers<'_> {
    fn get(&self, kind: IdentifierKind) -> Option<&[u8]> {
        let identifier = match kind {
            IdentifierKind::HardwareAddress => {
                self.hardware.as_ref().map_or(&[][..], HardwareAddress::octets)
            }
            IdentifierKind::Duid => self.duid,
            IdentifierKind::FlexId => self.flex_id,
            IdentifierKind::CircuitId | IdentifierKind::ClientId => &[],
        };
        Some(identifier).filter(|identifier| !identifier.is_empty())
    }
}

/// What an expression sees of a message.
pub(crate) fn view<'v>(packet: &'v Packet<'v>, datagram: &Datagram<'v>, classes: &'v Classes) -> View<'v> {
    View {
        packet,
        message4: None,
        interface: datagram.interface,
        source: *datagram.origin.source.ip(),
        destination: datagram.origin.destination,
        classes,
    }
}

impl Server6 {
    /// What a message's content alone says of its classes.
    pub(crate) fn classify(
        &self,
        packet: &Packet<'_>,
        datagram: &Datagram<'_>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) {
        let none = Classes::default();
        let vendor_class = || {
            let data = packet.message().options().find(OptionCode::VENDOR_CLASS)?;
            VendorClass::new_checked(data).ok()?.iter().next().map(<[u8]>::to_vec)
        };
        self.rules.classifier().received(&view(packet, datagram, &none), vendor_class, classes, why);
    }

    /// Puts the message of a client that has something reserved everywhere into the classes of that, before its subnet is
    /// known.
    pub(crate) fn classify_early(
        &self,
        packet: &Packet<'_>,
        datagram: &Datagram<'_>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<(), Dropped> {
        if !self.rules.looks_early() {
            return Ok(());
        }
        let none = Classes::default();
        let view = view(packet, datagram, &none);
        let flex_id = self.rules.flex_id(&view, classes).unwrap_or_default();
        let identifiers = self.identifiers(packet, *datagram.origin.source.ip(), &flex_id);
        self.rules.early(&view, |kind| identifiers.get(kind), classes, why)
    }

    /// What is reserved for the client of a message on `link`, whose first subnet was selected; the message is in the classes
    /// that follow from it then.
    pub(crate) fn hosts(
        &self,
        packet: &Packet<'_>,
        datagram: &Datagram<'_>,
        link: &[usize],
        flex_id: Option<&[u8]>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<Hosts6<'_>, Dropped> {
        let none = Classes::default();
        let view = view(packet, datagram, &none);
        let flex_id = flex_id.unwrap_or_default();
        let identifiers = if self.rules.config().reservations.is_empty() {
            Identifiers { hardware: None, duid: &[], flex_id }
        } else {
            self.identifiers(packet, *datagram.origin.source.ip(), flex_id)
        };
        let candidates = link.iter().filter_map(|&at| {
            let subnet = self.subnets.get(at)?;
            let modes = subnet.reservation_modes;
            Some(Candidate { at, id: subnet.id, in_subnet: modes.in_subnet, global: modes.global })
        });
        let selected = link.first().copied();
        self.rules.reserved(&view, candidates, selected, |kind| identifiers.get(kind), classes, why)
    }

    fn identifiers<'a>(&self, packet: &Packet<'a>, source: Ipv6Addr, flex_id: &'a [u8]) -> Identifiers<'a> {
        Identifiers {
            hardware: hardware(packet, source, &self.mac_sources),
            duid: packet.message().options().find(OptionCode::CLIENT_ID).unwrap_or_default(),
            flex_id,
        }
    }
}
