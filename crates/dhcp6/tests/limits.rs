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
use fosix_lease::{CountBy, Leases6};
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};
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

fn limited(limits: &str, classes: &str, of_subnet: &str) -> World {
    let hooks = r#""hooks-libraries": [ { "library": "libdhcp_limits.so" } ],"#;
    let text = text(&format!(r#"{hooks} "client-classes": [ {classes} ],"#), of_subnet);
    let fosix = format!(r#"{{ "Fosix": {{ "limits": {{ {limits} }} }}, "#);
    World::configured(&text.replacen('{', &fosix, 1))
}

fn count(world: &World, name: &str) -> u64 {
    world.effects.statistics.report().into_iter().find(|(counter, _)| *counter == name).unwrap().1
}

const INTERFACE_ID: OptionCode = OptionCode::INTERFACE_ID;

#[test]
fn clients_and_ports_send_so_many_packets_in_a_time() {
    let limits = r#""client": { "rate-limit": "4 packets per minute" }, "remote-id": { "rate-limit": "6 packets per day" }"#;
    let mut world = limited(limits, "", "");
    let bound = world.bind(1);
    let renew = Ask::about(MessageType::RENEW, 1, bound);
    for _ in 0..2 {
        world.answer(&renew);
    }
    assert_eq!(world.drop_of(&renew), Drop6::RateClient);
    // A query for the other half counts as well, by its address.
    let query = Ask::new(MessageType::DHCPV4_QUERY, 1)
        .without(OptionCode::CLIENT_ID)
        .with(OptionCode::DHCPV4_MSG, &[0; 240]);
    (0..4).for_each(|_| drop(world.outcome(&query)));
    assert_eq!(world.drop_of(&query), Drop6::RateClient);
    let line = [(OptionCode::REMOTE_ID, &[0, 0, 0, 9, 7, 7][..])];
    (10..16).for_each(|client| drop(world.answer(&Ask::solicit(client).relayed("2001:db8:1::1", &line))));
    assert_eq!(world.drop_of(&Ask::solicit(16).relayed("2001:db8:1::1", &line)), Drop6::RateRemoteId);
    world.now += 60;
    world.answer(&renew);
    assert_eq!((count(&world, "pkt6-drop-rate-client"), count(&world, "pkt6-drop-rate-remote-id")), (2, 1));
}

#[test]
fn a_client_has_so_many_leases_of_each_kind() {
    let mut world = limited(r#""client": { "address-limit": 2, "prefix-limit": 1 }"#, "", "");
    // What one message asks for is counted together.
    let greedy =
        Ask::new(MessageType::REQUEST, 1).for_server().na(1, &[]).na(2, &[]).na(3, &[]).pd(4, &[]).pd(5, &[]);
    let reply = world.answer(&greedy);
    let given = |iaid| reply.ia_na(iaid).leases.len();
    assert_eq!((given(1), given(2), given(3)), (1, 1, 0));
    assert_eq!(reply.ia_na(3).status, Some(StatusCode::NO_ADDRS_AVAIL));
    assert_eq!((reply.ia_pd(4).leases.len(), reply.ia_pd(5).status), (1, Some(StatusCode::NO_PREFIX_AVAIL)));
    assert_eq!(count(&world, "lease6-limit-client"), 2);
    // It keeps what it has, and may have another one for one that it gives back.
    let again = world.answer(&greedy);
    assert_eq!(again.ia_na(1).leases[0].0, reply.ia_na(1).leases[0].0);
    let held = reply.ia_na(1).leases[0].0;
    world.answer(&Ask::new(MessageType::RELEASE, 1).for_server().na(1, &[held]));
    let other = world.answer(&Ask::new(MessageType::REQUEST, 1).for_server().na(3, &[]));
    assert_eq!(other.ia_na(3).leases.len(), 1);
    world.bind(2);
}

#[test]
fn ports_of_different_relays_are_different_and_a_restart_counts_what_there_is() {
    let limits = r#""interface-id": { "address-limit": 1 }"#;
    let mut world = limited(limits, "", "");
    let behind = |client, relay: &str| {
        let ask = Ask::new(MessageType::REQUEST, client).for_server().na(1, &[]);
        ask.relayed(relay, &[(INTERFACE_ID, b"eth0")])
    };
    let first = world.answer(&behind(1, "2001:db8:1::1"));
    assert_eq!(first.ia_na(1).leases.len(), 1);
    assert_eq!(world.answer(&behind(2, "2001:db8:1::1")).ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    assert_eq!(world.answer(&behind(2, "2001:db8:1::2")).ia_na(1).leases.len(), 1);
    // Nothing is counted, then all of it is again.
    world.leases.count_by(CountBy::default());
    world.leases.count_by(CountBy { interface_id: true, ..CountBy::default() });
    assert_eq!(world.answer(&behind(3, "2001:db8:1::1")).ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
}

#[test]
fn a_class_and_a_subnet_have_so_many_leases() {
    let class = r#"{ "name": "few", "test": "option[60].exists",
        "user-context": { "limits": { "prefix-limit": 1, "address-limit": 0 } } }"#;
    let mut world = limited("", class, r#""user-context": { "limits": { "address-limit": 2 } },"#);
    let few = |client| Ask::solicit(client).with(OptionCode(60), &[0, 1]);
    let advertised = world.answer(&few(1));
    assert_eq!(advertised.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    let prefix = advertised.prefix();
    let request = |client| Ask::new(MessageType::REQUEST, client).for_server().with(OptionCode(60), &[0, 1]);
    assert_eq!(world.answer(&request(1).pd(2, &[prefix])).ia_pd(2).leases.len(), 1);
    assert_eq!(world.answer(&request(2).pd(2, &[])).ia_pd(2).status, Some(StatusCode::NO_PREFIX_AVAIL));
    world.bind(3);
    world.bind(4);
    assert_eq!(world.answer(&Ask::solicit(5)).ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    assert_eq!(count(&world, "lease6-limit-subnet"), 1);
}
