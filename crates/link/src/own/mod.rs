//! Our own link: a Unix socket that keeps messages apart (SOCK_SEQPACKET), whose two ends know each other's user.
//!
//! The DHCPv4 half listens and the DHCPv6 half connects, again and again until it is let in. Both say who they are
//! ([`Hello`]) before anything else. One thread keeps the connections; the workers send and receive on them.

mod accept;
mod board;
mod connect;
mod frame;
mod in_flight;
mod link4;
mod link6;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fosix_net::{AddressBook, SeqPacketListener};
use tracing::error;

pub use board::{Board, Connection};
pub use frame::{Frame, Hello, Passage, Refusal, TooLong, VERSION};
pub(crate) use link4::Head;
pub use link4::OwnLink4;
pub use link6::OwnLink6;

use crate::Role;

/// How a half finds the other and whom it lets in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the socket is.
    pub path: PathBuf,
    /// The user that the other half must run as.
    pub peer_user: u32,
    /// The user that this half runs as.
    pub own_user: u32,
    /// The version of this program, for the other half's log.
    pub program: &'static str,
    /// Queries that may wait for their answers.
    pub in_flight_limit: usize,
    /// How long a query that gets no answer is waited for.
    pub in_flight_patience: Duration,
}

impl Settings {
    /// Queries that may wait for their answers, unless told otherwise: a tenth of a second of a fast half's work.
    pub const IN_FLIGHT_LIMIT: usize = 8192;
    /// How long a query is waited for, unless told otherwise: less than a client waits before it asks again
    /// (RFC 2131 §4.1: 3 to 5 seconds).
    pub const IN_FLIGHT_PATIENCE: Duration = Duration::from_secs(2);
}

/// The thread that keeps the connections of a half; it ends when this is dropped.
#[derive(Debug)]
pub struct Keeper {
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins to listen, or to connect. `changed` is called whenever there are other connections than before.
    pub fn start(
        role: Role,
        settings: Settings,
        book: Arc<AddressBook>,
        changed: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let board = Arc::new(Board::new(&settings)?);
        let keeper = Arc::clone(&board);
        let run: Box<dyn FnOnce() -> std::io::Result<()> + Send> = match role {
            Role::Dhcpv6 => Box::new(move || connect::run(&keeper, &settings, &book, &changed)),
            Role::Dhcpv4 => {
                // Whoever runs as another user must be able to write to the file; its user is checked in any case.
                let mode = if settings.peer_user == settings.own_user { 0o600 } else { 0o666 };
                let listener = SeqPacketListener::bind(&settings.path, mode)?;
                Box::new(move || accept::run(&keeper, &listener, &settings, &book, &changed))
            }
        };
        let thread = thread::Builder::new().name("link".to_owned()).spawn(move || {
            if let Err(error) = run() {
                error!(%error, "the link cannot go on");
            }
        })?;
        Ok(Self { board, thread: Some(thread) })
    }

    /// What the workers' links share.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Whether the thread has ended, which it does by itself only when the system fails it.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.board.stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the link's thread has panicked");
        }
    }
}

/// This half's Hello as bytes.
fn hello(role: Role, settings: &Settings, book: &AddressBook) -> Vec<u8> {
    let interfaces = book.interfaces();
    let hello = Hello {
        version: VERSION,
        role,
        program: settings.program,
        interfaces: interfaces.iter().map(|interface| (interface.index, &*interface.name)).collect(),
    };
    let mut bytes = Vec::new();
    // A Hello is never too long.
    let _ = Frame::Hello(hello).encode(&mut bytes);
    bytes
}

/// The names of a Hello's interfaces for a log line.
fn names(hello: &Hello<'_>) -> String {
    let names: Vec<&str> = hello.interfaces.iter().map(|(_, name)| *name).take(16).collect();
    names.join(" ")
}

/// How long the other side may take to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(5);
