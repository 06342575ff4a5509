//! Batches of messages to whom a socket is connected to.

use std::fmt;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;

use crate::MAX_BATCH;
use crate::mmsg::send_many;

/// Messages gathered for as few `sendmmsg` as possible, for a [`LoopbackSocket`](crate::LoopbackSocket) or a
/// [`SeqPacket`](crate::SeqPacket).
///
/// Nothing here waits: what to do with a message that the other side does not take is the caller's decision. The
/// batch keeps its room, so that nothing is allocated in the steady state.
#[derive(Default)]
pub struct FrameBatch {
    arena: Vec<u8>,
    frames: Vec<Range<usize>>,
    /// Frames before this one are done with.
    next: usize,
}

impl FrameBatch {
    /// A batch without messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the message that `write` appends to the buffer it is given; if it fails, none.
    pub fn push<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.arena.len();
        let written = write(&mut self.arena);
        match &written {
            Ok(()) => self.frames.push(start..self.arena.len()),
            Err(_) => self.arena.truncate(start),
        }
        written
    }

    /// Sends at most `limit` of the messages that are left, in order, and says how many the system took; those are
    /// done with.
    ///
    /// An error is about the first message, which stays, unless it is an earlier message's (ECONNREFUSED on a
    /// `LoopbackSocket`).
    pub fn send(&mut self, socket: &impl AsFd, limit: usize) -> io::Result<usize> {
        let left = self.frames.get(self.next..).unwrap_or_default();
        let frames = left.iter().take(limit.min(MAX_BATCH));
        let frames = frames.map(|frame| (None, self.arena.get(frame.clone()).unwrap_or_default()));
        if left.is_empty() {
            return Ok(0);
        }
        let sent = send_many(socket.as_fd(), frames)?;
        self.next += sent;
        Ok(sent)
    }

    /// Gives the first of those that are left up.
    pub fn skip(&mut self) {
        self.next = (self.next + 1).min(self.frames.len());
    }

    /// Messages that are left.
    pub fn len(&self) -> usize {
        self.frames.len() - self.next
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives all of them up.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.frames.clear();
        self.next = 0;
    }
}

impl fmt::Debug for FrameBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameBatch").field("left", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReceiveBatch, SeqPacket};

    fn push(batch: &mut FrameBatch, bytes: &[u8]) {
        let written = batch.push(|buffer| {
            buffer.extend_from_slice(bytes);
            Ok::<_, ()>(())
        });
        written.unwrap();
    }

    #[test]
    fn messages_arrive_in_order_and_apart() {
        let (ours, theirs) = SeqPacket::pair().unwrap();
        let mut batch = FrameBatch::new();
        for length in 1..=100_u8 {
            push(&mut batch, &vec![length; usize::from(length)]);
        }
        assert_eq!(
            batch.push(|buffer| {
                buffer.push(0);
                Err(7)
            }),
            Err(7),
            "one that cannot be written is none"
        );
        assert_eq!(batch.len(), 100);
        assert_eq!(batch.send(&ours, 1).unwrap(), 1);
        batch.skip();
        assert_eq!(batch.send(&ours, usize::MAX).unwrap(), MAX_BATCH);
        assert_eq!(batch.send(&ours, usize::MAX).unwrap(), 100 - 2 - MAX_BATCH);
        assert_eq!((batch.send(&ours, usize::MAX).unwrap(), batch.is_empty()), (0, true));

        let mut received = ReceiveBatch::new(MAX_BATCH);
        let mut lengths = Vec::new();
        while received.receive(&theirs).unwrap() > 0 {
            for message in received.iter() {
                assert!(message.bytes.iter().all(|&byte| usize::from(byte) == message.bytes.len()));
                lengths.push(message.bytes.len());
            }
        }
        assert!(lengths.into_iter().eq([1].into_iter().chain(3..=100)));
    }

    #[test]
    fn a_full_socket_is_an_error_and_keeps_what_is_left() {
        let (ours, _theirs) = SeqPacket::pair().unwrap();
        let mut batch = FrameBatch::new();
        let error = (0..1_000_000).find_map(|_| {
            batch.clear();
            push(&mut batch, &[1; 1000]);
            batch.send(&ours, 1).err()
        });
        assert_eq!(error.map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
        assert_eq!(batch.len(), 1);
    }
}
