//! What leases of either family are to a store.

use std::fmt::Debug;

use fosix_journal::{BodyError, Cause, Frame, Kind, Staging};

use crate::{Change4, LeaseEvent4, Leases4, Leases6, Timestamp};

/// Leases that can be kept in a store.
pub trait Kept: Debug + Send + 'static {
    /// What followers are told.
    type Event: Debug + Send + 'static;

    /// The address family, 4 or 6.
    const FAMILY: u16;

    /// The changes that are yet to go to the log.
    fn staging_mut(&mut self) -> &mut Staging;

    /// Has a log from now on.
    fn set_staging(&mut self, staging: Staging);

    /// What happened since this was last asked for, where that is kept.
    fn take_event(&mut self) -> Option<Self::Event>;

    /// Makes room for that many leases.
    fn reserve(&mut self, leases: usize);

    /// Takes in a record of the log or of a snapshot.
    fn replay(&mut self, frame: &Frame<'_>) -> Result<(), BodyError>;

    /// Builds what was not needed while records were taken in; says what contradicts itself.
    fn finish_replay(&mut self, now: Timestamp) -> Vec<String>;

    /// Gives records of up to `limit` places from place `from` on, each with its sequence number, time and body, and says where to
    /// go on.
    fn slice(&self, from: u32, limit: u32, out: &mut dyn FnMut(u64, u32, &[u8])) -> Option<u32>;

    /// How many leases there are, and how many of those that are held will have ended at `now`.
    fn count_ended(&self, now: Timestamp) -> (usize, usize);
}
