//! What every message from the other half must be, whatever link it came by.

use fosix_wire::v6::{MAX_RELAY_LEVELS, Message, MessageType, OptionCode, Packet};

use crate::{LinkDrop, Role};

/// The fixed fields of a DHCPv4 message (RFC 2131 §2), without the magic cookie.
const SHORTEST_DHCPV4_MESSAGE: usize = 236;

/// Decodes what `role` receives: a query in Relay-forward levels, or a response in Relay-reply levels.
pub(crate) fn decode(bytes: &[u8], role: Role) -> Result<Packet<'_>, LinkDrop> {
    // How many levels are accepted is for the half to say: a query that it hands over has passed that, and one that
    // it is handed will.
    let packet = Packet::new_checked(bytes, MAX_RELAY_LEVELS).map_err(|_| LinkDrop::Malformed)?;
    let (message_type, relay) = match role {
        Role::Dhcpv6 => (MessageType::DHCPV4_RESPONSE, MessageType::RELAY_REPL),
        Role::Dhcpv4 => (MessageType::DHCPV4_QUERY, MessageType::RELAY_FORW),
    };
    let fits = packet.relays().iter().all(|level| level.message_type() == relay)
        && packet.message().message_type() == message_type;
    if fits { Ok(packet) } else { Err(LinkDrop::MessageType) }
}

/// Checks that there is one DHCPv4 message, and that it is long enough to be one.
pub(crate) fn dhcpv4_message(message: &Message<'_>) -> Result<(), LinkDrop> {
    // RFC 7341 §6.2: exactly one DHCPv4 Message option.
    let mut messages = message.options().find_all(OptionCode::DHCPV4_MSG);
    match (messages.next(), messages.next()) {
        (None, _) => Err(LinkDrop::NoDhcpv4Message),
        (Some(_), Some(_)) => Err(LinkDrop::SeveralDhcpv4Messages),
        (Some(inner), None) if inner.len() < SHORTEST_DHCPV4_MESSAGE => Err(LinkDrop::ShortDhcpv4Message),
        (Some(_), None) => Ok(()),
    }
}

/// An interface's name as Linux allows them: 1 to 15 bytes, neither space nor slash nor control character.
pub(crate) fn interface_name(bytes: &[u8]) -> Result<&str, LinkDrop> {
    let name = std::str::from_utf8(bytes).map_err(|_| LinkDrop::Interface)?;
    let fits = (1..=15).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/');
    if fits { Ok(name) } else { Err(LinkDrop::Interface) }
}
