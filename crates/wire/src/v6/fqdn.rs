//! The Client FQDN option (39), RFC 4704 §4.

use crate::Error;
use crate::name::Name;

/// A client's domain name and who is to put it in the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFqdn<'a> {
    /// Who updates the DNS.
    pub flags: FqdnFlags,
    /// The name: a part of one when it does not end in the root, and possibly empty (RFC 4704 §4.2).
    pub name: Name<'a>,
}

impl<'a> ClientFqdn<'a> {
    /// Reads the data of the option: the octet of flags, and a name or a part of one.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((&flags, name)) = data.split_first() else {
            return Err(Error::Truncated { what: "Client FQDN option", offset: 0 });
        };
        let name = Name::new_partial(name).map_err(|error| error.shifted(1))?;
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
    /// N: the server is to do no update at all; S is 0 then.
    pub const NONE: Self = Self(4);

    /// Whether all the bits of `flags` are set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_stand_at_the_right_end() {
        let option = ClientFqdn::new_checked(b"\x05\x04host").unwrap();
        assert!(option.flags.contains(FqdnFlags::SERVER) && option.flags.contains(FqdnFlags::NONE));
        assert!(!option.flags.contains(FqdnFlags::OVERRIDDEN));
    }

    #[test]
    fn the_name_may_be_whole_partial_or_empty() {
        for (data, text) in [(&b"\0\x04host\x03org\0"[..], "host.org."), (b"\0\x04host", "host"), (b"\0", "")]
        {
            assert_eq!(ClientFqdn::new_checked(data).unwrap().name.to_string(), text);
        }
    }

    #[test]
    fn the_name_is_checked() {
        assert!(ClientFqdn::new_checked(b"").is_err());
        let error = Error::BadName { reason: "label longer than the rest", offset: 1 };
        assert_eq!(ClientFqdn::new_checked(b"\0\x05host"), Err(error));
    }
}
