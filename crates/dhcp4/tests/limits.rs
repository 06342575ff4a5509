//! What keeps clients from taking more than their part: what is told again without a write, offers that are not forgotten
//! for a flood, and limits.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]
#![allow(dead_code, reason = "not every test needs all of the world")]

mod world;

use fosix_dhcp4::{Drop4, Outcome4};
use fosix_lease::Leases4;
use fosix_wire::v4::{MessageType, OptionCode};
use world::{Ask, World};

/// A `Dhcp4` object with these members of it and of its one subnet.
fn world(members: &str, of_subnet: &str) -> World {
    World::configured(&format!(
        r#"{{ "Dhcp4": {{ {members} "valid-lifetime": 4000, "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", {of_subnet}
            "4o6-interface": "vs", "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.99" }} ] }} ] }} }}"#
    ))
}

#[test]
fn a_young_lease_is_told_again_and_not_written_anew() {
    let mut world = world("\"cache-threshold\": 0.25,", "\"cache-max-age\": 500,");
    let address = world.bind(1);
    let since = world.now;
    for (passed, told, extended) in
        [(0, 4000, false), (499, 3501, false), (500, 4000, true), (999, 3501, false)]
    {
        world.now = since + passed;
        let ack = world.answer(&Ask::renewing(1, address));
        assert_eq!((ack.message_type(), ack.number(OptionCode::LEASE_TIME)), (MessageType::ACK, Some(told)));
        let written = world.leases.get(address).unwrap().last_transaction().0;
        assert_eq!(written == world.now, extended || passed == 0, "{passed}");
    }
    // What is different about the client is recorded at once.
    let other = Ask { hardware: vec![2, 0, 0, 0, 9, 9], ..Ask::renewing(1, address) };
    assert_eq!(world.answer(&other).number(OptionCode::LEASE_TIME), Some(4000));
    assert_eq!(world.leases.get(address).unwrap().hardware().octets(), [2, 0, 0, 0, 9, 9]);
}

#[test]
fn every_renewal_is_written_where_nothing_else_is_configured() {
    let mut world = world("", "");
    let address = world.bind(1);
    world.now += 1;
    assert_eq!(world.answer(&Ask::renewing(1, address)).number(OptionCode::LEASE_TIME), Some(4000));
    assert_eq!(world.leases.get(address).unwrap().last_transaction().0, world.now);
}

#[test]
fn a_flood_does_not_push_out_the_offers_of_clients_in_mid_exchange() {
    let mut world = world("", "");
    world.leases = Leases4::new(&[], 4);
    world.server.arrange(&mut world.leases);
    let held = world.bind(9);
    let offered: Vec<_> = (1..=4).map(|client| world.answer(&Ask::discover(client)).yiaddr()).collect();
    for flood in 20..80 {
        assert_eq!(world.outcome(&Ask::discover(flood)), Outcome4::Dropped(Drop4::OffersFull));
    }
    // Whoever has an offer or a lease is answered.
    assert_eq!(world.answer(&Ask::discover(1)).yiaddr(), offered[0]);
    assert_eq!(world.answer(&Ask::discover(9)).yiaddr(), held);
    for (client, &address) in (1..=4).zip(&offered) {
        assert_eq!(world.answer(&Ask::selecting(client, address)).message_type(), MessageType::ACK);
    }
    // There is room again; and an offer that nobody took in time makes room.
    for flood in 20..24 {
        assert_eq!(world.answer(&Ask::discover(flood)).message_type(), MessageType::OFFER);
    }
    world.now += 10;
    assert_eq!(world.answer(&Ask::discover(50)).message_type(), MessageType::OFFER);
}

/// What `Fosix.limits`, classes and the subnet say beside.
fn limited(limits: &str, classes: &str, of_subnet: &str) -> World {
    World::configured(&format!(
        r#"{{ "Fosix": {{ "limits": {{ {limits} }} }}, "Dhcp4": {{ "valid-lifetime": 4000,
            "hooks-libraries": [ {{ "library": "/usr/lib/kea/hooks/libdhcp_limits.so" }} ],
            "client-classes": [ {classes} ],
            "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", "4o6-interface": "vs", {of_subnet}
                "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.99" }} ] }} ] }} }}"#
    ))
}

fn count(world: &World, name: &str) -> u64 {
    world.statistics.report(0).into_iter().find(|(counter, _)| *counter == name).unwrap().1
}

/// What becomes of a message of a client behind a port of a relay.
fn behind(world: &mut World, port: &str, ask: &Ask) -> Outcome4 {
    let query = World::query(ask, &[("2001:db8::1", port)]);
    let outcome = world.raw(&query);
    world.out.clear();
    outcome
}

const LIMITED: Outcome4 = Outcome4::Dropped(Drop4::LeaseLimit);

#[test]
fn a_client_sends_so_many_packets_in_a_time() {
    let mut world = limited(r#""client": { "rate-limit": "4 packets per minute" }"#, "", "");
    let address = world.bind(1);
    for _ in 0..2 {
        assert_eq!(world.answer(&Ask::renewing(1, address)).message_type(), MessageType::ACK);
    }
    for _ in 0..3 {
        assert_eq!(world.outcome(&Ask::renewing(1, address)), Outcome4::Dropped(Drop4::RateClient));
    }
    assert_eq!(count(&world, "pkt4-drop-rate-client"), 3);
    // Somebody else who claims to be that client has a rate of his own, and so has the client.
    assert!(matches!(behind(&mut world, "port 7", &Ask::renewing(1, address)), Outcome4::Answered(_)));
    world.bind(2);
    world.now += 60;
    assert_eq!(world.answer(&Ask::renewing(1, address)).message_type(), MessageType::ACK);
}

#[test]
fn ports_classes_and_subnets_have_rates_too() {
    let port = r#""interface-id": { "rate-limit": "3 packets per second" }"#;
    let class = r#"{ "name": "voice", "test": "option[60].hex == 'voice'",
        "user-context": { "limits": { "rate-limit": "5 packets per hour" } } }"#;
    let subnet = r#""user-context": { "limits": { "rate-limit": "9 packets per hour" } },"#;
    let mut world = limited(port, class, subnet);
    let flood: Vec<_> = (1..=5).map(|client| behind(&mut world, "port 7", &Ask::discover(client))).collect();
    assert!(flood[..3].iter().all(|outcome| matches!(outcome, Outcome4::Answered(_))));
    assert_eq!(flood[3..], [Outcome4::Dropped(Drop4::RateInterfaceId); 2]);
    assert!(matches!(behind(&mut world, "port 8", &Ask::discover(1)), Outcome4::Answered(_)));
    let voice = |client| Ask { vendor_class: Some("voice"), ..Ask::discover(client) };
    for client in 10..15 {
        assert!(matches!(world.outcome(&voice(client)), Outcome4::Answered(_)));
    }
    assert_eq!(world.outcome(&voice(15)), Outcome4::Dropped(Drop4::RateClass));
    // Nine for the subnet.
    assert_eq!(world.outcome(&Ask::discover(16)), Outcome4::Dropped(Drop4::RateSubnet));
    world.now += 3600;
    assert!(matches!(world.outcome(&voice(15)), Outcome4::Answered(_)));
}

#[test]
fn a_port_has_so_many_leases() {
    let mut world = limited(r#""interface-id": { "address-limit": 2 }"#, "", "");
    let mut bound = Vec::new();
    for client in 1..=2 {
        let offered = world.answer_by(&Ask::discover(client), &[("2001:db8::1", "port 7")]).yiaddr();
        assert!(matches!(
            behind(&mut world, "port 7", &Ask::selecting(client, offered)),
            Outcome4::Answered(_)
        ));
        bound.push(offered);
    }
    assert_eq!(behind(&mut world, "port 7", &Ask::discover(3)), LIMITED);
    assert!(matches!(behind(&mut world, "port 8", &Ask::discover(3)), Outcome4::Answered(_)));
    assert_eq!((count(&world, "lease4-limit-interface-id"), count(&world, "pkt4-drop-lease-limit")), (1, 1));
    // Who has one goes on with it; one that is released, or has ended, is room for another.
    assert!(matches!(behind(&mut world, "port 7", &Ask::renewing(1, bound[0])), Outcome4::Answered(_)));
    assert!(matches!(behind(&mut world, "port 7", &Ask::discover(1)), Outcome4::Answered(_)));
    world.outcome(&Ask::release(2, bound[1]));
    assert!(matches!(behind(&mut world, "port 7", &Ask::discover(3)), Outcome4::Answered(_)));
    world.now += 4000;
    for client in 4..6 {
        assert!(matches!(behind(&mut world, "port 7", &Ask::discover(client)), Outcome4::Answered(_)));
    }
}

#[test]
fn classes_and_subnets_have_so_many_leases_and_a_request_beyond_is_refused() {
    let class = r#"{ "name": "voice", "test": "option[60].hex == 'voice'",
        "user-context": { "limits": { "address-limit": 1 } } }"#;
    let mut world = limited("", class, r#""user-context": { "limits": { "address-limit": 3 } },"#);
    let voice = |ask: Ask| Ask { vendor_class: Some("voice"), ..ask };
    // Two are offered one, and who asks first has it.
    let first = world.answer(&voice(Ask::discover(1))).yiaddr();
    let second = world.answer(&voice(Ask::discover(2))).yiaddr();
    assert_eq!(world.answer(&voice(Ask::selecting(1, first))).message_type(), MessageType::ACK);
    let refused = world.answer(&voice(Ask::selecting(2, second)));
    assert_eq!(refused.message_type(), MessageType::NAK);
    assert_eq!(refused.data(OptionCode::MESSAGE).unwrap(), b"as many addresses are given out as may be");
    assert_eq!(world.outcome(&voice(Ask::discover(3))), LIMITED);
    assert_eq!(count(&world, "lease4-limit-class"), 2);
    world.bind(4);
    world.bind(5);
    assert_eq!(world.outcome(&Ask::discover(6)), LIMITED);
    assert_eq!(count(&world, "lease4-limit-subnet"), 1);
}
