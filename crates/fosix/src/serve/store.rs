//! The leases of a half: opened, looked after while the server runs, closed.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fosix_config::{Durability, ExpiredLeases, JournalSettings, StoreSettings};
use fosix_journal::{Directory, Error, Health, Journal, Options, Salt};
use fosix_lease::{Kept, Opened, Store, Timestamp};
use tracing::{error, info, warn};

use super::clock::Clock;
use super::family::{EventOf, Half};

/// The status with which the process ends when the disk failed it: EX_IOERR of sysexits.h.
const DISK_FAILED: i32 = 74;
/// Events of leases in memory alone that may wait for followers.
const EVENTS_WAITING: usize = 65_536;
/// Leases that are reclaimed under one lock: some tenths of a millisecond.
const RECLAIM_SLICE: usize = 500;

/// An open store.
pub(super) struct OpenStore<F: Half> {
    pub(super) store: Arc<Store<F::Leases>>,
    /// The time, which is not before what the leases know.
    pub(super) clock: Clock,
    /// What happened to leases in memory alone, if anybody wants to know.
    pub(super) events: Option<Receiver<EventOf<F>>>,
    /// Until when nothing is reclaimed.
    pub(super) reclaim_from: Timestamp,
}

/// Opens the store that `settings` describe. `leases` are empty and have their pools; `wake` is called whenever more has
/// become durable. `followed`: somebody wants to be told of events.
pub(super) fn open<F: Half>(
    settings: &StoreSettings,
    mut leases: F::Leases,
    clock: Clock,
    followed: bool,
    wake: impl Fn() + Send + Sync + 'static,
) -> anyhow::Result<OpenStore<F>> {
    match settings {
        StoreSettings::Memory => {
            warn!(
                "leases are kept in memory only: they are NOT durable, a restart forgets every one of them"
            );
            let (sender, events) = sync_channel(EVENTS_WAITING);
            if followed {
                F::follow_changes(&mut leases);
            }
            let store = Arc::new(Store::in_memory(leases, followed.then_some(sender)));
            Ok(OpenStore { store, clock, events: followed.then_some(events), reclaim_from: Timestamp(0) })
        }
        StoreSettings::Journal(settings) => open_journal::<F>(settings, leases, clock, wake),
        other => bail!("a store that this program does not have: {other:?}"),
    }
}

fn open_journal<F: Half>(
    settings: &JournalSettings,
    leases: F::Leases,
    clock: Clock,
    wake: impl Fn() + Send + Sync + 'static,
) -> anyhow::Result<OpenStore<F>> {
    let path = settings.directory.join(F::FOLDER);
    let place = path.display();
    let begun = Instant::now();
    let directory = Directory::open(&path).with_context(|| {
        format!("cannot use {place} for leases; make it for this user, or name another one in `Fosix.store.directory`")
    })?;
    let mut at = clock;
    let now = |newest| {
        at = clock.not_before(newest);
        at.now()
    };
    let (store, opened) = Store::open(directory, options(settings, F::Leases::FAMILY), leases, now, wake)
        .with_context(|| format!("the leases in {place} cannot be served"))?;
    if let Some(violation) = opened.violations.first() {
        let more = opened.violations.len() - 1;
        bail!(
            "the leases in {place} contradict each other: {violation} (and {more} more); see `fosix leases check`"
        );
    }
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    info!(directory = %place, leases = opened.leases, took_ms, "leases read");
    if let Some((file, offset)) = &opened.torn {
        info!(file, offset, "a crash had interrupted a write here; nothing of it had been promised");
    }
    if settings.durability == Durability::Async {
        warn!(
            "durability is async: a power cut can take leases that clients were told of within the last second"
        );
    }
    Ok(OpenStore {
        store: Arc::new(store),
        reclaim_from: reclaim_from(&opened, settings, at),
        clock: at,
        events: None,
    })
}

/// How a store is kept.
pub(crate) fn options(settings: &JournalSettings, family: u16) -> Options {
    // Any number will do that another store does not have.
    let random = RandomState::new().hash_one(std::process::id());
    let salt = Salt(u32::try_from(random >> 32).unwrap_or(1).max(1));
    let mut options = Options::new(family, salt);
    options.disk_budget = settings.disk_budget;
    options.durability = match settings.durability {
        Durability::Sync => fosix_journal::Durability::Sync,
        Durability::Async => fosix_journal::Durability::Async,
    };
    options
}

/// Until when nothing is reclaimed: at once, unless so many leases have ended that the clock may be wrong.
fn reclaim_from(opened: &Opened, settings: &JournalSettings, clock: Clock) -> Timestamp {
    let Opened { leases, ended, .. } = *opened;
    if ended == 0 || ended.saturating_mul(5) <= leases {
        return Timestamp(0);
    }
    let hold = settings.reclaim_hold;
    warn!(
        leases,
        ended,
        hold_secs = hold,
        "over 20 % of the leases ended while the server was away: is the clock right? Nothing is reclaimed for now"
    );
    clock.now().plus(hold)
}

/// The threads that look after a store.
pub(super) struct Caretaker<F: Half> {
    store: Arc<Store<F::Leases>>,
    expired: Arc<Mutex<ExpiredLeases>>,
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

/// Tells threads that wait to end.
#[derive(Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits; false when it is time to end.
    fn wait(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<F: Half> Caretaker<F> {
    /// Starts reclaiming, taking snapshots, and watching the disk.
    pub(super) fn start(open: &OpenStore<F>, settings: ExpiredLeases) -> anyhow::Result<Self> {
        let (store, stop) = (Arc::clone(&open.store), Arc::new(Stop::default()));
        let (clock, from) = (open.clock, open.reclaim_from);
        let expired = Arc::new(Mutex::new(settings));
        let reclaimed = Arc::clone(&expired);
        let mut caretaker = Self { store: Arc::clone(&store), expired, stop, threads: Vec::new() };
        caretaker.spawn("reclaim", move |store, stop| reclaim::<F>(store, stop, clock, from, &reclaimed))?;
        if store.journal().is_some() {
            caretaker.spawn("snapshot", snapshot)?;
            caretaker.spawn("store-watch", watch)?;
        }
        Ok(caretaker)
    }

    /// Reclaims as these say from the next round on.
    pub(super) fn set_expired(&self, settings: ExpiredLeases) {
        *self.expired.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce(&Store<F::Leases>, &Stop) + Send + 'static,
    ) -> anyhow::Result<()> {
        let (store, stop) = (Arc::clone(&self.store), Arc::clone(&self.stop));
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(&store, &stop));
        self.threads.push(thread.context("cannot start a thread")?);
        Ok(())
    }

    /// Writes what is left to write, and ends. Nothing is changed any more.
    pub(super) fn finish(self) {
        self.stop.stop();
        if let Some(Err(error)) = self.store.journal().map(Journal::stop) {
            error!(%error, "the log of the leases did not end as it should");
        }
        for thread in self.threads {
            if thread.join().is_err() {
                error!("a thread of the store has panicked");
            }
        }
    }
}

/// Ends the process as soon as the log cannot be written: whatever it says then might be forgotten.
fn watch<L: Kept>(store: &Store<L>, _: &Stop) {
    let Some(journal) = store.journal() else { return };
    match journal.wait_end() {
        Error::Stopped => {}
        error => {
            error!(%error, "the leases cannot be made durable: the server ends, and no answer leaves any more");
            std::process::exit(DISK_FAILED);
        }
    }
}

/// Takes a snapshot whenever one is due, and tells of a disk that fills.
fn snapshot<L: Kept>(store: &Store<L>, stop: &Stop) {
    let Some(journal) = store.journal() else { return };
    let mut told = false;
    while stop.wait(Duration::from_secs(1)) {
        match journal.health() {
            Health::Good => told = false,
            health if !told => {
                warn!(?health, "the disk that leases are kept on");
                told = true;
            }
            _ => {}
        }
        if !journal.snapshot_due() {
            continue;
        }
        let begun = Instant::now();
        match store.take_snapshot() {
            Ok(leases) => {
                let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                info!(leases, took_ms, "snapshot of the leases taken");
            }
            Err(Error::Stopped) => return,
            Err(error) => warn!(%error, "no snapshot of the leases was taken; the log grows until one is"),
        }
    }
}

/// Reclaims what has ended, and forgets what was reclaimed long ago.
fn reclaim<F: Half>(
    store: &Store<F::Leases>,
    stop: &Stop,
    clock: Clock,
    from: Timestamp,
    settings: &Mutex<ExpiredLeases>,
) {
    let settings = || *settings.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut last_flush, mut unfinished, mut held) = (Instant::now(), 0, None);
    while stop.wait(Duration::from_secs(settings().reclaim_wait.max(1).into())) {
        let (now, settings) = (clock.now(), settings());
        let hold = (settings.flush_wait > 0).then_some(settings.hold);
        if held.replace(hold) != Some(hold) {
            F::set_hold_reclaimed_time(&mut store.lock(), hold);
        }
        if settings.reclaim_wait > 0 && now >= from {
            if reclaim_round::<F>(store, now, settings) {
                unfinished = 0;
            } else {
                unfinished += 1;
                if unfinished == settings.unwarned_cycles.saturating_add(1) {
                    warn!(
                        rounds = unfinished,
                        "leases end faster than they are reclaimed; see `expired-leases-processing`"
                    );
                }
            }
        }
        let flush_wait = Duration::from_secs(settings.flush_wait.into());
        if settings.flush_wait > 0 && last_flush.elapsed() >= flush_wait {
            while F::forget_former(&mut store.lock(), now, RECLAIM_SLICE) == RECLAIM_SLICE {}
            last_flush = Instant::now();
        }
    }
}

/// One round. False: something is left.
fn reclaim_round<F: Half>(store: &Store<F::Leases>, now: Timestamp, settings: ExpiredLeases) -> bool {
    let unlimited =
        |limit: u32| if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    let mut left = unlimited(settings.max_reclaim_leases);
    let begun = Instant::now();
    loop {
        let slice = left.min(RECLAIM_SLICE);
        let done = F::reclaim(&mut store.lock(), now, slice);
        if done < slice {
            return true;
        }
        left -= done;
        let late = settings.max_reclaim_time > 0
            && begun.elapsed() >= Duration::from_millis(settings.max_reclaim_time.into());
        if left == 0 || late {
            return false;
        }
        // Packets come first: whoever waits for the lock gets it now.
        thread::yield_now();
    }
}
