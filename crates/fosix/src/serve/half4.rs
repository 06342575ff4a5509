//! A worker's turn in a DHCPv4 half alone: a batch of queries from the link, and the answers to it.

use std::sync::Arc;

use fosix_dhcp4::Statistics4;
use fosix_link::{Answers, Counted, Half4, Link4, LinkStatistics, ReturnPath};

use super::clock::Clock;
use super::report::Totals;
use super::worker::{Parts, Source, Work};

/// What one worker works on.
pub(super) struct Work4 {
    half: Arc<Half4>,
    link: Box<dyn Link4>,
    /// What links counted that this worker had before.
    former_links: LinkStatistics,
    clock: Clock,
    statistics: Statistics4,
    answers: Answers<ReturnPath>,
}

impl Work4 {
    /// A worker with a link of its own.
    pub(super) fn new(half: Arc<Half4>, link: Box<dyn Link4>, clock: Clock) -> Self {
        Self {
            half,
            link,
            former_links: LinkStatistics::default(),
            clock,
            statistics: Statistics4::default(),
            answers: Answers::default(),
        }
    }

    fn serve_batch(&mut self, queries: usize) {
        let now = self.clock.now();
        let mut done = Vec::new();
        let mut leases = self.half.store.lock();
        for at in 0..queries {
            let (Some(query), Some(to)) = (self.link.query(at), self.link.return_path(at)) else { break };
            let statistics = &mut self.statistics;
            self.answers.serve((&self.half, now), &mut leases, &query, to, statistics, |to, answer| {
                done.push((to, answer.to_vec()));
            });
        }
        drop(leases);
        for (to, answer) in done {
            self.link.answer(&to, &answer);
        }
    }
}

impl Work for Work4 {
    fn serve(&mut self, source: &Source) {
        let Source::Link(socket) = source else { return };
        let queries = self.link.receive(socket);
        if queries > 0 {
            self.serve_batch(queries);
        }
        self.tell();
    }

    fn tell(&mut self) {
        let link = &mut self.link;
        self.answers.release(&self.half, &mut self.statistics, |to, answer| link.answer(&to, answer));
        self.link.flush();
    }

    fn settle(&mut self) {
        self.answers.settle(&self.half);
    }

    fn sources(&self) -> Vec<Source> {
        self.link.sockets().into_iter().map(Source::Link).collect()
    }

    fn reload(&mut self, parts: &Parts<'_>) {
        if let Some(half) = parts.half4 {
            self.half = Arc::clone(half);
        }
        if let Some(link) = parts.link.for_dhcp4(parts.book).filter(|_| parts.link_changed) {
            self.former_links.add(self.link.statistics());
            self.link = link;
        }
    }

    fn add_to(&self, totals: &mut Totals) {
        totals.add_link(Counted::Link(&self.former_links));
        totals.add_dhcp4(&self.statistics);
        totals.add_in_hand(self.answers.len());
        totals.add_link(Counted::Link(self.link.statistics()));
    }
}
