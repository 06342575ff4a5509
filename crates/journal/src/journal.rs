//! A log with its threads: one writes, one keeps house.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::directory::Directory;
use crate::error::Error;
use crate::follow::Follower;
use crate::frame::{Salt, Staging};
use crate::housekeeping::NoRoom;
use crate::log::{Log, Turn, lock};
use crate::options::Durability;
use crate::snapshot::{SnapshotReader, SnapshotWriter};
use crate::storage::{Space, Storage};

/// With [`Durability::Async`], how long what was written waits for a sync.
const ASYNC_SYNC: Duration = Duration::from_secs(1);

/// How often housekeeping tries again what could not be done, and looks at the disk.
const TICK: Duration = Duration::from_secs(1);

/// A handle to a log that is written by a thread of its own. A clone is a handle to the same one; with the last one
/// the log is stopped.
pub struct Journal<S: Storage = Directory> {
    threads: Arc<Threads<S>>,
}

impl<S: Storage> Clone for Journal<S> {
    fn clone(&self) -> Self {
        Self { threads: Arc::clone(&self.threads) }
    }
}

struct Threads<S: Storage> {
    shared: Arc<Shared<S>>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads and the handles have in common.
struct Shared<S: Storage> {
    log: Arc<Log<S>>,
    writing: Bell,
    keeping: Bell,
}

/// How a store is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Health {
    /// All is well.
    Good,
    /// Nothing more can be staged for now.
    NoRoom(NoRoom),
    /// 80 % of the budget or of the file system are in use.
    LowSpace(Space),
    /// Nothing is written any more, and no answer may leave.
    Poisoned(Arc<Error>),
}

/// A sync of so many changes is one of many: more are on their way.
const BUSY: u64 = 24;

/// How long is waited after such a sync for what comes to the next one, for each of its changes: about as long as it takes to
/// serve one. Every sync interrupts whoever makes changes, some five times.
const REST: Duration = Duration::from_micros(10);

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_micros(1500);

/// The rest after a sync of so many changes.
fn rest_after(changes: u64) -> Option<Duration> {
    let changes = u32::try_from(changes).unwrap_or(u32::MAX);
    (u64::from(changes) >= BUSY).then(|| REST.saturating_mul(changes).min(LONGEST_REST))
}

/// Wakes one thread.
#[derive(Default)]
struct Bell {
    state: Mutex<BellState>,
    rung: Condvar,
}

#[derive(Default)]
struct BellState {
    rung: bool,
    /// Whether the thread waits: a bell that nobody waits for costs no system call.
    waiting: bool,
    stop: bool,
}

impl Bell {
    fn ring(&self) {
        let mut state = lock(&self.state);
        state.rung = true;
        let is_awaited = state.waiting;
        // Whoever rings beside this does not wait for a system call.
        drop(state);
        if is_awaited {
            self.rung.notify_one();
        }
    }

    fn stop(&self) {
        let mut state = lock(&self.state);
        state.stop = true;
        self.rung.notify_one();
    }

    /// Waits until it is rung, at most for `timeout`; false when the thread is to end.
    fn wait(&self, timeout: Option<Duration>) -> bool {
        let mut state = lock(&self.state);
        state.waiting = true;
        let quiet = |state: &mut BellState| !state.rung && !state.stop;
        let mut state = match timeout {
            Some(timeout) => {
                let waited = self.rung.wait_timeout_while(state, timeout, quiet);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.rung.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner),
        };
        state.waiting = false;
        state.rung = false;
        !state.stop
    }
}

impl<S: Storage> Journal<S> {
    pub(crate) fn start(log: Arc<Log<S>>, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, Error> {
        let shared = Arc::new(Shared { log, writing: Bell::default(), keeping: Bell::default() });
        let (writing, keeping) = (Arc::clone(&shared), Arc::clone(&shared));
        let place = shared.log.storage.place();
        // Dropped with an error, it stops what was begun.
        let threads = Threads { shared, running: Mutex::default() };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
            thread
                .map(|thread| lock(&threads.running).push(thread))
                .map_err(Error::io("start a thread for", &place))
        };
        spawn("journal", Box::new(move || writing.write(&wake)))?;
        spawn("journal-keeper", Box::new(move || keeping.keep()))?;
        Ok(Self { threads: Arc::new(threads) })
    }

    /// The log itself.
    pub fn log(&self) -> &Arc<Log<S>> {
        &self.threads.shared.log
    }

    /// Where the changes of this log are staged, without room yet. There is one of it.
    pub fn staging(&self) -> Staging {
        self.threads.shared.log.staging()
    }

    /// The salt of this store's records.
    pub fn salt(&self) -> Salt {
        self.threads.shared.log.salt()
    }

    /// Takes staged records, of which the last one has the number `last_sequence`, and leaves `staged` empty. They
    /// have to be whole changes, in order, without a gap. Never waits for the disk. They are written once
    /// [`write_soon`](Self::write_soon) is called.
    pub fn hand_over(&self, staged: &mut Vec<u8>, last_sequence: u64) {
        if !staged.is_empty() {
            self.threads.shared.log.hand_over(staged, last_sequence);
        }
    }

    /// Has what was handed over written. It may take a system call, for which nobody should hold a lock.
    pub fn write_soon(&self) {
        self.threads.shared.writing.ring();
    }

    /// Bytes that may still be staged: [`Staging::set_room`] takes them.
    pub fn room(&self) -> usize {
        self.threads.shared.log.room()
    }

    /// The number up to which every change is durable.
    pub fn durable(&self) -> u64 {
        self.threads.shared.log.durable()
    }

    /// Waits until the change is durable, or never will be.
    pub fn wait_durable(&self, sequence: u64) -> Result<(), Error> {
        self.threads.shared.log.wait_durable(sequence)
    }

    /// Waits until nothing is written any more, and says why: [`Error::Stopped`] where it was stopped.
    pub fn wait_end(&self) -> Error {
        self.threads.shared.log.wait_end()
    }

    /// How the store is.
    pub fn health(&self) -> Health {
        let log = &self.threads.shared.log;
        if let Some(error) = log.poisoned() {
            return Health::Poisoned(Arc::clone(error));
        }
        let state = lock(&log.housekeeping);
        match (state.no_room, state.low_space) {
            (Some(why), _) => Health::NoRoom(why),
            (None, Some(space)) => Health::LowSpace(space),
            (None, None) => Health::Good,
        }
    }

    /// Whether it is time for a snapshot.
    pub fn snapshot_due(&self) -> bool {
        self.log().snapshot_due()
    }

    /// Begins a snapshot that is not older than what was handed over up to now. One is written at a time.
    pub fn begin_snapshot(&self) -> Result<SnapshotWriter<S>, Error> {
        self.log().begin_snapshot()
    }

    /// The newest snapshot, for whoever follows changes and is too far behind.
    pub fn snapshot_reader(&self) -> Result<Option<SnapshotReader<S>>, Error> {
        self.log().snapshot_reader()
    }

    /// Follows the log from the change behind `sequence` on.
    pub fn follow(&self, sequence: u64) -> Follower<S> {
        self.log().follow(sequence)
    }

    /// Writes what was handed over and a last mark, syncs, ends the threads, and lets go of the store. What is
    /// handed over afterwards is dropped.
    pub fn stop(&self) -> Result<(), Error> {
        self.threads.stop()
    }
}

impl<S: Storage> Threads<S> {
    fn stop(&self) -> Result<(), Error> {
        self.shared.keeping.stop();
        self.shared.writing.stop();
        let running = std::mem::take(&mut *lock(&self.running));
        for thread in running {
            // A thread that panicked has closed nothing, so the log is closed here, or says why it cannot be.
            let _ = thread.join();
        }
        let closed = self.shared.log.close();
        self.shared.log.release();
        match closed {
            Ok(()) | Err(Error::Stopped) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl<S: Storage> Drop for Threads<S> {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `stop`.
        let _ = self.stop();
    }
}

impl<S: Storage> Shared<S> {
    fn write(&self, wake: &dyn Fn()) {
        let log = &self.log;
        let mut synced = Instant::now();
        let mut timeout = None;
        while self.writing.wait(timeout) {
            let before = log.durable();
            let turn = log.turn();
            if log.wants_segment() {
                self.keeping.ring();
            }
            let late = log.options.durability == Durability::Async && synced.elapsed() >= ASYNC_SYNC;
            let result = if late {
                synced = Instant::now();
                log.sync().and(turn)
            } else {
                turn
            };
            timeout = (log.options.durability == Durability::Async).then_some(ASYNC_SYNC);
            match result {
                Ok(Turn::Idle) => {}
                // Some of it may have been written.
                Ok(Turn::NoSegment) => wake(),
                Ok(Turn::Written) => {
                    wake();
                    if log.is_pending() {
                        self.writing.ring();
                    }
                    if let Some(rest) = rest_after(log.durable() - before) {
                        thread::sleep(rest);
                    }
                }
                Err(_) => {
                    wake();
                    return;
                }
            }
        }
        // The result is found again by whoever stops the log.
        let _ = log.close();
        wake();
    }

    fn keep(&self) {
        loop {
            // A failure to remove or to measure is not a failure to keep leases: it is tried again at the next tick.
            let _ = self.log.tidy();
            let made = self.log.prepare();
            let _ = self.log.look_at_space();
            if made.is_err() {
                self.writing.ring();
                return;
            }
            self.writing.ring();
            if !self.keeping.wait(Some(TICK)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_a_sync_had_the_longer_is_the_rest_up_to_a_limit() {
        assert_eq!(rest_after(BUSY - 1), None);
        assert_eq!(rest_after(100), Some(Duration::from_millis(1)));
        assert_eq!([rest_after(1_000), rest_after(u64::MAX)], [Some(LONGEST_REST); 2]);
    }
}
