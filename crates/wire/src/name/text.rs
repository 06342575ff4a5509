//! Domain names as text (RFC 1035 §5.1).

use core::fmt;

use super::{MAX_LABEL_LEN, MAX_NAME_LEN};
use crate::Error;

/// Appends the wire format of the name in `text` to `out`, the root's label at the end, and says whether the text
/// ended with `.`. On an error `out` is as it was.
///
/// `.` alone is the root. An empty text, an empty label, and an escape that is none are errors, at an offset in the
/// text.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<bool, Error> {
    let start = out.len();
    let result = append(text.as_bytes(), start, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn append(text: &[u8], start: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
    if text == b"." {
        out.push(0);
        return Ok(true);
    }
    let mut rest = text;
    loop {
        let offset = text.len() - rest.len();
        let (behind, dot) = append_label(rest, offset, out)?;
        if out.len() - start >= MAX_NAME_LEN {
            return Err(Error::BadName { reason: "name of more than 255 octets", offset });
        }
        if behind.is_empty() {
            out.push(0);
            return Ok(dot);
        }
        rest = behind;
    }
}

/// Appends the first label of `text`, which stands at `offset`; returns what is behind its dot, and whether it had
/// one.
fn append_label<'t>(text: &'t [u8], offset: usize, out: &mut Vec<u8>) -> Result<(&'t [u8], bool), Error> {
    let at = out.len();
    out.push(0);
    let mut rest = text;
    let dot = loop {
        match rest {
            [] => break false,
            [b'.', behind @ ..] => {
                rest = behind;
                break true;
            }
            [b'\\', behind @ ..] => {
                let bad = Error::BadName { reason: "bad escape", offset: offset + text.len() - rest.len() };
                let (octet, behind) = unescape(behind).ok_or(bad)?;
                out.push(octet);
                rest = behind;
            }
            [octet, behind @ ..] => {
                out.push(*octet);
                rest = behind;
            }
        }
        if out.len() - at > MAX_LABEL_LEN + 1 {
            return Err(Error::BadName { reason: "label of more than 63 octets", offset });
        }
    };
    let length = out.len() - at - 1;
    if length == 0 {
        return Err(Error::BadName { reason: "empty label", offset });
    }
    if let (Ok(length), Some(field)) = (u8::try_from(length), out.get_mut(at)) {
        *field = length;
    }
    Ok((rest, dot))
}

/// The octet that the text behind a backslash stands for.
fn unescape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', behind @ ..] => {
            let value = [a, b, c].iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(**digit - b'0'));
            Some((u8::try_from(value).ok()?, behind))
        }
        [b'0'..=b'9', ..] | [] => None,
        [octet, behind @ ..] => Some((*octet, behind)),
    }
}

/// Writes labels as text.
pub(super) fn write_labels<'a>(
    f: &mut fmt::Formatter<'_>,
    labels: impl Iterator<Item = &'a [u8]>,
    fully_qualified: bool,
) -> fmt::Result {
    let mut first = true;
    for label in labels {
        if !first {
            f.write_str(".")?;
        }
        first = false;
        for &octet in label {
            match octet {
                b'.' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                b'!'..=b'~' => write!(f, "{}", char::from(octet))?,
                _ => write!(f, "\\{octet:03}")?,
            }
        }
    }
    if fully_qualified { f.write_str(".") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Result<Vec<u8>, Error> {
        let mut out = b"before".to_vec();
        let result = encode(text, &mut out);
        assert!(out.starts_with(b"before"));
        let appended = out.split_off(6);
        if result.is_err() {
            assert!(appended.is_empty());
        }
        result.map(|_| appended)
    }

    #[test]
    fn text_becomes_labels() {
        let table: [(&str, &[u8]); 7] = [
            (".", b"\0"),
            ("org", b"\x03org\0"),
            ("org.", b"\x03org\0"),
            ("www.example.org", b"\x03www\x07example\x03org\0"),
            ("a\\.b.c", b"\x03a.b\x01c\0"),
            ("\\255\\\\\\000.", b"\x03\xff\\\0\0"),
            ("\u{e9}", b"\x02\xc3\xa9\0"),
        ];
        for (text, expected) in table {
            assert_eq!(wire(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_final_dot_is_reported() {
        assert_eq!(encode("org", &mut Vec::new()), Ok(false));
        assert_eq!(encode("org.", &mut Vec::new()), Ok(true));
        assert_eq!(encode("a.b", &mut Vec::new()), Ok(false));
        assert_eq!(encode(".", &mut Vec::new()), Ok(true));
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_place() {
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(128);
        let table = [
            ("", "empty label", 0),
            ("a..b", "empty label", 2),
            (".a", "empty label", 0),
            ("ab\\", "bad escape", 2),
            ("ab\\25", "bad escape", 2),
            ("ab\\256", "bad escape", 2),
            (&long_label, "label of more than 63 octets", 0),
            (&long_name, "name of more than 255 octets", 254),
        ];
        for (text, reason, offset) in table {
            assert_eq!(wire(text), Err(Error::BadName { reason, offset }), "{text}");
        }
        assert!(wire(&"a".repeat(63)).is_ok());
        assert!(wire(&"a.".repeat(127)).is_ok());
    }
}
