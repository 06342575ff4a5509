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

use fosix_dhcp6::{Drop6, arrange};
use fosix_lease::Leases6;
use fosix_wire::v6::{MessageType, OptionCode};
use world::{Ask, World, configuration};

/// A `Dhcp6` object with these members of it and of its one subnet.
fn text(members: &str, of_subnet: &str) -> String {
    format!(
        r#"{{ "Dhcp6": {{ "interfaces-config": {{ "interfaces": [ "vs" ] }}, {members}
            "valid-lifetime": 4000, "preferred-lifetime": 3000,
            "subnet6": [ {{ "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", {of_subnet}
                "pools": [ {{ "pool": "2001:db8:1::10 - 2001:db8:1::ff" }} ],
                "pd-pools": [ {{ "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56 }} ] }} ] }} }}"#
    )
}

fn world(members: &str, of_subnet: &str) -> World {
    World::configured(&text(members, of_subnet))
}

#[test]
fn a_young_lease_is_told_again_and_not_written_anew() {
    let mut world = world("\"cache-threshold\": 0.25,", "\"cache-max-age\": 500,");
    let bound = world.bind(1);
    let since = world.now;
    for (passed, told, extended) in
        [(0, 4000, false), (499, 3501, false), (500, 4000, true), (999, 3501, false)]
    {
        world.now = since + passed;
        let kind = if passed == 499 { MessageType::REBIND } else { MessageType::RENEW };
        let ask = Ask::about(kind, 1, bound);
        let reply =
            world.answer(&if kind == MessageType::REBIND { ask.without(OptionCode::SERVER_ID) } else { ask });
        assert_eq!(reply.ia_na(1).leases, [(bound.0, told - 1000, told)]);
        assert_eq!(reply.ia_pd(2).leases, [(bound.1, told - 1000, told)]);
        let written = world.leases.get(bound.0).unwrap().last_transaction().0;
        assert_eq!(written == world.now, extended || passed == 0, "{passed}");
    }
}

#[test]
fn every_renewal_is_written_where_nothing_else_is_configured() {
    let mut world = world("", "");
    let bound = world.bind(1);
    world.now += 1;
    assert_eq!(
        world.answer(&Ask::about(MessageType::RENEW, 1, bound)).ia_na(1).leases,
        [(bound.0, 3000, 4000)]
    );
    assert_eq!(world.leases.get(bound.0).unwrap().last_transaction().0, world.now);
}

#[test]
fn a_flood_does_not_push_out_the_offers_of_clients_in_mid_exchange() {
    let text = text("", "");
    let mut world = World::configured(&text);
    world.leases = Leases6::new(&[], 4);
    arrange(&configuration(&text), &mut world.leases);
    let advertised: Vec<_> = (1..=2).map(|client| world.answer(&Ask::solicit(client))).collect();
    for flood in 20..80 {
        assert_eq!(world.drop_of(&Ask::solicit(flood)), Drop6::OffersFull);
    }
    assert_eq!(world.answer(&Ask::solicit(1)).address(), advertised[0].address());
    // A Request is served however full it is, also one without an offer.
    let bound = world.bind_as(&Ask::new(MessageType::SOLICIT, 2).na(1, &[]).pd(2, &[]));
    assert_eq!(bound, (advertised[1].address(), advertised[1].prefix()));
    let begun = (advertised[0].address(), advertised[0].prefix());
    let granted = world.answer(&Ask::about(MessageType::REQUEST, 1, begun));
    assert_eq!((granted.address(), granted.prefix()), begun);
}
