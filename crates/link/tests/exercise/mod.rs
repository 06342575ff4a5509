//! What the fuzz targets run and the corpus test replays: the decoders of both links, and what must hold of them.
//!
//! The targets in `fuzz/` include this file by its path.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]

use fosix_link::own::Frame;
use fosix_link::{Role, kea};
use fosix_wire::v6::{MAX_RELAY_LEVELS, MessageType, Packet};

/// A function of this module, by the name of its fuzz target.
pub type Target = (&'static str, fn(&[u8]));

/// All of them; each has a corpus in `fuzz/corpus/`.
pub const TARGETS: &[Target] =
    &[("kea_query", kea_query), ("kea_response", kea_response), ("link_frame", link_frame)];

/// Bytes of a Vendor-specific Information option that holds only the enterprise number.
const EMPTY_OPTION: usize = 8;

/// Any datagram at the DHCPv4 half's port.
pub fn kea_query(data: &[u8]) {
    kea(data, Role::Dhcpv4);
}

/// Any datagram at the DHCPv6 half's port.
pub fn kea_response(data: &[u8]) {
    kea(data, Role::Dhcpv6);
}

fn kea(data: &[u8], role: Role) {
    let mut out = b"before".to_vec();
    let Ok(decoded) = kea::decode(data, role, &mut out) else {
        assert_eq!(out, b"before", "on an error nothing is written");
        return;
    };
    let message = out.strip_prefix(b"before").expect("what was there stays");
    assert!(message.len() < data.len(), "three sub-options were taken out");
    let packet = Packet::new_checked(message, MAX_RELAY_LEVELS).expect("what is left is a message");
    assert_eq!(packet.relays().len(), Packet::new_checked(data, MAX_RELAY_LEVELS).unwrap().relays().len());
    if packet.message().message_type() == MessageType::DHCPV4_RESPONSE {
        assert_eq!(packet.message().transaction_id(), [0; 3]);
    }
    // What was taken out can be put back, and is then what is found.
    let mut again = Vec::new();
    if kea::encode(message, decoded.sender, &mut again).is_ok() {
        let mut inner = Vec::new();
        // Where there was a second one of a kind, that one is found now. Where there was an option of ISC with nothing
        // in it, it was used and is gone.
        if let Ok(second) = kea::decode(&again, role, &mut inner)
            && second.sender == decoded.sender
        {
            assert!(matches!(message.len() - inner.len(), 0 | EMPTY_OPTION));
            assert!(!second.flags_cleared);
        }
    }
}

/// Any frame of our own link.
pub fn link_frame(data: &[u8]) {
    let Ok(frame) = Frame::decode(data) else { return };
    let mut out = Vec::new();
    frame.encode(&mut out).expect("what was received can be sent");
    match &frame {
        // Another version's Hello is read as far as the version.
        Frame::Hello(hello) if hello.version != fosix_link::own::VERSION => {}
        _ => assert_eq!(Frame::decode(&out).as_ref(), Ok(&frame)),
    }
    if let Frame::Query(_) | Frame::Response(_) | Frame::NoAnswer(_) = frame {
        assert_eq!(out, data);
    }
}
