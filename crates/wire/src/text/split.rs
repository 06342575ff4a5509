//! Text into fields at the commas.

use super::TextError;

/// Splits at each `separator` that no backslash stands before. In the fields `\,` has become `,` and the white
/// space around is gone; any other backslash stays. An empty text has no fields.
pub(super) fn fields(text: &str, separator: char) -> Result<Vec<String>, TextError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.peek() == Some(&separator) {
            characters.next();
            field.push(separator);
        } else if character == separator {
            fields.push(core::mem::take(&mut field));
        } else {
            field.push(character);
        }
    }
    fields.push(field);
    let trimmed: Vec<String> = fields.iter().map(|field| field.trim().to_owned()).collect();
    match trimmed.iter().position(String::is_empty) {
        Some(index) => Err(TextError::EmptyField { field: index.saturating_add(1) }),
        None => Ok(trimmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_trimmed_and_unescaped() {
        for (text, expected) in [
            ("", &[][..]),
            ("  ", &[]),
            ("a", &["a"]),
            (" a , b\t,c ", &["a", "b", "c"]),
            (r"foo\,bar", &["foo,bar"]),
            (r"a\\,b\c", &[r"a\,b\c"]),
            (r"a\", &[r"a\"]),
        ] {
            assert_eq!(fields(text, ',').unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_empty_field_is_named() {
        for (text, field) in [(",", 1), ("a,,b", 2), ("a, ,b", 2), ("a,b,", 3)] {
            assert_eq!(fields(text, ','), Err(TextError::EmptyField { field }), "{text}");
        }
    }
}
