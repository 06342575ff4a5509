//! The words of an expression.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::SyntaxError;

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// `'text'`
    Text(&'t str),
    /// `0x5a7d`
    Hex(Vec<u8>),
    /// `123`, `-1`
    Integer(i64),
    /// `192.0.2.1`, `2001:db8::1`
    Address(Vec<u8>),
    /// `option`, `and`, `vendor-class`, the name of an option
    Word(&'t str),
    /// `==`, `(`, `)`, `[`, `]`, `.`, `,`, `+`, `*`
    Symbol(&'static str),
    End,
}

/// A token and where it stands, in octets from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spanned<'t> {
    pub(crate) token: Token<'t>,
    pub(crate) span: Range<usize>,
}

const SYMBOLS: [&str; 9] = ["==", "(", ")", "[", "]", ".", ",", "+", "*"];

/// All tokens of `text`, the last of them [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            tokens.push(Spanned { token: Token::End, span: at..at });
            return Ok(tokens);
        }
        let (token, length) =
            token(trimmed).map_err(|(length, why)| SyntaxError::new(at..at + length, why))?;
        tokens.push(Spanned { token, span: at..at + length });
        at += length;
    }
}

/// The token at the beginning of `rest` with its length, or the length of what is none and why.
fn token(rest: &str) -> Result<(Token<'_>, usize), (usize, String)> {
    if let Some(quoted) = rest.strip_prefix('\'') {
        let end = quoted
            .find(['\'', '\n'])
            .filter(|&end| quoted.get(end..).is_some_and(|tail| tail.starts_with('\'')));
        let end = end.ok_or_else(|| (rest.len(), "this text has no end: a ' is missing".to_owned()))?;
        return Ok((Token::Text(quoted.get(..end).unwrap_or_default()), end + 2));
    }
    if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        // `.` may begin no number here, so there is nothing else that it could be.
        return Ok((Token::Symbol(symbol), symbol.len()));
    }
    if rest.starts_with("0x") || rest.starts_with("0X") {
        return hex(rest);
    }
    let address = run(rest, |c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    if address.contains(':') {
        // `a.b` behind it would be taken for a part of it, but nothing with a point can follow an address.
        let parsed: Ipv6Addr =
            address.parse().map_err(|_| (address.len(), format!("{address} is no IPv6 address")))?;
        return Ok((Token::Address(parsed.octets().to_vec()), address.len()));
    }
    if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return number(rest);
    }
    let word = run(rest, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Ok((Token::Word(word), word.len()));
    }
    let unknown = rest.chars().next().unwrap_or_default();
    Err((unknown.len_utf8(), format!("{unknown:?} has no meaning here")))
}

fn hex(rest: &str) -> Result<(Token<'_>, usize), (usize, String)> {
    let digits = run(rest.get(2..).unwrap_or_default(), |c| c.is_ascii_hexdigit());
    let length = 2 + digits.len();
    if digits.is_empty() {
        return Err((length, "0x needs hexadecimal digits behind it".to_owned()));
    }
    // An odd number of digits has a 0 before them.
    let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
    let octets =
        (0..padded.len()).step_by(2).filter_map(|at| u8::from_str_radix(padded.get(at..at + 2)?, 16).ok());
    Ok((Token::Hex(octets.collect()), length))
}

fn number(rest: &str) -> Result<(Token<'_>, usize), (usize, String)> {
    let dotted = run(rest, |c| c.is_ascii_digit() || c == '.');
    if dotted.matches('.').count() == 3 && !dotted.ends_with('.') {
        let parsed: Ipv4Addr =
            dotted.parse().map_err(|_| (dotted.len(), format!("{dotted} is no IPv4 address")))?;
        return Ok((Token::Address(parsed.octets().to_vec()), dotted.len()));
    }
    let sign = usize::from(rest.starts_with('-'));
    let digits = run(rest.get(sign..).unwrap_or_default(), |c| c.is_ascii_digit());
    let length = sign + digits.len();
    let number = rest.get(..length).unwrap_or_default();
    let parsed =
        number.parse().ok().filter(|number| (-i64::from(u32::MAX)..=i64::from(u32::MAX)).contains(number));
    match parsed {
        Some(number) => Ok((Token::Integer(number), length)),
        None => Err((length.max(1), format!("{number:?} is no number of 32 bits"))),
    }
}

/// The longest beginning of `rest` of which each character `fits`.
fn run(rest: &str, fits: impl Fn(char) -> bool) -> &str {
    rest.get(..rest.find(|c| !fits(c)).unwrap_or(rest.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Token<'_>> {
        tokens(text).unwrap().into_iter().map(|spanned| spanned.token).collect()
    }

    #[test]
    fn each_word_is_taken_for_what_it_is() {
        use Token::{Address, End, Hex, Integer, Symbol, Text, Word};
        let cases: [(&str, Vec<Token<'_>>); 11] = [
            ("'it''s'", vec![Text("it"), Text("s"), End]),
            ("0x5a7d 0XF", vec![Hex(vec![0x5a, 0x7d]), Hex(vec![0xf]), End]),
            ("12 -3", vec![Integer(12), Integer(-3), End]),
            ("192.0.2.1", vec![Address(vec![192, 0, 2, 1]), End]),
            ("::", vec![Address(vec![0; 16]), End]),
            ("fe80::1)", vec![Address([&[0xfe, 0x80][..], &[0; 13], &[1]].concat()), Symbol(")"), End]),
            ("::ffff:192.0.2.1", vec![Address([&[0; 10][..], &[255, 255, 192, 0, 2, 1]].concat()), End]),
            (
                "concat(a,b)",
                vec![Word("concat"), Symbol("("), Word("a"), Symbol(","), Word("b"), Symbol(")"), End],
            ),
            (
                "option[12].option[1]",
                vec![
                    Word("option"),
                    Symbol("["),
                    Integer(12),
                    Symbol("]"),
                    Symbol("."),
                    Word("option"),
                    Symbol("["),
                    Integer(1),
                    Symbol("]"),
                    End,
                ],
            ),
            (
                "vendor-class[*].data",
                vec![
                    Word("vendor-class"),
                    Symbol("["),
                    Symbol("*"),
                    Symbol("]"),
                    Symbol("."),
                    Word("data"),
                    End,
                ],
            ),
            (" \n\t", vec![End]),
        ];
        for (text, want) in cases {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_named_with_its_place() {
        for (text, span, why) in [
            ("a 'b", 2..4, "has no end"),
            ("'a\nb'", 0..5, "has no end"),
            ("0x", 0..2, "hexadecimal"),
            ("1::2::3", 0..7, "IPv6"),
            ("300.0.0.1", 0..9, "IPv4"),
            ("99999999999", 0..11, "32 bits"),
            ("a = b", 2..3, "'='"),
            ("ü", 0..2, "'ü'"),
        ] {
            let error = tokens(text).unwrap_err();
            assert_eq!(error.span, span, "{text}");
            assert!(error.message.contains(why), "{text}: {}", error.message);
        }
    }
}
