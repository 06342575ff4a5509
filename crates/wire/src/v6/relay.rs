//! One level of Relay-forward or Relay-reply (RFC 9915 §9).

use core::net::Ipv6Addr;

use super::{MessageType, OptionCode, Options};
use crate::Error;
use crate::octets;

/// Where the fields of a relay message stand (RFC 9915 §9).
mod field {
    pub(super) const MESSAGE_TYPE: usize = 0;
    pub(super) const HOP_COUNT: usize = 1;
    pub(super) const LINK_ADDRESS: usize = 2;
    pub(super) const PEER_ADDRESS: usize = 18;
    pub(super) const OPTIONS: usize = 34;
}

/// A Relay-forward or Relay-reply message around another message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayMessage<'a> {
    bytes: &'a [u8],
    relay_message: &'a [u8],
}

impl<'a> RelayMessage<'a> {
    /// Checks type, fixed part and options, and that there is one Relay Message option (RFC 9915 §9.1, §9.2).
    /// The message inside is not looked at; [`Packet`](super::Packet) does that.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((fixed, options)) = bytes.split_first_chunk::<{ field::OPTIONS }>() else {
            return Err(Error::Truncated { what: "relay message header", offset: bytes.len() });
        };
        let message_type = MessageType(octets::u8_at(fixed, field::MESSAGE_TYPE));
        if !message_type.is_relay() {
            return Err(Error::UnexpectedMessageType { expected: "a relay message", got: message_type.0 });
        }
        let options = Options::new_checked(options).map_err(|error| error.shifted(field::OPTIONS))?;
        let mut inner = options.find_all(OptionCode::RELAY_MESSAGE);
        let Some(relay_message) = inner.next() else {
            return Err(Error::MissingOption { what: "relay message", code: OptionCode::RELAY_MESSAGE.0 });
        };
        if inner.next().is_some() {
            return Err(Error::RepeatedOption { what: "relay message", code: OptionCode::RELAY_MESSAGE.0 });
        }
        Ok(Self { bytes, relay_message })
    }

    /// Relay-forward or Relay-reply.
    #[inline]
    pub fn message_type(&self) -> MessageType {
        MessageType(octets::u8_at(self.bytes, field::MESSAGE_TYPE))
    }

    /// How many relay agents had relayed the message before this one: 0 next to the client (RFC 9915 §9.1).
    #[inline]
    pub fn hop_count(&self) -> u8 {
        octets::u8_at(self.bytes, field::HOP_COUNT)
    }

    /// The address that names the client's link; `::` when the relay agent names it by other means (RFC 9915
    /// §19.1.1).
    #[inline]
    pub fn link_address(&self) -> Ipv6Addr {
        Ipv6Addr::from(octets::array_at::<16>(self.bytes, field::LINK_ADDRESS))
    }

    /// The address of the client or relay agent from which the message came.
    #[inline]
    pub fn peer_address(&self) -> Ipv6Addr {
        Ipv6Addr::from(octets::array_at::<16>(self.bytes, field::PEER_ADDRESS))
    }

    /// The options of this level, the Relay Message option included.
    #[inline]
    pub fn options(&self) -> Options<'a> {
        Options::from_checked(octets::tail(self.bytes, field::OPTIONS))
    }

    /// The message inside, as received (RFC 9915 §21.10).
    #[inline]
    pub const fn relay_message(&self) -> &'a [u8] {
        self.relay_message
    }

    /// The relay agent's opaque name for the interface towards the client (RFC 9915 §21.18).
    #[inline]
    pub fn interface_id(&self) -> Option<&'a [u8]> {
        self.options().find(OptionCode::INTERFACE_ID)
    }

    /// The content of the Relay Source Port option (RFC 8357 §4.2): a port when the next relay agent towards the
    /// client did not use 547, else 0. `None` without the option, or when its length is not two.
    #[inline]
    pub fn relay_source_port(&self) -> Option<u16> {
        let data = self.options().find(OptionCode::RELAY_PORT)?;
        data.try_into().ok().map(u16::from_be_bytes)
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

    fn level(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![12, 3];
        bytes.extend([0x20; 16]);
        bytes.extend([0xfe; 16]);
        bytes.extend_from_slice(options);
        bytes
    }

    #[test]
    fn the_relay_source_port_has_two_octets() {
        for (port, expected) in [
            (&[0, 135, 0, 2, 0x10, 0x01][..], Some(4097)),
            (&[0, 135, 0, 2, 0, 0], Some(0)),
            (&[0, 135, 0, 1, 0], None),
        ] {
            let bytes = level(&[port, &[0, 9, 0, 0]].concat());
            assert_eq!(RelayMessage::new_checked(&bytes).unwrap().relay_source_port(), expected);
        }
    }

    #[test]
    fn an_error_tells_its_place_in_the_relay_message() {
        let error = Error::OptionOverrun { code: 9, offset: 34, claimed: 1, available: 0 };
        assert_eq!(RelayMessage::new_checked(&level(&[0, 9, 0, 1])), Err(error));
        let bytes = level(&[]);
        let error = Error::Truncated { what: "relay message header", offset: 33 };
        assert_eq!(RelayMessage::new_checked(&bytes[..33]), Err(error));
    }

    #[test]
    fn other_types_are_refused() {
        let mut bytes = level(&[0, 9, 0, 0]);
        bytes[0] = 1;
        let error = Error::UnexpectedMessageType { expected: "a relay message", got: 1 };
        assert_eq!(RelayMessage::new_checked(&bytes), Err(error));
    }
}
