//! The two halves in processes of their own, each of Fosix or of Kea, with either link between them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Instant;

use fosix_tests::{
    Counters, Customer, Fosix, Halves, Kea, Link, PATIENCE, Peer, Process, Scene, dhcpv4_of, message6,
    program, query, reply,
};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{self, CLIENT_PORT, OptionCode, QueryFlags};
use serde_json::{Value, json};

const CLIENTS: u64 = 1000;

/// The ways in which a query gets to the server.
const WAYS: [&[&str]; 3] = [
    &["--direct"],
    &["--direct", "--relay", "--link-address", "2001:db8:1::9"],
    &["--direct", "--relay", "--link-address", "2001:db8:1::9", "--relay-levels", "2"],
];

/// The command of that many clients, with identities that begin with `first`.
fn clients(halves: &Halves, count: u64, first: u8, arguments: &[&str]) -> Command {
    let mut command = halves.client.command(program());
    command.args([
        "client",
        "--json",
        "--fast-retransmit",
        "1000",
        "--timeout",
        "60",
        "--server",
        "2001:db8:1::1",
    ]);
    command
        .args(["--count", &count.to_string(), "--mac", &format!("02:00:{first:02x}:00:00:01")])
        .args(arguments);
    command
}

/// Has 1,000 clients of each way get a lease, and the addresses be all different.
fn serve_crowds(halves: &Halves) {
    for (number, way) in (0..).zip(WAYS) {
        let output = clients(halves, CLIENTS, number, way).output().unwrap();
        check(&String::from_utf8(output.stdout).unwrap(), CLIENTS, way);
    }
}

/// Checks that the clients say that each has a lease of its own.
fn check(said: &str, count: u64, way: &[&str]) {
    let said: Value = serde_json::from_str(said).unwrap_or_else(|error| panic!("not JSON: {error}\n{said}"));
    assert_eq!(
        (&said["bound"], &said["failed"], &said["duplicates"]),
        (&json!(count), &json!(0), &json!([])),
        "{way:?}: {said:#}"
    );
}

/// Asks for the counters until they are as `expected`.
fn wait_for(fosix: &Fosix, what: &str, expected: impl Fn(&Counters) -> bool) -> Counters {
    let end = Instant::now() + PATIENCE;
    loop {
        let counters = fosix.counters();
        if expected(&counters) {
            return counters;
        }
        assert!(Instant::now() < end, "never {what}: {counters:#?}");
    }
}

fn wait_for_log(fosix: &Fosix, text: &str) {
    fosix.process().wait_for_line(text);
}

fn discover(customer: u32) -> Vec<u8> {
    query(QueryFlags::default(), &Customer::new(customer).discover())
}

/// Sends until there is an answer, as a client does.
fn offer(peer: &Peer, halves: &Halves, customer: u32) {
    let answer = peer.exchange(&discover(customer), halves.unicast());
    reply(&dhcpv4_of(&answer.bytes), MessageType::OFFER);
}

#[test]
fn fosix_dhcpv6_with_keas_dhcpv4() {
    let halves = Halves::new("f6k4");
    let _kea = Kea::dhcp4(&halves);
    let fosix = halves.fosix6(Link::Kea);
    serve_crowds(&halves);
    let counters = fosix.stop();
    assert!(counters.get("pkt6-dhcpv4-response-sent") >= 6 * CLIENTS);
    assert_eq!((counters.get("link-lost"), counters.get("link-drop")), (0, 0));
    counters.assert_balanced();
}

#[test]
fn keas_dhcpv6_with_fosix_dhcpv4() {
    let halves = Halves::new("k6f4");
    let fosix = halves.fosix4(Link::Kea);
    let _kea = Kea::dhcp6(&halves);
    serve_crowds(&halves);
    let counters = fosix.stop();
    assert!(counters.get("pkt4-ack-sent") >= 3 * CLIENTS);
    assert_eq!((counters.get("link-lost"), counters.get("link-drop")), (0, 0));
    counters.assert_balanced();
}

#[test]
fn both_of_fosix_over_keas_link() {
    both_of_fosix("f6f4-kea", Link::Kea);
}

#[test]
fn both_of_fosix_over_their_own_link() {
    let [six, four] = both_of_fosix("f6f4-own", Link::Own);
    for counters in [&six, &four] {
        assert_eq!((counters.get("link-peer-came"), counters.get("link-connection-refused")), (1, 0));
    }
    assert_eq!(six.get("link-in-flight"), 0, "{six:#?}");
    assert_eq!(six.sum("link-latency-"), six.get("link-response-received"));
}

fn both_of_fosix(label: &str, link: Link) -> [Counters; 2] {
    let halves = Halves::new(label);
    let four = halves.fosix4(link);
    let six = halves.fosix6(link);
    if link == Link::Own {
        wait_for_log(&six, "the DHCPv4 half is there");
    }
    serve_crowds(&halves);
    let counters = [six.stop(), four.stop()];
    let [six, four] = &counters;
    six.assert_balanced();
    four.assert_balanced();
    assert_eq!((six.get("link-lost"), six.get("link-drop")), (0, 0));
    assert_eq!(six.get("link-sent"), four.get("link-received"));
    assert_eq!(six.get("link-received"), four.get("link-sent"));
    assert!(four.get("pkt4-ack-sent") >= 3 * CLIENTS);
    counters
}

#[test]
fn the_dhcpv6_half_is_killed_and_restarted_in_the_middle_of_a_load() {
    for link in [Link::Kea, Link::Own] {
        let halves = Halves::new("restart6");
        let four = halves.fosix4(link);
        let mut six = halves.fosix6(link);
        if link == Link::Own {
            wait_for_log(&six, "the DHCPv4 half is there");
        }
        let count = 4000;
        let mut load = Process::spawn(&mut clients(&halves, count, 7, &["--direct", "--in-flight", "64"]));
        let mut acks = 0;
        for _ in 0..2 {
            wait_for(&four, "so many acknowledged", |counters| {
                let now = counters.get("pkt4-ack-sent");
                let enough = now >= acks + 500;
                if enough {
                    assert!(now < count, "the load was over before the half was killed");
                }
                enough
            });
            six.kill();
            acks = four.counters().get("pkt4-ack-sent");
            six = halves.fosix6(link);
        }
        let status = load.wait();
        let said = load.lines().join("\n");
        assert!(status.success(), "{link:?}: {said}");
        check(&said, count, &["restart"]);
        six.stop().assert_balanced();
        let counters = four.stop();
        assert_eq!(counters.get("pkt4-nak-sent"), 0);
        counters.assert_balanced();
    }
}

#[test]
fn queries_have_their_drop_while_the_dhcpv4_half_is_away_and_service_is_back_by_itself() {
    const LOST: u32 = 300;
    for link in [Link::Kea, Link::Own] {
        let halves = Halves::new("away4");
        let mut four = halves.fosix4(link);
        let six = halves.fosix6(link);
        if link == Link::Own {
            wait_for_log(&six, "the DHCPv4 half is there");
        }
        let peer = Peer::bind(&halves.client, CLIENT_PORT);
        offer(&peer, &halves, 1);
        for round in 1..=2 {
            let before = six.counters();
            four.kill();
            if link == Link::Own {
                wait_for(&six, "that it is away", |counters| counters.get("link-peer-up") == 0);
            }
            for customer in 0..LOST {
                peer.send(&discover(customer), halves.unicast());
            }
            // Other DHCPv6 clients are served as ever.
            let ask =
                message6(v6::MessageType::INFORMATION_REQUEST, [0, 0, 1], &[(OptionCode::ORO, &[0, 88])]);
            let answer = peer.exchange(&ask, halves.multicast());
            assert_eq!(answer.bytes.first(), Some(&v6::MessageType::REPLY.0));

            let expected = before.get("link-lost") + u64::from(LOST);
            let after = wait_for(&six, "that all are lost", |counters| counters.get("link-lost") == expected);
            let grown = after.since(&before);
            assert_eq!(grown.get("pkt6-dhcpv4-query-handed-over"), Some(&u64::from(LOST)), "{grown:#?}");
            assert_eq!(grown.get("link-sent"), None, "{grown:#?}");
            after.assert_balanced();
            let said = six.process().lines().iter().filter(|line| line.contains("half is away")).count();
            assert_eq!(said, round, "one line each time that it goes away");

            four = halves.fosix4(link);
            if link == Link::Own {
                wait_for(&six, "that it is back", |counters| counters.get("link-peer-up") == 1);
            }
            offer(&peer, &halves, 1);
            let back = six.process().wait_until("that it is back", |lines| {
                let back = lines.iter().filter(|line| line.contains("half is back")).count();
                (back >= round).then_some(back)
            });
            assert_eq!(back, round, "one line each time that it is back");
        }
        six.stop().assert_balanced();
    }
}

#[test]
fn without_a_link_queries_have_a_drop_of_their_own_and_a_dhcpv4_half_does_not_start() {
    let halves = Halves::new("no-link");
    let mut configuration = halves.configuration6(Link::Own);
    configuration["Fosix"].as_object_mut().unwrap().remove("link");
    let six = Fosix::start(&halves.server, configuration);
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    peer.send(&discover(1), halves.unicast());
    let counters = wait_for(&six, "that it is dropped", |counters| counters.get("pkt6-received") == 1);
    assert_eq!(counters.get("pkt6-drop-no-dhcpv4-half"), 1);
    counters.assert_balanced();

    let mut configuration = halves.configuration4(Link::Own);
    configuration["Fosix"].as_object_mut().unwrap().remove("link");
    let four = Fosix::launch(&halves.server, configuration);
    four.process().wait_for_line("the DHCPv4 half is alone and has no link");
}

#[test]
fn what_another_process_sends_to_the_link_is_not_believed() {
    let halves = Halves::new("intruder");
    let four = halves.fosix4(Link::Kea);
    let six = halves.fosix6(Link::Kea);
    let stranger = halves.server.run(|| std::net::UdpSocket::bind("[::1]:0").unwrap());
    for port in [Halves::PORT, Halves::PORT + 1] {
        for _ in 0..100 {
            stranger.send_to(&discover(1), ("::1", port)).unwrap();
        }
    }
    // What comes after it is served, and nothing of it was.
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    offer(&peer, &halves, 1);
    assert_eq!(six.stop().get("link-received"), 1);
    assert_eq!(four.stop().get("link-received"), 1);
}

#[test]
fn whoever_takes_the_port_of_a_half_that_is_away_and_talks_nonsense_is_counted() {
    let halves = Halves::new("nonsense");
    let six = halves.fosix6(Link::Kea);
    let false_half = halves.server.run(|| {
        let socket = std::net::UdpSocket::bind(("::1", Halves::PORT + 1)).unwrap();
        socket.connect(("::1", Halves::PORT)).unwrap();
        socket
    });
    let inner = [2; 240];
    let response = message6(v6::MessageType::DHCPV4_RESPONSE, [0; 3], &[(OptionCode::DHCPV4_MSG, &inner)]);
    for nonsense in [&[][..], &[21], &[0xff; 2000], &response, &discover(1)] {
        false_half.send(nonsense).unwrap();
    }
    let counters = wait_for(&six, "that all is dropped", |counters| counters.get("link-drop") == 5);
    assert_eq!(counters.get("link-drop-no-vendor-option"), 1);
    assert_eq!(counters.get("link-drop-message-type"), 1);
    assert_eq!(counters.get("link-drop-malformed"), 3);
    assert_eq!(counters.get("pkt6-dhcpv4-response-sent"), 0);
    counters.assert_balanced();
    drop(false_half);

    let four = halves.fosix4(Link::Kea);
    offer(&Peer::bind(&halves.client, CLIENT_PORT), &halves, 1);
    six.stop().assert_balanced();
    four.stop().assert_balanced();
}

#[test]
fn another_user_is_refused_at_the_unix_socket() {
    let halves = Halves::new("user");
    let mut configuration = halves.configuration4(Link::Own);
    configuration["Fosix"]["link-user"] = json!("nobody");
    let four = Fosix::start(&halves.server, configuration);
    let mode = std::fs::metadata(halves.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "whoever `link-user` is must be able to connect");
    let six = halves.fosix6(Link::Own);
    let counters = wait_for(&four, "a refusal", |counters| counters.get("link-connection-refused") > 0);
    assert_eq!(counters.get("link-peer-up"), 0);
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    peer.send(&discover(1), halves.unicast());
    wait_for(&six, "that it is lost", |counters| counters.get("link-lost-not-connected") == 1);
    assert_eq!(four.stop().get("pkt4-received"), 0);
}

#[test]
fn what_only_the_other_half_may_say_is_taken_out_of_what_a_client_sends() {
    let halves = Halves::new("poser");
    let four = halves.fosix4(Link::Kea);
    let six = halves.fosix6(Link::Kea);
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    let victim = Peer::bind(&halves.client, 1066);
    let mut spoofed = vec![0, 0, 0x09, 0xbf, 0xea, 0x60, 0, 2, b'l', b'o', 0xea, 0x61, 0, 16];
    spoofed.extend(Scene::CLIENT.octets());
    spoofed.extend([0xea, 0x62, 0, 2, 4, 42]);
    let discover = Customer::new(1).discover();
    let options = [(OptionCode::VENDOR_OPTS, spoofed.as_slice()), (OptionCode::DHCPV4_MSG, &discover)];
    let message = message6(v6::MessageType::DHCPV4_QUERY, [0; 3], &options);
    let answer = peer.exchange(&message, halves.unicast());
    reply(&dhcpv4_of(&answer.bytes), MessageType::OFFER);
    assert_eq!(victim.receive_now(), None);
    let counters = six.stop();
    assert_eq!(counters.get("pkt6-link-options-removed"), 1);
    counters.assert_balanced();
    four.stop().assert_balanced();
}
