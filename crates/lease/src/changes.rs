//! What happened to leases, for whoever follows them: a log, a script.

use std::sync::Arc;

use fosix_journal::{Frame, Kind};

use crate::{Lease4, LeaseState, Timestamp};

/// One thing that happened to one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change4 {
    /// What happened.
    pub kind: ChangeKind4,
    /// When.
    pub at: Timestamp,
    /// The lease: as it is now where somebody was given it, as it was before where it ended.
    pub lease: Lease4,
}

/// What one step did: all of it became durable together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseEvent4 {
    /// The number of its last change; numbers rise.
    pub sequence: u64,
    /// At least one.
    pub changes: Vec<Arc<Change4>>,
}

impl Change4 {
    /// What a record of the log says that happened; nothing where it only removes what was kept. A record that says no
    /// cause, as in a snapshot, tells the lease as it is.
    pub fn of_record(frame: &Frame<'_>) -> Option<Self> {
        if frame.kind != Kind::Put {
            return None;
        }
        let lease = Lease4::decode(frame.body).ok()?;
        let kind = match (frame.cause, lease.state) {
            (cause::ASSIGNED, _) => ChangeKind4::Assigned,
            (cause::RECOVERED, _) => ChangeKind4::Recovered,
            (_, LeaseState::Assigned | LeaseState::Registered) => ChangeKind4::Renewed,
            (_, LeaseState::Released) => ChangeKind4::Released,
            (_, LeaseState::Declined) => ChangeKind4::Declined,
            (_, LeaseState::Expired) => ChangeKind4::Expired,
        };
        let at = match kind {
            ChangeKind4::Expired | ChangeKind4::Recovered => lease.expires(),
            _ => None,
        };
        Some(Self { kind, at: at.unwrap_or_else(|| Timestamp(frame.time.into())), lease })
    }
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
pub enum ChangeKind4 {
    /// A client was given an address that it did not hold.
    Assigned,
    /// A client's lease was extended.
    Renewed,
    /// A client gave its address back, or was given another one instead.
    Released,
    /// A client found its address in use by somebody else; nobody has it during the probation.
    Declined,
    /// A lease ended because its holder did not extend it.
    Expired,
    /// The probation of a declined address ended.
    Recovered,
}

/// The changes since they were last taken, once somebody wants them.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Nothing is kept while nobody follows.
    followed: bool,
    list: Vec<Arc<Change4>>,
}

impl Changes {
    pub(crate) fn follow(&mut self) {
        self.followed = true;
    }

    /// Keeps what `lease` gives, if anybody follows.
    pub(crate) fn add(&mut self, kind: ChangeKind4, at: Timestamp, lease: impl FnOnce() -> Lease4) {
        if self.followed {
            self.list.push(Arc::new(Change4 { kind, at, lease: lease() }));
        }
    }

    pub(crate) fn list(&self) -> &[Arc<Change4>] {
        &self.list
    }

    pub(crate) fn take(&mut self) -> Vec<Arc<Change4>> {
        std::mem::take(&mut self.list)
    }
}
