//! The Prefix Exclude option (67): a prefix that is kept out of a delegated one (RFC 6603 §4.2).
//!
//! Only the bits between the two lengths are sent, moved to the left until they begin at an octet:
//!
//! ```text
//! delegated  2001:db8:dead:bee0::/59    excluded  2001:db8:dead:beef::/64
//! bits 59 to 63 of the excluded prefix  01111     sent as  0111_1000
//! ```

use core::net::Ipv6Addr;

use super::{IaPrefix, OptionCode, Writer};
use crate::Error;
use crate::softwire::Ipv6Prefix;

/// Reads the data of the option as it stands in the IA Prefix option of `delegated`: the prefix that the client must
/// not use.
///
/// The excluded prefix is longer than the delegated one, and there are exactly as many octets as the difference
/// takes. Padding bits are ignored.
pub fn excluded_prefix(delegated: &IaPrefix<'_>, data: &[u8]) -> Result<Ipv6Prefix, Error> {
    let Some((&excluded_len, subnet_id)) = data.split_first() else {
        return Err(Error::Truncated { what: "Prefix Exclude option", offset: 0 });
    };
    let subnet_id_len = subnet_id_octets(delegated.prefix_len, excluded_len)?;
    if subnet_id.len() != subnet_id_len {
        return Err(Error::LengthMismatch {
            what: "Prefix Exclude option",
            expected: 1 + subnet_id_len,
            got: data.len(),
        });
    }
    let mut octets = [0; 16];
    for (to, from) in octets.iter_mut().zip(subnet_id) {
        *to = *from;
    }
    let subnet_id = u128::from_be_bytes(octets).checked_shr(delegated.prefix_len.into()).unwrap_or(0);
    let prefix = Ipv6Prefix::new(delegated.prefix, delegated.prefix_len)?;
    Ipv6Prefix::new(Ipv6Addr::from_bits(prefix.address().to_bits() | subnet_id), excluded_len)
}

/// Writes the option into the IA Prefix option of `delegated`. An `excluded` prefix that is not inside the delegated
/// one, or not longer, is the writer's error.
pub fn write_excluded_prefix(w: &mut Writer<'_>, delegated: Ipv6Prefix, excluded: Ipv6Prefix) {
    let subnet_id_len = match subnet_id_octets(delegated.len(), excluded.len()) {
        Ok(len) if delegated.contains(excluded.address()) => len,
        Ok(_) => {
            let expected = "inside the delegated prefix";
            w.fail(Error::BadValue { what: "excluded prefix", expected, got: u32::from(excluded.len()) });
            return;
        }
        Err(error) => {
            w.fail(error);
            return;
        }
    };
    let subnet_id = excluded.address().to_bits().checked_shl(delegated.len().into()).unwrap_or(0);
    w.nested(OptionCode::PD_EXCLUDE, |w| {
        w.raw(&[excluded.len()]);
        w.raw(subnet_id.to_be_bytes().get(..subnet_id_len).unwrap_or_default());
    });
}

/// How many octets the bits between the two lengths take.
fn subnet_id_octets(delegated_len: u8, excluded_len: u8) -> Result<usize, Error> {
    // RFC 6603 §4.2: the prefix-len MUST be between the delegated length + 1 and 128.
    match excluded_len.checked_sub(delegated_len) {
        Some(bits @ 1..) if excluded_len <= 128 => Ok(usize::from(bits.div_ceil(8))),
        _ => Err(Error::BadValue {
            what: "length of the excluded prefix",
            expected: "more than the delegated one and at most 128",
            got: u32::from(excluded_len),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::Options;

    fn prefix(text: &str, len: u8) -> Ipv6Prefix {
        Ipv6Prefix::new(text.parse().unwrap(), len).unwrap()
    }

    fn delegated(prefix: Ipv6Prefix) -> IaPrefix<'static> {
        IaPrefix {
            preferred_lifetime: 0,
            valid_lifetime: 0,
            prefix_len: prefix.len(),
            prefix: prefix.address(),
            options: Options::default(),
        }
    }

    fn written(delegated: Ipv6Prefix, excluded: Ipv6Prefix) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        write_excluded_prefix(&mut w, delegated, excluded);
        w.finish().map(|()| out)
    }

    #[test]
    fn the_bits_between_the_lengths_are_sent_left_justified() {
        // The first is the example of RFC 6603 §4.2.
        let table: [(Ipv6Prefix, Ipv6Prefix, &[u8]); 6] = [
            (prefix("2001:db8:dead:bee0::", 59), prefix("2001:db8:dead:beef::", 64), &[64, 0x78]),
            (prefix("2001:db8::", 56), prefix("2001:db8:0:ff::", 64), &[64, 0xff]),
            (prefix("2001:db8::", 48), prefix("2001:db8:0:1234::", 64), &[64, 0x12, 0x34]),
            (prefix("2001:db8::", 47), prefix("2001:db8:1:8000::", 64), &[64, 0xc0, 0, 0]),
            (prefix("::", 127), prefix("::1", 128), &[128, 0x80]),
            (prefix("::", 0), prefix("8000::", 1), &[1, 0x80]),
        ];
        for (inside, excluded, data) in table {
            let wire = written(inside, excluded).unwrap();
            assert_eq!(wire[4..], *data, "{excluded} of {inside}");
            assert_eq!(excluded_prefix(&delegated(inside), data), Ok(excluded));
        }
    }

    #[test]
    fn padding_is_ignored() {
        let inside = prefix("2001:db8:dead:bee0::", 59);
        assert_eq!(excluded_prefix(&delegated(inside), &[64, 0x7f]), Ok(prefix("2001:db8:dead:beef::", 64)));
    }

    #[test]
    fn lengths_are_checked() {
        let inside = delegated(prefix("2001:db8::", 56));
        let table: [&[u8]; 7] =
            [&[], &[64], &[56, 0], &[55, 0], &[129, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[64, 0, 0], &[72, 0]];
        for data in table {
            assert!(excluded_prefix(&inside, data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn a_prefix_outside_is_not_written() {
        assert!(written(prefix("2001:db8::", 56), prefix("2001:db9::", 64)).is_err());
        assert!(written(prefix("2001:db8::", 56), prefix("2001:db8::", 56)).is_err());
    }
}
