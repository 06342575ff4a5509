//! A worker's turn in a DHCPv4 half alone: a batch of queries from the link, and the answers to it.

use std::sync::Arc;

use fosix_dhcp4::{Outcome4, Statistics4};
use fosix_link::{Half4, Link4};

use super::report::Totals;
use super::worker::{Source, Work, now};

/// What one worker works on.
pub(super) struct Work4 {
    half: Arc<Half4>,
    link: Box<dyn Link4>,
    statistics: Statistics4,
    /// The responses to a batch, and how long each is; 0 where none is due.
    responses: Vec<u8>,
    lengths: Vec<usize>,
}

impl Work4 {
    /// A worker with a link of its own.
    pub(super) fn new(half: Arc<Half4>, link: Box<dyn Link4>) -> Self {
        Self { half, link, statistics: Statistics4::default(), responses: Vec::new(), lengths: Vec::new() }
    }
}

impl Work for Work4 {
    fn serve(&mut self, source: &Source) {
        let Source::Link(socket) = source else { return };
        let queries = self.link.receive(socket);
        if queries == 0 {
            return;
        }
        self.responses.clear();
        self.lengths.clear();
        {
            let now = now();
            let mut leases = self.half.leases(now);
            for query in (0..queries).map_while(|at| self.link.query(at)) {
                let start = self.responses.len();
                let server = &self.half.server;
                let outcome =
                    server.handle(now, &mut leases, &query, &mut self.responses, &mut self.statistics);
                debug_assert!(matches!(outcome, Outcome4::Answered(_)) || self.responses.len() == start);
                self.lengths.push(self.responses.len() - start);
            }
        }
        let mut rest = self.responses.as_slice();
        for (at, &length) in self.lengths.iter().enumerate() {
            let Some((response, behind)) = rest.split_at_checked(length) else { break };
            rest = behind;
            self.link.answer(at, response);
        }
        self.link.flush();
    }

    fn sources(&self) -> Vec<Source> {
        self.link.sockets().into_iter().map(Source::Link).collect()
    }

    fn add_to(&self, totals: &mut Totals) {
        totals.add_dhcp4(&self.statistics);
        totals.add_link(fosix_link::Counted::Link(self.link.statistics()));
    }
}
