//! RFC 9915 §18.3.6, §21.23: Information-request.

use fosix_wire::v6::{MessageType, OptionCode};

use crate::world::{Ask, SERVER, World, address, duid};

#[test]
fn an_information_request_is_answered_with_what_it_asks_for_and_no_lease() {
    let mut world = World::new();
    let ask = Ask::new(MessageType::INFORMATION_REQUEST, 1).oro(&[23, 88, 32]);
    let reply = world.answer(&ask);
    assert_eq!(
        (reply.kind(), reply.packet().message().transaction_id()),
        (MessageType::REPLY, ask.transaction)
    );
    assert_eq!(reply.option(OptionCode::SERVER_ID).unwrap(), SERVER);
    assert_eq!(reply.option(OptionCode::CLIENT_ID).unwrap(), duid(1));
    assert_eq!(reply.codes(), [2, 1, 23, 88, 32]);
    assert_eq!(reply.option(OptionCode::DNS_SERVERS).unwrap(), address("2001:db8::53").octets());
    assert_eq!(world.leases.iter().count(), 0);
}

#[test]
fn a_client_without_an_identifier_is_answered_and_stays_without() {
    let ask = Ask::new(MessageType::INFORMATION_REQUEST, 1).without(OptionCode::CLIENT_ID).oro(&[23]);
    let reply = World::new().answer(&ask);
    assert_eq!(reply.codes(), [2, 23]);
}

#[test]
fn when_to_ask_again_is_told_in_answers_to_information_requests_alone() {
    let mut world = World::new();
    let asks = |kind| Ask::new(kind, 1).oro(&[32]);
    let reply = world.answer(&asks(MessageType::INFORMATION_REQUEST));
    assert_eq!(reply.option(OptionCode::INFORMATION_REFRESH_TIME).unwrap(), 700u32.to_be_bytes());
    let advertise = world.answer(&asks(MessageType::SOLICIT).na(1, &[]));
    assert_eq!(advertise.option(OptionCode::INFORMATION_REFRESH_TIME), None);
    let reply = world.answer(&asks(MessageType::REQUEST).for_server().na(1, &[]));
    assert_eq!(reply.option(OptionCode::INFORMATION_REFRESH_TIME), None);
}
