//! The same scenarios over all three links: what a client gets does not depend on the way between the halves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

mod support;

use fosix_link::{LinkDrop, LinkLoss};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{self, OptionCode};

use support::{Answer, World, discover, query, relayed, release, request};

/// Runs a scenario over each link.
fn over_each(scenario: impl Fn(&mut World)) {
    for mut world in [World::direct(), World::kea(), World::own()] {
        scenario(&mut world);
        world.assert_balanced();
    }
}

#[test]
fn a_client_gets_a_lease() {
    over_each(|world| {
        let offer = world.ask(&query(&discover(1)));
        let Answer { message_type, address, destination, .. } = offer;
        assert_eq!(message_type, MessageType::OFFER, "{world:?}");
        assert_eq!(destination.port(), 546);
        let ack = world.ask(&query(&request(1, address)));
        assert_eq!((ack.message_type, ack.address), (MessageType::ACK, address), "{world:?}");
    });
}

#[test]
fn relay_levels_are_put_back_and_the_answer_goes_to_the_relay() {
    over_each(|world| {
        let answer = world.ask(&relayed(2, None, &query(&discover(1))));
        assert_eq!((answer.relays, answer.destination.port()), (2, 547), "{world:?}");
        let answer = world.ask(&relayed(1, Some(0), &query(&discover(1))));
        assert_eq!((answer.relays, answer.destination.port()), (1, 1066), "{world:?}: RFC 8357");
    });
}

#[test]
fn flags_of_the_response_are_zero_whatever_those_of_the_query() {
    over_each(|world| {
        let mut bytes = query(&discover(1));
        bytes[1] = 0x80;
        assert_eq!(world.ask(&bytes).flags, v6::QueryFlags::default(), "{world:?}");
    });
}

#[test]
fn a_batch_of_clients_have_an_address_each() {
    over_each(|world| {
        let queries: Vec<_> = (1..=200).map(|client| query(&discover(client))).collect();
        let answers = world.ask_all(&queries);
        let addresses: std::collections::HashSet<_> = answers.iter().map(|answer| answer.address).collect();
        assert_eq!((answers.len(), addresses.len()), (200, 200), "{world:?}");
    });
}

#[test]
fn what_needs_no_answer_gets_none_and_leaves_nothing_behind() {
    over_each(|world| {
        let address = world.ask(&query(&discover(1))).address;
        world.ask(&query(&request(1, address)));
        world.send(&query(&release(1, address)));
        // The one after it is answered after it.
        let answer = world.ask(&query(&discover(2)));
        assert_eq!(answer.message_type, MessageType::OFFER, "{world:?}");
        world.assert_in_flight(0);
    });
}

#[test]
fn what_the_dhcpv4_half_cannot_read_is_dropped_and_the_next_is_served() {
    over_each(|world| {
        world.send(&query(&[1; 236]));
        assert_eq!(world.ask(&query(&discover(1))).message_type, MessageType::OFFER, "{world:?}");
    });
}

#[test]
fn every_wrong_response_is_counted_under_its_name_and_the_next_query_is_served() {
    let inner = discover(1);
    let response =
        |options: &[(OptionCode, &[u8])]| support::message(v6::MessageType::DHCPV4_RESPONSE, options);
    let wrong_responses = [
        (query(&inner), LinkDrop::MessageType),
        (response(&[]), LinkDrop::NoDhcpv4Message),
        (
            response(&[(OptionCode::DHCPV4_MSG, &inner), (OptionCode::DHCPV4_MSG, &inner)]),
            LinkDrop::SeveralDhcpv4Messages,
        ),
        (response(&[(OptionCode::DHCPV4_MSG, &inner[..100])]), LinkDrop::ShortDhcpv4Message),
        (vec![21], LinkDrop::Malformed),
    ];
    for make in [World::kea, World::own] {
        let mut world = make();
        for (message, reason) in &wrong_responses {
            world.inject(message, "lo");
            assert_eq!(world.dropped6(*reason), 1, "{reason:?} in {world:?}");
            assert_eq!(world.ask(&query(&inner)).message_type, MessageType::OFFER);
        }
        let right = response(&[(OptionCode::DHCPV4_MSG, &inner)]);
        world.inject(&right, "no-such-if");
        assert_eq!(world.dropped6(LinkDrop::UnknownInterface), 1, "{world:?}");
        world.assert_balanced();
    }
}

#[test]
fn without_the_other_half_every_query_is_lost_under_a_name() {
    for (make, loss) in [
        (World::kea as fn() -> World, [LinkLoss::Refused, LinkLoss::PeerAway]),
        (World::own, [LinkLoss::NotConnected, LinkLoss::ConnectionEnded]),
    ] {
        let mut world = make();
        assert_eq!(world.ask(&query(&discover(1))).message_type, MessageType::OFFER);
        world.stop_dhcpv4_half();
        for client in 1..=100 {
            world.send(&query(&discover(client)));
        }
        world.assert_lost6(&loss, 100);
        world.assert_balanced();
    }
}

#[test]
fn too_many_in_flight_are_lost_under_a_name_and_age_out() {
    let mut world = World::own_with(4, std::time::Duration::ZERO);
    world.hold_dhcpv4_half();
    for client in 1..=4 {
        world.send(&query(&discover(client)));
    }
    // With no patience at all those before have aged out by the time of the next.
    world.assert_lost6(&[LinkLoss::TooManyInFlight], 0);
    world.assert_in_flight(1);
    let mut world = World::own_with(4, std::time::Duration::from_secs(3600));
    world.hold_dhcpv4_half();
    for client in 1..=10 {
        world.send(&query(&discover(client)));
    }
    world.assert_lost6(&[LinkLoss::TooManyInFlight], 6);
    world.assert_in_flight(4);
    world.release_dhcpv4_half();
    assert_eq!(world.ask(&query(&discover(1))).message_type, MessageType::OFFER);
    world.assert_balanced();
}
