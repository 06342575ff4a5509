//! Our own link for a worker of the DHCPv4 half.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::sync::Arc;

use fosix_dhcp4::Query;
use fosix_net::{FrameBatch, MAX_BATCH, ReceiveBatch};
use tracing::warn;

use super::{Board, Connection, Frame, Passage};
use crate::inbox::Inbox;
use crate::return_path::{ReturnPath, Way};
use crate::udp::{drop_message, lose_rest};
use crate::{Link4, LinkDrop, LinkLoss, LinkSocket, LinkStatistics, Role, check};

/// Our own link for a worker of the DHCPv4 half.
#[derive(Debug)]
pub struct OwnLink4 {
    board: Arc<Board>,
    /// Where the queries of this batch came from.
    connection: Option<Arc<Connection>>,
    queries: Inbox<Head>,
    /// Where the answers that were taken go.
    answers_to: Option<Arc<Connection>>,
    responses: FrameBatch,
    no_answers: FrameBatch,
    received: ReceiveBatch,
    statistics: LinkStatistics,
}

/// What goes back with the response.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    number: u64,
    received_at_us: u64,
    source: SocketAddrV6,
    destination: Ipv6Addr,
    interface_index: u32,
    interface: Arc<str>,
}

impl OwnLink4 {
    /// The link of one worker; a [`Keeper`](super::Keeper) has the board.
    pub fn new(board: Arc<Board>) -> Self {
        Self {
            board,
            connection: None,
            queries: Inbox::default(),
            answers_to: None,
            responses: FrameBatch::new(),
            no_answers: FrameBatch::new(),
            received: ReceiveBatch::new(MAX_BATCH),
            statistics: LinkStatistics::default(),
        }
    }

    /// Sends all of `frames`, or says why the rest cannot be sent.
    fn send(frames: &mut FrameBatch, connection: &Connection) -> Result<(), LinkLoss> {
        while !frames.is_empty() {
            match frames.send(&connection.socket, MAX_BATCH) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(LinkLoss::SocketFull),
                Ok(0) | Err(_) => {
                    connection.end();
                    return Err(LinkLoss::ConnectionEnded);
                }
            }
        }
        Ok(())
    }
}

impl Link4 for OwnLink4 {
    fn receive(&mut self, socket: &LinkSocket) -> usize {
        self.queries.clear();
        self.connection = None;
        let LinkSocket::Own(connection) = socket else { return 0 };
        if connection.has_ended() {
            return 0;
        }
        if let Err(error) = self.received.receive(&connection.socket) {
            warn!(%error, "receiving from the DHCPv6 half failed");
            connection.end();
        }
        for frame in self.received.iter() {
            if frame.bytes.is_empty() {
                connection.end();
                break;
            }
            self.statistics.received += 1;
            let passage = if frame.truncated { Err(LinkDrop::Truncated) } else { read(frame.bytes) };
            let taken = passage.and_then(|passage| {
                self.queries.push(|buffer| {
                    buffer.extend_from_slice(passage.message);
                    Ok(Head::of(&passage))
                })
            });
            if let Err(reason) = taken {
                drop_message(reason, frame.bytes, &mut self.statistics);
            }
        }
        self.connection = Some(Arc::clone(connection));
        self.queries.len()
    }

    fn query(&self, at: usize) -> Option<Query<'_>> {
        let (head, message) = self.queries.get(at)?;
        Some(Query { message, source: *head.source.ip(), interface: &head.interface })
    }

    fn return_path(&self, at: usize) -> Option<ReturnPath> {
        let (head, _) = self.queries.get(at)?;
        let connection = Arc::clone(self.connection.as_ref()?);
        Some(ReturnPath(Way::Own { connection, head: head.clone() }))
    }

    fn answer(&mut self, to: &ReturnPath, response: &[u8]) {
        let Way::Own { connection, head } = &to.0 else { return };
        if self.answers_to.as_ref().is_some_and(|other| !Arc::ptr_eq(other, connection)) {
            self.flush();
        }
        self.answers_to = Some(Arc::clone(connection));
        if response.is_empty() {
            // It fits: it has 12 bytes.
            let _ = self.no_answers.push(|buffer| Frame::NoAnswer(head.number).encode(buffer));
            return;
        }
        self.statistics.submitted += 1;
        let passage = head.passage(response);
        if self.responses.push(|buffer| Frame::Response(passage).encode(buffer)).is_err() {
            self.statistics.lost.count(LinkLoss::TooLong);
        }
    }

    fn flush(&mut self) {
        let Some(connection) = &self.answers_to else { return };
        if let Err(loss) = Self::send(&mut self.responses, connection) {
            lose_rest(&mut self.responses, loss, &mut self.statistics);
        }
        self.responses.clear();
        // Without these the other side only waits a little longer.
        let _ = Self::send(&mut self.no_answers, connection);
        self.no_answers.clear();
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        self.board.connections().into_iter().map(LinkSocket::Own).collect()
    }

    fn statistics(&self) -> &LinkStatistics {
        &self.statistics
    }
}

fn read(bytes: &[u8]) -> Result<Passage<'_>, LinkDrop> {
    let Frame::Query(passage) = Frame::decode(bytes)? else { return Err(LinkDrop::Frame) };
    let packet = check::decode(passage.message, Role::Dhcpv4)?;
    check::dhcpv4_message(&packet.message())?;
    Ok(passage)
}

impl Head {
    fn of(passage: &Passage<'_>) -> Self {
        Self {
            number: passage.number,
            received_at_us: passage.received_at_us,
            source: passage.source,
            destination: passage.destination,
            interface_index: passage.interface_index,
            interface: passage.interface.into(),
        }
    }

    fn passage<'a>(&'a self, message: &'a [u8]) -> Passage<'a> {
        Passage {
            number: self.number,
            received_at_us: self.received_at_us,
            source: self.source,
            destination: self.destination,
            interface_index: self.interface_index,
            interface: &self.interface,
            message,
        }
    }
}
