//! Numbers: whole ones, those with a fraction, and what only looks like one.

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number; `true` when it has leading zeros.
    Integer(i64, bool),
    /// A number with a fraction or an exponent; `true` when it has leading zeros.
    Real(f64, bool),
    /// A whole number beyond 64 bits.
    TooLarge,
    /// Not a number.
    Malformed,
}

/// Reads a word that begins as a number does. As Kea does, this takes `.5`, `5.` and leading zeros, but no leading `+`.
pub(super) fn number(word: &str) -> Number {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let whole_len = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = digits.split_at(whole_len);
    let zeros = whole.len() > 1 && whole.starts_with('0');
    if rest.is_empty() {
        return match word.parse() {
            Ok(value) => Number::Integer(value, zeros),
            Err(_) if whole.is_empty() => Number::Malformed,
            Err(_) => Number::TooLarge,
        };
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_fits = match mantissa.strip_prefix('.') {
        Some("") => !whole.is_empty(),
        Some(fraction) => all_digits(fraction),
        None => mantissa.is_empty() && !whole.is_empty(),
    };
    let exponent_fits = exponent.is_none_or(|text| all_digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
    match word.parse::<f64>() {
        Ok(value) if fraction_fits && exponent_fits && value.is_finite() => Number::Real(value, zeros),
        _ => Number::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_kea_reads_them() {
        for (word, expected) in [
            ("0", Number::Integer(0, false)),
            ("-1", Number::Integer(-1, false)),
            ("007", Number::Integer(7, true)),
            ("9223372036854775807", Number::Integer(i64::MAX, false)),
            ("9223372036854775808", Number::TooLarge),
            (".5", Number::Real(0.5, false)),
            ("-.5", Number::Real(-0.5, false)),
            ("0.875", Number::Real(0.875, false)),
            ("00.5", Number::Real(0.5, true)),
            ("1e2", Number::Real(100.0, false)),
            ("1.5E-1", Number::Real(0.15, false)),
            ("5.", Number::Real(5.0, false)),
            ("+1", Number::Malformed),
            (".", Number::Malformed),
            ("-", Number::Malformed),
            ("1e", Number::Malformed),
            ("1e400", Number::Malformed),
            (".e5", Number::Malformed),
            ("1.2.3", Number::Malformed),
            ("10.0.0.1", Number::Malformed),
            ("1x", Number::Malformed),
            ("--1", Number::Malformed),
            ("1_000", Number::Malformed),
        ] {
            assert_eq!(number(word), expected, "{word}");
        }
    }
}
