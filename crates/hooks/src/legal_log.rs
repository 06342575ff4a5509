//! `legal_log`: who had which address, which ports of it, or which prefix, from when to when.
//!
//! ```text
//! lease events ──► bounded queue ──► one thread: line.rs ──► files.rs
//! ```
//! A packet never waits for this: events are told in a thread of their own, once they are durable. While the disk refuses
//! what is written, the queue fills, and then the events wait in the store.

mod files;
mod line;
mod line6;
mod writer;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use fosix_config::LegalLogSettings;
use fosix_lease::{ChangeKind, LeaseEvent4, LeaseEvent6};

use crate::{Hook, Points};
use files::Files;
use line::Told;
use writer::{Job, Writer};

/// The hook. It writes until [`Hook::stop`].
#[derive(Debug)]
pub struct LegalLog {
    queue: SyncSender<Job>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread that is told and the one that writes have in common.
#[derive(Debug, Default)]
struct Shared {
    /// Lines that are in a file.
    written: AtomicU64,
    /// Lines that are in none and never will be.
    lost: AtomicU64,
    /// How often the system refused to write, open or remove a file.
    errors: AtomicU64,
    /// What cannot be written now is not tried again.
    stopping: AtomicBool,
}

impl LegalLog {
    /// Opens the first file, that of `now`, and starts the thread that writes.
    ///
    /// An error means that the file cannot be opened: the directory is missing, or may not be written to.
    pub fn start(settings: &LegalLogSettings, now: fosix_lease::Timestamp) -> io::Result<Self> {
        let mut files = Files::new(settings);
        files.turn_to(now);
        files.open()?;
        let (queue, jobs) = sync_channel(settings.queue_size.max(1));
        let shared = Arc::new(Shared::default());
        let writer = Writer::new(jobs, files, settings.format, Arc::clone(&shared));
        let thread = thread::Builder::new().name("legal-log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { queue, shared, thread: Mutex::new(Some(thread)) })
    }

    fn note(&self, kind: ChangeKind, told: Told) {
        // Nobody held the address during the probation.
        if kind == ChangeKind::Recovered {
            return;
        }
        if self.queue.send(Job::Line(told)).is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Hook for LegalLog {
    fn name(&self) -> &'static str {
        "legal_log"
    }

    fn points(&self) -> Points {
        Points::NONE
    }

    fn follows_leases(&self) -> bool {
        true
    }

    fn leases4_changed(&self, event: &LeaseEvent4) {
        for change in &event.changes {
            self.note(change.kind, Told::Lease4(Arc::clone(change)));
        }
    }

    fn follows_leases6(&self) -> bool {
        true
    }

    fn leases6_changed(&self, event: &LeaseEvent6) {
        for change in &event.changes {
            self.note(change.kind, Told::Lease6(Arc::clone(change)));
        }
    }

    /// Returns once every line is in a file and synced, or will never be.
    fn finish_events(&self) -> bool {
        let (done, wait) = sync_channel(1);
        self.queue.send(Job::Sync(done)).is_ok() && wait.recv().unwrap_or(false)
    }

    /// Writes what waits, and makes it durable. What the disk refuses now is lost, and counted.
    fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        self.shared.stopping.store(true, Ordering::Release);
        thread.thread().unpark();
        // The writer takes all that is in the queue, so this waits no longer than that.
        let _ = self.queue.send(Job::Stop);
        if thread.join().is_err() {
            tracing::error!("the thread of legal_log has panicked");
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("legal-log-written", read(&self.shared.written)),
            ("legal-log-lost", read(&self.shared.lost)),
            ("legal-log-file-errors", read(&self.shared.errors)),
        ]
    }
}

impl Drop for LegalLog {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
#[path = "legal_log/tests.rs"]
mod tests;
