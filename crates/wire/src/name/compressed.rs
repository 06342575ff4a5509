//! Names that may be compressed within the octets that hold them (RFC 1035 §4.1.4, RFC 3397 §2).

use core::fmt;

use super::{MAX_LABEL_LEN, MAX_NAME_LEN, text};
use crate::Error;

/// The most pointers that one name may go through. A name has at most 127 labels, and compression never needs more
/// than one pointer before each.
const MAX_POINTERS: usize = 127;

/// The data of a Domain Search option (DHCPv4 option 119, RFC 3397), its fragments joined: names one after another,
/// in which pointers count from the start of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompressedNames<'a> {
    bytes: &'a [u8],
}

impl<'a> CompressedNames<'a> {
    /// Reads names that fill `bytes` exactly; there may be none. A pointer must lead to an earlier place than the
    /// labels in front of it began at, so that following it comes to an end.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut offset = 0;
        while offset < bytes.len() {
            offset = walk(bytes, offset, |_| ())?;
        }
        Ok(Self { bytes })
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = CompressedName<'a>> + use<'a> {
        let bytes = self.bytes;
        let mut offset = 0;
        core::iter::from_fn(move || {
            let at = offset;
            if at >= bytes.len() {
                return None;
            }
            offset = walk(bytes, at, |_| ()).ok()?;
            Some(CompressedName { bytes, at })
        })
    }
}

/// One of these names; fully qualified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CompressedName<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> CompressedName<'a> {
    /// Hands over the labels from left to right, without the root's.
    pub fn for_each_label(&self, visit: impl FnMut(&'a [u8])) {
        // new_checked has walked the same way without an error.
        let _ = walk(self.bytes, self.at, visit);
    }

    /// Appends the name without compression, at most [`MAX_NAME_LEN`] octets.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        self.for_each_label(|label| {
            if let Ok(length) = u8::try_from(label.len()) {
                out.push(length);
                out.extend_from_slice(label);
            }
        });
        out.push(0);
    }
}

impl fmt::Display for CompressedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        let mut first = true;
        self.for_each_label(|label| {
            if result.is_ok() {
                result = if first { Ok(()) } else { f.write_str(".") };
                first = false;
                result = result.and_then(|()| text::write_labels(f, core::iter::once(label), false));
            }
        });
        result.and_then(|()| f.write_str("."))
    }
}

impl fmt::Debug for CompressedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompressedName({self})")
    }
}

/// Hands over the labels of the name at `start`, and returns where the next name would begin.
fn walk<'a>(bytes: &'a [u8], start: usize, mut visit: impl FnMut(&'a [u8])) -> Result<usize, Error> {
    let mut at = start;
    // Where the labels that are being read began: a pointer must lead in front of it.
    let mut segment = start;
    let mut behind = None;
    let mut length = 1;
    let mut pointers = 0;
    loop {
        let bad = |reason| Error::BadName { reason, offset: at };
        let &octet = bytes.get(at).ok_or_else(|| bad("no root label"))?;
        match octet {
            0 => return Ok(behind.unwrap_or(at + 1)),
            0xc0.. => {
                let &low = bytes.get(at + 1).ok_or_else(|| bad("half a pointer"))?;
                let target = usize::from(u16::from_be_bytes([octet & 0x3f, low]));
                pointers += 1;
                if target >= segment || pointers > MAX_POINTERS {
                    return Err(bad("pointer that does not lead backwards"));
                }
                behind = behind.or(Some(at + 2));
                at = target;
                segment = target;
            }
            _ if usize::from(octet) > MAX_LABEL_LEN => return Err(bad("label of more than 63 octets")),
            _ => {
                let next = at + 1 + usize::from(octet);
                let label = bytes.get(at + 1..next).ok_or_else(|| bad("label longer than the rest"))?;
                length += 1 + label.len();
                if length > MAX_NAME_LEN {
                    return Err(bad("name of more than 255 octets"));
                }
                visit(label);
                at = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Result<Vec<String>, Error> {
        CompressedNames::new_checked(bytes).map(|names| names.iter().map(|name| name.to_string()).collect())
    }

    #[test]
    fn pointers_count_from_the_start_of_the_data() {
        // The example of RFC 3397 §3.
        let data = b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04";
        assert_eq!(texts(data).unwrap(), ["eng.apple.com.", "marketing.apple.com."]);
        let mut wire = Vec::new();
        for name in CompressedNames::new_checked(data).unwrap().iter() {
            name.write_to(&mut wire);
        }
        assert_eq!(wire, b"\x03eng\x05apple\x03com\x00\x09marketing\x05apple\x03com\x00");
    }

    #[test]
    fn pointers_to_pointers_are_followed() {
        let data = b"\x03com\x00\x01a\xc0\x00\x01b\xc0\x05\xc0\x09";
        assert_eq!(texts(data).unwrap(), ["com.", "a.com.", "b.a.com.", "b.a.com."]);
    }

    #[test]
    fn a_pointer_that_could_go_round_is_refused() {
        let table: [(&[u8], &str, usize); 6] = [
            (b"\xc0\x00", "pointer that does not lead backwards", 0),
            (b"\x01a\xc0\x00", "pointer that does not lead backwards", 2),
            (b"\x01a\xc0\x02", "pointer that does not lead backwards", 2),
            (b"\xc0\x02\x01a\x00", "pointer that does not lead backwards", 0),
            (b"\x01a\xc0", "half a pointer", 2),
            (b"\x01a", "no root label", 2),
        ];
        for (data, reason, offset) in table {
            assert_eq!(texts(data), Err(Error::BadName { reason, offset }), "{data:x?}");
        }
    }

    #[test]
    fn a_chain_of_pointers_is_bounded() {
        let mut data = vec![0];
        let mut last: u16 = 0;
        for _ in 0..MAX_POINTERS {
            let next = u16::try_from(data.len()).unwrap();
            data.extend_from_slice(&(0xc000 | last).to_be_bytes());
            last = next;
        }
        assert_eq!(texts(&data).unwrap().len(), MAX_POINTERS + 1);
        data.extend_from_slice(&(0xc000 | last).to_be_bytes());
        assert!(texts(&data).is_err());
    }

    #[test]
    fn a_name_that_grows_too_long_by_pointers_is_refused() {
        let mut data = vec![63];
        data.extend([b'a'; 63]);
        data.push(0);
        for back in [0_u16, 65, 131] {
            data.push(63);
            data.extend([b'b'; 63]);
            data.extend_from_slice(&(0xc000 | back).to_be_bytes());
        }
        assert!(matches!(texts(&data), Err(Error::BadName { reason: "name of more than 255 octets", .. })));
    }
}
