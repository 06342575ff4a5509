//! A query whose changes hooks want to know of once they are durable, and what is kept of it until then.

use std::net::Ipv6Addr;
use std::sync::Arc;

use fosix_expression::Classes;
use fosix_hooks::{Arrival, Context, Point};
use fosix_lease::{Change4, ChangeKind, ClientIdentity};
use fosix_policy::Hosts;
use fosix_wire::v6::Packet;
use tracing::debug;

use crate::outcome::{Drop4, Statistics4};
use crate::process::{Exchange, Work};
use crate::query::Decoded;
use crate::server::{self, Outcome4, Server4};

/// Everything that is left to do with a query, and needed for it.
#[derive(Debug)]
pub struct Commit4 {
    /// What is to become of it unless hooks object.
    result: Result<Outcome4, Drop4>,
    changes: Vec<Arc<Change4>>,
    /// The whole DHCPV4-QUERY.
    query: Box<[u8]>,
    /// The DHCPv4 message as hooks left it.
    message: Box<[u8]>,
    client: ClientIdentity,
    source: Ipv6Addr,
    interface: Box<str>,
    context: Context,
}

impl Commit4 {
    /// Takes what the exchange changed, if hooks want to know of it.
    pub(crate) fn of(
        exchange: &Exchange<'_>,
        result: Result<Outcome4, Drop4>,
        work: &mut Work<'_>,
    ) -> Option<Self> {
        if !exchange.server.hooks.wants(Point::Leases4Committed) {
            return None;
        }
        // Time ended these; the message only met with them.
        let by_time = |kind| matches!(kind, ChangeKind::Expired | ChangeKind::Recovered);
        let changes = work.leases.changes().iter().skip(work.changes_before);
        let changes: Vec<_> = changes.filter(|change| !by_time(change.kind)).map(Arc::clone).collect();
        if changes.is_empty() {
            return None;
        }
        Some(Self {
            result,
            changes,
            query: exchange.decoded.packet.as_bytes().into(),
            message: exchange.decoded.message.as_bytes().into(),
            client: exchange.client.clone(),
            source: exchange.arrival.source,
            interface: exchange.arrival.interface.into(),
            context: std::mem::take(work.context),
        })
    }
}

impl Server4 {
    /// Does the rest for a query whose changes are durable. `answer` holds from `start` on what [`Server4::handle`] appended;
    /// afterwards it holds there what is to be sent, or nothing. An answer is counted by whoever sends it.
    pub fn commit(
        &self,
        commit: Commit4,
        answer: &mut Vec<u8>,
        start: usize,
        statistics: &mut Statistics4,
    ) -> Outcome4 {
        let Commit4 { result, changes, query, message, client, source, interface, mut context } = commit;
        let arrival = Arrival { source, interface: &interface };
        let sent = Packet::new_checked(&query, self.settings.max_relay_levels)
            .map_err(|_| Drop4::QueryMalformed)
            .and_then(|packet| {
                let decoded = Decoded::new(&packet, &message, |_| ())?;
                let exchange = Exchange {
                    server: self,
                    decoded: &decoded,
                    subnet: None,
                    link: &[],
                    client,
                    arrival,
                    classes: Classes::default(),
                    hosts: Hosts::default(),
                };
                let outcome = exchange.committed(result, &changes, &mut context)?;
                exchange.send(outcome, answer, start, &mut context)
            });
        let outcome = sent.unwrap_or_else(Outcome4::Dropped);
        debug!(?outcome, %source, "DHCPv4 query committed");
        server::count(outcome, start, answer, statistics);
        outcome
    }
}
