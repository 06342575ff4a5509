//! A worker's turn in the DHCPv6 half: a batch from the network or from the link, and the answers to it.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Instant;

use fosix_dhcp6::{Datagram, Drop6, Effects6, Event6, Origin, Outcome6, Server6};
use fosix_link::Link6;
use fosix_net::{MAX_BATCH, ReceiveBatch, Received, SendBatch, UdpSocket6};
use tracing::warn;

use super::clock::Clock;
use super::listen::Listeners;
use super::report::Totals;
use super::worker::{Source, Work};

/// What all workers of the half share.
pub(super) struct Shared6 {
    pub(super) server: Server6,
    pub(super) listeners: Listeners,
}

/// What one worker works on.
pub(super) struct Work6 {
    shared: Arc<Shared6>,
    link: Box<dyn Link6>,
    clock: Clock,
    effects: Effects6,
    names: Names,
    received: ReceiveBatch,
    outgoing: SendBatch,
}

impl Work6 {
    /// A worker with a link of its own.
    pub(super) fn new(shared: Arc<Shared6>, link: Box<dyn Link6>, clock: Clock) -> Self {
        Self {
            shared,
            link,
            clock,
            effects: Effects6::default(),
            names: Names::default(),
            received: ReceiveBatch::new(MAX_BATCH),
            outgoing: SendBatch::new(MAX_BATCH),
        }
    }

    /// Has a batch from `socket` served, queries handed over among it.
    fn serve_network(&mut self, socket: &UdpSocket6) {
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
        for received in self.received.iter() {
            serve_one(&self.shared, &mut self.names, &received, &mut *self.link, &mut self.effects);
        }
        self.link.flush(self.clock.now());
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
            self.serve_network(socket);
        }
        // Those to the batch itself that need not wait, and those that have come or become durable meanwhile.
        self.take_responses();
        self.send();
    }

    fn tell(&mut self) {
        self.effects.bytes.clear();
        self.effects.answers.clear();
        self.take_responses();
        self.send();
    }

    fn settle(&mut self) {
        self.link.settle();
    }

    fn sources(&self) -> Vec<Source> {
        let network = self.shared.listeners.sockets().into_iter().map(Source::Network);
        network.chain(self.link.sockets().into_iter().map(Source::Link)).collect()
    }

    fn add_to(&self, totals: &mut Totals) {
        totals.add_dhcp6(&self.effects.statistics);
        totals.add_in_hand(self.link.in_hand());
        totals.add_link(self.link.statistics());
    }
}

fn serve_one(
    shared: &Shared6,
    names: &mut Names,
    received: &Received<'_>,
    link: &mut dyn Link6,
    effects: &mut Effects6,
) {
    let unseen = |reason, effects: &mut Effects6| {
        shared.server.drop_unseen(reason, received.source, &mut effects.statistics);
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
    if let Outcome6::HandedOver(query) = shared.server.handle(&datagram, effects) {
        link.submit(&query);
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
