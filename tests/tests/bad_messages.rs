//! What a server must not answer, and the name under which it counts each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::Ipv4Addr;

use fosix_tests::{Customer, Peer, Relay, Scene, acquire, message6, query, query_with, relayed};
use fosix_wire::v4;
use fosix_wire::v6::{MessageType, OptionCode, QueryFlags};
use serde_json::json;

const NO_FLAGS: QueryFlags = QueryFlags(0);
const DUID: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
const CLIENT: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, DUID);
const FOREIGN_SERVER: (OptionCode, &[u8]) = (OptionCode::SERVER_ID, &[0, 3, 0, 1, 9, 9, 9, 9, 9, 9]);

/// Sends each packet, and checks that it gets no answer, that exactly one more is counted under its name, and that
/// the server goes on.
fn each_is_dropped_under_its_name(scene: &Scene, packets: &[(&str, Vec<u8>, &str)]) {
    let peer = scene.client_port();
    for (what, bytes, name) in packets {
        let before = scene.fosix.counters();
        // RFC 9915 §16: only what RFC 7341 defines and what relays send may come by unicast.
        let by_unicast = bytes.first().is_none_or(|&kind| {
            let kind = MessageType(kind);
            kind == MessageType::DHCPV4_QUERY || kind.is_relay()
        });
        peer.send(bytes, if by_unicast { scene.unicast() } else { scene.multicast() });
        scene.still_answers(&peer);
        let after = scene.fosix.counters();
        let fates: Vec<_> = after
            .since(&before)
            .into_iter()
            .filter(|(name, _)| {
                ["pkt6-drop-", "pkt4-drop-", "pkt4-no-answer-"].iter().any(|kind| name.starts_with(kind))
            })
            .collect();
        assert_eq!(fates, [((*name).to_owned(), 1)], "{what}");
        after.assert_balanced();
    }
}

fn relay() -> Relay {
    Relay::new(0, "2001:db8:2::1".parse().unwrap(), "fe80::c".parse().unwrap())
}

/// A DHCPv4 message with `change` made to it.
fn changed(message: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut message = message.to_vec();
    change(&mut message);
    message
}

#[test]
fn bad_dhcpv6_messages_are_dropped_under_their_names() {
    let scene = Scene::in_order("bad6");
    let discover = Customer::new(1).discover();
    let message = (OptionCode::DHCPV4_MSG, discover.as_slice());
    let good = query(NO_FLAGS, &discover);
    let of_type = |message_type, options: &[(OptionCode, &[u8])]| message6(message_type, [1, 2, 3], options);
    let long_duid = vec![1; 131];

    let malformed = "pkt6-drop-malformed";
    let message_type = "pkt6-drop-message-type";
    let client_id = "pkt6-drop-client-id";
    let server_id = "pkt6-drop-server-id";
    let mut packets = vec![
        ("nothing at all", vec![], malformed),
        ("a type alone", vec![20], malformed),
        ("half a header", vec![20, 0, 0], malformed),
        ("half an option header", [&good[..], &[0, 88]].concat(), malformed),
        ("an option that is longer than the packet", [&good[..], &[0, 88, 0, 1]].concat(), malformed),
        ("an unknown type", of_type(MessageType(200), &[CLIENT, message]), message_type),
        ("type 0", of_type(MessageType(0), &[CLIENT, message]), message_type),
        ("ADVERTISE", of_type(MessageType::ADVERTISE, &[CLIENT, FOREIGN_SERVER]), message_type),
        ("REPLY", of_type(MessageType::REPLY, &[CLIENT, FOREIGN_SERVER]), message_type),
        ("RECONFIGURE", of_type(MessageType::RECONFIGURE, &[CLIENT, FOREIGN_SERVER]), message_type),
        ("DHCPV4-RESPONSE", of_type(MessageType::DHCPV4_RESPONSE, &[message]), message_type),
        ("LEASEQUERY", of_type(MessageType(14), &[CLIENT]), message_type),
        (
            "a query for another server",
            query_with(NO_FLAGS, &[FOREIGN_SERVER, message]),
            "pkt6-drop-not-for-us",
        ),
        (
            "a query with two servers",
            query_with(NO_FLAGS, &[FOREIGN_SERVER, FOREIGN_SERVER, message]),
            server_id,
        ),
        (
            "a query with an empty DUID",
            query_with(NO_FLAGS, &[(OptionCode::CLIENT_ID, &[]), message]),
            client_id,
        ),
        (
            "a query with a DUID that is too long",
            query_with(NO_FLAGS, &[(OptionCode::CLIENT_ID, &long_duid), message]),
            client_id,
        ),
        ("a query with two clients", query_with(NO_FLAGS, &[CLIENT, CLIENT, message]), client_id),
        ("a query without a message", query_with(NO_FLAGS, &[CLIENT]), "pkt6-drop-no-dhcpv4-message"),
        (
            "a query with two messages",
            query_with(NO_FLAGS, &[message, message]),
            "pkt6-drop-several-dhcpv4-messages",
        ),
        ("SOLICIT without a client", of_type(MessageType::SOLICIT, &[]), client_id),
        ("SOLICIT for a server", of_type(MessageType::SOLICIT, &[CLIENT, FOREIGN_SERVER]), server_id),
        ("REQUEST without a server", of_type(MessageType::REQUEST, &[CLIENT]), server_id),
        (
            "RENEW for another server",
            of_type(MessageType::RENEW, &[CLIENT, FOREIGN_SERVER]),
            "pkt6-drop-not-for-us",
        ),
        (
            "INFORMATION-REQUEST with an association",
            of_type(MessageType::INFORMATION_REQUEST, &[CLIENT, (OptionCode::IA_NA, IA_NA)]),
            "pkt6-drop-ia-in-information-request",
        ),
        (
            "SOLICIT with half an association",
            of_type(MessageType::SOLICIT, &[CLIENT, (OptionCode::IA_NA, &IA_NA[..6])]),
            "pkt6-drop-option-length",
        ),
        (
            "CONFIRM without an address",
            of_type(MessageType::CONFIRM, &[CLIENT, (OptionCode::IA_NA, IA_NA)]),
            "pkt6-drop-no-addresses",
        ),
        (
            "REBIND on a link that is not known",
            of_type(MessageType::REBIND, &[CLIENT, (OptionCode::IA_NA, IA_NA)]),
            "pkt6-drop-no-subnet",
        ),
        ("a relay message cut short", relay().forward(&good)[..33].to_vec(), malformed),
        ("a relay message with nothing inside", relay().forward(&[])[..34].to_vec(), malformed),
        ("a relay message with an empty message", relay().forward(&[]), malformed),
        ("a relay message with half a message", relay().forward(&good[..3]), malformed),
    ];
    let mut relay_reply = relay().forward(&good);
    relay_reply[0] = MessageType::RELAY_REPL.0;
    packets.push(("RELAY-REPL", relay_reply.clone(), message_type));
    packets.push(("RELAY-REPL in RELAY-FORW", relay().forward(&relay_reply), malformed));
    packets.push(("an advertisement in RELAY-FORW", relay().forward(&packets[7].1), message_type));
    each_is_dropped_under_its_name(&scene, &packets);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn bad_dhcpv4_messages_are_dropped_under_their_names() {
    use v4::{MessageType as Type, OptionCode as Code};
    let scene = Scene::in_order("bad4");
    let customer = Customer::new(1);
    let zero = Ipv4Addr::UNSPECIFIED;
    let address = Ipv4Addr::new(10, 1, 0, 10);
    let other_server = Ipv4Addr::new(203, 0, 113, 9);
    let discover = customer.discover();
    let with = |message_type, options: &[(Code, &[u8])]| customer.message(message_type, zero, options);

    let malformed = "pkt4-drop-malformed";
    let bootp = "pkt4-drop-bootp";
    let option_length = "pkt4-drop-option-length";
    let no_address = "pkt4-drop-no-address";
    let type_at = 242;
    assert_eq!(discover[240..243], [53, 1, 1], "where the message type stands");

    let anonymous = |hardware_len: u8, client_id: Option<&[u8]>| {
        let mut bytes = Vec::new();
        let header = v4::Header { hardware_type: 1, hardware_len, ..v4::Header::request(1) };
        let mut w = v4::Writer::new(&mut bytes, &header);
        w.option_u8(Code::MESSAGE_TYPE, Type::DISCOVER.0);
        if let Some(id) = client_id {
            w.option(Code::CLIENT_IDENTIFIER, id);
        }
        w.finish().unwrap();
        bytes
    };
    let of_type = |number: u8| changed(&discover, |message| message[type_at] = number);

    let inner: Vec<(&str, Vec<u8>, &str)> = vec![
        ("an empty message", vec![], malformed),
        ("a message of 4 octets", discover[..4].to_vec(), malformed),
        ("a message of 235 octets", discover[..235].to_vec(), malformed),
        ("plain BOOTP", changed(&discover, |message| message[236..].fill(0)), bootp),
        ("no message type", changed(&discover, |message| message[240] = 12), bootp),
        (
            "an option that is longer than the message",
            [&discover[..243], &[12, 200, b'x']].concat(),
            malformed,
        ),
        ("hlen 17", changed(&discover, |message| message[2] = 17), malformed),
        ("hlen 255", changed(&discover, |message| message[2] = 255), malformed),
        ("a BOOTREPLY", changed(&discover, |message| message[0] = 2), "pkt4-drop-not-a-request"),
        ("op 0", changed(&discover, |message| message[0] = 0), "pkt4-drop-not-a-request"),
        ("DHCPOFFER", of_type(Type::OFFER.0), "pkt4-drop-message-type"),
        ("DHCPACK", of_type(Type::ACK.0), "pkt4-drop-message-type"),
        ("DHCPNAK", of_type(Type::NAK.0), "pkt4-drop-message-type"),
        ("DHCPLEASEQUERY", of_type(10), "pkt4-drop-message-type"),
        ("type 0", of_type(0), "pkt4-drop-message-type"),
        ("type 255", of_type(255), "pkt4-drop-message-type"),
        ("no hardware address, no client identifier", anonymous(0, None), "pkt4-drop-no-identity"),
        ("a zero hardware address, no client identifier", anonymous(6, None), "pkt4-drop-no-identity"),
        ("an empty client identifier", anonymous(6, Some(&[])), option_length),
        (
            "a requested address of 3 octets",
            with(Type::DISCOVER, &[(Code::REQUESTED_IP_ADDRESS, &[10, 1, 0])]),
            option_length,
        ),
        ("a lease time of 3 octets", with(Type::DISCOVER, &[(Code::LEASE_TIME, &[0, 0, 1])]), option_length),
        (
            "a server of 5 octets",
            with(Type::REQUEST, &[(Code::SERVER_IDENTIFIER, &[192, 0, 2, 1, 0])]),
            option_length,
        ),
        (
            "DHCPDISCOVER for a server",
            with(Type::DISCOVER, &[(Code::SERVER_IDENTIFIER, &Scene::SERVER_IDENTIFIER.octets())]),
            "pkt4-drop-server-id-in-discover",
        ),
        ("DHCPREQUEST for nothing", with(Type::REQUEST, &[]), no_address),
        (
            "DHCPREQUEST for nothing from us",
            with(Type::REQUEST, &[(Code::SERVER_IDENTIFIER, &Scene::SERVER_IDENTIFIER.octets())]),
            no_address,
        ),
        ("DHCPRELEASE of nothing", customer.release(zero, Scene::SERVER_IDENTIFIER), no_address),
        (
            "DHCPDECLINE of nothing",
            with(Type::DECLINE, &[(Code::SERVER_IDENTIFIER, &Scene::SERVER_IDENTIFIER.octets())]),
            no_address,
        ),
        ("DHCPRELEASE for another server", customer.release(address, other_server), "pkt4-drop-not-for-us"),
        ("DHCPDECLINE for another server", customer.decline(address, other_server), "pkt4-drop-not-for-us"),
        (
            "another server's offer taken",
            customer.select(address, other_server),
            "pkt4-no-answer-other-server",
        ),
        ("a stranger's remembered address", customer.init_reboot(address), "pkt4-no-answer-unknown-client"),
    ];
    let packets: Vec<_> =
        inner.into_iter().map(|(what, message, name)| (what, query(NO_FLAGS, &message), name)).collect();
    each_is_dropped_under_its_name(&scene, &packets);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn a_client_that_no_subnet_serves_and_a_full_pool_have_their_names() {
    let configuration = {
        let mut configuration = Scene::configuration();
        let subnets = configuration["Dhcp4"]["subnet4"].as_array_mut().unwrap();
        subnets.truncate(2);
        subnets[0]["pools"] = json!([{ "pool": "10.1.0.10 - 10.1.0.10" }]);
        configuration
    };
    let scene = Scene::in_order_with("no-subnet", configuration);
    let peer = scene.client_port();
    acquire(&peer, &Customer::new(0xffff), &[], scene.unicast(), scene.unicast());
    drop(peer);
    let nowhere = Relay::new(0, "fe80::1".parse().unwrap(), "fe80::c".parse().unwrap());
    let discover = query(NO_FLAGS, &Customer::new(1).discover());
    each_is_dropped_under_its_name(
        &scene,
        &[("the pool is full", discover.clone(), "pkt4-drop-no-free-address")],
    );
    // A relay whose own address is in no prefix either.
    scene.client.add_address("vc", "2001:db8:77::1/64");
    scene.server.ip(&["route", "add", "2001:db8:77::/64", "dev", "vs"]);
    let elsewhere = "[2001:db8:77::1]:547".parse().unwrap();
    let relay_peer = Peer::bind_to(&scene.client, elsewhere);
    let before = scene.fosix.counters();
    relay_peer.send(&relayed(&[nowhere], &discover), scene.unicast());
    scene.still_answers(&scene.client_port());
    assert_eq!(relay_peer.receive_now(), None);
    assert_eq!(scene.fosix.counters().since(&before).get("pkt4-drop-no-subnet"), Some(&1));
    scene.fosix.stop().assert_balanced();
}
