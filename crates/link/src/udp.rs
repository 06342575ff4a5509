//! Kea's link: UDP on ::1, the DHCPv6 half on `dhcp4o6-port` and the DHCPv4 half on the port after it.

use std::io;
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use fosix_dhcp4::Query;
use fosix_dhcp6::{HandOver, Origin};
use fosix_lease::Timestamp;
use fosix_net::{AddressBook, BindError, FrameBatch, LoopbackSocket, MAX_BATCH, ReceiveBatch};
use tracing::{debug, warn};

use crate::inbox::Inbox;
use crate::kea::{self, Sender};
use crate::names::{Known, Names};
use crate::peer::Peer;
use crate::return_path::{ReturnPath, Way};
use crate::{Counted, Link4, Link6, LinkDrop, LinkEvent, LinkLoss, LinkSocket, LinkStatistics, Role};

/// The socket that all workers of a half share.
#[derive(Debug)]
pub struct KeaSocket {
    socket: LoopbackSocket,
    peer: Peer,
    role: Role,
    /// `dhcp4o6-port`.
    port: u16,
}

impl KeaSocket {
    /// Opens the socket of `role` for `dhcp4o6-port`, 1 to 65534.
    pub fn open(role: Role, port: u16) -> Result<Self, BindError> {
        let next = port.checked_add(1).filter(|_| port > 0).ok_or_else(|| BindError::System {
            address: std::net::SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0),
            source: io::Error::new(io::ErrorKind::InvalidInput, "dhcp4o6-port must be from 1 to 65534"),
        })?;
        let (own, peer) = match role {
            Role::Dhcpv6 => (port, next),
            Role::Dhcpv4 => (next, port),
        };
        Ok(Self { socket: LoopbackSocket::connect(own, peer)?, peer: Peer::new(role), role, port })
    }

    /// The socket for a `dhcp4o6-port` that may have changed: this one if it has not, else a new one; none for 0.
    /// On an error this one still works.
    pub fn reopen(self: &Arc<Self>, port: u16) -> Result<Option<Arc<Self>>, BindError> {
        if port == self.port {
            return Ok(Some(Arc::clone(self)));
        }
        if port == 0 {
            return Ok(None);
        }
        Self::open(self.role, port).map(|socket| Some(Arc::new(socket)))
    }

    /// Whether the other half is there, as far as is known.
    pub fn has_peer(&self) -> bool {
        !self.peer.is_away()
    }

    /// Counts what nobody took, and says how many.
    fn take_refusals(&self, statistics: &mut LinkStatistics) -> u64 {
        let refused = self.socket.refusals().unwrap_or_else(|error| {
            warn!(%error, "cannot read the errors of the link's socket");
            0
        });
        let refused = u64::try_from(refused).unwrap_or(u64::MAX);
        if refused > 0 {
            statistics.lost.count_many(LinkLoss::Refused, refused);
            self.peer.went(&mut statistics.events);
        }
        refused
    }

    /// Sends every frame or counts why it was not sent; never waits.
    ///
    /// While the other half is away one frame of each batch is sent, to see whether it is back.
    fn send(&self, frames: &mut FrameBatch, statistics: &mut LinkStatistics) {
        self.take_refusals(statistics);
        let mut attempts = 0;
        while !frames.is_empty() {
            let away = self.peer.is_away();
            let loss = match frames.send(&self.socket, if away { 1 } else { MAX_BATCH }) {
                Ok(1..) => {
                    attempts = 0;
                    None
                }
                // An earlier one was refused, which the error queue tells too; this one has not been sent.
                Err(error) if is_retried(&error) && attempts < MAX_ATTEMPTS => {
                    attempts += 1;
                    None
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    lose_rest(frames, LinkLoss::SocketFull, statistics);
                    return;
                }
                result => Some((why(&result), result.err())),
            };
            if let Some((loss, error)) = loss {
                debug!(?loss, ?error, "a message for the other half is lost");
                frames.skip();
                statistics.lost.count(loss);
                attempts = 0;
            }
            if self.take_refusals(statistics) > 0 && away {
                lose_rest(frames, LinkLoss::PeerAway, statistics);
            }
        }
        frames.clear();
    }

    /// The datagrams that have come; refusals are counted.
    fn receive(&self, batch: &mut ReceiveBatch, statistics: &mut LinkStatistics) -> usize {
        self.take_refusals(statistics);
        match batch.receive(&self.socket) {
            Ok(0) => 0,
            Ok(received) => {
                self.peer.came(&mut statistics.events);
                received
            }
            // Told of by the error queue, too.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => 0,
            Err(error) => {
                warn!(%error, "receiving from the other half failed");
                0
            }
        }
    }
}

impl AsFd for KeaSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What one worker has beside the shared socket.
#[derive(Debug)]
struct Port {
    socket: Arc<KeaSocket>,
    names: Names,
    outgoing: FrameBatch,
    received: ReceiveBatch,
    /// The message that was decoded last.
    message: Vec<u8>,
    statistics: LinkStatistics,
}

impl Port {
    fn new(socket: Arc<KeaSocket>, book: Arc<AddressBook>) -> Self {
        Self {
            socket,
            names: Names::new(book),
            outgoing: FrameBatch::new(),
            received: ReceiveBatch::new(MAX_BATCH),
            message: Vec::new(),
            statistics: LinkStatistics::default(),
        }
    }

    fn submit(&mut self, message: &[u8], sender: Sender<'_>) {
        self.statistics.submitted += 1;
        if self.outgoing.push(|buffer| kea::encode(message, sender, buffer)).is_err() {
            debug!(client = %sender.address, "a message for the other half is too long");
            self.statistics.lost.count(LinkLoss::TooLong);
        }
    }

    fn flush(&mut self) {
        self.socket.send(&mut self.outgoing, &mut self.statistics);
    }

    /// Receives a batch, and gives each message without its sender's options, or counts why not.
    fn receive(&mut self, role: Role, mut give: impl FnMut(Sender<'_>, Known, &[u8])) {
        self.socket.receive(&mut self.received, &mut self.statistics);
        for datagram in self.received.iter() {
            self.statistics.received += 1;
            self.message.clear();
            let decoded = if datagram.truncated {
                Err(LinkDrop::Truncated)
            } else {
                kea::decode(datagram.bytes, role, &mut self.message)
            };
            let known = decoded.and_then(|decoded| {
                let known = self.names.find(decoded.sender.interface).ok_or(LinkDrop::UnknownInterface)?;
                Ok((decoded, known))
            });
            match known {
                Ok((decoded, known)) => {
                    if decoded.flags_cleared {
                        self.statistics.events.count(LinkEvent::FlagsCleared);
                    }
                    give(decoded.sender, known, &self.message);
                }
                Err(reason) => drop_message(reason, datagram.bytes, &mut self.statistics),
            }
        }
    }
}

/// Kea's link for a worker of the DHCPv6 half.
#[derive(Debug)]
pub struct KeaLink6 {
    port: Port,
}

impl KeaLink6 {
    /// The link of one worker over the socket that all share.
    pub fn new(socket: Arc<KeaSocket>, book: Arc<AddressBook>) -> Self {
        Self { port: Port::new(socket, book) }
    }
}

impl Link6 for KeaLink6 {
    fn submit(&mut self, query: &HandOver<'_>) {
        let source = query.origin.source;
        let sender = Sender { interface: query.interface, address: *source.ip(), port: source.port() };
        self.port.submit(&query.message, sender);
    }

    fn flush(&mut self, _now: Timestamp) {
        self.port.flush();
    }

    fn responses(&mut self, respond: &mut dyn FnMut(&Origin, &[u8])) {
        self.port.receive(Role::Dhcpv6, |sender, known, message| {
            let origin = Origin {
                source: sender.socket_address(known.index),
                // Kea's link does not carry it.
                destination: Ipv6Addr::UNSPECIFIED,
                interface_index: known.index,
                link_local: known.link_local,
            };
            respond(&origin, message);
        });
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        vec![LinkSocket::Kea(Arc::clone(&self.port.socket))]
    }

    fn statistics(&self) -> Counted<'_> {
        Counted::Link(&self.port.statistics)
    }
}

/// Kea's link for a worker of the DHCPv4 half.
#[derive(Debug)]
pub struct KeaLink4 {
    port: Port,
    queries: Inbox<(Ipv6Addr, u16, Arc<str>)>,
}

impl KeaLink4 {
    /// The link of one worker over the socket that all share.
    pub fn new(socket: Arc<KeaSocket>, book: Arc<AddressBook>) -> Self {
        Self { port: Port::new(socket, book), queries: Inbox::default() }
    }
}

impl Link4 for KeaLink4 {
    fn receive(&mut self, _socket: &LinkSocket) -> usize {
        self.queries.clear();
        let queries = &mut self.queries;
        self.port.receive(Role::Dhcpv4, |sender, _known, message| {
            let Ok(()) = queries.push(|buffer| {
                buffer.extend_from_slice(message);
                Ok::<_, std::convert::Infallible>((sender.address, sender.port, sender.interface.into()))
            });
        });
        self.queries.len()
    }

    fn query(&self, at: usize) -> Option<Query<'_>> {
        let ((address, _, interface), message) = self.queries.get(at)?;
        Some(Query { message, source: *address, interface })
    }

    fn return_path(&self, at: usize) -> Option<ReturnPath> {
        let ((address, port, interface), _) = self.queries.get(at)?;
        Some(ReturnPath(Way::Kea { address: *address, port: *port, interface: Arc::clone(interface) }))
    }

    fn answer(&mut self, to: &ReturnPath, response: &[u8]) {
        if let (Way::Kea { address, port, interface }, false) = (&to.0, response.is_empty()) {
            self.port.submit(response, Sender { interface, address: *address, port: *port });
        }
    }

    fn flush(&mut self) {
        self.port.flush();
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        vec![LinkSocket::Kea(Arc::clone(&self.port.socket))]
    }

    fn statistics(&self) -> &LinkStatistics {
        &self.port.statistics
    }
}

/// Times that one message is tried: other workers' refusals come in between.
const MAX_ATTEMPTS: u32 = 4;

fn is_retried(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::Interrupted)
}

fn why(result: &io::Result<usize>) -> LinkLoss {
    /// EMSGSIZE of errno(3).
    const MESSAGE_TOO_LONG: i32 = 90;
    match result {
        Err(error) if error.raw_os_error() == Some(MESSAGE_TOO_LONG) => LinkLoss::TooLong,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => LinkLoss::Refused,
        _ => LinkLoss::SendFailed,
    }
}

pub(crate) fn lose_rest(frames: &mut FrameBatch, loss: LinkLoss, statistics: &mut LinkStatistics) {
    let lost = u64::try_from(frames.len()).unwrap_or(u64::MAX);
    if lost > 0 {
        debug!(?loss, lost, "messages for the other half are lost");
        statistics.lost.count_many(loss, lost);
    }
    frames.clear();
}

/// Counts a message that was dropped. The first of each kind is a warning; the others show at the debug level, so
/// that nobody can fill the log.
pub(crate) fn drop_message(reason: LinkDrop, bytes: &[u8], statistics: &mut LinkStatistics) {
    let first = statistics.dropped.get(reason) == 0;
    statistics.dropped.count(reason);
    let name = fosix_policy::CounterName::name(reason);
    if first {
        warn!(
            counter = name,
            bytes = bytes.len(),
            "a message from the other half was dropped; further ones only count"
        );
    } else {
        debug!(counter = name, bytes = bytes.len(), "a message from the other half was dropped");
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    /// A port that was free a moment ago, with nothing at the one after it.
    fn port() -> u16 {
        let port = || UdpSocket::bind("[::1]:0").unwrap().local_addr().unwrap().port();
        let mut ports = std::iter::repeat_with(port);
        ports.find(|port| *port < u16::MAX && UdpSocket::bind(("::1", port + 1)).is_ok()).unwrap()
    }

    #[test]
    fn ports_that_have_no_next_one_are_refused() {
        for port in [0, 65_535] {
            let error = KeaSocket::open(Role::Dhcpv6, port).unwrap_err();
            assert!(error.to_string().contains("from 1 to 65534"), "{error}");
        }
    }

    #[test]
    fn opened_again_on_the_same_port_it_stays_and_a_busy_port_leaves_it_working() {
        let [first, busy] = [port(), port()];
        let four = Arc::new(KeaSocket::open(Role::Dhcpv4, first).unwrap());
        assert!(Arc::ptr_eq(&four.reopen(first).unwrap().unwrap(), &four));
        let other = UdpSocket::bind(("::1", busy + 1)).unwrap();
        assert!(matches!(four.reopen(busy), Err(BindError::InUse { .. })));
        assert!(four.reopen(0).unwrap().is_none());

        let six = KeaSocket::open(Role::Dhcpv6, first).unwrap();
        let (mut frames, mut statistics) = (FrameBatch::new(), LinkStatistics::default());
        let written = frames.push(|buffer| {
            buffer.push(1);
            Ok::<_, ()>(())
        });
        written.unwrap();
        six.send(&mut frames, &mut statistics);
        let mut batch = ReceiveBatch::new(4);
        assert_eq!(four.receive(&mut batch, &mut statistics), 1, "the old socket works");
        assert_eq!(statistics.lost.total(), 0);
        drop(six);
        drop(other);
        assert_eq!(four.reopen(busy).unwrap().unwrap().socket.port(), busy + 1);
    }
}
