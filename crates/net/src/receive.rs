//! Batches of received datagrams.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsFd;

use crate::MAX_BATCH;
use crate::mmsg::{Queue, ReceiveSlot, receive_many};

/// One received datagram.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The UDP payload.
    pub bytes: &'a [u8],
    /// Who sent it; the scope id is the interface's index for a link-local source, otherwise 0.
    pub source: SocketAddrV6,
    /// The address that it was sent to, unicast or multicast. `::` when the kernel did not tell, which is no
    /// address of any interface.
    pub destination: Ipv6Addr,
    /// The interface that it came in on, 0 when the kernel did not tell.
    pub interface_index: u32,
    /// Whether bytes are missing. Only a jumbogram is longer than a slot.
    pub truncated: bool,
}

/// Room for the datagrams of one `recvmmsg`: up to [`MAX_BATCH`] slots of 65,535 bytes.
///
/// The room is reserved once. Pages are touched only when a datagram reaches into them, so that a batch of ordinary
/// messages costs one or two pages a slot, not 64 KiB.
pub struct ReceiveBatch {
    arena: Vec<u8>,
    slots: Vec<ReceiveSlot>,
    filled: usize,
}

impl ReceiveBatch {
    /// Room for `slots` datagrams, at least 1 and at most [`MAX_BATCH`].
    pub fn new(slots: usize) -> Self {
        let slots = slots.clamp(1, MAX_BATCH);
        Self { arena: vec![0; slots * STRIDE], slots: vec![ReceiveSlot::EMPTY; slots], filled: 0 }
    }

    /// Forgets the last batch and receives the datagrams that wait on `socket`, without waiting for any.
    ///
    /// 0 means that none was waiting. An error belongs to the socket, not to a datagram, and is told once: after it
    /// the socket can be read on, which is also what to do when an interface has gone (ENETDOWN, ENODEV).
    ///
    /// `socket` is a [`UdpSocket6`](crate::UdpSocket6), a [`LoopbackSocket`](crate::LoopbackSocket) or a
    /// [`SeqPacket`](crate::SeqPacket). Of a `SeqPacket` only the bytes of each count; once its other end is closed
    /// they are empty.
    pub fn receive(&mut self, socket: &impl AsFd) -> io::Result<usize> {
        self.filled = 0;
        loop {
            let buffers = self.arena.chunks_exact_mut(STRIDE).filter_map(|slot| slot.get_mut(..SLOT_BYTES));
            match receive_many(socket.as_fd(), buffers, &mut self.slots, Queue::Received) {
                Ok(received) => {
                    self.filled = received;
                    return Ok(received);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The datagrams of the last [`receive`](Self::receive), in the order in which they arrived.
    pub fn iter(&self) -> impl Iterator<Item = Received<'_>> {
        self.arena.chunks_exact(STRIDE).zip(&self.slots).take(self.filled).map(|(buffer, slot)| {
            let info = slot.packet_info();
            Received {
                bytes: buffer.get(..slot.length().min(SLOT_BYTES)).unwrap_or_default(),
                source: slot.source(),
                destination: info.map_or(Ipv6Addr::UNSPECIFIED, |info| info.address),
                interface_index: info.map_or(0, |info| info.interface_index),
                truncated: slot.truncated(),
            }
        })
    }

    /// Datagrams of the last [`receive`](Self::receive).
    pub const fn len(&self) -> usize {
        self.filled
    }

    /// Whether the last [`receive`](Self::receive) got none.
    pub const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Whether the last [`receive`](Self::receive) filled every slot, so that more may be waiting.
    pub fn is_full(&self) -> bool {
        self.filled == self.slots.len()
    }
}

impl Default for ReceiveBatch {
    /// No room at all: what stands in for a batch that is lent out.
    fn default() -> Self {
        Self { arena: Vec::new(), slots: Vec::new(), filled: 0 }
    }
}

impl fmt::Debug for ReceiveBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// No UDP datagram but a jumbogram is longer.
const SLOT_BYTES: usize = 65_535;

/// Distance between slots. A power of two would put the beginning of every slot, which is all that most datagrams
/// use, into the same few sets of the processor's caches; ten cache lines more spread them.
const STRIDE: usize = 65_536 + 640;
