//! Kea's load generator and the DHCPv6 half: thousands of clients, none without an answer and none with what another has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use fosix_tests::{Granted, Scene6, run_to_end};

const CLIENTS: u64 = 2000;

/// What perfdhcp counted of one kind of exchange.
#[derive(Debug, PartialEq, Eq)]
struct Exchange {
    sent: u64,
    received: u64,
}

/// Runs it with these arguments beside the number of clients and the rate. It fails if a question has no answer.
fn perfdhcp(scene: &Scene6, arguments: &[&str]) -> String {
    let clients = CLIENTS.to_string();
    let mut command = scene.client.command("perfdhcp");
    command.args(["-6", "-l", "vc", "-u", "-r", "400", "-n", &clients, "-R", &clients]);
    // Answers may take 20 s, and are waited for 3 s after the last question (microseconds).
    command.args(["-d", "20", "-W", "3000000"]).args(arguments);
    String::from_utf8(run_to_end(&mut command).stdout).unwrap()
}

/// Its account of one kind of exchange (`SOLICIT-ADVERTISE`), which must be all good.
fn exchange(report: &str, name: &str) -> Exchange {
    let (_, section) =
        report.split_once(&format!("Statistics for: {name}***")).unwrap_or_else(|| panic!("{report}"));
    let number = |name: &str| -> u64 {
        let line = section.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {report}")).parse().unwrap()
    };
    for bad in ["drops", "rejected leases", "non unique addresses"] {
        assert_eq!(number(bad), 0, "{bad} of {name} in {report}");
    }
    Exchange { sent: number("sent packets"), received: number("received packets") }
}

/// Every client gets what `kind` says, and `kinds` leases of its own.
fn every_client_gets_its_own(label: &str, kind: &str, kinds: usize) {
    let scene = Scene6::new(label);
    let server = scene.serve(Scene6::configuration(1000, 2000));
    let report = perfdhcp(&scene, &["-e", kind, "all"]);
    for name in ["SOLICIT-ADVERTISE", "REQUEST-REPLY"] {
        assert_eq!(exchange(&report, name), Exchange { sent: CLIENTS, received: CLIENTS }, "{name}");
    }
    every_client_has(&scene, CLIENTS, kinds);
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-receive-drop"), 0);
    assert_eq!(counters.get("pkt6-reply-sent"), CLIENTS);
    counters.assert_balanced();
}

/// So many clients have so many leases each, of which no two are the same.
fn every_client_has(scene: &Scene6, clients: u64, kinds: usize) {
    let leases = scene.leases("assigned");
    assert_eq!(leases.len() as u64, clients, "clients with leases");
    let others: Vec<_> = leases.iter().filter(|(_, granted)| granted.len() != kinds).collect();
    assert_eq!(others, [] as [(&String, &Granted); 0], "clients with more or less than {kinds} leases");
}

#[test]
fn every_client_gets_an_address() {
    every_client_gets_its_own("perfdhcp-na", "address-only", 1);
}

#[test]
fn every_client_gets_a_prefix() {
    every_client_gets_its_own("perfdhcp-pd", "prefix-only", 1);
}

#[test]
fn every_client_gets_an_address_and_a_prefix() {
    every_client_gets_its_own("perfdhcp-both", "address-and-prefix", 2);
}

/// Through a relay (perfdhcp is both, the client and the relay on its link) with renewals and releases among the requests.
#[test]
fn every_relayed_client_gets_both_and_some_renew_and_release_them() {
    let scene = Scene6::new("perfdhcp-relay");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    let server = scene.serve(Scene6::configuration(1000, 2000));
    let both = ["-e", "address-and-prefix", "-f", "40", "-F", "40", "-A", "1", "-L", "547", "2001:db8:1::1"];
    let report = perfdhcp(&scene, &both);
    for name in ["SOLICIT-ADVERTISE", "REQUEST-REPLY"] {
        assert_eq!(exchange(&report, name), Exchange { sent: CLIENTS, received: CLIENTS }, "{name}");
    }
    let [renewals, releases] = ["RENEW-REPLY", "RELEASE-REPLY"].map(|name| exchange(&report, name));
    for exchange in [&renewals, &releases] {
        assert!(exchange.sent > 0 && exchange.sent == exchange.received, "{exchange:?}");
    }
    every_client_has(&scene, CLIENTS - releases.sent, 2);
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-renew-received"), renewals.sent);
    assert_eq!(counters.get("pkt6-release-received"), releases.sent);
    assert_eq!(counters.get("pkt6-receive-drop"), 0);
    counters.assert_balanced();
}
