//! A client cannot pose as one of the server's halves to the other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_tests::{Customer, Peer, Relay, Scene, dhcpv4_of, lease_of, query_with, reply};
use fosix_wire::v4;
use fosix_wire::v6::{OptionCode, QueryFlags};

const NO_FLAGS: QueryFlags = QueryFlags(0);
const ISC: u32 = 2495;

/// An option 17 of ISC's enterprise.
fn vendor_options(sub_options: &[u8]) -> Vec<u8> {
    [&ISC.to_be_bytes(), sub_options].concat()
}

/// What Kea's halves tell each other of a client: its interface, address and port.
fn spoofed_destination(address: Ipv6Addr, port: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, data) in
        [(60_000_u16, &b"lo"[..]), (60_001, &address.octets()[..]), (60_002, &port.to_be_bytes()[..])]
    {
        bytes.extend(code.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

#[test]
fn what_the_halves_tell_each_other_is_not_believed_from_the_network() {
    let scene = Scene::in_order("spoof");
    scene.client.add_address("vc", "2001:db8:2::66/64");
    scene.server.ip(&["route", "add", "2001:db8:2::/64", "dev", "vs"]);
    let victim: Ipv6Addr = "2001:db8:2::66".parse().unwrap();
    let victims =
        [546, 547, 1066].map(|port| Peer::bind_to(&scene.client, SocketAddrV6::new(victim, port, 0, 0)));
    let client = |port| Peer::bind_to(&scene.client, SocketAddrV6::new(Scene::CLIENT, port, 0, 0));
    let (peer, relay_peer) = (client(546), client(547));
    let unharmed = |what: &str| {
        assert!(victims.iter().all(|victim| victim.receive_now().is_none()), "{what}: sent to the victim");
    };

    for port in [546, 547, 1066] {
        let spoofed = vendor_options(&spoofed_destination(victim, port));
        let mixed = vendor_options(&[&[0, 1, 0, 1, 9][..], &spoofed_destination(victim, port)].concat());
        let foreign = [&[0, 0, 0x7d, 0][..], &spoofed_destination(victim, port)].concat();
        let cut = vendor_options(&spoofed_destination(victim, port)[..20]);
        for (what, options) in [
            ("once", vec![&spoofed]),
            ("twice", vec![&spoofed, &spoofed]),
            ("behind an innocent one", vec![&mixed]),
            ("behind another vendor's", vec![&foreign, &spoofed]),
            ("in a second option", vec![&mixed, &spoofed, &mixed]),
            ("cut short", vec![&cut, &spoofed]),
        ] {
            let customer = Customer::new(u32::from(port));
            let discover = customer.discover();
            let mut all: Vec<(OptionCode, &[u8])> =
                options.iter().map(|data| (OptionCode::VENDOR_OPTS, data.as_slice())).collect();
            all.push((OptionCode::DHCPV4_MSG, &discover));
            let answer = peer.exchange(&query_with(NO_FLAGS, &all), scene.unicast());
            let inner = dhcpv4_of(&answer.bytes);
            let lease = lease_of(&reply(&inner, v4::MessageType::OFFER), &customer);
            assert_eq!(lease.subnet(), 1, "{what}: the subnet of where it really came from");
            unharmed(what);

            // A relay that passes on what a client has put into its own Relay-forward.
            let message = query_with(NO_FLAGS, &all);
            let level = Relay::new(0, "2001:db8:1::9".parse().unwrap(), "fe80::c".parse().unwrap());
            let mut forwarded = level.forward(&message);
            for data in &options {
                forwarded.extend(OptionCode::VENDOR_OPTS.0.to_be_bytes());
                forwarded.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
                forwarded.extend(*data);
            }
            for bytes in [forwarded.clone(), Relay { hop_count: 1, ..level.clone() }.forward(&forwarded)] {
                let answer = relay_peer.exchange(&bytes, scene.unicast());
                let inner = dhcpv4_of(&answer.bytes);
                lease_of(&reply(&inner, v4::MessageType::OFFER), &customer);
                unharmed(what);
            }
        }
    }
    assert_eq!((peer.receive_now(), relay_peer.receive_now()), (None, None));
    let counters = scene.fosix.stop();
    assert!(counters.get("pkt6-link-options-removed") >= 54, "{counters:?}");
    counters.assert_balanced();
}
