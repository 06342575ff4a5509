//! A fleet of clients that all ask at once, and a ledger of what they were told.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use fosix_net::{Poller, ReceiveBatch, SendBatch, UdpSocket6};
use fosix_wire::v4::{self, MessageType, OptionCode};
use fosix_wire::v6::{CLIENT_PORT, QueryFlags, SERVER_PORT};

use crate::{Customer, Netns, PATIENCE, Relay, Scene, dhcpv4_of, query, relayed};

/// How long a fleet waits for an answer before it asks again.
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// Clients behind one socket. Whatever they are told is checked against what they were told before: no address is given to two
/// of them, and nobody who renews is refused.
pub struct Fleet {
    socket: UdpSocket6,
    poller: Poller,
    received: ReceiveBatch,
    outgoing: SendBatch,
    relays: Vec<Relay>,
    /// By transaction id, which each keeps.
    members: BTreeMap<u32, Member>,
    holders: HashMap<Ipv4Addr, u32>,
    next: u32,
    acks: u64,
}

/// One client.
struct Member {
    customer: Customer,
    held: Option<Held>,
    /// What has no answer yet.
    asked: Option<Question>,
}

/// A lease as its client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The address.
    pub address: Ipv4Addr,
    /// Seconds, as the last ACK said.
    pub lifetime: u32,
}

#[derive(Clone, Copy)]
enum Question {
    Discover,
    Select(Ipv4Addr),
    Renew(Ipv4Addr),
}

impl Fleet {
    /// That many clients in a namespace; behind `relays` (the outermost first) if there are any.
    pub fn new(netns: &Netns, count: u32, relays: Vec<Relay>) -> Self {
        let port = if relays.is_empty() { CLIENT_PORT } else { SERVER_PORT };
        let socket = netns.run(|| UdpSocket6::bind_unicast(port).expect("cannot bind the fleet's socket"));
        let poller = Poller::new().expect("cannot poll");
        poller.add_shared(&socket, 0).expect("cannot poll");
        let mut fleet = Self {
            socket,
            poller,
            received: ReceiveBatch::new(64),
            outgoing: SendBatch::new(64),
            relays,
            members: BTreeMap::new(),
            holders: HashMap::new(),
            next: 0,
            acks: 0,
        };
        fleet.join(count);
        fleet
    }

    /// Adds clients that nobody has seen before.
    pub fn join(&mut self, count: u32) {
        for _ in 0..count {
            self.next += 1;
            let customer = Customer::new(self.next);
            self.members.insert(customer.xid, Member { customer, held: None, asked: None });
        }
    }

    /// Every client that has nothing to wait for asks: for a lease, or to keep the one that it has.
    pub fn go_on(&mut self) {
        let idle = self.members.iter().filter(|(_, member)| member.asked.is_none());
        let questions: Vec<_> = idle.map(|(xid, member)| (*xid, question(member))).collect();
        for (xid, question) in questions {
            self.ask(xid, question);
        }
        self.flush();
    }

    /// Clients that hold a lease and have nothing to wait for give it back, up to that many, and are replaced by new
    /// ones.
    pub fn release(&mut self, count: usize) {
        let idle = self.members.iter().filter(|(_, member)| member.asked.is_none());
        let holders = idle.filter_map(|(xid, member)| member.held.map(|held| (*xid, held.address)));
        for (xid, address) in holders.take(count).collect::<Vec<_>>() {
            let member = self.members.remove(&xid).expect("just seen");
            self.holders.remove(&address);
            let release = member.customer.release(address, Scene::SERVER_IDENTIFIER);
            self.send(QueryFlags::UNICAST, &release);
            self.join(1);
        }
        self.flush();
    }

    /// Takes the answers that have come, waiting at most so long for the first; how many there were.
    pub fn take(&mut self, patience: Duration) -> usize {
        let mut answers = Vec::new();
        if !self.poller.wait(Some(patience)).expect("cannot poll").is_empty() {
            while self.received.receive(&self.socket).expect("cannot receive") > 0 {
                answers.extend(self.received.iter().map(|datagram| dhcpv4_of(datagram.bytes)));
            }
        }
        for answer in &answers {
            self.note(&v4::Message::new_checked(answer).expect("an answer that can be decoded"));
        }
        self.flush();
        answers.len()
    }

    /// Takes answers until `done`; whoever has none after a while asks again.
    pub fn take_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < end, "never {what}");
            if self.take(RETRANSMISSION) == 0 {
                self.ask_again();
            }
        }
    }

    /// Every client that holds a lease renews it, whatever it had asked before, and is told that it still has it; the others begin
    /// anew.
    pub fn renew_all(&mut self) {
        self.forget();
        let held: Vec<_> = self.held().map(|(customer, held)| (customer.xid, held.address)).collect();
        for (xid, address) in held {
            self.ask(xid, Question::Renew(address));
        }
        self.flush();
        self.take_until("renewed", |fleet| fleet.unanswered() == 0);
    }

    /// No client waits for an answer any more.
    pub fn forget(&mut self) {
        for member in self.members.values_mut() {
            member.asked = None;
        }
    }

    /// Those that hold a lease, with what they were told of it.
    pub fn held(&self) -> impl Iterator<Item = (&Customer, Held)> {
        self.members.values().filter_map(|member| member.held.map(|held| (&member.customer, held)))
    }

    /// Questions without an answer.
    pub fn unanswered(&self) -> usize {
        self.members.values().filter(|member| member.asked.is_some()).count()
    }

    /// ACKs that have come.
    pub fn acks(&self) -> u64 {
        self.acks
    }

    fn ask_again(&mut self) {
        let asked = self.members.iter().filter_map(|(xid, member)| member.asked.map(|asked| (*xid, asked)));
        for (xid, asked) in asked.collect::<Vec<_>>() {
            self.ask(xid, asked);
        }
        self.flush();
    }

    fn ask(&mut self, xid: u32, question: Question) {
        let member = self.members.get_mut(&xid).expect("a member");
        member.asked = Some(question);
        let (flags, message) = match question {
            Question::Discover => (QueryFlags::default(), member.customer.discover()),
            Question::Select(address) => {
                (QueryFlags::default(), member.customer.select(address, Scene::SERVER_IDENTIFIER))
            }
            Question::Renew(address) => (QueryFlags::UNICAST, member.customer.renew(address)),
        };
        self.send(flags, &message);
    }

    fn send(&mut self, flags: QueryFlags, message: &[u8]) {
        let bytes = relayed(&self.relays, &query(flags, message));
        self.outgoing.push(&bytes, SocketAddrV6::new(Scene::SERVER, SERVER_PORT, 0, 0), None, 0);
        if self.outgoing.is_full() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        assert_eq!(self.outgoing.send(&self.socket).failed(), 0, "queries that could not be sent");
    }

    fn note(&mut self, answer: &v4::Message<'_>) {
        // Whoever is gone has released its lease: this repeats an answer that it had before.
        let Some(member) = self.members.get_mut(&answer.xid()) else { return };
        assert_eq!(answer.chaddr(), member.customer.hardware_address);
        let address = answer.yiaddr();
        match (answer.message_type(), member.asked) {
            (Some(MessageType::OFFER), Some(Question::Discover)) => {
                self.ask(answer.xid(), Question::Select(address));
            }
            (Some(MessageType::ACK), _) => {
                let lifetime = answer.option(OptionCode::LEASE_TIME).and_then(|time| time.to_u32());
                let held = Held { address, lifetime: lifetime.expect("an ACK with a lease time") };
                let before = member.held.replace(held);
                member.asked = None;
                assert!(
                    before.is_none_or(|before| before.address == address),
                    "a client has {before:?} and is told that it has {address}"
                );
                let other = self.holders.insert(address, answer.xid());
                assert!(other.is_none_or(|other| other == answer.xid()), "{address} has two holders");
                self.acks += 1;
            }
            (Some(MessageType::NAK), Some(Question::Renew(address))) => panic!("{address} is lost"),
            // What was offered before a crash may be somebody else's now.
            (Some(MessageType::NAK), Some(Question::Select(_))) => member.asked = None,
            _ => {}
        }
    }
}

fn question(member: &Member) -> Question {
    member.held.map_or(Question::Discover, |held| Question::Renew(held.address))
}
