//! ISC's dhclient and the DHCPv6 half: all that it does with an address and a prefix.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;

use fosix_tests::{Dhclient, DhclientRun, Granted, Netns, Scene6};
use serde_json::json;

/// Seconds that are not over before a test is.
const LATER: u32 = 2000;

/// The client is bound for this reason, and all agree on what it has: its script, its interface, its lease file, and the server.
fn is_bound(scene: &Scene6, client: &Dhclient<'_>, run: &mut DhclientRun, reason: &str) -> Granted {
    let granted = run.bound(reason);
    assert_eq!(scene.assigned(), granted, "what the server has on record");
    let addresses: Granted = granted.iter().filter(|granted| !granted.contains('/')).cloned().collect();
    assert_eq!(scene.configured(), addresses, "what the interface has");
    let file = client.lease_file();
    for granted in &granted {
        assert!(file.contains(&format!(" {granted} {{")), "{granted} in {file}");
    }
    granted
}

/// Gets what `wants` says and renews it.
fn gets_and_renews(label: &str, wants: &'static [&'static str]) {
    let scene = Scene6::new(label);
    let server = scene.serve(Scene6::configuration(2, LATER));
    let client = Dhclient::new(&scene.client, wants);
    let mut run = client.start();
    let granted = is_bound(&scene, &client, &mut run, "BOUND6");
    let expected = [("-N", "2001:db8:1::100"), ("-P", "2001:db8:1000::/56")];
    let expected =
        expected.into_iter().filter(|(want, _)| wants.contains(want)).map(|(_, granted)| granted.to_owned());
    assert_eq!(granted, expected.collect::<BTreeSet<_>>());
    let first = scene.leases("assigned");
    assert_eq!(is_bound(&scene, &client, &mut run, "RENEW6"), granted);
    assert_eq!(scene.leases("assigned"), first);
    let counters = server.stop();
    assert!(counters.get("pkt6-renew-received") > 0);
    assert_eq!(counters.get("pkt6-receive-drop"), 0);
    counters.assert_balanced();
}

#[test]
fn gets_an_address_and_renews_it() {
    gets_and_renews("dhclient-na", Dhclient::ADDRESS);
}

#[test]
fn gets_a_prefix_and_renews_it() {
    gets_and_renews("dhclient-pd", Dhclient::PREFIX);
}

#[test]
fn gets_an_address_and_a_prefix_and_renews_both() {
    gets_and_renews("dhclient-both", Dhclient::BOTH);
}

#[test]
fn gets_a_prefix_of_the_length_that_it_would_like() {
    let scene = Scene6::new("dhclient-length");
    let mut configuration = Scene6::configuration(LATER, LATER);
    let pools = configuration["Dhcp6"]["subnet6"][0]["pd-pools"].as_array_mut().unwrap();
    pools.push(json!({ "prefix": "2001:db8:4000::", "prefix-len": 36, "delegated-len": 60 }));
    let server = scene.serve(configuration);
    for (length, expected) in [("60", "2001:db8:4000::/60"), ("56", "2001:db8:1000::/56")] {
        let wants = ["-P", "--prefix-len-hint", length];
        let client = Dhclient::new(&scene.client, &wants);
        let granted = client.start().bound("BOUND6");
        // RFC 8168 §3.2.
        assert_eq!(granted, Granted::from([expected.to_owned()]));
    }
    server.stop().assert_balanced();
}

#[test]
fn is_told_the_options_that_it_asks_for_with_a_lease_and_without() {
    let scene = Scene6::new("dhclient-options");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    for (wants, reason, end) in [
        (Dhclient::OPTIONS, "RENEW6", "script"),
        (Dhclient::ADDRESS, "BOUND6", "Renewal event"),
        (Dhclient::PREFIX, "BOUND6", "Renewal event"),
    ] {
        let client = Dhclient::new(&scene.client, wants);
        let calls = client.start().calls(reason, end);
        let value = |name: &str| calls[0].get(name).map(String::as_str);
        assert_eq!(value("new_dhcp6_name_servers"), Some("2001:db8::53"), "{calls:?}");
        assert_eq!(value("new_dhcp6_domain_search"), Some("example.net."), "{calls:?}");
    }
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-infrequest-received"), 1);
    counters.assert_balanced();
}

#[test]
fn keeps_what_it_has_when_the_server_was_killed() {
    let scene = Scene6::new("dhclient-kill");
    let configuration = Scene6::configuration(3, LATER);
    let mut server = scene.serve(configuration.clone());
    let client = Dhclient::new(&scene.client, Dhclient::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &client, &mut run, "BOUND6");
    for _ in 0..2 {
        server.kill();
        assert_eq!(scene.assigned(), granted, "of the files of a killed server");
        server = scene.serve(configuration.clone());
        assert_eq!(is_bound(&scene, &client, &mut run, "RENEW6"), granted);
    }
    server.stop().assert_balanced();
}

#[test]
fn rebinds_what_it_has_when_the_server_was_away_for_long() {
    let scene = Scene6::new("dhclient-away");
    let server = scene.serve(Scene6::configuration(2, 4));
    let client = Dhclient::new(&scene.client, Dhclient::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &client, &mut run, "BOUND6");
    server.kill();
    run.says("Forming Rebind");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    assert_eq!(is_bound(&scene, &client, &mut run, "REBIND6"), granted);
    server.stop().assert_balanced();
}

#[test]
fn rebinds_what_it_has_when_the_server_has_another_name() {
    let scene = Scene6::new("dhclient-rebind");
    // Time enough between the first answer and the renewal for another server to start.
    let mut configuration = Scene6::configuration(6, 9);
    let server = scene.serve(configuration.clone());
    let client = Dhclient::new(&scene.client, Dhclient::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &client, &mut run, "BOUND6");
    server.kill();
    configuration["Dhcp6"]["server-id"] =
        json!({ "type": "LL", "identifier": "020000000009", "persist": false });
    let server = scene.serve(configuration);
    assert_eq!(is_bound(&scene, &client, &mut run, "REBIND6"), granted);
    // RFC 9915 §16.6: the Renew named the first server.
    let counters = server.counters();
    assert_eq!(counters.get("pkt6-drop-not-for-us"), counters.get("pkt6-renew-received"));
    assert!(counters.get("pkt6-renew-received") > 0 && counters.get("pkt6-rebind-received") > 0);
    assert_eq!(is_bound(&scene, &client, &mut run, "RENEW6"), granted, "it knows the server's new name");
    server.stop().assert_balanced();
}

/// What it had before is confirmed (an address) or rebound (a prefix) when it starts again.
fn starts_again(label: &str, wants: &'static [&'static str], asks_by: &str) {
    let scene = Scene6::new(label);
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhclient::new(&scene.client, wants);
    let mut run = client.start();
    let granted = is_bound(&scene, &client, &mut run, "BOUND6");
    drop(run);
    server.kill();
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let mut run = client.start();
    assert_eq!(
        is_bound(&scene, &client, &mut run, if asks_by == "confirm" { "BOUND6" } else { "REBIND6" }),
        granted
    );
    let counters = server.stop();
    assert_eq!(counters.get(&format!("pkt6-{asks_by}-received")), counters.get("pkt6-received"));
    counters.assert_balanced();
}

#[test]
fn has_its_address_confirmed_when_it_starts_again() {
    starts_again("dhclient-confirm", Dhclient::ADDRESS, "confirm");
}

#[test]
fn has_its_prefix_rebound_when_it_starts_again() {
    starts_again("dhclient-again", Dhclient::BOTH, "rebind");
}

#[test]
fn gets_another_address_on_another_link() {
    let scene = Scene6::new("dhclient-move");
    let mut configuration = Scene6::configuration(LATER, LATER);
    let server = scene.serve(configuration.clone());
    let client = Dhclient::new(&scene.client, Dhclient::ADDRESS);
    let mut run = client.start();
    is_bound(&scene, &client, &mut run, "BOUND6");
    drop(run);
    server.kill();
    scene.client.remove_address("vc", "2001:db8:1::100/128");
    // The client does not see that the link is another one; the server tells it so (RFC 9915 §18.3.3).
    let subnets = configuration["Dhcp6"]["subnet6"].as_array_mut().unwrap();
    subnets.remove(0);
    subnets[0]["interface"] = json!("vs");
    let server = scene.serve(configuration);
    let mut run = client.start();
    assert_eq!(run.bound("BOUND6"), Granted::from(["2001:db8:2::100".to_owned()]));
    server.stop().assert_balanced();
}

#[test]
fn releases_what_it_has() {
    for wants in [Dhclient::ADDRESS, Dhclient::PREFIX, Dhclient::BOTH] {
        let scene = Scene6::new("dhclient-release");
        let server = scene.serve(Scene6::configuration(LATER, LATER));
        let client = Dhclient::new(&scene.client, wants);
        let mut run = client.start();
        is_bound(&scene, &client, &mut run, "BOUND6");
        client.release();
        assert_eq!(scene.assigned(), Granted::new(), "{wants:?}");
        assert_eq!(scene.configured(), Granted::new(), "{wants:?}");
        // It is answered at once and need not ask again.
        let counters = server.stop();
        assert_eq!(counters.get("pkt6-release-received"), 1, "{wants:?}");
        counters.assert_balanced();
    }
}

#[test]
fn declines_an_address_that_somebody_else_has_and_gets_another() {
    let scene = Scene6::new("dhclient-decline");
    detect_duplicates(&scene.client, "vc");
    let [taken, free] =
        ["2001:db8:1::100", "2001:db8:1::101"].map(|address| Granted::from([address.to_owned()]));
    scene.server.add_address("vs", "2001:db8:1::100/64");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhclient::new(&scene.client, Dhclient::ADDRESS);
    let mut run = client.start();
    run.calls("BOUND6", "Forming Decline");
    assert_eq!(run.bound("BOUND6"), free);
    assert_eq!(scene.assigned(), free);
    assert_eq!(scene.leases("declined").into_values().collect::<Vec<_>>(), [taken]);
    assert_eq!(scene.configured(), free);
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-decline-received"), 1);
    counters.assert_balanced();
}

/// Turns duplicate address detection on, which all other tests do without.
fn detect_duplicates(netns: &Netns, interface: &str) {
    netns.run(|| {
        for key in ["accept_dad", "dad_transmits"] {
            std::fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/{key}"), "1").unwrap();
        }
    });
}

#[test]
fn of_clients_on_two_links_each_has_what_is_of_its_link() {
    let scene = Scene6::new("dhclient-two");
    let other = Netns::new("dhclient-two-other");
    scene.server.link("vs2", &other, "vc");
    let mut configuration = Scene6::configuration(LATER, LATER);
    configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["vs", "vs2"]);
    configuration["Dhcp6"]["subnet6"][1]["interface"] = json!("vs2");
    let server = scene.serve(configuration);
    let [first, second] = [&scene.client, &other].map(|netns| Dhclient::new(netns, Dhclient::BOTH));
    let [mut first, mut second] = [&first, &second].map(Dhclient::start);
    let texts = |texts: [&str; 2]| Granted::from(texts.map(str::to_owned));
    assert_eq!(first.bound("BOUND6"), texts(["2001:db8:1::100", "2001:db8:1000::/56"]));
    assert_eq!(second.bound("BOUND6"), texts(["2001:db8:2::100", "2001:db8:2000::/56"]));
    assert_eq!(scene.leases("assigned").len(), 2);
    server.stop().assert_balanced();
}
