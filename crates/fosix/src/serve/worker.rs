//! A packet thread: waits for sockets, has what they receive served, and begins again.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use fosix_link::{Half4, LinkSocket};
use fosix_net::{AddressBook, Poller, UdpSocket6, Waker};
use tracing::error;

use super::half6::Shared6;
use super::link::Link;
use super::report::Totals;

/// What a worker does with what comes in on a socket.
pub(super) trait Work: Send {
    /// Serves a batch from one of the sockets, and sends the answers that need not wait. What it cannot serve at once
    /// it may keep for [`catch_up`](Self::catch_up).
    fn serve(&mut self, source: &Source);

    /// Serves a batch of what was kept, if there is any; says whether there is more of it.
    fn catch_up(&mut self) -> bool {
        false
    }

    /// Sends the answers that waited for what is durable now.
    fn tell(&mut self);

    /// Waits until no answer has to wait any more.
    fn settle(&mut self);

    /// The sockets that there are now.
    fn sources(&self) -> Vec<Source>;

    /// Serves after another configuration from now on.
    fn reload(&mut self, parts: &Parts<'_>);

    /// Adds what was counted.
    fn add_to(&self, totals: &mut Totals);
}

/// What workers serve with, of a configuration that has changed.
pub(super) struct Parts<'a> {
    pub(super) shared6: Option<&'a Arc<Shared6>>,
    pub(super) half4: Option<&'a Arc<Half4>>,
    pub(super) link: &'a Link,
    /// Whether `link` is another one than before.
    pub(super) link_changed: bool,
    pub(super) book: &'a Arc<AddressBook>,
}

/// A socket that a worker waits for.
#[derive(Clone)]
pub(super) enum Source {
    /// Of the network.
    Network(Arc<UdpSocket6>),
    /// Of the link to the other half.
    Link(LinkSocket),
}

/// A running packet thread.
pub(super) struct Worker {
    pub(super) number: usize,
    /// Has it look at what changed.
    pub(super) waker: Arc<Waker>,
    work: Arc<Mutex<dyn Work>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The wakers of a worker.
#[derive(Clone)]
pub(super) struct Wakers {
    /// Has it look at what changed: sockets, or that it is to stop.
    pub(super) change: Arc<Waker>,
    /// Has it send what has become durable.
    pub(super) durable: Arc<Waker>,
}

impl Wakers {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { change: Arc::new(Waker::new()?), durable: Arc::new(Waker::new()?) })
    }
}

/// The tokens of the wakers; every other one is the place of a socket among those that are waited for.
const CHANGE: u64 = u64::MAX;
const DURABLE: u64 = u64::MAX - 1;

impl Worker {
    /// Starts the thread, which ends once `stop` is set and it is woken.
    pub(super) fn start(
        number: usize,
        work: impl Work + 'static,
        wakers: Wakers,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let work: Arc<Mutex<dyn Work>> = Arc::new(Mutex::new(work));
        let mut turn = Turn {
            poller: Poller::new()?,
            sources: Vec::new(),
            wakers: wakers.clone(),
            work: Arc::clone(&work),
            stop,
        };
        turn.poller.add(&*wakers.change, CHANGE)?;
        turn.poller.add(&*wakers.durable, DURABLE)?;
        let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            if let Err(error) = turn.run() {
                error!(%error, worker = number, "a worker cannot go on");
            }
        });
        let thread = Mutex::new(Some(thread.context("cannot start a worker thread")?));
        Ok(Self { number, waker: wakers.change, work, thread })
    }

    /// Waits until the thread has ended.
    pub(super) fn finish(&self) {
        let thread = lock(&self.thread).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            error!(worker = self.number, "a worker has panicked");
        }
    }

    /// Whether the thread is no more.
    pub(super) fn has_ended(&self) -> bool {
        lock(&self.thread).as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Keeps the worker from serving for as long as the result lives.
    pub(super) fn pause(&self) -> MutexGuard<'_, dyn Work + 'static> {
        lock(&self.work)
    }

    /// Adds what this worker counted.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        lock(&self.work).add_to(totals);
    }
}

/// The thread's own things.
struct Turn {
    poller: Poller,
    sources: Vec<Source>,
    wakers: Wakers,
    /// Locked while there is a batch in hand; others look at the counters in between.
    work: Arc<Mutex<dyn Work>>,
    stop: Arc<AtomicBool>,
}

impl Turn {
    fn run(&mut self) -> anyhow::Result<()> {
        self.take_sources()?;
        let mut behind = false;
        loop {
            let ready = self.poller.wait(behind.then_some(Duration::ZERO))?.to_vec();
            if ready.contains(&DURABLE) {
                self.wakers.durable.reset();
                lock(&self.work).tell();
            }
            if ready.contains(&CHANGE) {
                self.wakers.change.reset();
                if self.stop.load(Ordering::Acquire) {
                    let mut work = lock(&self.work);
                    work.settle();
                    work.tell();
                    return Ok(());
                }
                self.take_sources()?;
                continue;
            }
            let mut ended = false;
            for token in ready {
                let source = usize::try_from(token).ok().and_then(|at| self.sources.get(at));
                if let Some(source) = source {
                    lock(&self.work).serve(source);
                    ended |= source.has_ended();
                }
            }
            if ended {
                self.take_sources()?;
            }
            behind = lock(&self.work).catch_up();
        }
    }

    /// Waits for the sockets that there are now, and for no others.
    fn take_sources(&mut self) -> anyhow::Result<()> {
        for source in self.sources.drain(..) {
            self.poller.remove(&source)?;
        }
        self.sources = lock(&self.work).sources();
        for (token, source) in (0..).zip(&self.sources) {
            self.poller.add_shared(source, token)?;
        }
        Ok(())
    }
}

impl Source {
    /// Whether nothing more will come of it.
    fn has_ended(&self) -> bool {
        match self {
            Self::Network(_) => false,
            Self::Link(socket) => socket.has_ended(),
        }
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Network(socket) => socket.as_fd(),
            Self::Link(socket) => socket.as_fd(),
        }
    }
}

/// Locks; a thread that panicked while it had the lock has ended the process already.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
