//! What leases of either family are to a store.

use std::fmt::Debug;

use fosix_journal::{BodyError, Frame, Kind, Staging};

use crate::{Key4, Key6, Lease4, Lease6, LeaseEvent4, LeaseEvent6, Leases4, Leases6, Snapped, Timestamp};

/// Leases that can be kept in a store.
pub trait Kept: Debug + Send + 'static {
    /// What followers are told.
    type Event: Debug + Send + 'static;

    /// The address family, 4 or 6.
    const FAMILY: u16;

    /// The changes that are yet to go to the log.
    fn staging(&self) -> &Staging;

    /// The same, to take them.
    fn staging_mut(&mut self) -> &mut Staging;

    /// Has a log from now on.
    fn set_staging(&mut self, staging: Staging);

    /// What happened since this was last asked for, where that is kept.
    fn take_event(&mut self) -> Option<Self::Event>;

    /// Makes room for that many leases.
    fn reserve(&mut self, leases: usize);

    /// Takes in a record of the log or of a snapshot.
    fn replay(&mut self, frame: &Frame<'_>) -> Result<(), BodyError>;

    /// Whether a record's body makes sense.
    fn accept(frame: &Frame<'_>) -> Result<(), BodyError>;

    /// Builds what was not needed while records were taken in; says what contradicts itself.
    fn finish_replay(&mut self, now: Timestamp) -> Vec<String>;

    /// Gives what a snapshot keeps of up to `limit` places from place `from` on, and says where to go on.
    fn slice(&self, from: u32, limit: u32, each: &mut dyn FnMut(Snapped<'_>)) -> Option<u32>;

    /// How many leases there are, and how many of those that are held will have ended at `now`.
    fn count_ended(&self, now: Timestamp) -> (usize, usize);
}

impl Kept for Leases4 {
    type Event = LeaseEvent4;

    const FAMILY: u16 = 4;

    fn staging(&self) -> &Staging {
        self.staging()
    }

    fn staging_mut(&mut self) -> &mut Staging {
        self.staging_mut()
    }

    fn set_staging(&mut self, staging: Staging) {
        self.set_staging(staging);
    }

    fn take_event(&mut self) -> Option<LeaseEvent4> {
        let changes = self.take_changes();
        (!changes.is_empty()).then(|| LeaseEvent4 { sequence: self.staging().sequence(), changes })
    }

    fn reserve(&mut self, leases: usize) {
        self.reserve(leases);
    }

    fn replay(&mut self, frame: &Frame<'_>) -> Result<(), BodyError> {
        let taken = match frame.kind {
            Kind::Put => self.replay_put(frame.body, frame.sequence),
            Kind::Delete => self.replay_delete(frame.body, frame.sequence),
            Kind::Mark => Ok(()),
        };
        taken.map_err(|error| BodyError(error.to_string()))
    }

    fn accept(frame: &Frame<'_>) -> Result<(), BodyError> {
        let decoded = match frame.kind {
            Kind::Put => Lease4::decode(frame.body).map(drop),
            Kind::Delete => Key4::decode(frame.body).map(drop),
            Kind::Mark => Ok(()),
        };
        decoded.map_err(|error| BodyError(error.to_string()))
    }

    fn finish_replay(&mut self, now: Timestamp) -> Vec<String> {
        self.finish_replay(now).iter().map(ToString::to_string).collect()
    }

    fn slice(&self, from: u32, limit: u32, each: &mut dyn FnMut(Snapped<'_>)) -> Option<u32> {
        self.slice(from, limit, each)
    }

    fn count_ended(&self, now: Timestamp) -> (usize, usize) {
        let ended = self.iter().filter(|lease| lease.state().keeps_others_away() && !lease.is_active(now));
        (self.iter().count(), ended.count())
    }
}

impl Kept for Leases6 {
    type Event = LeaseEvent6;

    const FAMILY: u16 = 6;

    fn staging(&self) -> &Staging {
        self.staging()
    }

    fn staging_mut(&mut self) -> &mut Staging {
        self.staging_mut()
    }

    fn set_staging(&mut self, staging: Staging) {
        self.set_staging(staging);
    }

    fn take_event(&mut self) -> Option<LeaseEvent6> {
        let changes = self.take_changes();
        (!changes.is_empty()).then(|| LeaseEvent6 { sequence: self.staging().sequence(), changes })
    }

    fn reserve(&mut self, leases: usize) {
        self.reserve(leases);
    }

    fn replay(&mut self, frame: &Frame<'_>) -> Result<(), BodyError> {
        let taken = match frame.kind {
            Kind::Put => self.replay_put(frame.body, frame.sequence),
            Kind::Delete => self.replay_delete(frame.body, frame.sequence),
            Kind::Mark => Ok(()),
        };
        taken.map_err(|error| BodyError(error.to_string()))
    }

    fn accept(frame: &Frame<'_>) -> Result<(), BodyError> {
        let decoded = match frame.kind {
            Kind::Put => Lease6::decode(frame.body).map(drop),
            Kind::Delete => Key6::decode(frame.body).map(drop),
            Kind::Mark => Ok(()),
        };
        decoded.map_err(|error| BodyError(error.to_string()))
    }

    fn finish_replay(&mut self, now: Timestamp) -> Vec<String> {
        self.finish_replay(now).iter().map(ToString::to_string).collect()
    }

    fn slice(&self, from: u32, limit: u32, each: &mut dyn FnMut(Snapped<'_>)) -> Option<u32> {
        self.slice(from, limit, each)
    }

    fn count_ended(&self, now: Timestamp) -> (usize, usize) {
        let ended = self.iter().filter(|lease| lease.state().keeps_others_away() && !lease.is_active(now));
        (self.iter().count(), ended.count())
    }
}
