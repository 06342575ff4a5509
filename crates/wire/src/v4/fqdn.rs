//! The Client FQDN option (81), RFC 4702.

use crate::Error;
use crate::name::Name;

/// What a server puts in both RCODE fields (RFC 4702 §2.2); a client puts 0.
pub const SERVER_RCODE: u8 = 255;

/// A client's domain name and who is to put it in the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFqdn<'a> {
    /// Who updates the DNS, and how the name is encoded. Bits that mean nothing may be set (RFC 4702 §2.1).
    pub flags: FqdnFlags,
    /// RCODE1 and RCODE2: deprecated, to be ignored (RFC 4702 §2.2).
    pub rcodes: [u8; 2],
    /// The name.
    pub name: FqdnName<'a>,
}

impl<'a> ClientFqdn<'a> {
    /// Reads the data of the option: flags, two octets of no meaning, and the name in the encoding that the flags
    /// tell.
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        // RFC 4702 §2: the minimum length is 3.
        let Some(([flags, rcodes @ ..], name)) = data.split_first_chunk::<3>() else {
            return Err(Error::Truncated { what: "Client FQDN option", offset: 0 });
        };
        let flags = FqdnFlags(*flags);
        let name = if flags.contains(FqdnFlags::ENCODED) {
            FqdnName::Wire(Name::new_partial(name).map_err(|error| error.shifted(3))?)
        } else {
            FqdnName::Ascii(name)
        };
        Ok(Self { flags, rcodes: *rcodes, name })
    }

    /// Appends the data of the option.
    pub fn write_to(&self, buffer: &mut Vec<u8>) {
        let [rcode1, rcode2] = self.rcodes;
        buffer.extend_from_slice(&[self.flags.0, rcode1, rcode2]);
        buffer.extend_from_slice(self.name.as_bytes());
    }
}

/// The name in the option. A server answers in the encoding of the client (RFC 4702 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FqdnName<'a> {
    /// As in the DNS (E = 1): a part of a name when it does not end in the root, and possibly empty (RFC 4702 §2.3).
    Wire(Name<'a>),
    /// The deprecated ASCII encoding (E = 0): octets as they are, unchecked (RFC 4702 §2.3.1).
    Ascii(&'a [u8]),
}

impl<'a> FqdnName<'a> {
    /// The octets, as received.
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Wire(name) => name.as_bytes(),
            Self::Ascii(octets) => octets,
        }
    }
}

/// The flags of the option (RFC 4702 §2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FqdnFlags(pub u8);

impl FqdnFlags {
    /// S: the server is to put the A record in the DNS, or does so.
    pub const SERVER: Self = Self(1);
    /// O: the server has overridden the client's S.
    pub const OVERRIDDEN: Self = Self(2);
    /// E: the name is encoded as in the DNS.
    pub const ENCODED: Self = Self(4);
    /// N: the server is to do no update at all; S is 0 then.
    pub const NONE: Self = Self(8);

    /// Whether all the bits of `flags` are set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_in_the_encoding_that_the_flags_tell() {
        let wire = ClientFqdn::new_checked(b"\x05\x00\x00\x04host\x07example\x00").unwrap();
        assert!(wire.flags.contains(FqdnFlags::SERVER) && !wire.flags.contains(FqdnFlags::NONE));
        let FqdnName::Wire(name) = wire.name else { panic!("{wire:?}") };
        assert_eq!(name.to_string(), "host.example.");

        let ascii = ClientFqdn::new_checked(b"\x01\xff\xffhost").unwrap();
        assert_eq!(ascii.name, FqdnName::Ascii(b"host"));
        assert_eq!(ascii.rcodes, [SERVER_RCODE; 2]);
    }

    #[test]
    fn the_name_may_be_partial_or_empty() {
        for (data, text) in [(&b"\x04\0\0\x04host"[..], "host"), (b"\x04\0\0", "")] {
            let FqdnName::Wire(name) = ClientFqdn::new_checked(data).unwrap().name else { panic!() };
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn what_is_read_is_written_alike() {
        for data in [&b"\x05\x01\x02\x04host\x00"[..], b"\xf0\x00\x00not checked\x00"] {
            let mut written = Vec::new();
            ClientFqdn::new_checked(data).unwrap().write_to(&mut written);
            assert_eq!(written, data);
        }
    }

    #[test]
    fn a_short_option_and_a_bad_name_are_refused() {
        assert_eq!(
            ClientFqdn::new_checked(b"\x04\0"),
            Err(Error::Truncated { what: "Client FQDN option", offset: 0 })
        );
        assert!(matches!(
            ClientFqdn::new_checked(b"\x04\0\0\x05host"),
            Err(Error::BadName { offset: 3, .. })
        ));
    }
}
