//! The server is killed in the middle of its work, again and again: whatever it had told a client is still so afterwards.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use fosix_tests::{Fleet, Fosix, Halves, Link, Netns, Scene, leases_listed};
use serde_json::{Value, json};
use tempfile::TempDir;

const ROUNDS: usize = 20;
const CLIENTS: u32 = 400;

#[test]
fn both_halves_are_killed_under_load_and_no_promise_is_broken() {
    let halves = Halves::new("crash");
    let directory = tempfile::tempdir().unwrap();
    let configuration = on(&directory, Scene::configuration());
    crashes(&halves.client, directory.path(), || Fosix::start(&halves.server, configuration.clone()));
}

#[test]
fn the_dhcpv4_half_alone_is_killed_under_load_and_no_promise_is_broken() {
    let halves = Halves::new("crash4");
    let directory = tempfile::tempdir().unwrap();
    let configuration = on(&directory, halves.configuration4(Link::Own));
    let six = halves.fosix6(Link::Own);
    crashes(&halves.client, directory.path(), || {
        let seen = six.process().line_count();
        let four = Fosix::start(&halves.server, configuration.clone());
        // Until then queries are lost, and there is no load to be killed under.
        six.process().wait_for(seen, "that the other half is there", |line| {
            line.contains("connected with the DHCPv4 half").then_some(())
        });
        four
    });
    six.stop().assert_balanced();
}

/// The configuration with leases in `directory` and few addresses, so that those that are given back are given out again.
fn on(directory: &TempDir, mut configuration: Value) -> Value {
    configuration["Fosix"]["store"] = json!({ "directory": directory.path() });
    configuration["Dhcp4"]["subnet4"][0]["pools"] = json!([ { "pool": "10.1.0.10 - 10.1.2.10" } ]);
    configuration
}

/// What the rounds have seen, so that none of them passes for want of anything to see.
#[derive(Debug, Default)]
struct Seen {
    rounds_with_unanswered: usize,
    confirmed: usize,
    released: usize,
    addresses: HashMap<Ipv4Addr, HashSet<u32>>,
}

fn crashes(client: &Netns, directory: &Path, start: impl Fn() -> Fosix) {
    let mut fleet = Fleet::new(client, CLIENTS, Vec::new());
    let mut seen = Seen::default();
    for round in 0..ROUNDS {
        let server = start();
        confirm(&mut fleet, directory, &mut seen);
        let before = fleet.acks();
        // Each round ends at another place.
        let enough = before + 500 + u64::try_from(61 * round % 700).unwrap();
        while fleet.acks() < enough {
            fleet.release(5);
            seen.released += 5;
            fleet.go_on();
            fleet.take_until("an answer", |fleet| fleet.unanswered() < CLIENTS as usize);
        }
        fleet.go_on();
        server.kill();
        // What had left before the end has been told.
        while fleet.take(Duration::ZERO) > 0 {}
        seen.rounds_with_unanswered += usize::from(fleet.unanswered() > 0);
        assert!(fleet.held().count() > 0, "no lease was acknowledged before the end");
    }
    let server = start();
    confirm(&mut fleet, directory, &mut seen);
    server.stop().assert_balanced();
    assert!(
        seen.rounds_with_unanswered > ROUNDS / 2,
        "{} rounds ended amid work",
        seen.rounds_with_unanswered
    );
    assert!(seen.confirmed > ROUNDS * CLIENTS as usize / 2, "{} leases were confirmed", seen.confirmed);
    let reused = seen.addresses.values().filter(|holders| holders.len() > 1).count();
    assert!(seen.released > 0 && reused > 0, "no address was given to another client");
}

/// Every lease that a client was told of is in the store, as that client's, and can be renewed.
fn confirm(fleet: &mut Fleet, directory: &Path, seen: &mut Seen) {
    let assigned: HashMap<Ipv4Addr, String> = leases_listed(directory, &["--state", "assigned"])
        .iter()
        .map(|lease| {
            let address = lease["ip-address"].as_str().unwrap().parse().unwrap();
            (address, lease["client-id"].as_str().unwrap().to_owned())
        })
        .collect();
    let mut count = 0;
    for (customer, held) in fleet.held() {
        let client: Vec<_> = customer.client_id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(assigned.get(&held.address), Some(&client.join(":")), "who has {}", held.address);
        seen.addresses.entry(held.address).or_default().insert(customer.xid);
        count += 1;
    }
    seen.confirmed += count;
    fleet.renew_all();
    assert_eq!(fleet.held().count(), count);
}
