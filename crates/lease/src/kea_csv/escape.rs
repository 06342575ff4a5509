//! Texts in columns: octets that would end the column or the line are written as `&#xHH`.

use std::borrow::Cow;

/// What an escape begins with; two hexadecimal digits follow, and nothing ends it.
const TAG: &[u8] = b"&#x";

/// Appends `text` with escapes for the separator, the escapes' own first octet and every octet that is not printable
/// ASCII. Kea writes the latter from 3.3.0 on; every version with escapes reads them.
pub(super) fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &octet in text {
        if matches!(octet, 0x20..=0x7e) && octet != b',' && octet != b'&' {
            out.push(octet);
        } else {
            out.extend_from_slice(TAG);
            push_hex(octet, out);
        }
    }
}

/// The text without escapes. A tag that no two hexadecimal digits follow stands for itself, as Kea has it.
pub(super) fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'&') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if let Some((octet, after)) = rest.strip_prefix(TAG).and_then(pair) {
            plain.push(octet);
            rest = after;
        } else {
            plain.push(first);
            rest = behind;
        }
    }
    Cow::Owned(plain)
}

/// The octet that two hexadecimal digits are, and what follows them.
pub(super) fn pair(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = text.split_first_chunk()?;
    Some((hex_digit(high)? << 4 | hex_digit(low)?, rest))
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Appends octets as `01:23:ab`.
pub(super) fn push_octets(octets: &[u8], out: &mut Vec<u8>) {
    for (at, &octet) in octets.iter().enumerate() {
        if at > 0 {
            out.push(b':');
        }
        push_hex(octet, out);
    }
}

fn push_hex(octet: u8, out: &mut Vec<u8>) {
    out.extend([octet >> 4, octet & 0xf].map(|digit| match digit {
        0..=9 => b'0' + digit,
        _ => b'a' + digit - 10,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        escape(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_octet_comes_back_and_only_printable_ones_stand_for_themselves() {
        for octet in 0..=u8::MAX {
            let text = escaped(&[octet]);
            let plain = (0x20..=0x7e).contains(&octet) && octet != b',' && octet != b'&';
            let expected = if plain { char::from(octet).to_string() } else { format!("&#x{octet:02x}") };
            assert_eq!(text, expected);
            assert_eq!(*unescape(text.as_bytes()), [octet]);
        }
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(*unescape(escaped(&all).as_bytes()), *all);
    }

    #[test]
    fn an_escape_that_is_not_one_stands_for_itself() {
        let cases: [(&str, &str); 10] = [
            ("", ""),
            ("&", "&"),
            ("&#x", "&#x"),
            ("&#x2", "&#x2"),
            ("&#xg0", "&#xg0"),
            ("&#x0g", "&#x0g"),
            ("&#&#x2c", "&#,"),
            ("&#x26#x2c", "&#x2c"),
            ("&#x2C&#x2c;", ",,;"),
            ("a&#x2cb", "a,b"),
        ];
        for (text, plain) in cases {
            assert_eq!(*unescape(text.as_bytes()), *plain.as_bytes(), "{text}");
        }
    }

    #[test]
    fn octets_have_colons_between_them() {
        let mut out = Vec::new();
        push_octets(&[0, 0x1f, 0xab], &mut out);
        assert_eq!(out, b"00:1f:ab");
    }
}
