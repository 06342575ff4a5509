//! Both halves in one process: a batch of queries is served in the thread that received it.

use std::sync::Arc;

use fosix_dhcp4::{Query, Server4, Statistics4};
use fosix_dhcp6::{HandOver, Origin};
use fosix_lease::{Store4, Timestamp};

use crate::answers::Answers;
use crate::inbox::Inbox;
use crate::{Counted, Link6, LinkSocket};

/// The DHCPv4 half of this process with its leases.
#[derive(Debug)]
pub struct Half4 {
    /// What it does.
    pub server: Server4,
    /// Its leases.
    pub store: Arc<Store4>,
}

/// The link to a half in the same process.
#[derive(Debug)]
pub struct Direct {
    half: Arc<Half4>,
    queries: Inbox<(Origin, Arc<str>)>,
    /// The interface of the last query: nearly all come in on one.
    interface: Arc<str>,
    responses: Inbox<Origin>,
    answers: Answers<Origin>,
    statistics: Statistics4,
}

impl Direct {
    /// The link of one worker to `half`.
    pub fn new(half: Arc<Half4>) -> Self {
        Self {
            half,
            queries: Inbox::default(),
            interface: Arc::default(),
            responses: Inbox::default(),
            answers: Answers::default(),
            statistics: Statistics4::default(),
        }
    }
}

impl Link6 for Direct {
    fn submit(&mut self, query: &HandOver<'_>) {
        if *self.interface != *query.interface {
            self.interface = query.interface.into();
        }
        let interface = Arc::clone(&self.interface);
        let Ok(()) = self.queries.push(|buffer| {
            buffer.extend_from_slice(&query.message);
            Ok::<_, std::convert::Infallible>((query.origin, interface))
        });
    }

    fn flush(&mut self, now: Timestamp) {
        if self.queries.len() == 0 {
            return;
        }
        let mut leases = self.half.store.lock();
        for ((origin, interface), message) in self.queries.iter() {
            let query = Query { message, source: *origin.source.ip(), interface };
            let (responses, statistics) = (&mut self.responses, &mut self.statistics);
            self.answers.serve(
                (&self.half, now),
                &mut leases,
                &query,
                *origin,
                statistics,
                |origin, answer| {
                    keep(responses, origin, answer);
                },
            );
        }
        drop(leases);
        self.queries.clear();
    }

    fn responses(&mut self, respond: &mut dyn FnMut(&Origin, &[u8])) {
        let responses = &mut self.responses;
        self.answers
            .release(&self.half, &mut self.statistics, |origin, answer| keep(responses, origin, answer));
        for (origin, response) in self.responses.iter() {
            respond(origin, response);
        }
        self.responses.clear();
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        Vec::new()
    }

    fn settle(&mut self) {
        self.answers.settle(&self.half);
    }

    fn in_hand(&self) -> usize {
        self.answers.len()
    }

    fn serve_by(&mut self, half: &Arc<Half4>) {
        self.half = Arc::clone(half);
    }

    fn statistics(&self) -> Counted<'_> {
        Counted::Half(&self.statistics)
    }
}

/// Keeps an answer for [`Link6::responses`]. One without bytes is none; the half itself has counted why.
fn keep(responses: &mut Inbox<Origin>, origin: Origin, answer: &[u8]) {
    if answer.is_empty() {
        return;
    }
    let Ok(()) = responses.push(|buffer| {
        buffer.extend_from_slice(answer);
        Ok::<_, std::convert::Infallible>(origin)
    });
}
