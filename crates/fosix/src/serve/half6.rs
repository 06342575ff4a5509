//! A worker's turn in the DHCPv6 half: a batch from the network or from the link, and the answers to it.

use std::mem;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Instant;

use fosix_dhcp6::{
    Answer, Commit6, Datagram, Drop6, Effects6, Event6, LeaseAccess, Origin, Outcome6, Sent6, Server6,
};
use fosix_lease::{Guard, Held, Leases6, Store6};
use fosix_link::{Counted, Link6, LinkStatistics};
use fosix_net::{MAX_BATCH, ReceiveBatch, Received, SendBatch, UdpSocket6};
use tracing::warn;

use super::backlog::Backlog;
use super::clock::Clock;
use super::listen::Listeners;
use super::report::Totals;
use super::worker::{Parts, Source, Work};

/// What all workers of the half share.
pub(super) struct Shared6 {
    pub(super) server: Server6,
    pub(super) store: Arc<Store6>,
    pub(super) listeners: Listeners,
}

/// Batches read from a socket at a time where more comes in than can be served.
const MOST_BATCHES_AHEAD: usize = 256;

/// Answers that wait for the disk at a time. A disk that is as slow as that gets no more work.
const MOST_HELD: usize = 65_536;

/// What is left to do with an answer that waits.
enum Rest {
    /// To send it.
    Send(Sent6),
    /// To ask hooks, too.
    Commit(Box<Commit6>),
}

/// What one worker works on.
pub(super) struct Work6 {
    shared: Arc<Shared6>,
    link: Box<dyn Link6>,
    /// What links counted that this worker had before.
    former_links: LinkStatistics,
    clock: Clock,
    effects: Effects6,
    /// Answers that rest on leases which are not durable yet.
    held: Held<(Answer, Rest)>,
    received: ReceiveBatch,
    /// What was read ahead of the work and has yet to be served.
    backlog: Backlog,
    outgoing: SendBatch,
}

impl Work6 {
    /// A worker with a link of its own.
    pub(super) fn new(shared: Arc<Shared6>, link: Box<dyn Link6>, clock: Clock) -> Self {
        Self {
            shared,
            link,
            former_links: LinkStatistics::default(),
            clock,
            effects: Effects6::default(),
            held: Held::default(),
            received: ReceiveBatch::new(MAX_BATCH),
            backlog: Backlog::default(),
            outgoing: SendBatch::new(MAX_BATCH),
        }
    }

    /// Has a batch from `socket` served, or where more comes in than can be, all that waits there put in order first.
    fn receive(&mut self, socket: &UdpSocket6) {
        if self.take_batch(socket) == 0 {
            return;
        }
        let is_behind = !self.backlog.is_empty() || self.received.is_full() && is_behind(socket);
        let received = mem::take(&mut self.received);
        if !is_behind {
            self.serve_all(received.iter());
            self.received = received;
            return;
        }
        self.received = received;
        let now = Instant::now();
        self.put_in_order(now);
        for _ in 0..MOST_BATCHES_AHEAD {
            if !self.received.is_full() || self.take_batch(socket) == 0 {
                break;
            }
            self.put_in_order(now);
        }
    }

    /// Keeps what was received until its turn comes, or drops it.
    fn put_in_order(&mut self, now: Instant) {
        for received in self.received.iter() {
            if !self.backlog.push(&received, now) {
                let statistics = &mut self.effects.statistics;
                self.shared.server.drop_unseen(Drop6::Overload, received.source, statistics);
            }
        }
    }

    /// Receives what waits at `socket`, up to a batch; says how many.
    fn take_batch(&mut self, socket: &UdpSocket6) -> usize {
        self.received.receive(socket).unwrap_or_else(|error| {
            // It belongs to the socket and is told once, such as when its interface went down.
            warn!(%error, "receiving failed");
            0
        })
    }

    /// Has a batch served, queries handed over among it.
    fn serve_all<'r>(&mut self, batch: impl Iterator<Item = Received<'r>>) {
        let now = self.clock.now();
        let mut leases = Batch { store: &self.shared.store, guard: None };
        let mut entrance = Entrance::default();
        for received in batch {
            let (interface, origin) =
                match look(&received, &mut entrance, &self.shared.listeners, self.held.len()) {
                    Ok(seen) => seen,
                    Err(reason) => {
                        let statistics = &mut self.effects.statistics;
                        self.shared.server.drop_unseen(reason, received.source, statistics);
                        continue;
                    }
                };
            let datagram = Datagram { bytes: received.bytes, origin, interface };
            let rest = match self.shared.server.handle(now, &mut leases, &datagram, &mut self.effects) {
                Outcome6::Answered(_) | Outcome6::Dropped(_) => continue,
                Outcome6::HandedOver(query) => {
                    self.link.submit(&query);
                    continue;
                }
                Outcome6::Promised(sent) if leases.is_durable() => {
                    self.effects.statistics.sent.count(sent);
                    continue;
                }
                Outcome6::Promised(sent) => Rest::Send(sent),
                Outcome6::Committing(commit) => Rest::Commit(commit),
            };
            if let Some(answer) = self.effects.answers.pop() {
                let bytes = self.effects.bytes.get(answer.bytes.clone()).unwrap_or_default();
                self.held.push(leases.sequence(), (answer, rest), bytes);
            }
        }
        drop(leases);
        self.link.flush(now);
    }

    /// Makes answers of what waited and is durable now.
    fn release(&mut self) {
        let (server, effects) = (&self.shared.server, &mut self.effects);
        if self.held.is_empty() {
            return;
        }
        self.held.release(self.shared.store.durable(), |(mut answer, rest), bytes| {
            let start = effects.bytes.len();
            effects.bytes.extend_from_slice(bytes);
            answer.bytes = start..effects.bytes.len();
            match rest {
                Rest::Send(sent) => {
                    effects.answers.push(answer);
                    effects.statistics.sent.count(sent);
                }
                Rest::Commit(commit) => {
                    if let Outcome6::Promised(sent) = server.commit(*commit, answer, effects) {
                        effects.statistics.sent.count(sent);
                    }
                }
            }
        });
    }

    /// Makes answers of the responses that have come.
    fn take_responses(&mut self) {
        let (server, effects) = (&self.shared.server, &mut self.effects);
        self.link.responses(&mut |origin, response| {
            let start = effects.bytes.len();
            effects.bytes.extend_from_slice(response);
            server.respond(origin, start..effects.bytes.len(), effects);
        });
    }

    fn send(&mut self) {
        let effects = &mut self.effects;
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

impl Work for Work6 {
    fn serve(&mut self, source: &Source) {
        self.effects.bytes.clear();
        self.effects.answers.clear();
        if let Source::Network(socket) = source {
            self.receive(socket);
        }
        // Those to the batch itself that need not wait, and those that have come or become durable meanwhile.
        self.take_responses();
        self.release();
        self.send();
    }

    fn catch_up(&mut self) -> bool {
        if self.backlog.is_empty() {
            return false;
        }
        self.effects.bytes.clear();
        self.effects.answers.clear();
        let (server, statistics) = (&self.shared.server, &mut self.effects.statistics);
        self.backlog.drop_old(Instant::now(), |source| {
            server.drop_unseen(Drop6::Overload, source, statistics);
        });
        let mut backlog = mem::take(&mut self.backlog);
        self.serve_all(backlog.next_batch(MAX_BATCH));
        self.backlog = backlog;
        self.take_responses();
        self.release();
        self.send();
        !self.backlog.is_empty()
    }

    fn tell(&mut self) {
        self.effects.bytes.clear();
        self.effects.answers.clear();
        self.take_responses();
        self.release();
        self.send();
    }

    fn settle(&mut self) {
        if let Some(last) = self.held.last() {
            self.shared.store.wait_durable(last);
        }
        self.link.settle();
    }

    fn sources(&self) -> Vec<Source> {
        let network = self.shared.listeners.sockets().into_iter().map(Source::Network);
        network.chain(self.link.sockets().into_iter().map(Source::Link)).collect()
    }

    fn reload(&mut self, parts: &Parts<'_>) {
        if let Some(shared) = parts.shared6 {
            self.shared = Arc::clone(shared);
        }
        if parts.link_changed {
            if let Counted::Link(statistics) = self.link.statistics() {
                self.former_links.add(statistics);
            }
            self.link = parts.link.for_dhcp6(parts.book);
        } else if let Some(half4) = parts.half4 {
            self.link.serve_by(half4);
        }
    }

    fn add_to(&self, totals: &mut Totals) {
        if self.former_links != LinkStatistics::default() {
            totals.add_link(Counted::Link(&self.former_links));
        }
        totals.add_dhcp6(&self.effects.statistics);
        totals.add_in_hand6(self.held.len());
        totals.add_in_hand(self.link.in_hand());
        totals.add_link(self.link.statistics());
    }
}

/// The leases for one batch, locked once one of its messages needs them.
struct Batch<'s> {
    store: &'s Store6,
    guard: Option<Guard<'s, Leases6>>,
}

impl Batch<'_> {
    /// The number of the last change.
    fn sequence(&self) -> u64 {
        self.guard.as_ref().map_or(0, |leases| leases.staging().sequence())
    }

    /// Whether everything that answers could rest on is durable.
    fn is_durable(&self) -> bool {
        self.sequence() <= self.store.durable()
    }
}

impl LeaseAccess for Batch<'_> {
    fn leases(&mut self) -> &mut Leases6 {
        self.guard.get_or_insert_with(|| self.store.lock())
    }
}

/// Whether more comes in at `socket` than is read: half of its room is used. Where that cannot be asked, what waits is served in
/// the order in which it came.
fn is_behind(socket: &UdpSocket6) -> bool {
    socket.receive_queue().is_ok_and(|queue| queue.waiting > queue.room / 2)
}

/// Where datagrams came in: found once for those of a batch that came in at the same place one behind the other, as nearly all do.
#[derive(Default)]
struct Entrance {
    destination: Option<Ipv6Addr>,
    interface_index: u32,
    /// Nobody is served where there is none.
    interface: Option<Interface>,
}

/// The interface that datagrams came in on.
struct Interface {
    name: Arc<str>,
    link_local: Option<Ipv6Addr>,
}

impl Entrance {
    /// The interface that a datagram came in on, if it is served there.
    fn of(&mut self, received: &Received<'_>, listeners: &Listeners) -> Option<&Interface> {
        let (destination, index) = (received.destination, received.interface_index);
        if self.destination != Some(destination) || self.interface_index != index {
            (self.destination, self.interface_index) = (Some(destination), index);
            self.interface = listeners.serves(destination, index).then(|| {
                let name = listeners.book().name_of(index).unwrap_or_default();
                let interfaces = listeners.book().interfaces();
                let link_local = interfaces.by_index(index).and_then(fosix_net::Interface::link_local);
                Interface { name, link_local }
            });
        }
        self.interface.as_ref()
    }
}

/// The name of the interface and the origin of a datagram, or why it is not to be served.
fn look<'e>(
    received: &Received<'_>,
    entrance: &'e mut Entrance,
    listeners: &Listeners,
    held: usize,
) -> Result<(&'e str, Origin), Drop6> {
    if received.truncated {
        return Err(Drop6::Truncated);
    }
    let interface = entrance.of(received, listeners).ok_or(Drop6::NotServedHere)?;
    if held >= MOST_HELD {
        return Err(Drop6::StoreBehind);
    }
    let origin = Origin {
        source: received.source,
        destination: received.destination,
        interface_index: received.interface_index,
        link_local: interface.link_local,
    };
    Ok((&interface.name, origin))
}
