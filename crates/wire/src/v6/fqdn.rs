//! The Client FQDN option (39), RFC 4704 §4.

use crate::Error;

/// A client's domain name and who is to put it in the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFqdn<'a> {
    /// Who updates the DNS.
    pub flags: FqdnFlags,
    /// The name in wire form, as sent and unchecked: without the final empty label it is partial, and it may be
    /// empty (RFC 4704 §4.2).
    pub name: &'a [u8],
}

impl<'a> ClientFqdn<'a> {
    /// Reads the data of the option: at least the octet of flags.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((&flags, name)) = data.split_first() else {
            return Err(Error::Truncated { what: "Client FQDN option", offset: 0 });
        };
        Ok(Self { flags: FqdnFlags(flags), name })
    }
}

/// The flags of the option (RFC 4704 §4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FqdnFlags(pub u8);

impl FqdnFlags {
    /// S: the server is to put the AAAA record in the DNS, or does so.
    pub const SERVER: Self = Self(1);
    /// O: the server has overridden the client's S.
    pub const OVERRIDDEN: Self = Self(2);
    /// N: the server is to do no update at all.
    pub const NONE: Self = Self(4);

    /// Whether all the bits of `flags` are set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}
