//! Random expressions: what is made of them is what a plain second implementation makes, and random text never does harm.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::net::Ipv6Addr;

use fosix_expression::{Classes, Condition, Half, Language, Scratch, Template, View};
use fosix_wire::v6::Packet;
use proptest::prelude::*;

/// An expression of literals.
#[derive(Debug, Clone)]
enum Plain {
    Literal(Vec<u8>),
    Substring(Box<Self>, i64, Option<i64>),
    Concat(Box<Self>, Box<Self>),
    IfEqual(Box<Self>, Box<Self>, Box<Self>),
    HexString(Box<Self>, Box<Self>),
    Split(Box<Self>, Box<Self>, i64),
    Lower(Box<Self>),
    Upper(Box<Self>),
}

impl Plain {
    fn text(&self) -> String {
        match self {
            Self::Literal(octets) if octets.is_empty() => "''".to_owned(),
            Self::Literal(octets) => {
                let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
                format!("0x{}", digits.concat())
            }
            Self::Substring(of, start, length) => {
                let length = length.map_or("all".to_owned(), |length| length.to_string());
                format!("substring({}, {start},{length})", of.text())
            }
            Self::Concat(one, other) => format!("({} + {})", one.text(), other.text()),
            Self::IfEqual(one, other, otherwise) => {
                format!("ifelse({} == {}, 'same', {})", one.text(), other.text(), otherwise.text())
            }
            Self::HexString(of, separator) => format!("hexstring({}, {})", of.text(), separator.text()),
            Self::Split(of, delimiters, field) => {
                format!("split({}, {}, {field})", of.text(), delimiters.text())
            }
            Self::Lower(of) => format!("lcase( {} )", of.text()),
            Self::Upper(of) => format!("ucase({})", of.text()),
        }
    }

    fn octets(&self) -> Vec<u8> {
        match self {
            Self::Literal(octets) => octets.clone(),
            Self::Substring(of, start, length) => {
                let octets = of.octets();
                let count = i64::try_from(octets.len()).unwrap();
                let start = if *start < 0 { count + start } else { *start };
                if !(0..count).contains(&start) {
                    return Vec::new();
                }
                let wanted = |at: i64| match length {
                    None => at >= start,
                    Some(length) if *length < 0 => at < start && at >= start + length,
                    Some(length) => at >= start && at < start + length,
                };
                (0..).zip(octets).filter(|(at, _)| wanted(*at)).map(|(_, octet)| octet).collect()
            }
            Self::Concat(one, other) => [one.octets(), other.octets()].concat(),
            Self::IfEqual(one, other, otherwise) => {
                if one.octets() == other.octets() {
                    b"same".to_vec()
                } else {
                    otherwise.octets()
                }
            }
            Self::HexString(of, separator) => {
                let digits: Vec<Vec<u8>> =
                    of.octets().iter().map(|octet| format!("{octet:02x}").into_bytes()).collect();
                digits.join(&separator.octets()[..])
            }
            Self::Split(of, delimiters, field) => {
                let (octets, delimiters) = (of.octets(), delimiters.octets());
                if delimiters.is_empty() {
                    return octets;
                }
                let mut fields = vec![Vec::new()];
                for octet in octets {
                    if delimiters.contains(&octet) {
                        fields.push(Vec::new());
                    } else {
                        fields.last_mut().unwrap().push(octet);
                    }
                }
                let field = usize::try_from(*field).ok().and_then(|field| field.checked_sub(1));
                field.and_then(|field| fields.into_iter().nth(field)).unwrap_or_default()
            }
            Self::Lower(of) => of.octets().to_ascii_lowercase(),
            Self::Upper(of) => of.octets().to_ascii_uppercase(),
        }
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let octet = prop_oneof![4 => b'a'..=b'd', 2 => b'A'..=b'D', 1 => any::<u8>()];
    let literal = prop::collection::vec(octet, 0..8).prop_map(Plain::Literal);
    literal.prop_recursive(4, 24, 3, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            (one(), -10i64..10, prop::option::of(-10i64..10))
                .prop_map(|(of, start, length)| Plain::Substring(of, start, length)),
            (one(), one()).prop_map(|(one, other)| Plain::Concat(one, other)),
            (one(), one(), one()).prop_map(|(one, other, otherwise)| Plain::IfEqual(one, other, otherwise)),
            (one(), one()).prop_map(|(of, separator)| Plain::HexString(of, separator)),
            (one(), one(), -1i64..5).prop_map(|(of, delimiters, field)| Plain::Split(of, delimiters, field)),
            one().prop_map(Plain::Lower),
            one().prop_map(Plain::Upper),
        ]
    })
}

const LANGUAGE: Language<'static> = Language { half: Half::V6, option_code: &|_, _| None, class: &|_| None };

fn with_view<T>(bytes: &[u8], use_view: impl FnOnce(View<'_>) -> T) -> T {
    let packet = Packet::new_checked(bytes, 8).unwrap();
    let (source, destination) = (Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
    use_view(View {
        packet: &packet,
        message4: None,
        interface: "eth0",
        source,
        destination,
        classes: &Classes::default(),
    })
}

proptest! {
    #[test]
    fn an_expression_is_worth_what_a_plain_reading_of_it_is(plain in plain()) {
        let template = Template::parse(&plain.text(), LANGUAGE).unwrap();
        let made = with_view(&[1, 0, 0, 1], |view| template.octets(&view, &mut Scratch::default()).map(<[u8]>::to_vec));
        prop_assert_eq!(made.unwrap(), plain.octets(), "{}", plain.text());
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_in_it(
        words in prop::collection::vec(
            prop_oneof![
                Just("option"), Just("["), Just("]"), Just("."), Just("hex"), Just("exists"), Just("("), Just(")"), Just("=="), Just("'a'"),
                Just("12"), Just("-1"), Just("and"), Just("or"), Just("not"), Just("substring"), Just(","), Just("all"), Just("relay6"),
                Just("vendor"), Just("*"), Just("+"), Just("0xab"), Just("::1"), Just("pkt6"), Just("msgtype"), Just("ifelse"), Just("ü"), Just("'"),
            ],
            0..14,
        ),
        space in any::<bool>(),
    ) {
        let text = words.join(if space { " " } else { "" });
        match Condition::parse(&text, LANGUAGE) {
            Ok(condition) => {
                // Errors are as good as values here: that it ends is what counts.
                let _ = with_view(&[1, 0, 0, 1], |view| condition.holds(&view, &mut Scratch::default()));
            }
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{text:?}: {error:?}"),
        }
    }
}
