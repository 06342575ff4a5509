//! The data of an option, which may stand in the message in several parts (RFC 3396).

use core::fmt;
use core::iter::FusedIterator;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::slice;

use super::OptionCode;
use super::areas::Cursor;

/// The data of one option: all the parts with its code, in order, as if they were one.
///
/// Most options have one part, and [`contiguous`](Self::contiguous) lends it. Those of several parts are read
/// octet by octet ([`bytes`](Self::bytes)), or put together in a buffer of the caller's ([`join`](Self::join)).
#[derive(Clone, Copy)]
pub struct OptionData<'a> {
    first: &'a [u8],
    code: OptionCode,
    /// The octets of all parts.
    length: usize,
    /// The options behind the first part; empty where no further part is among them.
    rest: Cursor<'a>,
}

impl<'a> OptionData<'a> {
    /// An option in one part.
    #[inline]
    pub(super) fn single(code: OptionCode, data: &'a [u8]) -> Self {
        Self { first: data, code, length: data.len(), rest: Cursor::default() }
    }

    /// An option that begins with `first`; further parts may be among `rest`.
    pub(super) fn joined(code: OptionCode, first: &'a [u8], rest: Cursor<'a>) -> Self {
        let mut cursor = rest;
        let mut length = first.len();
        let mut parts: usize = 1;
        while let Some(part) = cursor.next_of(code) {
            length = length.saturating_add(part.len());
            parts = parts.saturating_add(1);
        }
        let rest = if parts == 1 { Cursor::default() } else { rest };
        Self { first, code, length, rest }
    }

    /// Which option it is.
    #[inline]
    pub const fn code(&self) -> OptionCode {
        self.code
    }

    /// The octets of data, of all parts together; less than the length of the message.
    #[inline]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no data, as in Rapid Commit (80).
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The data, where it stands in one piece.
    #[inline]
    pub const fn contiguous(&self) -> Option<&'a [u8]> {
        // The other parts, if any, are then empty.
        if self.length == self.first.len() { Some(self.first) } else { None }
    }

    /// The parts in order; at least one.
    #[inline]
    pub const fn fragments(&self) -> Fragments<'a> {
        Fragments { first: Some(self.first), code: self.code, rest: self.rest }
    }

    /// The octets in order.
    #[inline]
    pub fn bytes(&self) -> Bytes<'a> {
        Bytes { part: self.first.iter(), code: self.code, rest: self.rest }
    }

    /// The data in one piece: as it stands in the message, or copied together at the start of `scratch`. `None`
    /// when it is in several parts and `scratch` has less than [`len`](Self::len) octets.
    #[inline]
    pub fn join<'s>(&self, scratch: &'s mut [u8]) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        match self.contiguous() {
            Some(data) => Some(data),
            None => self.copy_to(scratch),
        }
    }

    /// Appends the data to `buffer`.
    pub fn write_to(&self, buffer: &mut Vec<u8>) {
        for part in self.fragments() {
            buffer.extend_from_slice(part);
        }
    }

    /// The octet that is all the data.
    #[inline]
    pub fn to_u8(&self) -> Option<u8> {
        self.to_array().map(u8::from_be_bytes)
    }

    /// The 16-bit number that is all the data.
    #[inline]
    pub fn to_u16(&self) -> Option<u16> {
        self.to_array().map(u16::from_be_bytes)
    }

    /// The 32-bit number that is all the data.
    #[inline]
    pub fn to_u32(&self) -> Option<u32> {
        self.to_array().map(u32::from_be_bytes)
    }

    /// The IPv4 address that is all the data.
    #[inline]
    pub fn to_ipv4(&self) -> Option<Ipv4Addr> {
        self.to_array::<4>().map(Ipv4Addr::from)
    }

    /// The IPv6 address that is all the data, as in Softwire Source Address (109, RFC 8539 §6.2).
    #[inline]
    pub fn to_ipv6(&self) -> Option<Ipv6Addr> {
        self.to_array::<16>().map(Ipv6Addr::from)
    }

    /// The data, if it has exactly `N` octets.
    #[inline]
    pub fn to_array<const N: usize>(&self) -> Option<[u8; N]> {
        if let Some(data) = self.contiguous() {
            return data.try_into().ok();
        }
        let mut array = [0; N];
        let joined = self.copy_to(&mut array)?.len();
        (joined == N).then_some(array)
    }

    /// The parts copied together at the start of `scratch`.
    fn copy_to<'s>(&self, scratch: &'s mut [u8]) -> Option<&'s [u8]> {
        let (joined, _) = scratch.split_at_mut_checked(self.length)?;
        let mut room = &mut *joined;
        for part in self.fragments() {
            let (place, behind) = room.split_at_mut_checked(part.len())?;
            place.copy_from_slice(part);
            room = behind;
        }
        Some(joined)
    }
}

impl PartialEq for OptionData<'_> {
    /// Whether code and data are the same, however the data is split.
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.length == other.length && self.bytes().eq(other.bytes())
    }
}

impl Eq for OptionData<'_> {}

impl fmt::Debug for OptionData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OptionData({}:", self.code.0)?;
        for part in self.fragments() {
            write!(f, " {part:02x?}")?;
        }
        f.write_str(")")
    }
}

/// The octets of [`OptionData`]; by default, none.
#[derive(Debug, Clone)]
pub struct Bytes<'a> {
    part: slice::Iter<'a, u8>,
    code: OptionCode,
    rest: Cursor<'a>,
}

impl Default for Bytes<'_> {
    #[inline]
    fn default() -> Self {
        Self { part: [].iter(), code: OptionCode::PAD, rest: Cursor::default() }
    }
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(&octet) = self.part.next() {
                return Some(octet);
            }
            self.part = self.rest.next_of(self.code)?.iter();
        }
    }
}

impl FusedIterator for Bytes<'_> {}

/// The parts of [`OptionData`].
#[derive(Debug, Clone)]
pub struct Fragments<'a> {
    first: Option<&'a [u8]>,
    code: OptionCode,
    rest: Cursor<'a>,
}

impl<'a> Iterator for Fragments<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.first.take().or_else(|| self.rest.next_of(self.code))
    }
}

impl FusedIterator for Fragments<'_> {}
