//! Messages between client and server (RFC 9915 §8), the DHCPv4-over-DHCPv6 messages among them (RFC 7341 §6.2).

use super::{MessageType, Options};
use crate::Error;
use crate::octets;

/// Where the fields of a message stand (RFC 9915 §8, RFC 7341 §6.2).
mod field {
    pub(super) const MESSAGE_TYPE: usize = 0;
    /// Transaction id; in DHCPV4-QUERY and DHCPV4-RESPONSE the flags.
    pub(super) const TRANSACTION_ID: usize = 1;
    pub(super) const OPTIONS: usize = 4;
}

/// The type of the message in `bytes`, before anything else is checked; `None` when there is not one octet.
pub fn peek_message_type(bytes: &[u8]) -> Option<MessageType> {
    bytes.first().copied().map(MessageType)
}

/// A message that is not a relay message, of any type, known or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Message<'a> {
    bytes: &'a [u8],
}

impl<'a> Message<'a> {
    /// Checks the fixed part and that the options fit. Relay messages are refused; see
    /// [`RelayMessage`](super::RelayMessage) and [`Packet`](super::Packet).
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((&[message_type, _, _, _], options)) = bytes.split_first_chunk::<{ field::OPTIONS }>()
        else {
            return Err(Error::Truncated { what: "message header", offset: bytes.len() });
        };
        if MessageType(message_type).is_relay() {
            return Err(Error::UnexpectedMessageType {
                expected: "a message between client and server",
                got: message_type,
            });
        }
        Options::new_checked(options).map_err(|error| error.shifted(field::OPTIONS))?;
        Ok(Self { bytes })
    }

    /// What the message is.
    #[inline]
    pub fn message_type(&self) -> MessageType {
        MessageType(octets::u8_at(self.bytes, field::MESSAGE_TYPE))
    }

    /// The three octets that a server copies into its answer (RFC 9915 §8). DHCPV4-QUERY and DHCPV4-RESPONSE
    /// have no transaction id; theirs are the flags of [`query_flags`](Self::query_flags).
    #[inline]
    pub fn transaction_id(&self) -> [u8; 3] {
        octets::array_at(self.bytes, field::TRANSACTION_ID)
    }

    /// The flags of a DHCPV4-QUERY or DHCPV4-RESPONSE (RFC 7341 §6.2); without meaning in other messages.
    #[inline]
    pub fn query_flags(&self) -> QueryFlags {
        let [high, middle, low] = self.transaction_id();
        QueryFlags(u32::from_be_bytes([0, high, middle, low]))
    }

    /// The options.
    #[inline]
    pub fn options(&self) -> Options<'a> {
        Options::from_checked(octets::tail(self.bytes, field::OPTIONS))
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The 24 bits of flags of a DHCPV4-QUERY or DHCPV4-RESPONSE, in the low bits (RFC 7341 §6.3, §6.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct QueryFlags(pub u32);

impl QueryFlags {
    /// The U flag alone: without DHCPv6 the client would have sent its DHCPv4 message by unicast.
    pub const UNICAST: Self = Self(0x80_0000);

    /// Whether the U flag is set. The other bits mean nothing yet and are ignored (RFC 7341 §6.3).
    pub const fn unicast(self) -> bool {
        self.0 & Self::UNICAST.0 != 0
    }

    /// The three octets that stand in the message.
    pub const fn to_octets(self) -> [u8; 3] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_type_transaction_id_and_options() {
        let bytes = [1, 0xaa, 0xbb, 0xcc, 0, 8, 0, 2, 0, 0];
        let message = Message::new_checked(&bytes).unwrap();
        assert_eq!(message.message_type(), MessageType::SOLICIT);
        assert_eq!(message.transaction_id(), [0xaa, 0xbb, 0xcc]);
        assert_eq!(message.options().iter().count(), 1);
        assert_eq!(message.as_bytes(), bytes);
    }

    #[test]
    fn a_message_may_have_no_options_but_not_half_a_header() {
        assert!(Message::new_checked(&[11, 0, 0, 0]).unwrap().options().is_empty());
        for end in 0..4 {
            let error = Error::Truncated { what: "message header", offset: end };
            assert_eq!(Message::new_checked(&[11, 0, 0, 0][..end]), Err(error));
        }
        let error = Error::Truncated { what: "option code and length", offset: 4 };
        assert_eq!(Message::new_checked(&[11, 0, 0, 0, 0]), Err(error));
    }

    #[test]
    fn every_type_but_the_relay_types_is_a_message() {
        for message_type in 0..=u8::MAX {
            let result = Message::new_checked(&[message_type, 0, 0, 0]).is_ok();
            assert_eq!(result, !matches!(message_type, 12 | 13), "{message_type}");
        }
    }

    #[test]
    fn the_u_flag_is_the_first_of_the_24() {
        for (bytes, unicast) in [
            ([20, 0x80, 0, 0], true),
            ([20, 0, 0, 0], false),
            ([20, 0x7f, 0xff, 0xff], false),
            ([20, 0xff, 0xff, 0xff], true),
        ] {
            let flags = Message::new_checked(&bytes).unwrap().query_flags();
            assert_eq!(flags.unicast(), unicast);
            assert_eq!(flags.to_octets(), bytes[1..]);
        }
        assert_eq!(QueryFlags::UNICAST.to_octets(), [0x80, 0, 0]);
        assert_eq!(QueryFlags::default().to_octets(), [0, 0, 0]);
    }

    #[test]
    fn the_type_can_be_seen_before_all_else() {
        assert_eq!(peek_message_type(&[20]), Some(MessageType::DHCPV4_QUERY));
        assert_eq!(peek_message_type(&[]), None);
    }
}
