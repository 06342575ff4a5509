//! Which interfaces and addresses are served, also when they come and go.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_tests::{Customer, Fosix, Peer, Scene, acquire, query};
use fosix_wire::v6::{CLIENT_PORT, QueryFlags, SERVER_PORT};
use serde_json::{Value, json};

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn server_port(address: Ipv6Addr, interface_index: u32) -> SocketAddrV6 {
    SocketAddrV6::new(address, SERVER_PORT, 0, interface_index)
}

/// The scene's configuration with this list of interfaces.
fn listening_on(interfaces: &[&str]) -> Value {
    let mut configuration = Scene::configuration();
    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(interfaces);
    configuration
}

#[test]
fn an_address_that_was_added_later_is_served() {
    let scene = Scene::new("added");
    scene.server.add_address("vs", "2001:db8:1::aaaa/64");
    let server = server_port(address("2001:db8:1::aaaa"), 0);
    acquire(&scene.client_port(), &Customer::new(1), &[], server, server);
}

#[test]
fn an_address_of_an_interface_that_is_not_served_is_not_answered() {
    let scene = Scene::in_order("elsewhere");
    scene.server.link("other", &scene.client, "vo");
    scene.server.add_address("other", "2001:db8:9::1/64");
    scene.client.add_address("vo", "2001:db8:9::2/64");
    let peer = scene.client_port();
    peer.send(
        &query(QueryFlags::default(), &Customer::new(1).discover()),
        server_port(address("2001:db8:9::1"), 0),
    );
    scene.fosix.counters_when("pkt6-drop-not-served-here", 1);
    scene.still_answers(&peer);
}

#[test]
fn of_an_interface_one_address_can_be_served_alone() {
    let scene = Scene::in_order_with("alone", listening_on(&["vs/2001:db8:1::1"]));
    scene.server.add_address("vs", "2001:db8:1::aaaa/64");
    let peer = scene.client_port();
    let discover = query(QueryFlags::default(), &Customer::new(1).discover());
    let link_local = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    peer.send(&discover, server_port(address("2001:db8:1::aaaa"), 0));
    peer.send(&discover, link_local);
    peer.send(&discover, scene.multicast());
    scene.fosix.counters_when("pkt6-drop-not-served-here", 2);
    scene.still_answers(&peer);
    // Nobody has joined the group: what is sent there is not received.
    assert_eq!(scene.fosix.stop().get("pkt6-received"), 4);
}

#[test]
fn of_an_interface_all_is_served_though_one_address_is_named_beside_it() {
    let scene = Scene::with("beside", listening_on(&["vs", "vs/2001:db8:1::1"]));
    scene.server.add_address("vs", "2001:db8:1::aaaa/64");
    let peer = scene.client_port();
    let link_local = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    for (number, to, from) in [
        (1, scene.unicast(), scene.unicast()),
        (2, server_port(address("2001:db8:1::aaaa"), 0), server_port(address("2001:db8:1::aaaa"), 0)),
        (3, link_local, link_local),
        (4, scene.multicast(), link_local),
    ] {
        acquire(&peer, &Customer::new(number), &[], to, from);
    }
    assert_eq!(scene.fosix.stop().get("pkt6-received"), 8, "each was received once");
}

#[test]
fn a_star_serves_every_interface_of_now_and_later() {
    let scene = Scene::with("star", listening_on(&["*"]));
    scene.server.link("vt", &scene.client, "vd");
    scene.fosix.process().wait_until("that it listens on `vt` too", |lines| {
        lines.iter().any(|line| line.contains("listening for multicast") && line.contains("vt")).then_some(())
    });
    scene.server.add_address("vt", "2001:db8:2::1/64");
    scene.client.add_address("vd", "2001:db8:2::2/64");
    let there = server_port(address("2001:db8:2::1"), 0);
    let peer = scene.client_port();
    assert_eq!(acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast()).subnet(), 1);
    assert_eq!(acquire(&peer, &Customer::new(2), &[], there, there).subnet(), 2);
    let from = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    assert_eq!(acquire(&peer, &Customer::new(3), &[], scene.multicast(), from).subnet(), 4);
    assert_eq!(scene.fosix.stop().get("pkt6-received"), 6, "each was received once");
}

#[test]
fn an_interface_that_was_down_is_served_again() {
    let scene = Scene::new("down");
    scene.server.down("vs");
    scene.server.up("vs");
    scene.server.wait_for_link_local("vs");
    scene.client.wait_for_link_local("vc");
    // The kernel has taken the address away.
    scene.server.add_address("vs", "2001:db8:1::1/64");
    let peer = scene.client_port();
    let from = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    acquire(&peer, &Customer::new(1), &[], scene.multicast(), from);
    acquire(&peer, &Customer::new(2), &[], scene.unicast(), scene.unicast());
}

#[test]
fn an_interface_that_came_later_is_served() {
    let scene = Scene::with("came-later", listening_on(&["vs", "later"]));
    scene.server.link("later", &scene.client, "vl");
    scene.fosix.process().wait_until("that it listens on `later` too", |lines| {
        lines
            .iter()
            .any(|line| line.contains("listening for multicast") && line.contains("later"))
            .then_some(())
    });
    scene.server.add_address("later", "2001:db8:2::1/64");
    scene.client.add_address("vl", "2001:db8:2::2/64");
    let peer = scene.client_port();
    let server = server_port(address("2001:db8:2::1"), 0);
    assert_eq!(acquire(&peer, &Customer::new(1), &[], server, server).subnet(), 2);

    let index = scene.client.index("vl");
    let mut group = scene.multicast();
    group.set_scope_id(index);
    let from = server_port(scene.server.link_local("later"), index);
    let client = SocketAddrV6::new(address("2001:db8:2::2"), CLIENT_PORT, 0, 0);
    drop(peer);
    let peer = Peer::bind_to(&scene.client, client);
    assert_eq!(acquire(&peer, &Customer::new(2), &[], group, from).subnet(), 2);
}

#[test]
fn an_interface_that_went_and_came_back_is_served_again() {
    let scene = Scene::new("came-back");
    scene.server.delete("vs");
    scene.fosix.process().wait_until("that the interface is gone", |lines| {
        lines.iter().any(|line| line.contains("the interface is gone")).then_some(())
    });
    scene.server.link("vs", &scene.client, "vc");
    scene.fosix.process().wait_until("that it listens again", |lines| {
        (lines.iter().filter(|line| line.contains("listening for multicast")).count() == 2).then_some(())
    });
    scene.server.add_address("vs", "2001:db8:1::1/64");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    let peer = scene.client_port();
    assert_eq!(acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast()).subnet(), 1);
    let from = server_port(scene.server.link_local("vs"), scene.client.index("vc"));
    assert_eq!(acquire(&peer, &Customer::new(2), &[], scene.multicast(), from).subnet(), 4);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn a_second_server_says_why_it_does_not_start() {
    let scene = Scene::new("two-servers");
    let second = Fosix::launch(&scene.server, Scene::configuration());
    second.process().wait_for_line("UDP port 547 is in use");
    let peer = scene.client_port();
    acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
}
