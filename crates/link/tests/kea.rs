//! Kea's link datagrams: what is put in, what is taken out, and every way to be wrong.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected is to fail")]

use fosix_link::kea::{self, Decoded, Sender};
use fosix_link::{LinkDrop, Role};
use fosix_wire::v6::{MessageType, OptionCode, Writer};

const FOREIGN: u32 = 32000;
const ISC: u32 = 2495;
const INNER: [u8; 240] = [1; 240];

fn sender() -> Sender<'static> {
    Sender { interface: "eth0", address: "2001:db8::7".parse().unwrap(), port: 1066 }
}

fn message(message_type: MessageType, options: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, [0; 3]);
    for (code, data) in options {
        w.option(OptionCode(*code), data);
    }
    w.finish().unwrap();
    bytes
}

fn query(options: &[(u16, Vec<u8>)]) -> Vec<u8> {
    message(MessageType::DHCPV4_QUERY, options)
}

fn vendor(enterprise: u32, sub_options: &[(u16, &[u8])]) -> (u16, Vec<u8>) {
    let mut bytes = enterprise.to_be_bytes().to_vec();
    for (code, data) in sub_options {
        bytes.extend(code.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(*data);
    }
    (17, bytes)
}

fn inner() -> (u16, Vec<u8>) {
    (87, INNER.to_vec())
}

const ADDRESS: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
const THREE: [(u16, &[u8]); 3] = [(60000, b"eth0"), (60001, &ADDRESS), (60002, &[4, 42])];

fn decode(datagram: &[u8], role: Role) -> Result<(Decoded<'_>, Vec<u8>), LinkDrop> {
    let mut out = Vec::new();
    kea::decode(datagram, role, &mut out).map(|decoded| (decoded, out))
}

#[test]
fn what_is_put_in_is_taken_out_again() {
    let others: [&[(u16, Vec<u8>)]; 8] = [
        &[inner()],
        &[(1, vec![0, 3, 0, 1, 2]), inner()],
        &[(8, vec![0, 0]), inner(), (94, vec![])],
        &[inner(), (6, vec![0, 88])],
        &[vendor(FOREIGN, &[(1, b"x")]), inner()],
        &[vendor(ISC, &[(1, b"x")]), inner()],
        &[inner(), vendor(FOREIGN, &[]), vendor(ISC, &[(59999, b""), (60003, b"behind")])],
        &[vendor(FOREIGN, &[(60000, b"lo")]), vendor(ISC, &[(7, b"7")]), vendor(ISC, &[(8, b"8")]), inner()],
    ];
    for options in others {
        for levels in 0..=3 {
            let mut bytes = query(options);
            for hop in 0..levels {
                let mut outer = Vec::new();
                let mut w = Writer::new(&mut outer);
                w.relay(
                    MessageType::RELAY_FORW,
                    hop,
                    "2001:db8::1".parse().unwrap(),
                    "fe80::1".parse().unwrap(),
                );
                w.option(OptionCode::INTERFACE_ID, b"port");
                w.option(OptionCode::RELAY_MESSAGE, &bytes);
                w.option(OptionCode::VENDOR_OPTS, &vendor(ISC, &THREE).1);
                w.finish().unwrap();
                bytes = outer;
            }
            let mut datagram = Vec::new();
            kea::encode(&bytes, sender(), &mut datagram).unwrap();
            let (decoded, rest) = decode(&datagram, Role::Dhcpv4).unwrap();
            assert_eq!(decoded.sender, sender());
            assert_eq!(rest, bytes, "{options:?} in {levels} levels");
        }
    }
}

#[test]
fn the_option_stands_where_kea_has_it() {
    let written = |options: &[(u16, Vec<u8>)]| {
        let mut out = Vec::new();
        kea::encode(&query(options), sender(), &mut out).unwrap();
        out
    };
    let three = vendor(ISC, &THREE);
    assert_eq!(written(&[(8, vec![]), inner()]), query(&[(8, vec![]), three.clone(), inner()]));
    let foreign = vendor(FOREIGN, &[]);
    assert_eq!(written(&[foreign.clone(), inner()]), query(&[foreign, three.clone(), inner()]));
    assert_eq!(written(&[(8, vec![])]), query(&[(8, vec![]), three]));
    let reused = vendor(ISC, &[(1, b"x"), THREE[0], THREE[1], THREE[2], (60003, b"y")]);
    assert_eq!(
        written(&[inner(), vendor(ISC, &[(1, b"x"), (60003, b"y")])]),
        query(&[inner(), reused]),
        "in the option that is there"
    );
}

#[test]
fn only_the_first_of_each_is_taken_out() {
    let twice: Vec<_> =
        THREE.iter().chain(&[(60002, &[0, 9][..]), (1, b"x"), (60000, b"lo")]).copied().collect();
    let datagram = query(&[vendor(ISC, &twice), vendor(ISC, &THREE), inner()]);
    let (decoded, rest) = decode(&datagram, Role::Dhcpv4).unwrap();
    assert_eq!(decoded.sender, sender());
    let left = vendor(ISC, &[(60002, &[0, 9]), (1, b"x"), (60000, b"lo")]);
    assert_eq!(rest, query(&[left, vendor(ISC, &THREE), inner()]));
}

#[test]
fn every_way_to_be_wrong_has_its_name() {
    let with = |replaced: &[(u16, &[u8])]| query(&[vendor(ISC, replaced), inner()]);
    let [interface, address, port] = THREE;
    let whole = vendor(ISC, &THREE);
    let mut cut = whole.1.clone();
    cut.pop();
    let query_cases = [
        (Vec::new(), LinkDrop::Malformed),
        (vec![0xff; 64], LinkDrop::Malformed),
        (message(MessageType::DHCPV4_RESPONSE, &[whole.clone(), inner()]), LinkDrop::MessageType),
        (message(MessageType::SOLICIT, &[whole.clone(), inner()]), LinkDrop::MessageType),
        (query(&[inner()]), LinkDrop::NoVendorOption),
        (query(&[vendor(FOREIGN, &THREE), inner()]), LinkDrop::NoVendorOption),
        (query(&[(17, vec![0, 0, 9]), inner()]), LinkDrop::NoVendorOption),
        (query(&[(17, cut), inner()]), LinkDrop::VendorOption),
        (with(&[]), LinkDrop::NoInterface),
        (with(&[address, port]), LinkDrop::NoInterface),
        (with(&[(60000, b""), address, port]), LinkDrop::Interface),
        (with(&[(60000, b"an-interface-too"), address, port]), LinkDrop::Interface),
        (with(&[(60000, b"\xff"), address, port]), LinkDrop::Interface),
        (with(&[(60000, b"a/b"), address, port]), LinkDrop::Interface),
        (with(&[(60000, b"eth0\0"), address, port]), LinkDrop::Interface),
        (with(&[interface, port]), LinkDrop::NoAddress),
        (with(&[interface, (60001, &ADDRESS[..15]), port]), LinkDrop::Address),
        (with(&[interface, (60001, &[0; 17]), port]), LinkDrop::Address),
        (with(&[interface, (60001, &[0; 16]), port]), LinkDrop::Address),
        (with(&[interface, (60001, &[0xff; 16]), port]), LinkDrop::Address),
        (with(&[interface, address]), LinkDrop::NoPort),
        (with(&[interface, address, (60002, &[1])]), LinkDrop::Port),
        (with(&[interface, address, (60002, &[0, 1, 2])]), LinkDrop::Port),
        (with(&[interface, address, (60002, &[0, 0])]), LinkDrop::Port),
        (query(std::slice::from_ref(&whole)), LinkDrop::NoDhcpv4Message),
        (query(&[whole.clone(), inner(), inner()]), LinkDrop::SeveralDhcpv4Messages),
        (query(&[whole.clone(), (87, vec![1; 235])]), LinkDrop::ShortDhcpv4Message),
    ];
    for (datagram, expected) in query_cases {
        assert_eq!(decode(&datagram, Role::Dhcpv4).err(), Some(expected), "{datagram:02x?}");
    }
    for message_type in [MessageType::DHCPV4_QUERY, MessageType::REPLY] {
        let datagram = message(message_type, &[whole.clone(), inner()]);
        assert_eq!(decode(&datagram, Role::Dhcpv6).err(), Some(LinkDrop::MessageType));
    }
    assert!(decode(&with(&THREE), Role::Dhcpv4).is_ok());
}

#[test]
fn a_query_in_relay_replies_is_none() {
    let mut datagram = Vec::new();
    let mut w = Writer::new(&mut datagram);
    w.relay(MessageType::RELAY_REPL, 0, "::".parse().unwrap(), "fe80::1".parse().unwrap());
    w.option(OptionCode::RELAY_MESSAGE, &query(&[vendor(ISC, &THREE), inner()]));
    w.finish().unwrap();
    assert_eq!(decode(&datagram, Role::Dhcpv4).err(), Some(LinkDrop::MessageType));
}
