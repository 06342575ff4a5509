//! Conditions together hold where each of them does alone.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::net::Ipv6Addr;

use fosix_expression::{Bundle, Classes, Condition, Half, Language, Memo, Scratch, View};
use fosix_wire::v4::{self, Header, Message, OptionCode};
use fosix_wire::v6::{MessageType, Packet, QueryFlags, Writer};

const LANGUAGE: Language<'static> =
    Language { half: Half::V4, option_code: &|_, _| None, class: &|_| Some(7) };

const TEXTS: [&str; 16] = [
    "option[60].hex == 'a'",
    "option[60].hex == 'b'",
    "'b' == option[60].hex",
    "option[61].exists and option[60].hex == 'b'",
    "option[60].hex == 'b' and member('x')",
    "not (option[60].hex == 'b')",
    "option[60].hex == 'a' or option[61].exists",
    "substring(option[60].hex, 0, 1) == 'b'",
    "lcase(option[60].hex) == 'b'",
    "member('x')",
    "option[61].exists",
    "not option[61].exists",
    "option[60].hex == option[61].hex",
    "ifelse(member('x'), 'b', 'a') == 'b'",
    "addrtotext(option[60].hex) == 'b'",
    "match('[ab]', option[60].hex)",
];

fn discover(vendor_class: Option<&[u8]>, identifier: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = v4::Writer::new(&mut bytes, &Header::request(1));
    w.option_u8(OptionCode::MESSAGE_TYPE, 1);
    if let Some(class) = vendor_class {
        w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, class);
    }
    if let Some(identifier) = identifier {
        w.option(OptionCode::CLIENT_IDENTIFIER, identifier);
    }
    w.finish().unwrap();
    bytes
}

#[test]
fn conditions_together_hold_where_each_does_alone() {
    let conditions: Vec<Condition> =
        TEXTS.iter().map(|text| Condition::parse(text, LANGUAGE).unwrap()).collect();
    let mut bundle = Bundle::default();
    for (number, condition) in conditions.iter().enumerate() {
        assert_eq!(bundle.add(condition), number);
    }
    let mut query = Vec::new();
    let mut w = Writer::new(&mut query);
    w.message(MessageType::DHCPV4_QUERY, QueryFlags::default().to_octets());
    w.finish().unwrap();
    let packet = Packet::new_checked(&query, 1).unwrap();
    let options = [None, Some(&b"a"[..]), Some(b"b"), Some(b"B"), Some(b"abcd"), Some(b"")];
    let mut held = 0;
    for vendor_class in options {
        for identifier in options {
            for is_member in [false, true] {
                let bytes = discover(vendor_class, identifier);
                let message = Message::new_checked(&bytes).unwrap();
                let mut classes = Classes::default();
                if is_member {
                    classes.insert(7);
                }
                let view = View {
                    packet: &packet,
                    message4: Some(&message),
                    interface: "eth0",
                    source: Ipv6Addr::LOCALHOST,
                    destination: Ipv6Addr::LOCALHOST,
                    classes: &classes,
                };
                let (mut memo, mut scratch) = (Memo::default(), Scratch::default());
                let candidates: Vec<usize> =
                    bundle.candidates(&view, &mut memo, &mut scratch).iter().collect();
                assert!(candidates.is_sorted());
                for (number, condition) in conditions.iter().enumerate() {
                    let alone = condition.holds(&view, &mut scratch);
                    let together = bundle.holds(number, &view, &mut memo, &mut scratch);
                    assert_eq!(together, alone, "{} of {vendor_class:?} {identifier:?}", condition.text());
                    assert!(alone == Ok(false) || candidates.contains(&number), "{}", condition.text());
                    held += usize::from(alone == Ok(true));
                }
            }
        }
    }
    assert!(held > 100, "{held}");
}

#[test]
fn of_many_that_compare_the_same_few_are_looked_at() {
    let mut bundle = Bundle::default();
    for number in 0..1000 {
        let text = format!("substring(option[60].hex, 0, 4) == '{number:04}' and option[60].exists");
        bundle.add(&Condition::parse(&text, LANGUAGE).unwrap());
    }
    let bytes = discover(Some(b"0123/x"), None);
    let message = Message::new_checked(&bytes).unwrap();
    let query = [20, 0, 0, 0];
    let packet = Packet::new_checked(&query, 1).unwrap();
    let classes = Classes::default();
    let view = View {
        packet: &packet,
        message4: Some(&message),
        interface: "eth0",
        source: Ipv6Addr::LOCALHOST,
        destination: Ipv6Addr::LOCALHOST,
        classes: &classes,
    };
    let candidates = bundle.candidates(&view, &mut Memo::default(), &mut Scratch::default());
    assert_eq!(candidates.iter().collect::<Vec<_>>(), [123]);
}
