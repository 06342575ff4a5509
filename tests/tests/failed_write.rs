//! A write to the log that fails: the server says so and ends, and no client is told of what may be lost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::process::Command;

use fosix_tests::{Customer, Fosix, Halves, Peer, Scene, acquire, query, run_to_end};
use fosix_wire::v6::{CLIENT_PORT, QueryFlags};
use serde_json::json;

#[test]
fn a_write_that_fails_ends_the_server_before_anything_is_promised() {
    let halves = Halves::new("failed-write");
    let directory = tempfile::tempdir().unwrap();
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "directory": directory.path().join("leases") });
    let server = Fosix::start(&halves.server, configuration.clone());
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    let (kept, lost) = (Customer::new(1), Customer::new(2));
    let lease = acquire(&peer, &kept, &[], halves.unicast(), halves.unicast());

    // From now on no file may be longer than its header: the next write to the log is refused.
    let process = server.process().id().to_string();
    run_to_end(Command::new("prlimit").args(["--pid", &process, "--fsize=64"]));
    let request = query(QueryFlags::UNICAST, &lost.select([10, 1, 0, 77].into(), lease.server));
    peer.send(&request, halves.unicast());
    let (status, lines) = server.wait();
    assert_eq!(status.code(), Some(74), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("cannot be made durable")), "{lines:#?}");
    assert!(peer.receive_now().is_none(), "an answer left that rests on what was not written");

    // What was promised before is there, and what was not is free.
    let _server = Fosix::start(&halves.server, configuration);
    let again = acquire(&peer, &kept, &[], halves.unicast(), halves.unicast());
    assert_eq!(again.address, lease.address);
    let other = acquire(&peer, &Customer::new(3), &[], halves.unicast(), halves.unicast());
    assert_ne!(other.address, lease.address);
}
