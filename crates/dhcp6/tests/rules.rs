//! Who gets what: classes, guards, reservations, and options that expressions decide.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]
#![allow(dead_code, reason = "not every test needs all of the world")]

mod world;

use fosix_dhcp6::{Drop6, Effects6};
use fosix_lease::{Key6, LeaseState, Timestamp};
use fosix_policy::Explanation;
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};
use world::{Ask, Outcome, World, key};

/// A `Dhcp6` object with these members.
fn world(members: &str) -> World {
    World::configured(&format!(
        "{{ \"Dhcp6\": {{ \"interfaces-config\": {{ \"interfaces\": [ \"vs\" ] }}, {members} }} }}"
    ))
}

fn of_class(client: u8, class: &str) -> Ask {
    let len = u16::try_from(class.len()).unwrap().to_be_bytes();
    let data = [&[0, 0, 0x11, 0x8b][..], &len, class.as_bytes()].concat();
    Ask::solicit(client).with(OptionCode::VENDOR_CLASS, &data)
}

const DNS: u16 = 23;
const BOOT_FILE: u16 = 59;

const CLASSES: &str = r#"
    "valid-lifetime": 4000, "preferred-lifetime": 3000,
    "client-classes": [
        { "name": "voice", "test": "substring(vendor-class[4491].data,0,5) == 'voice'", "valid-lifetime": 600, "preferred-lifetime": 500,
          "option-data": [ { "name": "bootfile-url", "data": "tftp://voice" }, { "name": "dns-servers", "data": "2001:db8::1" } ] },
        { "name": "DROP", "test": "vendor-class[4491].data == 'bad'" }
    ],
    "option-data": [ { "name": "dns-servers", "data": "2001:db8::53" } ],
    "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::10 - 2001:db8:1::1f", "client-classes": [ "voice", "VENDOR_CLASS_video" ] },
                   { "pool": "2001:db8:1::20 - 2001:db8:1::20" } ],
        "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56, "client-class": "voice" },
                      { "prefix": "2001:db8:2000::", "prefix-len": 56, "delegated-len": 56 } ] } ]
"#;

#[test]
fn classes_give_options_and_lifetimes() {
    let mut world = world(CLASSES);
    let plain = world.answer(&Ask::solicit(1).oro(&[DNS, BOOT_FILE]));
    assert_eq!(plain.ia_na(1).leases, [(key("2001:db8:1::20"), 3000, 4000)]);
    assert_eq!(plain.option(OptionCode(BOOT_FILE)), None);
    assert_eq!(plain.option(OptionCode(DNS)).unwrap()[15], 0x53);
    let voice = world.answer(&of_class(2, "voice 1").oro(&[DNS, BOOT_FILE]));
    assert_eq!(voice.ia_na(1).leases, [(key("2001:db8:1::10"), 500, 600)]);
    assert_eq!(voice.ia_pd(2).leases, [(key("2001:db8:1000::/56"), 500, 600)]);
    assert_eq!(voice.option(OptionCode(BOOT_FILE)), Some(b"tftp://voice".to_vec()));
    assert_eq!(voice.option(OptionCode(DNS)).unwrap()[15], 1, "before the global one");
}

#[test]
fn who_is_in_the_class_drop_is_dropped_and_counted() {
    let mut world = world(CLASSES);
    assert_eq!(world.drop_of(&of_class(1, "bad")), Drop6::Class);
    let report = world.effects.statistics.report();
    assert!(report.contains(&("pkt6-drop-class", 1)) && report.contains(&("pkt6-admin-filtered", 1)));
    // A query for the other half is dropped all the same.
    let query = Ask { kind: MessageType::DHCPV4_QUERY, ..of_class(1, "bad") };
    assert_eq!(world.drop_of(&query), Drop6::Class);
}

#[test]
fn guarded_pools_are_for_their_classes_alone() {
    let mut world = world(CLASSES);
    assert_eq!(world.bind(1), (key("2001:db8:1::20"), key("2001:db8:2000::/56")));
    let reply = world.answer(&Ask::solicit(2));
    assert_eq!(reply.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL), "the open pools are used up");
    assert_eq!(reply.ia_pd(2).status, Some(StatusCode::NO_PREFIX_AVAIL));
    let bound = world.bind_as(&of_class(3, "voice"));
    assert_eq!(bound, (key("2001:db8:1::10"), key("2001:db8:1000::/56")));
    assert_eq!(world.answer(&of_class(4, "video")).address(), key("2001:db8:1::11"));
    // What a client is not in a class for any more it loses, and is told so.
    let reply = world.answer(&Ask::about(MessageType::RENEW, 3, bound));
    assert_eq!(reply.ia_na(1).leases, [(key("2001:db8:1::10"), 0, 0)]);
    assert_eq!(world.state(key("2001:db8:1::10")), Some(LeaseState::Released));
}

#[test]
fn guards_choose_among_subnets_that_fit_alike() {
    let mut world = world(
        r#"
        "client-classes": [ { "name": "voice", "test": "vendor-class[4491].data == 'voice'" } ],
        "subnet6": [
            { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", "client-class": "voice", "pools": [ { "pool": "2001:db8:1::/112" } ] },
            { "id": 2, "subnet": "2001:db8:2::/64", "interface": "vs", "pools": [ { "pool": "2001:db8:2::/112" } ] } ]
        "#,
    );
    assert_eq!(world.answer(&of_class(1, "voice")).address().address.segments()[2], 1);
    assert_eq!(world.answer(&Ask::solicit(2)).address().address.segments()[2], 2);
}

#[test]
fn additional_classes_are_looked_at_where_they_are_listed() {
    let class = |name: &str, last: u8, test: &str| {
        format!(
            "{{ \"name\": \"{name}\", \"only-if-required\": true, {test}
               \"option-data\": [ {{ \"name\": \"dns-servers\", \"data\": \"2001:db8::{last}\" }} ] }}"
        )
    };
    let classes = [
        class("of-network", 1, ""),
        class("of-pool", 2, "\"test\": \"vendor-class[4491].data == 'x'\","),
        class("of-prefixes", 3, "\"test\": \"vendor-class[4491].data == 'y'\","),
    ];
    let mut world = world(&format!(
        r#""client-classes": [ {} ],
        "shared-networks": [ {{ "name": "town", "require-client-classes": [ "of-network" ], "subnet6": [
            {{ "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
               "pools": [ {{ "pool": "2001:db8:1::/112", "evaluate-additional-classes": [ "of-pool" ] }} ],
               "pd-pools": [ {{ "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56,
                   "evaluate-additional-classes": [ "of-prefixes" ] }} ] }} ] }} ]"#,
        classes.join(", ")
    ));
    let mut dns = |ask: Ask| world.answer(&ask.oro(&[DNS])).option(OptionCode(DNS)).unwrap()[15];
    assert_eq!(dns(Ask::solicit(1)), 1);
    assert_eq!(dns(of_class(2, "x")), 2);
    assert_eq!(dns(of_class(3, "y")), 3);
}

/// Reservations of the clients of these numbers.
const RESERVED: &str = r#"
    "host-reservation-identifiers": [ "duid", "hw-address", "flex-id" ],
    "hooks-libraries": [ { "library": "/x/libdhcp_flex_id.so",
        "parameters": { "identifier-expression": "relay6[-1].option[37].hex" } } ],
    "client-classes": [ { "name": "gold" },
        { "name": "gold-and-known", "test": "member('gold') and known",
          "option-data": [ { "name": "dns-servers", "data": "2001:db8::6:d" } ] } ],
    "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::10 - 2001:db8:1::1f" } ],
        "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56 } ],
        "reservations": [
            { "duid": "00:03:00:01:02:00:00:00:00:01", "ip-addresses": [ "2001:db8:1::10", "2001:db8:1::77" ],
              "prefixes": [ "2001:db8:9:100::/56" ], "excluded-prefixes": [ "2001:db8:9:100::/64" ],
              "client-classes": [ "gold" ], "hostname": "one.example",
              "option-data": [ { "name": "bootfile-url", "data": "tftp://one" } ] },
            { "hw-address": "02:00:00:00:00:02", "ip-addresses": [ "2001:db8:1::2" ] },
            { "flex-id": "'remote3'", "prefixes": [ "2001:db8:1000::/56" ] }
        ] },
        { "id": 2, "subnet": "2001:db8:2::/64", "relay": { "ip-addresses": [ "2001:db8:2::1" ] },
        "pools": [ { "pool": "2001:db8:2::/112" } ],
        "pd-pools": [ { "prefix": "2001:db8:2000::", "prefix-len": 40, "delegated-len": 56 } ],
        "reservations": [ { "flex-id": "'remote3'", "prefixes": [ "2001:db8:2000::/56" ] } ] } ]
"#;

fn with_fqdn(ask: Ask) -> Ask {
    ask.with(OptionCode::CLIENT_FQDN, &[0]).oro(&[DNS, BOOT_FILE, 39, 67])
}

#[test]
fn a_reservation_gives_addresses_prefixes_options_classes_and_a_name() {
    let mut world = world(RESERVED);
    let one = world.answer(&with_fqdn(Ask::solicit(1).na(3, &[])));
    assert_eq!(one.ia_na(1).leases[0].0, key("2001:db8:1::10"));
    assert_eq!(one.ia_na(3).leases[0].0, key("2001:db8:1::77"), "each association gets another one");
    assert_eq!(one.prefix(), key("2001:db8:9:100::/56"));
    assert_eq!(one.option(OptionCode(BOOT_FILE)), Some(b"tftp://one".to_vec()));
    assert_eq!(one.option(OptionCode(DNS)).unwrap()[15], 0xd, "a class that depends on the reserved one");
    assert!(one.option(OptionCode::CLIENT_FQDN).unwrap().ends_with(b"\x03one\x07example\0"));
    // RFC 6603: option 67 in the prefix, which leaves out the first /64.
    assert!(one.0.windows(6).any(|six| six == [0, 67, 0, 2, 64, 0]), "{:02x?}", one.0);
}

#[test]
fn hardware_addresses_and_flexible_identifiers_know_clients_too() {
    let mut world = world(RESERVED);
    assert_eq!(world.answer(&Ask::solicit(2)).address(), key("2001:db8:1::2"), "the DUID has it");
    let relayed = Ask::solicit(33).relayed("2001:db8:2::1", &[(OptionCode(37), b"remote3")]);
    assert_eq!(world.answer(&relayed).prefix(), key("2001:db8:2000::/56"));
}

#[test]
fn what_is_reserved_is_for_its_client_alone() {
    let mut world = world(RESERVED);
    // The first address and prefix of the pools are reserved.
    let (address, prefix) = world.bind(9);
    assert_eq!((address, prefix), (key("2001:db8:1::11"), key("2001:db8:1000:100::/56")));
    for wanted in ["2001:db8:1::10", "2001:db8:1::77", "2001:db8:1::2"] {
        let ask = Ask::new(MessageType::REQUEST, 8).for_server().na(1, &[key(wanted)]);
        assert_ne!(world.answer(&ask).address(), key(wanted));
    }
    let one = world.bind(1);
    assert_eq!(one, (key("2001:db8:1::10"), key("2001:db8:9:100::/56")));
    world.now += 1000;
    let renewed = world.answer(&Ask::about(MessageType::RENEW, 1, one));
    assert_eq!((renewed.address(), renewed.prefix()), one);
    let rebound = world.answer(&Ask::about(MessageType::REBIND, 1, one));
    assert_eq!((rebound.address(), rebound.prefix()), one);
    let released = world.answer(&Ask::about(MessageType::RELEASE, 1, one));
    assert_eq!(released.status(), Some(StatusCode::SUCCESS));
    assert_ne!(world.bind(7).0, one.0, "it stays reserved");
    assert_eq!(world.bind(1), one);
}

#[test]
fn what_another_holds_when_it_is_reserved_goes_to_its_client_in_the_end() {
    let plain = RESERVED.split("\"reservations\"").next().unwrap();
    let plain = format!("{} }} ]", plain.trim_end().trim_end_matches(','));
    let mut earlier = world(&plain);
    let held = earlier.bind(9);
    assert_eq!(held.0, key("2001:db8:1::10"));
    let of_one = earlier.bind(1);
    let mut world = world(RESERVED);
    std::mem::swap(&mut earlier.leases, &mut world.leases);
    let config = world::configuration(&format!(
        "{{ \"Dhcp6\": {{ \"interfaces-config\": {{ \"interfaces\": [ \"vs\" ] }}, {RESERVED} }} }}"
    ));
    fosix_dhcp6::arrange(&config, &mut world.leases);
    // Of two that are reserved one is free: the client changes to it, and gives up what it had.
    let renewed = world.answer(&Ask::about(MessageType::RENEW, 1, of_one));
    assert_eq!(renewed.ia_na(1).leases[0].0, key("2001:db8:1::77"));
    assert_eq!(renewed.ia_na(1).leases[1], (of_one.0, 0, 0));
    assert_eq!(renewed.ia_pd(2).leases[0].0, key("2001:db8:9:100::/56"));
    assert_eq!(world.state(of_one.0), Some(LeaseState::Released));
    // Whoever holds the other one has to give it up.
    let renewed = world.answer(&Ask::about(MessageType::RENEW, 9, held));
    assert_ne!(renewed.ia_na(1).leases[0].0, held.0);
    assert_eq!(renewed.ia_na(1).leases[1], (held.0, 0, 0));
    assert_eq!(world.state(held.0), Some(LeaseState::Released));
}

#[test]
fn reservations_that_hold_everywhere_are_found_where_the_subnet_says_so() {
    let members = |mode: &str| {
        format!(
            r#"{mode} "reservations": [ {{ "duid": "00:03:00:01:02:00:00:00:00:01", "ip-addresses": [ "2001:db8:1::77" ],
                                           "prefixes": [ "2001:db8:9::/56" ] }} ],
            "subnet6": [ {{ "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
                "pools": [ {{ "pool": "2001:db8:1::1 - 2001:db8:1::ff" }} ],
                "pd-pools": [ {{ "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56 }} ] }} ]"#
        )
    };
    let mut global = world(&members("\"reservations-global\": true,"));
    assert_eq!(global.bind(1), (key("2001:db8:1::77"), key("2001:db8:9::/56")));
    let mut local = world(&members(""));
    assert_eq!(local.bind(1), (key("2001:db8:1::1"), key("2001:db8:1000::/56")));
}

#[test]
fn a_flexible_identifier_may_take_the_place_of_the_clients_own() {
    let mut world = world(
        r#"
        "hooks-libraries": [ { "library": "libdhcp_flex_id.so", "parameters":
            { "identifier-expression": "relay6[-1].option[37].hex", "replace-client-id": true } } ],
        "subnet6": [ { "id": 2, "subnet": "2001:db8:2::/64", "pools": [ { "pool": "2001:db8:2::/112" } ],
            "pd-pools": [ { "prefix": "2001:db8:2000::", "prefix-len": 40, "delegated-len": 56 } ] } ]
        "#,
    );
    let on_port = |client: u8, port: &'static [u8]| {
        Ask::solicit(client).relayed("2001:db8:2::1", &[(OptionCode(37), port)])
    };
    let first = world.bind_as(&on_port(1, b"port1"));
    let other = world.answer(&on_port(2, b"port1"));
    assert_eq!(
        (other.address(), other.prefix()),
        first,
        "another device on the same port is the same client"
    );
    assert_eq!(
        other.option(OptionCode::CLIENT_ID),
        Some(world::duid(2)),
        "which is answered by its own name"
    );
    assert_ne!(world.answer(&on_port(1, b"port2")).address(), first.0);
}

#[test]
fn options_that_expressions_decide() {
    let mut world = world(
        r#"
        "hooks-libraries": [ { "library": "libdhcp_flex_option.so", "parameters": { "options": [
            { "name": "bootfile-url", "supersede": "vendor-class[4491].data" },
            { "code": 23, "remove": "vendor-class[4491].data == 'x'" },
            { "code": 31, "add": "relay6[0].linkaddr" } ] } } ],
        "option-data": [ { "name": "dns-servers", "data": "2001:db8::53" }, { "name": "bootfile-url", "data": "tftp://all" } ],
        "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", "pools": [ { "pool": "2001:db8:1::/112" } ] } ]
        "#,
    );
    let plain = world.answer(&Ask::solicit(1).oro(&[DNS, BOOT_FILE]));
    assert_eq!(plain.option(OptionCode(BOOT_FILE)), Some(b"tftp://all".to_vec()));
    assert!(plain.option(OptionCode(DNS)).is_some() && plain.option(OptionCode(31)).is_none());
    let x = world.answer(&of_class(2, "x").oro(&[DNS, BOOT_FILE]));
    assert_eq!(x.option(OptionCode(BOOT_FILE)), Some(b"x".to_vec()));
    assert_eq!(x.option(OptionCode(DNS)), None);
    let relayed = world.answer(&Ask::solicit(3).relayed("2001:db8:1::9", &[]));
    assert_eq!(relayed.option(OptionCode(31)).map(|data| data[15]), Some(9));
}

#[test]
fn an_explanation_says_what_was_decided_and_why() {
    let mut world = world(RESERVED);
    let ask = with_fqdn(Ask::solicit(1));
    let mut why = Explanation::wanted();
    let bytes = ask.bytes();
    let datagram = fosix_dhcp6::Datagram { bytes: &bytes, origin: ask.origin, interface: world::INTERFACE };
    let now = Timestamp(world.now);
    world.server.handle_explained(now, &mut world.leases, &datagram, &mut Effects6::default(), &mut why);
    let lines: Vec<String> =
        why.steps().iter().map(|step| format!("{}: {}", step.topic, step.text)).collect();
    for expected in [
        "subnet: 1, 2001:db8:1::/64: interface vs",
        "reservation: of subnet 1, by duid 00:03:00:01:02:00:00:00:00:01",
        "class: gold: yes, by the reservation",
        "class: gold-and-known: yes, member('gold') and known",
        "lease: 2001:db8:1::10: it is reserved for the client",
        "lease: 2001:db8:9:100::/56: it is reserved for the client",
        "option: bootfile-url (59) tftp://one, from the reservation",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{lines:#?}");
    }
}

#[test]
fn what_is_not_reserved_is_shared_by_the_others() {
    let mut world = world(RESERVED);
    let mut seen: Vec<Key6> = Vec::new();
    for client in 100..114 {
        match world.outcome(&Ask::solicit(client)) {
            Outcome::Answered(reply, _) if !reply.ia_na(1).leases.is_empty() => {
                seen.push(world.bind(client).0);
            }
            outcome => panic!("{outcome:?}"),
        }
    }
    assert!(!seen.contains(&key("2001:db8:1::10")));
    seen.dedup();
    assert_eq!(seen.len(), 14);
}
