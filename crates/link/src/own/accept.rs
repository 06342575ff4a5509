//! The DHCPv4 half's side: lets DHCPv6 halves in that run as the right user and say who they are.

use std::io;
use std::time::Instant;

use fosix_net::{AddressBook, Poller, ReceiveBatch, SeqPacket, SeqPacketListener};
use tracing::{info, warn};

use super::{Board, Connection, Frame, HANDSHAKE, Refusal, Settings, VERSION, hello, names};
use crate::{LinkEvent, Role};

/// DHCPv6 halves that are served at a time: several servers, and one that restarts.
const CONNECTIONS: usize = 8;
/// Connections that have not said yet who they are.
const GREETINGS: usize = 8;

const KEEPER: u64 = u64::MAX;
const LISTENER: u64 = u64::MAX - 1;

/// A connection that has not said yet who it is.
struct Greeting {
    socket: SeqPacket,
    process: i32,
    ends: Instant,
}

/// What becomes of one that has.
enum Verdict {
    Wait,
    Welcome,
    Refuse(Option<Refusal>, &'static str),
}

pub(super) fn run(
    board: &Board,
    listener: &SeqPacketListener,
    settings: &Settings,
    book: &AddressBook,
    changed: &dyn Fn(),
) -> io::Result<()> {
    let mut poller = Poller::new()?;
    poller.add(&*board.keeper, KEEPER)?;
    poller.add(listener, LISTENER)?;
    let mut greetings: [Option<Greeting>; GREETINGS] = Default::default();
    let mut received = ReceiveBatch::new(1);
    while !board.is_stopped() {
        let now = Instant::now();
        let next = greetings.iter().flatten().map(|greeting| greeting.ends).min();
        let ready = poller.wait(next.map(|end| end.saturating_duration_since(now)))?.to_vec();
        if ready.contains(&KEEPER) {
            board.keeper.reset();
        }
        let went = board.remove_ended();
        for _ in 0..went {
            board.counted().events.count(LinkEvent::PeerWent);
            warn!("the DHCPv6 half is away: its connection has ended");
        }
        let mut came = 0;
        for (token, slot) in (0..).zip(&mut greetings) {
            let Some(greeting) = slot else { continue };
            let verdict = match greeting.ends <= Instant::now() {
                true => Verdict::Refuse(None, "it does not say who it is"),
                false if ready.contains(&token) => listen(greeting, board, &mut received),
                false => Verdict::Wait,
            };
            let welcome = match verdict {
                Verdict::Wait => continue,
                Verdict::Welcome => greeting.socket.send(&hello(Role::Dhcpv4, settings, book)).is_ok(),
                Verdict::Refuse(refusal, why) => {
                    let mut bytes = Vec::new();
                    // It may be gone already.
                    let _ = refusal.and_then(|refusal| {
                        Frame::Refusal(refusal).encode(&mut bytes).ok()?;
                        greeting.socket.send(&bytes).ok()
                    });
                    refuse(board, greeting.process, why);
                    false
                }
            };
            poller.remove(&greeting.socket)?;
            if let (Some(greeting), true) = (slot.take(), welcome) {
                board.add(Connection::new(greeting.socket, board));
                board.counted().events.count(LinkEvent::PeerCame);
                came += 1;
            }
        }
        if went + came > 0 {
            changed();
        }
        if ready.contains(&LISTENER) {
            admit(listener, board, settings, &mut greetings, &poller)?;
        }
    }
    for connection in board.connections() {
        connection.end();
    }
    board.remove_ended();
    Ok(())
}

/// Takes those that have connected, if their user may.
fn admit(
    listener: &SeqPacketListener,
    board: &Board,
    settings: &Settings,
    greetings: &mut [Option<Greeting>; GREETINGS],
    poller: &Poller,
) -> io::Result<()> {
    // One that has gone again before it was accepted is no reason to stop (accept(2)).
    while let Ok(Some(socket)) = listener.accept() {
        let Ok(peer) = socket.peer() else { continue };
        if peer.user != settings.peer_user {
            warn!(user = peer.user, allowed = settings.peer_user, "a connection of another user");
            refuse(board, peer.process, "its user may not connect");
            continue;
        }
        let free = (0..).zip(greetings.iter_mut()).find(|(_, slot)| slot.is_none());
        let Some((token, slot)) = free else {
            refuse(board, peer.process, "too many have not said who they are");
            continue;
        };
        poller.add(&socket, token)?;
        *slot = Some(Greeting { socket, process: peer.process, ends: Instant::now() + HANDSHAKE });
    }
    Ok(())
}

/// Hears who it is.
fn listen(greeting: &Greeting, board: &Board, received: &mut ReceiveBatch) -> Verdict {
    match received.receive(&greeting.socket) {
        Ok(0) => return Verdict::Wait,
        Ok(_) => {}
        Err(_) => return Verdict::Refuse(None, "its connection has failed"),
    }
    let bytes = received.iter().next().map(|frame| frame.bytes).unwrap_or_default();
    match Frame::decode(bytes) {
        Ok(Frame::Hello(hello)) if hello.version != VERSION => {
            Verdict::Refuse(Some(Refusal::Version), "it speaks another version of the link")
        }
        Ok(Frame::Hello(hello)) if hello.role != Role::Dhcpv6 => {
            Verdict::Refuse(Some(Refusal::Role), "it is not a DHCPv6 half")
        }
        Ok(Frame::Hello(_)) if board.connections().len() >= CONNECTIONS => {
            Verdict::Refuse(Some(Refusal::TooMany), "there are too many connections")
        }
        Ok(Frame::Hello(hello)) => {
            info!(
                process = greeting.process,
                version = hello.program,
                interfaces = names(&hello),
                "connected with the DHCPv6 half"
            );
            Verdict::Welcome
        }
        _ => Verdict::Refuse(None, "what it says is not a Hello"),
    }
}

fn refuse(board: &Board, process: i32, why: &str) {
    let mut statistics = board.counted();
    let first = statistics.events.get(LinkEvent::ConnectionRefused) == 0;
    statistics.events.count(LinkEvent::ConnectionRefused);
    drop(statistics);
    if first {
        warn!(process, "a connection was refused: {why}; further ones only count");
    }
}
