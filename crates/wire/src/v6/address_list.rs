//! Options that are IPv6 addresses one after another: DNS servers, SNTP servers, 4o6 servers.

use core::net::Ipv6Addr;

use crate::Error;

/// The data of an option such as DNS Recursive Name Server (23, RFC 3646) or DHCP 4o6 Server Address (88,
/// RFC 7341 §7.2, which may be empty).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressList<'a> {
    addresses: &'a [[u8; 16]],
}

impl<'a> AddressList<'a> {
    /// Reads the data of the option: sixteen octets for each address.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        match data.as_chunks() {
            (addresses, []) => Ok(Self { addresses }),
            _ => Err(Error::BadLength {
                what: "list of IPv6 addresses",
                expected: "a multiple of 16",
                got: data.len(),
            }),
        }
    }

    /// The addresses in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
        self.addresses.iter().map(|octets| Ipv6Addr::from(*octets))
    }

    /// How many addresses there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_in_sixteens() {
        let mut data = [0; 32];
        data[15] = 1;
        data[16] = 0xff;
        let list = AddressList::new_checked(&data).unwrap();
        let texts: Vec<_> = list.iter().map(|address| address.to_string()).collect();
        assert_eq!(texts, ["::1", "ff00::"]);
        assert_eq!(list.len(), 2);
        // RFC 7341 §7.2: option 88 may be empty.
        assert!(AddressList::new_checked(&[]).unwrap().is_empty());
        assert!(AddressList::new_checked(&data[..31]).is_err());
    }
}
