//! The Client Identifier option (61), RFC 2132 §9.14 and RFC 4361.

use core::fmt;

use crate::Error;
use crate::v6::Duid;

/// The type octet of an identifier made of IAID and DUID (RFC 4361 §6.1).
const NODE_SPECIFIC: u8 = 255;

/// The client's name for itself: opaque, compared as a whole (RFC 2132 §9.14).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientIdentifier<'a>(&'a [u8]);

impl<'a> ClientIdentifier<'a> {
    /// The fewest octets: a type and one octet of identifier (RFC 2132 §9.14).
    pub const MIN_LEN: usize = 2;
    /// The most octets: what one option holds. A longer one, though RFC 3396 could carry it, is refused, so that
    /// what is kept for a client has a bound.
    pub const MAX_LEN: usize = 255;

    /// Reads the data of the option.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        if !(Self::MIN_LEN..=Self::MAX_LEN).contains(&data.len()) {
            return Err(Error::BadLength {
                what: "Client Identifier option",
                expected: "2 to 255",
                got: data.len(),
            });
        }
        Ok(Self(data))
    }

    /// The octets, the type included.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// IAID and DUID, if the identifier is made of them (RFC 4361 §6.1). The same client's DHCPv6 messages have the
    /// same DUID.
    #[inline]
    pub fn node_specific(&self) -> Option<(u32, Duid<'a>)> {
        let (&NODE_SPECIFIC, rest) = self.0.split_first()? else { return None };
        let (iaid, duid) = rest.split_first_chunk()?;
        Some((u32::from_be_bytes(*iaid), Duid::new_checked(duid).ok()?))
    }

    /// What the identifier is made of, for people to read; identity is that of all octets.
    pub fn kind(&self) -> ClientIdentifierKind<'a> {
        if let Some((iaid, duid)) = self.node_specific() {
            return ClientIdentifierKind::NodeSpecific { iaid, duid };
        }
        match *self.0 {
            [0 | NODE_SPECIFIC, ..] | [] => ClientIdentifierKind::Opaque,
            [hardware_type, ref address @ ..] => {
                ClientIdentifierKind::HardwareAddress { hardware_type, address }
            }
        }
    }
}

/// Appends the data of an identifier made of IAID and DUID (RFC 4361 §6.1), which a client that speaks DHCPv4 over
/// DHCPv6 must send (RFC 7341 §9).
pub fn write_node_specific(iaid: u32, duid: Duid<'_>, buffer: &mut Vec<u8>) {
    buffer.push(NODE_SPECIFIC);
    buffer.extend_from_slice(&iaid.to_be_bytes());
    buffer.extend_from_slice(duid.as_bytes());
}

/// The parts of a client identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientIdentifierKind<'a> {
    /// Type 255: IAID and DUID (RFC 4361 §6.1).
    NodeSpecific {
        /// The identity association's number, chosen by the client.
        iaid: u32,
        /// The client's DUID, the same in DHCPv6.
        duid: Duid<'a>,
    },
    /// One of IANA's hardware types, and an address of that type (RFC 2132 §9.14).
    HardwareAddress {
        /// 1 is Ethernet.
        hardware_type: u8,
        /// The address; its length is unchecked.
        address: &'a [u8],
    },
    /// Type 0, or a type 255 that no DUID follows.
    Opaque,
}

impl fmt::Display for ClientIdentifier<'_> {
    /// Hexadecimal octets with colons between them, as lease files and logs have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClientIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientIdentifier({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_255_holds_an_iaid_and_a_duid() {
        let duid = Duid::new_checked(b"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x01").unwrap();
        let mut data = Vec::new();
        write_node_specific(0x0102_0304, duid, &mut data);
        assert_eq!(data, b"\xff\x01\x02\x03\x04\x00\x03\x00\x01\x02\x00\x00\x00\x00\x01");
        let identifier = ClientIdentifier::new_checked(&data).unwrap();
        assert_eq!(identifier.node_specific(), Some((0x0102_0304, duid)));
        assert_eq!(identifier.kind(), ClientIdentifierKind::NodeSpecific { iaid: 0x0102_0304, duid });
        assert_eq!(identifier.as_bytes(), data);
    }

    #[test]
    fn other_types_are_hardware_addresses_or_opaque() {
        let table: [(&[u8], ClientIdentifierKind<'_>); 4] = [
            (
                b"\x01\x02\x00\x00\x00\x00\x01",
                ClientIdentifierKind::HardwareAddress {
                    hardware_type: 1,
                    address: b"\x02\x00\x00\x00\x00\x01",
                },
            ),
            (b"\x00host.example", ClientIdentifierKind::Opaque),
            (b"\xff\x01\x02\x03\x04", ClientIdentifierKind::Opaque),
            (b"\xff\x01", ClientIdentifierKind::Opaque),
        ];
        for (data, kind) in table {
            assert_eq!(ClientIdentifier::new_checked(data).unwrap().kind(), kind, "{data:x?}");
        }
    }

    #[test]
    fn a_duid_longer_than_duids_are_is_none() {
        let mut data = vec![255; 5 + Duid::MAX_LEN];
        assert!(ClientIdentifier::new_checked(&data).unwrap().node_specific().is_some());
        data.push(255);
        assert!(ClientIdentifier::new_checked(&data).unwrap().node_specific().is_none());
    }

    #[test]
    fn the_length_is_bounded() {
        for (length, good) in [(0, false), (1, false), (2, true), (255, true), (256, false)] {
            assert_eq!(ClientIdentifier::new_checked(&vec![1; length]).is_ok(), good, "{length}");
        }
    }
}
