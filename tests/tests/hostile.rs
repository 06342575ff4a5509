//! What a server must not answer, believe or fall over, and the name under which it counts each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_tests::{
    Customer, Peer, Relay, Scene, acquire, dhcpv4_of, lease_of, message6, query, query_with, relayed, reply,
};
use fosix_wire::v4;
use fosix_wire::v6::{self, MessageType, OptionCode, Packet, QueryFlags};
use serde_json::json;

const NO_FLAGS: QueryFlags = QueryFlags(0);
const DUID: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
const CLIENT: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, DUID);
const FOREIGN_SERVER: (OptionCode, &[u8]) = (OptionCode::SERVER_ID, &[0, 3, 0, 1, 9, 9, 9, 9, 9, 9]);

/// One worker serves what comes in on one socket in order: whatever was sent before a query that was answered has
/// met its fate.
fn scene(label: &str) -> Scene {
    Scene::with(label, one_worker(Scene::configuration()))
}

fn one_worker(mut configuration: serde_json::Value) -> serde_json::Value {
    configuration["Fosix"]["workers"] = json!(1);
    configuration
}

/// Has a good client served, and checks that nothing but its two answers comes.
fn still_answers(peer: &Peer, scene: &Scene) {
    acquire(peer, &Customer::new(0xffff), &[], scene.unicast(), scene.unicast());
    assert_eq!(peer.receive_now(), None, "an answer to a bad packet");
}

/// Sends each packet, and checks that it gets no answer, that exactly one more is counted under its name, and that
/// the server goes on.
fn each_is_dropped_under_its_name(scene: &Scene, packets: &[(&str, Vec<u8>, &str)]) {
    let peer = scene.client_port();
    for (what, bytes, name) in packets {
        let before = scene.fosix.counters();
        peer.send(bytes, scene.unicast());
        still_answers(&peer, scene);
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
    let scene = scene("bad6");
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
            "CONFIRM",
            of_type(MessageType::CONFIRM, &[CLIENT, (OptionCode::IA_NA, IA_NA)]),
            "pkt6-drop-no-binding",
        ),
        (
            "REBIND",
            of_type(MessageType::REBIND, &[CLIENT, (OptionCode::IA_NA, IA_NA)]),
            "pkt6-drop-no-binding",
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
    let scene = scene("bad4");
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
        let mut configuration = one_worker(Scene::configuration());
        let subnets = configuration["Dhcp4"]["subnet4"].as_array_mut().unwrap();
        subnets.truncate(2);
        subnets[0]["pools"] = json!([{ "pool": "10.1.0.10 - 10.1.0.10" }]);
        configuration
    };
    let scene = Scene::with("no-subnet", configuration);
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
    still_answers(&scene.client_port(), &scene);
    assert_eq!(relay_peer.receive_now(), None);
    assert_eq!(scene.fosix.counters().since(&before).get("pkt4-drop-no-subnet"), Some(&1));
    scene.fosix.stop().assert_balanced();
}

#[test]
fn good_packets_cut_short_at_any_length_do_no_harm() {
    let scene = scene("cut");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let discover = query(NO_FLAGS, &customer.discover());
    let information = message6(
        MessageType::INFORMATION_REQUEST,
        [1, 2, 3],
        &[CLIENT, (OptionCode::ORO, &[0, 23, 0, 88]), (OptionCode::ELAPSED_TIME, &[0, 0])],
    );
    let solicit = message6(
        MessageType::SOLICIT,
        [1, 2, 3],
        &[CLIENT, (OptionCode::IA_NA, IA_NA), (OptionCode::ORO, &[0, 23, 0, 88])],
    );
    let vendor = vendor_options(&spoofed_destination("2001:db8:1::2".parse().unwrap(), 546));
    let spoofed = query_with(
        NO_FLAGS,
        &[(OptionCode::VENDOR_OPTS, &vendor), (OptionCode::DHCPV4_MSG, &customer.discover())],
    );
    let request =
        query(QueryFlags::UNICAST, &customer.select(Ipv4Addr::new(10, 1, 0, 10), Scene::SERVER_IDENTIFIER));
    let mut outer = relay();
    outer.interface_id = Some(b"port 1".to_vec());
    let twice = relayed(&[outer, relay()], &discover);

    let before = scene.fosix.counters();
    let mut sent = 0;
    for whole in [discover, request, information, solicit, spoofed, twice] {
        for length in 0..whole.len() {
            peer.send(&whole[..length], scene.unicast());
            sent += 1;
            // So that no buffer overflows: take what was answered and let the server catch up.
            if length % 64 == 0 {
                drain(&peer, &scene);
                sent += 1;
            }
        }
    }
    // Inside the option, with the option's length right: what the DHCPv4 half sees is cut.
    let whole = customer.discover();
    for length in 0..whole.len() {
        peer.send(&query(NO_FLAGS, &whole[..length]), scene.unicast());
        sent += 1;
        if length % 64 == 0 {
            drain(&peer, &scene);
            sent += 1;
        }
    }
    drain(&peer, &scene);
    sent += 1;

    let after = scene.fosix.counters();
    let grown = after.since(&before);
    assert_eq!(grown["pkt6-received"], sent, "each datagram is counted");
    assert!(grown["pkt6-drop-malformed"] > 500 && grown["pkt4-drop-malformed"] > 200, "{grown:#?}");
    after.assert_balanced();
    still_answers(&peer, &scene);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn good_packets_with_random_damage_do_no_harm() {
    const ROUNDS: u32 = 20_000;
    let scene = scene("damage");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let mut outer = relay();
    outer.source_port = Some(1);
    let vendor = vendor_options(&spoofed_destination("2001:db8:1::2".parse().unwrap(), 546));
    let seeds = [
        query(NO_FLAGS, &customer.discover()),
        query(QueryFlags::UNICAST, &customer.renew(Ipv4Addr::new(10, 1, 0, 10))),
        relayed(&[outer, relay()], &query(NO_FLAGS, &customer.discover())),
        query_with(
            NO_FLAGS,
            &[(OptionCode::VENDOR_OPTS, &vendor), (OptionCode::DHCPV4_MSG, &customer.discover())],
        ),
        message6(
            MessageType::SOLICIT,
            [1, 2, 3],
            &[CLIENT, (OptionCode::IA_NA, IA_NA), (OptionCode::ORO, &[0, 88])],
        ),
    ];
    let mut random = Random(0x5eed);
    for round in 0..ROUNDS {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            let place = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[place] = 0,
                1 => bytes[place] = 0xff,
                2 => bytes[place] = random.below(256).try_into().unwrap(),
                _ => bytes.truncate(place.max(1)),
            }
        }
        peer.send(&bytes, scene.unicast());
        if round % 64 == 0 {
            drain(&peer, &scene);
        }
    }
    drain(&peer, &scene);
    let counters = scene.fosix.stop();
    assert!(counters.get("pkt6-received") > u64::from(ROUNDS));
    counters.assert_balanced();
}

/// Sends a good query and takes answers until its own has come.
fn drain(peer: &Peer, scene: &Scene) {
    let marker = Customer::new(0xaaaa);
    peer.send(&query(NO_FLAGS, &marker.discover()), scene.unicast());
    loop {
        let answer = peer.receive();
        let packet = Packet::new_checked(&answer.bytes, v6::MAX_RELAY_LEVELS).expect("a good answer");
        let inner = packet.message().options().find(OptionCode::DHCPV4_MSG);
        if inner
            .and_then(|inner| v4::Message::new_checked(inner).ok())
            .is_some_and(|inner| inner.xid() == marker.xid)
        {
            return;
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }
}

const ISC: u32 = 2495;

/// An option 17 of ISC's enterprise.
fn vendor_options(sub_options: &[u8]) -> Vec<u8> {
    [&ISC.to_be_bytes(), sub_options].concat()
}

/// What Kea's halves tell each other of a client: its interface, address and port.
fn spoofed_destination(address: Ipv6Addr, port: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, data) in
        [(60_000_u16, &b"lo"[..]), (60_001, &address.octets()[..]), (60_002, &port.to_be_bytes()[..])]
    {
        bytes.extend(code.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

#[test]
fn what_the_halves_tell_each_other_is_not_believed_from_the_network() {
    let scene = scene("spoof");
    scene.client.add_address("vc", "2001:db8:2::66/64");
    scene.server.ip(&["route", "add", "2001:db8:2::/64", "dev", "vs"]);
    let victim: Ipv6Addr = "2001:db8:2::66".parse().unwrap();
    let victims = [546, 547, 1066]
        .map(|port| Peer::bind_to(&scene.client, std::net::SocketAddrV6::new(victim, port, 0, 0)));
    let client = |port| Peer::bind_to(&scene.client, std::net::SocketAddrV6::new(Scene::CLIENT, port, 0, 0));
    let (peer, relay_peer) = (client(546), client(547));
    let unharmed = |what: &str| {
        assert!(victims.iter().all(|victim| victim.receive_now().is_none()), "{what}: sent to the victim");
    };

    for port in [546, 547, 1066] {
        let spoofed = vendor_options(&spoofed_destination(victim, port));
        let mixed = vendor_options(&[&[0, 1, 0, 1, 9][..], &spoofed_destination(victim, port)].concat());
        let foreign = [&[0, 0, 0x7d, 0][..], &spoofed_destination(victim, port)].concat();
        let cut = vendor_options(&spoofed_destination(victim, port)[..20]);
        for (what, options) in [
            ("once", vec![&spoofed]),
            ("twice", vec![&spoofed, &spoofed]),
            ("behind an innocent one", vec![&mixed]),
            ("behind another vendor's", vec![&foreign, &spoofed]),
            ("in a second option", vec![&mixed, &spoofed, &mixed]),
            ("cut short", vec![&cut, &spoofed]),
        ] {
            let customer = Customer::new(u32::from(port));
            let discover = customer.discover();
            let mut all: Vec<(OptionCode, &[u8])> =
                options.iter().map(|data| (OptionCode::VENDOR_OPTS, data.as_slice())).collect();
            all.push((OptionCode::DHCPV4_MSG, &discover));
            let answer = peer.exchange(&query_with(NO_FLAGS, &all), scene.unicast());
            let inner = dhcpv4_of(&answer.bytes);
            let lease = lease_of(&reply(&inner, v4::MessageType::OFFER), &customer);
            assert_eq!(lease.subnet(), 1, "{what}: the subnet of where it really came from");
            unharmed(what);

            // A relay that passes on what a client has put into its own Relay-forward.
            let message = query_with(NO_FLAGS, &all);
            let level = Relay::new(0, "2001:db8:1::9".parse().unwrap(), "fe80::c".parse().unwrap());
            let mut forwarded = level.forward(&message);
            for data in &options {
                forwarded.extend(OptionCode::VENDOR_OPTS.0.to_be_bytes());
                forwarded.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
                forwarded.extend(*data);
            }
            for bytes in [forwarded.clone(), Relay { hop_count: 1, ..level.clone() }.forward(&forwarded)] {
                let answer = relay_peer.exchange(&bytes, scene.unicast());
                let inner = dhcpv4_of(&answer.bytes);
                lease_of(&reply(&inner, v4::MessageType::OFFER), &customer);
                unharmed(what);
            }
        }
    }
    assert_eq!((peer.receive_now(), relay_peer.receive_now()), (None, None));
    let counters = scene.fosix.stop();
    assert!(counters.get("pkt6-link-options-removed") >= 54, "{counters:?}");
    counters.assert_balanced();
}
