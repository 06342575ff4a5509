//! What was read ahead of the work, when more comes in than can be served: what belongs to an exchange that has begun goes
//! first, and of what would begin a new one, the oldest is dropped.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use fosix_dhcp6::begins_exchange;
use fosix_net::Received;

/// Datagrams that begin something new and may wait; of what belongs to what was begun, four times as many.
const MOST_NEW: usize = 16_384;
const MOST_BEGUN: usize = 4 * MOST_NEW;

/// How long one that begins something new may wait. Its client has asked again by then, or will before long: the shortest time that
/// a client waits is that of a Solicit, 0.9 s (RFC 9915 §7.6 and §15); so no client has two of them waiting here.
const LONGEST: Duration = Duration::from_millis(900);

/// Buffers that are kept for what comes.
const MOST_SPARE: usize = MOST_NEW;

/// Datagrams that have yet to be served.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    begun: VecDeque<Waiting>,
    new: VecDeque<Waiting>,
    /// Those that are being served.
    batch: Vec<Waiting>,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    source: SocketAddrV6,
    destination: Ipv6Addr,
    interface_index: u32,
    truncated: bool,
    since: Instant,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.new.is_empty()
    }

    /// Keeps what was received at `now`.
    pub(super) fn push(&mut self, received: &Received<'_>, now: Instant) {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(received.bytes);
        let waiting = Waiting {
            bytes,
            source: received.source,
            destination: received.destination,
            interface_index: received.interface_index,
            truncated: received.truncated,
            since: now,
        };
        let queue = if begins_exchange(received.bytes) { &mut self.new } else { &mut self.begun };
        queue.push_back(waiting);
    }

    /// Drops what there is no time for, the oldest first, and tells of each where it came from.
    pub(super) fn drop_surplus(&mut self, now: Instant, mut dropped: impl FnMut(SocketAddrV6)) {
        let has_waited = |first: &Waiting| now.duration_since(first.since) > LONGEST;
        while self.new.len() > MOST_NEW || self.new.front().is_some_and(has_waited) {
            let Some(gone) = self.new.pop_front() else { break };
            dropped(gone.source);
            self.recycle(gone.bytes);
        }
        while self.begun.len() > MOST_BEGUN {
            let Some(gone) = self.begun.pop_front() else { break };
            dropped(gone.source);
            self.recycle(gone.bytes);
        }
    }

    /// Takes out up to `most` that are to be served next: those that belong to what has begun, then the others, each in the order in which
    /// they came.
    pub(super) fn next_batch(&mut self, most: usize) -> impl Iterator<Item = Received<'_>> {
        while let Some(served) = self.batch.pop() {
            self.recycle(served.bytes);
        }
        let begun = most.min(self.begun.len());
        let new = (most - begun).min(self.new.len());
        self.batch.extend(self.begun.drain(..begun).chain(self.new.drain(..new)));
        self.batch.iter().map(|waiting| Received {
            bytes: &waiting.bytes,
            source: waiting.source,
            destination: waiting.destination,
            interface_index: waiting.interface_index,
            truncated: waiting.truncated,
        })
    }

    fn recycle(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < MOST_SPARE {
            self.spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLICIT: u8 = 1;
    const RENEW: u8 = 5;

    fn push(backlog: &mut Backlog, message_type: u8, number: u8, now: Instant) {
        let received = Received {
            bytes: &[message_type, 0, 0, number],
            source: SocketAddrV6::new(Ipv6Addr::LOCALHOST, number.into(), 0, 0),
            destination: Ipv6Addr::LOCALHOST,
            interface_index: 1,
            truncated: false,
        };
        backlog.push(&received, now);
    }

    fn numbers(backlog: &mut Backlog, most: usize) -> Vec<u8> {
        backlog.next_batch(most).map(|received| received.bytes[3]).collect()
    }

    #[test]
    fn what_has_begun_goes_first_each_in_its_order() {
        let mut backlog = Backlog::default();
        let now = Instant::now();
        for (message_type, number) in [(SOLICIT, 1), (RENEW, 2), (SOLICIT, 3), (RENEW, 4), (SOLICIT, 5)] {
            push(&mut backlog, message_type, number, now);
        }
        assert_eq!(numbers(&mut backlog, 3), [2, 4, 1]);
        push(&mut backlog, RENEW, 6, now);
        assert_eq!(numbers(&mut backlog, 3), [6, 3, 5]);
        assert!(backlog.is_empty());
        assert_eq!(numbers(&mut backlog, 3), [0; 0]);
    }

    #[test]
    fn what_begins_something_new_is_dropped_once_it_is_too_much_or_too_old() {
        let mut backlog = Backlog::default();
        let before = Instant::now();
        push(&mut backlog, SOLICIT, 1, before);
        push(&mut backlog, RENEW, 2, before);
        let now = before + LONGEST + Duration::from_millis(1);
        for _ in 0..=MOST_NEW {
            push(&mut backlog, SOLICIT, 3, now);
        }
        let mut dropped = Vec::new();
        backlog.drop_surplus(now, |source| dropped.push(source.port()));
        // The one that is too old, and of the others the one that is too many.
        assert_eq!(dropped, [1, 3]);
        assert_eq!(numbers(&mut backlog, 2), [2, 3]);
    }
}
