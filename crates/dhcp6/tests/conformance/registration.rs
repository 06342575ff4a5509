//! RFC 9686: addresses that clients made themselves.

use std::net::SocketAddrV6;

use fosix_dhcp6::Drop6;
use fosix_lease::LeaseState;
use fosix_wire::v6::{MessageType, OptionCode};

use crate::world::{Ask, World, address, duid, key};

/// A registration of `text`, sent from there.
fn inform(client: u8, text: &str) -> Ask {
    let mut ask = Ask::new(MessageType::ADDR_REG_INFORM, client);
    ask.origin.source = SocketAddrV6::new(address(text), 546, 0, 0);
    ask.with(OptionCode::IA_ADDR, &ia_address(text))
}

fn ia_address(text: &str) -> Vec<u8> {
    [&address(text).octets()[..], &[0, 0, 0, 100], &[0, 0, 0, 200]].concat()
}

#[test]
fn an_address_of_the_link_is_registered_and_the_option_sent_back_as_it_came() {
    let mut world = World::new();
    let ask = inform(1, "2001:db8:1::abc");
    let reply = world.answer(&ask);
    assert_eq!(
        (reply.kind(), reply.packet().message().transaction_id()),
        (MessageType::ADDR_REG_REPLY, ask.transaction)
    );
    assert_eq!(reply.option(OptionCode::IA_ADDR).unwrap(), ia_address("2001:db8:1::abc"));
    assert_eq!(reply.codes(), [2, 1, 5]);
    let lease = world.leases.get(key("2001:db8:1::abc")).unwrap();
    assert_eq!(
        (lease.state(), lease.duid(), lease.valid_lifetime()),
        (LeaseState::Registered, &duid(1)[..], 200)
    );
}

#[test]
fn a_registration_that_breaks_a_rule_is_discarded() {
    let mut world = World::new();
    let good = inform(1, "2001:db8:1::abc");
    for (ask, reason) in [
        (good.clone().oro(&[23]), Drop6::RequestInRegistration),
        (good.clone().without(OptionCode::IA_ADDR), Drop6::NoAddresses),
        (good.clone().with(OptionCode::IA_ADDR, &ia_address("2001:db8:1::abc")), Drop6::NoAddresses),
        (good.clone().without(OptionCode::CLIENT_ID), Drop6::ClientId),
        (good.clone().for_server(), Drop6::ServerId),
        (good.clone().without(OptionCode::IA_ADDR).with(OptionCode::IA_ADDR, &[0; 23]), Drop6::OptionLength),
        (inform(1, "2001:db8:9::abc"), Drop6::RegistrationNotOnLink),
        (
            good.clone()
                .without(OptionCode::IA_ADDR)
                .with(OptionCode::IA_ADDR, &ia_address("2001:db8:1::abd")),
            Drop6::RegistrationOfAnother,
        ),
    ] {
        assert_eq!(world.drop_of(&ask), reason);
    }
    let mut off = World::with(r#"{ "allow-address-registration": false }"#);
    assert_eq!(off.drop_of(&good), Drop6::RegistrationOff);
}

#[test]
fn an_address_that_was_given_out_cannot_be_registered() {
    let mut world = World::new();
    let (held, _) = world.bind(1);
    assert_eq!(world.drop_of(&inform(2, &held.address.to_string())), Drop6::RegistrationRefused);
    assert_eq!(world.state(held), Some(LeaseState::Assigned));
}

#[test]
fn an_address_of_a_delegated_prefix_is_its_clients_to_register() {
    let mut world = World::new();
    let (_, prefix) = world.bind(1);
    let inside = std::net::Ipv6Addr::from(u128::from(prefix.address) | 0xabc).to_string();
    assert_eq!(world.answer(&inform(1, &inside)).kind(), MessageType::ADDR_REG_REPLY);
    let mut other = World::new();
    other.bind(1);
    assert_eq!(other.drop_of(&inform(2, &inside)), Drop6::RegistrationNotOnLink);
}

#[test]
fn clients_that_ask_are_told_that_they_may_register() {
    let mut world = World::new();
    let advertise = world.answer(&Ask::solicit(1).oro(&[148]));
    assert_eq!(advertise.option(OptionCode::ADDR_REG_ENABLE).as_deref(), Some(&[][..]));
    assert_eq!(world.answer(&Ask::solicit(1)).option(OptionCode::ADDR_REG_ENABLE), None);
    let mut off = World::with(r#"{ "allow-address-registration": false }"#);
    assert_eq!(off.answer(&Ask::solicit(1).oro(&[148])).option(OptionCode::ADDR_REG_ENABLE), None);
}
