//! Good packets damaged in every way: no harm comes of them, and each is counted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::Ipv4Addr;

use fosix_tests::{Customer, Relay, Scene, message6, query, query_with, relayed};
use fosix_wire::v6::{MessageType, OptionCode, QueryFlags};

const NO_FLAGS: QueryFlags = QueryFlags(0);
const CLIENT: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
/// An option 17 of ISC's enterprise with an address in it that the halves tell each other.
const VENDOR_OPTIONS: &[u8] =
    &[0, 0, 0x09, 0xbf, 0xea, 0x61, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

fn relay() -> Relay {
    Relay::new(0, "2001:db8:2::1".parse().unwrap(), "fe80::c".parse().unwrap())
}

#[test]
fn good_packets_cut_short_at_any_length_do_no_harm() {
    let scene = Scene::in_order("cut");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let discover = query(NO_FLAGS, &customer.discover());
    let information = message6(
        MessageType::INFORMATION_REQUEST,
        [1, 2, 3],
        &[CLIENT, (OptionCode::ORO, &[0, 23, 0, 88]), (OptionCode::ELAPSED_TIME, &[0, 0])],
    );
    let solicit = message6(
        MessageType::SOLICIT,
        [1, 2, 3],
        &[CLIENT, (OptionCode::IA_NA, IA_NA), (OptionCode::ORO, &[0, 23, 0, 88])],
    );
    let spoofed = query_with(
        NO_FLAGS,
        &[(OptionCode::VENDOR_OPTS, VENDOR_OPTIONS), (OptionCode::DHCPV4_MSG, &customer.discover())],
    );
    let request =
        query(QueryFlags::UNICAST, &customer.select(Ipv4Addr::new(10, 1, 0, 10), Scene::SERVER_IDENTIFIER));
    let mut outer = relay();
    outer.interface_id = Some(b"port 1".to_vec());
    let twice = relayed(&[outer, relay()], &discover);

    let before = scene.fosix.counters();
    let mut sent = 0;
    for whole in [discover, request, information, solicit, spoofed, twice] {
        for length in 0..whole.len() {
            peer.send(&whole[..length], scene.unicast());
            sent += 1;
            // So that no buffer overflows: take what was answered and let the server catch up.
            if length % 64 == 0 {
                scene.catch_up(&peer);
                sent += 1;
            }
        }
    }
    // Inside the option, with the option's length right: what the DHCPv4 half sees is cut.
    let whole = customer.discover();
    for length in 0..whole.len() {
        peer.send(&query(NO_FLAGS, &whole[..length]), scene.unicast());
        sent += 1;
        if length % 64 == 0 {
            scene.catch_up(&peer);
            sent += 1;
        }
    }
    scene.catch_up(&peer);
    sent += 1;

    let after = scene.fosix.counters();
    let grown = after.since(&before);
    assert_eq!(grown["pkt6-received"], sent, "each datagram is counted");
    assert!(grown["pkt6-drop-malformed"] > 500 && grown["pkt4-drop-malformed"] > 200, "{grown:#?}");
    after.assert_balanced();
    scene.still_answers(&peer);
    scene.fosix.stop().assert_balanced();
}

#[test]
fn good_packets_with_random_damage_do_no_harm() {
    const ROUNDS: u32 = 20_000;
    let scene = Scene::in_order("damage");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let mut outer = relay();
    outer.source_port = Some(1);
    let seeds = [
        query(NO_FLAGS, &customer.discover()),
        query(QueryFlags::UNICAST, &customer.renew(Ipv4Addr::new(10, 1, 0, 10))),
        relayed(&[outer, relay()], &query(NO_FLAGS, &customer.discover())),
        query_with(
            NO_FLAGS,
            &[(OptionCode::VENDOR_OPTS, VENDOR_OPTIONS), (OptionCode::DHCPV4_MSG, &customer.discover())],
        ),
        message6(
            MessageType::SOLICIT,
            [1, 2, 3],
            &[CLIENT, (OptionCode::IA_NA, IA_NA), (OptionCode::ORO, &[0, 88])],
        ),
    ];
    let mut random = Random(0x5eed);
    for round in 0..ROUNDS {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            let place = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[place] = 0,
                1 => bytes[place] = 0xff,
                2 => bytes[place] = random.below(256).try_into().unwrap(),
                _ => bytes.truncate(place.max(1)),
            }
        }
        peer.send(&bytes, scene.unicast());
        if round % 64 == 0 {
            scene.catch_up(&peer);
        }
    }
    scene.catch_up(&peer);
    let counters = scene.fosix.stop();
    assert!(counters.get("pkt6-received") > u64::from(ROUNDS));
    counters.assert_balanced();
}

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }
}
