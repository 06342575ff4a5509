//! Clients behind relay agents that others have written, ISC's dhcrelay, once and twice: their addresses and prefixes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::Ipv6Addr;

use fosix_tests::{
    Dhclient, DhclientRun, Fosix, Granted, Netns, Scene6, dhcrelay, global_addresses, leases_listed6,
};
use serde_json::{Value, json};

/// Gets an address and a prefix of subnet 2 behind a relay, renews them when the server was killed meanwhile, and releases them.
/// There are so many `hops`, the nearest of them with link-address 2001:db8:2::1.
fn gets_renews_and_releases(scene: &Scene6, client: &Netns, hops: usize) {
    let mut configuration = Scene6::configuration(3, 2000);
    // A relay's answer comes back to it by unicast only.
    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["vs/2001:db8:1::1"]);
    let server = scene.serve(configuration.clone());
    let host = Dhclient::new(client, Dhclient::BOTH);
    let mut run = host.start();
    let granted = is_bound(scene, client, &mut run, "BOUND6");
    assert_eq!(granted, ["2001:db8:2::100", "2001:db8:2000::/56"].map(str::to_owned).into());
    let leases = leases_listed6(&scene.store(), &["--state", "assigned"]);
    for lease in &leases {
        let links = link_addresses(lease);
        assert_eq!((links.len(), links[0]), (hops, "2001:db8:2::1"), "the relay path on record: {lease}");
        // RFC 9915 §19.1.2: the second names its link where the first had no global address to send from yet.
        let second = links.get(1).is_none_or(|link| ["::", "2001:db8:3::2"].contains(link));
        assert!(second, "the relay path on record: {lease}");
        let interface = lease["relay-path"][0]["interface-id"].as_str().unwrap();
        assert!(!interface.is_empty(), "the relay's name for its interface: {lease}");
        let source: Ipv6Addr = lease["source-address"].as_str().unwrap().parse().unwrap();
        assert_eq!(source, client.link_local("vc"), "who asked: {lease}");
    }
    server.kill();
    let server = scene.serve(configuration);
    assert_eq!(is_bound(scene, client, &mut run, "RENEW6"), granted);
    host.release();
    assert_eq!((scene.assigned(), global_addresses(client, "vc")), (Granted::new(), Granted::new()));
    stop(server);
}

fn is_bound(scene: &Scene6, client: &Netns, run: &mut DhclientRun, reason: &str) -> Granted {
    let granted = run.bound(reason);
    assert_eq!(scene.assigned(), granted, "what the server has on record");
    let addresses: Granted = granted.iter().filter(|granted| !granted.contains('/')).cloned().collect();
    assert_eq!(global_addresses(client, "vc"), addresses, "what the interface has");
    granted
}

fn link_addresses(lease: &Value) -> Vec<&str> {
    lease["relay-path"].as_array().unwrap().iter().map(|hop| hop["link-address"].as_str().unwrap()).collect()
}

fn stop(server: Fosix) {
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-release-received"), 1);
    assert_eq!(counters.get("pkt6-receive-drop"), 0);
    counters.assert_balanced();
}

#[test]
fn once() {
    // The scene's client is the relay here.
    let scene = Scene6::new("relays6-once");
    let client = Netns::new("relays6-once-host");
    client.link("vc", &scene.client, "down");
    scene.client.add_address("down", "2001:db8:2::1/64");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    let _relay = dhcrelay(&scene.client, "down", "vc", "2001:db8:1::1");
    gets_renews_and_releases(&scene, &client, 1);
}

#[test]
fn twice() {
    let scene = Scene6::new("relays6-twice");
    let [client, near] = ["host", "near"].map(|name| Netns::new(&format!("relays6-twice-{name}")));
    client.link("vc", &near, "down");
    near.link("up", &scene.client, "down");
    near.add_address("down", "2001:db8:2::1/64");
    near.add_address("up", "2001:db8:3::1/64");
    scene.client.add_address("down", "2001:db8:3::2/64");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    let _far = dhcrelay(&scene.client, "down", "vc", "2001:db8:1::1");
    let _near = dhcrelay(&near, "down", "up", "2001:db8:3::2");
    gets_renews_and_releases(&scene, &client, 2);
}
