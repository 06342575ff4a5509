//! A datagram as it arrives, and the checks that every message passes before it is served.

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_wire::Error;
use fosix_wire::v4;
use fosix_wire::v6::{Duid, MAX_RELAY_LEVELS, Message, MessageType, OptionCode, Packet};

use crate::Drop6;

/// A received datagram.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// What was received.
    pub bytes: &'a [u8],
    /// Where it came from and to.
    pub origin: Origin,
    /// The name of the interface that it came in on.
    pub interface: &'a str,
}

/// Where a datagram came from and to: what is needed, beside the answer itself, to send the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The client's or the nearest relay's address and port.
    pub source: SocketAddrV6,
    /// The address that it was sent to; `::` where the link does not carry it.
    pub destination: Ipv6Addr,
    /// The index of the interface that it came in on.
    pub interface_index: u32,
    /// A link-local address of that interface, if it has one.
    pub link_local: Option<Ipv6Addr>,
}

/// Decodes a datagram with at most `max_relay_levels` Relay-forward levels, in place of what `packet` was.
pub(crate) fn decode<'a>(
    packet: &mut Packet<'a>,
    bytes: &'a [u8],
    max_relay_levels: usize,
) -> Result<(), Drop6> {
    packet.read(bytes, max_relay_levels).map_err(|error| match error {
        Error::TooManyRelayLevels { .. } => Drop6::TooManyRelays,
        _ => Drop6::Malformed,
    })?;
    // RFC 9915 §16.14: a server has no use for a Relay-reply.
    let forwarded = packet.relays().iter().all(|relay| relay.message_type() == MessageType::RELAY_FORW);
    if forwarded { Ok(()) } else { Err(Drop6::MessageType) }
}

/// Whether what was received is a Solicit or a DHCPDISCOVER in a DHCPV4-QUERY: nobody has been promised anything yet who sends
/// that, and whoever gets no answer asks again. Only enough is read to tell.
pub fn begins_exchange(bytes: &[u8]) -> bool {
    let mut packet = Packet::default();
    if packet.read(bytes, MAX_RELAY_LEVELS).is_err() {
        return false;
    }
    let message = packet.message();
    match message.message_type() {
        MessageType::SOLICIT => true,
        MessageType::DHCPV4_QUERY => {
            let inner = message.options().find(OptionCode::DHCPV4_MSG);
            inner.is_some_and(is_discover)
        }
        _ => false,
    }
}

fn is_discover(message: &[u8]) -> bool {
    // Nearly always it is the first option, behind the magic cookie.
    const DISCOVER: [u8; 7] = [0x63, 0x82, 0x53, 0x63, 53, 1, v4::MessageType::DISCOVER.0];
    message.get(236..243).is_some_and(|begin| begin == DISCOVER)
        || v4::Message::new_checked(message)
            .is_ok_and(|message| message.message_type() == Some(v4::MessageType::DISCOVER))
}

/// How often an identifier may be in a message of a type (RFC 9915 §16).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
    Forbidden,
}

/// How often the client's and the server's identifier may be in a message of that type; `None` where it is not served.
fn identifiers(message_type: MessageType) -> Option<(Presence, Presence)> {
    use Presence::{Forbidden, Optional, Required};
    match message_type {
        // RFC 9915 §16.2, §16.5, §16.7; RFC 9686 §4.2.1.
        MessageType::SOLICIT | MessageType::CONFIRM | MessageType::REBIND | MessageType::ADDR_REG_INFORM => {
            Some((Required, Forbidden))
        }
        // RFC 9915 §16.4, §16.6, §16.8, §16.9.
        MessageType::REQUEST | MessageType::RENEW | MessageType::DECLINE | MessageType::RELEASE => {
            Some((Required, Required))
        }
        // RFC 9915 §16.12; RFC 7341 asks for neither.
        MessageType::INFORMATION_REQUEST | MessageType::DHCPV4_QUERY => Some((Optional, Optional)),
        _ => None,
    }
}

/// Checks that a client's message is meant for the server with `server_id`.
pub(crate) fn check_server(message: &Message<'_>, server_id: &[u8]) -> Result<(), Drop6> {
    // What is not served is told by its type, see `check_client`.
    let Some((_, server)) = identifiers(message.message_type()) else { return Ok(()) };
    let options = message.options();
    let mut servers = options.find_all(OptionCode::SERVER_ID);
    let named = servers.next();
    let fits = match server {
        Presence::Required => named.is_some(),
        Presence::Optional => true,
        Presence::Forbidden => named.is_none(),
    };
    if !fits || servers.next().is_some() {
        return Err(Drop6::ServerId);
    }
    if named.is_some_and(|named| named != server_id) {
        return Err(Drop6::NotForUs);
    }
    Ok(())
}

/// Checks that a client's message came as it must: without a relay by multicast.
///
/// RFC 9915 §16: unicast messages of clients SHOULD NOT be accepted; this does not hold for those of other documents
/// (RFC 7341 §9 has queries come by unicast). From this machine itself there is no other way.
pub(crate) fn check_destination(packet: &Packet<'_>, origin: &Origin) -> Result<(), Drop6> {
    let is_relayed = !packet.relays().is_empty();
    let unknown = origin.destination.is_unspecified();
    let fits = is_relayed || unknown || origin.destination.is_multicast() || origin.source.ip().is_loopback();
    if fits { Ok(()) } else { Err(Drop6::Unicast) }
}

/// Checks that a client's message is of a type that is served, and what the client calls itself.
pub(crate) fn check_client(message: &Message<'_>) -> Result<(), Drop6> {
    /// Kea's lease files have it where nobody is known: it is nobody's.
    const NOBODY: [u8; 3] = [0; 3];
    /// RFC 9915 §11.1: a type of two octets, and something behind it.
    const SHORTEST: usize = 3;
    let (client, _) = identifiers(message.message_type()).ok_or(Drop6::MessageType)?;
    let options = message.options();
    let mut clients = options.find_all(OptionCode::CLIENT_ID);
    let fits = match clients.next() {
        Some(duid) => duid.len() >= SHORTEST && Duid::new_checked(duid).is_ok() && duid != NOBODY,
        None => client != Presence::Required,
    };
    if !fits {
        return Err(Drop6::ClientId);
    }
    if clients.next().is_some() { Err(Drop6::ClientId) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use fosix_wire::v6::Writer;

    use super::*;

    fn dhcpv4(options: &[u8]) -> Vec<u8> {
        [&[0; 236], &[0x63, 0x82, 0x53, 0x63][..], options, &[255]].concat()
    }

    fn query(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(MessageType::DHCPV4_QUERY, [0; 3]);
        w.option(OptionCode::DHCPV4_MSG, message);
        w.finish().unwrap();
        bytes
    }

    #[test]
    fn solicits_and_discovers_begin_something_and_nothing_else_does() {
        let begin = [vec![1, 0, 0, 1], query(&dhcpv4(&[53, 1, 1])), query(&dhcpv4(&[12, 1, b'a', 53, 1, 1]))];
        for bytes in begin {
            assert!(begins_exchange(&bytes));
            assert!(!begins_exchange(bytes.get(..3).unwrap()));
        }
        let others = [vec![3, 0, 0, 1], vec![], query(&dhcpv4(&[53, 1, 3])), query(&[]), query(&dhcpv4(&[]))];
        for bytes in others {
            assert!(!begins_exchange(&bytes), "{bytes:?}");
        }
    }
}
