//! RFC 9915 §16: which messages are looked at.

use std::net::SocketAddrV6;

use fosix_dhcp6::Drop6;
use fosix_wire::v6::{MessageType, OptionCode};

use crate::world::{Ask, SERVER, World, address, direct};

const TO_ANY: [MessageType; 3] = [MessageType::SOLICIT, MessageType::CONFIRM, MessageType::REBIND];
const TO_ONE: [MessageType; 4] =
    [MessageType::REQUEST, MessageType::RENEW, MessageType::RELEASE, MessageType::DECLINE];
const OTHER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 8];

/// A message of that type which is served, about what its client holds.
fn good(world: &mut World, kind: MessageType) -> Ask {
    let held = world.bind(1);
    let ask = Ask::about(kind, 1, held);
    match kind {
        MessageType::INFORMATION_REQUEST => ask.without(OptionCode::IA_NA).without(OptionCode::IA_PD),
        // RFC 9915 §18.2.8: only addresses are declined; §18.2.3: only they are confirmed.
        MessageType::DECLINE | MessageType::CONFIRM => ask.without(OptionCode::IA_PD),
        _ => ask,
    }
}

#[test]
fn a_message_to_any_server_without_a_client_identifier_is_discarded() {
    for kind in TO_ANY {
        let mut world = World::new();
        let ask = good(&mut world, kind);
        world.answer(&ask);
        assert_eq!(world.drop_of(&ask.without(OptionCode::CLIENT_ID)), Drop6::ClientId, "{kind}");
    }
}

#[test]
fn a_message_to_any_server_with_a_server_identifier_is_discarded() {
    for kind in TO_ANY {
        let mut world = World::new();
        let ask = good(&mut world, kind);
        for server in [SERVER, OTHER] {
            let named = ask.clone().with(OptionCode::SERVER_ID, &server);
            assert_eq!(world.drop_of(&named), Drop6::ServerId, "{kind}");
        }
    }
}

#[test]
fn a_message_to_one_server_without_an_identifier_of_either_is_discarded() {
    for kind in TO_ONE {
        let mut world = World::new();
        let ask = good(&mut world, kind);
        assert_eq!(world.drop_of(&ask.clone().without(OptionCode::CLIENT_ID)), Drop6::ClientId, "{kind}");
        assert_eq!(world.drop_of(&ask.clone().without(OptionCode::SERVER_ID)), Drop6::ServerId, "{kind}");
        world.answer(&ask);
    }
}

#[test]
fn a_message_to_another_server_is_discarded() {
    for kind in TO_ONE {
        let mut world = World::new();
        let ask = good(&mut world, kind).without(OptionCode::SERVER_ID);
        assert_eq!(world.drop_of(&ask.with(OptionCode::SERVER_ID, &OTHER)), Drop6::NotForUs, "{kind}");
    }
}

#[test]
fn what_only_servers_send_is_discarded() {
    for kind in [MessageType::ADVERTISE, MessageType::REPLY, MessageType::RECONFIGURE] {
        let ask = Ask::new(kind, 1).for_server();
        assert_eq!(World::new().drop_of(&ask), Drop6::MessageType, "{kind}");
    }
}

#[test]
fn a_relay_reply_is_discarded() {
    let mut world = World::new();
    let mut bytes = Ask::solicit(1).relayed("2001:db8:2::1", &[]).bytes();
    bytes[0] = MessageType::RELAY_REPL.0;
    let origin = direct(1);
    let outcome = world.receive(&bytes, origin);
    assert_eq!(outcome, crate::world::Outcome::Dropped(Drop6::MessageType));
}

#[test]
fn an_information_request_to_another_server_or_with_an_association_is_discarded() {
    let mut world = World::new();
    let ask = Ask::new(MessageType::INFORMATION_REQUEST, 1);
    world.answer(&ask);
    world.answer(&ask.clone().for_server());
    let other = ask.clone().with(OptionCode::SERVER_ID, &OTHER);
    assert_eq!(world.drop_of(&other), Drop6::NotForUs);
    assert_eq!(world.drop_of(&ask.clone().na(1, &[])), Drop6::IaInInformationRequest);
    assert_eq!(world.drop_of(&ask.clone().pd(1, &[])), Drop6::IaInInformationRequest);
    assert_eq!(world.drop_of(&ask.with(OptionCode::IA_TA, &[0, 0, 0, 1])), Drop6::IaInInformationRequest);
}

#[test]
fn a_client_that_sends_by_unicast_is_not_served_but_its_relay_is() {
    let mut world = World::new();
    for source in ["fe80::99", "2001:db8:1::99"] {
        let mut ask = Ask::solicit(1);
        ask.origin.source = SocketAddrV6::new(address(source), 546, 0, 0);
        ask.origin.destination = address("2001:db8:1::1");
        assert_eq!(world.drop_of(&ask), Drop6::Unicast);
    }
    world.answer(&Ask::solicit(1).relayed("2001:db8:2::1", &[]));
}
