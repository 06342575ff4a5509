//! What was read ahead of the work, when more comes in than can be served: what belongs to an exchange that has begun goes
//! first, and what would begin a new one is dropped where too much of that waits already.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use fosix_dhcp6::begins_exchange;
use fosix_net::Received;

/// Datagrams that begin something new and may wait where too much comes in for long: the work of some 10 to 20 ms. More would not be
/// served sooner, and would take the processor's cache from what is.
const MOST_NEW: usize = 1024;
/// Those that may wait in the first moments, which are as a rule all: after a short standstill everybody is served.
const MOST_NEW_AT_FIRST: usize = 16_384;
const AT_FIRST: Duration = Duration::from_secs(1);
/// Datagrams of what was begun that may wait. Nearly always fewer do, since only what was served can go on.
const MOST_BEGUN: usize = 65_536;

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
    /// Since when something has been waiting without a break.
    behind_since: Option<Instant>,
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

    /// Keeps what was received at `now`; says whether there was room for it.
    #[must_use]
    pub(super) fn push(&mut self, received: &Received<'_>, now: Instant) -> bool {
        let since = *self.behind_since.get_or_insert(now);
        let most_new = if now.duration_since(since) < AT_FIRST { MOST_NEW_AT_FIRST } else { MOST_NEW };
        let begins = begins_exchange(received.bytes);
        let (queue, most) = if begins { (&mut self.new, most_new) } else { (&mut self.begun, MOST_BEGUN) };
        if queue.len() >= most {
            return false;
        }
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
        queue.push_back(waiting);
        true
    }

    /// Drops what has waited for too long, and tells of each where it came from.
    pub(super) fn drop_old(&mut self, now: Instant, mut dropped: impl FnMut(SocketAddrV6)) {
        let has_waited = |first: &Waiting| now.duration_since(first.since) > LONGEST;
        while self.new.front().is_some_and(has_waited) {
            let Some(gone) = self.new.pop_front() else { break };
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
        if self.is_empty() {
            self.behind_since = None;
        }
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

    fn push(backlog: &mut Backlog, message_type: u8, number: u8, now: Instant) -> bool {
        let received = Received {
            bytes: &[message_type, 0, 0, number],
            source: SocketAddrV6::new(Ipv6Addr::LOCALHOST, number.into(), 0, 0),
            destination: Ipv6Addr::LOCALHOST,
            interface_index: 1,
            truncated: false,
        };
        backlog.push(&received, now)
    }

    fn numbers(backlog: &mut Backlog, most: usize) -> Vec<u8> {
        backlog.next_batch(most).map(|received| received.bytes[3]).collect()
    }

    #[test]
    fn what_has_begun_goes_first_each_in_its_order() {
        let mut backlog = Backlog::default();
        let now = Instant::now();
        for (message_type, number) in [(SOLICIT, 1), (RENEW, 2), (SOLICIT, 3), (RENEW, 4), (SOLICIT, 5)] {
            assert!(push(&mut backlog, message_type, number, now));
        }
        assert_eq!(numbers(&mut backlog, 3), [2, 4, 1]);
        assert!(push(&mut backlog, RENEW, 6, now));
        assert_eq!(numbers(&mut backlog, 3), [6, 3, 5]);
        assert!(backlog.is_empty());
        assert_eq!(numbers(&mut backlog, 3), [0; 0]);
    }

    #[test]
    fn what_begins_something_new_is_dropped_once_it_is_too_much_or_too_old() {
        let mut backlog = Backlog::default();
        let before = Instant::now();
        for number in 0..MOST_NEW_AT_FIRST {
            assert!(push(&mut backlog, SOLICIT, u8::from(number > 0), before));
        }
        assert!(!push(&mut backlog, SOLICIT, 2, before), "there is no room");
        assert!(push(&mut backlog, RENEW, 3, before), "for what has begun there is");
        assert_eq!(numbers(&mut backlog, 2), [3, 0]);

        let now = before + LONGEST + Duration::from_millis(1);
        assert!(push(&mut backlog, RENEW, 4, before) && push(&mut backlog, SOLICIT, 5, now));
        let mut dropped = 0;
        backlog.drop_old(now, |source| dropped += usize::from(source.port() == 1));
        assert_eq!(dropped, MOST_NEW_AT_FIRST - 1);
        assert_eq!(numbers(&mut backlog, 9), [4, 5]);
    }

    #[test]
    fn less_may_wait_once_too_much_has_come_in_for_long() {
        let mut backlog = Backlog::default();
        let begin = Instant::now();
        let later = begin + AT_FIRST;
        for _ in 0..MOST_NEW {
            assert!(push(&mut backlog, SOLICIT, 1, begin));
        }
        assert!(!push(&mut backlog, SOLICIT, 1, later));
        // Once all of it is served it begins anew.
        assert_eq!(numbers(&mut backlog, MOST_NEW).len(), MOST_NEW);
        for _ in 0..=MOST_NEW {
            assert!(push(&mut backlog, SOLICIT, 1, later));
        }
    }
}
