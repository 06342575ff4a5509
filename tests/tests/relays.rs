//! Through relay agents that others have written: ISC's dhcrelay, once and twice.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::net::SocketAddrV6;

use fosix_tests::{Customer, Fosix, Netns, Peer, Scene, dhcpv4_of, dhcrelay, lease_of, query, reply};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{ALL_DHCP_RELAY_AGENTS_AND_SERVERS, CLIENT_PORT, QueryFlags, SERVER_PORT};

/// Gets a lease by multicast on `vc`, as a client that knows nothing of relays.
fn get_lease(client: &Netns) -> u8 {
    let index = client.index("vc");
    let source = SocketAddrV6::new(client.link_local("vc"), CLIENT_PORT, 0, index);
    let peer = Peer::bind_to(client, source);
    let group = SocketAddrV6::new(ALL_DHCP_RELAY_AGENTS_AND_SERVERS, SERVER_PORT, 0, index);
    let customer = Customer::new(1);
    let ask = |message: &[u8]| dhcpv4_of(&peer.exchange(&query(QueryFlags::default(), message), group).bytes);
    let offer = ask(&customer.discover());
    let offered = lease_of(&reply(&offer, MessageType::OFFER), &customer);
    let ack = ask(&customer.select(offered.address, offered.server));
    assert_eq!(lease_of(&reply(&ack, MessageType::ACK), &customer), offered);
    offered.subnet()
}

#[test]
fn once() {
    let [client, relay, server] =
        ["client", "relay", "server"].map(|name| Netns::new(&format!("isc1-{name}")));
    client.link("vc", &relay, "down");
    relay.link("up", &server, "vs");
    relay.add_address("down", "2001:db8:2::1/64");
    relay.add_address("up", "2001:db8:1::2/64");
    server.add_address("vs", "2001:db8:1::1/64");
    let fosix = Fosix::start(&server, Scene::configuration());
    let _relay = dhcrelay(&relay, "down", "up", "2001:db8:1::1");
    assert_eq!(get_lease(&client), 2, "the subnet of the relay's link-address");
    fosix.stop().assert_balanced();
}

#[test]
fn twice() {
    let [client, near, far, server] =
        ["client", "near", "far", "server"].map(|name| Netns::new(&format!("isc2-{name}")));
    client.link("vc", &near, "down");
    near.link("up", &far, "down");
    far.link("up", &server, "vs");
    near.add_address("down", "2001:db8:2::1/64");
    near.add_address("up", "2001:db8:3::1/64");
    far.add_address("down", "2001:db8:3::2/64");
    far.add_address("up", "2001:db8:1::2/64");
    server.add_address("vs", "2001:db8:1::1/64");
    let fosix = Fosix::start(&server, Scene::configuration());
    let _far = dhcrelay(&far, "down", "up", "2001:db8:1::1");
    let _near = dhcrelay(&near, "down", "up", "2001:db8:3::2");
    assert_eq!(get_lease(&client), 2, "the subnet of the link-address nearest the client");
    fosix.stop().assert_balanced();
}
