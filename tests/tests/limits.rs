//! Limits of a running server: across a kill and a restart, with another configuration, and under a flood.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_tests::{Customer, Fosix, Halves, Peer, Relay, Scene, acquire, dhcpv4_of, query, relayed, reply};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{QueryFlags, SERVER_PORT};
use serde_json::{Value, json};

/// A network without a server.
struct Place {
    halves: Halves,
    relay: Peer,
}

const SERVER: SocketAddrV6 = SocketAddrV6::new(Scene::SERVER, SERVER_PORT, 0, 0);

impl Place {
    fn new(label: &str) -> Self {
        let halves = Halves::new(label);
        let relay = Peer::bind(&halves.client, SERVER_PORT);
        Self { halves, relay }
    }

    fn serve(&self, configuration: &Value) -> Fosix {
        Fosix::start(&self.halves.server, configuration.clone())
    }

    /// Sends without waiting: there need not be an answer.
    fn send(&self, line: &Relay, message: &[u8]) {
        let query = relayed(std::slice::from_ref(line), &query(QueryFlags::default(), message));
        self.relay.send(&query, SERVER);
    }

    fn acquire(&self, line: &Relay, customer: &Customer) {
        acquire(&self.relay, customer, std::slice::from_ref(line), SERVER, SERVER);
    }
}

/// A port of a relay, with one client at it.
fn line(port: u16) -> Relay {
    Relay {
        hop_count: 0,
        link_address: "2001:db8:1::9".parse().unwrap(),
        peer_address: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 9, port),
        interface_id: Some(format!("port {port}").into_bytes()),
        source_port: None,
    }
}

#[test]
fn a_line_has_as_many_addresses_as_it_may_also_after_a_kill_and_not_after_a_reload() {
    let place = Place::new("limits-leases");
    let directory = tempfile::tempdir().unwrap();
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "directory": directory.path().join("leases") });
    configuration["Fosix"]["limits"] = json!({ "interface-id": { "address-limit": 1 } });
    let fosix = place.serve(&configuration);
    place.acquire(&line(7), &Customer::new(1));
    place.send(&line(7), &Customer::new(2).discover());
    place.acquire(&line(8), &Customer::new(3));
    let line_of_log = fosix.process().wait_for_line("a limit of leases is reached");
    assert!(
        line_of_log.contains("1 of each interface-id") && line_of_log.contains("port 7"),
        "{line_of_log}"
    );
    fosix.counters_when("pkt4-drop-lease-limit", 1).assert_balanced();
    fosix.kill();

    let fosix = place.serve(&configuration);
    place.send(&line(7), &Customer::new(2).discover());
    place.acquire(&line(9), &Customer::new(4));
    let counters = fosix.counters_when("pkt4-drop-lease-limit", 1);
    assert_eq!(counters.get("lease4-limit-interface-id"), 1);

    configuration["Fosix"]["limits"] = json!({ "interface-id": { "address-limit": 2 } });
    fosix.reload(configuration).unwrap();
    place.acquire(&line(7), &Customer::new(2));
    place.send(&line(7), &Customer::new(5).discover());
    place.acquire(&line(10), &Customer::new(6));
    fosix.counters_when("pkt4-drop-lease-limit", 2).assert_balanced();
}

#[test]
fn whoever_sends_too_much_is_not_heard_and_all_others_are() {
    let place = Place::new("limits-rate");
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["limits"] = json!({ "client": { "rate-limit": "20 packets per hour" } });
    let fosix = place.serve(&configuration);
    let offender = Customer::new(1);
    let flood = relayed(&[line(1)], &query(QueryFlags::default(), &offender.discover()));
    for _ in 0..20 {
        let answer = place.relay.exchange(&flood, SERVER);
        reply(&dhcpv4_of(&answer.bytes), MessageType::OFFER);
    }
    for number in 0..200 {
        place.relay.send(&flood, SERVER);
        if number % 20 == 0 {
            place.acquire(&line(100 + number), &Customer::new(u32::from(100 + number)));
        }
    }
    let counters = fosix.counters_when("pkt6-drop-rate-client", 200);
    counters.assert_balanced();
    // Of many only a few are told of, so that nobody fills the log.
    let told =
        fosix.process().lines().iter().filter(|line| line.contains("a limit of packets is reached")).count();
    assert!((1..=60).contains(&told), "{told}");
}
