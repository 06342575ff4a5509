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
