//! A packet thread: receives a batch, has it served, sends the answers, and begins again.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use fosix_dhcp4::{Server4, Statistics4};
use fosix_dhcp6::{Datagram, Drop6, Effects6, Event6, Origin, Outcome6, Server6, Statistics6};
use fosix_hooks::Hooks;
use fosix_lease::{Leases4, Timestamp};
use fosix_net::{MAX_BATCH, Poller, ReceiveBatch, Received, SendBatch, UdpSocket6, Waker};
use tracing::{error, warn};

use super::listen::Listeners;

/// What all workers share.
pub(super) struct Shared {
    pub(super) dhcp6: Server6,
    pub(super) dhcp4: Option<Server4>,
    /// The hooks of the DHCPv4 half.
    pub(super) hooks: Hooks,
    pub(super) leases: Mutex<Leases4>,
    pub(super) listeners: Listeners,
    pub(super) stop: AtomicBool,
}

impl Shared {
    /// Takes back leases that ended, as many as a batch does.
    pub(super) fn reclaim(&self) {
        self.reclaim_at(now(), &mut lock(&self.leases));
    }

    fn reclaim_at(&self, now: Timestamp, leases: &mut Leases4) {
        if let Some(dhcp4) = &self.dhcp4 {
            dhcp4.reclaim(now, leases, RECLAIM_WITH_BATCH);
        }
    }
}

/// A running packet thread.
pub(super) struct Worker {
    pub(super) number: usize,
    pub(super) waker: Arc<Waker>,
    state: Arc<Mutex<State>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What a worker works on, locked while it does; others look at the counters in between.
#[derive(Default)]
struct State {
    effects: Effects6,
    statistics4: Statistics4,
}

/// The token of the waker; every other one is the place of a socket in [`Listeners::sockets`].
const WAKER: u64 = u64::MAX;

/// Ended leases that are reclaimed with each batch.
const RECLAIM_WITH_BATCH: usize = 64;

impl Worker {
    /// Starts the thread.
    pub(super) fn start(number: usize, shared: Arc<Shared>) -> anyhow::Result<Self> {
        let waker = Arc::new(Waker::new()?);
        let state = Arc::new(Mutex::new(State::default()));
        let mut work = Work {
            poller: Poller::new()?,
            sockets: Vec::new(),
            waker: Arc::clone(&waker),
            state: Arc::clone(&state),
            names: Names::default(),
            received: ReceiveBatch::new(MAX_BATCH),
            outgoing: SendBatch::new(MAX_BATCH),
            shared,
        };
        work.poller.add(&*waker, WAKER)?;
        let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            if let Err(error) = work.run() {
                error!(%error, worker = number, "a worker cannot go on");
            }
        });
        let thread = Mutex::new(Some(thread.context("cannot start a worker thread")?));
        Ok(Self { number, waker, state, thread })
    }

    /// Waits until the thread has ended; it does after [`Shared::stop`] and a wake.
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

    /// Shows what this worker counted.
    pub(super) fn read_statistics(&self, look: impl FnOnce(&Statistics6, &Statistics4)) {
        let state = lock(&self.state);
        look(&state.effects.statistics, &state.statistics4);
    }
}

/// The thread's own things.
struct Work {
    shared: Arc<Shared>,
    poller: Poller,
    sockets: Vec<Arc<UdpSocket6>>,
    waker: Arc<Waker>,
    state: Arc<Mutex<State>>,
    names: Names,
    received: ReceiveBatch,
    outgoing: SendBatch,
}

impl Work {
    fn run(&mut self) -> anyhow::Result<()> {
        self.take_sockets()?;
        loop {
            let ready = self.poller.wait(None)?.to_vec();
            if ready.contains(&WAKER) {
                self.waker.reset();
                if self.shared.stop.load(Ordering::Acquire) {
                    return Ok(());
                }
                self.take_sockets()?;
                continue;
            }
            for token in ready {
                let socket = usize::try_from(token).ok().and_then(|at| self.sockets.get(at)).cloned();
                if let Some(socket) = socket {
                    self.serve(&socket);
                }
            }
        }
    }

    /// Waits for the sockets that there are now, and for no others.
    fn take_sockets(&mut self) -> anyhow::Result<()> {
        for socket in self.sockets.drain(..) {
            self.poller.remove(&*socket)?;
        }
        self.sockets = self.shared.listeners.sockets();
        for (token, socket) in (0..).zip(&self.sockets) {
            self.poller.add_shared(&**socket, token)?;
        }
        Ok(())
    }

    /// One batch from `socket`.
    fn serve(&mut self, socket: &UdpSocket6) {
        match self.received.receive(socket) {
            Ok(0) => return,
            Ok(_) => {}
            // It belongs to the socket and is told once, such as when its interface went down.
            Err(error) => {
                warn!(%error, "receiving failed");
                return;
            }
        }
        self.names.renew_if_old();
        let mut state = lock(&self.state);
        let State { effects, statistics4 } = &mut *state;
        effects.bytes.clear();
        effects.answers.clear();
        {
            let now = now();
            let mut leases = lock(&self.shared.leases);
            self.shared.reclaim_at(now, &mut leases);
            for received in self.received.iter() {
                serve_one(&self.shared, &mut self.names, &received, now, &mut leases, effects, statistics4);
            }
        }
        for answer in &effects.answers {
            let bytes = effects.bytes.get(answer.bytes.clone()).unwrap_or_default();
            self.outgoing.push(bytes, answer.destination, answer.source, answer.interface_index);
        }
        let report = self.outgoing.send(&self.shared.listeners.unicast);
        for _ in 0..report.failed() {
            effects.statistics.events.count(Event6::SendFailed);
        }
        for failure in &report.failures {
            let error = std::io::Error::from_raw_os_error(failure.errno);
            warn!(%error, count = failure.count, first = %failure.first_destination, "answers could not be sent");
        }
    }
}

fn serve_one(
    shared: &Shared,
    names: &mut Names,
    received: &Received<'_>,
    now: Timestamp,
    leases: &mut Leases4,
    effects: &mut Effects6,
    statistics4: &mut Statistics4,
) {
    let unseen = |reason, effects: &mut Effects6| {
        shared.dhcp6.drop_unseen(reason, received.source, &mut effects.statistics);
    };
    if received.truncated {
        return unseen(Drop6::Truncated, effects);
    }
    if !shared.listeners.serves(received.destination, received.interface_index) {
        return unseen(Drop6::NotServedHere, effects);
    }
    let (name, link_local) = names.of(received.interface_index, &shared.listeners);
    let origin = Origin {
        source: received.source,
        destination: received.destination,
        interface_index: received.interface_index,
        link_local,
    };
    let datagram = Datagram { bytes: received.bytes, origin, interface: &name };
    if let (Outcome6::HandedOver(query), Some(dhcp4)) =
        (shared.dhcp6.handle(&datagram, effects), &shared.dhcp4)
    {
        fosix_link::exchange(&shared.dhcp6, dhcp4, &query, now, leases, effects, statistics4);
    }
}

/// Names and link-local addresses of interfaces, asked for once a second at most.
struct Names {
    known: HashMap<u32, (Arc<str>, Option<Ipv6Addr>)>,
    asked: Instant,
}

impl Default for Names {
    fn default() -> Self {
        Self { known: HashMap::new(), asked: Instant::now() }
    }
}

impl Names {
    fn renew_if_old(&mut self) {
        if self.asked.elapsed().as_secs() >= 1 {
            self.known.clear();
            self.asked = Instant::now();
        }
    }

    fn of(&mut self, index: u32, listeners: &Listeners) -> (Arc<str>, Option<Ipv6Addr>) {
        if let Some(known) = self.known.get(&index) {
            return known.clone();
        }
        let name = listeners.book().name_of(index).unwrap_or_default();
        let interfaces = listeners.book().interfaces();
        let link_local = interfaces.by_index(index).and_then(fosix_net::Interface::link_local);
        self.known.insert(index, (Arc::clone(&name), link_local));
        (name, link_local)
    }
}

/// The wall clock.
fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Locks; a thread that panicked while it had the lock has ended the process already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
