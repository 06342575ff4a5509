//! Domain names: wire format to text and back (RFC 1035 §3.1), bounded.
//!
//! DHCPv6 never compresses them (RFC 9915 §10): [`Name`] and [`Names`] borrow what was received. DHCPv4's Domain
//! Search option does (RFC 3397 §2): [`compressed::Names`](CompressedNames) follows pointers inside the option.
//! Text becomes wire format by [`encode`].
//!
//! In text, `.` separates labels, a final `.` says that nothing is to be added behind, `\.` and `\\` are the octets
//! themselves and `\DDD` is the octet with that decimal value (RFC 1035 §5.1).

mod compressed;
mod text;

use core::fmt;

pub use compressed::{CompressedName, CompressedNames};
pub use text::encode;

use crate::Error;

/// The most octets that a name has in wire format, the root's zero included (RFC 1035 §2.3.4).
pub const MAX_NAME_LEN: usize = 255;
/// The most octets that one label has (RFC 1035 §2.3.4).
pub const MAX_LABEL_LEN: usize = 63;

/// One name in wire format without compression: labels, each behind its length.
///
/// With the root's empty label at the end it is fully qualified; without, it is a part of a name, which only the
/// Client FQDN options may carry (RFC 4704 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    wire: &'a [u8],
}

impl<'a> Name<'a> {
    /// Reads a fully qualified name that fills `bytes` exactly.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        match Self::split(bytes)? {
            (name, []) => Ok(name),
            (name, _) => {
                Err(Error::BadName { reason: "octets behind the root label", offset: name.wire.len() })
            }
        }
    }

    /// Reads a name that fills `bytes` exactly and may be a part of one: the labels without the root's, or nothing.
    pub fn new_partial(bytes: &'a [u8]) -> Result<Self, Error> {
        let end = find_end(bytes)?;
        if end.offset < bytes.len() {
            return Err(Error::BadName { reason: "octets behind the root label", offset: end.offset });
        }
        Ok(Self { wire: bytes })
    }

    /// Reads the fully qualified name at the start of `bytes`, and returns what follows it too.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let end = find_end(bytes)?;
        if !end.rooted {
            return Err(Error::BadName { reason: "no root label", offset: bytes.len() });
        }
        let (wire, rest) = bytes.split_at_checked(end.offset).unwrap_or((bytes, &[]));
        Ok((Self { wire }, rest))
    }

    /// The labels from left to right, without the root's.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.wire;
        core::iter::from_fn(move || {
            let (&length, behind) = rest.split_first()?;
            let (label, behind) = behind.split_at_checked(usize::from(length))?;
            rest = behind;
            (!label.is_empty()).then_some(label)
        })
    }

    /// Whether the name ends in the root.
    pub fn is_fully_qualified(&self) -> bool {
        find_end(self.wire).is_ok_and(|end| end.rooted)
    }

    /// Whether both are the same name, for which upper and lower case of ASCII are one (RFC 1035 §2.3.3).
    pub fn eq_ignore_case(&self, other: &Name<'_>) -> bool {
        // A label's length is below 64 and so no letter: the octets can be compared without looking at labels.
        self.wire.eq_ignore_ascii_case(other.wire)
    }

    /// The octets, as received.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.wire
    }
}

impl fmt::Display for Name<'_> {
    /// The text form: with a final `.` when the name is fully qualified.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_labels(f, self.labels(), self.is_fully_qualified())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// Fully qualified names one after another, as in the Domain Search List option of DHCPv6 (24, RFC 3646).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    bytes: &'a [u8],
}

impl<'a> Names<'a> {
    /// Reads names that fill `bytes` exactly; there may be none.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            let (_, behind) = Name::split(rest).map_err(|error| error.shifted(offset))?;
            rest = behind;
        }
        Ok(Self { bytes })
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = Name<'a>> + use<'a> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            let (name, behind) = Name::split(rest).ok()?;
            rest = behind;
            Some(name)
        })
    }

    /// The octets, as received.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Where a name ends.
struct End {
    /// The octet behind the name.
    offset: usize,
    /// Whether it ended with the root's label, and not with the bytes.
    rooted: bool,
}

/// Walks over the labels at the start of `bytes`, to the root's label or to the end of the bytes.
fn find_end(bytes: &[u8]) -> Result<End, Error> {
    let mut offset = 0;
    while let Some(&length) = bytes.get(offset) {
        let next = offset + 1 + usize::from(length);
        if usize::from(length) > MAX_LABEL_LEN {
            // RFC 9915 §10: compression MUST NOT be used.
            let reason = if length >= 0xc0 { "compression pointer" } else { "label of more than 63 octets" };
            return Err(Error::BadName { reason, offset });
        }
        if next > bytes.len() {
            return Err(Error::BadName { reason: "label longer than the rest", offset });
        }
        // A part of a name leaves room for the root's label that is to come.
        if next > if length == 0 { MAX_NAME_LEN } else { MAX_NAME_LEN - 1 } {
            return Err(Error::BadName { reason: "name of more than 255 octets", offset });
        }
        if length == 0 {
            return Ok(End { offset: next, rooted: true });
        }
        offset = next;
    }
    Ok(End { offset, rooted: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] = b"\x03www\x07example\x03org\x00";

    fn reason(result: Result<impl fmt::Debug, Error>) -> (&'static str, usize) {
        match result {
            Err(Error::BadName { reason, offset }) => (reason, offset),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_shows_its_labels_and_that_it_is_complete() {
        let name = Name::new_checked(EXAMPLE).unwrap();
        assert_eq!(name.to_string(), "www.example.org.");
        assert_eq!(name.labels().collect::<Vec<_>>(), [&b"www"[..], b"example", b"org"]);
        assert!(name.is_fully_qualified());
        assert_eq!(Name::new_checked(b"\0").unwrap().to_string(), ".");
    }

    #[test]
    fn a_part_of_a_name_is_one_only_where_it_may_be() {
        let part = Name::new_partial(b"\x04host").unwrap();
        assert_eq!(part.to_string(), "host");
        assert!(!part.is_fully_qualified());
        assert_eq!(Name::new_partial(b"").unwrap().to_string(), "");
        assert_eq!(Name::new_partial(EXAMPLE).unwrap().to_string(), "www.example.org.");
        assert_eq!(reason(Name::new_checked(b"\x04host")), ("no root label", 5));
        assert_eq!(reason(Name::new_checked(b"")), ("no root label", 0));
    }

    #[test]
    fn octets_that_would_mislead_are_escaped() {
        let name = Name::new_checked(b"\x05a.b\\\x07\x02 \xff\x00").unwrap();
        assert_eq!(name.to_string(), "a\\.b\\\\\\007.\\032\\255.");
    }

    #[test]
    fn lengths_are_checked() {
        assert_eq!(reason(Name::new_checked(b"\x05abc\0")), ("label longer than the rest", 0));
        assert_eq!(reason(Name::new_checked(b"\x01a\xc0\x00")), ("compression pointer", 2));
        assert_eq!(reason(Name::new_checked(b"\x40")), ("label of more than 63 octets", 0));
        assert_eq!(reason(Name::new_checked(b"\x01a\0\0")), ("octets behind the root label", 3));
        assert_eq!(reason(Name::new_partial(b"\x01a\0\0")), ("octets behind the root label", 3));
    }

    #[test]
    fn a_name_has_at_most_255_octets() {
        let mut wire = Vec::new();
        for _ in 0..127 {
            wire.extend_from_slice(b"\x01a");
        }
        assert_eq!(wire.len(), 254);
        assert!(Name::new_partial(&wire).is_ok());
        wire.push(0);
        assert!(Name::new_checked(&wire).is_ok());
        wire.pop();
        wire.extend_from_slice(b"\x01a\0");
        assert_eq!(reason(Name::new_checked(&wire)), ("name of more than 255 octets", 254));
        assert_eq!(reason(Name::new_partial(&wire)), ("name of more than 255 octets", 254));
    }

    #[test]
    fn case_makes_no_difference() {
        let upper = Name::new_checked(b"\x03WWW\x07Example\x03org\x00").unwrap();
        assert!(Name::new_checked(EXAMPLE).unwrap().eq_ignore_case(&upper));
        assert_ne!(Name::new_checked(EXAMPLE).unwrap(), upper);
    }

    #[test]
    fn a_list_holds_names_and_nothing_else() {
        let list = [EXAMPLE, b"\x03com\x00"].concat();
        let names = Names::new_checked(&list).unwrap();
        let texts: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        assert_eq!(texts, ["www.example.org.", "com."]);
        assert_eq!(Names::new_checked(b"").unwrap().iter().count(), 0);
        let cut = list.get(..list.len() - 1).unwrap();
        assert_eq!(reason(Names::new_checked(cut)), ("no root label", list.len() - 1));
    }
}
