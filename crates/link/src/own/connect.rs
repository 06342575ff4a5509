//! The DHCPv6 half's side: connects, says who it is, and begins again whenever the connection ends.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fosix_net::{AddressBook, Poller, ReceiveBatch, SeqPacket};
use tracing::{info, warn};

use super::{Board, Connection, Frame, HANDSHAKE, Refusal, Settings, VERSION, hello, names};
use crate::{LinkEvent, Role};

/// How long to wait before the next attempt: doubled after each that fails.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

const KEEPER: u64 = 0;
const SOCKET: u64 = 1;

/// Why there is no connection.
#[derive(Debug)]
enum Failure {
    /// The system's answer.
    System(io::Error),
    /// Somebody else listens there.
    User(u32),
    /// The other half has refused.
    Refused(Refusal),
    /// The other half speaks another version.
    Version(u16),
    /// It said something else than who it is.
    Greeting,
    /// It said nothing.
    Silence,
    /// This half is to stop.
    Stopped,
}

pub(super) fn run(
    board: &Board,
    settings: &Settings,
    book: &AddressBook,
    changed: &dyn Fn(),
) -> io::Result<()> {
    let mut poller = Poller::new()?;
    poller.add(&*board.keeper, KEEPER)?;
    let mut wait = FIRST_WAIT;
    let mut told: Option<String> = None;
    let mut was_there = false;
    loop {
        match greet(board, settings, book, &mut poller) {
            Err(Failure::Stopped) => return Ok(()),
            Err(failure) => {
                // Once for each reason; that a half which went away is not there yet is none.
                let reason = failure.to_string();
                if told.as_ref() != Some(&reason) && !(told.is_some() && failure.is_absence()) {
                    warn!(path = %settings.path.display(), "the DHCPv4 half is away: {reason}");
                    told = Some(reason);
                }
            }
            Ok(connection) => {
                info!("the DHCPv4 half is {}", if was_there { "back" } else { "there" });
                board.counted().events.count(LinkEvent::PeerCame);
                (was_there, told, wait) = (true, None, FIRST_WAIT);
                board.add(Arc::clone(&connection));
                changed();
                while !connection.has_ended() && !board.is_stopped() {
                    poller.wait(None)?;
                    board.keeper.reset();
                }
                connection.end();
                board.remove_ended();
                board.counted().events.count(LinkEvent::PeerWent);
                changed();
                if !board.is_stopped() {
                    let reason = "its connection has ended";
                    warn!(path = %settings.path.display(), "the DHCPv4 half is away: {reason}");
                    told = Some(reason.to_owned());
                }
            }
        }
        let end = Instant::now() + wait;
        wait = (wait * 2).min(LONGEST_WAIT);
        loop {
            if board.is_stopped() {
                return Ok(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if !poller.wait(Some(left))?.is_empty() {
                board.keeper.reset();
            }
        }
    }
}

/// Connects and waits until both sides have said who they are.
fn greet(
    board: &Board,
    settings: &Settings,
    book: &AddressBook,
    poller: &mut Poller,
) -> Result<Arc<Connection>, Failure> {
    let socket = SeqPacket::connect(&settings.path)?;
    let peer = socket.peer()?;
    if peer.user != settings.peer_user {
        return Err(Failure::User(peer.user));
    }
    socket.send(&hello(Role::Dhcpv6, settings, book))?;
    poller.add(&socket, SOCKET)?;
    let greeting = wait_for_greeting(&socket, board, poller);
    poller.remove(&socket)?;
    greeting?;
    Ok(Connection::new(socket, board))
}

fn wait_for_greeting(socket: &SeqPacket, board: &Board, poller: &mut Poller) -> Result<(), Failure> {
    // One at a time: what comes behind it is for the workers.
    let mut received = ReceiveBatch::new(1);
    let end = Instant::now() + HANDSHAKE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Silence);
        }
        if poller.wait(Some(left))?.contains(&KEEPER) {
            board.keeper.reset();
        }
        if board.is_stopped() {
            return Err(Failure::Stopped);
        }
        if received.receive(socket)? == 0 {
            continue;
        }
        let bytes = received.iter().next().map(|frame| frame.bytes).unwrap_or_default();
        if bytes.is_empty() {
            return Err(Failure::System(io::ErrorKind::ConnectionReset.into()));
        }
        return match Frame::decode(bytes) {
            Ok(Frame::Hello(hello)) if hello.version != VERSION => Err(Failure::Version(hello.version)),
            Ok(Frame::Hello(hello)) if hello.role == Role::Dhcpv4 => {
                info!(version = hello.program, interfaces = names(&hello), "connected with the DHCPv4 half");
                Ok(())
            }
            Ok(Frame::Refusal(refusal)) => Err(Failure::Refused(refusal)),
            _ => Err(Failure::Greeting),
        };
    }
}

impl Failure {
    /// Whether nobody is there, rather than somebody who is wrong.
    fn is_absence(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, WouldBlock};
        let absence = [BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, WouldBlock];
        matches!(self, Self::System(error) if absence.contains(&error.kind()))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "{error}"),
            Self::User(user) => write!(f, "user {user} listens there, whom `link-user` does not allow"),
            Self::Refused(refusal) => write!(f, "it refuses the connection: {refusal}"),
            Self::Version(version) => write!(f, "it speaks version {version} of the link, not {VERSION}"),
            Self::Greeting => f.write_str("what listens there is not a DHCPv4 half"),
            Self::Silence => f.write_str("it does not say who it is"),
            Self::Stopped => f.write_str("stopping"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => write!(f, "it does not speak version {VERSION} of the link"),
            Self::Role => f.write_str("it wants a DHCPv6 half"),
            Self::TooMany => f.write_str("it has as many connections as it takes"),
        }
    }
}
