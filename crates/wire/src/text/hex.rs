//! Octets in hexadecimal: Kea's forms in, one form out.

use core::fmt::Write as _;

use super::TextError;

/// Reads a value given with `csv-format` false.
///
/// Accepted are digits in one run (`0a0b`, `0x0a0b`; an odd number of them has a 0 put before it), octets of one
/// or two digits separated by colons or by single spaces (`0a:b`, `0a 0b`), a text in single quotes (`'text'`), and nothing at all.
/// An error means that the text is the operator's mistake.
pub fn encode_hex(text: &str) -> Result<Vec<u8>, TextError> {
    let trimmed = text.trim();
    if let Some(quoted) = trimmed.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Ok(quoted.as_bytes().to_vec());
    }
    octets(trimmed).ok_or_else(|| TextError::Hex { got: text.to_owned() })
}

/// The octets with a colon between each two: `00:01:0a`.
pub fn hex(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len().saturating_mul(3));
    for (index, octet) in data.iter().enumerate() {
        let separator = if index == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{octet:02x}");
    }
    text
}

fn octets(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    for separator in [':', ' '] {
        if text.contains(separator) {
            return text.split(separator).map(octet).collect();
        }
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let padded = if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("0{digits}") };
    padded.as_bytes().chunks(2).map(|pair| octet(core::str::from_utf8(pair).ok()?)).collect()
}

fn octet(digits: &str) -> Option<u8> {
    // `from_str_radix` also takes a sign.
    let plain = matches!(digits.len(), 1..=2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if plain { u8::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_kea_is_read() {
        for (text, octets) in [
            ("", &[][..]),
            ("0a0b", &[10, 11]),
            ("0x0A0b", &[10, 11]),
            ("abc", &[0x0a, 0xbc]),
            ("0xabc", &[0x0a, 0xbc]),
            ("a:b:c", &[10, 11, 12]),
            ("0a 0b 0c", &[10, 11, 12]),
            (" 0a0b ", &[10, 11]),
            ("'a,b'", b"a,b"),
            ("''", &[]),
        ] {
            assert_eq!(encode_hex(text).as_deref(), Ok(octets), "{text}");
        }
    }

    #[test]
    fn what_is_not_hexadecimal_is_refused_with_the_text() {
        for text in ["0g", "0x", "ab  cd", "ab cd:ef", "abc:d", "+1:02", "0a,0b", "'a", "\u{e9}"] {
            assert_eq!(encode_hex(text), Err(TextError::Hex { got: text.to_owned() }), "{text}");
        }
    }

    #[test]
    fn octets_are_shown_with_colons() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 1, 0xab]), "00:01:ab");
    }
}
