//! Tests of [`super::SubnetSelector`]: each row is one rule of the choice.

use fosix_wire::v6::{MessageType, OptionCode, Packet, Writer};

use super::*;

/// The keys of one subnet.
fn keys(interface: &str, interface_id: &str, prefix: &str) -> Selector4o6 {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Selector4o6 {
        interface: given(interface),
        interface_id: given(interface_id).map(String::into_bytes),
        prefix: given(prefix).map(|prefix| prefix.parse().unwrap()),
    }
}

/// A query through `relays`, given from the client outward as link-address and Interface-ID.
fn relayed(relays: &[(&str, &str)]) -> Vec<u8> {
    let mut inner = vec![20, 0, 0, 0];
    for (hop, (link, id)) in relays.iter().enumerate() {
        let mut outer = Vec::new();
        let mut w = Writer::new(&mut outer);
        let hop = u8::try_from(hop).unwrap();
        w.relay(MessageType::RELAY_FORW, hop, link.parse().unwrap(), "fe80::1".parse().unwrap());
        if !id.is_empty() {
            w.option(OptionCode::INTERFACE_ID, id.as_bytes());
        }
        w.option(OptionCode::RELAY_MESSAGE, &inner);
        w.finish().unwrap();
        inner = outer;
    }
    inner
}

fn choice(subnets: &[Selector4o6], relays: &[(&str, &str)], source: &str, interface: &str) -> Option<usize> {
    let bytes = relayed(relays);
    let packet = Packet::new_checked(&bytes, 9).unwrap();
    SubnetSelector::new(subnets.iter()).select(packet.relays(), source.parse().unwrap(), interface, &|_| true)
}

/// Relays, source, interface, and the place of the subnet that is chosen.
type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str, Option<usize>);

#[test]
fn the_most_specific_key_wins() {
    let subnets = [
        keys("vs", "", ""),
        keys("", "", "2001:db8::/32"),
        keys("", "", "2001:db8:1::/48"),
        keys("", "vlan7", ""),
        keys("", "", "fd00:9::/48"),
    ];
    let table: [Row; 10] = [
        // 1: the Interface-ID of any level, before any prefix.
        (&[("2001:db8:1::1", "vlan7")], "2001:db8:1::9", "vs", Some(3)),
        (&[("2001:db8:1::1", "vlan1"), ("::", "vlan7")], "2001:db8:1::9", "vs", Some(3)),
        // 2: the link-address nearest the client that any prefix holds, the longest such prefix.
        (&[("2001:db8:1::1", "vlan1")], "fd00:9::9", "vs", Some(2)),
        (&[("2001:db8:2::1", ""), ("2001:db8:1::1", "")], "fd00:9::9", "vs", Some(1)),
        (&[("fd00::1", ""), ("2001:db8:1::1", "")], "fd00:9::9", "vs", Some(2)),
        (&[("::", ""), ("2001:db8:1::1", "")], "fd00:9::9", "vs", Some(2)),
        (&[("fe80::1", "")], "fd00:9::9", "vs", Some(4)),
        // 3: the source.
        (&[], "2001:db8:1::9", "vs", Some(2)),
        // 4: the interface.
        (&[], "fe80::9", "vs", Some(0)),
        (&[], "fe80::9", "other", None),
    ];
    for (relays, source, interface, expected) in table {
        assert_eq!(choice(&subnets, relays, source, interface), expected, "{relays:?} {source} {interface}");
    }
}

#[test]
fn among_subnets_of_one_interface_id_the_link_address_decides_else_the_source() {
    let subnets = [
        keys("", "vlan7", "2001:db8:1::/48"),
        keys("", "vlan7", "2001:db8:2::/48"),
        keys("", "vlan7", "2001:db8:2:2::/64"),
    ];
    let source = "2001:db8:1::99";
    assert_eq!(choice(&subnets, &[("2001:db8:2::1", "vlan7")], source, "vs"), Some(1));
    assert_eq!(
        choice(&subnets, &[("2001:db8:2:2::1", "vlan7")], source, "vs"),
        Some(2),
        "the longest prefix"
    );
    assert_eq!(choice(&subnets, &[("::", "vlan7")], source, "vs"), Some(0));
    assert_eq!(choice(&subnets, &[("::", "vlan7")], "2001:db8:2::99", "vs"), Some(1));
}

#[test]
fn an_interface_id_whose_prefix_the_link_address_contradicts_does_not_match() {
    let subnets = [keys("", "vlan7", "2001:db8:1::/48"), keys("", "", "2001:db8:2::/48")];
    assert_eq!(choice(&subnets, &[("2001:db8:2::1", "vlan7")], "fe80::9", "vs"), Some(1));
    assert_eq!(choice(&subnets, &[("2001:db8:3::1", "vlan7")], "fe80::9", "vs"), None);
    // The relay agent on the client's link leaves the link-address open, the next one tells it.
    assert_eq!(choice(&subnets, &[("::", "vlan7"), ("2001:db8:2::1", "")], "fe80::9", "vs"), Some(1));
    assert_eq!(choice(&subnets, &[("::", "vlan7"), ("2001:db8:1::1", "")], "fe80::9", "vs"), Some(0));
    // Nothing is known of the client's link: nothing contradicts.
    assert_eq!(choice(&subnets, &[("::", "vlan7")], "fe80::9", "vs"), Some(0));
    assert_eq!(choice(&subnets, &[("::", "vlan7")], "2001:db8:9::9", "vs"), Some(0));
}

#[test]
fn a_subnet_with_the_interface_id_alone_serves_the_links_that_no_prefix_of_that_id_holds() {
    let subnets = [keys("", "vlan7", "2001:db8:1::/48"), keys("", "vlan7", "")];
    assert_eq!(choice(&subnets, &[("2001:db8:1::1", "vlan7")], "fe80::9", "vs"), Some(0));
    assert_eq!(choice(&subnets, &[("2001:db8:2::1", "vlan7")], "fe80::9", "vs"), Some(1));
}

#[test]
fn of_subnets_with_the_same_prefix_or_interface_the_plainest_is_meant() {
    let subnets =
        [keys("vs", "vlan7", "2001:db8:1::/48"), keys("", "", "2001:db8:1::/48"), keys("vs", "", "")];
    assert_eq!(choice(&subnets, &[("2001:db8:1::1", "vlan9")], "fe80::9", "vs"), Some(1));
    assert_eq!(choice(&subnets, &[], "fe80::9", "vs"), Some(2));
    assert_eq!(choice(&subnets[..1], &[], "fe80::9", "vs"), Some(0), "any key is enough, as in Kea");
}

#[test]
fn a_hundred_thousand_subnets_are_told_apart() {
    let subnets: Vec<_> = (0..100_000u32)
        .map(|n| keys("", &format!("port{n}"), &format!("2001:db8:{:x}:{:x}::/64", n >> 16, n & 0xffff)))
        .collect();
    let selector = SubnetSelector::new(subnets.iter());
    let bytes = relayed(&[("2001:db8:1:5::1", "other")]);
    let packet = Packet::new_checked(&bytes, 9).unwrap();
    assert_eq!(selector.select(packet.relays(), Ipv6Addr::LOCALHOST, "vs", &|_| true), Some(65_541));
    let bytes = relayed(&[("::", "port99999")]);
    let packet = Packet::new_checked(&bytes, 9).unwrap();
    assert_eq!(selector.select(packet.relays(), Ipv6Addr::LOCALHOST, "vs", &|_| true), Some(99_999));
}
