//! DHCPv4 beside another decoder, on messages that it reads rightly: options once each and not overloaded.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

#[path = "packets/v4.rs"]
mod packets;

use dhcproto::v4 as other;
use dhcproto::v4::relay::{RelayCode, RelayInfo};
use dhcproto::{Decodable, Encodable};
use fosix_wire::v4::{Header, Message, OptionCode, RelayAgentInformation, Writer};
use proptest::collection::btree_map;
use proptest::prelude::*;

/// The messages of `packets` that the other decoder reads rightly.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    // dhcproto 0.15 keeps only the last of the parts of an option that stand apart, does not read overloaded fields,
    // looks at no cookie, and takes a client's name in ASCII for one in DNS format, which ends its reading.
    let excluded = ["discover-split", "bootp", "request-windows"];
    packets::seeds()
        .into_iter()
        .filter(|(target, name, _)| {
            *target == "v4_message" && !excluded.contains(name) && !name.starts_with("overloaded")
        })
        .map(|(_, name, bytes)| (name, bytes))
        .collect()
}

fn same_header(ours: &Message<'_>, theirs: &other::Message) {
    assert_eq!(ours.op(), u8::from(theirs.opcode()));
    assert_eq!(ours.hardware_type(), u8::from(theirs.htype()));
    assert_eq!(ours.hardware_len(), theirs.hlen());
    assert_eq!(ours.hops(), theirs.hops());
    assert_eq!(ours.xid(), theirs.xid());
    assert_eq!(ours.secs(), theirs.secs());
    assert_eq!(ours.broadcast(), theirs.flags().broadcast());
    assert_eq!(ours.ciaddr(), theirs.ciaddr());
    assert_eq!(ours.yiaddr(), theirs.yiaddr());
    assert_eq!(ours.siaddr(), theirs.siaddr());
    assert_eq!(ours.giaddr(), theirs.giaddr());
    assert_eq!(ours.chaddr(), theirs.chaddr());
}

/// Compares every option that the other decoder has found, by its encoding; returns how many there were.
fn same_options(ours: &Message<'_>, theirs: &other::Message) -> usize {
    for (code, option) in theirs.opts().iter() {
        let code = OptionCode(u8::from(*code));
        let data = ours.option(code).unwrap();
        let mut encoded = Vec::new();
        Writer::new(&mut encoded, &Header::default()).option_with(code, |buffer| data.write_to(buffer));
        let mut expected = Vec::new();
        option.encode(&mut other::Encoder::new(&mut expected)).unwrap();
        assert_eq!(encoded[240..], expected, "{code}");
    }
    theirs.opts().iter().count()
}

#[test]
fn the_fields_and_options_of_good_messages_are_the_same() {
    for (name, bytes) in messages() {
        let ours = Message::new_checked(&bytes).unwrap();
        let theirs = other::Message::from_bytes(&bytes).unwrap();
        same_header(&ours, &theirs);
        let count = same_options(&ours, &theirs);
        let codes: std::collections::BTreeSet<_> = ours.options().map(|option| option.code).collect();
        assert_eq!(count, codes.len(), "{name}");
    }
}

#[test]
fn the_meaning_of_common_options_is_the_same() {
    let bytes = packets::request_softwire();
    let ours = Message::new_checked(&bytes).unwrap();
    let theirs = other::Message::from_bytes(&bytes).unwrap();
    let opts = theirs.opts();
    let address = ours.option(OptionCode::REQUESTED_IP_ADDRESS).unwrap().to_ipv4().unwrap();
    assert_eq!(
        opts.get(other::OptionCode::RequestedIpAddress),
        Some(&other::DhcpOption::RequestedIpAddress(address))
    );
    assert_eq!(opts.msg_type().map(u8::from), ours.message_type().map(|message_type| message_type.0));
    let Some(other::DhcpOption::ParameterRequestList(list)) =
        opts.get(other::OptionCode::ParameterRequestList)
    else {
        panic!("no list")
    };
    assert!(ours.parameter_request_list().iter().map(|code| code.0).eq(list.iter().map(|c| u8::from(*c))));
    let Some(other::DhcpOption::ClientIdentifier(identifier)) = opts.get(other::OptionCode::ClientIdentifier)
    else {
        panic!("no identifier")
    };
    assert_eq!(ours.option(OptionCode::CLIENT_IDENTIFIER).unwrap().contiguous(), Some(&identifier[..]));
}

#[test]
fn relay_agent_information_is_the_same() {
    let bytes = packets::discover_relayed();
    let ours = Message::new_checked(&bytes).unwrap();
    let data = ours.option(OptionCode::RELAY_AGENT_INFORMATION).unwrap().contiguous().unwrap();
    let ours = RelayAgentInformation::new_checked(data).unwrap();
    let theirs = other::Message::from_bytes(&bytes).unwrap();
    let Some(other::DhcpOption::RelayAgentInformation(theirs)) =
        theirs.opts().get(other::OptionCode::RelayAgentInformation)
    else {
        panic!("no information")
    };
    assert_eq!(
        theirs.get(RelayCode::AgentCircuitId),
        ours.circuit_id().map(|id| RelayInfo::AgentCircuitId(id.to_vec())).as_ref()
    );
    assert_eq!(
        theirs.get(RelayCode::AgentRemoteId),
        ours.remote_id().map(|id| RelayInfo::AgentRemoteId(id.to_vec())).as_ref()
    );
    assert_eq!(
        theirs.get(RelayCode::LinkSelection),
        ours.link_selection().map(RelayInfo::LinkSelection).as_ref()
    );
    assert_eq!(
        theirs.get(RelayCode::ServerIdentifierOverride),
        ours.server_identifier_override().map(RelayInfo::ServerIdentifierOverride).as_ref()
    );
}

#[test]
fn what_the_other_encoder_writes_reads_the_same_here() {
    for (name, bytes) in messages() {
        let theirs = other::Message::from_bytes(&bytes).unwrap();
        let encoded = theirs.to_vec().unwrap();
        let before = Message::new_checked(&bytes).unwrap();
        let after = Message::new_checked(&encoded).unwrap();
        for code in (1..=254).map(OptionCode) {
            assert_eq!(before.option(code), after.option(code), "{name} {code}");
        }
        same_header(&after, &theirs);
    }
}

proptest! {
    /// Codes whose data the other decoder keeps as it is.
    #[test]
    fn opaque_options_are_the_same(options in btree_map(224..=254_u8, prop::collection::vec(any::<u8>(), 1..700), 0..6)) {
        let bytes = packets::message(&packets::request(), |w| {
            for (code, data) in &options {
                w.option(OptionCode(*code), data);
            }
        });
        let ours = Message::new_checked(&bytes).unwrap();
        let theirs = other::Message::from_bytes(&bytes).unwrap();
        same_header(&ours, &theirs);
        for (code, data) in &options {
            let read: Vec<u8> = ours.option(OptionCode(*code)).unwrap().bytes().collect();
            prop_assert_eq!(&read, data);
            let Some(other::DhcpOption::Unknown(unknown)) = theirs.opts().get(other::OptionCode::Unknown(*code)) else {
                return Err(TestCaseError::fail("not found by the other"));
            };
            prop_assert_eq!(unknown.data(), data.as_slice());
        }
    }
}
