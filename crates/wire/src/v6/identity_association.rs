//! Identity associations and the leases in them (RFC 9915 §21.4 to §21.6, §21.21, §21.22).

use core::net::Ipv6Addr;

use super::Options;
use crate::Error;
use crate::octets;

/// The Identity Association for Non-temporary Addresses option (3), RFC 9915 §21.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaNa<'a> {
    /// The client's number for this association, unique among its IA_NAs.
    pub iaid: u32,
    /// Seconds until the client turns to the server that gave the leases; 0 leaves it to the client, all ones
    /// is never (RFC 9915 §7.7).
    pub t1: u32,
    /// Seconds until the client turns to any server; the same special values.
    pub t2: u32,
    /// IA Address options and a Status Code option.
    pub options: Options<'a>,
}

/// The Identity Association for Prefix Delegation option (25), RFC 9915 §21.21.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaPd<'a> {
    /// The client's number for this association, unique among its IA_PDs.
    pub iaid: u32,
    /// Seconds until the client turns to the server that delegated; 0 leaves it to the client, all ones is never
    /// (RFC 9915 §7.7).
    pub t1: u32,
    /// Seconds until the client turns to any server; the same special values.
    pub t2: u32,
    /// IA Prefix options and a Status Code option.
    pub options: Options<'a>,
}

/// The Identity Association for Temporary Addresses option (4): obsolete (RFC 9915 §21.5), laid out by RFC 8415
/// §21.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaTa<'a> {
    /// The client's number for this association, unique among its IA_TAs.
    pub iaid: u32,
    /// IA Address options and a Status Code option.
    pub options: Options<'a>,
}

/// The IA Address option (5), RFC 9915 §21.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaAddress<'a> {
    /// The address.
    pub address: Ipv6Addr,
    /// Seconds; all ones is for ever (RFC 9915 §7.7).
    pub preferred_lifetime: u32,
    /// Seconds; all ones is for ever.
    pub valid_lifetime: u32,
    /// Usually a Status Code option or nothing.
    pub options: Options<'a>,
}

/// The IA Prefix option (26), RFC 9915 §21.22.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaPrefix<'a> {
    /// Seconds; all ones is for ever (RFC 9915 §7.7).
    pub preferred_lifetime: u32,
    /// Seconds; all ones is for ever.
    pub valid_lifetime: u32,
    /// 0 to 128 bits. A client that asks for a length without naming a prefix leaves the prefix `::`.
    pub prefix_len: u8,
    /// The prefix as sent: bits behind its length need not be zero.
    pub prefix: Ipv6Addr,
    /// A Status Code option, a Prefix Exclude option (RFC 6603), or nothing.
    pub options: Options<'a>,
}

/// Octets of IAID, T1 and T2.
const IA_LEN: usize = 12;

impl<'a> IaNa<'a> {
    /// Reads the data of the option: twelve octets and the options in it.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) = split_fixed::<IA_LEN>(data, "IA_NA option")?;
        let [iaid, t1, t2] = three_numbers(fixed);
        Ok(Self { iaid, t1, t2, options })
    }
}

impl<'a> IaPd<'a> {
    /// Reads the data of the option: twelve octets and the options in it.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) = split_fixed::<IA_LEN>(data, "IA_PD option")?;
        let [iaid, t1, t2] = three_numbers(fixed);
        Ok(Self { iaid, t1, t2, options })
    }
}

impl<'a> IaTa<'a> {
    /// Reads the data of the option: four octets and the options in it.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) = split_fixed::<4>(data, "IA_TA option")?;
        Ok(Self { iaid: u32::from_be_bytes(*fixed), options })
    }
}

impl<'a> IaAddress<'a> {
    /// Reads the data of the option: 24 octets and the options in it.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) = split_fixed::<24>(data, "IA Address option")?;
        Ok(Self {
            address: Ipv6Addr::from(octets::array_at::<16>(fixed, 0)),
            preferred_lifetime: octets::u32_at(fixed, 16),
            valid_lifetime: octets::u32_at(fixed, 20),
            options,
        })
    }
}

impl<'a> IaPrefix<'a> {
    /// Reads the data of the option: 25 octets and the options in it. A prefix length over 128 is an error.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) = split_fixed::<25>(data, "IA Prefix option")?;
        let prefix_len = octets::u8_at(fixed, 8);
        if prefix_len > 128 {
            return Err(Error::BadValue {
                what: "prefix length of an IA Prefix option",
                expected: "at most 128",
                got: u32::from(prefix_len),
            });
        }
        Ok(Self {
            preferred_lifetime: octets::u32_at(fixed, 0),
            valid_lifetime: octets::u32_at(fixed, 4),
            prefix_len,
            prefix: Ipv6Addr::from(octets::array_at::<16>(fixed, 9)),
            options,
        })
    }
}

/// The first `N` octets, and the options that fill the rest.
#[inline]
fn split_fixed<'a, const N: usize>(
    data: &'a [u8],
    what: &'static str,
) -> Result<(&'a [u8; N], Options<'a>), Error> {
    let Some((fixed, options)) = data.split_first_chunk::<N>() else {
        return Err(Error::Truncated { what, offset: data.len() });
    };
    let options = Options::new_checked(options).map_err(|error| error.shifted(N))?;
    Ok((fixed, options))
}

#[inline]
fn three_numbers(fixed: &[u8; IA_LEN]) -> [u32; 3] {
    [0, 4, 8].map(|at| octets::u32_at(fixed, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::{OptionCode, StatusCode, StatusCodeOption};

    const STATUS: &[u8] = &[0, 13, 0, 2, 0, 2];

    #[test]
    fn associations_have_three_numbers_and_options() {
        let data = [&[0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff][..], STATUS].concat();
        let na = IaNa::new_checked(&data).unwrap();
        assert_eq!((na.iaid, na.t1, na.t2), (1, 2, u32::MAX));
        let status =
            StatusCodeOption::new_checked(na.options.find(OptionCode::STATUS_CODE).unwrap()).unwrap();
        assert_eq!(status.code, StatusCode::NO_ADDRS_AVAIL);
        let pd = IaPd::new_checked(&data).unwrap();
        assert_eq!((pd.iaid, pd.t1, pd.t2, pd.options), (na.iaid, na.t1, na.t2, na.options));
        let ta = IaTa::new_checked(&[&[0, 0, 0, 3][..], STATUS].concat()).unwrap().iaid;
        assert_eq!(ta, 3);
    }

    #[test]
    fn an_address_has_two_lifetimes() {
        let mut data = [0; 24];
        data[15] = 1;
        data[19] = 2;
        data[23] = 3;
        let address = IaAddress::new_checked(&data).unwrap();
        assert_eq!(address.address, Ipv6Addr::LOCALHOST);
        assert_eq!((address.preferred_lifetime, address.valid_lifetime), (2, 3));
        assert!(address.options.is_empty());
    }

    #[test]
    fn a_prefix_has_its_length_between_lifetimes_and_prefix() {
        let mut data = [0; 25];
        data[3] = 2;
        data[7] = 3;
        data[8] = 56;
        data[9] = 0x20;
        let prefix = IaPrefix::new_checked(&data).unwrap();
        assert_eq!((prefix.preferred_lifetime, prefix.valid_lifetime, prefix.prefix_len), (2, 3, 56));
        assert_eq!(prefix.prefix.to_string(), "2000::");
        data[8] = 129;
        assert!(matches!(IaPrefix::new_checked(&data), Err(Error::BadValue { got: 129, .. })));
    }

    #[test]
    fn every_truncation_is_an_error_and_tells_its_place() {
        let data = [&[0; 25][..], STATUS].concat();
        for end in (0..data.len()).filter(|end| *end != 25) {
            assert!(IaPrefix::new_checked(&data[..end]).is_err(), "{end}");
        }
        let error = Error::OptionOverrun { code: 13, offset: 12, claimed: 2, available: 0 };
        assert_eq!(IaNa::new_checked(&[&[0; 12][..], &[0, 13, 0, 2]].concat()), Err(error));
    }
}
