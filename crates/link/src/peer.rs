//! Whether the other half is there, and a line in the log when that changes.

use std::sync::atomic::{AtomicBool, Ordering};

use fosix_policy::Tally;
use tracing::{info, warn};

use crate::{LinkEvent, Role};

/// What is known of the other half, shared by all workers.
#[derive(Debug)]
pub(crate) struct Peer {
    role: Role,
    away: AtomicBool,
    heard: AtomicBool,
}

impl Peer {
    /// Nothing is known of it yet.
    pub(crate) const fn new(role: Role) -> Self {
        Self { role, away: AtomicBool::new(false), heard: AtomicBool::new(false) }
    }

    /// Whether the last thing known is that it is not there.
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// It did not take a message.
    pub(crate) fn went(&self, events: &mut Tally<LinkEvent>) {
        self.heard.store(false, Ordering::Relaxed);
        if !self.away.swap(true, Ordering::Relaxed) {
            events.count(LinkEvent::PeerWent);
            warn!("{} is away: nobody listens at its port", self.role.peer());
        }
    }

    /// It has said something.
    pub(crate) fn came(&self, events: &mut Tally<LinkEvent>) {
        if self.heard.load(Ordering::Relaxed) {
            return;
        }
        if !self.heard.swap(true, Ordering::Relaxed) {
            let again = self.away.swap(false, Ordering::Relaxed);
            events.count(LinkEvent::PeerCame);
            info!("{} is {}", self.role.peer(), if again { "back" } else { "there" });
        }
    }
}
