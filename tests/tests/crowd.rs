//! Many clients at once, many workers at once: each client has its own address, each datagram is received once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use fosix_net::{Poller, ReceiveBatch, SendBatch, UdpSocket6};
use fosix_tests::{Customer, PATIENCE, Relay, Scene, dhcpv4_of, query, relayed, reply};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{
    ALL_DHCP_RELAY_AGENTS_AND_SERVERS, ALL_DHCP_SERVERS, CLIENT_PORT, QueryFlags, SERVER_PORT,
};
use serde_json::json;

/// How long a client waits before it asks again.
const RETRANSMISSION: Duration = Duration::from_millis(500);

/// A socket that sends and receives fast.
struct Crowd {
    socket: UdpSocket6,
    poller: Poller,
    received: ReceiveBatch,
    outgoing: SendBatch,
}

impl Crowd {
    fn new(scene: &Scene, port: u16) -> Self {
        let socket = scene.client.run(|| UdpSocket6::bind_unicast(port).unwrap());
        let poller = Poller::new().unwrap();
        poller.add_shared(&socket, 0).unwrap();
        Self { socket, poller, received: ReceiveBatch::new(64), outgoing: SendBatch::new(64) }
    }

    fn send(&mut self, bytes: &[u8], destination: SocketAddrV6, interface: u32) {
        self.outgoing.push(bytes, destination, None, interface);
        if self.outgoing.is_full() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        assert_eq!(self.outgoing.send(&self.socket).failed(), 0);
    }

    /// Hands every datagram that has come to `take`; waits for one for a while if there is none.
    fn receive(&mut self, patience: Duration, mut take: impl FnMut(&[u8])) {
        if !self.poller.wait(Some(patience)).unwrap().is_empty() {
            while self.received.receive(&self.socket).unwrap() > 0 {
                self.received.iter().for_each(|datagram| take(datagram.bytes));
            }
        }
    }

    /// Every customer asks, again after a while without an answer, until all have one; the address in each.
    fn ask_for_all(
        &mut self,
        customers: &HashMap<u32, Customer>,
        destination: SocketAddrV6,
        expected: MessageType,
        question: impl Fn(&Customer) -> Vec<u8>,
    ) -> HashMap<u32, Ipv4Addr> {
        let mut answers = HashMap::new();
        let end = Instant::now() + PATIENCE;
        while answers.len() < customers.len() {
            assert!(Instant::now() < end, "{} of {} answers", answers.len(), customers.len());
            for (xid, customer) in customers {
                if !answers.contains_key(xid) {
                    self.send(&query(QueryFlags::default(), &question(customer)), destination, 0);
                }
                if answers.len() % 64 == 0 {
                    self.take_answers(Duration::ZERO, expected, &mut answers);
                }
            }
            self.flush();
            let mut known = usize::MAX;
            while answers.len() < customers.len() && known != answers.len() {
                known = answers.len();
                self.take_answers(RETRANSMISSION, expected, &mut answers);
            }
        }
        answers
    }

    fn take_answers(
        &mut self,
        patience: Duration,
        expected: MessageType,
        answers: &mut HashMap<u32, Ipv4Addr>,
    ) {
        self.receive(patience, |bytes| {
            let inner = dhcpv4_of(bytes);
            // A late answer to a question before this one.
            let message = fosix_wire::v4::Message::new_checked(&inner).unwrap();
            if message.message_type() == Some(expected) {
                let message = reply(&inner, expected);
                let before = answers.insert(message.xid(), message.yiaddr());
                assert!(before.is_none_or(|before| before == message.yiaddr()), "two answers that differ");
            }
        });
    }
}

#[test]
fn ten_thousand_clients_at_once_have_an_address_each() {
    const CLIENTS: u32 = 10_000;
    let scene = Scene::with("crowd", {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["workers"] = json!(4);
        configuration
    });
    let mut crowd = Crowd::new(&scene, CLIENT_PORT);
    let customers: HashMap<u32, Customer> =
        (0..CLIENTS).map(Customer::new).map(|customer| (customer.xid, customer)).collect();

    let offers = crowd.ask_for_all(&customers, scene.unicast(), MessageType::OFFER, Customer::discover);
    assert_eq!(offers.values().collect::<HashSet<_>>().len(), customers.len(), "offers that are alike");

    let select = |customer: &Customer| customer.select(offers[&customer.xid], Scene::SERVER_IDENTIFIER);
    let leases = crowd.ask_for_all(&customers, scene.unicast(), MessageType::ACK, select);
    assert_eq!(leases, offers);

    let renew = |customer: &Customer| customer.renew(offers[&customer.xid]);
    let renewed = crowd.ask_for_all(&customers, scene.unicast(), MessageType::ACK, renew);
    assert_eq!(renewed, offers);

    let counters = scene.fosix.stop();
    assert!(counters.get("pkt4-ack-sent") >= 2 * u64::from(CLIENTS));
    assert_eq!(counters.get("pkt4-nak-sent"), 0);
    counters.assert_balanced();
}

#[test]
fn each_multicast_query_is_received_and_answered_once_by_several_workers() {
    const ROUNDS: u32 = 500;
    let scene = Scene::with("workers", {
        let mut configuration = Scene::configuration();
        configuration["Dhcp6"]["interfaces-config"]["interfaces"] = json!(["vs", "vt"]);
        let on_vt = json!({
            "id": 5, "subnet": "10.5.0.0/16", "4o6-interface": "vt",
            "pools": [ { "pool": "10.5.0.10 - 10.5.255.250" } ]
        });
        configuration["Dhcp4"]["subnet4"].as_array_mut().unwrap().push(on_vt);
        configuration["Fosix"]["workers"] = json!(4);
        configuration
    });
    scene.server.link("vt", &scene.client, "vd");
    scene.fosix.process().wait_until("that it listens on `vt` too", |lines| {
        lines.iter().any(|line| line.contains("listening for multicast") && line.contains("vt")).then_some(())
    });
    let mut clients = Crowd::new(&scene, CLIENT_PORT);
    let mut relays = Crowd::new(&scene, SERVER_PORT);
    let relay = Relay::new(0, "2001:db8:2::1".parse().unwrap(), "fe80::c".parse().unwrap());
    let interfaces = ["vc", "vd"].map(|interface| scene.client.index(interface));
    let group = |address: Ipv6Addr| SocketAddrV6::new(address, SERVER_PORT, 0, 0);

    let mut number = 0;
    let mut answers: HashMap<u32, u32> = HashMap::new();
    for _ in 0..ROUNDS {
        for interface in interfaces {
            number += 1;
            let direct = query(QueryFlags::default(), &Customer::new(number).discover());
            clients.send(&direct, group(ALL_DHCP_RELAY_AGENTS_AND_SERVERS), interface);
            number += 1;
            let query = query(QueryFlags::default(), &Customer::new(number).discover());
            relays.send(&relayed(std::slice::from_ref(&relay), &query), group(ALL_DHCP_SERVERS), interface);
        }
        for crowd in [&mut clients, &mut relays] {
            crowd.flush();
            crowd.receive(Duration::ZERO, |bytes| count(bytes, &mut answers));
        }
    }
    let end = Instant::now() + PATIENCE;
    while answers.len() < usize::try_from(number).unwrap() {
        assert!(Instant::now() < end, "{} of {number} answers", answers.len());
        for crowd in [&mut clients, &mut relays] {
            crowd.receive(Duration::from_millis(10), |bytes| count(bytes, &mut answers));
        }
    }
    // The server has finished with all it has received, and every answer has been sent, once it has ended.
    let counters = scene.fosix.stop();
    for crowd in [&mut clients, &mut relays] {
        crowd.receive(Duration::ZERO, |bytes| count(bytes, &mut answers));
    }
    assert!(answers.values().all(|times| *times == 1), "a query was answered more than once");
    assert_eq!(counters.get("pkt6-received"), u64::from(number));
    assert_eq!(counters.get("pkt4-offer-sent"), u64::from(number));
    counters.assert_balanced();
}

fn count(answer: &[u8], answers: &mut HashMap<u32, u32>) {
    let inner = dhcpv4_of(answer);
    *answers.entry(reply(&inner, MessageType::OFFER).xid()).or_default() += 1;
}
