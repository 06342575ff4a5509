//! RFC 9915 §18.3.1, §18.3.2, §18.3.9, §12, §13: addresses and prefixes for who asks for them.

use fosix_lease::LeaseState;
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};

use crate::world::{Ask, Reply, SERVER, World, duid, key};

/// The answer is to that message of that client, from this server.
fn is_to(reply: &Reply, ask: &Ask, kind: MessageType, client: u8) {
    assert_eq!(reply.kind(), kind);
    assert_eq!(reply.packet().message().transaction_id(), ask.transaction);
    assert_eq!(reply.option(OptionCode::SERVER_ID).unwrap(), SERVER);
    assert_eq!(reply.option(OptionCode::CLIENT_ID).unwrap(), duid(client));
}

#[test]
fn an_advertise_has_what_would_be_given_and_gives_nothing() {
    let mut world = World::new();
    let ask = Ask::solicit(1);
    let advertise = world.answer(&ask);
    is_to(&advertise, &ask, MessageType::ADVERTISE, 1);
    for ia in [advertise.ia_na(1), advertise.ia_pd(2)] {
        let [(key, 3000, 4000)] = ia.leases[..] else { panic!("{ia:?}") };
        assert_eq!((ia.t1, ia.t2, ia.status), (1000, 1600, None));
        assert_eq!(world.state(key), None, "an Advertise promises nothing");
    }
    let other = world.answer(&Ask::solicit(2));
    assert_ne!(other.address(), advertise.address(), "what is advertised is kept for a while");
    assert_ne!(other.prefix(), advertise.prefix());
}

#[test]
fn a_request_gets_what_was_advertised_and_is_on_record() {
    let mut world = World::new();
    let advertise = world.answer(&Ask::solicit(1));
    let ask = Ask::about(MessageType::REQUEST, 1, (advertise.address(), advertise.prefix()));
    let reply = world.answer(&ask);
    is_to(&reply, &ask, MessageType::REPLY, 1);
    for (ia, iaid) in [(reply.ia_na(1), 1), (reply.ia_pd(2), 2)] {
        let [(key, 3000, 4000)] = ia.leases[..] else { panic!("{ia:?}") };
        assert_eq!((ia.t1, ia.t2, ia.status), (1000, 1600, None));
        let lease = world.leases.get(key).unwrap();
        assert_eq!((lease.duid(), lease.iaid(), lease.state()), (&duid(1)[..], iaid, LeaseState::Assigned));
    }
    assert_eq!((reply.address(), reply.prefix()), (advertise.address(), advertise.prefix()));
}

#[test]
fn a_solicit_with_rapid_commit_is_answered_by_a_reply_where_that_is_configured() {
    let mut plain = World::new();
    let ask = Ask::solicit(1).with(OptionCode::RAPID_COMMIT, &[]);
    let advertise = plain.answer(&ask);
    assert_eq!(
        (advertise.kind(), advertise.option(OptionCode::RAPID_COMMIT)),
        (MessageType::ADVERTISE, None)
    );

    let mut world = World::configured(
        &crate::world::CONFIGURATION
            .replace("\"interface\": \"vs\",", "\"interface\": \"vs\", \"rapid-commit\": true,"),
    );
    let reply = world.answer(&ask);
    is_to(&reply, &ask, MessageType::REPLY, 1);
    assert_eq!(reply.option(OptionCode::RAPID_COMMIT).as_deref(), Some(&[][..]));
    assert_eq!(world.state(reply.address()), Some(LeaseState::Assigned), "committed before the Reply");
    assert_eq!(world.state(reply.prefix()), Some(LeaseState::Assigned));
    // Without the option there is none in the answer.
    let advertise = world.answer(&Ask::solicit(2));
    assert_eq!(
        (advertise.kind(), advertise.option(OptionCode::RAPID_COMMIT)),
        (MessageType::ADVERTISE, None)
    );
}

#[test]
fn an_address_of_another_link_is_refused_with_not_on_link() {
    let mut world = World::new();
    let mine = world.answer(&Ask::solicit(1)).address();
    let ask = Ask::new(MessageType::REQUEST, 1).for_server();
    let ask = ask.na(1, &[key("2001:db8:9::1")]).na(2, &[mine, key("2001:db8:9::1")]).na(3, &[]);
    let reply = world.answer(&ask);
    for iaid in [1, 2] {
        let ia = reply.ia_na(iaid);
        assert_eq!((ia.status, ia.leases.len(), ia.t1, ia.t2), (Some(StatusCode::NOT_ON_LINK), 0, 0, 0));
    }
    assert_eq!(reply.ia_na(3).leases.len(), 1, "the other association is served");
}

#[test]
fn where_nothing_is_left_the_association_says_so() {
    let tiny = r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ],
        "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 56, "delegated-len": 56 } ] } ] }"#;
    let mut world = World::with(tiny);
    world.bind(1);
    let advertise = world.answer(&Ask::solicit(2));
    let request = Ask { kind: MessageType::REQUEST, ..Ask::solicit(2) }.for_server();
    let reply = world.answer(&request);
    for answer in [advertise, reply] {
        let (na, pd) = (answer.ia_na(1), answer.ia_pd(2));
        assert_eq!((na.status, na.leases.len()), (Some(StatusCode::NO_ADDRS_AVAIL), 0));
        assert_eq!((pd.status, pd.leases.len()), (Some(StatusCode::NO_PREFIX_AVAIL), 0));
        assert_eq!((na.t1, na.t2, pd.t1, pd.t2), (0, 0, 0, 0));
    }
}

#[test]
fn a_client_without_a_subnet_is_told_that_there_is_nothing_for_it() {
    let mut world = World::with(r#"{ "subnet6": [] }"#);
    let advertise = world.answer(&Ask::solicit(1));
    assert_eq!(advertise.ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    assert_eq!(advertise.ia_pd(2).status, Some(StatusCode::NO_PREFIX_AVAIL));
}

#[test]
fn a_hint_that_can_be_given_is_and_one_that_cannot_is_not_in_the_answer() {
    let mut world = World::new();
    let (wished, foreign) = (key("2001:db8:1::1ab"), key("2001:db8:1::9999"));
    let prefix = key("2001:db8:1000:500::/56");
    let good = Ask::new(MessageType::SOLICIT, 1).na(1, &[wished]).pd(2, &[prefix]);
    let advertise = world.answer(&good);
    assert_eq!((advertise.address(), advertise.prefix()), (wished, prefix));
    for hint in [foreign, key("2001:db8:9::1")] {
        let advertise = world.answer(&Ask::new(MessageType::SOLICIT, 2).na(1, &[hint]));
        assert_ne!(advertise.address(), hint);
    }
    // Somebody else's: the wish is not granted.
    world.bind_as(&good);
    let advertise = world.answer(&Ask::new(MessageType::SOLICIT, 3).na(1, &[wished]).pd(2, &[prefix]));
    assert_ne!((advertise.address(), advertise.prefix()), (wished, prefix));
}

#[test]
fn times_and_lifetimes_of_a_client_mean_nothing() {
    let mut world = World::new();
    let mut ask = Ask::solicit(1);
    for (code, data) in &mut ask.options {
        if [OptionCode::IA_NA, OptionCode::IA_PD].contains(code) {
            data[4..12].copy_from_slice(&[0, 0, 0, 9, 0, 0, 0, 8]);
        }
    }
    let advertise = world.answer(&ask);
    assert_eq!((advertise.ia_na(1).t1, advertise.ia_na(1).t2), (1000, 1600));
    let (address, prefix) = (advertise.address(), advertise.prefix());
    let mut request = Ask::about(MessageType::REQUEST, 1, (address, prefix));
    for (code, data) in &mut request.options {
        match *code {
            OptionCode::IA_NA => data[32..40].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 2]),
            OptionCode::IA_PD => data[16..24].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 2]),
            _ => {}
        }
    }
    let reply = world.answer(&request);
    assert_eq!(reply.ia_na(1).leases, [(address, 3000, 4000)]);
    assert_eq!(reply.ia_pd(2).leases, [(prefix, 3000, 4000)]);
}

#[test]
fn a_retransmission_is_answered_anew_with_the_same_leases() {
    let mut world = World::new();
    let solicit = Ask::solicit(1);
    let advertise = world.answer(&solicit);
    assert_eq!(world.answer(&solicit), advertise);
    let request = Ask::about(MessageType::REQUEST, 1, (advertise.address(), advertise.prefix()));
    let reply = world.answer(&request);
    world.now += 10;
    let again = world.answer(&request);
    assert_eq!(again, reply);
    let lease = world.leases.get(reply.address()).unwrap();
    assert_eq!(lease.last_transaction().0, world.now, "lifetimes begin anew, and that is on record");
    assert_eq!(world.leases.iter().count(), 2);
}

#[test]
fn several_associations_get_several_leases_with_the_same_times() {
    let mut world = World::new();
    let ask = Ask::new(MessageType::SOLICIT, 1).na(1, &[]).na(2, &[]).pd(1, &[]).pd(7, &[]);
    let associations = world.answer(&ask).associations();
    let order: Vec<(bool, u32)> = associations.iter().map(|ia| (ia.is_prefixes, ia.iaid)).collect();
    assert_eq!(order, [(false, 1), (false, 2), (true, 1), (true, 7)]);
    let mut keys: Vec<_> = associations.iter().map(|ia| ia.leases[0].0).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 4, "each has its own");
    assert!(associations.iter().all(|ia| (ia.t1, ia.t2) == (1000, 1600)));
}

#[test]
fn of_several_associations_with_one_iaid_the_first_counts() {
    let mut world = World::new();
    let ask = Ask::new(MessageType::SOLICIT, 1).na(1, &[]).na(1, &[key("2001:db8:1::1ab")]).pd(1, &[]);
    let associations = world.answer(&ask).associations();
    let order: Vec<(bool, u32)> = associations.iter().map(|ia| (ia.is_prefixes, ia.iaid)).collect();
    assert_eq!(order, [(false, 1), (true, 1)]);
    assert_ne!(associations[0].leases[0].0, key("2001:db8:1::1ab"));
}

#[test]
fn times_follow_from_the_shortest_preferred_lifetime_of_all_associations() {
    let text = r#"{ "Dhcp6": { "interfaces-config": { "interfaces": [ "vs" ] }, "shared-networks": [ { "name": "town",
        "interface": "vs", "subnet6": [
        { "id": 1, "subnet": "2001:db8:1::/64", "preferred-lifetime": 1000, "valid-lifetime": 4000,
          "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ] },
        { "id": 2, "subnet": "2001:db8:2::/64", "preferred-lifetime": 3000, "valid-lifetime": 4000,
          "pools": [ { "pool": "2001:db8:2::1 - 2001:db8:2::9" } ] } ] } ] } }"#;
    let mut world = World::configured(text);
    let ask = Ask::new(MessageType::SOLICIT, 1).na(1, &[]).na(2, &[]);
    let associations = world.answer(&ask).associations();
    assert_eq!(associations[0].leases, [(key("2001:db8:1::1"), 1000, 4000)]);
    assert_eq!(associations[1].leases, [(key("2001:db8:2::1"), 3000, 4000)]);
    for ia in associations {
        assert_eq!((ia.t1, ia.t2), (500, 800));
    }
}

#[test]
fn a_returning_client_gets_what_it_had() {
    let mut world = World::new();
    let held = world.bind(1);
    world.answer(&Ask::about(MessageType::RELEASE, 1, held));
    world.bind(2);
    world.now += 100_000;
    let advertise = world.answer(&Ask::solicit(1));
    assert_eq!((advertise.address(), advertise.prefix()), held);
}

#[test]
fn a_client_may_have_one_of_addresses_and_prefixes_alone() {
    let mut world = World::new();
    let both = world.bind(1);
    let again = world.answer(&Ask::new(MessageType::SOLICIT, 1).na(1, &[]));
    assert_eq!(again.address(), both.0);
    let prefix = world.answer(&Ask::new(MessageType::SOLICIT, 1).pd(2, &[]));
    assert_eq!(prefix.prefix(), both.1);
    assert_eq!(prefix.associations().len(), 1);
}

#[test]
fn the_clients_order_to_another_server_frees_what_was_advertised_to_it() {
    let tiny = r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
        "pools": [ { "pool": "2001:db8:1::1 - 2001:db8:1::1" } ] } ] }"#;
    let mut world = World::with(tiny);
    let offered = world.answer(&Ask::new(MessageType::SOLICIT, 1).na(1, &[])).address();
    let other = Ask::new(MessageType::SOLICIT, 2).na(1, &[]);
    assert_eq!(world.answer(&other).ia_na(1).status, Some(StatusCode::NO_ADDRS_AVAIL));
    let elsewhere = Ask::new(MessageType::REQUEST, 1).na(1, &[offered]);
    world.drop_of(&elsewhere.with(OptionCode::SERVER_ID, &[0, 3, 0, 1, 9, 9, 9, 9, 9, 9]));
    assert_eq!(world.answer(&other).address(), offered);
}
