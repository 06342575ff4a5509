//! What happened to leases, for whoever follows them: a log, a script.

use std::sync::Arc;

use fosix_journal::{Frame, Kind};

use crate::{Lease4, Lease6, LeaseState, Timestamp};

/// One thing that happened to one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<L> {
    /// What happened.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// The lease: as it is now where somebody was given it, as it was before where it ended.
    pub lease: L,
}

/// One thing that happened to a lease of the DHCPv4 half.
pub type Change4 = Change<Lease4>;

/// One thing that happened to a lease of the DHCPv6 half.
pub type Change6 = Change<Lease6>;

/// What one step did: all of it became durable together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseEvent<L> {
    /// The number of its last change; numbers rise.
    pub sequence: u64,
    /// At least one.
    pub changes: Vec<Arc<Change<L>>>,
}

/// What one step of the DHCPv4 half did.
pub type LeaseEvent4 = LeaseEvent<Lease4>;

/// What one step of the DHCPv6 half did.
pub type LeaseEvent6 = LeaseEvent<Lease6>;

impl Change4 {
    /// What a record of the log says that happened; nothing where it only removes what was kept. A record that says no
    /// cause, as in a snapshot, tells the lease as it is.
    pub fn of_record(frame: &Frame<'_>) -> Option<Self> {
        let lease = Lease4::decode(put(frame)?).ok()?;
        let (kind, at) = told(frame, lease.state, lease.expires());
        Some(Self { kind, at, lease })
    }
}

impl Change6 {
    /// What a record of the log says that happened; nothing where it only removes what was kept. A record that says no
    /// cause, as in a snapshot, tells the lease as it is.
    pub fn of_record(frame: &Frame<'_>) -> Option<Self> {
        let lease = Lease6::decode(put(frame)?).ok()?;
        let (kind, at) = told(frame, lease.state, lease.expires());
        Some(Self { kind, at, lease })
    }
}

/// The body of a record of a lease.
fn put<'a>(frame: &Frame<'a>) -> Option<&'a [u8]> {
    (frame.kind == Kind::Put).then_some(frame.body)
}

/// What a record of a lease in `state` that ends at `end` says that happened, and when.
fn told(frame: &Frame<'_>, state: LeaseState, end: Option<Timestamp>) -> (ChangeKind, Timestamp) {
    let kind = match (frame.cause, state) {
        (cause::ASSIGNED, _) => ChangeKind::Assigned,
        (cause::RECOVERED, _) => ChangeKind::Recovered,
        (_, LeaseState::Assigned | LeaseState::Registered) => ChangeKind::Renewed,
        (_, LeaseState::Released) => ChangeKind::Released,
        (_, LeaseState::Declined) => ChangeKind::Declined,
        (_, LeaseState::Expired) => ChangeKind::Expired,
    };
    let by_time = matches!(kind, ChangeKind::Expired | ChangeKind::Recovered);
    (kind, end.filter(|_| by_time).unwrap_or_else(|| Timestamp(frame.time.into())))
}

/// Why a lease changed, as records say it (docs/store.md).
pub mod cause {
    use fosix_journal::Cause;

    /// A client was given it.
    pub const ASSIGNED: Cause = Cause(1);
    /// Its holder extended it.
    pub const RENEWED: Cause = Cause(2);
    /// Its holder gave it back, or was given another one.
    pub const RELEASED: Cause = Cause(3);
    /// Its holder found it in use by somebody else.
    pub const DECLINED: Cause = Cause(4);
    /// Its holder did not extend it.
    pub const EXPIRED: Cause = Cause(5);
    /// The probation after a decline ended.
    pub const RECOVERED: Cause = Cause(6);
    /// It was kept as a former lease for long enough.
    pub const REMOVED: Cause = Cause(7);
    /// An operator changed it.
    pub const OPERATOR: Cause = Cause(8);
    /// It was imported.
    pub const IMPORTED: Cause = Cause(9);
}

/// What can happen to a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// A client was given an address or a prefix that it did not hold, or registered an address.
    Assigned,
    /// A client's lease or registration was extended.
    Renewed,
    /// A client gave it back, or was given another one instead.
    Released,
    /// A client found its address in use by somebody else; nobody has it during the probation.
    Declined,
    /// A lease ended because its holder did not extend it.
    Expired,
    /// The probation of a declined address ended.
    Recovered,
}

/// The changes since they were last taken, once somebody wants them.
#[derive(Debug)]
pub(crate) struct Changes<L> {
    /// Nothing is kept while nobody follows.
    followed: bool,
    list: Vec<Arc<Change<L>>>,
}

impl<L> Changes<L> {
    pub(crate) fn follow(&mut self) {
        self.followed = true;
    }

    /// Keeps what `lease` gives, if anybody follows.
    pub(crate) fn add(&mut self, kind: ChangeKind, at: Timestamp, lease: impl FnOnce() -> L) {
        if self.followed {
            self.list.push(Arc::new(Change { kind, at, lease: lease() }));
        }
    }

    pub(crate) fn list(&self) -> &[Arc<Change<L>>] {
        &self.list
    }

    pub(crate) fn take(&mut self) -> Vec<Arc<Change<L>>> {
        std::mem::take(&mut self.list)
    }
}

impl<L> Default for Changes<L> {
    fn default() -> Self {
        Self { followed: false, list: Vec::new() }
    }
}
