//! Who gets what: classes, guards, reservations, and options that expressions decide.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]
#![allow(dead_code, reason = "not every test needs all of the world")]

mod world;

use std::net::Ipv4Addr;

use fosix_dhcp4::{Drop4, Outcome4, Query};
use fosix_lease::LeaseState;
use fosix_policy::Explanation;
use fosix_wire::v4::{MessageType, OptionCode};
use world::{Ask, World, address};

/// A `Dhcp4` object with these members.
fn world(members: &str) -> World {
    World::configured(&format!("{{ \"Dhcp4\": {{ {members} }} }}"))
}

fn of_class(client: u8, class: &'static str) -> Ask {
    Ask { vendor_class: Some(class), ..Ask::discover(client) }
}

/// What a client of a vendor class holds after four messages.
fn bind(world: &mut World, ask: &Ask) -> Ipv4Addr {
    let offered = world.answer(ask).yiaddr();
    let request = Ask { message_type: MessageType::REQUEST, ..ask.clone() };
    let request = Ask { requested_address: Some(offered), server: Some(world::OURS), ..request };
    let ack = world.answer(&request);
    assert_eq!((ack.message_type(), ack.yiaddr()), (MessageType::ACK, offered));
    offered
}

const CLASSES: &str = r#"
    "client-classes": [
        { "name": "voice", "test": "substring(option[60].hex,0,5) == 'voice'", "valid-lifetime": 600,
          "option-data": [ { "name": "tftp-server-name", "data": "voice.example" },
                           { "name": "domain-name", "data": "voice.example" } ],
          "next-server": "192.0.2.7", "boot-file-name": "voice.cfg" },
        { "name": "both", "test": "member('voice') and option[60].hex == 'voice2'", "max-valid-lifetime": 50,
          "option-data": [ { "name": "tftp-server-name", "data": "both.example" },
                           { "name": "time-servers", "data": "192.0.2.1" } ] },
        { "name": "DROP", "test": "option[60].hex == 'bad'" }
    ],
    "option-data": [ { "name": "domain-name", "data": "example" }, { "name": "time-servers", "data": "192.0.2.99" } ],
    "valid-lifetime": 4000, "boot-file-name": "all.cfg",
    "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-interface": "vs",
        "pools": [ { "pool": "10.0.0.10 - 10.0.0.19", "client-classes": [ "voice", "VENDOR_CLASS_video" ] },
                   { "pool": "10.0.0.20 - 10.0.0.20" } ] } ]
"#;

#[test]
fn classes_give_options_lifetimes_and_fields_in_the_order_in_which_they_were_met() {
    let mut world = world(CLASSES);
    let asking = |ask: Ask| Ask { requested: vec![66, 15, 4], ..ask };
    let plain = world.answer(&asking(Ask::discover(1)));
    assert_eq!(plain.number(OptionCode::LEASE_TIME), Some(4000));
    assert_eq!(plain.data(OptionCode(66)), None);
    assert_eq!(plain.data(OptionCode(15)), Some(b"example".to_vec()));
    assert!(plain.view().file().starts_with(b"all.cfg"));

    let voice = world.answer(&asking(of_class(2, "voice")));
    assert_eq!(voice.number(OptionCode::LEASE_TIME), Some(600));
    assert_eq!(voice.data(OptionCode(66)), Some(b"voice.example".to_vec()));
    assert_eq!(voice.data(OptionCode(15)), Some(b"voice.example".to_vec()), "before the global one");
    assert_eq!(voice.address(OptionCode(4)), Some(address("192.0.2.99")));
    assert!(voice.view().file().starts_with(b"voice.cfg"));
    assert_eq!(voice.view().siaddr(), address("192.0.2.7"));

    let both = world.answer(&asking(of_class(3, "voice2")));
    assert_eq!(both.data(OptionCode(66)), Some(b"voice.example".to_vec()), "the first class that has it");
    assert_eq!(both.address(OptionCode(4)), Some(address("192.0.2.1")));
    assert_eq!(both.number(OptionCode::LEASE_TIME), Some(600), "the first class that has one");
}

#[test]
fn who_is_in_the_class_drop_is_dropped_and_counted() {
    let mut world = world(CLASSES);
    assert_eq!(world.outcome(&of_class(1, "bad")), Outcome4::Dropped(Drop4::Class));
    let report = world.statistics.report(1);
    assert!(report.contains(&("pkt4-drop-class", 1)) && report.contains(&("pkt4-admin-filtered", 1)));
}

#[test]
fn a_guarded_pool_is_for_its_classes_alone() {
    let mut world = world(CLASSES);
    assert_eq!(bind(&mut world, &Ask::discover(1)), address("10.0.0.20"));
    assert_eq!(
        world.outcome(&Ask::discover(2)),
        Outcome4::Dropped(Drop4::NoFreeAddress),
        "the open pool is used up"
    );
    assert_eq!(bind(&mut world, &of_class(3, "voice")), address("10.0.0.10"));
    assert_eq!(bind(&mut world, &of_class(4, "video")), address("10.0.0.11"), "a class that nobody defined");
    // Asking for it by name changes nothing.
    let nak = world.answer(&Ask::selecting(5, address("10.0.0.15")));
    assert_eq!(nak.message_type(), MessageType::NAK);
    // Nor does having had it: the client that is no phone any more gets something else.
    let nak = world.answer(&Ask::renewing(3, address("10.0.0.10")));
    assert_eq!(nak.message_type(), MessageType::NAK);
}

#[test]
fn guards_choose_among_subnets_that_fit_alike() {
    let mut world = world(
        r#"
        "client-classes": [ { "name": "voice", "test": "option[60].hex == 'voice'" } ],
        "subnet4": [
            { "id": 1, "subnet": "10.0.1.0/24", "4o6-interface": "vs", "client-class": "voice", "pools": [ { "pool": "10.0.1.0/24" } ] },
            { "id": 2, "subnet": "10.0.2.0/24", "4o6-interface": "vs", "pools": [ { "pool": "10.0.2.0/24" } ] } ],
        "shared-networks": [ { "name": "town", "client-class": "town", "subnet4": [
            { "id": 3, "subnet": "10.0.3.0/24", "4o6-interface": "other", "pools": [ { "pool": "10.0.3.0/24" } ] } ] } ]
        "#,
    );
    assert_eq!(world.answer(&of_class(1, "voice")).yiaddr().octets()[2], 1);
    assert_eq!(world.answer(&Ask::discover(2)).yiaddr().octets()[2], 2);
    let other = Ask { interface: "other", ..Ask::discover(3) };
    assert_eq!(world.outcome(&other), Outcome4::Dropped(Drop4::NoSubnet), "the shared network admits nobody");
}

#[test]
fn a_shared_network_moves_on_to_subnets_that_admit_the_client() {
    let mut world = world(
        r#"
        "client-classes": [ { "name": "voice", "test": "option[60].hex == 'voice'" } ],
        "shared-networks": [ { "name": "town", "subnet4": [
            { "id": 1, "subnet": "10.0.1.0/24", "4o6-interface": "vs", "pools": [ { "pool": "10.0.1.1 - 10.0.1.1" } ] },
            { "id": 2, "subnet": "10.0.2.0/24", "client-class": "voice", "pools": [ { "pool": "10.0.2.1 - 10.0.2.9" } ] },
            { "id": 3, "subnet": "10.0.3.0/24", "pools": [ { "pool": "10.0.3.1 - 10.0.3.9" } ] } ] } ]
        "#,
    );
    assert_eq!(bind(&mut world, &Ask::discover(1)), address("10.0.1.1"));
    assert_eq!(bind(&mut world, &Ask::discover(2)), address("10.0.3.1"));
    assert_eq!(bind(&mut world, &of_class(3, "voice")), address("10.0.2.1"));
}

#[test]
fn additional_classes_are_looked_at_where_they_are_listed() {
    let class = |name: &str, test: &str| {
        format!(
            "{{ \"name\": \"{name}\", \"only-in-additional-list\": true, {test}
               \"option-data\": [ {{ \"name\": \"domain-name\", \"data\": \"{name}\" }} ] }}"
        )
    };
    let classes = [
        class("of-network", ""),
        class("of-pool", "\"test\": \"option[60].hex == 'x'\","),
        class("nowhere", ""),
    ];
    let mut world = world(&format!(
        r#""client-classes": [ {} ],
        "shared-networks": [ {{ "name": "town", "evaluate-additional-classes": [ "of-network" ], "subnet4": [
            {{ "id": 1, "subnet": "10.0.1.0/24", "4o6-interface": "vs",
               "pools": [ {{ "pool": "10.0.1.0/24", "require-client-classes": [ "of-pool" ] }} ] }} ] }} ]"#,
        classes.join(", ")
    ));
    let name =
        |world: &mut World, ask: Ask| world.answer(&Ask { requested: vec![15], ..ask }).data(OptionCode(15));
    assert_eq!(
        name(&mut world, Ask::discover(1)),
        Some(b"of-network".to_vec()),
        "without a test everybody is in it"
    );
    assert_eq!(name(&mut world, of_class(2, "x")), Some(b"of-pool".to_vec()), "the pool's come first");
}

#[test]
fn template_classes_make_classes_of_what_is_received() {
    let mut world = world(
        r#"
        "client-classes": [ { "name": "port", "template-test": "substring(option[60].hex, 0, 5)" } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-interface": "vs",
            "pools": [ { "pool": "10.0.0.1 - 10.0.0.1", "client-class": "SPAWN_port_port7" },
                       { "pool": "10.0.0.2 - 10.0.0.2", "client-class": "port" } ] } ]
        "#,
    );
    assert_eq!(world.answer(&of_class(1, "port7/1")).yiaddr(), address("10.0.0.1"));
    assert_eq!(world.answer(&of_class(2, "port8/1")).yiaddr(), address("10.0.0.2"));
    assert_eq!(world.outcome(&Ask::discover(3)), Outcome4::Dropped(Drop4::NoFreeAddress));
}

#[test]
fn an_expression_sees_the_dhcpv6_message_around_the_query() {
    let mut world = world(
        r#"
        "client-classes": [
            { "name": "port7", "test": "relay6[-1].option[18].hex == 'port7'" },
            { "name": "duid", "test": "pkt6.duid == 0x00030001020000000099" } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-subnet": "::/0",
            "pools": [ { "pool": "10.0.0.1 - 10.0.0.1", "client-class": "port7" },
                       { "pool": "10.0.0.2 - 10.0.0.2", "client-class": "duid" },
                       { "pool": "10.0.0.3 - 10.0.0.3" } ] } ]
        "#,
    );
    let duid = Ask { duid: Some(vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 0x99]), ..Ask::discover(2) };
    assert_eq!(world.answer(&duid).yiaddr(), address("10.0.0.2"));
    assert_eq!(world.answer(&Ask::discover(3)).yiaddr(), address("10.0.0.3"));
    let bytes = world.relayed(&Ask::discover(1), &[("2001:db8::1", "port7")]);
    let packet = fosix_wire::v6::Packet::new_checked(&bytes, 9).unwrap();
    let inner = packet.message().options().find(fosix_wire::v6::OptionCode::DHCPV4_MSG).unwrap();
    let offer = fosix_wire::v4::Message::new_checked(inner).unwrap();
    assert_eq!(offer.yiaddr(), address("10.0.0.1"));
}

/// Reservations of every kind, of clients whose hardware address ends with the number.
const RESERVED: &str = r#"
    "host-reservation-identifiers": [ "hw-address", "duid", "circuit-id", "client-id", "flex-id" ],
    "hooks-libraries": [ { "library": "/x/libdhcp_flex_id.so",
        "parameters": { "identifier-expression": "relay6[-1].option[18].hex" } } ],
    "client-classes": [ { "name": "gold", "option-data": [ { "name": "domain-name", "data": "gold" } ] },
        { "name": "stranger", "test": "unknown", "option-data": [ { "name": "domain-name", "data": "stranger" } ] } ],
    "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-subnet": "::/0",
        "pools": [ { "pool": "10.0.0.10 - 10.0.0.19" } ],
        "reservations": [
            { "hw-address": "02:00:00:00:00:01", "ip-address": "10.0.0.10", "client-classes": [ "gold" ],
              "hostname": "one.example", "boot-file-name": "one.cfg", "next-server": "192.0.2.1",
              "option-data": [ { "name": "routers", "data": "10.0.0.1" } ] },
            { "duid": "00:03:00:01:02:00:00:00:00:02", "ip-address": "10.0.0.102" },
            { "circuit-id": "'circuit3'", "ip-address": "10.0.0.103" },
            { "client-id": "00:04", "ip-address": "10.0.0.104" },
            { "flex-id": "'port5'", "ip-address": "10.0.0.105" }
        ] } ]
"#;

#[test]
fn reservations_know_clients_by_every_identifier() {
    let mut world = world(RESERVED);
    let one = world.answer(&Ask { requested: vec![15, 3, 12], ..Ask::discover(1) });
    assert_eq!(one.yiaddr(), address("10.0.0.10"));
    assert_eq!(one.data(OptionCode(15)), Some(b"gold".to_vec()), "the class of the reservation");
    assert_eq!(one.address(OptionCode(3)), Some(address("10.0.0.1")), "its own option");
    assert_eq!(one.data(OptionCode(12)), Some(b"one.example".to_vec()), "its name");
    assert!(one.view().file().starts_with(b"one.cfg"));
    assert_eq!(one.view().siaddr(), address("192.0.2.1"));
    let duid2 = vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 2];
    let in_identifier = [&[255, 0, 0, 0, 1][..], &duid2].concat();
    let two = Ask { identifier: Some(in_identifier), ..Ask::discover(22) };
    assert_eq!(world.answer(&two).yiaddr(), address("10.0.0.102"), "the DUID in the client identifier");
    let two = Ask { duid: Some(duid2), identifier: None, ..Ask::discover(2) };
    world.now += 100;
    assert_eq!(world.answer(&two).yiaddr(), address("10.0.0.102"), "the DUID of the DHCPv6 message");
    let three = Ask { relay_information: Some([&[1, 8][..], b"circuit3"].concat()), ..Ask::discover(33) };
    assert_eq!(world.answer(&three).yiaddr(), address("10.0.0.103"));
    assert_eq!(world.answer(&Ask::discover(4)).yiaddr(), address("10.0.0.104"));
    let five = world.relayed(&Ask::discover(55), &[("2001:db8::1", "port5")]);
    assert!(five.windows(4).any(|four| four == [10, 0, 0, 105]));
    let stranger = world.answer(&Ask { requested: vec![15], ..Ask::discover(9) });
    assert_eq!(stranger.data(OptionCode(15)), Some(b"stranger".to_vec()));
    assert_eq!(stranger.yiaddr(), address("10.0.0.11"), "what is reserved is not for others");
}

#[test]
fn a_reserved_address_is_for_its_client_alone_whoever_asks() {
    let mut world = world(RESERVED);
    for wanted in ["10.0.0.10", "10.0.0.104"] {
        let nak = world.answer(&Ask::selecting(9, address(wanted)));
        assert_eq!(nak.message_type(), MessageType::NAK, "{wanted}");
    }
    let offer = world.answer(&Ask { requested_address: Some(address("10.0.0.10")), ..Ask::discover(9) });
    assert_eq!(offer.yiaddr(), address("10.0.0.11"));
    assert_eq!(world.bind(1), address("10.0.0.10"));
    assert_eq!(world.bind(4), address("10.0.0.104"), "also outside of the pools");
    // Renewing, and coming back after a reboot.
    for (client, held) in [(1, "10.0.0.10"), (4, "10.0.0.104")] {
        world.now += 1000;
        assert_eq!(world.answer(&Ask::renewing(client, address(held))).message_type(), MessageType::ACK);
        assert_eq!(world.answer(&Ask::init_reboot(client, address(held))).message_type(), MessageType::ACK);
    }
    // Another address than the reserved one is refused as long as that is to be had.
    assert_eq!(world.answer(&Ask::renewing(1, address("10.0.0.12"))).message_type(), MessageType::NAK);
}

#[test]
fn a_client_without_a_lease_may_ask_for_what_is_reserved_for_it() {
    let mut world = world(RESERVED);
    assert_eq!(world.answer(&Ask::init_reboot(4, address("10.0.0.104"))).message_type(), MessageType::ACK);
}

#[test]
fn what_another_holds_when_it_is_reserved_goes_to_its_client_in_the_end() {
    let mut world = world(RESERVED);
    let plain = r#""subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-subnet": "::/0", "pools": [ { "pool": "10.0.0.10 - 10.0.0.19" } ] } ]"#;
    let mut earlier = self::world(plain);
    // Client 9 holds the first address; then the configuration reserves it for client 1.
    assert_eq!(earlier.bind(9), address("10.0.0.10"));
    std::mem::swap(&mut earlier.leases, &mut world.leases);
    world.server.arrange(&mut world.leases);
    assert_eq!(
        world.answer(&Ask::discover(1)).yiaddr(),
        address("10.0.0.11"),
        "as long as it is held, another one"
    );
    let nak = world.answer(&Ask::renewing(9, address("10.0.0.10")));
    assert_eq!(nak.message_type(), MessageType::NAK, "its holder has to give it up");
    assert_eq!(bind(&mut world, &Ask::discover(9)), address("10.0.0.12"));
    assert_eq!(world.leases.get(address("10.0.0.10")).unwrap().state(), LeaseState::Released);
    // Client 1 may have what it was offered meanwhile, until it asks anew.
    assert_eq!(world.bind(1), address("10.0.0.10"));
}

#[test]
fn reservations_that_hold_everywhere_are_found_where_the_subnet_says_so() {
    let members = |mode: &str| {
        format!(
            r#""reservations": [ {{ "hw-address": "02:00:00:00:00:01", "ip-address": "10.0.2.77" }},
                                 {{ "hw-address": "02:00:00:00:00:02", "client-classes": [ "two" ] }} ],
            "early-global-reservations-lookup": true,
            {mode}
            "subnet4": [
                {{ "id": 1, "subnet": "10.0.1.0/24", "4o6-interface": "vs", "client-class": "two", "pools": [ {{ "pool": "10.0.1.0/24" }} ] }},
                {{ "id": 2, "subnet": "10.0.2.0/24", "4o6-interface": "vs", "pools": [ {{ "pool": "10.0.2.1 - 10.0.2.99" }} ] }} ]"#
        )
    };
    let mut global = world(&members("\"reservations-global\": true,"));
    assert_eq!(global.answer(&Ask::discover(1)).yiaddr(), address("10.0.2.77"));
    assert_eq!(global.answer(&Ask::discover(2)).yiaddr().octets()[2], 1, "its class chooses the subnet");
    assert_eq!(global.answer(&Ask::discover(3)).yiaddr().octets()[2], 2);
    let mut local = world(&members(""));
    assert_ne!(local.answer(&Ask::discover(1)).yiaddr(), address("10.0.2.77"));
    let nak = local.answer(&Ask::selecting(3, address("10.0.2.77")));
    assert_eq!(nak.message_type(), MessageType::NAK, "it is reserved for all that");
}

#[test]
fn a_flexible_identifier_may_take_the_place_of_the_clients_own() {
    let mut world = world(
        r#"
        "hooks-libraries": [ { "library": "libdhcp_flex_id.so", "parameters":
            { "identifier-expression": "relay6[-1].option[18].hex", "replace-client-id": true } } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-subnet": "::/0", "pools": [ { "pool": "10.0.0.1 - 10.0.0.9" } ] } ]
        "#,
    );
    let grant = |world: &mut World, client: u8, port: &str| {
        let bytes = world.relayed(&Ask::selecting(client, address("10.0.0.1")), &[("2001:db8::1", port)]);
        bytes.windows(3).any(|three| three == [53, 1, 5])
    };
    assert!(grant(&mut world, 1, "port1"));
    assert!(grant(&mut world, 2, "port1"), "another device on the same port is the same client");
    assert!(!grant(&mut world, 1, "port2"), "the same device on another port is another one");
}

#[test]
fn options_that_expressions_decide() {
    let mut world = world(
        r#"
        "client-classes": [ { "name": "x", "test": "option[60].hex == 'x'" } ],
        "hooks-libraries": [ { "library": "libdhcp_flex_option.so", "parameters": { "options": [
            { "code": 67, "add": "concat(hexstring(pkt4.mac, ''), '.boot')" },
            { "name": "domain-name", "supersede": "option[60].hex" },
            { "code": 6, "remove": "option[60].hex == 'x'" },
            { "code": 66, "add": "'x only'", "client-class": "x" } ] } } ],
        "option-data": [ { "name": "domain-name", "data": "example" }, { "name": "domain-name-servers", "data": "192.0.2.53" } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "4o6-interface": "vs", "pools": [ { "pool": "10.0.0.1 - 10.0.0.9" } ] } ]
        "#,
    );
    let asking = |ask: Ask| Ask { requested: vec![15, 6], ..ask };
    let plain = world.answer(&asking(Ask::discover(1)));
    assert_eq!(plain.data(OptionCode(67)), Some(b"020000000001.boot".to_vec()));
    assert_eq!(plain.data(OptionCode(15)), Some(b"example".to_vec()), "what makes nothing replaces nothing");
    assert_eq!(plain.address(OptionCode(6)), Some(address("192.0.2.53")));
    assert_eq!(plain.data(OptionCode(66)), None);
    let x = world.answer(&asking(of_class(2, "x")));
    assert_eq!(x.data(OptionCode(15)), Some(b"x".to_vec()));
    assert_eq!(x.data(OptionCode(6)), None);
    assert_eq!(x.data(OptionCode(66)), Some(b"x only".to_vec()));
}

#[test]
fn an_explanation_says_what_was_decided_and_why() {
    let mut world = world(RESERVED);
    let bytes = World::query(&Ask { requested: vec![15, 3], ..Ask::discover(1) }, &[]);
    let query = Query { message: &bytes, source: world::SOURCE, interface: "vs" };
    let mut why = Explanation::wanted();
    let now = fosix_lease::Timestamp(world.now);
    world.server.handle_explained(
        now,
        &mut world.leases,
        &query,
        &mut Vec::new(),
        &mut world.statistics,
        &mut why,
    );
    let lines: Vec<String> =
        why.steps().iter().map(|step| format!("{}: {}", step.topic, step.text)).collect();
    for expected in [
        "subnet: 1, 10.0.0.0/24: 4o6-subnet ::/0 holds the source address fe80::99",
        "reservation: of subnet 1, by hw-address 02:00:00:00:00:01",
        "class: gold: yes, by the reservation",
        "class: KNOWN: yes, something is reserved for the client",
        "class: stranger: no, unknown",
        "lease: 10.0.0.10 of subnet 1: it is reserved for the client",
        "option: domain-name (15) gold, from the class gold",
        "option: routers (3) 10.0.0.1, from the reservation",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{lines:#?}");
    }
}
