//! DHCP Unique Identifiers (RFC 9915 §11).

use core::fmt;

use crate::Error;

/// The identifier of a client or server: opaque, compared as a whole (RFC 9915 §11).
///
/// It has 1 to 130 octets. RFC 9915 §11.1 gives it at least three, but a shorter one still tells its sender from
/// others, and that is all a server may do with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duid<'a>(&'a [u8]);

impl<'a> Duid<'a> {
    /// The most octets that a DUID has: two of type and 128 of identifier (RFC 9915 §11.1).
    pub const MAX_LEN: usize = 130;

    /// Reads the data of a Client Identifier, Server Identifier or Relay Identifier option.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        if data.is_empty() || data.len() > Self::MAX_LEN {
            return Err(Error::BadLength { what: "DUID", expected: "1 to 130", got: data.len() });
        }
        Ok(Self(data))
    }

    /// The octets.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// What the identifier is made of, for people to read. RFC 9915 §11: nothing may be decided by it.
    pub fn kind(&self) -> DuidKind<'a> {
        let Some((duid_type, rest)) = self.0.split_first_chunk::<2>() else { return DuidKind::Malformed };
        match u16::from_be_bytes(*duid_type) {
            1 => link_layer_time(rest),
            2 => rest.split_first_chunk().map(|(enterprise, identifier)| DuidKind::Enterprise {
                enterprise: u32::from_be_bytes(*enterprise),
                identifier,
            }),
            3 => rest.split_first_chunk().map(|(hardware_type, address)| DuidKind::LinkLayer {
                hardware_type: u16::from_be_bytes(*hardware_type),
                address,
            }),
            4 => rest.try_into().ok().map(DuidKind::Uuid),
            duid_type => Some(DuidKind::Other { duid_type, data: rest }),
        }
        .unwrap_or(DuidKind::Malformed)
    }
}

fn link_layer_time(rest: &[u8]) -> Option<DuidKind<'_>> {
    let (hardware_type, rest) = rest.split_first_chunk()?;
    let (time, address) = rest.split_first_chunk()?;
    Some(DuidKind::LinkLayerTime {
        hardware_type: u16::from_be_bytes(*hardware_type),
        time: u32::from_be_bytes(*time),
        address,
    })
}

impl fmt::Display for Duid<'_> {
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

impl fmt::Debug for Duid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duid({self})")
    }
}

/// The parts of a DUID (RFC 9915 §11.2 to §11.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuidKind<'a> {
    /// DUID-LLT.
    LinkLayerTime {
        /// IANA's hardware type; 1 is Ethernet.
        hardware_type: u16,
        /// Seconds since the beginning of the year 2000, UTC, modulo 2^32.
        time: u32,
        /// The link-layer address of one of the device's interfaces.
        address: &'a [u8],
    },
    /// DUID-EN.
    Enterprise {
        /// The vendor's IANA private enterprise number.
        enterprise: u32,
        /// What the vendor put there.
        identifier: &'a [u8],
    },
    /// DUID-LL.
    LinkLayer {
        /// IANA's hardware type; 1 is Ethernet.
        hardware_type: u16,
        /// The link-layer address of one of the device's interfaces.
        address: &'a [u8],
    },
    /// DUID-UUID.
    Uuid([u8; 16]),
    /// A type that came after RFC 9915.
    Other {
        /// The type.
        duid_type: u16,
        /// What follows it.
        data: &'a [u8],
    },
    /// Of the wrong length for its type, or without one.
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duid_has_1_to_130_octets() {
        for (len, accepted) in [(0, false), (1, true), (130, true), (131, false)] {
            assert_eq!(Duid::new_checked(&vec![0; len]).is_ok(), accepted, "{len}");
        }
    }

    #[test]
    fn the_kinds_of_the_rfc_are_told_apart() {
        let table: [(&[u8], DuidKind<'_>); 9] = [
            (
                &[0, 1, 0, 1, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1],
                DuidKind::LinkLayerTime { hardware_type: 1, time: 9, address: &[2, 0, 0, 0, 0, 1] },
            ),
            (&[0, 2, 0, 0, 0, 9, 7], DuidKind::Enterprise { enterprise: 9, identifier: &[7] }),
            (&[0, 3, 0, 1, 2], DuidKind::LinkLayer { hardware_type: 1, address: &[2] }),
            (&[0, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], DuidKind::Uuid([1; 16])),
            (&[0, 5, 3], DuidKind::Other { duid_type: 5, data: &[3] }),
            (&[7], DuidKind::Malformed),
            (&[0, 1, 0, 1, 0, 0, 0], DuidKind::Malformed),
            (&[0, 2, 0, 0, 0], DuidKind::Malformed),
            (&[0, 4, 1], DuidKind::Malformed),
        ];
        for (octets, kind) in table {
            assert_eq!(Duid::new_checked(octets).unwrap().kind(), kind);
        }
    }

    #[test]
    fn a_duid_is_shown_in_hexadecimal() {
        let duid = Duid::new_checked(&[0, 3, 0xab]).unwrap();
        assert_eq!(duid.to_string(), "00:03:ab");
        assert_eq!(format!("{duid:?}"), "Duid(00:03:ab)");
    }
}
