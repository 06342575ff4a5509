//! Options inside an option, and data behind its length: what several options of DHCPv4 are made of.

use crate::Error;

/// One option inside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubOption<'a> {
    /// The code; what it means depends on the option that this stands in. 0 and 255 are codes like all others.
    pub code: u8,
    /// The data behind code and length; at most 255 octets, may be empty.
    pub data: &'a [u8],
}

/// Options that fill their place without PAD or END: those of relay agents (RFC 3046 §2) and, behind an enterprise
/// number, those of vendors (RFC 3925 §4). They are not joined: RFC 3396 is about the options of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubOptions<'a> {
    bytes: &'a [u8],
}

impl<'a> SubOptions<'a> {
    /// Checks that the options fill `bytes` exactly; there may be none.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        loop {
            let offset = bytes.len() - rest.len();
            match *rest {
                [] => return Ok(Self { bytes }),
                [code, length, ref behind @ ..] => {
                    rest = behind.get(usize::from(length)..).ok_or_else(|| Error::OptionOverrun {
                        code: u16::from(code),
                        offset,
                        claimed: usize::from(length),
                        available: behind.len(),
                    })?;
                }
                [_] => return Err(Error::Truncated { what: "sub-option", offset }),
            }
        }
    }

    /// The options in the order in which they stand.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = SubOption<'a>> + Clone + use<'a> {
        SubOptionsIter { rest: self.bytes }
    }

    /// The data of the first option with that code.
    #[inline]
    pub fn find(&self, code: u8) -> Option<&'a [u8]> {
        self.iter().find(|option| option.code == code).map(|option| option.data)
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[derive(Debug, Clone)]
struct SubOptionsIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for SubOptionsIter<'a> {
    type Item = SubOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (&code, behind) = self.rest.split_first()?;
        let (data, behind) = split_counted(behind)?;
        self.rest = behind;
        Some(SubOption { code, data })
    }
}

/// Pieces of data, each behind one octet of length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted<'a> {
    bytes: &'a [u8],
}

impl<'a> Counted<'a> {
    /// Checks that the pieces fill `bytes` exactly.
    pub(super) fn new_checked(bytes: &'a [u8], what: &'static str) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            (_, rest) = split_counted(rest).ok_or(Error::Truncated { what, offset })?;
        }
        Ok(Self { bytes })
    }

    /// The pieces in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let bytes = self.bytes;
        let first = split_counted(bytes);
        core::iter::successors(first, |(_, rest)| split_counted(rest)).map(|(piece, _)| piece)
    }
}

/// The data behind the first octet, which counts it, and what follows.
#[inline]
pub(super) fn split_counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, behind) = bytes.split_first()?;
    behind.split_at_checked(usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_options_fill_their_place_exactly() {
        let options = SubOptions::new_checked(b"\x01\x02ab\x00\x00\xff\x01c").unwrap();
        let all: Vec<_> = options.iter().map(|option| (option.code, option.data)).collect();
        assert_eq!(all, [(1, &b"ab"[..]), (0, b""), (255, b"c")]);
        assert_eq!(options.find(255), Some(&b"c"[..]));
        assert_eq!(options.find(2), None);
        assert!(SubOptions::new_checked(b"").unwrap().is_empty());
    }

    #[test]
    fn a_sub_option_that_does_not_fit_is_refused() {
        assert_eq!(
            SubOptions::new_checked(b"\x01\x00\x02\x03ab"),
            Err(Error::OptionOverrun { code: 2, offset: 2, claimed: 3, available: 2 })
        );
        assert_eq!(
            SubOptions::new_checked(b"\x01\x00\x02"),
            Err(Error::Truncated { what: "sub-option", offset: 2 })
        );
    }

    #[test]
    fn pieces_fill_their_place_exactly() {
        let pieces = Counted::new_checked(b"\x02ab\x00\x01c", "test").unwrap();
        assert_eq!(pieces.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(
            Counted::new_checked(b"\x02ab\x02c", "test"),
            Err(Error::Truncated { what: "test", offset: 3 })
        );
    }
}
