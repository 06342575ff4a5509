//! DHCP messages as clients, relay agents and servers send them: seeds for fuzzing, input for tests and benchmarks.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]

pub mod v4;

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::softwire::{
    Ipv6Prefix, PortParams, Rule, V4V6Bind, write_bind_prefix, write_border_relay, write_default_mapping_rule,
};
use fosix_wire::v6::{MessageType, OptionCode, QueryFlags, Writer, write_excluded_prefix};

/// A DUID-LLT of an Ethernet interface.
pub const CLIENT_DUID: &[u8] = &[0, 1, 0, 1, 0x2c, 0x10, 0x5e, 0x80, 2, 0, 0, 0, 0, 1];
/// A DUID-EN of the documentation's enterprise number.
pub const SERVER_DUID: &[u8] = &[0, 2, 0, 0, 0x7e, 0xd9, 1, 2, 3, 4];

const LINK: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x10, 0, 0, 0, 0, 1);
const OUTER_RELAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 0, 1);
const CLIENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);

/// Writes into a new buffer.
pub fn bytes(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out);
    write(&mut w);
    assert_eq!(w.finish(), Ok(()));
    out
}

/// A customer router's Solicit with eight options: it asks for an address, a /56, and DHCPv4 over DHCPv6.
pub fn write_solicit(w: &mut Writer<'_>) {
    w.message(MessageType::SOLICIT, [0x12, 0x34, 0x56]);
    w.option(OptionCode::CLIENT_ID, CLIENT_DUID);
    w.option(OptionCode::ORO, &[0, 23, 0, 24, 0, 64, 0, 67, 0, 82, 0, 83, 0, 88, 0, 94, 0, 95, 0, 96]);
    w.option_u16(OptionCode::ELAPSED_TIME, 0);
    w.option(OptionCode::RAPID_COMMIT, &[]);
    w.option(OptionCode::VENDOR_CLASS, b"\0\0\x7e\xd9\0\x06router");
    w.option(OptionCode::CLIENT_FQDN, b"\x01\x06router");
    w.option(OptionCode::IA_NA, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    w.nested(OptionCode::IA_PD, |w| {
        w.raw(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        w.option(
            OptionCode::IA_PREFIX,
            &[0, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        );
    });
}

fn write_reply(w: &mut Writer<'_>) {
    let delegated = Ipv6Prefix::new(Ipv6Addr::new(0x2001, 0xdb8, 0x1000, 0, 0, 0, 0, 0), 56);
    let excluded = Ipv6Prefix::new(Ipv6Addr::new(0x2001, 0xdb8, 0x1000, 0xff, 0, 0, 0, 0), 64);
    w.message(MessageType::REPLY, [0x12, 0x34, 0x56]);
    w.option(OptionCode::CLIENT_ID, CLIENT_DUID);
    w.option(OptionCode::SERVER_ID, SERVER_DUID);
    w.nested(OptionCode::IA_NA, |w| {
        w.raw(&[0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 0x16, 0x80]);
        w.nested(OptionCode::IA_ADDR, |w| {
            w.raw(&Ipv6Addr::new(0x2001, 0xdb8, 0x10, 0, 0, 0, 0, 0x99).octets());
            w.raw(&[0, 0, 0x1c, 0x20, 0, 0, 0x2a, 0x30]);
        });
    });
    w.nested(OptionCode::IA_PD, |w| {
        w.raw(&[0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 0x16, 0x80]);
        w.nested(OptionCode::IA_PREFIX, |w| {
            w.raw(&[0, 0, 0x1c, 0x20, 0, 0, 0x2a, 0x30, 56]);
            w.raw(&Ipv6Addr::new(0x2001, 0xdb8, 0x1000, 0, 0, 0, 0, 0).octets());
            if let (Ok(delegated), Ok(excluded)) = (delegated, excluded) {
                write_excluded_prefix(w, delegated, excluded);
            }
        });
    });
    w.option(OptionCode::STATUS_CODE, b"\0\0all well");
    w.addresses(OptionCode::DNS_SERVERS, [LINK, OUTER_RELAY]);
    w.option(OptionCode::DOMAIN_LIST, b"\x07example\x03org\0\x03com\0");
    w.option(OptionCode::AFTR_NAME, b"\x04aftr\x07example\x03org\0");
    w.addresses(OptionCode::DHCP4_O_DHCP6_SERVER, [OUTER_RELAY]);
    w.option(OptionCode::S46_PRIORITY, &[0, 96, 0, 94]);
    w.option_u32(OptionCode::SOL_MAX_RT, 3600);
    w.nested(OptionCode::S46_CONT_LW, write_lightweight_4over6);
    w.nested(OptionCode::S46_CONT_MAPE, write_map_e);
    w.nested(OptionCode::S46_CONT_MAPT, write_map_t);
}

fn write_information_request(w: &mut Writer<'_>) {
    w.message(MessageType::INFORMATION_REQUEST, [0xab, 0xcd, 0xef]);
    w.option(OptionCode::CLIENT_ID, CLIENT_DUID);
    w.option(OptionCode::ORO, &[0, 32, 0, 83, 0, 88, 0, 148]);
    w.option_u16(OptionCode::ELAPSED_TIME, 100);
    w.option(OptionCode::USER_CLASS, b"\0\x04test\0\0");
}

/// A DHCPV4-QUERY around a DHCPDISCOVER that asks for border relay and bind prefix (RFC 8539 §5).
pub fn write_query(w: &mut Writer<'_>, flags: QueryFlags) {
    w.message(MessageType::DHCPV4_QUERY, flags.to_octets());
    w.option(OptionCode::ORO, &[0, 90, 0, 137]);
    w.option(OptionCode::DHCPV4_MSG, &discover());
}

fn write_response(w: &mut Writer<'_>) {
    w.message(MessageType::DHCPV4_RESPONSE, [0; 3]);
    write_border_relay(w, OUTER_RELAY);
    if let Ok(prefix) = Ipv6Prefix::new(LINK, 64) {
        write_bind_prefix(w, prefix);
    }
    w.option(OptionCode::DHCPV4_MSG, &discover());
}

/// What `inner` writes, as an access node and then a router relay it.
pub fn write_relayed_twice(w: &mut Writer<'_>, inner: impl FnOnce(&mut Writer<'_>)) {
    w.relay(MessageType::RELAY_FORW, 1, LINK, OUTER_RELAY);
    w.option(OptionCode::REMOTE_ID, b"\0\0\x7e\xd9line 4711");
    w.option_u16(OptionCode::RELAY_PORT, 0);
    w.nested(OptionCode::RSOO, |w| w.option(OptionCode::ERP_LOCAL_DOMAIN_NAME, b"\x07example\x03org\0"));
    w.nested(OptionCode::RELAY_MESSAGE, |w| {
        w.relay(MessageType::RELAY_FORW, 0, Ipv6Addr::UNSPECIFIED, CLIENT);
        w.option(OptionCode::INTERFACE_ID, b"slot 1 port 7");
        w.option(OptionCode::SUBSCRIBER_ID, b"subscriber 4711");
        w.option(OptionCode::CLIENT_LINKLAYER_ADDR, &[0, 1, 2, 0, 0, 0, 0, 1]);
        w.nested(OptionCode::RELAY_MESSAGE, inner);
    });
}

/// A DHCPDISCOVER with message type, client identifier (RFC 4361) and parameter request list.
fn discover() -> Vec<u8> {
    let mut message = vec![1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44];
    message.resize(28, 0);
    message.extend_from_slice(&[2, 0, 0, 0, 0, 1]);
    message.resize(236, 0);
    message.extend_from_slice(&[99, 130, 83, 99, 53, 1, 1, 61, 19, 255, 0, 0, 0, 1]);
    message.extend_from_slice(CLIENT_DUID);
    message.extend_from_slice(&[55, 4, 1, 3, 6, 159, 255]);
    message
}

fn rule(port_params: Option<PortParams>) -> Option<Rule> {
    let ipv6_prefix = Ipv6Prefix::new(Ipv6Addr::new(0x2001, 0xdb8, 0x1200, 0, 0, 0, 0, 0), 41).ok()?;
    let ipv4_prefix = Ipv4Addr::new(192, 0, 2, 0);
    Some(Rule {
        flags: Rule::FORWARDING,
        ea_len: 12,
        ipv4_prefix,
        ipv4_prefix_len: 23,
        ipv6_prefix,
        port_params,
    })
}

fn write_map_e(w: &mut Writer<'_>) {
    for rule in [rule(PortParams::new(6, 3, 0).ok()), rule(None)].into_iter().flatten() {
        rule.write(w);
    }
    write_border_relay(w, OUTER_RELAY);
}

fn write_map_t(w: &mut Writer<'_>) {
    if let Some(rule) = rule(PortParams::new(0, 3, 0).ok()) {
        rule.write(w);
    }
    if let Ok(prefix) = Ipv6Prefix::new(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96) {
        write_default_mapping_rule(w, prefix);
    }
}

fn write_lightweight_4over6(w: &mut Writer<'_>) {
    write_border_relay(w, OUTER_RELAY);
    if let Ok(ipv6_prefix) = Ipv6Prefix::new(LINK, 64) {
        let port_params = PortParams::new(0, 8, 0x34).ok();
        V4V6Bind { ipv4_address: Ipv4Addr::new(192, 0, 2, 1), ipv6_prefix, port_params }.write(w);
    }
}

/// The seeds: fuzz target, name of the file, content.
pub fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = vec![
        ("v6_packet", "solicit", bytes(write_solicit)),
        ("v6_packet", "reply", bytes(write_reply)),
        ("v6_packet", "information-request", bytes(write_information_request)),
        ("v6_packet", "query", bytes(|w| write_query(w, QueryFlags::default()))),
        ("v6_packet", "query-unicast", bytes(|w| write_query(w, QueryFlags::UNICAST))),
        ("v6_packet", "response", bytes(write_response)),
        ("v6_packet", "solicit-relayed", bytes(|w| write_relayed_twice(w, write_solicit))),
        (
            "v6_packet",
            "query-relayed",
            bytes(|w| write_relayed_twice(w, |w| write_query(w, QueryFlags::default()))),
        ),
        ("s46", "map-e", bytes(write_map_e)),
        ("s46", "map-t", bytes(write_map_t)),
        ("s46", "lightweight-4over6", bytes(write_lightweight_4over6)),
        ("s46", "port-params", vec![6, 8, 0x34, 0]),
        ("s46", "prefix", vec![64, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]),
        ("s46", "border-relay", LINK.octets().to_vec()),
        ("name", "one", b"\x03www\x07example\x03org\0".to_vec()),
        ("name", "list", b"\x03www\x07example\x03org\0\x03com\0".to_vec()),
        ("name", "compressed", b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04".to_vec()),
        ("name", "partial", b"\x04host".to_vec()),
        ("name", "text", b"a\\.b.\\255c.example.org.".to_vec()),
    ];
    // The options of the messages, behind the octet that the target takes for itself.
    for (name, message) in [("solicit", bytes(write_solicit)), ("reply", bytes(write_reply))] {
        seeds.push(("v6_options", name, [&[56][..], message.get(4..).unwrap_or_default()].concat()));
    }
    seeds.push(("v6_options", "prefix-exclude", vec![59, 64, 0x78]));
    seeds.push(("v6_options", "user-class", b"\0\0\x04test\0\0".to_vec()));
    seeds.push(("v6_options", "authentication", {
        let mut data = vec![0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1];
        data.extend(1..=16);
        data
    }));
    seeds.extend(v4::seeds());
    seeds
}
