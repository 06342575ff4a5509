//! Broken messages of every type: what is wrong with each has one name, nothing is changed by it, and what is answered all the
//! same is answered as it should be.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

#[allow(dead_code, reason = "other tests need more of it")]
mod world;

use fosix_dhcp6::{Drop6, Event6};
use fosix_lease::Key6;
use fosix_wire::v6::{MessageType, OptionCode};
use world::{Ask, Outcome, SERVER, World, key};

const TYPES: [MessageType; 10] = [
    MessageType::SOLICIT,
    MessageType::REQUEST,
    MessageType::RENEW,
    MessageType::REBIND,
    MessageType::RELEASE,
    MessageType::DECLINE,
    MessageType::CONFIRM,
    MessageType::INFORMATION_REQUEST,
    MessageType::ADDR_REG_INFORM,
    MessageType::DHCPV4_QUERY,
];

/// A server, a client that holds leases, and a message of that type of it that is served.
fn good(kind: MessageType) -> (World, (Key6, Key6), Ask) {
    let mut world = World::new();
    let held = world.bind(1);
    let ask = match kind {
        MessageType::INFORMATION_REQUEST => Ask::new(kind, 1),
        MessageType::ADDR_REG_INFORM => {
            let mut ask = Ask::new(kind, 1);
            ask.origin.source.set_ip("2001:db8:1::abc".parse().unwrap());
            ask.with(
                OptionCode::IA_ADDR,
                &[&key("2001:db8:1::abc").address.octets()[..], &[0, 0, 0, 9, 0, 0, 0, 9]].concat(),
            )
        }
        MessageType::DHCPV4_QUERY => Ask::new(kind, 1).with(OptionCode::DHCPV4_MSG, &[1; 300]),
        MessageType::SOLICIT => Ask::solicit(1),
        _ => Ask::about(kind, 1, held),
    };
    (world, held, ask)
}

/// What becomes of a message, checked: it is counted once, by that and nothing else, and what is dropped changes nothing.
fn outcome(world: &mut World, ask: &Ask) -> Result<Option<MessageType>, Drop6> {
    let (before, sequence) = (world.effects.statistics.clone(), world.leases.staging().sequence());
    let outcome = world.outcome(ask);
    let now = &world.effects.statistics;
    assert_eq!(now.datagrams, before.datagrams + 1);
    let counted = [
        now.sent.total() - before.sent.total(),
        now.events.get(Event6::HandedOver) - before.events.get(Event6::HandedOver),
        now.dropped.total() - before.dropped.total(),
    ];
    match outcome {
        Outcome::Answered(reply, _) => {
            assert_eq!(counted, [1, 0, 0]);
            assert_eq!(reply.packet().message().transaction_id(), ask.transaction);
            Ok(Some(reply.kind()))
        }
        Outcome::HandedOver => {
            assert_eq!(counted, [0, 1, 0]);
            Ok(None)
        }
        Outcome::Dropped(reason) => {
            assert_eq!(counted, [0, 0, 1]);
            assert_eq!(now.dropped.get(reason), before.dropped.get(reason) + 1);
            assert_eq!(world.leases.staging().sequence(), sequence, "{ask:?}");
            Err(reason)
        }
    }
}

fn reason(kind: MessageType, break_it: impl FnOnce(Ask) -> Ask) -> Option<Drop6> {
    let (mut world, _, ask) = good(kind);
    outcome(&mut world, &break_it(ask)).err()
}

#[test]
fn the_unbroken_messages_are_served() {
    for kind in TYPES {
        let (mut world, _, ask) = good(kind);
        let expected = match kind {
            MessageType::SOLICIT => Some(MessageType::ADVERTISE),
            MessageType::ADDR_REG_INFORM => Some(MessageType::ADDR_REG_REPLY),
            MessageType::DHCPV4_QUERY => None,
            _ => Some(MessageType::REPLY),
        };
        assert_eq!(outcome(&mut world, &ask), Ok(expected), "{kind}");
    }
}

#[test]
fn a_client_identifier_that_is_missing_doubled_or_no_duid_is_named() {
    let is_optional = [MessageType::INFORMATION_REQUEST, MessageType::DHCPV4_QUERY];
    for kind in TYPES {
        let with = |data: Vec<u8>| {
            reason(kind, |ask| ask.without(OptionCode::CLIENT_ID).with(OptionCode::CLIENT_ID, &data))
        };
        let missing = reason(kind, |ask| ask.without(OptionCode::CLIENT_ID));
        assert_eq!(missing.is_none(), is_optional.contains(&kind), "{kind}: {missing:?}");
        assert!(missing.is_none_or(|reason| reason == Drop6::ClientId));
        let doubled = reason(kind, |ask| ask.with(OptionCode::CLIENT_ID, &world::duid(1)));
        assert_eq!(doubled, Some(Drop6::ClientId), "{kind}");
        // RFC 9915 §11.1: a type of two octets and something behind it, at most 128 octets.
        for len in [0, 1, 2] {
            assert_eq!(with(vec![0; len]), Some(Drop6::ClientId), "{kind} with {len} octets");
        }
        assert_eq!(with(vec![0, 0, 0]), Some(Drop6::ClientId), "{kind}: nobody's");
        assert_eq!(with(vec![7; 131]), Some(Drop6::ClientId), "{kind} with 131 octets");
        assert_eq!(with(vec![7; 130]), None, "{kind} with 130 octets, of a type that nobody knows");
    }
}

#[test]
fn a_server_identifier_that_is_missing_doubled_misplaced_or_anothers_is_named() {
    let must = [MessageType::REQUEST, MessageType::RENEW, MessageType::RELEASE, MessageType::DECLINE];
    let may = [MessageType::INFORMATION_REQUEST, MessageType::DHCPV4_QUERY];
    for kind in TYPES {
        let with = |servers: &[&[u8]]| {
            reason(kind, |ask| {
                let ask = ask.without(OptionCode::SERVER_ID);
                servers.iter().fold(ask, |ask, server| ask.with(OptionCode::SERVER_ID, server))
            })
        };
        let must_not = !must.contains(&kind) && !may.contains(&kind);
        assert_eq!(with(&[]), must.contains(&kind).then_some(Drop6::ServerId), "{kind}");
        assert_eq!(with(&[&SERVER]), must_not.then_some(Drop6::ServerId), "{kind}");
        assert_eq!(with(&[&SERVER, &SERVER]), Some(Drop6::ServerId), "{kind}");
        let anothers = if must_not { Drop6::ServerId } else { Drop6::NotForUs };
        for other in [&SERVER[..9], &[&SERVER[..], &[0]].concat(), &[]] {
            assert_eq!(with(&[other]), Some(anothers), "{kind} to {other:?}");
        }
    }
}

#[test]
fn an_association_of_any_wrong_length_is_named_in_whatever_message() {
    let with_associations = [
        MessageType::SOLICIT,
        MessageType::REQUEST,
        MessageType::RENEW,
        MessageType::REBIND,
        MessageType::RELEASE,
        MessageType::DECLINE,
        MessageType::CONFIRM,
    ];
    for kind in with_associations {
        for code in [OptionCode::IA_NA, OptionCode::IA_PD] {
            let (mut world, held, ask) = good(kind);
            let held = if code == OptionCode::IA_NA { held.0 } else { held.1 };
            let whole = world::association(1, &[held]);
            // The option that it names its lease with begins after twelve octets.
            for len in (0..whole.len()).filter(|len| *len != 12) {
                let broken = ask.clone().without(code).with(code, &whole[..len]);
                assert_eq!(outcome(&mut world, &broken), Err(Drop6::OptionLength), "{kind} {code} of {len}");
            }
            let longer = [&whole[..], &[0]].concat();
            let broken = ask.clone().without(code).with(code, &longer);
            assert_eq!(outcome(&mut world, &broken), Err(Drop6::OptionLength), "{kind} {code}");
        }
    }
}

#[test]
fn an_address_or_prefix_of_a_wrong_length_is_named_at_any_place() {
    for (outer, inner, fixed) in
        [(OptionCode::IA_NA, OptionCode::IA_ADDR, 24), (OptionCode::IA_PD, OptionCode::IA_PREFIX, 25)]
    {
        for len in (0..fixed).chain([fixed + 1, fixed + 3]) {
            let (mut world, _, ask) = good(MessageType::RENEW);
            let mut data = world::association(1, &[]);
            data.extend([inner.0.to_be_bytes(), u16::try_from(len).unwrap().to_be_bytes()].concat());
            data.extend(vec![0x20; len]);
            let broken = ask.without(outer).with(outer, &data);
            assert_eq!(outcome(&mut world, &broken), Err(Drop6::OptionLength), "{inner} of {len}");
        }
    }
    // RFC 9915 §21.22: a prefix has at most 128 bits.
    let (mut world, _, ask) = good(MessageType::SOLICIT);
    let mut data = world::association(2, &[key("2001:db8::/56")]);
    data[24] = 129;
    let broken = ask.without(OptionCode::IA_PD).with(OptionCode::IA_PD, &data);
    assert_eq!(outcome(&mut world, &broken), Err(Drop6::OptionLength));
}

#[test]
fn options_that_nothing_rests_on_may_be_broken() {
    let odd: [(OptionCode, &[u8]); 8] = [
        (OptionCode::ORO, &[0]),
        (OptionCode::ORO, &[0, 23, 0]),
        (OptionCode::ELAPSED_TIME, &[]),
        (OptionCode::USER_CLASS, &[0, 9]),
        (OptionCode::VENDOR_CLASS, &[1]),
        (OptionCode::VENDOR_OPTS, &[]),
        (OptionCode::CLIENT_FQDN, &[0, 63, b'x']),
        (OptionCode::AUTH, &[1]),
    ];
    for (code, data) in odd {
        for kind in TYPES.into_iter().filter(|kind| *kind != MessageType::ADDR_REG_INFORM) {
            let (mut world, _, ask) = good(kind);
            let without = {
                let (mut world, _, ask) = good(kind);
                world.outcome(&ask)
            };
            assert_eq!(world.outcome(&ask.with(code, data)), without, "{kind} with {code} {data:?}");
        }
    }
}

#[test]
fn a_query_without_its_message_or_with_two_is_named() {
    let code = OptionCode::DHCPV4_MSG;
    let kind = MessageType::DHCPV4_QUERY;
    assert_eq!(reason(kind, |ask| ask.without(code)), Some(Drop6::NoDhcpv4Message));
    assert_eq!(reason(kind, |ask| ask.with(code, &[])), Some(Drop6::SeveralDhcpv4Messages));
}

#[test]
fn types_that_are_not_served_are_named() {
    for kind in (0..=u8::MAX).map(MessageType).filter(|kind| !TYPES.contains(kind) && !kind.is_relay()) {
        let (mut world, _, _) = good(MessageType::SOLICIT);
        assert_eq!(outcome(&mut world, &Ask::new(kind, 1)), Err(Drop6::MessageType), "{kind}");
    }
}

#[test]
fn every_cut_of_every_message_is_named_and_changes_nothing() {
    for kind in TYPES {
        let (mut world, _, ask) = good(kind);
        for ask in [ask.clone(), ask.relayed("2001:db8:1::9", &[(OptionCode::INTERFACE_ID, b"port")])] {
            let whole = ask.bytes();
            let sequence = world.leases.staging().sequence();
            for end in 0..whole.len() {
                match world.receive(&whole[..end], ask.origin) {
                    Outcome::Dropped(_) => {}
                    // Cut between two options it is a shorter message, which may be served, but ends or gives nothing.
                    Outcome::Answered(reply, _) => {
                        let given = reply.associations().into_iter().flat_map(|ia| ia.leases).count();
                        assert!(reply.kind() == MessageType::ADVERTISE || given <= 1, "{kind} cut at {end}");
                    }
                    Outcome::HandedOver => panic!("{kind} cut at {end}"),
                }
            }
            assert!(world.leases.staging().sequence() >= sequence);
        }
    }
}

#[test]
fn a_message_with_thousands_of_associations_is_answered_with_those_that_are_served() {
    let (mut world, _, _) = good(MessageType::SOLICIT);
    let ask = (0..1200).fold(Ask::new(MessageType::SOLICIT, 2), |ask, iaid| ask.na(iaid, &[]));
    let Outcome::Answered(reply, _) = world.outcome(&ask) else { panic!() };
    let associations = reply.associations();
    let served = associations.iter().filter(|ia| ia.status.is_none()).count();
    assert_eq!((associations.len(), served), (1200, 32));
}
