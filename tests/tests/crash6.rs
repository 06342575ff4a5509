//! The DHCPv6 half is killed in the middle of its work, again and again: whatever it had told a client is still so afterwards.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::{HashMap, HashSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use fosix_tests::{Fleet6, Granted, Scene6};
use serde_json::{Value, json};

const ROUNDS: usize = 15;
const CLIENTS: u32 = 400;

/// The relay's address on the clients' link.
const LINK: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1);

/// What the rounds have seen, so that none of them passes for want of anything to see.
#[derive(Debug, Default)]
struct Seen {
    rounds_with_unanswered: usize,
    confirmed: usize,
    released: usize,
    holders: HashMap<String, HashSet<u32>>,
}

#[test]
fn it_is_killed_under_load_and_no_promise_is_broken() {
    let scene = Scene6::new("crash6");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    scene.server.ip(&["route", "add", "2001:db8:2::/64", "via", "2001:db8:1::2"]);
    let mut fleet = Fleet6::new(&scene.client, CLIENTS, LINK);
    let mut seen = Seen::default();
    for round in 0..ROUNDS {
        let server = scene.serve(configuration());
        confirm(&mut fleet, &scene, &mut seen);
        // Each round ends at another place.
        let enough = fleet.replies() + 500 + u64::try_from(61 * round % 700).unwrap();
        while fleet.replies() < enough {
            fleet.release(5);
            seen.released += 5;
            fleet.go_on();
            let some = fleet.replies() + 20;
            fleet.take_until("some answers", |fleet| fleet.replies() >= some);
        }
        fleet.go_on();
        server.kill();
        // What had left before the end has been told.
        while fleet.take(Duration::ZERO) > 0 {}
        seen.rounds_with_unanswered += usize::from(fleet.unanswered() > 0);
        assert!(fleet.held().count() > 0, "no lease was given before the end");
    }
    let server = scene.serve(configuration());
    confirm(&mut fleet, &scene, &mut seen);
    server.stop().assert_balanced();
    assert!(
        seen.rounds_with_unanswered > ROUNDS / 2,
        "{} rounds ended amid work",
        seen.rounds_with_unanswered
    );
    assert!(seen.confirmed > ROUNDS * CLIENTS as usize / 2, "{} clients were confirmed", seen.confirmed);
    let reused = |prefix: bool| {
        let given_again =
            seen.holders.iter().filter(|(text, holders)| text.contains('/') == prefix && holders.len() > 1);
        given_again.count()
    };
    assert!(
        seen.released > 0 && reused(false) > 0 && reused(true) > 0,
        "nothing was given to another client"
    );
}

/// Few addresses and prefixes, so that those that are given back are given out again.
fn configuration() -> Value {
    let mut configuration = Scene6::configuration(1000, 2000);
    let subnet = &mut configuration["Dhcp6"]["subnet6"][1];
    subnet["rapid-commit"] = json!(true);
    subnet["pools"] = json!([ { "pool": "2001:db8:2::100 - 2001:db8:2::2ff" } ]);
    subnet["pd-pools"] = json!([ { "prefix": "2001:db8:2000::", "prefix-len": 47, "delegated-len": 56 } ]);
    configuration["Fosix"]["workers"] = json!(2);
    configuration
}

/// All that a client was told of is in the store, as that client's, and can be renewed.
fn confirm(fleet: &mut Fleet6, scene: &Scene6, seen: &mut Seen) {
    let assigned = scene.leases("assigned");
    let mut count = 0;
    for (subscriber, held) in fleet.held() {
        let duid: Vec<_> = subscriber.duid.iter().map(|byte| format!("{byte:02x}")).collect();
        let held = held.texts();
        assert_eq!(
            assigned.get(&duid.join(":")),
            Some(&Granted::from(held.clone())),
            "what {subscriber:?} has"
        );
        for text in held {
            seen.holders.entry(text).or_default().insert(subscriber.transaction_id);
        }
        count += 1;
    }
    seen.confirmed += count;
    fleet.renew_all();
    assert_eq!(fleet.held().count(), count);
}
