//! From the files of a store to leases that can be served.

use std::sync::Mutex;

use fosix_journal::{Error, Options, Recovery, Storage};

use super::reader::fill;
use super::{Kept, Store};
use crate::Timestamp;

/// What was found when a store was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Leases, also those that have ended.
    pub leases: usize,
    /// Those among them that were held and have ended by now.
    pub ended: usize,
    /// The newest time that the store knew.
    pub newest: Timestamp,
    /// The file and the place where a write was cut off by a crash.
    pub torn: Option<(String, u64)>,
    /// What contradicts itself.
    pub violations: Vec<String>,
}

impl<L: Kept, S: Storage> Store<L, S> {
    /// Opens a store, or makes one. `leases` are those that are to be filled, with their pools. `now` makes of the newest time
    /// that the store knows the time that it is. `wake` is called whenever more has become durable, or never will.
    pub fn open(
        storage: S,
        options: Options,
        mut leases: L,
        now: impl FnOnce(Timestamp) -> Timestamp,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Opened), Error> {
        let recovered = fill(&mut leases, Recovery::open(storage, options)?)?;
        let newest = Timestamp(recovered.newest_time().into());
        let torn = recovered.torn().map(|(file, offset)| (file.to_owned(), offset));
        let now = now(newest);
        let violations = leases.finish_replay(now);
        let (count, ended) = leases.count_ended(now);
        let journal = recovered.finish(wake)?;
        leases.set_staging(journal.staging());
        let store = Self { leases: Mutex::new(leases), journal: Some(journal), follower: None };
        Ok((store, Opened { leases: count, ended, newest, torn, violations }))
    }

    /// Reads what is in a store that nobody uses, and changes nothing.
    pub fn read(storage: S, options: Options, leases: &mut L, now: Timestamp) -> Result<(), Error> {
        fill(leases, Recovery::open(storage, options)?)?;
        leases.finish_replay(now);
        Ok(())
    }
}
