//! A client gets its IPv4 lease over IPv6: by unicast, by multicast, and through relays.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

use fosix_tests::{
    Customer, Fosix, Netns, Peer, Relay, Scene, acquire, dhcpv4_of, lease_of, query, query_with, relayed,
    reply,
};
use fosix_wire::v4::{self, MessageType};
use fosix_wire::v6::{ALL_DHCP_SERVERS, CLIENT_PORT, OptionCode, QueryFlags, SERVER_PORT};

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn server_port(address: Ipv6Addr, interface_index: u32) -> SocketAddrV6 {
    SocketAddrV6::new(address, SERVER_PORT, 0, interface_index)
}

/// Relay levels of every kind, the outermost first: one that only passes on what another relay sent, one that
/// names its port on the client's side, one on the client's link that leaves its link-address unspecified (LDRA).
fn three_relays() -> [Relay; 3] {
    [
        Relay::new(2, address("2001:db8:ff::1"), address("2001:db8:2::1")),
        Relay::new(1, address("2001:db8:2::1"), address("fe80::1da")),
        Relay {
            interface_id: Some(b"port 7".to_vec()),
            ..Relay::new(0, Ipv6Addr::UNSPECIFIED, address("fe80::c"))
        },
    ]
}

#[test]
fn by_unicast() {
    let scene = Scene::new("unicast");
    let peer = scene.client_port();
    let lease = acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    assert_eq!(lease.server, Scene::SERVER_IDENTIFIER);
    assert_eq!(lease.subnet(), 1, "the subnet of the client's prefix");
    let counters = scene.fosix.stop();
    assert_eq!(counters.get("pkt4-offer-sent"), 1);
    assert_eq!(counters.get("pkt4-ack-sent"), 1);
    counters.assert_balanced();
}

#[test]
fn by_multicast_from_a_link_local_address() {
    let scene = Scene::new("multicast");
    let index = scene.client.index("vc");
    let client = SocketAddrV6::new(scene.client.link_local("vc"), CLIENT_PORT, 0, index);
    let peer = Peer::bind_to(&scene.client, client);
    let from = server_port(scene.server.link_local("vs"), index);
    let lease = acquire(&peer, &Customer::new(1), &[], scene.multicast(), from);
    assert_eq!(lease.subnet(), 4, "the subnet of the interface");
}

#[test]
fn by_multicast_from_a_global_address() {
    let scene = Scene::new("multicast-global");
    let peer = Peer::bind_to(&scene.client, SocketAddrV6::new(Scene::CLIENT, CLIENT_PORT, 0, 0));
    let from = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    let lease = acquire(&peer, &Customer::new(1), &[], scene.multicast(), from);
    assert_eq!(lease.subnet(), 1, "the subnet of the client's prefix");
}

#[test]
fn by_unicast_from_a_link_local_address_to_a_global_one() {
    let scene = Scene::new("mixed");
    let index = scene.client.index("vc");
    let client = SocketAddrV6::new(scene.client.link_local("vc"), CLIENT_PORT, 0, index);
    let peer = Peer::bind_to(&scene.client, client);
    let lease = acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    assert_eq!(lease.subnet(), 4);
}

#[test]
fn by_unicast_to_the_link_local_address() {
    let scene = Scene::new("link-local");
    let server = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    acquire(&scene.client_port(), &Customer::new(1), &[], server, server);
}

#[test]
fn after_a_client_that_went_away_before_its_answer() {
    let scene = Scene::in_order("went-away");
    let discover = query(QueryFlags::default(), &Customer::new(1).discover());
    for _ in 0..10 {
        // Nobody is at the port that the answer goes to, and the client's machine says so.
        Peer::bind(&scene.client, 0).send(&discover, scene.unicast());
    }
    // A relay is answered at another port, and after all the others.
    let relay = Relay::new(0, address("2001:db8:2::1"), address("fe80::c"));
    acquire(&scene.relay_port(), &Customer::new(2), &[relay], scene.unicast(), scene.unicast());
    scene.still_answers(&scene.client_port());
    assert_eq!(scene.fosix.stop().get("pkt4-offer-sent"), 12);
}

#[test]
fn with_a_query_of_60_000_octets() {
    let scene = Scene::new("large");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let bytes = query_with(
        QueryFlags::default(),
        &[(OptionCode::USER_CLASS, &vec![0; 60_000 - 400]), (OptionCode::DHCPV4_MSG, &customer.discover())],
    );
    let inner = dhcpv4_of(&peer.exchange(&bytes, scene.unicast()).bytes);
    lease_of(&reply(&inner, MessageType::OFFER), &customer);
}

#[test]
fn relayed_once() {
    let scene = Scene::new("relayed-once");
    let peer = scene.relay_port();
    let relay = Relay::new(0, address("2001:db8:2::1"), address("fe80::c"));
    let lease = acquire(&peer, &Customer::new(1), &[relay], scene.unicast(), scene.unicast());
    assert_eq!(lease.subnet(), 2, "the subnet of the link-address, not of the relay");
}

#[test]
fn relayed_with_an_interface_id() {
    let scene = Scene::new("interface-id");
    let peer = scene.relay_port();
    let relay = Relay {
        interface_id: Some(b"vlan3".to_vec()),
        ..Relay::new(0, address("2001:db8:2::1"), address("fe80::c"))
    };
    let lease = acquire(&peer, &Customer::new(1), &[relay], scene.unicast(), scene.unicast());
    assert_eq!(lease.subnet(), 3, "the interface-id says more than the link-address");
}

#[test]
fn relayed_twice_and_more() {
    let scene = Scene::new("relayed-twice");
    let peer = scene.relay_port();
    let relays = three_relays();
    let twice = &relays[1..];
    assert_eq!(acquire(&peer, &Customer::new(1), twice, scene.unicast(), scene.unicast()).subnet(), 2);
    assert_eq!(acquire(&peer, &Customer::new(2), &relays, scene.unicast(), scene.unicast()).subnet(), 2);
}

#[test]
fn relayed_nine_times_but_not_ten_times() {
    let scene = Scene::in_order("nine");
    let peer = scene.relay_port();
    let levels = |count: u8| -> Vec<_> {
        let level = |hop_count| Relay::new(hop_count, address("2001:db8:2::1"), address("fe80::c"));
        (0..count).rev().map(level).collect()
    };
    let before = scene.fosix.counters();
    peer.send(
        &relayed(&levels(10), &query(QueryFlags::default(), &Customer::new(1).discover())),
        scene.unicast(),
    );
    acquire(&peer, &Customer::new(2), &levels(9), scene.unicast(), scene.unicast());
    assert_eq!(scene.fosix.counters().since(&before).get("pkt6-drop-too-many-relays"), Some(&1));
}

#[test]
fn relayed_from_another_port() {
    let scene = Scene::new("relay-port");
    let peer = Peer::bind(&scene.client, 0);
    // RFC 8357: the port of the outermost relay is where the answer goes; those inside are only put back.
    let [mut outer, mut middle, inner] = three_relays();
    outer.source_port = Some(0);
    middle.source_port = Some(10_000);
    let relays = [outer, middle, inner];
    assert_eq!(acquire(&peer, &Customer::new(1), &relays, scene.unicast(), scene.unicast()).subnet(), 2);
}

#[test]
fn relayed_to_the_servers_group() {
    let scene = Scene::new("site");
    let peer = scene.relay_port();
    let relay = Relay::new(0, address("2001:db8:2::1"), address("fe80::c"));
    let group = server_port(ALL_DHCP_SERVERS, scene.client.index("vc"));
    let customer = Customer::new(1);
    let discover = relayed(std::slice::from_ref(&relay), &query(QueryFlags::default(), &customer.discover()));
    let answer = peer.exchange(&discover, group);
    assert_eq!(answer.source.port(), SERVER_PORT);
    let inner = dhcpv4_of(&answer.bytes);
    lease_of(&reply(&inner, MessageType::OFFER), &customer);
    assert!(peer.receive_now().is_none());
}

#[test]
fn a_client_without_an_identifier_behind_a_relay_for_old_clients() {
    // RFC 9928: what a relay makes of an old client's message may have option 82, hops and giaddr.
    let scene = Scene::new("old-client");
    let peer = scene.relay_port();
    let customer = Customer::new(7);
    let agent_information = [1, 3, b'e', b't', b'h', 2, 2, 0xab, 0xcd];
    let mut header = v4::Header::request(customer.xid);
    header.hardware_type = 1;
    header.hardware_len = 6;
    header.chaddr[..6].copy_from_slice(&customer.hardware_address);
    header.hops = 1;
    header.giaddr = Ipv4Addr::new(198, 51, 100, 1);
    let mut discover = Vec::new();
    let mut w = v4::Writer::new(&mut discover, &header);
    w.option_u8(v4::OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
    w.option(v4::OptionCode::RELAY_AGENT_INFORMATION, &agent_information);
    w.finish().unwrap();

    let relay = Relay::new(0, address("2001:db8:2::1"), address("fe80::c"));
    let bytes = relayed(&[relay], &query(QueryFlags::default(), &discover));
    let answer = dhcpv4_of(&peer.exchange(&bytes, scene.unicast()).bytes);
    let offer = reply(&answer, MessageType::OFFER);
    assert_eq!(offer.giaddr(), header.giaddr);
    assert!(
        !offer.has_option(v4::OptionCode::CLIENT_IDENTIFIER),
        "RFC 6842: none where the client sent none"
    );
    let echoed = offer.option(v4::OptionCode::RELAY_AGENT_INFORMATION).unwrap();
    assert_eq!(echoed.contiguous(), Some(&agent_information[..]));
    assert_eq!(offer.yiaddr().octets()[..2], [10, 2]);
}

#[test]
fn a_server_without_any_ipv4_address() {
    let scene = Scene::with("no-ipv4", {
        let mut configuration = Scene::configuration();
        let options = configuration["Dhcp4"]["option-data"].as_array_mut().unwrap();
        options.retain(|option| option["name"] != "dhcp-server-identifier");
        configuration
    });
    scene.server.ip(&["-4", "address", "flush", "dev", "lo"]);
    let sockets = scene.server.run(|| std::fs::read_to_string("/proc/thread-self/net/udp").unwrap());
    assert_eq!(sockets.lines().count(), 1, "no IPv4 socket: {sockets}");
    let peer = scene.client_port();
    let lease = acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    // A name that stays within 169.254.1.0 to 169.254.254.255, where no address has to be.
    let [a, b, c, _] = lease.server.octets();
    assert!((a, b) == (169, 254) && (1..=254).contains(&c), "{}", lease.server);
    // And the client takes the server at its name.
    let answer =
        peer.exchange(&query(QueryFlags::UNICAST, &Customer::new(1).renew(lease.address)), scene.unicast());
    let inner = dhcpv4_of(&answer.bytes);
    assert_eq!(lease_of(&reply(&inner, MessageType::ACK), &Customer::new(1)), lease);
}

#[test]
fn through_two_routers_the_answer_finds_its_way_back() {
    // client - relay - router - server, with addresses from which only the routing table knows the way.
    let server = Netns::new("routed-server");
    let router = Netns::new("routed-router");
    let relay = Netns::new("routed-relay");
    server.link("vs", &router, "r1");
    router.link("r2", &relay, "vr");
    for (netns, interface, address) in [
        (&server, "vs", "2001:db8:1::1/64"),
        (&router, "r1", "2001:db8:1::ff/64"),
        (&router, "r2", "2001:db8:5::ff/64"),
        (&relay, "vr", "2001:db8:5::1/64"),
    ] {
        netns.add_address(interface, address);
    }
    router.run(|| std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").unwrap());
    server.add_route("2001:db8:5::/64", "2001:db8:1::ff".parse().unwrap());
    relay.add_route("2001:db8:1::/64", "2001:db8:5::ff".parse().unwrap());
    let fosix = Fosix::start(&server, Scene::configuration());
    let peer = Peer::bind(&relay, SERVER_PORT);
    let to = server_port(Scene::SERVER, 0);
    let level = Relay::new(0, address("2001:db8:2::1"), address("fe80::c"));
    assert_eq!(acquire(&peer, &Customer::new(1), &[level], to, to).subnet(), 2);
    fosix.stop().assert_balanced();
}
