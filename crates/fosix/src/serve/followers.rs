//! Hooks that are told what happened to leases: in order, once it is durable, each in a thread of its own.
//!
//! How far a hook has come is kept in the store's directory, so that after a crash it is told the last of it again rather
//! than missing any of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fosix_hooks::Hook;
use fosix_journal::{Followed, Journal};
use fosix_lease::Store;
use tracing::{error, warn};

use super::family::{EventOf, Half};
use super::store::OpenStore;

/// How often a hook that has nothing to do looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);
/// Events after which a hook finishes what it has in hand, and its position is kept.
const BATCH: usize = 1_000;

/// The threads.
#[derive(Default)]
pub(super) struct Followers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Followers {
    /// Starts a thread for each hook; one for all where leases are in memory alone. `directory` is the store's.
    pub(super) fn start<F: Half>(
        open: &mut OpenStore<F>,
        directory: &Path,
        hooks: Vec<Arc<dyn Hook>>,
    ) -> anyhow::Result<Self> {
        let Some(events) = open.events.take() else {
            return Self::of_log::<F>(&open.store, directory, hooks);
        };
        let mut followers = Self::default();
        followers.spawn(move |stop| tell_all::<F>(&events, &hooks, stop))?;
        Ok(followers)
    }

    /// Starts a thread for each hook, which is told what the log of `store` says; none where there is no log.
    pub(super) fn of_log<F: Half>(
        store: &Arc<Store<F::Leases>>,
        directory: &Path,
        hooks: Vec<Arc<dyn Hook>>,
    ) -> anyhow::Result<Self> {
        let mut followers = Self::default();
        let mut names: Vec<&'static str> = Vec::new();
        for hook in hooks {
            // Which one it is of those with the same name: others may come and go.
            let number = names.iter().filter(|name| **name == hook.name()).count();
            names.push(hook.name());
            let follower = Follower::<F>::new(store, directory, hook, number)?;
            let store = Arc::clone(store);
            followers.spawn(move |stop| follower.run(&store, stop))?;
        }
        Ok(followers)
    }

    fn spawn(&mut self, run: impl FnOnce(&AtomicBool) + Send + 'static) -> anyhow::Result<()> {
        let stop = Arc::clone(&self.stop);
        let thread = thread::Builder::new().name("lease-events".to_owned()).spawn(move || run(&stop));
        self.threads.push(thread.context("cannot start a thread")?);
        Ok(())
    }

    /// Has every hook told what has happened so far, and then no more. A hook that takes longer than `patience` is told the
    /// rest after the next start.
    pub(super) fn finish(self, patience: Duration, stop_hooks: impl FnOnce()) {
        self.stop.store(true, Ordering::Release);
        let end = Instant::now() + patience;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < end {
            thread::park_timeout(LOOK / 10);
        }
        // Whoever waits for a hook that cannot go on waits no more.
        stop_hooks();
        for thread in self.threads {
            if thread.join().is_err() {
                error!("a thread that tells hooks of leases has panicked");
            }
        }
    }
}

/// Tells every hook what happens to leases in memory alone.
fn tell_all<F: Half>(events: &Receiver<EventOf<F>>, hooks: &[Arc<dyn Hook>], stop: &AtomicBool) {
    loop {
        match events.recv_timeout(LOOK) {
            Ok(event) => hooks.iter().for_each(|hook| F::tell(hook.as_ref(), &event)),
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Acquire) => {}
            Err(_) => return,
        }
    }
}

/// One hook that is told what the log says.
struct Follower<F> {
    family: PhantomData<F>,
    hook: Arc<dyn Hook>,
    /// Where its position is kept.
    file: PathBuf,
    /// The last change that it is done with.
    done: u64,
}

impl<F: Half> Follower<F> {
    /// A hook that is new begins with what happens from now on.
    fn new(
        store: &Store<F::Leases>,
        directory: &Path,
        hook: Arc<dyn Hook>,
        number: usize,
    ) -> anyhow::Result<Self> {
        let journal = store.journal().context("there is no log to follow")?;
        let file = directory.join(format!("reader-{}-{number}", hook.name()));
        let mut follower = Self { family: PhantomData, hook, done: journal.durable(), file };
        match fs::read_to_string(&follower.file).map(|text| text.trim().parse()) {
            // What is further on than the log is about another log, or about what a crash took with `async`.
            Ok(Ok(done)) => follower.done = follower.done.min(done),
            Ok(Err(_)) => {
                warn!(file = %follower.file.display(), "no position in this file: the hook is told what happens from now on");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("cannot read how far a hook has come"),
        }
        follower.keep().context("cannot keep how far a hook has come")?;
        Ok(follower)
    }

    fn run(mut self, store: &Store<F::Leases>, stop: &AtomicBool) {
        let Some(journal) = store.journal() else { return };
        let mut follow = journal.follow(self.done);
        let (mut changes, mut told, mut last) = (Vec::new(), 0, self.done);
        loop {
            // Asked first: what happened before that is still told.
            let stopping = stop.load(Ordering::Acquire);
            match follow.next() {
                Ok(Followed::Record(frame)) => {
                    last = frame.sequence;
                    changes.extend(F::change_of(&frame));
                    if !frame.more && !changes.is_empty() {
                        let changes = std::mem::take(&mut changes);
                        F::tell(self.hook.as_ref(), &F::event(last, changes));
                        told += 1;
                    }
                }
                Ok(Followed::NothingYet) => {
                    self.settle(last, &mut told);
                    if stopping {
                        return;
                    }
                    // What fails here fails again above.
                    let _ = follow.wait(LOOK);
                }
                Ok(Followed::TooFarBehind) => {
                    let hook = self.hook.name();
                    warn!(
                        hook,
                        behind = self.done,
                        "the log does not go back so far: the hook is told the leases as they are"
                    );
                    match self.tell_snapshot(journal) {
                        Ok(sequence) => {
                            self.settle(sequence, &mut 1);
                            (last, follow) = (sequence, journal.follow(sequence));
                        }
                        Err(error) => return error!(%error, hook, "a hook is told no more of leases"),
                    }
                }
                Err(error) => {
                    let hook = self.hook.name();
                    return error!(%error, hook, "a hook is told no more of leases");
                }
            }
            if told >= BATCH {
                self.settle(last, &mut told);
            }
        }
    }

    /// Tells each lease of the newest snapshot, and gives the number that it is not older than.
    fn tell_snapshot(&self, journal: &Journal) -> Result<u64, fosix_journal::Error> {
        let Some(snapshot) = journal.snapshot_reader()? else { return Ok(self.done) };
        let sequence = snapshot.sequence();
        snapshot.read(&mut |frame| {
            let changes: Vec<_> = F::change_of(&frame).into_iter().collect();
            if !changes.is_empty() {
                F::tell(self.hook.as_ref(), &F::event(frame.sequence, changes));
            }
            Ok(())
        })?;
        Ok(sequence)
    }

    /// Has the hook finish what it was told, and keeps how far it has come.
    fn settle(&mut self, last: u64, told: &mut usize) {
        if (*told > 0 && !self.hook.finish_events()) || last == self.done {
            return;
        }
        *told = 0;
        self.done = last;
        if let Err(error) = self.keep() {
            let file = self.file.display();
            warn!(%error, %file, "cannot keep how far a hook has come: after a crash it is told more than the last of it again");
        }
    }

    fn keep(&self) -> io::Result<()> {
        let new = self.file.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        writeln!(file, "{}", self.done)?;
        file.sync_data()?;
        fs::rename(&new, &self.file)
    }
}
