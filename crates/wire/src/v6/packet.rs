//! A whole datagram: the relay levels, and the message inside the innermost.

use arrayvec::ArrayVec;

use super::{Message, RelayMessage, peek_message_type};
use crate::Error;

/// The relay levels that a server accepts unless told otherwise: hop-counts 0 to 8 (RFC 9915 §7.6,
/// HOP_COUNT_LIMIT).
pub const DEFAULT_RELAY_LEVELS: usize = 9;
/// The most relay levels that can be asked for: hop-counts 0 to 31, the limit of RFC 3315.
pub const MAX_RELAY_LEVELS: usize = 32;

/// A datagram that holds one message, relayed or not, with every level checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    relays: ArrayVec<RelayMessage<'a>, MAX_RELAY_LEVELS>,
    message: Message<'a>,
}

impl<'a> Packet<'a> {
    /// Checks all levels: at most `max_relay_levels` of them (more than [`MAX_RELAY_LEVELS`] counts as that), all
    /// Relay-forward or all Relay-reply, and a message of another type inside.
    pub fn new_checked(bytes: &'a [u8], max_relay_levels: usize) -> Result<Self, Error> {
        let limit = max_relay_levels.min(MAX_RELAY_LEVELS);
        let mut relays = ArrayVec::<RelayMessage<'a>, MAX_RELAY_LEVELS>::new();
        let mut rest = bytes;
        while let Some(message_type) = peek_message_type(rest).filter(|message_type| message_type.is_relay())
        {
            if relays.first().is_some_and(|outermost| outermost.message_type() != message_type) {
                return Err(Error::MixedRelayLevels { level: relays.len() });
            }
            if relays.len() >= limit {
                return Err(Error::TooManyRelayLevels { limit });
            }
            let level = RelayMessage::new_checked(rest)?;
            rest = level.relay_message();
            relays.push(level);
        }
        let message = Message::new_checked(rest)?;
        Ok(Self { bytes, relays, message })
    }

    /// The relay levels, the outermost first: the last is the relay agent next to the client.
    #[inline]
    pub fn relays(&self) -> &[RelayMessage<'a>] {
        &self.relays
    }

    /// The message between client and server.
    #[inline]
    pub const fn message(&self) -> Message<'a> {
        self.message
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}
