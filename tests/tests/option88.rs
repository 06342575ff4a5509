//! Option 88, by which clients learn that there is DHCPv4 over DHCPv6 (RFC 7341 §9): in every Advertise and Reply to a
//! client that asks for it, and nowhere else.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::net::Ipv6Addr;

use fosix_tests::{Customer, Peer, Relay, Scene, dhcpv4_of, message6, query_with, relayed, relays_of};
use fosix_wire::v6::{self, MessageType, OptionCode, Packet, QueryFlags};
use serde_json::json;

const TRANSACTION: [u8; 3] = [1, 2, 3];
const DUID: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
/// IAID 7, T1 and T2 left to the server.
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
const ORO: &[u8] = &[0, 88];

/// The answer's type and its option 88, if it has one.
fn ask(
    peer: &Peer,
    scene: &Scene,
    relays: &[Relay],
    message: &[u8],
) -> (MessageType, Option<Vec<u8>>, Vec<u8>) {
    // RFC 9915 §16: what no relay sends comes by multicast.
    let destination = if relays.is_empty() { scene.multicast() } else { scene.unicast() };
    let answer = peer.exchange(&relayed(relays, message), destination);
    assert_eq!(relays_of(&answer.bytes), relays);
    let packet = Packet::new_checked(&answer.bytes, v6::MAX_RELAY_LEVELS).unwrap();
    let message = packet.message();
    assert_eq!(message.transaction_id(), TRANSACTION);
    let options = message.options();
    assert_eq!(
        options.find(OptionCode::CLIENT_ID),
        Some(DUID),
        "RFC 9915: the client's identifier comes back"
    );
    let servers = options.find(OptionCode::DHCP4_O_DHCP6_SERVER).map(<[u8]>::to_vec);
    (message.message_type(), servers, options.find(OptionCode::SERVER_ID).unwrap().to_vec())
}

#[test]
fn is_in_every_advertise_and_reply_to_a_client_that_asks_for_it() {
    let scene = Scene::new("option88");
    let peer = scene.client_port();
    let expected = Scene::SERVER.octets().to_vec();
    let information = [(OptionCode::CLIENT_ID, DUID), (OptionCode::ORO, ORO)];
    let (_, _, server_id) =
        ask(&peer, &scene, &[], &message6(MessageType::INFORMATION_REQUEST, TRANSACTION, &information));
    let ours = (OptionCode::SERVER_ID, server_id.as_slice());
    let (client, ia) = ((OptionCode::CLIENT_ID, DUID), (OptionCode::IA_NA, IA_NA));

    for (message_type, options, answer) in [
        (MessageType::INFORMATION_REQUEST, vec![client], MessageType::REPLY),
        (MessageType::INFORMATION_REQUEST, vec![client, ours], MessageType::REPLY),
        (MessageType::SOLICIT, vec![client, ia], MessageType::ADVERTISE),
        (MessageType::REQUEST, vec![client, ours, ia], MessageType::REPLY),
        (MessageType::RENEW, vec![client, ours, ia], MessageType::REPLY),
    ] {
        for asks in [true, false] {
            let mut options = options.clone();
            if asks {
                options.push((OptionCode::ORO, ORO));
            }
            let got = ask(&peer, &scene, &[], &message6(message_type, TRANSACTION, &options));
            let expected = asks.then(|| expected.clone());
            assert_eq!(got, (answer, expected, server_id.clone()), "{message_type}, asks: {asks}");
        }
    }
}

#[test]
fn reaches_a_client_behind_relays() {
    let scene = Scene::new("option88-relayed");
    let peer = scene.relay_port();
    let relays = [
        Relay::new(1, "2001:db8:2::1".parse().unwrap(), "2001:db8:2::2".parse().unwrap()),
        Relay {
            interface_id: Some(b"vlan7".to_vec()),
            ..Relay::new(0, Ipv6Addr::UNSPECIFIED, "fe80::c".parse().unwrap())
        },
    ];
    let information = [(OptionCode::CLIENT_ID, DUID), (OptionCode::ORO, ORO)];
    let message = message6(MessageType::INFORMATION_REQUEST, TRANSACTION, &information);
    let (_, servers, _) = ask(&peer, &scene, &relays, &message);
    assert_eq!(servers, Some(Scene::SERVER.octets().to_vec()));
}

#[test]
fn is_never_in_a_response() {
    let scene = Scene::with("option88-response", {
        let mut configuration = Scene::configuration();
        configuration["Dhcp6"]["option-data"][0]["always-send"] = json!(true);
        configuration
    });
    let peer = scene.client_port();
    let discover = Customer::new(1).discover();
    // RFC 7341 §9: a client must not ask for it here; one that does gets no more than others.
    let bytes = query_with(
        QueryFlags::default(),
        &[(OptionCode::ORO, ORO), (OptionCode::CLIENT_ID, DUID), (OptionCode::DHCPV4_MSG, &discover)],
    );
    // `dhcpv4_of` checks that there is nothing but the DHCPv4 message.
    dhcpv4_of(&peer.exchange(&bytes, scene.unicast()).bytes);
}

#[test]
fn may_be_empty_or_hold_several_addresses() {
    for (data, addresses) in [("", vec![]), ("ff02::1:2, 2001:db8:1::1", vec!["ff02::1:2", "2001:db8:1::1"])]
    {
        let scene = Scene::with("option88-data", {
            let mut configuration = Scene::configuration();
            configuration["Dhcp6"]["option-data"][0]["data"] = json!(data);
            configuration
        });
        let information = [(OptionCode::CLIENT_ID, DUID), (OptionCode::ORO, ORO)];
        let message = message6(MessageType::INFORMATION_REQUEST, TRANSACTION, &information);
        let (_, servers, _) = ask(&scene.client_port(), &scene, &[], &message);
        let expected: Vec<u8> =
            addresses.iter().flat_map(|address| address.parse::<Ipv6Addr>().unwrap().octets()).collect();
        assert_eq!(servers, Some(expected));
    }
}
