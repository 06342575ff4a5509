//! What is done beside the turns: segments made ahead, old files removed, and a look at how full the disk is.

use std::io;

use crate::catalog::Ahead;
use crate::error::Error;
use crate::header::{Contents, FileHeader};
use crate::log::{Log, lock};
use crate::segment;
use crate::storage::{Space, Storage};

use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Segments that are made and not begun.
const AHEAD: usize = 1;

/// What housekeeping knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Why the last attempt at a segment came to nothing.
    pub(crate) no_room: Option<NoRoom>,
    /// How full the disk or the budget was at the last look, when that is 80 % or more.
    pub(crate) low_space: Option<Space>,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoRoom {
    /// The file system is full, or what this user may have of it.
    DiskFull,
    /// The store is as large as it may be.
    Budget {
        /// Bytes that its files take.
        used: u64,
        /// Bytes that they may take.
        of: u64,
    },
}

/// What [`Log::prepare`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// Enough segments are there.
    Nothing,
    /// One was made.
    Made,
    /// None can be made now. It may be tried again.
    NoRoom(NoRoom),
}

impl<S: Storage> Log<S> {
    /// Makes a segment ahead when there is none. A full disk is no failure; anything else poisons the log.
    pub fn prepare(&self) -> Result<Prepared, Error> {
        let _one_at_a_time = lock(&self.preparing);
        self.healthy()?;
        let (ordinal, used) = {
            let catalog = lock(&self.catalog);
            if catalog.ahead() >= AHEAD {
                return Ok(Prepared::Nothing);
            }
            (catalog.next_ordinal(), catalog.bytes())
        };
        let bytes = self.options.segment_bytes;
        if let Some(of) = self.options.disk_budget
            && used.saturating_add(bytes) > of
        {
            let no_room = NoRoom::Budget { used, of };
            lock(&self.housekeeping).no_room = Some(no_room);
            return Ok(Prepared::NoRoom(no_room));
        }
        let header = FileHeader {
            contents: Contents::Log { ordinal, generation: 0 },
            family: self.options.family,
            salt: self.salt,
            newest_time: self.newest_time.load(Ordering::Acquire),
        };
        let (name, file, bytes) = match segment::make(&self.storage, &header, bytes, |_| Ok(())) {
            Ok(made) => made,
            Err(fault) if fault.is_full() => {
                lock(&self.housekeeping).no_room = Some(NoRoom::DiskFull);
                return Ok(Prepared::NoRoom(NoRoom::DiskFull));
            }
            Err(fault) => return Err(self.poison(fault.error)),
        };
        let synced = self.storage.sync_directory().map_err(Error::io("sync", &self.storage.place()));
        synced.map_err(|error| self.poison(error))?;
        lock(&self.housekeeping).no_room = None;
        let mut catalog = lock(&self.catalog);
        catalog.made(Ahead { name, ordinal, file: Arc::new(file), bytes });
        self.room.add(self.room.of_new(bytes));
        Ok(Prepared::Made)
    }

    /// Removes what a snapshot covers. What cannot be removed is tried again the next time; that a file comes back
    /// after a crash does no harm. Says how many were removed.
    pub fn tidy(&self) -> Result<usize, Error> {
        self.healthy()?;
        let names = lock(&self.catalog).dispensable(self.synced());
        let mut removed = 0;
        let mut failed = None;
        for name in names {
            match self.storage.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    failed.get_or_insert_with(|| Error::io("remove", &name)(error));
                    lock(&self.catalog).keep_dispensable(name);
                }
                _ => removed += 1,
            }
        }
        failed.map_or(Ok(removed), Err)
    }

    /// Whether a segment is to be made.
    pub(crate) fn wants_segment(&self) -> bool {
        lock(&self.catalog).ahead() < AHEAD
    }

    /// Looks how full the budget and the file system are.
    pub(crate) fn look_at_space(&self) -> Result<(), Error> {
        let used = lock(&self.catalog).bytes();
        let budget = self.options.disk_budget.map(|of| Space { free: of.saturating_sub(used), total: of });
        let disk = self.storage.space().map_err(Error::io("measure", &self.storage.place()))?;
        let low = |space: &Space| space.free <= space.total / 5;
        lock(&self.housekeeping).low_space = budget.into_iter().chain([disk]).find(low);
        Ok(())
    }
}
