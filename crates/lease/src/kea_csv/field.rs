//! The columns of a row, and the values that both families have in them.

use std::cell::Cell;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::codec::Column;
use super::error::Reason;
use super::escape::{hex_digit, pair, unescape};
use crate::{DnsUpdated, Timestamp};

/// As many columns as any family has.
const MOST: usize = 18;

/// A row, split.
#[derive(Debug)]
#[expect(unnameable_types, reason = "a part of a sealed trait")]
pub struct Fields<'a> {
    values: [&'a [u8]; MOST],
    /// Whether octets of the name were replaced.
    pub(super) replaced: Cell<bool>,
}

/// Which column of a row is at fault and why.
#[derive(Debug, PartialEq, Eq)]
#[expect(unnameable_types, reason = "a part of a sealed trait")]
pub struct Fault {
    pub(super) column: usize,
    pub(super) reason: Reason,
}

impl<'a> Fields<'a> {
    /// Splits a row; those of `columns` that it does not reach have their defaults. Also how many columns it has.
    pub(super) fn split(row: &'a [u8], columns: &[Column]) -> (Self, usize) {
        let mut values: [&[u8]; MOST] = [&[]; MOST];
        for (value, Column(_, default)) in values.iter_mut().zip(columns) {
            *value = default.as_bytes();
        }
        let mut count = 0;
        for value in row.split(|&octet| octet == b',') {
            if let Some(slot) = values.get_mut(count) {
                *slot = value;
            }
            count += 1;
        }
        (Self { values, replaced: false.into() }, count)
    }

    /// The text in a column; empty where there is no such column.
    pub(super) fn raw(&self, column: usize) -> &'a [u8] {
        self.values.get(column).copied().unwrap_or_default()
    }

    /// What `read` makes of a column.
    pub(super) fn read<T>(
        &self,
        column: usize,
        read: impl FnOnce(&'a [u8]) -> Result<T, Reason>,
    ) -> Result<T, Fault> {
        read(self.raw(column)).map_err(|reason| Fault { column, reason })
    }

    /// `forward` and `reverse` are the columns of what is in DNS.
    pub(super) fn dns(&self, forward: usize, reverse: usize) -> Result<DnsUpdated, Fault> {
        Ok(DnsUpdated { forward: self.read(forward, boolean)?, reverse: self.read(reverse, boolean)? })
    }

    /// When the client last obtained or extended a lease that ends at `expire` after `valid_lifetime` seconds.
    pub(super) fn last_transaction(&self, expire: usize, valid_lifetime: u32) -> Result<Timestamp, Fault> {
        self.read(expire, |text| {
            let expire: u64 = number(text)?;
            expire.checked_sub(u64::from(valid_lifetime)).map(Timestamp).ok_or(Reason::Expire)
        })
    }

    /// A name. Octets that are not UTF-8, which clients may send and Kea keeps, are replaced: the lease is worth more.
    pub(super) fn hostname(&self, column: usize) -> Box<str> {
        let plain = unescape(self.raw(column));
        if let Ok(name) = std::str::from_utf8(&plain) {
            return name.into();
        }
        self.replaced.set(true);
        String::from_utf8_lossy(&plain).into()
    }

    /// What an operator attached.
    pub(super) fn user_context(&self, column: usize) -> Result<Option<Box<str>>, Fault> {
        self.read(column, |text| {
            if text.is_empty() {
                return Ok(None);
            }
            let plain = unescape(text);
            match std::str::from_utf8(&plain) {
                Ok(context) if is_map(context) => Ok(Some(context.into())),
                _ => Err(Reason::UserContext),
            }
        })
    }
}

/// Whether a text looks like a JSON map, which is what Kea demands of a user context. What is within is not looked at.
pub(super) fn is_map(context: &str) -> bool {
    let context = context.trim_ascii();
    context.len() >= 2 && context.starts_with('{') && context.ends_with('}')
}

/// A number in decimal digits.
pub(super) fn number<T: TryFrom<u64> + Bounds>(text: &[u8]) -> Result<T, Reason> {
    let digits = || {
        let (first, rest) = text.split_first()?;
        let digit = |octet: &u8| octet.is_ascii_digit().then(|| u64::from(octet - b'0'));
        rest.iter().try_fold(digit(first)?, |value, octet| value.checked_mul(10)?.checked_add(digit(octet)?))
    };
    digits().and_then(|value| value.try_into().ok()).ok_or(Reason::Number { least: 0, most: T::MOST })
}

/// How large a number may be.
pub(super) trait Bounds {
    const MOST: u64;
}

impl Bounds for u8 {
    const MOST: u64 = Self::MAX as u64;
}
impl Bounds for u32 {
    const MOST: u64 = Self::MAX as u64;
}
impl Bounds for u64 {
    const MOST: Self = Self::MAX;
}

/// 0 or 1.
fn boolean(text: &[u8]) -> Result<bool, Reason> {
    match text {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Reason::Boolean),
    }
}

/// An IPv4 address.
pub(super) fn ipv4(text: &[u8]) -> Result<Ipv4Addr, Reason> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Reason::Ipv4)
}

/// An IPv6 address.
pub(super) fn ipv6(text: &[u8]) -> Result<Ipv6Addr, Reason> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Reason::Ipv6)
}

/// Octets as one or two hexadecimal digits each with colons between them, or two each without, into the beginning of
/// `out`.
pub(super) fn octets<'o, const N: usize>(text: &[u8], out: &'o mut [u8; N]) -> Result<&'o [u8], Reason> {
    let mut count = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (octet, behind) = pair(rest).or_else(|| one_digit(rest)).ok_or(Reason::Hexadecimal)?;
        *out.get_mut(count).ok_or(Reason::TooLong { most: N })? = octet;
        count += 1;
        rest = match behind.split_first() {
            None => behind,
            Some((b':', after)) if !after.is_empty() => after,
            // Kea reads digits without colons too, always two for an octet.
            Some(_) if text.len().is_multiple_of(2) && !text.contains(&b':') => behind,
            Some(_) => return Err(Reason::Hexadecimal),
        };
    }
    Ok(out.get(..count).unwrap_or_default())
}

/// An octet of one digit, and what follows it.
fn one_digit(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&digit, rest) = text.split_first()?;
    Some((hex_digit(digit)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_within_its_bounds() {
        assert_eq!(number::<u32>(b"0"), Ok(0));
        assert_eq!(number::<u32>(b"0007"), Ok(7));
        assert_eq!(number::<u32>(b"4294967295"), Ok(u32::MAX));
        assert_eq!(number::<u64>(b"18446744073709551615"), Ok(u64::MAX));
        let most = u64::from(u32::MAX);
        for text in ["", "-1", "+1", " 1", "1 ", "0x1", "1.0", "4294967296", "99999999999999999999999"] {
            assert_eq!(number::<u32>(text.as_bytes()), Err(Reason::Number { least: 0, most }), "{text}");
        }
    }

    #[test]
    fn octets_are_one_or_two_digits_with_colons_between() {
        let read = |text: &str| octets(text.as_bytes(), &mut [0; 3]).map(<[u8]>::to_vec);
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("0a0BcD"), Ok(vec![0x0a, 0x0b, 0xcd]));
        assert_eq!(read("0a:B:cD"), Ok(vec![0x0a, 0x0b, 0xcd]));
        assert_eq!(read("00:00:00:00"), Err(Reason::TooLong { most: 3 }));
        for text in [":", "1:", ":1", "1::2", "123", "1234:5", "0g", "g", "1-2", "01 02", "é"] {
            assert_eq!(read(text), Err(Reason::Hexadecimal), "{text}");
        }
    }

    #[test]
    fn a_user_context_begins_and_ends_as_a_map() {
        for good in ["{}", " { \"a\": 1 } "] {
            assert!(is_map(good), "{good}");
        }
        for bad in ["", "{", "}", "[]", "null", "{ \"a\"", "\"{}\""] {
            assert!(!is_map(bad), "{bad}");
        }
    }
}
