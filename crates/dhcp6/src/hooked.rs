//! The hook points of this half, in the order in which a packet passes them.

use fosix_hooks::{Arrival, Context, Message6, Point, Query6, Status, SubnetChoice};
use fosix_wire::v6::{self, Packet};
use tracing::warn;

use crate::Drop6;
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
