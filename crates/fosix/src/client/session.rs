//! One client's state machine (RFC 2131 §4.4), without sockets and without a clock.
//!
//! ```text
//!           ┌── NAK, no answer in time ──► failed
//! discover ─┴─► request ─► bound ─► renew ─► rebind ─► inform ─► decline | release ─► done
//!               reboot ──────┘      (the steps that were asked for)
//! ```
//!
//! Times are durations since the program began. [`Session::poll`] gives the message to send when one is due,
//! [`Session::receive`] takes what came, [`Session::deadline`] says when to call `poll` again.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV6};
use std::time::Duration;

use fosix_wire::v4::{Message, MessageType, OptionCode};

use super::identity::Identity;
use super::message4::Query;
use super::random::Random;
use super::retransmit::Backoff;
use super::step::Step;

#[cfg(test)]
mod tests;

/// What holds for every client of a run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The exchanges, in order.
    pub(super) steps: Vec<Step>,
    /// The lease to begin with when the first step is none of DISCOVER.
    pub(super) address: Ipv4Addr,
    pub(super) server: Option<Ipv4Addr>,
    /// Options for the parameter request list.
    pub(super) request: Vec<u8>,
    /// The first delay before sending again.
    pub(super) first_delay: Duration,
    /// How long an exchange may take.
    pub(super) timeout: Duration,
}

/// One client.
#[derive(Debug)]
pub(super) struct Session {
    identity: Identity,
    xid: u32,
    steps: VecDeque<Step>,
    state: State,
    began: Option<Duration>,
    /// The address offered or held.
    address: Ipv4Addr,
    server: Option<Ipv4Addr>,
    /// RFC 2131 §4.4.1: a DHCPREQUEST for an offer has the `secs` of the DHCPDISCOVER.
    secs: u16,
    exchanges: Vec<Exchange>,
}

#[derive(Debug)]
enum State {
    /// The next step has not begun.
    Ready,
    /// A message is out.
    Waiting {
        backoff: Backoff,
        resend_at: Duration,
        give_up_at: Duration,
    },
    Done(Result<(), Failure>),
}

/// One exchange, as it went.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) step: Step,
    pub(super) began: Duration,
    pub(super) transmissions: u32,
    pub(super) answer: Option<Answer>,
}

/// What a server said.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) message_type: MessageType,
    pub(super) from: SocketAddrV6,
    /// From the first transmission to the answer.
    pub(super) after: Duration,
    /// `yiaddr`, or `ciaddr` in the answer to a DHCPINFORM.
    pub(super) address: Ipv4Addr,
    /// OPTION_V4_PORTPARAMS (RFC 7618) when the address is shared.
    pub(super) port_params: Option<[u8; 4]>,
    /// The whole datagram, when datagrams are kept.
    pub(super) datagram: Vec<u8>,
}

/// What a client has: an address, or the ports of one.
pub(super) type Holding = (Ipv4Addr, Option<[u8; 4]>);

/// Why a client did not get what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answered in time.
    NoAnswer { step: Step, transmissions: u32 },
    /// The server refused.
    Nak { step: Step, message: String },
    /// The server's answer cannot be used.
    Unusable { step: Step, reason: &'static str },
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAnswer { step, transmissions: 1 } => write!(f, "no answer to {step}, sent once"),
            Self::NoAnswer { step, transmissions } => {
                write!(f, "no answer to {step}, sent {transmissions} times")
            }
            Self::Nak { step, message } if message.is_empty() => write!(f, "{step} was refused: DHCPNAK"),
            Self::Nak { step, message } => write!(f, "{step} was refused: DHCPNAK \"{message}\""),
            Self::Unusable { step, reason } => write!(f, "the answer to {step} cannot be used: {reason}"),
        }
    }
}

/// What became of a received message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was what the client waited for.
    Taken,
    /// It was not, for the reason given.
    Ignored(&'static str),
}

impl Session {
    pub(super) fn new(identity: Identity, plan: &Plan, random: &mut Random) -> Self {
        Self {
            identity,
            xid: random.next_u32(),
            steps: plan.steps.iter().copied().collect(),
            state: State::Ready,
            began: None,
            address: plan.address,
            server: plan.server,
            secs: 0,
            exchanges: Vec::new(),
        }
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The exchanges so far, the one under way included.
    pub(super) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Whether the client is through, and how it went.
    pub(super) const fn outcome(&self) -> Option<&Result<(), Failure>> {
        match &self.state {
            State::Done(result) => Some(result),
            State::Ready | State::Waiting { .. } => None,
        }
    }

    /// What the client holds after its last exchange; `None` before it has something and after it gave it back.
    pub(super) fn holding(&self) -> Option<Holding> {
        let mut held = None;
        for exchange in &self.exchanges {
            match (exchange.step, &exchange.answer) {
                (Step::Request | Step::Reboot | Step::Renew | Step::Rebind, Some(answer))
                    if answer.message_type == MessageType::ACK =>
                {
                    held = Some((answer.address, answer.port_params));
                }
                // RFC 2131 §3.2: who is refused has no lease.
                (_, Some(answer)) if answer.message_type == MessageType::NAK => held = None,
                (Step::Decline | Step::Release, _) => held = None,
                _ => {}
            }
        }
        held
    }

    /// When to call `poll` next; `None` when the client is through.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Ready => Some(Duration::ZERO),
            State::Waiting { resend_at, give_up_at, .. } => Some(*resend_at.min(give_up_at)),
            State::Done(_) => None,
        }
    }

    /// Writes the DHCPv4 message that is due, if one is, into `out`, and says whether the U flag goes with it.
    pub(super) fn poll(
        &mut self,
        now: Duration,
        plan: &Plan,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) -> Option<bool> {
        let step = match &mut self.state {
            State::Done(_) => return None,
            State::Ready => {
                let Some(step) = self.steps.pop_front() else {
                    self.state = State::Done(Ok(()));
                    return None;
                };
                self.begin(step, now, plan, random);
                step
            }
            State::Waiting { backoff, resend_at, give_up_at } => {
                if now >= *give_up_at {
                    self.give_up();
                    return None;
                }
                if now < *resend_at {
                    return None;
                }
                *resend_at = now.saturating_add(backoff.next_delay(random));
                self.exchanges.last()?.step
            }
        };
        let exchange = self.exchanges.last_mut()?;
        exchange.transmissions = exchange.transmissions.saturating_add(1);
        let began = *self.began.get_or_insert(now);
        if step != Step::Request {
            self.secs = u16::try_from(now.saturating_sub(began).as_secs()).unwrap_or(u16::MAX);
        }
        let query = Query {
            step,
            identity: &self.identity,
            xid: self.xid,
            secs: self.secs,
            address: self.address,
            server: self.server,
            request: &plan.request,
        };
        if query.write(out).is_err() {
            // Nothing in a query is longer than its field: the client identifier is bounded where the DUID comes in.
            self.state = State::Done(Err(Failure::Unusable { step, reason: "the query cannot be written" }));
            return None;
        }
        if !step.has_answer() {
            // RFC 2131 §4.4.4, §4.4.6: nothing answers, and so nothing can be waited for.
            self.next();
        }
        Some(step.unicast(self.server.is_some()))
    }

    /// Takes a DHCPv4 message that came in `datagram`, of which a copy is kept.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        from: SocketAddrV6,
        message: &Message<'_>,
        datagram: &[u8],
    ) -> Verdict {
        let (State::Waiting { .. }, Some(exchange)) = (&self.state, self.exchanges.last_mut()) else {
            return Verdict::Ignored("no exchange is under way");
        };
        let step = exchange.step;
        let message_type = match accept(&self.identity, self.xid, step, message) {
            Ok(message_type) => message_type,
            Err(reason) => return Verdict::Ignored(reason),
        };
        let server = message.option(OptionCode::SERVER_IDENTIFIER).and_then(|option| option.to_ipv4());
        let address = if step == Step::Inform { message.ciaddr() } else { message.yiaddr() };
        exchange.answer = Some(Answer {
            message_type,
            from,
            after: now.saturating_sub(exchange.began),
            address,
            port_params: message.option(OptionCode::V4_PORTPARAMS).and_then(|option| option.to_array()),
            datagram: datagram.to_vec(),
        });
        if message_type == MessageType::NAK {
            let text = message.option(OptionCode::MESSAGE).map(|option| option.bytes().collect::<Vec<_>>());
            let message = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
            self.state = State::Done(Err(Failure::Nak { step, message }));
            return Verdict::Taken;
        }
        if step != Step::Inform {
            // RFC 2131 table 3: both stand in every DHCPOFFER and DHCPACK.
            let fault = if address.is_unspecified() {
                Some("yiaddr is 0.0.0.0")
            } else if server.is_none() {
                Some("no server identifier (option 54)")
            } else if message.option(OptionCode::LEASE_TIME).and_then(|option| option.to_u32()).is_none() {
                Some("no lease time (option 51)")
            } else {
                None
            };
            if let Some(reason) = fault {
                self.state = State::Done(Err(Failure::Unusable { step, reason }));
                return Verdict::Taken;
            }
            self.address = address;
            self.server = server;
        }
        self.next();
        Verdict::Taken
    }

    fn begin(&mut self, step: Step, now: Duration, plan: &Plan, random: &mut Random) {
        // RFC 2131 §4.4.1: a DHCPREQUEST for an offer has the offer's transaction id; each other exchange has its own.
        if step != Step::Request {
            self.xid = random.next_u32();
        }
        let mut backoff = Backoff::new(plan.first_delay);
        let resend_at = now.saturating_add(backoff.next_delay(random));
        self.state = State::Waiting { backoff, resend_at, give_up_at: now.saturating_add(plan.timeout) };
        self.exchanges.push(Exchange { step, began: now, transmissions: 0, answer: None });
    }

    fn next(&mut self) {
        self.state = if self.steps.is_empty() { State::Done(Ok(())) } else { State::Ready };
    }

    fn give_up(&mut self) {
        if let Some(exchange) = self.exchanges.last() {
            self.state = State::Done(Err(Failure::NoAnswer {
                step: exchange.step,
                transmissions: exchange.transmissions,
            }));
        }
    }
}

/// Whether the message answers the step: its type, or why it is not for this client or this exchange.
fn accept(
    identity: &Identity,
    xid: u32,
    step: Step,
    message: &Message<'_>,
) -> Result<MessageType, &'static str> {
    if message.op() != 2 {
        return Err("not a BOOTREPLY");
    }
    if message.xid() != xid {
        return Err("another transaction id");
    }
    if message.chaddr() != identity.mac {
        return Err("another client's hardware address");
    }
    // RFC 6842 §3: the server returns the client identifier; older ones leave it out.
    if let Some(option) = message.option(OptionCode::CLIENT_IDENTIFIER)
        && !option.bytes().eq(identity.client_identifier())
    {
        return Err("another client's identifier");
    }
    let message_type = message.message_type().ok_or("no message type (option 53)")?;
    let fits = match step {
        Step::Discover => message_type == MessageType::OFFER,
        Step::Inform => message_type == MessageType::ACK,
        _ => matches!(message_type, MessageType::ACK | MessageType::NAK),
    };
    match message_type {
        _ if fits => Ok(message_type),
        MessageType::OFFER => Err("a further offer, of another server or over another way"),
        _ => Err("no answer to what was asked"),
    }
}
