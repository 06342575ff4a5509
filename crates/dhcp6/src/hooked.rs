//! The hook points of this half, in the order in which a packet passes them.

use std::sync::Arc;

use fosix_hooks::{Arrival, Context, Message6, Point, Proposal6, Query6, Status, SubnetChoice};
use fosix_lease::{Change6, Key6};
use fosix_wire::v6::{self, Packet};
use tracing::warn;

use crate::Drop6;
use crate::extend::tell_what_is_left;
use crate::outcome::Sent6;
use crate::plan::PlannedLease;
use crate::process::{Exchange, Work};
use crate::query::Datagram;
use crate::server::{Answer, Server6};

/// Where a datagram came from, as hooks see it.
pub(crate) fn arrival<'a>(datagram: &Datagram<'a>) -> Arrival<'a> {
    Arrival { source: *datagram.origin.source.ip(), interface: datagram.interface }
}

impl Server6 {
    /// What hooks put in place of the datagram.
    ///
    /// The bytes are decoded whatever they say, so [`Status::Skip`] leaves nothing out.
    pub(crate) fn buffer6_receive(
        &self,
        datagram: &Datagram<'_>,
        context: &mut Context,
    ) -> Result<Option<Vec<u8>>, Drop6> {
        const POINT: Point = Point::Buffer6Receive;
        if !self.hooks.wants(POINT) {
            return Ok(None);
        }
        let mut message = Message6::new(datagram.bytes);
        let arrival = arrival(datagram);
        match self
            .hooks
            .ask(POINT, context, |hook, state| hook.buffer6_receive(state, &mut message, &arrival))
        {
            Status::Drop => Err(Drop6::Hook),
            Status::Continue | Status::Skip => Ok(message.into_changed()),
        }
    }

    /// What hooks put in place of the message. Kea: skipping a message is dropping it.
    pub(crate) fn pkt6_receive(
        &self,
        datagram: &Datagram<'_>,
        context: &mut Context,
    ) -> Result<Option<Vec<u8>>, Drop6> {
        const POINT: Point = Point::Pkt6Receive;
        if !self.hooks.wants(POINT) {
            return Ok(None);
        }
        let mut message = Message6::new(datagram.bytes);
        let arrival = arrival(datagram);
        match self.hooks.ask(POINT, context, |hook, state| hook.pkt6_receive(state, &mut message, &arrival)) {
            Status::Skip | Status::Drop => Err(Drop6::Hook),
            Status::Continue => Ok(message.into_changed()),
        }
    }

    /// The place of the subnet that hooks leave the client in.
    pub(crate) fn subnet6_select(
        &self,
        query: &Query6<'_>,
        subnet: Option<usize>,
        context: &mut Context,
    ) -> Result<Option<usize>, Drop6> {
        const POINT: Point = Point::Subnet6Select;
        if !self.hooks.wants(POINT) {
            return Ok(subnet);
        }
        let mut choice = SubnetChoice::new(subnet, &self.subnet_ids);
        match self.hooks.ask(POINT, context, |hook, state| hook.subnet6_select(state, query, &mut choice)) {
            Status::Drop => Err(Drop6::Hook),
            Status::Skip => Ok(None),
            Status::Continue => Ok(choice.at()),
        }
    }

    /// Tells hooks what the message changed; they may keep the answer from being sent.
    pub(crate) fn leases6_committed(
        &self,
        query: &Query6<'_>,
        changes: &[Arc<Change6>],
        context: &mut Context,
    ) -> Result<(), Drop6> {
        let status = self.hooks.ask(Point::Leases6Committed, context, |hook, state| {
            hook.leases6_committed(state, query, changes)
        });
        match status {
            Status::Drop => Err(Drop6::HookAnswer),
            Status::Continue | Status::Skip => Ok(()),
        }
    }

    /// The answer with what hooks change in it. It is complete in any case, so [`Status::Skip`] leaves nothing out.
    pub(crate) fn pkt6_send(
        &self,
        query: &Query6<'_>,
        answer: &mut Answer,
        context: &mut Context,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Drop6> {
        const POINT: Point = Point::Pkt6Send;
        if !self.hooks.wants(POINT) {
            return Ok(());
        }
        let mut message = Message6::new(bytes.get(answer.bytes.clone()).unwrap_or_default());
        match self.hooks.ask(POINT, context, |hook, state| hook.pkt6_send(state, query, &mut message)) {
            Status::Drop => Err(Drop6::HookAnswer),
            Status::Continue | Status::Skip => put_in_place(message.into_changed(), answer, bytes),
        }
    }

    /// The bytes that are sent, with what hooks change in them. Kea: skipping an answer is dropping it.
    pub(crate) fn buffer6_send(
        &self,
        answer: &mut Answer,
        context: &mut Context,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Drop6> {
        const POINT: Point = Point::Buffer6Send;
        if !self.hooks.wants(POINT) {
            return Ok(());
        }
        let mut message = Message6::new(bytes.get(answer.bytes.clone()).unwrap_or_default());
        let to = answer.destination;
        match self.hooks.ask(POINT, context, |hook, state| hook.buffer6_send(state, &mut message, &to)) {
            Status::Skip | Status::Drop => Err(Drop6::HookAnswer),
            Status::Continue => put_in_place(message.into_changed(), answer, bytes),
        }
    }
}

impl Exchange<'_> {
    /// What is about to be offered or given; whether hooks let the client have the planned lease at `at`.
    pub(crate) fn lease6_select(&self, at: usize, work: &mut Work<'_>) -> Result<bool, Drop6> {
        const POINT: Point = Point::Lease6Select;
        let hooks = &self.server.hooks;
        if !hooks.wants(POINT) {
            return Ok(true);
        }
        let is_offer = work.plan.sent == Sent6::Advertise;
        let Some(planned) = work.plan.leases.get_mut(at) else { return Ok(false) };
        let mut proposal = self.proposal(planned, is_offer);
        let query = self.query();
        let asked =
            hooks.ask(POINT, work.context, |hook, state| hook.lease6_select(state, &query, &mut proposal));
        take(&proposal, planned);
        kept(asked)
    }

    /// A lease that the client holds is about to be extended: `lease6_rebind` for a Rebind, else `lease6_renew`. Where
    /// hooks do not want that, the client is told what is left.
    pub(crate) fn lease6_extend(&self, at: usize, is_rebind: bool, work: &mut Work<'_>) -> Result<(), Drop6> {
        let point = if is_rebind { Point::Lease6Rebind } else { Point::Lease6Renew };
        let hooks = &self.server.hooks;
        if !hooks.wants(point) {
            return Ok(());
        }
        let Some(planned) = work.plan.leases.get_mut(at) else { return Ok(()) };
        let Some(lease) = work.leases.get(planned.key).map(fosix_lease::LeaseRef6::to_lease) else {
            return Ok(());
        };
        let mut proposal = self.proposal(planned, false);
        let query = self.query();
        let asked = hooks.ask(point, work.context, |hook, state| {
            if is_rebind {
                hook.lease6_rebind(state, &query, &lease, &mut proposal)
            } else {
                hook.lease6_renew(state, &query, &lease, &mut proposal)
            }
        });
        take(&proposal, planned);
        if !kept(asked)? {
            tell_what_is_left(at, work);
        }
        Ok(())
    }

    /// Whether hooks let the client give `key` back.
    pub(crate) fn lease6_release(&self, key: Key6, work: &mut Work<'_>) -> bool {
        const POINT: Point = Point::Lease6Release;
        let hooks = &self.server.hooks;
        if !hooks.wants(POINT) {
            return true;
        }
        let Some(lease) = work.leases.get(key).map(fosix_lease::LeaseRef6::to_lease) else { return true };
        let query = self.query();
        // Kea: either status has the lease stay, and the client is told that all went well.
        let asked = hooks.ask(POINT, work.context, |hook, state| hook.lease6_release(state, &query, &lease));
        asked == Status::Continue
    }

    /// Whether hooks let `key` be taken out of use.
    pub(crate) fn lease6_decline(&self, key: Key6, work: &mut Work<'_>) -> Result<bool, Drop6> {
        const POINT: Point = Point::Lease6Decline;
        let hooks = &self.server.hooks;
        if !hooks.wants(POINT) {
            return Ok(true);
        }
        let Some(lease) = work.leases.get(key).map(fosix_lease::LeaseRef6::to_lease) else { return Ok(true) };
        let query = self.query();
        kept(hooks.ask(POINT, work.context, |hook, state| hook.lease6_decline(state, &query, &lease)))
    }

    /// Whether hooks let an address be registered. It is answered in either case.
    pub(crate) fn addr6_register(
        &self,
        proposal: &mut Proposal6,
        work: &mut Work<'_>,
    ) -> Result<bool, Drop6> {
        const POINT: Point = Point::Addr6Register;
        let hooks = &self.server.hooks;
        if !hooks.wants(POINT) {
            return Ok(true);
        }
        let query = self.query();
        kept(hooks.ask(POINT, work.context, |hook, state| hook.addr6_register(state, &query, proposal)))
    }

    fn proposal(&self, planned: &PlannedLease, is_offer: bool) -> Proposal6 {
        let subnet = planned.subnet.and_then(|at| self.server.subnet(at)).map_or(0, |subnet| subnet.id());
        let (preferred, valid) = (planned.preferred_lifetime, planned.valid_lifetime);
        Proposal6::new(planned.key, planned.iaid, subnet, is_offer, preferred, valid)
    }
}

/// Takes over the lifetimes that hooks chose. RFC 9915 §21.6: the preferred one is nowhere above the valid one.
fn take(proposal: &Proposal6, planned: &mut PlannedLease) {
    planned.valid_lifetime = proposal.valid_lifetime.max(1);
    planned.preferred_lifetime = proposal.preferred_lifetime.min(planned.valid_lifetime);
}

/// Whether what is planned is done. A hook that drops has the message dropped.
fn kept(status: Status) -> Result<bool, Drop6> {
    match status {
        Status::Continue => Ok(true),
        Status::Skip => Ok(false),
        Status::Drop => Err(Drop6::Hook),
    }
}

/// Puts what hooks made of an answer behind the other bytes, provided that it is an answer of the same type still.
fn put_in_place(changed: Option<Vec<u8>>, answer: &mut Answer, bytes: &mut Vec<u8>) -> Result<(), Drop6> {
    let Some(changed) = changed else { return Ok(()) };
    let kind = |bytes| Packet::new_checked(bytes, v6::MAX_RELAY_LEVELS).map(|p| p.message().message_type());
    let before = kind(bytes.get(answer.bytes.clone()).unwrap_or_default());
    match kind(&changed) {
        Ok(now) if Ok(now) == before => {}
        found => {
            warn!(?found, "hooks made something of an answer that is no answer: it is not sent");
            return Err(Drop6::HookAnswer);
        }
    }
    let start = bytes.len();
    bytes.extend_from_slice(&changed);
    answer.bytes = start..bytes.len();
    Ok(())
}
