//! The Encrypted DNS option (162), RFC 9463 §5.

use core::net::Ipv4Addr;

use super::sub_options::split_counted;
use crate::Error;
use crate::name::Name;

/// A name server that is reached over an encrypted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncryptedResolver<'a> {
    /// A smaller number is to be preferred.
    pub priority: u16,
    /// The name to authenticate the server by.
    pub name: Name<'a>,
    addresses: &'a [[u8; 4]],
    /// Service parameters as RFC 9460 §2.2 encodes them, unchecked. Empty in ADN-only mode (RFC 9463 §3.1.6).
    pub parameters: &'a [u8],
}

impl<'a> EncryptedResolver<'a> {
    /// The server's addresses; none in ADN-only mode.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + Clone + use<'a> {
        self.addresses.iter().map(|octets| Ipv4Addr::from(*octets))
    }

    /// Reads what stands behind the length of one server.
    fn read(data: &'a [u8]) -> Result<Self, Error> {
        let cut = Error::Truncated { what: "DNR instance data", offset: 0 };
        let (priority, rest) = data.split_first_chunk().ok_or(cut)?;
        let (name, rest) = split_counted(rest).ok_or(cut)?;
        let name = Name::new_checked(name).map_err(|error| error.shifted(3))?;
        let (addresses, parameters) =
            if rest.is_empty() { (rest, rest) } else { split_counted(rest).ok_or(cut)? };
        // RFC 9463 §5.1: the length of the addresses MUST be a multiple of 4.
        let (addresses, []) = addresses.as_chunks() else {
            return Err(Error::BadLength {
                what: "DNR addresses",
                expected: "a multiple of 4",
                got: addresses.len(),
            });
        };
        Ok(Self { priority: u16::from_be_bytes(*priority), name, addresses, parameters })
    }
}

/// The data of the option, all parts joined: servers, each behind two octets of length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncryptedDns<'a> {
    bytes: &'a [u8],
}

impl<'a> EncryptedDns<'a> {
    /// Reads the data of the option: one or more servers.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        loop {
            let offset = bytes.len() - rest.len();
            let Some((instance, behind)) = split_instance(rest) else {
                return Err(Error::Truncated { what: "DNR instance data", offset });
            };
            EncryptedResolver::read(instance).map_err(|error| error.shifted(offset + 2))?;
            if behind.is_empty() {
                return Ok(Self { bytes });
            }
            rest = behind;
        }
    }

    /// The servers in the order in which they stand; [`priority`](EncryptedResolver::priority) says which to prefer.
    pub fn iter(&self) -> impl Iterator<Item = EncryptedResolver<'a>> + Clone + use<'a> {
        let first = split_instance(self.bytes);
        core::iter::successors(first, |(_, rest)| split_instance(rest))
            .filter_map(|(instance, _)| EncryptedResolver::read(instance).ok())
    }
}

fn split_instance(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, behind) = bytes.split_first_chunk()?;
    behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_name_addresses_and_parameters() {
        let data = b"\x00\x13\x00\x64\x05\x03dot\x00\x08\xc0\x00\x02\x01\xc0\x00\x02\x02\xaa\xbb\x00\x08\x00\xc8\x05\x03doh\x00";
        let option = EncryptedDns::new_checked(data).unwrap();
        let servers: Vec<_> = option.iter().collect();
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0].priority, 100);
        assert_eq!(servers[0].name.to_string(), "dot.");
        let addresses: Vec<_> = servers[0].addresses().collect();
        assert_eq!(addresses, [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)]);
        assert_eq!(servers[0].parameters, b"\xaa\xbb");
        // RFC 9463 §3.1.6: the name alone.
        assert_eq!(servers[1].priority, 200);
        assert_eq!(servers[1].addresses().count(), 0);
        assert!(servers[1].parameters.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for data in [
            &b""[..],
            b"\x00",
            b"\x00\x01\x00",
            b"\x00\x03\x00\x64\x05",
            b"\x00\x08\x00\x64\x05\x03dot\x01",
            b"\x00\x0c\x00\x64\x05\x03dot\x00\x03abc",
            b"\x00\x09\x00\x64\x05\x03dot\x00\x04",
            b"\x00\x08\x00\x64\x05\x03dot\x00\x00",
        ] {
            assert!(EncryptedDns::new_checked(data).is_err(), "{data:x?}");
        }
    }
}
