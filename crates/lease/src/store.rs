//! Leases with the log that makes their changes durable.
//!
//! ```text
//! lock ──► change leases, each change is staged ──► unlock: the bytes go to the log ──► durable() rises
//! ```
//! Whoever tells somebody of a lease waits until the changes that had been made by then are durable.

mod kept;
mod open;
mod reader;
mod snapshot;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fosix_journal::{Directory, Health, Journal, Storage};

pub use kept::Kept;
pub use open::Opened;

use crate::{Leases4, Leases6};

/// The store of the DHCPv4 half.
pub type Store4<S = Directory> = Store<Leases4, S>;

/// The store of the DHCPv6 half.
pub type Store6<S = Directory> = Store<Leases6, S>;

/// Leases behind one lock, and their log, if they are on disk.
pub struct Store<L: Kept, S: Storage = Directory> {
    leases: Mutex<L>,
    journal: Option<Journal<S>>,
    /// For leases in memory alone: who is told what happened to them. Those on disk are followed in the log.
    follower: Option<SyncSender<L::Event>>,
}

impl<L: Kept, S: Storage> Store<L, S> {
    /// Leases in memory alone. `follower` is told what happens; what it does not take at once is lost.
    pub fn in_memory(leases: L, follower: Option<SyncSender<L::Event>>) -> Self {
        Self { leases: Mutex::new(leases), journal: None, follower }
    }

    /// The leases, for one batch of packets or a slice of at most a millisecond.
    pub fn lock(&self) -> Guard<'_, L, S> {
        // A thread that panicked while it had the lock has ended the process already.
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = &self.journal {
            leases.staging_mut().set_room(journal.room());
        }
        Guard { leases, store: self, wake: Wake { journal: None } }
    }

    /// The number up to which every change is durable. Leases in memory alone are as durable as they will ever be.
    pub fn durable(&self) -> u64 {
        self.journal.as_ref().map_or(u64::MAX, Journal::durable)
    }

    /// Waits until change `sequence` is durable. False: it never will be.
    pub fn wait_durable(&self, sequence: u64) -> bool {
        self.journal.as_ref().is_none_or(|journal| journal.wait_durable(sequence).is_ok())
    }

    /// The log; `None` where leases are in memory alone.
    pub fn journal(&self) -> Option<&Journal<S>> {
        self.journal.as_ref()
    }

    /// How the log is.
    pub fn health(&self) -> Health {
        self.journal.as_ref().map_or(Health::Good, Journal::health)
    }
}

impl<L: Kept, S: Storage> fmt::Debug for Store<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("durable", &self.durable()).finish_non_exhaustive()
    }
}

/// The leases, locked. What was changed goes to the log when this is dropped.
pub struct Guard<'s, L: Kept, S: Storage = Directory> {
    leases: MutexGuard<'s, L>,
    store: &'s Store<L, S>,
    /// Behind `leases`, so that it is dropped when they are no longer locked.
    wake: Wake<'s, S>,
}

/// Has what was handed over written when it is dropped.
struct Wake<'s, S: Storage> {
    journal: Option<&'s Journal<S>>,
}

impl<S: Storage> Drop for Wake<'_, S> {
    fn drop(&mut self) {
        if let Some(journal) = self.journal {
            journal.write_soon();
        }
    }
}

impl<L: Kept, S: Storage> Deref for Guard<'_, L, S> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.leases
    }
}

impl<L: Kept, S: Storage> DerefMut for Guard<'_, L, S> {
    fn deref_mut(&mut self) -> &mut L {
        &mut self.leases
    }
}

impl<L: Kept, S: Storage> Drop for Guard<'_, L, S> {
    fn drop(&mut self) {
        let event = self.leases.take_event();
        let staging = self.leases.staging_mut();
        if let Some(journal) = &self.store.journal {
            let sequence = staging.sequence();
            if !staging.bytes_mut().is_empty() {
                journal.hand_over(staging.bytes_mut(), sequence);
                self.wake.journal = Some(journal);
            }
        } else if let (Some(event), Some(follower)) = (event, &self.store.follower) {
            // Nobody waits for a follower.
            let _ = follower.try_send(event);
        }
    }
}
