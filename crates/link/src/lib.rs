//! The link between the DHCPv6 half and the DHCPv4 half.
//!
//! What crosses it is a whole DHCPv6 message each way, relay levels included, together with where the query came
//! from. Nothing that an answer needs is remembered between the two, so that either half can start anew at any time.
//!
//! ```text
//! DHCPv6 half, Link6            one of                                DHCPv4 half, Link4
//! ─────────────────             ─────────────────────────────         ──────────────────
//! submit(query)  ──┐    direct: a function call, direct.rs           ┌─► receive, queries
//! flush            ├──► Kea's: UDP on ::1, udp.rs, kea.rs        ────┤
//! responses      ◄─┘    our own: a Unix socket, own/                 └── answer, flush
//! ```
//!
//! Every worker has a link of its own; the sockets are shared. docs/links.md has the bytes of both.

mod answers;
mod check;
mod direct;
mod inbox;
pub mod kea;
mod names;
pub mod own;
mod peer;
mod return_path;
mod statistics;
mod udp;

use std::fmt::Debug;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use fosix_dhcp4::{Query, Statistics4};
use fosix_dhcp6::{HandOver, Origin};
use fosix_lease::Timestamp;

pub use answers::Answers;
pub use direct::{Direct, Half4};
pub use return_path::ReturnPath;
pub use statistics::{LinkDrop, LinkEvent, LinkLoss, LinkStatistics, Role};
pub use udp::{KeaLink4, KeaLink6, KeaSocket};

/// The link as one worker of the DHCPv6 half sees it.
pub trait Link6: Debug + Send {
    /// Takes a query. What cannot be taken is counted under the reason.
    fn submit(&mut self, query: &HandOver<'_>);

    /// Sends every query that was taken, without waiting for anything, or has it served at `now`.
    fn flush(&mut self, now: Timestamp);

    /// Gives every response that has come and may be told, at most a batch of them, with where it belongs.
    fn responses(&mut self, respond: &mut dyn FnMut(&Origin, &[u8]));

    /// The sockets that responses come in on.
    fn sockets(&self) -> Vec<LinkSocket>;

    /// Waits until every response that was made here may be told.
    fn settle(&mut self) {}

    /// Responses that were made here and may not be told yet.
    fn in_hand(&self) -> usize {
        0
    }

    /// Has queries served by `half` from now on, where that is done in this process.
    fn serve_by(&mut self, _half: &Arc<Half4>) {}

    /// What was counted.
    fn statistics(&self) -> Counted<'_>;
}

/// The link as one worker of a DHCPv4 half alone sees it.
pub trait Link4: Debug + Send {
    /// Takes the queries that have come on one of the sockets, at most a batch, and says how many; those of before
    /// are forgotten.
    fn receive(&mut self, socket: &LinkSocket) -> usize;

    /// One of the queries that were taken, counted from 0.
    fn query(&self, at: usize) -> Option<Query<'_>>;

    /// Where the answer to one of the queries goes, also after later batches.
    fn return_path(&self, at: usize) -> Option<ReturnPath>;

    /// Takes the whole DHCPV4-RESPONSE to a query; without bytes none is due.
    fn answer(&mut self, to: &ReturnPath, response: &[u8]);

    /// Sends everything that was answered, without waiting for anything.
    fn flush(&mut self);

    /// The sockets that queries come in on.
    fn sockets(&self) -> Vec<LinkSocket>;

    /// What was counted.
    fn statistics(&self) -> &LinkStatistics;
}

/// What a link counted.
#[derive(Debug, Clone, Copy)]
pub enum Counted<'a> {
    /// The DHCPv4 half is in this process: what it counted.
    Half(&'a Statistics4),
    /// It is in another one: what became of what was sent to it.
    Link(&'a LinkStatistics),
    /// There is none.
    Nothing,
}

/// A socket of a link, to wait for.
#[derive(Debug, Clone)]
pub enum LinkSocket {
    /// Kea's.
    Kea(Arc<KeaSocket>),
    /// Our own.
    Own(Arc<own::Connection>),
}

impl LinkSocket {
    /// Whether it is no more of use: whoever waits for it should ask its link for the sockets that there are now.
    pub fn has_ended(&self) -> bool {
        match self {
            Self::Kea(_) => false,
            Self::Own(connection) => connection.has_ended(),
        }
    }
}

impl AsFd for LinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Kea(socket) => socket.as_fd(),
            Self::Own(connection) => connection.as_fd(),
        }
    }
}

/// No DHCPv4 half anywhere: the DHCPv6 half drops the queries itself and hands nothing over.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLink;

impl Link6 for NoLink {
    fn submit(&mut self, _query: &HandOver<'_>) {}

    fn flush(&mut self, _now: Timestamp) {}

    fn responses(&mut self, _respond: &mut dyn FnMut(&Origin, &[u8])) {}

    fn sockets(&self) -> Vec<LinkSocket> {
        Vec::new()
    }

    fn statistics(&self) -> Counted<'_> {
        Counted::Nothing
    }
}
