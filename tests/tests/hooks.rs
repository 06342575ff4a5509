//! The hooks that are shipped, in a server that runs: what they leave behind of a client's lease.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::slice;

use fosix_tests::{Customer, Lease, Peer, Relay, Scene, acquire, query, relayed};
use fosix_wire::v6::QueryFlags;
use serde_json::{Value, json};

/// Binds a client behind a relay, and has it give its address back.
fn lease_and_release(scene: &Scene, peer: &Peer) -> Lease {
    let customer = Customer::new(7);
    let relay = Relay {
        interface_id: Some(b"vlan3".to_vec()),
        ..Relay::new(0, "2001:db8:1::2".parse().unwrap(), "fe80::7".parse().unwrap())
    };
    let lease = acquire(peer, &customer, slice::from_ref(&relay), scene.unicast(), scene.unicast());
    let release = query(QueryFlags::UNICAST, &customer.release(lease.address, lease.server));
    peer.send(&relayed(&[relay], &release), scene.unicast());
    lease
}

fn lines(directory: &Path) -> Vec<Value> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    // One more file where the test runs over midnight.
    let mut logs: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    logs.sort();
    let text: String = logs.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_lease_is_in_the_legal_log_and_the_script_was_run() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("script");
    let told = directory.path().join("told");
    let body = format!(
        "#!/bin/sh\necho $1 $LEASES4_AT0_ADDRESS$LEASE4_ADDRESS $QUERY4_TYPE >> {}\n",
        told.display()
    );
    fs::write(&script, body).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut configuration = Scene::configuration();
    configuration["Dhcp4"]["hooks-libraries"] = json!([
        { "library": "libdhcp_legal_log.so", "parameters": { "path": directory.path() } },
        { "library": "run_script", "parameters": { "name": script, "max-processes": 1 } },
    ]);
    let scene = Scene::in_order_with("hooks", configuration);
    let peer = scene.relay_port();
    let lease = lease_and_release(&scene, &peer);
    // One worker: when this is answered, the release has been served.
    scene.catch_up(&scene.client_port());
    let counters = scene.fosix.stop();
    counters.assert_balanced();
    for (counter, expected) in [
        ("legal-log-written", 2),
        ("legal-log-lost", 0),
        ("run-script-succeeded", 2),
        ("run-script-lost", 0),
        ("pkt4-drop-hook", 0),
    ] {
        assert_eq!(counters.get(counter), expected, "{counter}");
    }

    let lines = lines(directory.path());
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["assigned", "released"]);
    for line in &lines {
        assert_eq!(line["address"], json!(lease.address));
        assert_eq!(line["source"], json!("2001:db8:1::2"));
        let relays = json!([
            { "link_address": "2001:db8:1::2", "interface_id": "76:6c:61:6e:33", "remote_id": null }
        ]);
        assert_eq!(line["relays"], relays);
        assert_eq!(line["from"], lines[0]["from"]);
    }
    let address = lease.address;
    let expected = format!("leases4_committed {address} DHCPREQUEST\nlease4_release {address} DHCPRELEASE\n");
    assert_eq!(fs::read_to_string(told).unwrap(), expected);
}
