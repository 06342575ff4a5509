//! RFC 9915 §18.3.4, §18.3.5: Renew and Rebind.

use fosix_dhcp6::Drop6;
use fosix_lease::LeaseState;
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};

use crate::world::{Ask, SERVER, World, duid, key};

const BOTH: [MessageType; 2] = [MessageType::RENEW, MessageType::REBIND];

/// Subnet 1 with Rapid Commit.
fn rapid() -> World {
    World::configured(
        &crate::world::CONFIGURATION
            .replace("\"interface\": \"vs\",", "\"interface\": \"vs\", \"rapid-commit\": true,"),
    )
}

#[test]
fn what_a_client_holds_is_extended() {
    for kind in BOTH {
        let mut world = World::new();
        let held = world.bind(1);
        world.now += 1200;
        let ask = Ask::about(kind, 1, held);
        let reply = world.answer(&ask);
        assert_eq!(
            (reply.kind(), reply.packet().message().transaction_id()),
            (MessageType::REPLY, ask.transaction)
        );
        assert_eq!(reply.option(OptionCode::SERVER_ID).unwrap(), SERVER);
        assert_eq!(reply.option(OptionCode::CLIENT_ID).unwrap(), duid(1));
        for (ia, key) in [(reply.ia_na(1), held.0), (reply.ia_pd(2), held.1)] {
            assert_eq!(ia.leases, [(key, 3000, 4000)], "{kind}");
            assert_eq!((ia.t1, ia.t2, ia.status), (1000, 1600, None));
            assert_eq!(world.leases.get(key).unwrap().last_transaction().0, world.now, "{kind}");
        }
    }
}

#[test]
fn what_a_client_does_not_name_but_holds_is_extended_too() {
    for kind in BOTH {
        let mut world = World::new();
        let held = world.bind(1);
        let ask = Ask::new(kind, 1).na(1, &[]).pd(2, &[]);
        let reply = world.answer(&if kind == MessageType::RENEW { ask.for_server() } else { ask });
        assert_eq!((reply.address(), reply.prefix()), held);
    }
}

#[test]
fn what_does_not_fit_the_link_is_taken_back_by_lifetimes_of_zero() {
    for kind in BOTH {
        let mut world = World::new();
        let held = world.bind(1);
        let (address, prefix) = (key("2001:db8:9::1"), key("2001:db8:9900::/56"));
        let ask = Ask::new(kind, 1).na(1, &[held.0, address]).pd(2, &[prefix, held.1]);
        let reply = world.answer(&if kind == MessageType::RENEW { ask.for_server() } else { ask });
        assert_eq!(reply.ia_na(1).leases, [(held.0, 3000, 4000), (address, 0, 0)], "{kind}");
        assert_eq!(reply.ia_pd(2).leases, [(held.1, 3000, 4000), (prefix, 0, 0)], "{kind}");
    }
}

#[test]
fn what_another_client_holds_is_taken_back() {
    let mut world = World::new();
    let others = world.bind(2);
    let reply = world.answer(&Ask::about(MessageType::REBIND, 1, others));
    assert_eq!(reply.ia_na(1).leases, [(others.0, 0, 0)]);
    assert_eq!(reply.ia_pd(2).leases, [(others.1, 0, 0)]);
    assert_eq!(world.leases.get(others.0).unwrap().duid(), duid(2));
}

#[test]
fn a_renew_of_what_is_not_known_makes_a_binding() {
    let mut world = World::new();
    let lost = (key("2001:db8:1::123"), key("2001:db8:1000:700::/56"));
    let reply = world.answer(&Ask::about(MessageType::RENEW, 1, lost));
    assert_eq!((reply.address(), reply.prefix()), lost, "what it says that it has is free: it stays");
    assert_eq!(world.state(lost.0), Some(LeaseState::Assigned));
}

#[test]
fn a_renew_for_which_nothing_is_left_is_told_so() {
    let tiny = r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ] } ] }"#;
    let mut world = World::with(tiny);
    let first = world.answer(
        &Ask { kind: MessageType::REQUEST, ..Ask::new(MessageType::SOLICIT, 1) }.for_server().na(1, &[]),
    );
    assert_eq!(first.address(), key("2001:db8:1::1"));
    let reply = world.answer(&Ask::new(MessageType::RENEW, 2).for_server().na(1, &[]).pd(2, &[]));
    assert_eq!(reply.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    assert_eq!(reply.ia_pd(2).status, Some(StatusCode::NO_PREFIX_AVAIL));
}

#[test]
fn a_rebind_makes_a_binding_only_where_rapid_commit_is_configured() {
    let lost = (key("2001:db8:1::123"), key("2001:db8:1000:700::/56"));
    let ask = Ask::about(MessageType::REBIND, 1, lost);
    let reply = World::new().answer(&ask);
    for ia in [reply.ia_na(1), reply.ia_pd(2)] {
        assert_eq!((ia.status, ia.leases.len()), (Some(StatusCode::NO_BINDING), 0));
    }
    let reply = rapid().answer(&ask);
    assert_eq!((reply.address(), reply.prefix()), lost);
}

#[test]
fn a_rebind_to_which_there_is_nothing_to_say_is_discarded() {
    assert_eq!(World::new().drop_of(&Ask::new(MessageType::REBIND, 1)), Drop6::NoAssociations);
    let mut world = World::with(r#"{ "subnet6": [] }"#);
    let ask = Ask::about(MessageType::REBIND, 1, (key("2001:db8:1::123"), key("2001:db8:1000:700::/56")));
    assert_eq!(world.drop_of(&ask), Drop6::NoSubnet, "another server may know its link");
}

#[test]
fn without_a_subnet_a_renew_has_no_binding() {
    let mut world = World::with(r#"{ "subnet6": [] }"#);
    let ask = Ask::about(MessageType::RENEW, 1, (key("2001:db8:1::123"), key("2001:db8:1000:700::/56")));
    let reply = world.answer(&ask);
    assert_eq!(reply.ia_na(1).status, Some(StatusCode::NO_BINDING));
    assert_eq!(reply.ia_pd(2).status, Some(StatusCode::NO_BINDING));
}

#[test]
fn a_client_that_moved_to_another_link_loses_what_it_had_and_gets_what_is_of_the_new_one() {
    let mut world = World::new();
    let held = world.bind(1);
    let moved = Ask::about(MessageType::RENEW, 1, held).relayed("2001:db8:2::1", &[]);
    let reply = world.answer(&moved);
    let given: Vec<_> =
        reply.ia_na(1).leases.into_iter().partition::<Vec<_>, _>(|(_, _, valid)| *valid > 0).0;
    assert_eq!(given.len(), 1);
    assert!(given[0].0.address.to_string().starts_with("2001:db8:2::"), "{given:?}");
    assert!(reply.ia_na(1).leases.contains(&(held.0, 0, 0)));
    assert!(reply.ia_pd(2).leases.contains(&(held.1, 0, 0)));
}

#[test]
fn what_cannot_be_extended_is_told_with_what_is_left_and_is_not_renewed_before_that() {
    for kind in BOTH {
        let mut world = World::new();
        let held = world.bind(1);
        world.now += 3900;
        world.leases.staging_mut().set_room(0);
        let before = world.leases.staging().sequence();
        let reply = world.answer(&Ask::about(kind, 1, held));
        for (ia, key) in [(reply.ia_na(1), held.0), (reply.ia_pd(2), held.1)] {
            assert_eq!(ia.leases, [(key, 0, 100)], "{kind}");
            // RFC 9915 §18.3.4: there is no point in trying before it ends.
            assert_eq!((ia.t1, ia.t2), (100, 100), "{kind}");
        }
        assert_eq!(world.leases.staging().sequence(), before);
    }
}
