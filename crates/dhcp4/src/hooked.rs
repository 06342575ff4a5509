//! The hook points of this half, in the order in which a query passes them.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

use fosix_hooks::{Arrival, Context, Message4, Point, Points, Proposal4, Query4, Status, SubnetChoice};
use fosix_lease::{Change4, Lease4, Leases4, Timestamp};
use fosix_wire::v4::{BOOTREPLY, Message, MessageType};
use fosix_wire::v6::{self, Packet};
use tracing::warn;

use crate::answer;
use crate::outcome::Drop4;
use crate::process::{Exchange, Work};
use crate::query::Decoded;
use crate::server::{Outcome4, Server4};

/// What hooks leave of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is granted as proposed.
    Grant,
    /// The lease stays as it is, and the client is told what is left of it.
    Keep,
    /// The client does not get the address.
    Refuse,
}

impl Server4 {
    /// The message as hooks leave it.
    ///
    /// The bytes are decoded whatever they say, so [`Status::Skip`] leaves nothing out.
    pub(crate) fn buffer4_receive<'a>(
        &self,
        bytes: &'a [u8],
        arrival: &Arrival<'_>,
        context: &mut Context,
    ) -> Result<Cow<'a, [u8]>, Drop4> {
        const POINT: Point = Point::Buffer4Receive;
        if !self.hooks.wants(POINT) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut message = Message4::new(bytes);
        match self.hooks.ask(POINT, context, |hook, state| hook.buffer4_receive(state, &mut message, arrival))
        {
            Status::Drop => Err(Drop4::Hook),
            Status::Continue | Status::Skip => {
                Ok(message.into_changed().map_or(Cow::Borrowed(bytes), Cow::Owned))
            }
        }
    }

    /// What hooks put in place of a message that could be decoded. Kea: skipping a message is dropping it.
    pub(crate) fn pkt4_receive(
        &self,
        bytes: &[u8],
        arrival: &Arrival<'_>,
        context: &mut Context,
    ) -> Result<Option<Vec<u8>>, Drop4> {
        const POINT: Point = Point::Pkt4Receive;
        if !self.hooks.wants(POINT) {
            return Ok(None);
        }
        let mut message = Message4::new(bytes);
        match self.hooks.ask(POINT, context, |hook, state| hook.pkt4_receive(state, &mut message, arrival)) {
            Status::Skip | Status::Drop => Err(Drop4::Hook),
            Status::Continue => Ok(message.into_changed()),
        }
    }

    /// The place of the subnet that hooks leave the client in.
    pub(crate) fn subnet4_select(
        &self,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        subnet: Option<usize>,
        context: &mut Context,
    ) -> Result<Option<usize>, Drop4> {
        const POINT: Point = Point::Subnet4Select;
        // The others end a lease, wherever it is.
        let asked = matches!(
            decoded.message_type,
            MessageType::DISCOVER | MessageType::REQUEST | MessageType::INFORM
        );
        if !asked || !self.hooks.wants(POINT) {
            return Ok(subnet);
        }
        let query = query(decoded, arrival);
        let mut choice = SubnetChoice::new(subnet, &self.subnet_ids);
        match self.hooks.ask(POINT, context, |hook, state| hook.subnet4_select(state, &query, &mut choice)) {
            Status::Drop => Err(Drop4::Hook),
            Status::Skip => Ok(None),
            Status::Continue => Ok(choice.at()),
        }
    }
}

impl Exchange<'_> {
    /// What is about to be offered. An address that hooks do not let the client have is not offered.
    pub(crate) fn lease4_select(&self, proposal: &mut Proposal4, context: &mut Context) -> Result<(), Drop4> {
        match self.ask_to_select(proposal, context) {
            Status::Continue => Ok(()),
            Status::Skip | Status::Drop => Err(Drop4::Hook),
        }
    }

    /// The offer is written, but nothing is kept for the client yet. There is no step to leave out for
    /// [`Status::Skip`].
    pub(crate) fn lease4_offer(&self, proposal: &Proposal4, context: &mut Context) -> Result<(), Drop4> {
        const POINT: Point = Point::Lease4Offer;
        let query = self.query();
        let hooks = &self.server.hooks;
        match hooks.ask(POINT, context, |hook, state| hook.lease4_offer(state, &query, proposal)) {
            Status::Drop => Err(Drop4::HookAnswer),
            Status::Continue | Status::Skip => Ok(()),
        }
    }

    /// What is about to be granted: `lease4_renew` where the client holds the address, else `lease4_select`.
    pub(crate) fn ask_about_grant(
        &self,
        proposal: &mut Proposal4,
        work: &mut Work<'_>,
    ) -> Result<Decision, Drop4> {
        const POINTS: Points = Points::of(&[Point::Lease4Select, Point::Lease4Renew]);
        if !self.server.hooks.wants_any(POINTS) {
            return Ok(Decision::Grant);
        }
        let Some(lease) = self.held(proposal.address(), work.leases, work.now) else {
            return match self.ask_to_select(proposal, work.context) {
                Status::Continue => Ok(Decision::Grant),
                Status::Skip => Ok(Decision::Refuse),
                Status::Drop => Err(Drop4::Hook),
            };
        };
        let query = self.query();
        let asked = self.server.hooks.ask(Point::Lease4Renew, work.context, |hook, state| {
            hook.lease4_renew(state, &query, &lease, proposal)
        });
        proposal.valid_lifetime = proposal.valid_lifetime.max(1);
        match asked {
            Status::Continue => Ok(Decision::Grant),
            Status::Skip => {
                let left = lease.expires().map(|end| end.seconds_since(work.now));
                proposal.valid_lifetime =
                    left.map_or(u32::MAX, |left| u32::try_from(left).unwrap_or(u32::MAX));
                Ok(Decision::Keep)
            }
            Status::Drop => Err(Drop4::Hook),
        }
    }

    /// Whether hooks let the client give `address` back. They are not asked about what it does not hold.
    pub(crate) fn lease4_release(&self, address: Ipv4Addr, work: &mut Work<'_>) -> Result<bool, Drop4> {
        const POINT: Point = Point::Lease4Release;
        if !self.server.hooks.wants(POINT) {
            return Ok(true);
        }
        let Some(lease) = self.held(address, work.leases, work.now) else { return Ok(true) };
        let query = self.query();
        let hooks = &self.server.hooks;
        kept(hooks.ask(POINT, work.context, |hook, state| hook.lease4_release(state, &query, &lease)))
    }

    /// Whether hooks let `address` be taken out of use. They are not asked about what the client does not hold.
    pub(crate) fn lease4_decline(&self, address: Ipv4Addr, work: &mut Work<'_>) -> Result<bool, Drop4> {
        const POINT: Point = Point::Lease4Decline;
        if !self.server.hooks.wants(POINT) {
            return Ok(true);
        }
        let Some(lease) = self.held(address, work.leases, work.now) else { return Ok(true) };
        let query = self.query();
        let hooks = &self.server.hooks;
        kept(hooks.ask(POINT, work.context, |hook, state| hook.lease4_decline(state, &query, &lease)))
    }

    /// Tells hooks what the query changed, whatever came of it; they may keep the answer from being sent.
    pub(crate) fn committed(
        &self,
        result: Result<Outcome4, Drop4>,
        changes: &[Arc<Change4>],
        context: &mut Context,
    ) -> Result<Outcome4, Drop4> {
        let query = self.query();
        let status = self.server.hooks.ask(Point::Leases4Committed, context, |hook, state| {
            hook.leases4_committed(state, &query, changes)
        });
        match (status, result) {
            (Status::Drop, Ok(Outcome4::Answered(_))) => Err(Drop4::HookAnswer),
            (_, result) => result,
        }
    }

    /// Takes the answer, if there is one in `out` from `start` on, through the points before it is sent.
    pub(crate) fn send(
        &self,
        outcome: Outcome4,
        out: &mut Vec<u8>,
        start: usize,
        context: &mut Context,
    ) -> Result<Outcome4, Drop4> {
        const POINTS: Points = Points::of(&[Point::Pkt4Send, Point::Buffer4Send]);
        let hooks = &self.server.hooks;
        if !matches!(outcome, Outcome4::Answered(_)) || !hooks.wants_any(POINTS) {
            return Ok(outcome);
        }
        let query = self.query();
        let before = answer_in(out.get(start..).unwrap_or_default()).ok_or(Drop4::HookAnswer)?;
        let mut answer = Message4::new(before);
        // The answer is complete, so that `Status::Skip` leaves nothing out.
        let asked =
            hooks.ask(Point::Pkt4Send, context, |hook, state| hook.pkt4_send(state, &query, &mut answer));
        if asked == Status::Drop {
            return Err(Drop4::HookAnswer);
        }
        // Kea: skipping an answer is dropping it.
        let asked = hooks
            .ask(Point::Buffer4Send, context, |hook, state| hook.buffer4_send(state, &query, &mut answer));
        if asked != Status::Continue {
            return Err(Drop4::HookAnswer);
        }
        let Some(changed) = answer.into_changed() else { return Ok(outcome) };
        if reply_type(&changed).is_none() || reply_type(&changed) != reply_type(before) {
            warn!("hooks made something of an answer that is no answer: it is not sent");
            return Err(Drop4::HookAnswer);
        }
        out.truncate(start);
        let append = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(&changed);
            Ok(())
        };
        answer::wrap(self.decoded.packet, out, append).map_err(|_| Drop4::AnswerTooLong)?;
        Ok(outcome)
    }

    fn ask_to_select(&self, proposal: &mut Proposal4, context: &mut Context) -> Status {
        const POINT: Point = Point::Lease4Select;
        if !self.server.hooks.wants(POINT) {
            return Status::Continue;
        }
        let query = self.query();
        let hooks = &self.server.hooks;
        let status = hooks.ask(POINT, context, |hook, state| hook.lease4_select(state, &query, proposal));
        proposal.valid_lifetime = proposal.valid_lifetime.max(1);
        status
    }

    /// The lease of `address`, if it is the client's.
    fn held(&self, address: Ipv4Addr, leases: &Leases4, now: Timestamp) -> Option<Lease4> {
        let lease = leases.get(address).filter(|lease| lease.is_held_by(&self.client, now))?;
        Some(lease.to_lease())
    }

    fn query(&self) -> Query4<'_> {
        Query4 { client: Some(&self.client), ..query(self.decoded, self.arrival) }
    }
}

fn query<'a>(decoded: &'a Decoded<'a>, arrival: Arrival<'a>) -> Query4<'a> {
    Query4 {
        packet: decoded.packet,
        message: decoded.message,
        message_type: decoded.message_type,
        client: None,
        arrival,
    }
}

/// Whether a lease ends as its holder wants. Kea: it stays as it is where a hook skips or drops.
fn kept(status: Status) -> Result<bool, Drop4> {
    match status {
        Status::Continue => Ok(true),
        Status::Skip => Ok(false),
        Status::Drop => Err(Drop4::Hook),
    }
}

/// The DHCPv4 message in a DHCPV4-RESPONSE.
fn answer_in(response: &[u8]) -> Option<&[u8]> {
    let packet = Packet::new_checked(response, v6::MAX_RELAY_LEVELS).ok()?;
    packet.message().options().find(v6::OptionCode::DHCPV4_MSG)
}

/// The type of a message if it is one that servers send.
fn reply_type(bytes: &[u8]) -> Option<MessageType> {
    let message = Message::new_checked(bytes).ok()?;
    message.message_type().filter(|_| message.op() == BOOTREPLY)
}
