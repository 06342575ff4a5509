//! RFC 9915 §18.3.3, §18.3.7, §18.3.8: Confirm, Release, Decline.

use fosix_dhcp6::Drop6;
use fosix_lease::LeaseState;
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};

use crate::world::{Ask, Reply, SERVER, World, duid, key};

fn is_reply(reply: &Reply, ask: &Ask, status: StatusCode) {
    assert_eq!(
        (reply.kind(), reply.packet().message().transaction_id()),
        (MessageType::REPLY, ask.transaction)
    );
    assert_eq!(reply.option(OptionCode::SERVER_ID).unwrap(), SERVER);
    assert_eq!(reply.option(OptionCode::CLIENT_ID).unwrap(), duid(1));
    assert_eq!(reply.status(), Some(status));
}

#[test]
fn addresses_that_fit_the_link_are_confirmed() {
    let mut world = World::new();
    // Whether it gave them does not matter.
    let ask = Ask::new(MessageType::CONFIRM, 1).na(1, &[key("2001:db8:1::7"), key("2001:db8:1::8")]);
    let ask = ask.na(2, &[key("2001:db8:1::9")]);
    let reply = world.answer(&ask);
    is_reply(&reply, &ask, StatusCode::SUCCESS);
    assert_eq!(reply.associations(), []);
}

#[test]
fn one_address_that_does_not_fit_the_link_is_enough_for_not_on_link() {
    let mut world = World::new();
    let ask = Ask::new(MessageType::CONFIRM, 1).na(1, &[key("2001:db8:1::7")]).na(2, &[key("2001:db8:9::7")]);
    is_reply(&world.answer(&ask), &ask, StatusCode::NOT_ON_LINK);
}

#[test]
fn a_confirm_without_addresses_or_of_an_unknown_link_gets_no_answer() {
    let ask = Ask::new(MessageType::CONFIRM, 1);
    assert_eq!(World::new().drop_of(&ask), Drop6::NoAddresses);
    assert_eq!(World::new().drop_of(&ask.clone().na(1, &[])), Drop6::NoAddresses);
    let named = ask.na(1, &[key("2001:db8:1::7")]);
    assert_eq!(World::with(r#"{ "subnet6": [] }"#).drop_of(&named), Drop6::NoSubnet);
    assert_eq!(World::new().drop_of(&named.relayed("2001:db8:99::1", &[])), Drop6::NoSubnet);
}

#[test]
fn what_is_released_is_free() {
    let mut world = World::new();
    let held = world.bind(1);
    let ask = Ask::about(MessageType::RELEASE, 1, held);
    let reply = world.answer(&ask);
    is_reply(&reply, &ask, StatusCode::SUCCESS);
    assert_eq!(reply.associations(), [], "only what is not known is in the answer");
    for key in [held.0, held.1] {
        assert_eq!(world.state(key), Some(LeaseState::Released));
    }
    let other = world.answer(&Ask::new(MessageType::SOLICIT, 2).na(1, &[held.0]).pd(2, &[held.1]));
    assert_eq!((other.address(), other.prefix()), held, "somebody else may have it");
}

#[test]
fn a_release_frees_only_what_is_named_and_held() {
    let mut world = World::new();
    let (held, others) = (world.bind(1), world.bind(2));
    let ask = Ask::new(MessageType::RELEASE, 1).for_server().na(1, &[others.0, key("2001:db8:9::1")]);
    is_reply(&world.answer(&ask), &ask, StatusCode::SUCCESS);
    for key in [held.0, held.1, others.0, others.1] {
        assert_eq!(world.state(key), Some(LeaseState::Assigned));
    }
}

#[test]
fn a_release_or_decline_of_what_is_not_known_has_no_binding() {
    for kind in [MessageType::RELEASE, MessageType::DECLINE] {
        let mut world = World::new();
        let held = world.bind(1);
        let ask = Ask::new(kind, 1).for_server().na(9, &[key("2001:db8:1::7")]).na(1, &[held.0]);
        let reply = world.answer(&ask);
        is_reply(&reply, &ask, StatusCode::SUCCESS);
        let [ia] = &reply.associations()[..] else { panic!("{reply:?}") };
        assert_eq!((ia.iaid, ia.status, ia.leases.len()), (9, Some(StatusCode::NO_BINDING), 0));
        assert_ne!(world.state(held.0), Some(LeaseState::Assigned), "the other one is served");
    }
}

#[test]
fn what_is_declined_is_given_to_nobody_until_its_probation_ends() {
    let tiny = r#"{ "decline-probation-period": 1000, "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64",
        "interface": "vs", "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ] } ] }"#;
    let mut world = World::with(tiny);
    let request = Ask::new(MessageType::REQUEST, 1).for_server().na(1, &[]);
    let address = world.answer(&request).address();
    let ask = Ask::new(MessageType::DECLINE, 1).for_server().na(1, &[address]);
    let reply = world.answer(&ask);
    is_reply(&reply, &ask, StatusCode::SUCCESS);
    assert_eq!(world.state(address), Some(LeaseState::Declined));
    for client in [1, 2] {
        let advertise = world.answer(&Ask::new(MessageType::SOLICIT, client).na(1, &[address]));
        assert_eq!(advertise.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    }
    world.now += 1000;
    assert_eq!(world.answer(&Ask::new(MessageType::SOLICIT, 2).na(1, &[])).address(), address);
}

#[test]
fn an_address_that_another_client_holds_cannot_be_declined() {
    let mut world = World::new();
    let (_, others) = (world.bind(1), world.bind(2));
    let ask = Ask::new(MessageType::DECLINE, 1).for_server().na(1, &[others.0]);
    is_reply(&world.answer(&ask), &ask, StatusCode::SUCCESS);
    assert_eq!(world.state(others.0), Some(LeaseState::Assigned));
}
