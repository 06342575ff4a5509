//! The DHCPv6 half, message by message: what it answers, where to, and why it does not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_config::{Dhcp6, DuidSpec, LeaseChecks, Lifetime, OptionValue, ServerIdSpec, SubnetId, Timers};
use fosix_dhcp6::{Datagram, Drop6, Effects6, Event6, HandOver, Origin, Outcome6, Sent6, Server6, Settings6};
use fosix_lease::{Leases6, Timestamp};
use fosix_wire::v6::{
    IaNa, MessageType, OptionCode, Packet, StatusCode, StatusCodeOption, VendorOpts, Writer,
    write_relay_reply,
};

const SERVER_ID: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 9];
const CLIENT_ID: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const TRANSACTION: [u8; 3] = [1, 2, 3];

fn server() -> Server6 {
    server_with(Settings6 {
        server_id: SERVER_ID.to_vec(),
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: false,
        has_dhcpv4_half: true,
        offer_lifetime: 60,
    })
}

fn server_with(settings: Settings6) -> Server6 {
    let option = |code, data: &[u8]| OptionValue { code, data: data.to_vec(), ..OptionValue::default() };
    let subnet = |id, prefix: &str, interface_id: Option<&str>, last| fosix_config::Subnet6 {
        id: SubnetId(id),
        prefix: prefix.parse().unwrap(),
        interface: None,
        interface_id: interface_id.map(|id| id.as_bytes().to_vec()),
        relay_addresses: Vec::new(),
        options: vec![option(23, &address(&format!("2001:db8::{last}")).octets())],
        pools: Vec::new(),
        pd_pools: Vec::new(),
        timers: timers(),
        preferred_lifetime: Lifetime::fixed(3000),
        rapid_commit: false,
        allocator: fosix_config::Allocator::Iterative,
        pd_allocator: fosix_config::Allocator::Iterative,
        fqdn: fosix_config::FqdnPolicy::default(),
        shared_network: None,
        guard: fosix_config::Guard::default(),
        network_guard: fosix_config::Guard::default(),
        additional_classes: Vec::new(),
        reservation_modes: fosix_config::ReservationModes::default(),
    };
    let config = Dhcp6 {
        interfaces: Vec::new(),
        options: vec![
            option(23, &address("2001:db8::53").octets()),
            option(88, &address("2001:db8::1").octets()),
            OptionValue { always_send: true, ..option(32, &[0, 0, 0x0e, 0x10]) },
            OptionValue { vendor: Some(9), ..option(1, b"nine") },
        ],
        subnets: vec![subnet(1, "2001:db8:1::/48", None, 1), subnet(2, "2001:db8:2::/48", Some("vlan7"), 2)],
        server_id: ServerIdSpec {
            duid: DuidSpec::LinkLayer { hardware_type: None, identifier: None },
            persist: false,
        },
        timers: timers(),
        preferred_lifetime: Lifetime::fixed(3000),
        decline_probation_period: 86_400,
        lease_checks: LeaseChecks::Warn,
        expired_leases: fosix_config::ExpiredLeases::default(),
        persist: true,
        dhcp4o6_port: 0,
        hooks: Vec::new(),
        mac_sources: fosix_config::MacSource::ANY.to_vec(),
        relay_supplied_options: vec![65],
        allow_address_registration: true,
        fqdn: fosix_config::FqdnPolicy::default(),
        rules: fosix_config::ClientRules::default(),
    };
    Server6::new(&config, settings)
}

fn timers() -> Timers {
    let valid_lifetime = Lifetime::fixed(4000);
    Timers {
        valid_lifetime,
        renew: None,
        rebind: None,
        calculate_tee_times: true,
        t1_percent: 0.5,
        t2_percent: 0.8,
        cache: fosix_config::Cache::default(),
    }
}

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn from(source: &str, port: u16, destination: &str) -> Origin {
    Origin {
        source: SocketAddrV6::new(address(source), port, 0, 0),
        destination: address(destination),
        interface_index: 7,
        link_local: Some(address("fe80::5")),
    }
}

fn direct() -> Origin {
    from("fe80::99", 546, "ff02::1:2")
}

fn message(message_type: MessageType, options: &[(OptionCode, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, TRANSACTION);
    for (code, data) in options {
        w.option(*code, data);
    }
    w.finish().unwrap();
    bytes
}

fn relayed(inner: &[u8], link: &str, options: &[(OptionCode, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.relay(MessageType::RELAY_FORW, 0, address(link), address("fe80::99"));
    for (code, data) in options {
        w.option(*code, data);
    }
    w.option(OptionCode::RELAY_MESSAGE, inner);
    w.finish().unwrap();
    bytes
}

fn handle(server: &Server6, bytes: &[u8], origin: Origin) -> (Result<Vec<u8>, Drop6>, Effects6) {
    let mut effects = Effects6::default();
    let datagram = Datagram { bytes, origin, interface: "vs" };
    let result = match server.handle(Timestamp(1000), &mut no_leases(), &datagram, &mut effects) {
        Outcome6::Answered(_) | Outcome6::Promised(_) => {
            Ok(effects.bytes[effects.answers[0].bytes.clone()].to_vec())
        }
        outcome @ (Outcome6::HandedOver(_) | Outcome6::Committing(_)) => panic!("{outcome:?}"),
        Outcome6::Dropped(reason) => Err(reason),
    };
    (result, effects)
}

fn no_leases() -> Leases6 {
    Leases6::new(&[], 10)
}

fn answer(bytes: &[u8]) -> Vec<u8> {
    handle(&server(), bytes, direct()).0.unwrap()
}

fn option(bytes: &[u8], code: OptionCode) -> Option<Vec<u8>> {
    Packet::new_checked(bytes, 9).unwrap().message().options().find(code).map(<[u8]>::to_vec)
}

const ORO_88: (OptionCode, &[u8]) = (OptionCode::ORO, &[0, 88]);

#[test]
fn an_information_request_is_told_where_to_send_dhcpv4() {
    let reply =
        answer(&message(MessageType::INFORMATION_REQUEST, &[(OptionCode::CLIENT_ID, &CLIENT_ID), ORO_88]));
    let packet = Packet::new_checked(&reply, 9).unwrap();
    assert_eq!(packet.message().message_type(), MessageType::REPLY);
    assert_eq!(packet.message().transaction_id(), TRANSACTION);
    assert_eq!(option(&reply, OptionCode::SERVER_ID).unwrap(), SERVER_ID);
    assert_eq!(option(&reply, OptionCode::CLIENT_ID).unwrap(), CLIENT_ID);
    assert_eq!(option(&reply, OptionCode::DHCP4_O_DHCP6_SERVER).unwrap(), address("2001:db8::1").octets());
    assert_eq!(
        option(&reply, OptionCode::INFORMATION_REFRESH_TIME).unwrap(),
        [0, 0, 0x0e, 0x10],
        "always sent"
    );
}

#[test]
fn option_88_goes_only_to_who_asks_for_it() {
    let reply = answer(&message(MessageType::INFORMATION_REQUEST, &[(OptionCode::ORO, &[0, 23])]));
    assert_eq!(option(&reply, OptionCode::DHCP4_O_DHCP6_SERVER), None);
    assert!(option(&reply, OptionCode::DNS_SERVERS).is_some());
    assert_eq!(option(&reply, OptionCode::CLIENT_ID), None, "an anonymous client stays so");
}

#[test]
fn every_advertise_and_reply_carries_option_88_when_asked() {
    let with_server = |message_type| {
        let ia = [0u8, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        let options: [(OptionCode, &[u8]); 5] = [
            (OptionCode::CLIENT_ID, &CLIENT_ID),
            ORO_88,
            (OptionCode::IA_NA, &ia),
            (OptionCode::IA_PD, &ia),
            (OptionCode::SERVER_ID, &SERVER_ID),
        ];
        let count = if message_type == MessageType::SOLICIT { 4 } else { 5 };
        answer(&message(message_type, &options[..count]))
    };
    let table = [
        (
            MessageType::SOLICIT,
            MessageType::ADVERTISE,
            StatusCode::NO_ADDRS_AVAIL,
            StatusCode::NO_PREFIX_AVAIL,
        ),
        (MessageType::REQUEST, MessageType::REPLY, StatusCode::NO_ADDRS_AVAIL, StatusCode::NO_PREFIX_AVAIL),
        (MessageType::RENEW, MessageType::REPLY, StatusCode::NO_BINDING, StatusCode::NO_BINDING),
    ];
    for (asked, answered, addresses, prefixes) in table {
        let bytes = with_server(asked);
        assert_eq!(Packet::new_checked(&bytes, 9).unwrap().message().message_type(), answered, "{asked}");
        assert!(option(&bytes, OptionCode::DHCP4_O_DHCP6_SERVER).is_some(), "{asked}");
        for (code, status) in [(OptionCode::IA_NA, addresses), (OptionCode::IA_PD, prefixes)] {
            let ia = option(&bytes, code).unwrap();
            // An IA_PD is laid out as an IA_NA is.
            let ia = IaNa::new_checked(&ia).unwrap();
            assert_eq!((ia.iaid, ia.t1, ia.t2), (5, 0, 0), "{asked}");
            let told =
                StatusCodeOption::new_checked(ia.options.find(OptionCode::STATUS_CODE).unwrap()).unwrap();
            assert_eq!(told.code, status, "{asked}");
        }
    }
}

/// A message of a type with options, and why it is dropped.
type Row<'a> = (MessageType, &'a [(OptionCode, &'a [u8])], Drop6);

#[test]
fn identifiers_that_rfc_9915_does_not_allow_are_named() {
    let client: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, &CLIENT_ID);
    let ours: (OptionCode, &[u8]) = (OptionCode::SERVER_ID, &SERVER_ID);
    let other: (OptionCode, &[u8]) = (OptionCode::SERVER_ID, &[0, 3, 0, 1, 9]);
    let short: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, &[]);
    let ia: (OptionCode, &[u8]) = (OptionCode::IA_NA, &[0; 12]);
    let table: [Row<'_>; 15] = [
        (MessageType::SOLICIT, &[], Drop6::ClientId),
        (MessageType::SOLICIT, &[client, client], Drop6::ClientId),
        (MessageType::SOLICIT, &[short], Drop6::ClientId),
        (MessageType::SOLICIT, &[client, ours], Drop6::ServerId),
        (MessageType::REQUEST, &[client], Drop6::ServerId),
        (MessageType::REQUEST, &[client, ours, ours], Drop6::ServerId),
        (MessageType::REQUEST, &[client, other], Drop6::NotForUs),
        (MessageType::INFORMATION_REQUEST, &[other], Drop6::NotForUs),
        (MessageType::INFORMATION_REQUEST, &[ia], Drop6::IaInInformationRequest),
        (MessageType::DHCPV4_QUERY, &[other], Drop6::NotForUs),
        (MessageType::REBIND, &[client], Drop6::NoSubnet),
        (MessageType::CONFIRM, &[client], Drop6::NoAddresses),
        (MessageType::REPLY, &[client], Drop6::MessageType),
        (MessageType::DHCPV4_RESPONSE, &[client], Drop6::MessageType),
        (MessageType(200), &[client], Drop6::MessageType),
    ];
    for (message_type, options, reason) in table {
        let (result, effects) = handle(&server(), &message(message_type, options), direct());
        assert_eq!(result, Err(reason), "{message_type} {options:?}");
        assert_eq!(effects.statistics.dropped.get(reason), 1);
        assert_eq!(effects.statistics.dropped.total(), 1);
        assert!(effects.answers.is_empty());
    }
}

#[test]
fn every_truncation_is_answered_or_dropped_by_name() {
    let whole = relayed(
        &message(
            MessageType::SOLICIT,
            &[(OptionCode::CLIENT_ID, &CLIENT_ID), ORO_88, (OptionCode::IA_NA, &[0; 12])],
        ),
        "2001:db8:1::1",
        &[(OptionCode::INTERFACE_ID, b"vlan7")],
    );
    let server = server();
    for length in 0..whole.len() {
        let (result, effects) = handle(&server, &whole[..length], direct());
        assert!(result.is_err(), "{length}");
        assert_eq!(effects.statistics.dropped.total(), 1);
        assert_eq!(effects.statistics.datagrams, 1);
    }
}

#[test]
fn options_are_those_of_the_clients_subnet() {
    let request = message(MessageType::INFORMATION_REQUEST, &[(OptionCode::ORO, &[0, 23])]);
    let dns = |bytes: &[u8], origin| {
        let (result, _) = handle(&server(), bytes, origin);
        option(&result.unwrap(), OptionCode::DNS_SERVERS).unwrap()
    };
    let server_of = |last: &str| address(last).octets();
    assert_eq!(dns(&request, from("2001:db8:1::9", 546, "ff02::1:2")), server_of("2001:db8::1"));
    assert_eq!(dns(&request, direct()), server_of("2001:db8::53"), "no subnet: the global one");
    let behind = relayed(&request, "2001:db8:2::1", &[]);
    assert_eq!(dns(&behind, from("2001:db8:1::9", 547, "2001:db8::1")), server_of("2001:db8::2"));
    let named = relayed(&request, "2001:db8:1::1", &[(OptionCode::INTERFACE_ID, b"vlan7")]);
    assert_eq!(dns(&named, from("2001:db8:1::9", 547, "2001:db8::1")), server_of("2001:db8::2"));
}

#[test]
fn a_vendors_options_go_to_clients_of_that_vendor() {
    let nine = [0, 0, 0, 9, 0, 1, b'x'];
    let asks: (OptionCode, &[u8]) = (OptionCode::ORO, &[0, 17]);
    let got = answer(&message(MessageType::INFORMATION_REQUEST, &[asks, (OptionCode::VENDOR_CLASS, &nine)]));
    let body = option(&got, OptionCode::VENDOR_OPTS).unwrap();
    assert_eq!(VendorOpts::new_checked(&body).unwrap().options().find(OptionCode(1)), Some(&b"nine"[..]));
    let other = answer(&message(MessageType::INFORMATION_REQUEST, &[asks]));
    assert_eq!(option(&other, OptionCode::VENDOR_OPTS), None);
}

#[test]
fn a_direct_answer_goes_back_by_the_interface_from_the_address_that_was_asked() {
    let request = message(MessageType::INFORMATION_REQUEST, &[ORO_88]);
    let table = [
        (from("fe80::99", 546, "ff02::1:2"), Some("fe80::5")),
        (from("2001:db8::99", 3000, "ff02::1:2"), Some("fe80::5")),
        (from("::1", 3000, "::1"), Some("::1")),
    ];
    for (origin, source) in table {
        let (_, effects) = handle(&server(), &request, origin);
        let sent = &effects.answers[0];
        assert_eq!(sent.destination, SocketAddrV6::new(*origin.source.ip(), 546, 0, 0));
        assert_eq!(sent.source, source.map(address));
        assert_eq!(sent.interface_index, 7);
    }
}

#[test]
fn a_client_that_sends_by_unicast_is_not_answered() {
    let request = message(MessageType::INFORMATION_REQUEST, &[ORO_88]);
    for source in ["fe80::99", "2001:db8::99"] {
        let (result, _) = handle(&server(), &request, from(source, 546, "2001:db8::1"));
        assert_eq!(result, Err(Drop6::Unicast));
    }
    let behind = relayed(&request, "2001:db8:1::1", &[]);
    assert!(handle(&server(), &behind, from("2001:db8:1::1", 547, "2001:db8::1")).0.is_ok());
}

#[test]
fn a_relayed_answer_goes_to_port_547_or_where_the_relay_says() {
    let request = message(MessageType::INFORMATION_REQUEST, &[ORO_88]);
    let plain = relayed(&request, "2001:db8:1::1", &[(OptionCode::INTERFACE_ID, b"x")]);
    let ported = relayed(&request, "2001:db8:1::1", &[(OptionCode::RELAY_PORT, &[0x12, 0x34])]);
    let outer = relayed(&ported, "2001:db8:1::1", &[]);
    let origin = from("2001:db8:1::1", 4000, "2001:db8::1");
    for (bytes, port) in [(&plain, 547), (&ported, 4000), (&outer, 547)] {
        let (result, effects) = handle(&server(), bytes, origin);
        assert_eq!(effects.answers[0].destination.port(), port);
        assert_eq!(effects.answers[0].interface_index, 0, "routing finds the relay");
        let reply = result.unwrap();
        let packet = Packet::new_checked(&reply, 9).unwrap();
        let asked = Packet::new_checked(bytes, 9).unwrap();
        for (level, came) in packet.relays().iter().zip(asked.relays()) {
            assert_eq!(level.message_type(), MessageType::RELAY_REPL);
            assert_eq!(level.hop_count(), came.hop_count());
            assert_eq!(level.link_address(), came.link_address());
            assert_eq!(level.peer_address(), came.peer_address());
            assert_eq!(level.interface_id(), came.interface_id());
            assert_eq!(level.relay_source_port(), came.relay_source_port());
        }
    }
    let unprivileged = server_with(Settings6 {
        server_id: SERVER_ID.to_vec(),
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: true,
        has_dhcpv4_half: true,
        offer_lifetime: 60,
    });
    assert_eq!(handle(&unprivileged, &plain, origin).1.answers[0].destination.port(), 4000);
    let from_client = from("fe80::99", 4000, "ff02::1:2");
    assert_eq!(handle(&unprivileged, &request, from_client).1.answers[0].destination.port(), 4000);
}

fn hand_over(server: &Server6, bytes: &[u8]) -> (Result<Vec<u8>, Drop6>, Effects6) {
    let mut effects = Effects6::default();
    let datagram = Datagram { bytes, origin: direct(), interface: "vs" };
    let result = match server.handle(Timestamp(1000), &mut no_leases(), &datagram, &mut effects) {
        Outcome6::HandedOver(HandOver { message, origin, interface }) => {
            assert_eq!((origin, interface), (direct(), "vs"));
            Ok(message.into_owned())
        }
        Outcome6::Dropped(reason) => Err(reason),
        outcome => panic!("{outcome:?}"),
    };
    (result, effects)
}

#[test]
fn a_query_is_handed_over_as_it_came() {
    let query = message(MessageType::DHCPV4_QUERY, &[(OptionCode::DHCPV4_MSG, b"message")]);
    let twice = relayed(&relayed(&query, "::", &[(OptionCode::INTERFACE_ID, b"x")]), "2001:db8:1::1", &[]);
    for bytes in [&query, &twice] {
        let (handed, effects) = hand_over(&server(), bytes);
        assert_eq!(&handed.unwrap(), bytes);
        assert_eq!(effects.statistics.events.get(Event6::LinkOptionsRemoved), 0);
    }
}

#[test]
fn a_query_needs_exactly_one_dhcpv4_message() {
    let one: (OptionCode, &[u8]) = (OptionCode::DHCPV4_MSG, b"message");
    let server = server();
    assert_eq!(hand_over(&server, &message(MessageType::DHCPV4_QUERY, &[])).0, Err(Drop6::NoDhcpv4Message));
    let two = message(MessageType::DHCPV4_QUERY, &[one, one]);
    assert_eq!(hand_over(&server, &two).0, Err(Drop6::SeveralDhcpv4Messages));
}

#[test]
fn what_a_client_says_in_the_name_of_the_other_half_is_taken_out_everywhere() {
    let spoofed = {
        let mut data = 2495u32.to_be_bytes().to_vec();
        for code in [60000u16, 60001, 60002, 7] {
            data.extend_from_slice(&code.to_be_bytes());
            data.extend_from_slice(&[0, 1, b'x']);
        }
        data
    };
    let only_spoofed = &spoofed[..4 + 3 * 5];
    let broken = [&2495u32.to_be_bytes()[..], &[0xea, 0x60, 0, 9, b'x']].concat();
    let kept = [&2495u32.to_be_bytes()[..], &[0, 7, 0, 1, b'x']].concat();
    let foreign = [&9u32.to_be_bytes()[..], &[0xea, 0x60, 0, 1, b'x']].concat();
    let vendor = |data| (OptionCode::VENDOR_OPTS, data);
    let query = message(
        MessageType::DHCPV4_QUERY,
        &[
            vendor(&spoofed[..]),
            vendor(&foreign),
            (OptionCode::DHCPV4_MSG, b"message"),
            vendor(only_spoofed),
            vendor(&broken),
        ],
    );
    let bytes = relayed(&query, "2001:db8:1::1", &[vendor(&spoofed), (OptionCode::INTERFACE_ID, b"x")]);
    let clean_query = message(
        MessageType::DHCPV4_QUERY,
        &[vendor(&kept[..]), vendor(&foreign), (OptionCode::DHCPV4_MSG, b"message")],
    );
    let clean = relayed(&clean_query, "2001:db8:1::1", &[vendor(&kept), (OptionCode::INTERFACE_ID, b"x")]);
    let (handed, effects) = hand_over(&server(), &bytes);
    assert_eq!(handed.unwrap(), clean);
    assert_eq!(effects.statistics.events.get(Event6::LinkOptionsRemoved), 1);
}

#[test]
fn the_response_of_the_other_half_goes_to_where_the_query_came_from() {
    let server = server();
    let query = relayed(
        &message(MessageType::DHCPV4_QUERY, &[(OptionCode::DHCPV4_MSG, b"message")]),
        "2001:db8:1::1",
        &[(OptionCode::RELAY_PORT, &[0x12, 0x34])],
    );
    let mut effects = Effects6::default();
    let asked = Packet::new_checked(&query, 9).unwrap();
    let mut w = Writer::new(&mut effects.bytes);
    write_relay_reply(asked.relays(), &mut w, |w| w.message(MessageType::DHCPV4_RESPONSE, [0; 3]));
    w.finish().unwrap();
    let length = effects.bytes.len();
    let origin = from("2001:db8:1::1", 4000, "2001:db8::1");
    server.respond(&origin, 0..length, &mut effects);
    assert_eq!(effects.answers[0].destination, origin.source);
    assert_eq!(effects.answers[0].source, Some(address("2001:db8::1")));
    assert_eq!(effects.statistics.sent.get(Sent6::Dhcpv4Response), 1);

    let mut effects = Effects6::default();
    effects.bytes = message(MessageType::REPLY, &[]);
    server.respond(&origin, 0..4, &mut effects);
    assert!(effects.answers.is_empty(), "only a DHCPV4-RESPONSE goes to clients");
    assert_eq!(effects.statistics.events.get(Event6::BadResponseFromLink), 1);
}

#[test]
fn relay_levels_are_limited() {
    let mut bytes = message(MessageType::INFORMATION_REQUEST, &[ORO_88]);
    for level in 0..10 {
        let (result, _) = handle(&server(), &bytes, direct());
        assert_eq!(result.err(), (level > 9).then_some(Drop6::TooManyRelays), "{level}");
        bytes = relayed(&bytes, "2001:db8:1::1", &[]);
    }
    assert_eq!(handle(&server(), &bytes, direct()).0, Err(Drop6::TooManyRelays));
}
