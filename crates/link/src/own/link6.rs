//! Our own link for a worker of the DHCPv6 half.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fosix_dhcp6::{HandOver, Origin};
use fosix_lease::Timestamp;
use fosix_net::{AddressBook, FrameBatch, MAX_BATCH, ReceiveBatch};
use fosix_policy::Tally;
use tracing::{debug, warn};

use super::{Board, Connection, Frame, Passage};
use crate::kea::Sender;
use crate::names::Names;
use crate::udp::drop_message;
use crate::{Counted, Link6, LinkDrop, LinkEvent, LinkLoss, LinkSocket, LinkStatistics, Role, check};

/// Our own link for a worker of the DHCPv6 half.
#[derive(Debug)]
pub struct OwnLink6 {
    board: Arc<Board>,
    names: Names,
    outgoing: FrameBatch,
    /// The numbers of the queries in `outgoing`.
    numbers: Vec<u64>,
    received: ReceiveBatch,
    statistics: LinkStatistics,
}

impl OwnLink6 {
    /// The link of one worker; a [`Keeper`](super::Keeper) has the board.
    pub fn new(board: Arc<Board>, book: Arc<AddressBook>) -> Self {
        Self {
            board,
            names: Names::new(book),
            outgoing: FrameBatch::new(),
            numbers: Vec::new(),
            received: ReceiveBatch::new(MAX_BATCH),
            statistics: LinkStatistics::default(),
        }
    }

    /// Counts the loss of the queries that are left, but of those that have been counted with their connection.
    fn lose_rest(&mut self, loss: LinkLoss) {
        let left = self.outgoing.len();
        let now = Instant::now();
        let mut waiting = self.board.waiting();
        for number in self.numbers.iter().rev().take(left) {
            if waiting.finish(*number, now).is_some() {
                self.statistics.lost.count(loss);
            }
        }
        debug!(?loss, left, "queries for the DHCPv4 half are lost");
        self.outgoing.clear();
    }

    fn send(&mut self, connection: &Connection) {
        while !self.outgoing.is_empty() {
            match self.outgoing.send(&connection.socket, MAX_BATCH) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.lose_rest(LinkLoss::SocketFull);
                }
                Ok(0) | Err(_) => {
                    connection.end();
                    self.lose_rest(LinkLoss::ConnectionEnded);
                }
            }
        }
    }

    /// What a frame of the DHCPv4 half says; `None` when nothing is to be sent.
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(Origin, &'a [u8])>, LinkDrop> {
        let passage = match Frame::decode(bytes)? {
            Frame::Response(passage) => passage,
            Frame::NoAnswer(number) => {
                self.statistics.events.count(LinkEvent::NoAnswer);
                self.board.waiting().finish(number, Instant::now());
                return Ok(None);
            }
            _ => return Err(LinkDrop::Frame),
        };
        if let Some(latency) = self.board.waiting().finish(passage.number, Instant::now()) {
            count_latency(latency, &mut self.statistics.events);
        }
        let packet = check::decode(passage.message, Role::Dhcpv6)?;
        check::dhcpv4_message(&packet.message())?;
        let known = self.names.find(passage.interface).ok_or(LinkDrop::UnknownInterface)?;
        let sender = Sender {
            interface: passage.interface,
            address: *passage.source.ip(),
            port: passage.source.port(),
        };
        let origin = Origin {
            source: sender.socket_address(known.index),
            destination: passage.destination,
            interface_index: known.index,
            link_local: known.link_local,
        };
        Ok(Some((origin, passage.message)))
    }
}

impl Link6 for OwnLink6 {
    fn submit(&mut self, query: &HandOver<'_>) {
        self.statistics.submitted += 1;
        let now = Instant::now();
        let mut waiting = self.board.waiting();
        let unanswered = u64::try_from(waiting.expire(now)).unwrap_or(u64::MAX);
        self.statistics.events.count_many(LinkEvent::Unanswered, unanswered);
        let Some(number) = waiting.begin(now) else {
            debug!(source = %query.origin.source, "a query is lost: too many wait for their answers");
            self.statistics.lost.count(LinkLoss::TooManyInFlight);
            return;
        };
        drop(waiting);
        let passage = Passage {
            number,
            received_at_us: now_us(),
            source: query.origin.source,
            destination: query.origin.destination,
            interface_index: query.origin.interface_index,
            interface: query.interface,
            message: &query.message,
        };
        if self.outgoing.push(|buffer| Frame::Query(passage).encode(buffer)).is_ok() {
            self.numbers.push(number);
        } else {
            self.board.waiting().finish(number, now);
            self.statistics.lost.count(LinkLoss::TooLong);
        }
    }

    fn flush(&mut self, _now: Timestamp) {
        if self.outgoing.is_empty() {
            return;
        }
        match self.board.connection() {
            Some(connection) => self.send(&connection),
            None => self.lose_rest(LinkLoss::NotConnected),
        }
        self.outgoing.clear();
        self.numbers.clear();
    }

    fn responses(&mut self, respond: &mut dyn FnMut(&Origin, &[u8])) {
        let Some(connection) = self.board.connection() else { return };
        let mut batch = std::mem::take(&mut self.received);
        if let Err(error) = batch.receive(&connection.socket) {
            warn!(%error, "receiving from the DHCPv4 half failed");
            connection.end();
        }
        for frame in batch.iter() {
            if frame.bytes.is_empty() {
                connection.end();
                break;
            }
            let read = if frame.truncated { Err(LinkDrop::Truncated) } else { self.read(frame.bytes) };
            match read {
                Ok(None) => {}
                Ok(Some((origin, message))) => {
                    self.statistics.received += 1;
                    respond(&origin, message);
                }
                Err(reason) => {
                    self.statistics.received += 1;
                    drop_message(reason, frame.bytes, &mut self.statistics);
                }
            }
        }
        self.received = batch;
    }

    fn sockets(&self) -> Vec<LinkSocket> {
        self.board.connections().into_iter().map(LinkSocket::Own).collect()
    }

    fn statistics(&self) -> Counted<'_> {
        Counted::Link(&self.statistics)
    }
}

fn count_latency(latency: Duration, events: &mut Tally<LinkEvent>) {
    events.count(match latency.as_millis() {
        0 => LinkEvent::Within1Ms,
        1..10 => LinkEvent::Within10Ms,
        10..100 => LinkEvent::Within100Ms,
        100..1000 => LinkEvent::Within1S,
        _ => LinkEvent::Over1S,
    });
}

/// The wall clock.
fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
