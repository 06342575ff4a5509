//! Both halves in one process: a batch of queries is served in the thread that received it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fosix_dhcp4::{Outcome4, Query, Server4, Statistics4};
use fosix_dhcp6::{HandOver, Origin};
use fosix_lease::{Leases4, Timestamp};

use crate::inbox::Inbox;
use crate::{Counted, Link6, LinkSocket};

/// The DHCPv4 half of this process with its leases.
#[derive(Debug)]
pub struct Half4 {
    /// What it does.
    pub server: Server4,
    leases: Mutex<Leases4>,
}

/// Ended leases that are reclaimed with each batch.
const RECLAIM_WITH_BATCH: usize = 64;

impl Half4 {
    /// A half without leases, which holds at most `offer_limit` offers at a time.
    pub fn new(server: Server4, offer_limit: usize) -> Self {
        let leases = Mutex::new(Leases4::new(&server.pools(), offer_limit));
        Self { server, leases }
    }

    /// Its leases, locked for a batch; some of those that ended are taken back first.
    pub fn leases(&self, now: Timestamp) -> MutexGuard<'_, Leases4> {
        // A thread that panicked while it had the lock has ended the process already.
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        self.server.reclaim(now, &mut leases, RECLAIM_WITH_BATCH);
        leases
    }
}

/// The link to a half in the same process.
#[derive(Debug)]
pub struct Direct {
    half: Arc<Half4>,
    queries: Inbox<(Origin, Box<str>)>,
    responses: Inbox<Origin>,
    statistics: Statistics4,
}

impl Direct {
    /// The link of one worker to `half`.
    pub fn new(half: Arc<Half4>) -> Self {
        Self {
            half,
            queries: Inbox::default(),
            responses: Inbox::default(),
            statistics: Statistics4::default(),
        }
    }
}

impl Link6 for Direct {
    fn submit(&mut self, query: &HandOver<'_>) {
        let Ok(()) = self.queries.push(|buffer| {
            buffer.extend_from_slice(&query.message);
            Ok::<_, std::convert::Infallible>((query.origin, query.interface.into()))
        });
    }

    fn flush(&mut self, now: Timestamp) {
        if self.queries.len() == 0 {
            return;
        }
        let mut leases = self.half.leases(now);
        for ((origin, interface), message) in self.queries.iter() {
            let query = Query { message, source: *origin.source.ip(), interface };
            // One that gets no answer is counted by the half itself.
            let _ = self.responses.push(|buffer| {
                match self.half.server.handle(now, &mut leases, &query, buffer, &mut self.statistics) {
                    Outcome4::Answered(_) => Ok(*origin),
                    _ => Err(()),
                }
            });
        }
        drop(leases);
        self.queries.clear();
    }

    fn responses(&mut self, respond: &mut dyn FnMut(&Origin, &[u8])) {
        for (origin, response) in self.responses.iter() {
            respond(origin, response);
        }
        self.responses.clear();
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        Vec::new()
    }

    fn statistics(&self) -> Counted<'_> {
        Counted::Half(&self.statistics)
    }
}
