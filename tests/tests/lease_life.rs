//! A lease from the first message to the last, and the same message more than once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::{Ipv4Addr, SocketAddrV6};

use fosix_tests::{Customer, Peer, Scene, acquire, dhcpv4_of, lease_of, query, reply};
use fosix_wire::v4::{MessageType, OptionCode};
use fosix_wire::v6::{CLIENT_PORT, QueryFlags, SERVER_PORT};

#[test]
fn a_lease_lives_and_ends() {
    let scene = Scene::in_order("life");
    let peer = scene.client_port();
    let customer = Customer::new(1);
    let lease = acquire(&peer, &customer, &[], scene.unicast(), scene.unicast());
    let ask =
        |flags, message: &[u8]| dhcpv4_of(&peer.exchange(&query(flags, message), scene.unicast()).bytes);

    for flags in [QueryFlags::UNICAST, QueryFlags::default()] {
        let answer = ask(flags, &customer.renew(lease.address));
        let ack = reply(&answer, MessageType::ACK);
        assert_eq!(lease_of(&ack, &customer), lease);
        assert_eq!(ack.ciaddr(), lease.address);
    }
    let answer = ask(QueryFlags::default(), &customer.init_reboot(lease.address));
    assert_eq!(lease_of(&reply(&answer, MessageType::ACK), &customer), lease);

    let answer = ask(QueryFlags::default(), &customer.init_reboot(Ipv4Addr::new(172, 16, 0, 1)));
    let nak = reply(&answer, MessageType::NAK);
    assert_eq!(nak.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert!(!nak.has_option(OptionCode::LEASE_TIME));

    let answer = ask(QueryFlags::UNICAST, &customer.inform(lease.address));
    let ack = reply(&answer, MessageType::ACK);
    assert_eq!((ack.yiaddr(), ack.ciaddr()), (Ipv4Addr::UNSPECIFIED, lease.address));
    assert!(!ack.has_option(OptionCode::LEASE_TIME));

    let before = scene.fosix.counters();
    peer.send(&query(QueryFlags::UNICAST, &customer.release(lease.address, lease.server)), scene.unicast());
    // What was released is there for the same client first.
    let again = acquire(&peer, &customer, &[], scene.unicast(), scene.unicast());
    assert_eq!(again, lease);

    peer.send(&query(QueryFlags::default(), &customer.decline(lease.address, lease.server)), scene.unicast());
    let other = acquire(&peer, &customer, &[], scene.unicast(), scene.unicast());
    assert_ne!(other.address, lease.address, "a declined address is given to nobody");

    let after = scene.fosix.counters();
    let grown = after.since(&before);
    assert_eq!(grown.get("pkt4-no-answer-release"), Some(&1));
    assert_eq!(grown.get("pkt4-no-answer-decline"), Some(&1));
    after.assert_balanced();
}

#[test]
fn the_same_message_sent_to_several_addresses_gets_the_same_answer() {
    let scene = Scene::new("several");
    scene.server.add_address("vs", "2001:db8:1::aaaa/64");
    let link_local =
        SocketAddrV6::new(scene.server.link_local("vs"), SERVER_PORT, 0, scene.client.index("vc"));
    // RFC 7341 §9: a client should send to every address that option 88 has.
    let servers = [scene.unicast(), "[2001:db8:1::aaaa]:547".parse().unwrap(), scene.unicast(), link_local];
    let peer = Peer::bind_to(&scene.client, SocketAddrV6::new(Scene::CLIENT, CLIENT_PORT, 0, 0));
    let customer = Customer::new(1);
    let ask_all = |message: &[u8]| -> Vec<_> {
        for server in servers {
            peer.send(&query(QueryFlags::default(), message), server);
        }
        let mut answers: Vec<_> = servers.iter().map(|_| peer.receive()).collect();
        let mut sources: Vec<_> = answers.iter().map(|answer| *answer.source.ip()).collect();
        sources.sort_unstable();
        let mut expected: Vec<_> = servers.iter().map(|server| *server.ip()).collect();
        expected.sort_unstable();
        assert_eq!(sources, expected);
        answers.drain(..).map(|answer| dhcpv4_of(&answer.bytes)).collect()
    };
    let offers = ask_all(&customer.discover());
    let lease = lease_of(&reply(&offers[0], MessageType::OFFER), &customer);
    assert!(offers.iter().all(|offer| *offer == offers[0]));
    let acks = ask_all(&customer.select(lease.address, lease.server));
    assert_eq!(lease_of(&reply(&acks[0], MessageType::ACK), &customer), lease);
    assert!(acks.iter().all(|ack| *ack == acks[0]));
    assert!(peer.receive_now().is_none());
}
