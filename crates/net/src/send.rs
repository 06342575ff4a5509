//! Batches of datagrams to send.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::ops::Range;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use arrayvec::ArrayVec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::control::PacketInfo;
use crate::mmsg::{SendSlot, send_many};
use crate::{MAX_BATCH, UdpSocket6};

/// Datagrams gathered for as few `sendmmsg` as possible.
///
/// Their bytes are copied into the batch, which keeps its room: nothing is allocated in the steady state. Datagrams of one
/// length that go to the same place one behind the other go through the kernel together, which cuts them apart as late as it
/// can (UDP_SEGMENT): the answers to the clients of one relay cost it less than half of what each would alone.
#[derive(Default)]
pub struct SendBatch {
    arena: Vec<u8>,
    trains: Vec<Train>,
    datagrams: usize,
    apart: bool,
}

/// Datagrams one behind the other that go to the same place: all of one length, but for the last one.
struct Train {
    destination: SocketAddrV6,
    info: PacketInfo,
    slot: SendSlot,
    bytes: Range<usize>,
    /// The length of the first.
    length: usize,
    count: usize,
}

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct SendReport {
    /// Datagrams that the kernel took.
    pub sent: usize,
    /// Datagrams that it did not take, by cause.
    pub failures: ArrayVec<SendFailure, MAX_CAUSES>,
    /// Datagrams that it did not take for yet other causes than there is room for in `failures`.
    pub other_failures: usize,
}

/// Datagrams that could not be sent for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendFailure {
    /// The system's error number; EAGAIN when the socket stayed full for longer than a send waits.
    pub errno: i32,
    /// How many.
    pub count: usize,
    /// Where the first of them should have gone.
    pub first_destination: SocketAddrV6,
}

/// Causes that a [`SendReport`] tells apart.
const MAX_CAUSES: usize = 8;

impl SendBatch {
    /// A batch with room for `slots` datagrams of ordinary size; it grows when more are pushed.
    pub fn new(slots: usize) -> Self {
        Self {
            arena: Vec::with_capacity(slots.saturating_mul(512)),
            trains: Vec::with_capacity(slots),
            datagrams: 0,
            apart: false,
        }
    }

    /// The same, but each datagram goes through the kernel by itself, as if it came from another host.
    #[must_use]
    pub fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// Adds a datagram.
    ///
    /// `source` is the address that it shall come from: one of the machine's own, otherwise sending fails with
    /// EINVAL; without it the kernel chooses. `interface_index` is the interface that it shall leave by, 0 for the
    /// routing table's choice; a link-local destination or source needs it.
    pub fn push(
        &mut self,
        bytes: &[u8],
        destination: SocketAddrV6,
        source: Option<Ipv6Addr>,
        interface_index: u32,
    ) {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        self.datagrams += 1;
        let info = PacketInfo { address: source.unwrap_or(Ipv6Addr::UNSPECIFIED), interface_index };
        if let Some(train) = self.trains.last_mut()
            && !self.apart
            && train.takes(destination, info, bytes.len())
        {
            train.bytes.end = self.arena.len();
            train.count += 1;
            return;
        }
        let slot = SendSlot::new(destination, info);
        let bytes = start..self.arena.len();
        self.trains.push(Train { destination, info, slot, length: bytes.len(), bytes, count: 1 });
    }

    /// Sends everything that was pushed, in order, and empties the batch.
    ///
    /// A datagram that cannot be sent (no route, interface gone, too long) is counted under its cause and the others
    /// still go. When the socket is full this waits, for the whole call 100 ms at most; what is left then fails
    /// with EAGAIN.
    pub fn send(&mut self, socket: &UdpSocket6) -> SendReport {
        if socket.cuts() {
            self.trains.iter_mut().for_each(Train::couple);
        }
        let mut report = SendReport::default();
        let mut patience = Patience::default();
        let mut rest = self.trains.as_slice();
        while let Some(first) = rest.first() {
            if first.count > 1 && !socket.cuts() {
                self.send_each(first, socket, &mut patience, &mut report);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let cut = rest.iter().take_while(|train| train.count == 1 || socket.cuts());
            let datagrams = cut.map(|train| (Some(&train.slot), self.bytes(train)));
            let done = match send_many(socket.as_fd(), datagrams) {
                // Taking none without an error is not a thing that sendmmsg(2) does; going on would not end.
                Ok(0) => report.fail(0, first),
                Ok(sent) => {
                    report.sent += rest.iter().take(sent).map(|train| train.count).sum::<usize>();
                    sent
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && patience.wait_for(socket) => 0,
                // Each has its own fate.
                Err(_) if first.count > 1 => {
                    self.send_each(first, socket, &mut patience, &mut report);
                    1
                }
                Err(error) => report.fail(error.raw_os_error().unwrap_or(0), first),
            };
            rest = rest.get(done..).unwrap_or_default();
        }
        self.trains.clear();
        self.arena.clear();
        self.datagrams = 0;
        report
    }

    /// Sends the datagrams of a train one by one.
    fn send_each(
        &self,
        train: &Train,
        socket: &UdpSocket6,
        patience: &mut Patience,
        report: &mut SendReport,
    ) {
        let slot = SendSlot::new(train.destination, train.info);
        for datagram in self.bytes(train).chunks(train.length.max(1)) {
            loop {
                match send_many(socket.as_fd(), std::iter::once((Some(&slot), datagram))) {
                    Ok(0) => report.fail(0, train),
                    Ok(sent) => {
                        report.sent += sent;
                        sent
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && patience.wait_for(socket) => {
                        continue;
                    }
                    Err(error) => report.fail(error.raw_os_error().unwrap_or(0), train),
                };
                break;
            }
        }
    }

    fn bytes(&self, train: &Train) -> &[u8] {
        self.arena.get(train.bytes.clone()).unwrap_or_default()
    }

    /// Datagrams that wait in the batch.
    pub fn len(&self) -> usize {
        self.datagrams
    }

    /// Whether the batch holds nothing.
    pub fn is_empty(&self) -> bool {
        self.datagrams == 0
    }

    /// Whether the batch holds as many datagrams as one system call sends: a good moment to send.
    pub fn is_full(&self) -> bool {
        self.datagrams >= MAX_BATCH
    }
}

impl Train {
    /// Whether a datagram of `length` bytes to that place can go with it.
    fn takes(&self, destination: SocketAddrV6, info: PacketInfo, length: usize) -> bool {
        /// What goes over every IPv6 link undivided (RFC 8200 §5), less the headers of IPv6 and UDP: the kernel cuts, but it does
        /// not fragment what it has cut.
        const LONGEST: usize = 1280 - 40 - 8;
        /// UDP_MAX_SEGMENTS of Linux before 6.9.
        const MOST: usize = 64;
        /// What one IPv6 packet without extensions can carry in UDP.
        const MOST_BYTES: usize = 65_535 - 8;
        self.destination == destination
            && self.info == info
            && (1..=LONGEST).contains(&self.length)
            && (1..=self.length).contains(&length)
            // One that is shorter was the last.
            && self.bytes.len() == self.length.saturating_mul(self.count)
            && self.count < MOST
            && self.bytes.len() + length <= MOST_BYTES
    }

    /// Has the kernel cut what is more than one datagram.
    fn couple(&mut self) {
        if let (2.., Ok(segment)) = (self.count, u16::try_from(self.length)) {
            self.slot = SendSlot::segmented(self.destination, self.info, segment);
        }
    }
}

impl fmt::Debug for SendBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.trains.iter().map(|train| (train.destination, train.count, train.bytes.len())))
            .finish()
    }
}

impl SendReport {
    /// Datagrams that could not be sent, for whatever cause.
    pub fn failed(&self) -> usize {
        self.failures.iter().map(|failure| failure.count).sum::<usize>() + self.other_failures
    }

    /// Counts one datagram that failed, and says so: 1.
    fn fail(&mut self, errno: i32, train: &Train) -> usize {
        self.fail_to(errno, train.destination)
    }

    fn fail_to(&mut self, errno: i32, destination: SocketAddrV6) -> usize {
        if let Some(known) = self.failures.iter_mut().find(|failure| failure.errno == errno) {
            known.count += 1;
        } else if self
            .failures
            .try_push(SendFailure { errno, count: 1, first_destination: destination })
            .is_err()
        {
            self.other_failures += 1;
        }
        1
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { errno, count, first_destination } = self;
        write!(f, "{count} to {first_destination}: {}", io::Error::from_raw_os_error(*errno))
    }
}

/// How long one call may still wait for a socket that is full.
#[derive(Default)]
struct Patience {
    ends: Option<Instant>,
}

impl Patience {
    const WHOLE: Duration = Duration::from_millis(100);

    /// Waits until `socket` takes datagrams again; false when the time is up.
    fn wait_for(&mut self, socket: &UdpSocket6) -> bool {
        let now = Instant::now();
        let left = self.ends.get_or_insert_with(|| now + Self::WHOLE).saturating_duration_since(now);
        let Ok(timeout) = Timespec::try_from(left) else { return false };
        if left.is_zero() {
            return false;
        }
        match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&timeout)) {
            Ok(ready) => ready > 0,
            // A signal: the next attempt to send tells whether there is room, and the time runs on.
            Err(error) => error == rustix::io::Errno::INTR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(port: u16) -> SocketAddrV6 {
        SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0)
    }

    #[test]
    fn failures_are_counted_by_cause_with_the_first_destination() {
        let mut report = SendReport::default();
        for (errno, port) in [(libc::EINVAL, 1), (libc::ENETUNREACH, 2), (libc::EINVAL, 3)] {
            report.fail_to(errno, destination(port));
        }
        assert_eq!(
            report.failures.as_slice(),
            [
                SendFailure { errno: libc::EINVAL, count: 2, first_destination: destination(1) },
                SendFailure { errno: libc::ENETUNREACH, count: 1, first_destination: destination(2) },
            ]
        );
        assert_eq!(report.failed(), 3);
    }

    #[test]
    fn more_causes_than_there_is_room_for_still_count() {
        let mut report = SendReport::default();
        for errno in 1..=20 {
            report.fail_to(errno, destination(1));
        }
        assert_eq!((report.failures.len(), report.other_failures, report.failed()), (8, 12, 20));
    }
}
