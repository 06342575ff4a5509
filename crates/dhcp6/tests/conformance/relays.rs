//! Relays: RFC 9915 §19.3, RFC 8357 (ports), RFC 6422 (RSOO), RFC 6221 (LDRA), RFC 4649, 4580 and 6939.

use fosix_wire::v6::{MessageType, OptionCode};

use crate::world::{Ask, Outcome, World, address, key};

const PORT_2: (OptionCode, &[u8]) = (OptionCode::INTERFACE_ID, b"port 2");

#[test]
fn an_answer_goes_back_through_the_same_relays() {
    let mut world = World::new();
    let others: (OptionCode, &[u8]) = (OptionCode::REMOTE_ID, &[0, 0, 0, 9, 1]);
    let ask = Ask::solicit(1).relayed("2001:db8:2::1", &[PORT_2, others]).relayed("::", &[]).relayed(
        "2001:db8:66::1",
        &[
            (OptionCode::SUBSCRIBER_ID, b"someone"),
            (OptionCode::INTERFACE_ID, b"trunk"),
            (OptionCode(4711), b"x"),
        ],
    );
    let Outcome::Answered(reply, to) = world.outcome(&ask) else { panic!() };
    assert_eq!((*to.ip(), to.port()), (address("2001:db8:77::2"), 547));
    let packet = reply.packet();
    let levels: Vec<_> = packet.relays().iter().collect();
    assert_eq!(levels.len(), 3);
    for (at, level) in levels.iter().enumerate() {
        let came = &ask.relays[2 - at];
        assert_eq!(level.message_type(), MessageType::RELAY_REPL);
        assert_eq!(usize::from(level.hop_count()), 2 - at);
        assert_eq!((level.link_address(), level.peer_address()), (came.link, came.peer));
        let expected: &[u16] = if at == 1 { &[9] } else { &[18, 9] };
        let codes: Vec<u16> = level.options().iter().map(|option| option.code.0).collect();
        // RFC 9915 §21.18: the Interface-Id goes back; RFC 4649 §4, RFC 4580 §4: those two need not.
        assert_eq!(codes, expected, "level {at}");
    }
    assert_eq!(levels[0].interface_id(), Some(&b"trunk"[..]));
    assert_eq!(levels[2].interface_id(), Some(&b"port 2"[..]));
    assert_eq!(packet.message().message_type(), MessageType::ADVERTISE);
}

#[test]
fn a_direct_answer_goes_to_the_client_by_the_interface_it_came_in_on() {
    let mut world = World::new();
    let ask = Ask::solicit(1);
    let Outcome::Answered(_, to) = world.outcome(&ask) else { panic!() };
    assert_eq!((to.ip(), to.port()), (ask.origin.source.ip(), 546));
    let answer = world.effects.answers.last().unwrap();
    assert_eq!((answer.interface_index, answer.source), (7, ask.origin.link_local));
}

#[test]
fn a_relay_with_a_port_of_its_own_is_answered_there_and_told_so() {
    let mut world = World::new();
    let mut ask = Ask::solicit(1).relayed("2001:db8:2::1", &[(OptionCode::RELAY_PORT, &[0, 0])]);
    ask.origin.source.set_port(4711);
    let Outcome::Answered(reply, to) = world.outcome(&ask) else { panic!() };
    assert_eq!(to.port(), 4711);
    assert_eq!(reply.packet().relays()[0].relay_source_port(), Some(0));
    // Of the outermost alone; each level has its own back.
    let mut ask = ask.relayed("2001:db8:66::1", &[]);
    ask.origin.source.set_port(4712);
    let Outcome::Answered(reply, to) = world.outcome(&ask) else { panic!() };
    assert_eq!(to.port(), 547);
    assert_eq!(reply.packet().relays()[0].relay_source_port(), None);
    assert_eq!(reply.packet().relays()[1].relay_source_port(), Some(0));
}

#[test]
fn the_link_address_nearest_the_client_tells_its_subnet() {
    let of = |ask: &Ask| World::new().answer(ask).address().address.to_string();
    assert!(of(&Ask::solicit(1).relayed("2001:db8:2::1", &[])).starts_with("2001:db8:2::"));
    assert!(
        of(&Ask::solicit(1).relayed("2001:db8:2::1", &[]).relayed("2001:db8:1::1", &[]))
            .starts_with("2001:db8:2::")
    );
    // RFC 9915 §19.1.2: the second relay leaves it open; so does a lightweight one (RFC 6221 §6.1).
    assert!(
        of(&Ask::solicit(1).relayed("2001:db8:2::1", &[]).relayed("::", &[])).starts_with("2001:db8:2::")
    );
    assert!(
        of(&Ask::solicit(1).relayed("::", &[]).relayed("2001:db8:2::1", &[])).starts_with("2001:db8:2::")
    );
}

#[test]
fn the_interface_id_of_any_relay_tells_its_subnet_first() {
    let of = |ask: &Ask| World::new().answer(ask).address().address.to_string();
    let ask = Ask::solicit(1).relayed("::", &[PORT_2]).relayed("2001:db8:1::1", &[]);
    assert!(of(&ask).starts_with("2001:db8:2::"));
    let ask = Ask::solicit(1).relayed("2001:db8:1::1", &[(OptionCode::INTERFACE_ID, b"other")]);
    assert!(of(&ask).starts_with("2001:db8:1::"));
}

#[test]
fn a_lightweight_relay_on_the_link_has_the_subnet_of_the_interface() {
    let mut ask = Ask::solicit(1).relayed("::", &[(OptionCode::INTERFACE_ID, b"line 7")]);
    ask.origin = crate::world::direct(1);
    ask.origin.source.set_port(547);
    let Outcome::Answered(reply, to) = World::new().outcome(&ask) else { panic!() };
    assert!(reply.address().address.to_string().starts_with("2001:db8:1::"));
    assert_eq!((to.ip(), to.port()), (ask.origin.source.ip(), 547));
}

#[test]
fn subnets_may_name_their_relays() {
    let mut world = World::with(
        r#"{ "subnet6": [ { "id": 5, "subnet": "2001:db8:5::/64", "relay": { "ip-addresses": [ "2001:db8:ffff::5" ] },
            "pools": [ { "pool": "2001:db8:5::1 - 2001:db8:5::9" } ] } ] }"#,
    );
    let advertise =
        world.answer(&Ask::new(MessageType::SOLICIT, 1).na(1, &[]).relayed("2001:db8:ffff::5", &[]));
    assert_eq!(advertise.address(), key("2001:db8:5::1"));
}

#[test]
fn what_a_relay_supplies_reaches_the_client_where_it_may() {
    let mut world = World::with(r#"{ "relay-supplied-options": [ "110", "23" ] }"#);
    let supply = |options: &[(u16, &[u8])]| -> Vec<u8> {
        options
            .iter()
            .flat_map(|(code, data)| {
                [&code.to_be_bytes()[..], &u16::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
            })
            .collect()
    };
    let near =
        supply(&[(110, b"near"), (65, b"\x03erp\x00"), (111, b"may not"), (23, &[9; 16]), (3, &[0; 12])]);
    let far = supply(&[(110, b"far")]);
    let ask = Ask::solicit(1).oro(&[23]).relayed("2001:db8:2::1", &[(OptionCode::RSOO, &near)]);
    let advertise = world.answer(&ask.relayed("::", &[(OptionCode::RSOO, &far)]));
    assert_eq!(advertise.option(OptionCode(110)).unwrap(), b"near", "of the relay nearest the client");
    assert_eq!(advertise.option(OptionCode(65)).unwrap(), b"\x03erp\x00");
    assert_eq!(advertise.option(OptionCode(111)), None);
    // RFC 6422 §6: what the server has itself counts.
    assert_eq!(advertise.option(OptionCode::DNS_SERVERS).unwrap(), address("2001:db8:2::53").octets());
    assert_eq!(advertise.all(OptionCode::IA_NA).len(), 1);
}

#[test]
fn what_relays_tell_of_the_client_is_on_record() {
    let mut world = World::new();
    let link_layer: (OptionCode, &[u8]) =
        (OptionCode::CLIENT_LINKLAYER_ADDR, &[0, 1, 2, 0, 0, 0, 0x99, 0x99]);
    let remote: (OptionCode, &[u8]) = (OptionCode::REMOTE_ID, &[0, 0, 0, 9, 7, 7]);
    let (held, _) = world.bind_as(&Ask::solicit(1).relayed("2001:db8:2::1", &[PORT_2, link_layer, remote]));
    let lease = world.leases.get(held).unwrap().to_lease();
    assert_eq!(lease.hardware.unwrap().octets(), [2, 0, 0, 0, 0x99, 0x99]);
    assert_eq!(lease.source, *crate::world::direct(1).source.ip(), "who the relay nearest it had it from");
    let [hop] = &lease.relay_path[..] else { panic!("{lease:?}") };
    assert_eq!(
        (hop.link_address, &*hop.interface_id, &*hop.remote_id),
        (address("2001:db8:2::1"), &b"port 2"[..], &[0, 0, 0, 9, 7, 7][..])
    );
}

#[test]
fn where_a_subnet_of_a_shared_network_is_full_the_next_one_gives() {
    let mut world = World::configured(
        r#"{ "Dhcp6": { "interfaces-config": { "interfaces": [ "vs" ] }, "shared-networks": [ { "name": "town",
            "interface": "vs", "subnet6": [
            { "id": 1, "subnet": "2001:db8:1::/64", "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ] },
            { "id": 2, "subnet": "2001:db8:2::/64", "pools": [ { "pool": "2001:db8:2::1 - 2001:db8:2::9" } ] } ] } ] } }"#,
    );
    let bind = |world: &mut World, client| {
        let request = Ask::new(MessageType::REQUEST, client).for_server().na(1, &[]);
        world.answer(&request).address()
    };
    assert_eq!(bind(&mut world, 1), key("2001:db8:1::1"));
    assert_eq!(bind(&mut world, 2), key("2001:db8:2::1"));
    // Whoever is known in a subnet stays there, and addresses of the whole link are confirmed.
    world.answer(&Ask::new(MessageType::RELEASE, 1).for_server().na(1, &[key("2001:db8:1::1")]));
    let again = world.answer(&Ask::new(MessageType::RENEW, 2).for_server().na(1, &[key("2001:db8:2::1")]));
    assert_eq!(again.address(), key("2001:db8:2::1"));
    let confirm = Ask::new(MessageType::CONFIRM, 2).na(1, &[key("2001:db8:2::1"), key("2001:db8:1::1")]);
    assert_eq!(world.answer(&confirm).status(), Some(fosix_wire::v6::StatusCode::SUCCESS));
}
