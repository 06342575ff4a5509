//! Leases that come from elsewhere, taken into a store one after the other.

use std::time::Duration;

use fosix_journal::{Directory, Health};
use fosix_lease::{Kept, Store, Timestamp};

use super::family::Family;

/// What comes from elsewhere.
pub(crate) enum Change<F: Family> {
    /// The lease is this.
    Put(F::Lease),
    /// There is none any more.
    Delete(F::Key),
}

/// What is being taken.
pub(crate) struct Taking<'s, F: Family> {
    store: &'s Store<F::Leases, Directory>,
    /// The number of the last change before the first of these.
    start: u64,
}

/// How often it is tried whether there is room again.
const ATTEMPTS: u32 = 100;
const ATTEMPT: Duration = Duration::from_millis(100);

impl<'s, F: Family> Taking<'s, F> {
    /// Begins. What the store has until now is only replaced by what is at least as new.
    pub(crate) fn begin(store: &'s Store<F::Leases, Directory>) -> Self {
        let start = store.lock().staging().sequence();
        Self { store, start }
    }

    /// Takes a change, or says why not.
    pub(crate) fn take(&self, change: Change<F>, now: Timestamp) -> Result<(), String> {
        let mut attempts = 0;
        let mut leases = self.store.lock();
        while !leases.staging().has_room(2) {
            let sequence = leases.staging().sequence();
            drop(leases);
            // What is on its way to the disk makes room, or a new segment does.
            if !self.store.wait_durable(sequence) || attempts == ATTEMPTS {
                return Err(no_room(&self.store.health()));
            }
            if attempts > 0 {
                std::thread::sleep(ATTEMPT);
            }
            attempts += 1;
            leases = self.store.lock();
        }
        match change {
            Change::Delete(key) => F::remove(&mut leases, &key, self.start, now),
            Change::Put(lease) => {
                let newer = F::known(&leases, &lease).filter(|(sequence, last)| {
                    *sequence <= self.start && *last > F::last_transaction(&lease)
                });
                if newer.is_some() {
                    return Err("the store has a newer lease of this address".to_owned());
                }
                F::put(&mut leases, lease, now)?;
            }
        }
        Ok(())
    }

    /// Waits until everything that was taken is durable.
    pub(crate) fn finish(self) -> Result<(), String> {
        let sequence = self.store.lock().staging().sequence();
        if self.store.wait_durable(sequence) { Ok(()) } else { Err(no_room(&self.store.health())) }
    }
}

fn no_room(health: &Health) -> String {
    format!("the store takes nothing more: {health:?}")
}
