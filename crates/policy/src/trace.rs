//! Following one client's messages through a running server.

use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::Step;

/// Messages that may wait for whoever follows a client; more are lost, and counted.
const WAITING: usize = 256;

/// A message of a client that somebody follows, and what became of it.
#[derive(Debug, Clone)]
pub struct Traced {
    /// The DHCPv6 message with its relay levels.
    pub bytes: Vec<u8>,
    /// Where it came from.
    pub source: Ipv6Addr,
    /// The interface that it came in on.
    pub interface: String,
    /// What was decided, in order.
    pub steps: Vec<Step>,
    /// What became of it in the end.
    pub result: String,
    /// The answer; empty for none. It may have yet to wait for the disk.
    pub answer: Vec<u8>,
    /// Messages of the client before this one that could not be told of.
    pub lost: u64,
}

/// Who follows which client in one half. Nobody does as a rule, and then a message costs one look at a number.
#[derive(Debug, Default)]
pub struct Tracer {
    count: AtomicUsize,
    followers: Mutex<Vec<Follower>>,
}

#[derive(Debug)]
struct Follower {
    identifier: Vec<u8>,
    sender: SyncSender<Traced>,
    lost: u64,
}

impl Tracer {
    /// Follows the client of whose messages `identifier` is a part: a hardware address, a DUID, a client identifier, the name
    /// of its line. It goes on until the receiver is dropped.
    pub fn follow(&self, identifier: Vec<u8>) -> Receiver<Traced> {
        let (sender, receiver) = sync_channel(WAITING);
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.push(Follower { identifier, sender, lost: 0 });
        self.count.store(followers.len(), Ordering::Release);
        receiver
    }

    /// Whether anybody follows the client of this message.
    pub fn follows(&self, message: &[u8]) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter().any(|follower| follower.concerns(message))
    }

    /// Tells those who follow the client. Whoever has gone away is followed for no more.
    pub fn tell(&self, traced: &Traced) {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain_mut(|follower| {
            if !follower.concerns(&traced.bytes) {
                return true;
            }
            match follower.sender.try_send(Traced { lost: follower.lost, ..traced.clone() }) {
                Ok(()) => follower.lost = 0,
                Err(TrySendError::Full(_)) => follower.lost += 1,
                Err(TrySendError::Disconnected(_)) => return false,
            }
            true
        });
        self.count.store(followers.len(), Ordering::Release);
    }
}

impl Follower {
    fn concerns(&self, message: &[u8]) -> bool {
        !self.identifier.is_empty()
            && message.windows(self.identifier.len()).any(|part| part == self.identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(bytes: &[u8]) -> Traced {
        Traced {
            bytes: bytes.to_vec(),
            source: Ipv6Addr::LOCALHOST,
            interface: String::new(),
            steps: Vec::new(),
            result: String::new(),
            answer: Vec::new(),
            lost: 0,
        }
    }

    #[test]
    fn only_the_messages_of_a_client_are_told_and_only_while_somebody_listens() {
        let tracer = Tracer::default();
        assert!(!tracer.follows(b"anything"));
        let receiver = tracer.follow(b"abc".to_vec());
        assert!(tracer.follows(b"12abc3") && !tracer.follows(b"12ab3"));
        tracer.tell(&traced(b"12abc3"));
        tracer.tell(&traced(b"other"));
        assert_eq!(receiver.recv().unwrap().bytes, b"12abc3");
        drop(receiver);
        tracer.tell(&traced(b"12abc3"));
        assert!(!tracer.follows(b"12abc3"));
    }

    #[test]
    fn what_nobody_takes_is_counted() {
        let tracer = Tracer::default();
        let receiver = tracer.follow(b"a".to_vec());
        for _ in 0..WAITING + 5 {
            tracer.tell(&traced(b"a"));
        }
        for _ in 0..WAITING {
            assert_eq!(receiver.recv().unwrap().lost, 0);
        }
        tracer.tell(&traced(b"a"));
        assert_eq!(receiver.recv().unwrap().lost, 5);
    }
}
