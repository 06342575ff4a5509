//! What is going to be answered and done, before any of it is: first it is written, then it is done.

use std::ops::Range;

use fosix_lease::{Key6, LeaseKind6};
use fosix_wire::v6::StatusCode;

use crate::outcome::Sent6;

/// The plan for one message. It is kept for its memory and cleared for each message.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sent: Sent6,
    /// Whether the answer says that it follows Rapid Commit (RFC 9915 §18.3.1).
    pub(crate) rapid_commit: bool,
    /// The status of the whole message.
    pub(crate) status: Option<Status>,
    /// The associations of the answer, in the order of the message.
    pub(crate) associations: Vec<PlannedAssociation>,
    /// What stands in them.
    pub(crate) leases: Vec<PlannedLease>,
    /// What the client gives up.
    pub(crate) ends: Vec<(End, Key6, u32)>,
}

/// A status code with a text for people.
pub(crate) type Status = (StatusCode, &'static str);

/// An identity association of the answer.
#[derive(Debug)]
pub(crate) struct PlannedAssociation {
    pub(crate) kind: LeaseKind6,
    pub(crate) iaid: u32,
    /// Its leases in [`Plan::leases`].
    pub(crate) leases: Range<usize>,
    pub(crate) status: Option<Status>,
}

/// A lease of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlannedLease {
    pub(crate) key: Key6,
    pub(crate) iaid: u32,
    /// The place of its subnet in the configuration; none for what is of no subnet of the client's link.
    pub(crate) subnet: Option<usize>,
    pub(crate) preferred_lifetime: u32,
    pub(crate) valid_lifetime: u32,
    pub(crate) step: Step,
}

/// What becomes of a lease of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is kept for the client for a while.
    Offer,
    /// The client gets it, or has it extended.
    Grant,
    /// Nothing: the client is told what is left of it.
    Tell,
    /// Nothing: the client is told, by lifetimes of 0, that it cannot have it.
    Withdraw,
}

/// How a client gives something up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Release,
    Decline,
}

impl Plan {
    /// An empty plan for an answer of that type.
    pub(crate) fn begin(&mut self, sent: Sent6) {
        self.sent = sent;
        self.rapid_commit = false;
        self.status = None;
        self.associations.clear();
        self.leases.clear();
        self.ends.clear();
    }

    /// Adds an association whose leases were added since there were `from`.
    pub(crate) fn associate(&mut self, kind: LeaseKind6, iaid: u32, from: usize, status: Option<Status>) {
        self.associations.push(PlannedAssociation { kind, iaid, leases: from..self.leases.len(), status });
    }

    /// The leases of an association.
    pub(crate) fn of(&self, association: &PlannedAssociation) -> &[PlannedLease] {
        self.leases.get(association.leases.clone()).unwrap_or_default()
    }

    /// The leases that the client may use.
    pub(crate) fn usable(&self) -> impl Iterator<Item = &PlannedLease> {
        self.leases.iter().filter(|lease| lease.step != Step::Withdraw)
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            sent: Sent6::Reply,
            rapid_commit: false,
            status: None,
            associations: Vec::new(),
            leases: Vec::new(),
            ends: Vec::new(),
        }
    }
}
