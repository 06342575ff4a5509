//! The DHCPv4 half, exchange by exchange: what RFC 2131 and RFC 7341 have it answer, and where it keeps silent.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod world;

use std::net::Ipv4Addr;

use fosix_dhcp4::{Drop4, Outcome4, Sent4, Silence4};
use fosix_lease::{LeaseRef4, LeaseState};
use fosix_wire::v4::{MessageType, OptionCode};
use fosix_wire::v6::{self, OptionCode as Code6, Packet, Writer};
use world::{Ask, OURS, World, address};

#[test]
fn a_client_gets_an_address_in_four_messages() {
    let mut world = World::new();
    let offer = world.answer(&Ask::discover(1));
    assert_eq!(offer.message_type(), MessageType::OFFER);
    let offered = offer.yiaddr();
    assert!(World::pool().contains(&offered));
    assert_eq!(offer.address(OptionCode::SERVER_IDENTIFIER), Some(OURS));

    let ack = world.answer(&Ask::selecting(1, offered));
    assert_eq!(ack.message_type(), MessageType::ACK);
    assert_eq!(ack.yiaddr(), offered);
    assert_eq!(ack.number(OptionCode::LEASE_TIME), Some(4000));
    assert_eq!(ack.number(OptionCode::RENEWAL_TIME), Some(1000));
    assert_eq!(ack.number(OptionCode::REBINDING_TIME), Some(2000));
    assert_eq!(ack.address(OptionCode::SUBNET_MASK), Some(address("255.255.255.0")), "also unasked");

    let lease = world.leases.get(offered).unwrap().to_lease();
    assert_eq!(lease.state, LeaseState::Assigned);
    assert_eq!(lease.source, world::SOURCE);
    assert_eq!(lease.valid_lifetime, 4000);
}

#[test]
fn retransmissions_and_copies_get_the_same_answer_and_no_second_lease() {
    let mut world = World::new();
    let first = world.answer(&Ask::discover(1)).bytes;
    assert_eq!(world.answer(&Ask::discover(1)).bytes, first);
    let offered = world.answer(&Ask::discover(1)).yiaddr();
    let ack = world.answer(&Ask::selecting(1, offered)).bytes;
    assert_eq!(world.answer(&Ask::selecting(1, offered)).bytes, ack);
    assert_eq!(world.answer(&Ask::discover(1)).yiaddr(), offered);
    assert_eq!(world.leases.iter().count(), 1);
}

#[test]
fn where_a_subnet_has_nothing_left_the_next_one_of_its_shared_network_gives() {
    let mut world = World::configured(
        r#"{ "Dhcp4": { "shared-networks": [ { "name": "town", "subnet4": [
            { "id": 1, "subnet": "10.0.0.0/24", "4o6-subnet": "::/0", "pools": [ { "pool": "10.0.0.10 - 10.0.0.10" } ],
              "option-data": [ { "name": "routers", "data": "10.0.0.1" } ] },
            { "id": 2, "subnet": "10.0.2.0/24", "pools": [ { "pool": "10.0.2.10 - 10.0.2.19" } ],
              "option-data": [ { "name": "routers", "data": "10.0.2.1" } ] } ] } ] } }"#,
    );
    let bind = |world: &mut World, client| {
        let offered = world.answer(&Ask::discover(client)).yiaddr();
        let ack = world.answer(&Ask::selecting(client, offered));
        assert_eq!(ack.yiaddr(), offered);
        (offered, ack.address(OptionCode::ROUTER).unwrap())
    };
    assert_eq!(bind(&mut world, 1), (address("10.0.0.10"), address("10.0.0.1")));
    let second = (address("10.0.2.10"), address("10.0.2.1"));
    assert_eq!(bind(&mut world, 2), second);
    // Whoever is known in a subnet stays there, also when there is room again in the first.
    world.outcome(&Ask::release(1, address("10.0.0.10")));
    assert_eq!(bind(&mut world, 2), second);
    assert_eq!(world.answer(&Ask::renewing(2, second.0)).message_type(), MessageType::ACK);
    assert_eq!(world.answer(&Ask::init_reboot(2, second.0)).message_type(), MessageType::ACK);
    assert_eq!(world.answer(&Ask::init_reboot(2, address("10.0.0.10"))).message_type(), MessageType::NAK);
    assert_eq!(world.leases.iter().filter(|lease| lease.state() == LeaseState::Assigned).count(), 1);
}

#[test]
fn a_request_for_a_free_address_is_granted_though_its_offer_is_forgotten() {
    let mut world = World::new();
    let wanted = address("10.0.0.17");
    assert_eq!(world.answer(&Ask::selecting(1, wanted)).yiaddr(), wanted);
}

#[test]
fn a_request_for_an_address_of_somebody_else_is_refused() {
    let mut world = World::new();
    let taken = world.bind(1);
    let nak = world.answer(&Ask::selecting(2, taken));
    assert_eq!(nak.message_type(), MessageType::NAK);
    assert_eq!(nak.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(nak.number(OptionCode::LEASE_TIME), None);
    assert_eq!(nak.address(OptionCode::SERVER_IDENTIFIER), Some(OURS));
    assert!(nak.data(OptionCode::MESSAGE).is_some());
}

#[test]
fn a_request_that_names_another_server_withdraws_our_offer_in_silence() {
    let mut world = World::new();
    let offered = world.answer(&Ask::discover(1)).yiaddr();
    let other = Ask { server: Some(address("192.0.2.99")), ..Ask::selecting(1, offered) };
    assert_eq!(world.outcome(&other), Outcome4::Silent(Silence4::OtherServer));
    let next = Ask { requested_address: Some(offered), ..Ask::discover(2) };
    assert_eq!(world.answer(&next).yiaddr(), offered, "the address is free at once");
}

#[test]
fn renewing_extends_and_rebinding_too() {
    let mut world = World::new();
    let held = world.bind(1);
    for unicast in [true, false] {
        world.now += 500;
        let ack = world.answer(&Ask { unicast, ..Ask::renewing(1, held) });
        assert_eq!((ack.message_type(), ack.yiaddr(), ack.ciaddr()), (MessageType::ACK, held, held));
        assert_eq!(world.leases.get(held).unwrap().last_transaction().0, world.now);
    }
}

#[test]
fn a_renewal_that_the_server_has_no_record_of_is_granted_while_the_address_is_free() {
    let mut world = World::new();
    let held = address("10.0.0.30");
    assert_eq!(world.answer(&Ask::renewing(1, held)).message_type(), MessageType::ACK);
    assert_eq!(world.answer(&Ask::renewing(2, held)).message_type(), MessageType::NAK);
}

#[test]
fn an_address_that_is_not_given_out_here_is_refused_to_renew_and_left_to_others_to_rebind() {
    let elsewhere = address("10.9.9.9");
    let mut world = World::new();
    assert_eq!(world.answer(&Ask::renewing(1, elsewhere)).message_type(), MessageType::NAK);
    let rebinding = Ask { unicast: false, ..Ask::renewing(1, elsewhere) };
    assert_eq!(world.outcome(&rebinding), Outcome4::Silent(Silence4::OtherServersAddress));
    let mut authoritative = World::authoritative();
    assert_eq!(authoritative.answer(&rebinding).message_type(), MessageType::NAK);
}

#[test]
fn init_reboot_follows_rfc_2131_4_3_2() {
    let mut world = World::new();
    let held = world.bind(1);
    let other = address("10.0.0.40");
    let table = [
        (1, held, Some(Sent4::Ack), None),
        // The client's notion of its address is wrong.
        (1, other, Some(Sent4::Nak), None),
        // The wrong network.
        (2, address("10.9.9.9"), Some(Sent4::Nak), None),
        // No record of the client: silence.
        (2, other, None, Some(Silence4::UnknownClient)),
    ];
    for (client, wanted, sent, silence) in table {
        let expected = sent.map_or_else(|| Outcome4::Silent(silence.unwrap()), Outcome4::Answered);
        assert_eq!(world.outcome(&Ask::init_reboot(client, wanted)), expected, "{client} {wanted}");
    }
    let mut authoritative = World::authoritative();
    assert_eq!(authoritative.outcome(&Ask::init_reboot(2, other)), Outcome4::Answered(Sent4::Nak));
}

#[test]
fn a_client_whose_lease_ended_can_have_its_address_confirmed() {
    let mut world = World::new();
    let held = world.bind(1);
    world.now += 5000;
    assert_eq!(world.outcome(&Ask::init_reboot(1, held)), Outcome4::Answered(Sent4::Ack));
}

#[test]
fn release_frees_the_address_and_keeps_it_for_its_client() {
    let mut world = World::new();
    let held = world.bind(1);
    assert_eq!(world.outcome(&Ask::release(2, held)), Outcome4::Silent(Silence4::Release));
    assert_eq!(world.leases.get(held).unwrap().state(), LeaseState::Assigned, "only the holder can release");
    assert_eq!(world.outcome(&Ask::release(1, held)), Outcome4::Silent(Silence4::Release));
    assert_eq!(world.leases.get(held).unwrap().state(), LeaseState::Released);
    assert_eq!(world.answer(&Ask::discover(1)).yiaddr(), held);
}

#[test]
fn decline_takes_the_address_out_of_use() {
    let mut world = World::new();
    let held = world.bind(1);
    assert_eq!(world.outcome(&Ask::decline(1, held)), Outcome4::Silent(Silence4::Decline));
    assert_eq!(world.leases.get(held).unwrap().state(), LeaseState::Declined);
    assert_ne!(world.answer(&Ask::discover(1)).yiaddr(), held);
    assert_eq!(world.answer(&Ask::selecting(2, held)).message_type(), MessageType::NAK);
}

#[test]
fn inform_gets_parameters_and_no_lease() {
    let mut world = World::new();
    let ack = world.answer(&Ask::inform(1, address("10.0.0.200")));
    assert_eq!(ack.message_type(), MessageType::ACK);
    assert_eq!(ack.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(ack.ciaddr(), address("10.0.0.200"));
    assert_eq!(ack.number(OptionCode::LEASE_TIME), None);
    assert_eq!(ack.data(OptionCode::DOMAIN_NAME_SERVER).unwrap(), [192, 0, 2, 53]);
    assert_eq!(world.leases.iter().count(), 0);
}

#[test]
fn parameters_come_in_the_order_of_the_request() {
    let mut world = World::new();
    let order = |world: &mut World, requested: &[u8]| {
        let ask = Ask { requested: requested.to_vec(), ..Ask::discover(1) };
        world.answer(&ask).codes()
    };
    let fixed = [53, 54, 51, 58, 59, 1];
    assert_eq!(order(&mut world, &[15, 3, 6, 1]), [&fixed[..], &[15, 3, 6], &[61]].concat());
    assert_eq!(order(&mut world, &[6, 99, 3, 6]), [&fixed[..], &[6, 3], &[61]].concat());
    // The client does not choose what the server alone can say.
    assert_eq!(order(&mut world, &[50, 51, 53, 54, 82]), [&fixed[..], &[61]].concat());
}

#[test]
fn the_pool_has_options_of_its_own() {
    let mut world = World::new();
    let ask = |wanted| Ask { requested: vec![15], ..Ask::selecting(1, wanted) };
    let domain =
        |world: &mut World, wanted| world.answer(&ask(wanted)).data(OptionCode::DOMAIN_NAME).unwrap();
    assert_eq!(domain(&mut world, address("10.0.0.20")), b"subnet.example");
    assert_eq!(domain(&mut world, address("10.0.0.120")), b"pool.example");
}

#[test]
fn the_lease_time_is_the_clients_wish_within_bounds() {
    let mut world = World::new();
    for (wish, granted) in [(None, 4000), (Some(10), 1000), (Some(5000), 5000), (Some(u32::MAX), 8000)] {
        let ack = world.answer(&Ask { lease_time: wish, ..Ask::selecting(1, address("10.0.0.20")) });
        assert_eq!(ack.number(OptionCode::LEASE_TIME), Some(granted), "{wish:?}");
    }
}

#[test]
fn the_client_identifier_comes_back_unaltered_in_every_answer() {
    let mut world = World::new();
    let identifier = vec![0xff, 0, 0, 0, 1, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
    let with = |ask: Ask| Ask { identifier: Some(identifier.clone()), ..ask };
    let offer = world.answer(&with(Ask::discover(1)));
    assert_eq!(offer.data(OptionCode::CLIENT_IDENTIFIER).unwrap(), identifier);
    let nak = world.answer(&with(Ask::selecting(1, address("10.9.9.9"))));
    assert_eq!(nak.data(OptionCode::CLIENT_IDENTIFIER).unwrap(), identifier);
    let without = world.answer(&Ask { identifier: None, ..Ask::discover(9) });
    assert_eq!(without.data(OptionCode::CLIENT_IDENTIFIER), None);
}

#[test]
fn a_client_is_its_identifier_before_its_hardware_address() {
    let mut world = World::new();
    let named = |client: u8, id: u8| Ask { identifier: Some(vec![0, id]), ..Ask::discover(client) };
    let first = world.answer(&named(1, 7)).yiaddr();
    assert_eq!(world.answer(&named(2, 7)).yiaddr(), first, "another interface, the same client");
    assert_ne!(world.answer(&named(1, 8)).yiaddr(), first, "the same interface, another client");
}

#[test]
fn who_cannot_be_told_from_others_is_refused() {
    let mut world = World::new();
    let nobody = Ask { identifier: None, hardware: vec![0; 6], ..Ask::discover(1) };
    assert_eq!(world.outcome(&nobody), Outcome4::Dropped(Drop4::NoIdentity));
    let named = Ask { hardware: vec![], ..Ask::discover(1) };
    assert_eq!(world.answer(&named).message_type(), MessageType::OFFER, "an identifier is enough");
}

#[test]
fn what_old_clients_and_their_relays_bring_is_served_and_echoed() {
    // RFC 9928: no client identifier, relay agent information, giaddr and hops in the inner message.
    let mut world = World::new();
    let information = [1, 3, b'v', b'l', b'7', 2, 2, b'r', b'1'];
    let ask = Ask {
        identifier: None,
        giaddr: address("192.0.2.1"),
        hops: 3,
        relay_information: Some(information.to_vec()),
        ..Ask::discover(1)
    };
    let offer = world.answer(&ask);
    assert_eq!(offer.data(OptionCode::RELAY_AGENT_INFORMATION).unwrap(), information);
    assert_eq!(offer.codes().last(), Some(&82), "RFC 3046 §2.2: the last option");
    assert_eq!(offer.view().giaddr(), address("192.0.2.1"));
    assert_eq!(offer.view().hops(), 0);
}

#[test]
fn the_response_has_no_flags_and_every_relay_level() {
    let mut world = World::new();
    let bytes =
        world.relayed(&Ask::renewing(1, address("10.0.0.20")), &[("2001:db8:1::1", "port7"), ("::", "")]);
    let packet = Packet::new_checked(&bytes, 9).unwrap();
    let message = packet.message();
    assert_eq!(message.message_type(), v6::MessageType::DHCPV4_RESPONSE);
    assert_eq!(message.query_flags().0, 0, "RFC 7341 §6.4, though the query had the U flag");
    let codes: Vec<_> = message.options().iter().map(|option| option.code).collect();
    assert_eq!(codes, [Code6::DHCPV4_MSG], "and never option 88");
    let levels: Vec<_> =
        packet.relays().iter().map(|level| (level.hop_count(), level.interface_id())).collect();
    assert_eq!(levels, [(1, None), (0, Some(&b"port7"[..]))]);
    let lease = world.leases.get(address("10.0.0.20")).unwrap().to_lease();
    assert_eq!(&*lease.relay_path[0].interface_id, b"port7", "the relay nearest the client first");
    assert_eq!(lease.relay_path.len(), 2);
}

#[test]
fn every_way_to_be_wrong_has_its_name() {
    let server = address("192.0.2.99");
    let free = address("10.0.0.20");
    let table = [
        (Ask { server: Some(OURS), ..Ask::discover(1) }, Drop4::ServerIdInDiscover),
        (Ask { server: Some(server), ..Ask::release(1, free) }, Drop4::NotForUs),
        (Ask { server: Some(server), ..Ask::decline(1, free) }, Drop4::NotForUs),
        (Ask { server: Some(server), ..Ask::inform(1, free) }, Drop4::NotForUs),
        (Ask { requested_address: None, ..Ask::selecting(1, free) }, Drop4::NoAddress),
        (Ask { requested_address: None, ..Ask::init_reboot(1, free) }, Drop4::NoAddress),
        (Ask { requested_address: None, ..Ask::decline(1, free) }, Drop4::NoAddress),
        (Ask { ciaddr: Ipv4Addr::UNSPECIFIED, ..Ask::release(1, free) }, Drop4::NoAddress),
        (Ask { identifier: Some(vec![1]), ..Ask::discover(1) }, Drop4::OptionLength),
        (Ask { message_type: MessageType::OFFER, ..Ask::discover(1) }, Drop4::MessageType),
        (Ask { message_type: MessageType(200), ..Ask::discover(1) }, Drop4::MessageType),
        (Ask { op: 2, ..Ask::discover(1) }, Drop4::NotARequest),
        (Ask { interface: "elsewhere", ..Ask::discover(1) }, Drop4::NoSubnet),
    ];
    for (ask, reason) in table {
        let mut world = World::new();
        assert_eq!(world.outcome(&ask), Outcome4::Dropped(reason), "{ask:?}");
        assert_eq!(world.statistics.dropped.get(reason), 1);
        assert_eq!(world.statistics.dropped.total(), 1);
        assert!(world.out.is_empty());
        assert_eq!(world.leases.iter().count(), 0);
    }
}

#[test]
fn without_a_subnet_a_request_is_refused_unless_others_may_know_better() {
    let mut world = World::new();
    let elsewhere = |ask: Ask| Ask { interface: "elsewhere", ..ask };
    let free = address("10.0.0.20");
    assert_eq!(world.outcome(&elsewhere(Ask::selecting(1, free))), Outcome4::Answered(Sent4::Nak));
    assert_eq!(world.outcome(&elsewhere(Ask::renewing(1, free))), Outcome4::Answered(Sent4::Nak));
    let rebinding = Ask { unicast: false, ..Ask::renewing(1, free) };
    assert_eq!(world.outcome(&elsewhere(rebinding)), Outcome4::Silent(Silence4::OtherServersAddress));
    let reboot = elsewhere(Ask::init_reboot(1, free));
    assert_eq!(world.outcome(&reboot), Outcome4::Silent(Silence4::UnknownClient));
    assert_eq!(world.outcome(&elsewhere(Ask::inform(1, free))), Outcome4::Answered(Sent4::Ack));
}

#[test]
fn messages_that_are_none_have_their_names() {
    let mut world = World::new();
    let outer = |options: &[(Code6, &[u8])], message_type| {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(message_type, [0; 3]);
        for (code, data) in options {
            w.option(*code, data);
        }
        w.finish().unwrap();
        bytes
    };
    let query = v6::MessageType::DHCPV4_QUERY;
    let good = Ask::discover(1).message();
    let bootp = &good[..236];
    let mut no_type = good.clone();
    no_type.truncate(240);
    let table: [(Vec<u8>, Drop4); 7] = [
        (vec![], Drop4::QueryMalformed),
        (outer(&[(Code6::DHCPV4_MSG, &good)], v6::MessageType::SOLICIT), Drop4::NotAQuery),
        (outer(&[], query), Drop4::NoMessage),
        (outer(&[(Code6::DHCPV4_MSG, &good), (Code6::DHCPV4_MSG, &good)], query), Drop4::SeveralMessages),
        (outer(&[(Code6::DHCPV4_MSG, &good[..100])], query), Drop4::Malformed),
        (outer(&[(Code6::DHCPV4_MSG, bootp)], query), Drop4::Bootp),
        (outer(&[(Code6::DHCPV4_MSG, &no_type)], query), Drop4::Bootp),
    ];
    for (bytes, reason) in table {
        assert_eq!(world.raw(&bytes), Outcome4::Dropped(reason));
    }
    let counted: u64 = world.statistics.dropped.total();
    assert_eq!(counted, 7);
}

#[test]
fn every_truncation_of_a_query_is_dropped_by_name_and_changes_nothing() {
    let mut world = World::new();
    let whole = World::query(&Ask::selecting(1, address("10.0.0.20")), &[("2001:db8:1::1", "port7")]);
    for length in 0..whole.len() {
        let outcome = world.raw(&whole[..length]);
        assert!(matches!(outcome, Outcome4::Dropped(_)), "{length}: {outcome:?}");
        assert!(world.out.is_empty());
    }
    assert_eq!(world.leases.iter().count(), 0);
}

/// How many mutated queries are served.
const ROUNDS: u64 = 10_000;

#[test]
fn ten_thousand_mutations_are_each_counted_once_and_never_give_an_address_twice() {
    let mut world = World::new();
    let good = [
        World::query(&Ask::discover(1), &[("2001:db8:1::1", "port7")]),
        World::query(&Ask::selecting(1, address("10.0.0.20")), &[]),
        World::query(&Ask::renewing(2, address("10.0.0.21")), &[("::", "x"), ("2001:db8::1", "")]),
        World::query(&Ask::release(1, address("10.0.0.20")), &[]),
    ];
    // A fixed sequence (xorshift), so that a failure repeats itself.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for _ in 0..ROUNDS {
        let mut bytes = good[random(good.len())].clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, u8::try_from(random(256)).unwrap()),
            }
        }
        world.raw(&bytes);
        world.out.clear();
    }
    let statistics = &world.statistics;
    assert_eq!(statistics.sent.total() + statistics.silence.total() + statistics.dropped.total(), ROUNDS);
    assert!(statistics.sent.total() > 0 && statistics.dropped.total() > 0);
    let held: Vec<_> = world.leases.iter().map(LeaseRef4::address).collect();
    assert_eq!(held.iter().collect::<std::collections::HashSet<_>>().len(), held.len());
}

#[test]
fn a_full_subnet_says_so_and_serves_its_own() {
    let mut world = World::tiny();
    let held = world.bind(1);
    assert_eq!(world.outcome(&Ask::discover(2)), Outcome4::Dropped(Drop4::NoFreeAddress));
    assert_eq!(world.answer(&Ask::renewing(1, held)).message_type(), MessageType::ACK);
    world.now += 4000;
    assert_eq!(world.answer(&Ask::discover(2)).yiaddr(), held, "it has ended");
}

#[test]
fn options_that_the_client_cannot_take_are_left_out() {
    let mut world = World::new();
    let requested = vec![6, 224, 15];
    let all = world.answer(&Ask { requested: requested.clone(), ..Ask::discover(1) });
    assert_eq!(all.data(OptionCode(224)).unwrap().len(), 400, "no limit: RFC 3396 splits it");
    let small = world.answer(&Ask { requested, max_size: Some(576), ..Ask::discover(1) });
    assert_eq!(small.data(OptionCode(224)), None);
    assert!(small.data(OptionCode::DOMAIN_NAME).is_some(), "what is behind it still fits");
    assert!(small.bytes.len() <= 576 - 28);
}

#[test]
fn answers_equal_what_was_received_less_silences_and_drops() {
    let mut world = World::new();
    let held = world.bind(1);
    let asks = [
        Ask::discover(2),
        Ask::renewing(1, held),
        Ask::selecting(2, held),
        Ask::release(1, held),
        Ask::decline(1, held),
        Ask::init_reboot(9, held),
        Ask { hardware: vec![0; 6], identifier: None, ..Ask::discover(1) },
    ];
    for ask in &asks {
        world.outcome(ask);
    }
    let statistics = &world.statistics;
    let received = 2 + u64::try_from(asks.len()).unwrap();
    assert_eq!(statistics.sent.total() + statistics.silence.total() + statistics.dropped.total(), received);
    let report = statistics.report(received);
    let of = |name: &str| report.iter().find(|(known, _)| *known == name).unwrap().1;
    assert_eq!(of("pkt4-received"), received);
    assert_eq!(of("pkt4-nak-sent"), 1);
    assert_eq!(of("pkt4-no-answer-unknown-client"), 1);
    assert_eq!(of("pkt4-drop-no-identity"), 1);
    assert_eq!(of("pkt4-rfc-violation"), 1);
    let names: std::collections::HashSet<_> = report.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), report.len(), "no name twice");
}
