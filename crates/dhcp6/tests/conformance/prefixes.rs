//! Delegated prefixes: RFC 8168 (hints for their length) and RFC 6603 (a prefix that is kept out).

use fosix_lease::LeaseState;
use fosix_wire::v6::{IaPd, IaPrefix, MessageType, OptionCode, StatusCode};

use crate::world::{Ask, Reply, World, key};

/// Pools of three lengths.
fn lengths() -> World {
    World::with(
        r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", "pd-pools": [
            { "prefix": "2001:db8:4800::", "prefix-len": 47, "delegated-len": 48 },
            { "prefix": "2001:db8:5600::", "prefix-len": 55, "delegated-len": 56 },
            { "prefix": "2001:db8:6000::", "prefix-len": 59, "delegated-len": 60 } ] } ] }"#,
    )
}

#[test]
fn a_wished_length_is_given_or_the_nearest_shorter_one_then_longer_ones() {
    let mut world = lengths();
    // Each length is there twice.
    for (client, wished, expected) in
        [(1, 56, 56), (2, 58, 56), (3, 57, 48), (4, 64, 60), (5, 49, 48), (6, 56, 60)]
    {
        let solicit = Ask::new(MessageType::SOLICIT, client).pd(2, &[key(&format!("::/{wished}"))]);
        let advertise = world.answer(&solicit);
        assert_eq!(advertise.prefix().prefix_len, expected, "client {client} wishes for /{wished}");
        let request = Ask::new(MessageType::REQUEST, client).for_server().pd(2, &[advertise.prefix()]);
        assert_eq!(world.answer(&request).prefix(), advertise.prefix());
    }
    let last = world.answer(&Ask::new(MessageType::SOLICIT, 7).pd(2, &[]));
    assert_eq!(last.ia_pd(2).status, Some(StatusCode::NO_PREFIX_AVAIL));
}

#[test]
fn a_wished_prefix_is_given_whatever_bits_are_behind_its_length() {
    let mut world = World::new();
    let mut hint = key("2001:db8:1000:500::/56");
    let advertise = world.answer(&Ask::new(MessageType::SOLICIT, 1).pd(2, &[hint]));
    assert_eq!(advertise.prefix(), hint);
    hint.address = "2001:db8:1000:5ff::1".parse().unwrap();
    let advertise = world.answer(&Ask::new(MessageType::SOLICIT, 1).pd(2, &[hint]));
    assert_eq!(advertise.prefix(), key("2001:db8:1000:500::/56"));
}

#[test]
fn a_client_that_wishes_for_another_length_keeps_what_it_holds() {
    let mut world = lengths();
    let request = Ask::new(MessageType::REQUEST, 1).for_server();
    let held = world.answer(&request.clone().pd(2, &[key("::/56")])).prefix();
    let renewed = world.answer(&Ask::new(MessageType::RENEW, 1).for_server().pd(2, &[key("::/48")]));
    assert_eq!(renewed.prefix(), held);
}

fn excluding() -> World {
    World::with(
        r#"{ "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", "pd-pools": [
            { "prefix": "2001:db8:1000::", "prefix-len": 48, "delegated-len": 56,
              "excluded-prefix": "2001:db8:1000:7::", "excluded-prefix-len": 64 } ] } ] }"#,
    )
}

fn excluded(reply: &Reply) -> Option<Vec<u8>> {
    let packet = reply.packet();
    let ia = IaPd::new_checked(packet.message().options().find(OptionCode::IA_PD).unwrap()).unwrap();
    let prefix = IaPrefix::new_checked(ia.options.find(OptionCode::IA_PREFIX).unwrap()).unwrap();
    prefix.options.find(OptionCode::PD_EXCLUDE).map(<[u8]>::to_vec)
}

#[test]
fn the_excluded_prefix_goes_to_who_asks_for_it_and_to_nobody_else() {
    let mut world = excluding();
    let ask = Ask::new(MessageType::SOLICIT, 1).pd(2, &[]);
    assert_eq!(excluded(&world.answer(&ask)), None);
    let advertise = world.answer(&ask.oro(&[67]));
    // RFC 6603 §4.2: the length, and the 8 bits behind those of the delegated prefix.
    assert_eq!(excluded(&advertise).unwrap(), [64, 7]);
    let request = Ask::new(MessageType::REQUEST, 1).for_server().pd(2, &[advertise.prefix()]).oro(&[67]);
    assert_eq!(excluded(&world.answer(&request)).unwrap(), [64, 7]);
    // Never as an option of its own.
    assert_eq!(advertise.option(OptionCode::PD_EXCLUDE), None);
}

#[test]
fn a_release_with_another_excluded_prefix_has_no_binding() {
    let mut world = excluding();
    let held = world.answer(&Ask::new(MessageType::REQUEST, 1).for_server().pd(2, &[]).oro(&[67])).prefix();
    let with = |exclude: &[u8]| {
        let mut data = crate::world::association(2, &[held]);
        // The IA Prefix option is the last one: it grows by what is put into it.
        data.extend([0, 67, 0, u8::try_from(exclude.len()).unwrap()]);
        data.extend(exclude);
        let length = 25 + 4 + exclude.len();
        data[14..16].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        Ask::new(MessageType::RELEASE, 1).for_server().with(OptionCode::IA_PD, &data)
    };
    let reply = world.answer(&with(&[64, 8]));
    assert_eq!(reply.ia_pd(2).status, Some(StatusCode::NO_BINDING));
    assert_eq!(world.state(held), Some(LeaseState::Assigned));
    assert_eq!(world.answer(&with(&[64, 7])).associations(), []);
    assert_eq!(world.state(held), Some(LeaseState::Released));
}
