//! Queries served, and their answers kept until they may be told.

use fosix_dhcp4::{Commit4, Drop4, Outcome4, Query, Sent4, Served4, Statistics4};
use fosix_lease::{Leases4, Timestamp};

use crate::Half4;
use fosix_lease::Held;

/// The answers that one worker has in hand, each with where it goes.
#[derive(Debug)]
pub struct Answers<T> {
    held: Held<(T, Rest)>,
    /// The answer that was made last.
    answer: Vec<u8>,
}

/// What is left to do with an answer that waits.
#[derive(Debug)]
enum Rest {
    /// To send it.
    Send(Sent4),
    /// To ask hooks, too.
    Commit(Box<Commit4>),
}

/// Answers that wait at a time. A disk that is as slow as that gets no more work.
const MOST_HELD: usize = 65_536;

impl<T> Answers<T> {
    /// Serves a query. What may be told at once is given to `tell`, an answer of no bytes where none is due; the
    /// rest waits for [`Answers::release`].
    pub fn serve(
        &mut self,
        (half, now): (&Half4, Timestamp),
        leases: &mut Leases4,
        query: &Query<'_>,
        to: T,
        statistics: &mut Statistics4,
        mut tell: impl FnMut(T, &[u8]),
    ) {
        self.answer.clear();
        if self.held.len() >= MOST_HELD {
            half.server.drop_unseen(Drop4::StoreBehind, query, statistics);
            return tell(to, &[]);
        }
        let served = half.server.handle(now, leases, query, &mut self.answer, statistics);
        // Whatever the answer rests on was changed by now. Offers promise nothing.
        let sequence = leases.staging().sequence();
        match served {
            Served4::Done(Outcome4::Answered(sent))
                if sent != Sent4::Offer && sequence > half.store.durable() =>
            {
                self.held.push(sequence, (to, Rest::Send(sent)), &self.answer);
            }
            Served4::Done(outcome) => {
                count_sent(outcome, statistics);
                tell(to, &self.answer);
            }
            Served4::Committing(commit) => {
                self.held.push(sequence, (to, Rest::Commit(commit)), &self.answer);
            }
        }
    }

    /// Gives what waited and is durable now to `tell`.
    pub fn release(&mut self, half: &Half4, statistics: &mut Statistics4, mut tell: impl FnMut(T, &[u8])) {
        if self.held.is_empty() {
            return;
        }
        self.held.release(half.store.durable(), |(to, rest), answer| {
            let outcome = match rest {
                Rest::Send(sent) => Outcome4::Answered(sent),
                Rest::Commit(commit) => half.server.commit(*commit, answer, 0, statistics),
            };
            count_sent(outcome, statistics);
            tell(to, answer);
        });
    }

    /// Waits until everything in hand may be told, or never will be.
    pub fn settle(&self, half: &Half4) {
        if let Some(last) = self.held.last() {
            half.store.wait_durable(last);
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

fn count_sent(outcome: Outcome4, statistics: &mut Statistics4) {
    if let Outcome4::Answered(sent) = outcome {
        statistics.sent.count(sent);
    }
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self { held: Held::default(), answer: Vec::new() }
    }
}
