//! `run_script`: a program that is run when something happens to a lease.
//!
//! ```text
//! lease events ──► bounded queue ──► a fixed number of threads: environment.rs, process.rs
//! ```
//! A packet never waits for a program: events are told in a thread of their own, once they are durable, and wait in the
//! store while the queue is full. A program that does not end is killed.

mod environment;
mod environment6;
mod process;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fosix_config::RunScriptSettings;
use fosix_lease::{ChangeKind, LeaseEvent4, LeaseEvent6};
use tracing::{error, warn};

use crate::complaint::Complaint;
use crate::{Hook, Point, Points};
use environment::Event;
use process::End;

/// The hook. It runs programs until [`Hook::stop`].
#[derive(Debug)]
pub struct RunScript {
    queue: SyncSender<Job>,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What a thread is to do next.
#[derive(Debug)]
enum Job {
    /// Run the program for this.
    Run(Box<Event>),
    /// End.
    Stop,
}

/// What the thread that is told and those that run programs have in common.
#[derive(Debug)]
struct Shared {
    settings: RunScriptSettings,
    jobs: Mutex<Receiver<Job>>,
    /// Once the server stops: until when programs are still started.
    last_start: OnceLock<Instant>,
    counters: Counters,
    complaint: Mutex<Complaint>,
    unfinished: Unfinished,
    /// The program was not run for an event because the server stops.
    gave_up: AtomicBool,
}

/// How many events wait or are worked on.
#[derive(Debug, Default)]
struct Unfinished {
    count: Mutex<u64>,
    none: Condvar,
}

impl Unfinished {
    fn add(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn remove(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.none.notify_all();
        }
    }

    fn wait(&self) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.none.wait_while(count, |count| *count > 0).unwrap_or_else(PoisonError::into_inner));
    }
}

#[derive(Debug, Default)]
struct Counters {
    /// Programs that ended with status 0.
    succeeded: AtomicU64,
    /// Programs that could not be started, or ended otherwise.
    failed: AtomicU64,
    /// Programs that were killed because they took too long.
    killed: AtomicU64,
    /// Events for which no program was run.
    lost: AtomicU64,
}

impl RunScript {
    /// Starts the threads that run the program. An error means that there is no such program.
    pub fn start(settings: &RunScriptSettings) -> io::Result<Self> {
        check(&settings.program)?;
        let (queue, jobs) = sync_channel(settings.queue_size.max(1));
        let shared = Arc::new(Shared {
            settings: settings.clone(),
            jobs: Mutex::new(jobs),
            last_start: OnceLock::new(),
            counters: Counters::default(),
            complaint: Mutex::default(),
            unfinished: Unfinished::default(),
            gave_up: AtomicBool::new(false),
        });
        let start = |number| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("run-script-{number}")).spawn(move || shared.run())
        };
        let threads = (0..settings.max_processes.max(1)).map(start).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { queue, shared, threads: Mutex::new(threads) })
    }

    fn note(&self, event: Event) {
        self.shared.unfinished.add();
        if self.queue.send(Job::Run(Box::new(event))).is_err() {
            self.shared.unfinished.remove();
            self.shared.counters.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Hook for RunScript {
    fn name(&self) -> &'static str {
        "run_script"
    }

    fn points(&self) -> Points {
        Points::NONE
    }

    fn follows_leases(&self) -> bool {
        true
    }

    fn leases4_changed(&self, event: &LeaseEvent4) {
        // What ends a lease by itself has a point of its own; what else happened at once belongs together.
        let by_time = |kind| matches!(kind, ChangeKind::Expired | ChangeKind::Recovered);
        let (ended, rest): (Vec<_>, Vec<_>) =
            event.changes.iter().cloned().partition(|change| by_time(change.kind));
        for change in &ended {
            let expired = change.kind == ChangeKind::Expired;
            let point = if expired { Point::Lease4Expire } else { Point::Lease4Recover };
            self.note(Event::one(point, change));
        }
        match rest.as_slice() {
            [] => {}
            [change] if change.kind == ChangeKind::Released => {
                self.note(Event::one(Point::Lease4Release, change));
            }
            [change] if change.kind == ChangeKind::Declined => {
                self.note(Event::one(Point::Lease4Decline, change));
            }
            _ => self.note(Event::committed(rest)),
        }
    }

    fn follows_leases6(&self) -> bool {
        true
    }

    fn leases6_changed(&self, event: &LeaseEvent6) {
        let mut given = Vec::new();
        for change in &event.changes {
            let point = match change.kind {
                ChangeKind::Assigned | ChangeKind::Renewed => {
                    given.push(Arc::clone(change));
                    continue;
                }
                ChangeKind::Released => Point::Lease6Release,
                ChangeKind::Declined => Point::Lease6Decline,
                ChangeKind::Expired => Point::Lease6Expire,
                ChangeKind::Recovered => Point::Lease6Recover,
            };
            self.note(Event::leases6(point, vec![Arc::clone(change)]));
        }
        if !given.is_empty() {
            self.note(Event::leases6(Point::Leases6Committed, given));
        }
    }

    fn finish_events(&self) -> bool {
        self.shared.unfinished.wait();
        !self.shared.gave_up.load(Ordering::Acquire)
    }

    /// Runs the program for what waits, as far as it can be started within the time that one program may take; waits for
    /// those that run, no longer than that either.
    fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        // Only the first stop counts.
        let _ = self.shared.last_start.set(Instant::now() + self.shared.timeout());
        for _ in &threads {
            // The threads take all that is in the queue, so this waits no longer than they do.
            let _ = self.queue.send(Job::Stop);
        }
        if threads.into_iter().any(|thread| thread.join().is_err()) {
            error!("a thread of run_script has panicked");
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.shared.counters;
        vec![
            ("run-script-succeeded", read(&counters.succeeded)),
            ("run-script-failed", read(&counters.failed)),
            ("run-script-killed", read(&counters.killed)),
            ("run-script-lost", read(&counters.lost)),
        ]
    }
}

impl Drop for RunScript {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn run(&self) {
        loop {
            // One thread waits for an event at a time, the others for it.
            let job = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match job {
                Ok(Job::Run(event)) => {
                    self.run_for(&event);
                    self.unfinished.remove();
                }
                Ok(Job::Stop) | Err(_) => return,
            }
        }
    }

    fn run_for(&self, event: &Event) {
        let counters = &self.counters;
        if self.last_start.get().is_some_and(|&last| Instant::now() >= last) {
            counters.lost.fetch_add(1, Ordering::Relaxed);
            self.gave_up.store(true, Ordering::Release);
            return;
        }
        let point = event.point.name();
        let end = process::run(&self.settings.program, point, &event.variables(), self.timeout());
        let counter = match &end {
            End::Succeeded => &counters.succeeded,
            End::Killed => &counters.killed,
            End::Failed(_) | End::NotRun(_) => &counters.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if matches!(end, End::Succeeded) {
            return;
        }
        let due = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).due(Instant::now());
        if let Some(before) = due {
            let program = self.settings.program.display();
            warn!(%program, point, before, "run_script: {end}");
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.settings.timeout_secs.max(1).into())
    }
}

/// Whether there is a program that may be run.
fn check(program: &Path) -> io::Result<()> {
    let metadata = fs::metadata(program)?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a program that may be run"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "run_script/tests.rs"]
mod tests;
