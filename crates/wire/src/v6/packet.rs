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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    relays: ArrayVec<RelayMessage<'a>, MAX_RELAY_LEVELS>,
    message: Message<'a>,
}

impl<'a> Packet<'a> {
    /// Checks all levels: at most `max_relay_levels` of them (more than [`MAX_RELAY_LEVELS`] counts as that), all
    /// Relay-forward or all Relay-reply, and a message of another type inside.
    pub fn new_checked(bytes: &'a [u8], max_relay_levels: usize) -> Result<Self, Error> {
        let mut packet = Self::default();
        packet.read(bytes, max_relay_levels)?;
        Ok(packet)
    }

    /// The same, in place of what this was: a packet is a kilobyte, which is then not moved about. After an error it is empty.
    pub fn read(&mut self, bytes: &'a [u8], max_relay_levels: usize) -> Result<(), Error> {
        let read = self.read_levels(bytes, max_relay_levels);
        if read.is_err() {
            *self = Self::default();
        }
        read
    }

    fn read_levels(&mut self, bytes: &'a [u8], max_relay_levels: usize) -> Result<(), Error> {
        let limit = max_relay_levels.min(MAX_RELAY_LEVELS);
        let relays = &mut self.relays;
        relays.clear();
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
            relays.try_push(level).map_err(|_| Error::TooManyRelayLevels { limit })?;
        }
        self.message = Message::new_checked(rest)?;
        self.bytes = bytes;
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::{MessageType, OptionCode, Writer};

    /// A Solicit inside that many relay messages of those types, the outermost first.
    fn relayed(types: &[MessageType]) -> Vec<u8> {
        let mut bytes = vec![1, 0, 0, 1];
        for (hop_count, message_type) in types.iter().rev().enumerate() {
            let mut outer = Vec::new();
            let mut w = Writer::new(&mut outer);
            let link = "2001:db8::1".parse().unwrap();
            let peer = "fe80::1".parse().unwrap();
            w.relay(*message_type, u8::try_from(hop_count).unwrap(), link, peer);
            w.option(OptionCode::INTERFACE_ID, b"port");
            w.option(OptionCode::RELAY_MESSAGE, &bytes);
            w.finish().unwrap();
            bytes = outer;
        }
        bytes
    }

    fn forwarded(levels: usize) -> Vec<u8> {
        relayed(&vec![MessageType::RELAY_FORW; levels])
    }

    #[test]
    fn levels_come_outermost_first() {
        let bytes = forwarded(3);
        let packet = Packet::new_checked(&bytes, DEFAULT_RELAY_LEVELS).unwrap();
        let hop_counts: Vec<_> = packet.relays().iter().map(RelayMessage::hop_count).collect();
        assert_eq!(hop_counts, [2, 1, 0]);
        for level in packet.relays() {
            assert_eq!(level.message_type(), MessageType::RELAY_FORW);
            assert_eq!(level.link_address().to_string(), "2001:db8::1");
            assert_eq!(level.peer_address().to_string(), "fe80::1");
            assert_eq!(level.interface_id(), Some(&b"port"[..]));
            assert_eq!(level.relay_source_port(), None);
        }
        assert_eq!(packet.message().as_bytes(), [1, 0, 0, 1]);
        assert_eq!(packet.relays()[2].relay_message(), [1, 0, 0, 1]);
        assert_eq!(packet.as_bytes(), bytes);
    }

    #[test]
    fn the_limit_of_levels_is_the_callers_up_to_32() {
        for (levels, limit, accepted) in
            [(0, 0, true), (1, 0, false), (9, 9, true), (10, 9, false), (32, 32, true), (33, 99, false)]
        {
            let bytes = forwarded(levels);
            let result = Packet::new_checked(&bytes, limit);
            if accepted {
                assert_eq!(result.unwrap().relays().len(), levels);
            } else {
                assert_eq!(result, Err(Error::TooManyRelayLevels { limit: limit.min(32) }));
            }
        }
    }

    #[test]
    fn forward_and_reply_do_not_mix() {
        use MessageType as T;
        assert!(Packet::new_checked(&relayed(&[T::RELAY_REPL, T::RELAY_REPL]), 9).is_ok());
        for types in [[T::RELAY_FORW, T::RELAY_REPL], [T::RELAY_REPL, T::RELAY_FORW]] {
            let error = Error::MixedRelayLevels { level: 1 };
            assert_eq!(Packet::new_checked(&relayed(&types), 9), Err(error));
        }
    }

    #[test]
    fn a_relay_message_holds_one_message() {
        let mut none = forwarded(1);
        none.truncate(34 + 8);
        let error = Error::MissingOption { what: "relay message", code: 9 };
        assert_eq!(Packet::new_checked(&none, 9), Err(error));
        let mut two = forwarded(1);
        two.extend_from_slice(&[0, 9, 0, 4, 1, 0, 0, 1]);
        let error = Error::RepeatedOption { what: "relay message", code: 9 };
        assert_eq!(Packet::new_checked(&two, 9), Err(error));
        let mut empty = none.clone();
        empty.extend_from_slice(&[0, 9, 0, 0]);
        let error = Error::Truncated { what: "message header", offset: 0 };
        assert_eq!(Packet::new_checked(&empty, 9), Err(error));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = forwarded(2);
        for end in 0..bytes.len() {
            assert!(Packet::new_checked(&bytes[..end], 9).is_err(), "{end}");
        }
    }
}
