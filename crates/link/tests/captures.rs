//! Datagrams that a pair of Kea 2.2 servers exchanged: they are decoded, and written again to the byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected is to fail")]

use std::fs;
use std::path::Path;

use fosix_link::kea::{self, Sender};
use fosix_link::{LinkDrop, Role};
use fosix_wire::v4::{self, MessageType};
use fosix_wire::v6::{self, OptionCode, Packet};

fn capture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name).with_extension("hex");
    let text = fs::read_to_string(path).unwrap();
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks_exact(2).map(octet).collect()
}

/// What each of the captures is: who receives it, how many relay levels it has, and the DHCPv4 message in it.
const CAPTURES: &[(&str, Role, usize, MessageType)] = &[
    ("direct-discover", Role::Dhcpv4, 0, MessageType::DISCOVER),
    ("direct-offer", Role::Dhcpv6, 0, MessageType::OFFER),
    ("direct-request", Role::Dhcpv4, 0, MessageType::REQUEST),
    ("direct-ack", Role::Dhcpv6, 0, MessageType::ACK),
    ("relayed-discover", Role::Dhcpv4, 2, MessageType::DISCOVER),
    ("relayed-offer", Role::Dhcpv6, 2, MessageType::OFFER),
    ("relayed-request", Role::Dhcpv4, 2, MessageType::REQUEST),
    ("relayed-ack", Role::Dhcpv6, 2, MessageType::ACK),
];

#[test]
fn every_capture_is_decoded_and_written_again_to_the_byte() {
    for &(name, role, levels, kind) in CAPTURES {
        let datagram = capture(name);
        let mut message = Vec::new();
        let decoded = kea::decode(&datagram, role, &mut message).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let port = if levels == 0 { 546 } else { 0x8663 };
        let address = "2001:db8:1:1::99".parse().unwrap();
        assert_eq!(decoded.sender, Sender { interface: "vs", address, port }, "{name}");
        assert!(!decoded.flags_cleared, "{name}");

        let packet = Packet::new_checked(&message, levels).unwrap();
        assert_eq!(packet.relays().len(), levels, "{name}");
        let options = packet.message().options();
        assert_eq!(options.count(OptionCode::VENDOR_OPTS), 0, "{name}: the option is gone");
        let inner = v4::Message::new_checked(options.find(OptionCode::DHCPV4_MSG).unwrap()).unwrap();
        assert_eq!(inner.message_type(), Some(kind), "{name}");

        let mut again = Vec::new();
        kea::encode(&message, decoded.sender, &mut again).unwrap();
        assert_eq!(again, datagram, "{name}");
    }
}

#[test]
fn a_capture_is_not_for_the_other_half() {
    for &(name, role, ..) in CAPTURES {
        let other = if role == Role::Dhcpv4 { Role::Dhcpv6 } else { Role::Dhcpv4 };
        let datagram = capture(name);
        let decoded = kea::decode(&datagram, other, &mut Vec::new());
        assert_eq!(decoded, Err(LinkDrop::MessageType), "{name}");
    }
}

#[test]
fn the_u_flag_of_a_response_is_cleared() {
    let mut datagram = capture("direct-ack");
    let mut expected = Vec::new();
    kea::decode(&datagram, Role::Dhcpv6, &mut expected).unwrap();
    if let Some(flags) = datagram.get_mut(1) {
        *flags = 0x80;
    }
    let mut message = Vec::new();
    let decoded = kea::decode(&datagram, Role::Dhcpv6, &mut message).unwrap();
    assert!(decoded.flags_cleared);
    assert_eq!(message, expected);
    assert_eq!(Packet::new_checked(&message, 0).unwrap().message().query_flags(), v6::QueryFlags::default());
}

#[test]
fn a_capture_cut_at_any_length_is_an_error() {
    for &(name, role, ..) in CAPTURES {
        let datagram = capture(name);
        for end in 0..datagram.len() {
            let mut out = Vec::new();
            assert!(kea::decode(datagram.get(..end).unwrap(), role, &mut out).is_err(), "{name} at {end}");
            assert!(out.is_empty(), "{name} at {end}");
        }
    }
}
