//! A fleet of DHCPv6 clients behind one relay that all ask at once, and a ledger of what they were told.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use fosix_net::{Poller, ReceiveBatch, SendBatch, UdpSocket6};
use fosix_wire::v6::{MessageType, SERVER_PORT, StatusCode};

use crate::{Answer, Holding, Netns, PATIENCE, Relay, Scene, Subscriber, answer_of, relayed};

/// How long a fleet waits for an answer before it asks again.
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// Clients behind one relay. Whatever they are told is checked against what they were told before: nothing is given to two of them, and
/// nobody who renews loses anything.
pub struct Fleet6 {
    socket: UdpSocket6,
    poller: Poller,
    received: ReceiveBatch,
    outgoing: SendBatch,
    link_address: Ipv6Addr,
    /// By transaction id, which each keeps.
    members: BTreeMap<u32, Member>,
    /// By what they hold, as text.
    holders: HashMap<String, u32>,
    next: u32,
    /// The server's DUID, of its last answer.
    server: Vec<u8>,
    replies: u64,
}

/// One client.
struct Member {
    subscriber: Subscriber,
    held: Option<Holding>,
    /// What has no answer yet.
    asked: Option<Question>,
}

#[derive(Clone, Copy)]
enum Question {
    Solicit,
    Request(Holding),
    Renew(Holding),
    Release(Holding),
}

impl Fleet6 {
    /// That many clients behind a relay in a namespace, whose address on their link is `link_address`.
    pub fn new(netns: &Netns, count: u32, link_address: Ipv6Addr) -> Self {
        let socket =
            netns.run(|| UdpSocket6::bind_unicast(SERVER_PORT).expect("cannot bind the fleet's socket"));
        let poller = Poller::new().expect("cannot poll");
        poller.add_shared(&socket, 0).expect("cannot poll");
        let mut fleet = Self {
            socket,
            poller,
            received: ReceiveBatch::new(64),
            outgoing: SendBatch::new(64),
            link_address,
            members: BTreeMap::new(),
            holders: HashMap::new(),
            next: 0,
            server: Vec::new(),
            replies: 0,
        };
        fleet.join(count);
        fleet
    }

    /// Adds clients that nobody has seen before.
    pub fn join(&mut self, count: u32) {
        for _ in 0..count {
            self.next += 1;
            let member = Member { subscriber: Subscriber::new(self.next), held: None, asked: None };
            self.members.insert(self.next, member);
        }
    }

    /// Every client that has nothing to wait for asks: for leases, or to keep those that it has.
    pub fn go_on(&mut self) {
        let idle = self.members.iter().filter(|(_, member)| member.asked.is_none());
        let questions: Vec<_> = idle.map(|(id, member)| (*id, question(member))).collect();
        for (id, question) in questions {
            self.ask(id, question);
        }
        self.flush();
    }

    /// Clients that hold leases and have nothing to wait for begin to give them back, up to that many. Once they have, each is replaced
    /// by a new one.
    pub fn release(&mut self, count: usize) {
        let idle = self.members.iter().filter(|(_, member)| member.asked.is_none());
        let holders = idle.filter_map(|(id, member)| member.held.map(|held| (*id, held)));
        for (id, held) in holders.take(count).collect::<Vec<_>>() {
            for text in held.texts() {
                self.holders.remove(&text);
            }
            self.members.get_mut(&id).expect("just seen").held = None;
            self.ask(id, Question::Release(held));
        }
        self.flush();
    }

    /// Takes the answers that have come, waiting at most so long for the first; how many there were.
    pub fn take(&mut self, patience: Duration) -> usize {
        let mut answers = Vec::new();
        if !self.poller.wait(Some(patience)).expect("cannot poll").is_empty() {
            while self.received.receive(&self.socket).expect("cannot receive") > 0 {
                answers.extend(self.received.iter().map(|datagram| answer_of(datagram.bytes)));
            }
        }
        for answer in &answers {
            self.note(answer);
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

    /// Every client that holds leases renews them, whatever it had asked before, and is told that it still has them; those that were
    /// giving theirs back do so; the others begin anew.
    pub fn renew_all(&mut self) {
        self.forget();
        let held: Vec<_> = self.held().map(|(subscriber, held)| (subscriber.transaction_id, held)).collect();
        for (id, held) in held {
            self.ask(id, Question::Renew(held));
        }
        self.flush();
        self.take_until("renewed", |fleet| fleet.unanswered() == 0);
    }

    /// No client waits for an answer any more, but for those that were giving their leases back.
    pub fn forget(&mut self) {
        for member in self.members.values_mut() {
            member.asked = member.asked.filter(|asked| matches!(asked, Question::Release(_)));
        }
    }

    /// Those that hold leases, with what they were told of them.
    pub fn held(&self) -> impl Iterator<Item = (&Subscriber, Holding)> {
        self.members.values().filter_map(|member| member.held.map(|held| (&member.subscriber, held)))
    }

    /// Questions without an answer.
    pub fn unanswered(&self) -> usize {
        self.members.values().filter(|member| member.asked.is_some()).count()
    }

    /// Replies that have come which gave something or left it to its holder.
    pub fn replies(&self) -> u64 {
        self.replies
    }

    fn ask_again(&mut self) {
        let asked = self.members.iter().filter_map(|(id, member)| member.asked.map(|asked| (*id, asked)));
        for (id, asked) in asked.collect::<Vec<_>>() {
            self.ask(id, asked);
        }
        self.flush();
    }

    fn ask(&mut self, id: u32, question: Question) {
        let member = self.members.get_mut(&id).expect("a member");
        member.asked = Some(question);
        let message = match question {
            // Every other one would like to be done after two messages.
            Question::Solicit => member.subscriber.solicit(id.is_multiple_of(2)),
            Question::Request(offered) => member.subscriber.request(offered, &self.server),
            Question::Renew(held) => member.subscriber.renew(held, &self.server),
            Question::Release(held) => member.subscriber.release(held, &self.server),
        };
        self.send(id, &message);
    }

    fn send(&mut self, id: u32, message: &[u8]) {
        let peer = Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(id));
        let bytes = relayed(&[Relay::new(0, self.link_address, peer)], message);
        self.outgoing.push(&bytes, SocketAddrV6::new(Scene::SERVER, SERVER_PORT, 0, 0), None, 0);
        if self.outgoing.is_full() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        assert_eq!(self.outgoing.send(&self.socket).failed(), 0, "messages that could not be sent");
    }

    fn note(&mut self, answer: &Answer) {
        self.server.clone_from(&answer.server);
        // Whoever is gone has released its leases: this repeats an answer that it had before.
        let Some(member) = self.members.get_mut(&answer.transaction_id) else { return };
        assert_eq!(answer.client, member.subscriber.duid);
        match (answer.message_type, answer.holding, member.asked) {
            (MessageType::REPLY, None, Some(Question::Release(_))) => {
                self.members.remove(&answer.transaction_id);
                self.join(1);
            }
            (MessageType::ADVERTISE, Some(offered), Some(Question::Solicit)) => {
                self.ask(answer.transaction_id, Question::Request(offered));
            }
            // It repeats an answer to what was asked before.
            (_, _, Some(Question::Release(_))) | (MessageType::ADVERTISE, Some(_), _) => {}
            (MessageType::REPLY, Some(holding), _) => {
                let before = member.held.replace(holding);
                member.asked = None;
                assert!(
                    before.is_none_or(|before| before == holding),
                    "a client has {before:?} and is told that it has {holding:?}"
                );
                assert_eq!(answer.status, StatusCode::SUCCESS);
                for text in holding.texts() {
                    let other = self.holders.insert(text, answer.transaction_id);
                    assert!(
                        other.is_none_or(|id| id == answer.transaction_id),
                        "{holding:?} has two holders"
                    );
                }
                self.replies += 1;
            }
            _ => panic!("{:?} has {:?}, and is told: {answer:?}", member.subscriber, member.held),
        }
    }
}

fn question(member: &Member) -> Question {
    member.held.map_or(Question::Solicit, Question::Renew)
}
