//! Strings: from what stands between the quotes to bytes.

/// What is wrong with a string, and at which offsets of its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StringError {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Where the string that begins at the start of `text` (its opening quote) ends: the offset behind its closing quote,
/// or `Err` with that of the line's or the text's end. A string does not run over lines, so that one missing quote does
/// not swallow the rest of the file.
pub(super) fn end_of_string(text: &str) -> Result<usize, usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return Err(at),
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Ok(at.saturating_add(1)),
            _ => {}
        }
    }
    Err(text.len())
}

/// The bytes that the text between the quotes stands for. `\u0000` to `\u00ff` are one byte each, as Kea reads them.
pub(super) fn unescape(text: &str) -> (Box<[u8]>, Vec<StringError>) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut errors = Vec::new();
    let mut rest = text.char_indices();
    while let Some((at, character)) = rest.next() {
        if character != '\\' {
            if u32::from(character) < 0x20 {
                errors.push(StringError {
                    start: at,
                    end: at.saturating_add(1),
                    message: format!("a control character (code {}) in a string", u32::from(character)),
                    help: "write it as an escape such as \\t or \\u0009",
                });
            }
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.next().map(|(_, character)| character);
        match escape {
            Some('"') => bytes.push(b'"'),
            Some('\\') => bytes.push(b'\\'),
            Some('/') => bytes.push(b'/'),
            Some('b') => bytes.push(0x08),
            Some('f') => bytes.push(0x0c),
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('u') => {
                let digits = text.get(at.saturating_add(2)..at.saturating_add(6)).unwrap_or("");
                match code_of(digits) {
                    Ok(byte) => bytes.push(byte),
                    Err((message, help)) => {
                        let end = at.saturating_add(2).saturating_add(digits.len());
                        errors.push(StringError { start: at, end, message, help });
                    }
                }
                for _ in digits.chars() {
                    rest.next();
                }
            }
            other => errors.push(StringError {
                start: at,
                end: at.saturating_add(1).saturating_add(other.map_or(0, char::len_utf8)),
                message: format!("no escape: \\{}", other.map(String::from).unwrap_or_default()),
                help: "the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u00XX; a backslash is written \\\\",
            }),
        }
    }
    (bytes.into_boxed_slice(), errors)
}

fn code_of(digits: &str) -> Result<u8, (String, &'static str)> {
    let all_hexadecimal = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match u32::from_str_radix(digits, 16) {
        Ok(code) if all_hexadecimal => u8::try_from(code).map_err(|_| {
            let message = format!("\\u{digits} is above \\u00ff, and would be more than one byte");
            (message, "write the character itself; the file is read as UTF-8")
        }),
        _ => Err((format!("\\u{digits} is not an escape"), "write four hexadecimal digits after \\u")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        let (bytes, errors) = unescape(r#"a\"\\\/\b\f\n\r\t\u0041\u00ffü"#);
        assert_eq!(&*bytes, b"a\"\\/\x08\x0c\n\r\tA\xff\xc3\xbc");
        assert_eq!(errors, []);
    }

    #[test]
    fn wrong_escapes_are_told_with_their_place() {
        for (text, start, end) in [
            ("ab\\x", 2, 4),
            ("\\u0100", 0, 6),
            ("\\u00g0", 0, 6),
            ("\\u+0ff", 0, 6),
            ("x\\u00", 1, 3),
            ("a\tb", 1, 2),
            ("\\", 0, 1),
            ("\\ü", 0, 3),
            ("\\u00ü", 0, 6),
        ] {
            let (_, errors) = unescape(text);
            let places: Vec<_> = errors.iter().map(|error| (error.start, error.end)).collect();
            assert_eq!(places.first(), Some(&(start, end)), "{text}");
        }
    }

    #[test]
    fn a_string_ends_at_its_quote_or_with_its_line() {
        assert_eq!(end_of_string(r#""a\"b" x"#), Ok(6));
        assert_eq!(end_of_string("\"a\nb\""), Err(2));
        assert_eq!(end_of_string("\"a\\"), Err(3));
    }
}
