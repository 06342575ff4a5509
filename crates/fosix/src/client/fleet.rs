//! Many clients at once: who begins when, whose answer it is, and whether two were given the same address.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use fosix_wire::v4;
use fosix_wire::v6::{Message, MessageType, OptionCode};

use super::identity::Identity;
use super::random::Random;
use super::session::{Holding, Plan, Session, Verdict};

/// The clients of a run.
#[derive(Debug)]
pub(super) struct Fleet {
    plan: Plan,
    sessions: Vec<Session>,
    /// Whose hardware address it is.
    by_mac: HashMap<[u8; 6], usize>,
    /// What each holds, to notice changes.
    held: Vec<Option<Holding>>,
    holders: HashMap<Holding, usize>,
    duplicates: Vec<Duplicate>,
    /// Clients by when they have something to do. An entry whose client has done it in between means nothing.
    timers: BinaryHeap<Reverse<(Duration, usize)>>,
    next: usize,
    active: usize,
    in_flight: usize,
    keep_datagrams: bool,
}

/// Two clients that were given the same at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) holding: Holding,
    /// The places of the clients in the fleet.
    pub(super) clients: (usize, usize),
}

impl Fleet {
    /// Clients that run at most `in_flight` at once.
    pub(super) fn new(
        identities: impl IntoIterator<Item = Identity>,
        plan: Plan,
        in_flight: usize,
        keep_datagrams: bool,
        random: &mut Random,
    ) -> Self {
        let sessions: Vec<_> =
            identities.into_iter().map(|identity| Session::new(identity, &plan, random)).collect();
        let by_mac =
            sessions.iter().enumerate().map(|(index, session)| (session.identity().mac, index)).collect();
        Self {
            plan,
            held: vec![None; sessions.len()],
            sessions,
            by_mac,
            holders: HashMap::new(),
            duplicates: Vec::new(),
            timers: BinaryHeap::new(),
            next: 0,
            active: 0,
            in_flight: in_flight.max(1),
            keep_datagrams,
        }
    }

    pub(super) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    pub(super) fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// Whether every client is through.
    pub(super) fn is_done(&self) -> bool {
        self.active == 0 && self.next == self.sessions.len()
    }

    /// When to call `poll` next; `None` when every client is through.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// Hands each message that is due to `send`, with the client it is from and whether the U flag goes with it.
    pub(super) fn poll(
        &mut self,
        now: Duration,
        random: &mut Random,
        out: &mut Vec<u8>,
        mut send: impl FnMut(&Session, bool, &[u8]),
    ) {
        loop {
            self.start();
            let Some(Reverse((at, index))) = self.timers.peek().copied() else { return };
            if at > now {
                return;
            }
            self.timers.pop();
            let Some(session) = self.sessions.get_mut(index) else { continue };
            if session.deadline().is_none_or(|deadline| deadline > now) {
                continue;
            }
            if let Some(unicast) = session.poll(now, &self.plan, random, out) {
                send(session, unicast, out);
            }
            self.settle(index);
        }
    }

    /// Takes a server's message that came in `datagram`.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        from: SocketAddrV6,
        message: &Message<'_>,
        datagram: &[u8],
    ) -> Result<Verdict, String> {
        if message.message_type() != MessageType::DHCPV4_RESPONSE {
            return Err(format!("{} where DHCPV4-RESPONSE is expected", message.message_type()));
        }
        let inner = message.options().find(OptionCode::DHCPV4_MSG).ok_or("no DHCPv4 message (option 87)")?;
        let inner = v4::Message::new_checked(inner).map_err(|error| format!("DHCPv4 message: {error}"))?;
        let mac = <[u8; 6]>::try_from(inner.chaddr()).map_err(|_| "hardware address of another length")?;
        let index = *self.by_mac.get(&mac).ok_or("hardware address of no client of ours")?;
        let session = self.sessions.get_mut(index).ok_or("hardware address of no client of ours")?;
        if session.outcome().is_some() {
            return Ok(Verdict::Ignored("no exchange is under way"));
        }
        let kept = if self.keep_datagrams { datagram } else { &[] };
        let verdict = session.receive(now, from, &inner, kept);
        if verdict == Verdict::Taken {
            self.settle(index);
        }
        Ok(verdict)
    }

    fn start(&mut self) {
        while self.active < self.in_flight && self.next < self.sessions.len() {
            self.timers.push(Reverse((Duration::ZERO, self.next)));
            self.next = self.next.saturating_add(1);
            self.active = self.active.saturating_add(1);
        }
    }

    /// Notes what the client's last event changed: what it holds, and when it is next due.
    fn settle(&mut self, index: usize) {
        let Some(session) = self.sessions.get(index) else { return };
        let (holding, deadline) = (session.holding(), session.deadline());
        if let Some(held) = self.held.get_mut(index)
            && *held != holding
        {
            if let Some(before) = std::mem::replace(held, holding)
                && self.holders.get(&before) == Some(&index)
            {
                self.holders.remove(&before);
            }
            if let Some(holding) = holding
                && let Some(other) = self.holders.insert(holding, index)
                && other != index
            {
                self.duplicates.push(Duplicate { holding, clients: (other, index) });
            }
        }
        match deadline {
            Some(deadline) => self.timers.push(Reverse((deadline, index))),
            None => self.active = self.active.saturating_sub(1),
        }
    }
}

/// The addresses that a client sends its queries to (RFC 7341 §9): all those in option 88, and the multicast address
/// that an empty option stands for (RFC 7341 §7.2).
pub(super) fn destinations(servers: &[Ipv6Addr]) -> Vec<Ipv6Addr> {
    if servers.is_empty() {
        vec![fosix_wire::v6::ALL_DHCP_RELAY_AGENTS_AND_SERVERS]
    } else {
        servers.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use fosix_wire::v4::MessageType as MessageType4;

    use super::*;
    use crate::client::step::Step;
    use crate::client::testing::{FROM, grant, plan, response};

    /// Runs a fleet against a server that gives each query to `address`, until all are through. A query for which that
    /// has no address is lost.
    fn run(
        count: u32,
        steps: &[Step],
        in_flight: usize,
        mut address: impl FnMut(&v4::Message<'_>) -> Option<Ipv4Addr>,
    ) -> (Fleet, usize) {
        let mut random = Random::from_seed(9);
        let identities = (0..count).map(|index| Identity::nth([2, 0, 0, 0, 0, 0], 1, index));
        let mut fleet = Fleet::new(identities, plan(steps), in_flight, false, &mut random);
        let mut now = Duration::ZERO;
        let mut most = 0;
        let mut out = Vec::new();
        while !fleet.is_done() {
            let mut queries = Vec::new();
            fleet.poll(now, &mut random, &mut out, |_, _, message| queries.push(message.to_vec()));
            most = most.max(fleet.active);
            for query in queries {
                let message = v4::Message::new_checked(&query).unwrap();
                let answer = match message.message_type() {
                    Some(MessageType4::DISCOVER) => MessageType4::OFFER,
                    Some(MessageType4::REQUEST) => MessageType4::ACK,
                    _ => continue,
                };
                let Some(address) = address(&message) else { continue };
                let datagram = response(&grant(&query, answer, address));
                let message = Message::new_checked(&datagram).unwrap();
                assert_eq!(fleet.receive(now, FROM, &message, &datagram), Ok(Verdict::Taken));
            }
            now = fleet.deadline().unwrap_or(now).max(now);
        }
        (fleet, most)
    }

    /// An address of the client's own.
    fn own(message: &v4::Message<'_>) -> Option<Ipv4Addr> {
        let [.., high, low] = *message.chaddr() else { return None };
        Some(Ipv4Addr::new(10, 0, high, low))
    }

    #[test]
    fn every_client_is_bound_and_no_more_than_the_limit_at_once() {
        let (fleet, most) = run(1000, &[Step::Discover, Step::Request, Step::Renew], 16, own);
        assert!(fleet.sessions().iter().all(|session| session.outcome() == Some(&Ok(()))));
        assert!(fleet.duplicates().is_empty());
        assert_eq!(most, 16);
    }

    #[test]
    fn lost_messages_are_sent_again() {
        let mut heard = std::collections::HashSet::new();
        let (fleet, _) = run(50, &[Step::Discover, Step::Request], 50, |message| {
            let first = heard.insert((message.chaddr().to_vec(), message.message_type()));
            if first { None } else { own(message) }
        });
        assert!(fleet.sessions().iter().all(|session| session.outcome() == Some(&Ok(()))));
        let transmissions: u32 = fleet
            .sessions()
            .iter()
            .flat_map(|session| session.exchanges().iter().map(|exchange| exchange.transmissions))
            .sum();
        assert_eq!(transmissions, 200);
    }

    #[test]
    fn an_address_given_to_two_is_noticed() {
        let shared = Ipv4Addr::new(10, 0, 0, 1);
        let (fleet, _) = run(3, &[Step::Discover, Step::Request], 3, |message| match message.chaddr() {
            [.., 2] => own(message),
            _ => Some(shared),
        });
        let duplicate = Duplicate { holding: (shared, None), clients: (0, 1) };
        assert_eq!(fleet.duplicates(), [duplicate]);
    }

    #[test]
    fn an_address_given_back_may_be_given_again() {
        let steps = [Step::Discover, Step::Request, Step::Release];
        let (fleet, _) = run(3, &steps, 1, |_| Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert!(fleet.duplicates().is_empty());
    }

    #[test]
    fn answers_for_no_client_of_the_fleet_are_refused_with_the_reason() {
        let mut random = Random::from_seed(9);
        let identity = || Identity::nth([2, 0, 0, 0, 0, 0], 1, 0);
        let mut fleet = Fleet::new([identity()], plan(&[Step::Discover]), 1, false, &mut random);
        let mut out = Vec::new();
        let mut queries = Vec::new();
        fleet.poll(Duration::ZERO, &mut random, &mut out, |_, _, message| queries.push(message.to_vec()));
        let mut refuse = |datagram: &[u8]| {
            fleet
                .receive(Duration::ZERO, FROM, &Message::new_checked(datagram).unwrap(), datagram)
                .unwrap_err()
        };
        let mut offer = grant(&queries[0], MessageType4::OFFER, Ipv4Addr::new(10, 0, 0, 1));
        offer[33] = 77;
        assert_eq!(refuse(&response(&offer)), "hardware address of no client of ours");
        assert_eq!(refuse(&[21, 0, 0, 0]), "no DHCPv4 message (option 87)");
        assert_eq!(refuse(&[20, 0, 0, 0]), "DHCPV4-QUERY where DHCPV4-RESPONSE is expected");
        assert!(refuse(&response(&[0; 10])).starts_with("DHCPv4 message: "));
    }
}
