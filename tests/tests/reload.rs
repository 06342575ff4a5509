//! SIGHUP: another configuration is in force as a whole, or not at all; leases and sockets stay.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_tests::{
    Customer, Halves, Link, Peer, Scene, acquire, dhcpv4_of, lease_of, message6, query, reply,
};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{self, IaAddress, IaNa, OptionCode, Packet, QueryFlags};
use serde_json::json;

/// The address that a server advertises to a client that sends Solicit by multicast.
fn advertised(peer: &Peer, scene: &Scene, client: u8) -> Option<Ipv6Addr> {
    let options: [(OptionCode, &[u8]); 2] =
        [(OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0, client]), (OptionCode::IA_NA, &[0; 12])];
    let answer =
        peer.exchange(&message6(v6::MessageType::SOLICIT, [7, 7, client], &options), scene.multicast());
    let packet = Packet::new_checked(&answer.bytes, 1).unwrap();
    let association = IaNa::new_checked(packet.message().options().find(OptionCode::IA_NA)?).unwrap();
    Some(IaAddress::new_checked(association.options.find(OptionCode::IA_ADDR)?).unwrap().address)
}

#[test]
fn other_pools_are_given_out_of_and_leases_stay() {
    let mut configuration = Scene::configuration();
    configuration["Dhcp6"]["subnet6"] = json!([{
        "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::1:1 - 2001:db8:1::1:f" } ]
    }]);
    let scene = Scene::in_order_with("reload", configuration.clone());
    let peer = scene.client_port();
    let lease = acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    assert_eq!(advertised(&peer, &scene, 1), Some("2001:db8:1::1:1".parse().unwrap()));

    configuration["Fosix"]["workers"] = json!(1);
    configuration["Dhcp4"]["subnet4"][0]["pools"] = json!([{ "pool": "10.1.200.10 - 10.1.200.20" }]);
    configuration["Dhcp6"]["subnet6"][0]["pools"] = json!([{ "pool": "2001:db8:1::2:1 - 2001:db8:1::2:f" }]);
    scene.fosix.reload(configuration).unwrap();

    let other = acquire(&peer, &Customer::new(2), &[], scene.unicast(), scene.unicast());
    assert_eq!(other.address, Ipv4Addr::new(10, 1, 200, 10));
    assert_eq!(advertised(&peer, &scene, 2), Some("2001:db8:1::2:1".parse().unwrap()));
    // The first client's address is of no pool any more, and nobody else gets it.
    let renewal = query(QueryFlags::UNICAST, &Customer::new(1).renew(lease.address));
    let answer = dhcpv4_of(&peer.exchange(&renewal, scene.unicast()).bytes);
    reply(&answer, MessageType::NAK);
    scene.fosix.counters().assert_balanced();
}

#[test]
fn what_is_wrong_or_needs_a_restart_changes_nothing() {
    let scene = Scene::in_order("reload-not");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let lease = acquire(&peer, &customer, &[], scene.unicast(), scene.unicast());

    let mut wrong = Scene::configuration();
    wrong["Fosix"]["workers"] = json!(1);
    wrong["Dhcp4"]["subnet4"][0]["pools"] = json!([{ "pool": "10.1.200.10 - 10.1.200.20" }]);
    let mut fixed = wrong.clone();
    wrong["Dhcp6"]["subnet6"] = json!([{ "id": 1, "subnet": "2001:db8:1::/129" }]);
    let why = scene.fosix.reload(wrong).unwrap_err();
    assert!(why.contains("/129") && why.contains("fosix.json"), "{why}");
    fixed["Fosix"]["workers"] = json!(2);
    fixed["Fosix"]["offers"] = json!({ "limit": 7 });
    let why = scene.fosix.reload(fixed).unwrap_err();
    assert!(why.contains("`Fosix.workers`, the limit of `Fosix.offers` cannot change"), "{why}");

    let renewal = query(QueryFlags::UNICAST, &customer.renew(lease.address));
    let answer = dhcpv4_of(&peer.exchange(&renewal, scene.unicast()).bytes);
    assert_eq!(lease_of(&reply(&answer, MessageType::ACK), &customer), lease);
    let other = acquire(&peer, &Customer::new(2), &[], scene.unicast(), scene.unicast());
    assert!(other.address < Ipv4Addr::new(10, 1, 1, 0), "{other:?}");
}

#[test]
fn an_interface_is_served_once_it_is_configured_and_no_longer_than_that() {
    let mut configuration = Scene::configuration();
    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["lo"]);
    let scene = Scene::in_order_with("reload-if", configuration.clone());
    let peer = scene.client_port();
    configuration["Fosix"]["workers"] = json!(1);
    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["vs"]);
    scene.fosix.reload(configuration.clone()).unwrap();
    acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());

    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["lo"]);
    scene.fosix.reload(configuration).unwrap();
    let before = scene.fosix.counters().get("pkt6-drop-not-served-here");
    peer.send(&query(QueryFlags::default(), &Customer::new(1).discover()), scene.unicast());
    scene.fosix.counters_when("pkt6-drop-not-served-here", before + 1);
}

#[test]
fn another_port_of_keas_link_is_opened_anew() {
    let halves = Halves::new("reload-port");
    let four = halves.fosix4(Link::Kea);
    let six = halves.fosix6(Link::Kea);
    let peer = Peer::bind(&halves.client, v6::CLIENT_PORT);
    let lease = acquire(&peer, &Customer::new(1), &[], halves.unicast(), halves.unicast());
    let before = six.counters().get("link-sent");
    assert!(before >= 2);

    let (mut configuration6, mut configuration4) =
        (halves.configuration6(Link::Kea), halves.configuration4(Link::Kea));
    for (half, configuration) in [("Dhcp6", &mut configuration6), ("Dhcp4", &mut configuration4)] {
        configuration[half]["dhcp4o6-port"] = json!(Halves::PORT + 10);
    }
    four.reload(configuration4).unwrap();
    six.reload(configuration6).unwrap();
    let other = acquire(&peer, &Customer::new(2), &[], halves.unicast(), halves.unicast());
    assert_ne!(other.address, lease.address);
    let counters = six.stop();
    assert!(counters.get("link-sent") >= before + 2, "what was counted before is not forgotten");
    counters.assert_balanced();
    four.stop().assert_balanced();
}

#[test]
fn hooks_that_change_are_stopped_and_others_are_told_what_happens_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let logs = ["first", "second"].map(|name| {
        let path = directory.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    });
    let with_log = |path: &std::path::Path| {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["workers"] = json!(1);
        configuration["Dhcp4"]["hooks-libraries"] =
            json!([{ "library": "libdhcp_legal_log.so", "parameters": { "path": path } }]);
        configuration
    };
    let scene = Scene::with("reload-hooks", with_log(&logs[0]));
    let peer = scene.client_port();
    let first = acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    scene.fosix.reload(with_log(&logs[1])).unwrap();
    let second = acquire(&peer, &Customer::new(2), &[], scene.unicast(), scene.unicast());
    scene.fosix.stop();

    let written = logs.map(|path| {
        let files = std::fs::read_dir(path).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>()
    });
    let mentions = written.map(|text| [first, second].map(|lease| text.contains(&lease.address.to_string())));
    assert_eq!(mentions, [[true, false], [false, true]]);
}
