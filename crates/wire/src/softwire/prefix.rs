//! An IPv6 prefix written as its length and only as many octets as that needs (RFC 7598 §4).

use core::fmt;
use core::net::Ipv6Addr;

use crate::Error;
use crate::v6::Writer;

/// An IPv6 prefix whose bits behind its length are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv6Prefix {
    address: Ipv6Addr,
    len: u8,
}

impl Ipv6Prefix {
    /// The first `len` bits (0 to 128) of `address`.
    pub const fn new(address: Ipv6Addr, len: u8) -> Result<Self, Error> {
        if len > 128 {
            return Err(Error::BadValue {
                what: "IPv6 prefix length",
                expected: "at most 128",
                got: len as u32,
            });
        }
        let mask = match u128::MAX.checked_shl(128 - len as u32) {
            Some(mask) => mask,
            None => 0,
        };
        Ok(Self { address: Ipv6Addr::from_bits(address.to_bits() & mask), len })
    }

    /// Reads a prefix that fills `data` exactly: the data of S46_DMR (91, RFC 7598 §4.3) or S46_BIND_IPV6_PREFIX
    /// (137, RFC 8539 §6.1).
    pub fn new_checked(data: &[u8]) -> Result<Self, Error> {
        match Self::split(data)? {
            (prefix, []) => Ok(prefix),
            (prefix, _) => Err(Error::LengthMismatch {
                what: "IPv6 prefix",
                expected: 1 + prefix.wire_octets(),
                got: data.len(),
            }),
        }
    }

    /// Reads the prefix at the start of `data`, and returns what is behind it too.
    pub(super) fn split(data: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = Error::Truncated { what: "IPv6 prefix", offset: 0 };
        let (&len, rest) = data.split_first().ok_or(truncated)?;
        // Only to know that the length is one: the octets come next.
        let octets = Self::new(Ipv6Addr::UNSPECIFIED, len)?.wire_octets();
        let (prefix, rest) = rest.split_at_checked(octets).ok_or(truncated)?;
        let mut address = [0; 16];
        for (to, from) in address.iter_mut().zip(prefix) {
            *to = *from;
        }
        // RFC 8539 §6.1: the padding is ignored.
        Ok((Self::new(Ipv6Addr::from(address), len)?, rest))
    }

    /// Writes length and octets, without an option around them.
    pub fn write(self, w: &mut Writer<'_>) {
        w.raw(&[self.len]);
        w.raw(self.address.octets().get(..self.wire_octets()).unwrap_or_default());
    }

    /// The address, zero behind the prefix.
    pub const fn address(self) -> Ipv6Addr {
        self.address
    }

    /// The number of bits, 0 to 128.
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether the prefix is `::/0`, which holds every address.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Whether `address` begins with the prefix.
    pub fn contains(self, address: Ipv6Addr) -> bool {
        Self::new(address, self.len) == Ok(self)
    }

    /// How many octets hold the prefix on the wire.
    const fn wire_octets(self) -> usize {
        self.len.div_ceil(8) as usize
    }
}

impl fmt::Display for Ipv6Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str, len: u8) -> Ipv6Prefix {
        Ipv6Prefix::new(text.parse().unwrap(), len).unwrap()
    }

    fn written(prefix: Ipv6Prefix) -> Vec<u8> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        prefix.write(&mut w);
        w.finish().unwrap();
        out
    }

    #[test]
    fn a_prefix_takes_only_the_octets_that_it_needs() {
        let table: [(Ipv6Prefix, &[u8]); 5] = [
            (prefix("::", 0), &[0]),
            (prefix("2001:db8:1:2::", 64), &[64, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]),
            (prefix("2001:db8::", 33), &[33, 0x20, 1, 0xd, 0xb8, 0]),
            (prefix("8000::", 1), &[1, 0x80]),
            (prefix("::1", 128), &[128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ];
        for (prefix, wire) in table {
            assert_eq!(written(prefix), wire, "{prefix}");
            assert_eq!(Ipv6Prefix::new_checked(wire), Ok(prefix));
        }
    }

    #[test]
    fn bits_behind_the_length_are_ignored() {
        assert_eq!(Ipv6Prefix::new_checked(&[1, 0xff]), Ok(prefix("8000::", 1)));
        assert_eq!(prefix("2001:db8::ffff", 32), prefix("2001:db8::", 32));
    }

    #[test]
    fn too_long_and_too_short_are_refused() {
        assert!(Ipv6Prefix::new_checked(&[129]).is_err());
        assert!(Ipv6Prefix::new_checked(&[]).is_err());
        assert!(Ipv6Prefix::new_checked(&[9, 0x20]).is_err());
        assert!(Ipv6Prefix::new_checked(&[8, 0x20, 0]).is_err());
    }

    #[test]
    fn addresses_are_inside_or_not() {
        assert!(prefix("2001:db8::", 32).contains("2001:db8:ffff::1".parse().unwrap()));
        assert!(!prefix("2001:db8::", 32).contains("2001:db9::1".parse().unwrap()));
        assert!(prefix("::", 0).contains("ff02::1".parse().unwrap()));
        assert!(prefix("::1", 128).contains("::1".parse().unwrap()));
    }
}
