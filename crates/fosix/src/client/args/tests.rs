//! The command line and what becomes of it.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    all: CommandLine,
}

fn settle(line: &str) -> Result<Settings, String> {
    let words = std::iter::once("client").chain(line.split_whitespace());
    let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
    cli.all.settle().map_err(|error| format!("{error:#}"))
}

fn steps(line: &str) -> Vec<Step> {
    settle(&format!("-s 2001:db8::1 {line}")).unwrap().plan.steps
}

#[test]
fn actions_follow_the_lease_in_a_fixed_order() {
    use Step::{Decline, Discover, Inform, Rebind, Reboot, Release, Renew, Request};
    for (line, expected) in [
        ("", &[Discover, Request][..]),
        ("--release --renew", &[Discover, Request, Renew, Release]),
        ("--inform --rebind --renew --decline", &[Discover, Request, Renew, Rebind, Inform, Decline]),
        ("--address 10.0.0.1", &[Reboot]),
        ("--address 10.0.0.1 --renew", &[Renew]),
        ("--address 10.0.0.1 --server-id 192.0.2.1 --release", &[Release]),
    ] {
        assert_eq!(steps(line), expected, "{line}");
    }
}

#[test]
fn the_server_is_asked_by_unicast_or_all_by_multicast() {
    let settings = settle("-s 2001:db8::1").unwrap();
    assert_eq!((settings.server.to_string().as_str(), settings.client_port), ("2001:db8::1", 546));
    let settings = settle("-i lo").unwrap();
    assert_eq!(settings.server, ALL_DHCP_RELAY_AGENTS_AND_SERVERS);
    assert_eq!(settings.scope.unwrap().name, "lo");
    let settings = settle("-s fe80::1%lo").unwrap();
    assert_eq!(settings.scope.unwrap().name, "lo");
    // RFC 9915 §7.1: relay agents have a group of their own for servers.
    let settings = settle("-i lo --relay").unwrap();
    assert_eq!((settings.server, settings.client_port), (ALL_DHCP_SERVERS, 0));
}

#[test]
fn relay_levels_are_described_from_the_client_outward() {
    let line =
        "-s 2001:db8::1 --relay --link-address 2001:db8:1::1 --interface-id 0x0102 --interface-id eth1";
    let envelope = settle(line).unwrap().envelope;
    let level = |link: &str, peer: Option<&str>, id: &[u8]| Level {
        link: link.parse().unwrap(),
        peer: peer.map(|peer| peer.parse().unwrap()),
        interface_id: Some(id.to_vec()),
    };
    let expected = [level("2001:db8:1::1", None, &[1, 2]), level("::", Some("2001:db8:1::1"), b"eth1")];
    assert_eq!(envelope, Envelope { levels: expected.to_vec(), own_port: true });
    assert_eq!(settle("-s ::1 --relay --relay-levels 5").unwrap().envelope.levels.len(), 5);
    assert!(!settle("-s ::1 --relay --client-port 547").unwrap().envelope.own_port);
}

#[test]
fn options_are_asked_for_by_name_or_code() {
    let settings = settle("-s ::1 --request routers,6,dhcp4o6-s46-saddr --request6 s46-cont-lw,23").unwrap();
    assert_eq!(settings.plan.request, [3, 6, 109]);
    assert_eq!(settings.request6, [96, 23]);
}

#[test]
fn every_client_of_many_has_its_own_identity() {
    let settings = settle("-s ::1 --count 300 --mac 02-00-00-00-00-ff").unwrap();
    assert_eq!(settings.identities.len(), 300);
    assert_eq!(settings.identities[1].mac, [2, 0, 0, 0, 1, 0]);
    let one = settle("-s ::1 --mac 02:00:00:00:00:01 --duid 00:04:0a --iaid 9").unwrap();
    assert_eq!(one.identities[0].client_identifier(), [255, 0, 0, 0, 9, 0, 4, 10]);
}

#[test]
fn a_shorter_first_delay_holds_for_both_protocols() {
    let usual = settle("-s ::1").unwrap();
    assert_eq!(usual.plan.first_delay, Duration::from_secs(4));
    assert_eq!(usual.inquiry_delay, Duration::from_secs(1));
    let fast = settle("-s ::1 --fast-retransmit 50 --timeout 0.5").unwrap();
    assert_eq!(
        (fast.plan.first_delay, fast.inquiry_delay),
        (Duration::from_millis(50), Duration::from_millis(50))
    );
    assert_eq!(fast.plan.timeout, Duration::from_millis(500));
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    for (line, reason) in [
        ("", "say where to ask"),
        ("-s 192.0.2.1", "not an IPv6 address"),
        ("-s fe80::1", "--interface must say which"),
        ("-s fe80::1%lo -i other", "--server says interface lo, --interface says other"),
        ("-i no-such-interface", "there is no interface no-such-interface"),
        ("-s ::1 --count 0", "leaves nothing to do"),
        ("-s ::1 --count 2 --duid 000102", "with --count each has its own"),
        ("-s ::1 --duid 00", "3 to 130"),
        ("-s ::1 --duid xyz", "hexadecimal"),
        ("-s ::1 --mac 1:2:3", "six octets"),
        ("-s ::1 --address 10.0.0.1 --release", "--server-id"),
        ("-s ::1 --address 10.0.0.1 --count 2", "--count means several"),
        ("-s ::1 --release --decline", "cannot be used with"),
        ("-s ::1 --link-address ::1", "--relay"),
        ("-s ::1 --relay --relay-levels 33", "1 to 32"),
        ("-s ::1 --relay --relay-levels 1 --interface-id a --interface-id b", "more relay levels"),
        ("-s ::1 --request rooters", "dhcp4 has no option \"rooters\""),
        ("-s ::1 --request 300", "codes up to 255"),
        ("-s ::1 --timeout nan", "length of time"),
        ("-s ::1 --json --explain", "cannot be used with"),
    ] {
        let error = settle(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}
