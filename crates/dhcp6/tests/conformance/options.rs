//! RFC 9915 §18.3, §21: the options of an answer. RFC 7341 §9, RFC 4704.

use fosix_wire::v6::{MessageType, OptionCode, StatusCode};

use crate::world::{Ask, World, address, duid, key};

#[test]
fn every_configured_option_that_is_asked_for_is_in_every_answer() {
    let mut world = World::new();
    let wanted = [23, 24, 82, 83, 88];
    let solicit = Ask::solicit(1).oro(&wanted);
    let advertise = world.answer(&solicit);
    let held = (advertise.address(), advertise.prefix());
    let mut answers = vec![advertise];
    for kind in [MessageType::REQUEST, MessageType::RENEW, MessageType::REBIND] {
        answers.push(world.answer(&Ask::about(kind, 1, held).oro(&wanted)));
    }
    answers.push(world.answer(&Ask::new(MessageType::INFORMATION_REQUEST, 1).oro(&wanted)));
    for answer in answers {
        for code in wanted {
            assert_eq!(answer.all(OptionCode(code)).len(), 1, "option {code} in {}", answer.kind());
        }
    }
}

#[test]
fn what_is_not_asked_for_or_not_configured_is_not_there() {
    let advertise = World::new().answer(&Ask::solicit(1).oro(&[23, 64, 9999, 23]));
    // Server and client identifier, both associations, preference, and the one option.
    let mut codes = advertise.codes();
    codes.sort_unstable();
    assert_eq!(codes, [1, 2, 3, 7, 23, 25]);
    assert_eq!(advertise.option(OptionCode::ORO), None);
}

#[test]
fn the_preference_is_told_in_advertise_alone_and_is_absent_unless_configured() {
    let mut world = World::new();
    let advertise = world.answer(&Ask::solicit(1));
    assert_eq!(advertise.option(OptionCode::PREFERENCE).unwrap(), [7]);
    let held = world.bind(1);
    let reply = world.answer(&Ask::about(MessageType::RENEW, 1, held).oro(&[7]));
    assert_eq!(reply.option(OptionCode::PREFERENCE), None);
    let mut plain = World::with(r#"{ "option-data": [] }"#);
    assert_eq!(plain.answer(&Ask::solicit(1)).option(OptionCode::PREFERENCE), None, "which means 0");
}

#[test]
fn what_is_obsolete_is_neither_served_nor_sent() {
    // RFC 9915 §21.5, §21.12: IA_TA and Server Unicast.
    let mut world = World::new();
    let ask = Ask::solicit(1).with(OptionCode::IA_TA, &[0, 0, 0, 9]).oro(&[12, 4]);
    let ask = ask.with(OptionCode::UNICAST, &address("2001:db8::1").octets());
    let advertise = world.answer(&ask);
    assert_eq!((advertise.option(OptionCode::IA_TA), advertise.option(OptionCode::UNICAST)), (None, None));
    assert_eq!(advertise.associations().len(), 2, "the rest is served as ever");
}

#[test]
fn authentication_and_reconfigure_accept_of_a_client_change_nothing() {
    let mut world = World::new();
    let plain = world.answer(&Ask::solicit(1));
    let auth = [[3, 1, 0].as_slice(), &[0; 8], &[1; 17]].concat();
    let ask =
        Ask::solicit(1).with(OptionCode::AUTH, &auth).with(OptionCode::RECONF_ACCEPT, &[]).oro(&[11, 20]);
    assert_eq!(world.answer(&ask), plain);
}

#[test]
fn user_class_vendor_class_and_elapsed_time_do_no_harm() {
    let mut world = World::new();
    let plain = world.answer(&Ask::solicit(1));
    let ask = Ask::solicit(1)
        .with(OptionCode::USER_CLASS, &[0, 2, 1, 2])
        .with(OptionCode::ELAPSED_TIME, &[0xff, 0xff]);
    assert_eq!(world.answer(&ask.with(OptionCode::VENDOR_CLASS, &[0, 0, 0, 9, 0, 1, 5])), plain);
}

#[test]
fn a_status_has_a_text_without_a_null_at_its_end() {
    let mut world = World::with(r#"{ "subnet6": [] }"#);
    let advertise = world.answer(&Ask::solicit(1));
    let packet = advertise.packet();
    for code in [OptionCode::IA_NA, OptionCode::IA_PD] {
        let ia = packet.message().options().find(code).unwrap();
        let options = fosix_wire::v6::Options::new_checked(&ia[12..]).unwrap();
        let text = &options.find(OptionCode::STATUS_CODE).unwrap()[2..];
        assert!(!text.is_empty() && !text.contains(&0) && std::str::from_utf8(text).is_ok());
    }
    assert_eq!(advertise.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
}

#[test]
fn options_of_the_subnet_come_before_the_global_ones_and_those_of_the_pool_before_both() {
    let pool = r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "option-data": [ { "name": "dns-servers", "data": "2001:db8::2" }, { "name": "domain-search", "data": "subnet.example.org" } ],
        "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1", "option-data": [ { "name": "dns-servers", "data": "2001:db8::3" } ] },
                   { "pool": "2001:db8:1::2 - 2001:db8:1::2" } ] } ] }"#;
    let mut world = World::with(pool);
    let dns = |world: &mut World, client, hint| {
        let ask = Ask::new(MessageType::SOLICIT, client).na(1, &[key(hint)]).oro(&[23, 24, 82]);
        let advertise = world.answer(&ask);
        assert_eq!(advertise.address(), key(hint));
        assert_eq!(advertise.option(OptionCode::SOL_MAX_RT).unwrap(), 120u32.to_be_bytes(), "the global one");
        assert_eq!(advertise.option(OptionCode::DOMAIN_LIST).unwrap()[..7], *b"\x06subnet");
        advertise.option(OptionCode::DNS_SERVERS).unwrap()
    };
    assert_eq!(dns(&mut world, 1, "2001:db8:1::1"), address("2001:db8::3").octets());
    assert_eq!(dns(&mut world, 2, "2001:db8:1::2"), address("2001:db8::2").octets());
}

#[test]
fn option_88_is_in_every_answer_to_who_asks_for_it_and_in_no_other() {
    let mut world = World::new();
    let held = world.bind(1);
    let code = OptionCode::DHCP4_O_DHCP6_SERVER;
    for kind in [MessageType::REQUEST, MessageType::RENEW, MessageType::REBIND] {
        assert!(world.answer(&Ask::about(kind, 1, held).oro(&[88])).option(code).is_some(), "{kind}");
        assert_eq!(world.answer(&Ask::about(kind, 1, held)).option(code), None, "{kind}");
    }
}

#[test]
fn a_clients_name_is_answered_where_it_asks_and_is_on_record() {
    let mut world = World::with(r#"{ "ddns-qualifying-suffix": "example.org" }"#);
    let name = [[1].as_slice(), b"\x04host"].concat();
    let ask = Ask::solicit(1).with(OptionCode::CLIENT_FQDN, &name);
    assert_eq!(world.answer(&ask).option(OptionCode::CLIENT_FQDN), None, "it did not ask");
    let advertise = world.answer(&ask.clone().oro(&[39]));
    let answered = advertise.option(OptionCode::CLIENT_FQDN).unwrap();
    // RFC 4704 §4.1: the server does not update DNS (N 1, S 0), against the client's wish (O 1).
    assert_eq!(answered, [[6].as_slice(), b"\x04host\x07example\x03org\x00"].concat());
    let (address, _) = world.bind_as(&ask);
    let lease = world.leases.get(address).unwrap();
    assert_eq!((lease.hostname(), lease.duid()), ("host.example.org.", &duid(1)[..]));
}
