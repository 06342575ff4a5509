//! A message whose changes hooks want to know of once they are durable, and what is kept of it until then.

use std::sync::Arc;

use fosix_hooks::{Arrival, Context, Point};
use fosix_lease::{Change6, ChangeKind};
use fosix_wire::v6::{self, Packet};
use tracing::debug;

use crate::outcome::{Drop6, Sent6};
use crate::process::{Exchange, Work};
use crate::query::Origin;
use crate::server::{Answer, Effects6, Outcome6, Server6};

/// Everything that is left to do with a message, and needed for it.
#[derive(Debug)]
pub struct Commit6 {
    sent: Sent6,
    changes: Vec<Arc<Change6>>,
    /// The whole message as hooks left it.
    query: Box<[u8]>,
    origin: Origin,
    interface: Box<str>,
    context: Context,
}

impl Commit6 {
    /// Takes what the exchange changed since there were `changes_before`, if hooks want to know of it.
    pub(crate) fn of(
        exchange: &Exchange<'_>,
        origin: Origin,
        changes_before: usize,
        work: &mut Work<'_>,
    ) -> Option<Self> {
        if !exchange.server.hooks.wants(Point::Leases6Committed) {
            return None;
        }
        // Time ended these; the message only met with them.
        let by_time = |kind| matches!(kind, ChangeKind::Expired | ChangeKind::Recovered);
        let changes = work.leases.changes().iter().skip(changes_before);
        let changes: Vec<_> = changes.filter(|change| !by_time(change.kind)).map(Arc::clone).collect();
        if changes.is_empty() {
            return None;
        }
        Some(Self {
            sent: work.plan.sent,
            changes,
            query: exchange.packet.as_bytes().into(),
            origin,
            interface: exchange.arrival.interface.into(),
            context: std::mem::take(work.context),
        })
    }
}

impl Server6 {
    /// Does the rest for a message whose changes are durable. `answer` is what [`Server6::handle`] appended; unless hooks
    /// keep it back it is among the effects afterwards. It is counted by whoever sends it.
    pub fn commit(&self, commit: Commit6, mut answer: Answer, effects: &mut Effects6) -> Outcome6<'static> {
        let Commit6 { sent, changes, query, origin, interface, mut context } = commit;
        let arrival = Arrival { source: *origin.source.ip(), interface: &interface };
        let result = Packet::new_checked(&query, v6::MAX_RELAY_LEVELS)
            .map_err(|_| Drop6::Malformed)
            .and_then(|packet| {
                let query = fosix_hooks::Query6 { packet: &packet, arrival };
                self.leases6_committed(&query, &changes, &mut context)?;
                self.pkt6_send(&query, &mut answer, &mut context, &mut effects.bytes)?;
                self.buffer6_send(&mut answer, &mut context, &mut effects.bytes)
            });
        debug!(?result, source = %origin.source, "DHCPv6 message committed");
        match result {
            Ok(()) => {
                effects.answers.push(answer);
                Outcome6::Promised(sent)
            }
            Err(reason) => {
                effects.statistics.dropped.count(reason);
                Outcome6::Dropped(reason)
            }
        }
    }
}
