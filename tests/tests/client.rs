//! `fosix client` against `fosix serve`, each in a namespace of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use fosix_tests::{Netns, Scene, program};
use serde_json::{Value, json};

/// Runs the client where the scene's client is; its exit status and what it says in JSON.
fn client(netns: &Netns, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = netns
        .command(program())
        .args(["client", "--json", "--fast-retransmit", "250"])
        .args(arguments)
        .output()
        .expect("cannot run the client");
    let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let (out, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("not JSON: {error}\n{out}\n{errors}")
    });
    (output.status.code(), said)
}

/// Runs the client, which must succeed; the second octet of its address is the number of the subnet.
fn subnet_of_lease(netns: &Netns, arguments: &[&str]) -> u8 {
    let (status, said) = client(netns, arguments);
    assert_eq!((status, &said["success"]), (Some(0), &json!(true)), "{said:#}");
    assert_eq!(said["lease"]["server_identifier"], "192.0.2.1");
    assert_eq!(said["lease"]["lease_time"], 4000);
    let address: std::net::Ipv4Addr = said["lease"]["address"].as_str().unwrap().parse().unwrap();
    address.octets()[1]
}

#[test]
fn gets_a_lease_by_unicast() {
    let scene = Scene::new("client-unicast");
    assert_eq!(subnet_of_lease(&scene.client, &["--server", "2001:db8:1::1", "--direct"]), 1);
    assert_eq!(scene.fosix.stop().get("pkt4-ack-sent"), 1);
}

#[test]
fn finds_the_server_by_multicast_and_goes_on_by_unicast() {
    let scene = Scene::new("client-found");
    // The query goes to the address in option 88, from an address that fits it.
    assert_eq!(subnet_of_lease(&scene.client, &["--interface", "vc"]), 1);
    let counters = scene.fosix.stop();
    assert_eq!((counters.get("pkt6-infrequest-received"), counters.get("pkt4-ack-sent")), (1, 1));
}

#[test]
fn gets_a_lease_by_multicast() {
    let scene = Scene::with("client-multicast", {
        let mut configuration = Scene::configuration();
        // RFC 7341 §9: without addresses in option 88, all queries go to the multicast group.
        configuration["Dhcp6"]["option-data"][0]["data"] = json!("");
        configuration
    });
    assert_eq!(subnet_of_lease(&scene.client, &["--interface", "vc"]), 4);
    assert_eq!(scene.fosix.stop().get("pkt4-ack-sent"), 1);
}

#[test]
fn gets_a_lease_through_relays() {
    let scene = Scene::new("client-relayed");
    let relayed = ["--server", "2001:db8:1::1", "--relay", "--link-address", "2001:db8:2::1"];
    assert_eq!(subnet_of_lease(&scene.client, &relayed), 2);
    let twice = [&relayed[..], &["--interface-id", "vlan3", "--relay-levels", "2"]].concat();
    assert_eq!(subnet_of_lease(&scene.client, &twice), 3);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn does_all_that_a_client_does_with_a_lease() {
    let scene = Scene::new("client-life");
    let server = ["--server", "2001:db8:1::1"];
    assert_eq!(
        subnet_of_lease(&scene.client, &[&server[..], &["--renew", "--rebind", "--inform"]].concat()),
        1
    );
    for end in ["--release", "--decline"] {
        let (status, said) = client(&scene.client, &[&server[..], &[end]].concat());
        assert_eq!((status, &said["lease"]), (Some(0), &Value::Null), "{said:#}");
    }
    // What is sent later is served later: by now the server has seen what needs no answer.
    assert_eq!(subnet_of_lease(&scene.client, &server), 1);
    let counters = scene.fosix.stop();
    assert_eq!(counters.get("pkt4-ack-sent"), 7);
    assert_eq!((counters.get("pkt4-no-answer-release"), counters.get("pkt4-no-answer-decline")), (1, 1));
    counters.assert_balanced();
}

#[test]
fn is_many_clients_each_with_its_own_address() {
    let scene = Scene::new("client-many");
    let (status, said) = client(&scene.client, &["--server", "2001:db8:1::1", "--count", "1000"]);
    assert_eq!(status, Some(0), "{said:#}");
    assert_eq!((&said["bound"], &said["failed"], &said["duplicates"]), (&json!(1000), &json!(0), &json!([])));
}

#[test]
fn says_so_when_nobody_answers() {
    let scene = Scene::new("client-alone");
    let arguments = ["--server", "2001:db8:1::99", "--direct", "--timeout", "0.5"];
    let (status, said) = client(&scene.client, &arguments);
    assert_eq!(
        (status, &said["success"], &said["lease"]),
        (Some(1), &json!(false), &Value::Null),
        "{said:#}"
    );
    assert!(said["error"].is_string());
}
