//! Each word of Kea's expressions, over messages of both halves.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::net::Ipv6Addr;

use fosix_expression::{
    Classes, Condition, EvaluationError, Half, Language, Scratch, SyntaxError, Template, View,
};
use fosix_wire::v6::{self, MessageType, OptionCode, Packet, Writer};
use fosix_wire::{definition, v4};

/// Names of classes, by number.
const CLASSES: [&str; 3] = ["KNOWN", "voice", "VENDOR_CLASS_x"];

fn language(half: Half) -> Language<'static> {
    Language {
        half,
        option_code: &|half, name| {
            let space = if half == Half::V4 { "dhcp4" } else { "dhcp6" };
            definition::by_name(space, name).map(|definition| definition.code)
        },
        class: &|name| CLASSES.iter().position(|class| *class == name).and_then(|at| u16::try_from(at).ok()),
    }
}

/// A DHCPV4-QUERY through two relays with a DHCPDISCOVER inside.
struct Messages {
    discover: Vec<u8>,
    packet: Vec<u8>,
    classes: Classes,
}

impl Messages {
    fn new() -> Self {
        let mut discover = vec![1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78];
        discover.resize(28, 0);
        discover.extend([2, 0, 0, 0, 0, 0xaf]);
        discover.resize(236, 0);
        discover[12..16].copy_from_slice(&[192, 0, 2, 7]);
        discover.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 1]);
        let mut option = |code: u8, data: &[u8]| {
            discover.extend([code, u8::try_from(data.len()).unwrap()]);
            discover.extend(data);
        };
        option(12, b"Box-7");
        option(60, b"MSFT 5.0");
        option(82, &[1, 4, b'p', b'o', b'r', b't', 2, 2, 0xab, 0xcd]);
        option(43, &[1, 1, 9, 5, 3, b'a', b'b', b'c']);
        option(124, &[0, 0, 0x11, 0x8b, 8, 3, b'o', b'n', b'e', 3, b't', b'w', b'o']);
        option(125, &[0, 0, 0x11, 0x8b, 4, 2, 2, 7, 8]);
        // Of RFC 3396: two parts of one.
        option(77, b"first");
        option(77, b"second");
        option(3, &[192, 0, 2, 1]);
        discover.push(255);

        let mut query = Vec::new();
        let mut w = Writer::new(&mut query);
        w.message(MessageType::DHCPV4_QUERY, [0, 0, 0]);
        w.option(OptionCode::DHCPV4_MSG, &discover);
        w.option(OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9]);
        w.finish().unwrap();
        let packet = relayed(&relayed(&query, "2001:db8:2::1", b"eth7"), "2001:db8:1::1", b"core");
        let mut classes = Classes::default();
        classes.insert(1);
        Self { discover, packet, classes }
    }

    /// A Solicit with a vendor's options and an identity association.
    fn solicit() -> Self {
        let mut packet = Vec::new();
        let mut w = Writer::new(&mut packet);
        w.message(MessageType::SOLICIT, [1, 2, 3]);
        w.option(OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9]);
        w.option(
            OptionCode::VENDOR_CLASS,
            &[0, 0, 0x11, 0x8b, 0, 3, b'o', b'n', b'e', 0, 3, b't', b'w', b'o'],
        );
        w.option(OptionCode::VENDOR_OPTS, &[0, 0, 0x11, 0x8b, 0, 32, 0, 2, b'h', b'i']);
        let address: Ipv6Addr = "2001:db8::5".parse().unwrap();
        let ia: Vec<u8> = [&[0; 12][..], &[0, 5, 0, 24], &address.octets(), &[0; 8]].concat();
        w.option(OptionCode::IA_NA, &ia);
        w.finish().unwrap();
        Self { discover: Vec::new(), packet, classes: Classes::default() }
    }

    fn with<T>(&self, use_view: impl FnOnce(Half, View<'_>) -> T) -> T {
        let packet = Packet::new_checked(&self.packet, v6::MAX_RELAY_LEVELS).unwrap();
        let message4 = v4::Message::new_checked(&self.discover).ok();
        let half = if message4.is_some() { Half::V4 } else { Half::V6 };
        use_view(
            half,
            View {
                packet: &packet,
                message4: message4.as_ref(),
                interface: "eth0",
                source: "2001:db8::a".parse().unwrap(),
                destination: "2001:db8::b".parse().unwrap(),
                classes: &self.classes,
            },
        )
    }

    fn holds(&self, text: &str) -> Result<bool, EvaluationError> {
        self.with(|half, view| {
            let condition =
                Condition::parse(text, language(half)).unwrap_or_else(|error| panic!("{text}: {error}"));
            condition.holds(&view, &mut Scratch::default())
        })
    }

    fn octets(&self, text: &str) -> Result<Vec<u8>, EvaluationError> {
        self.with(|half, view| {
            let template =
                Template::parse(text, language(half)).unwrap_or_else(|error| panic!("{text}: {error}"));
            template.octets(&view, &mut Scratch::default()).map(<[u8]>::to_vec)
        })
    }

    fn all_hold(&self, texts: &[&str]) {
        for text in texts {
            assert_eq!(self.holds(text), Ok(true), "{text}");
            assert_eq!(self.holds(&format!("not ({text})")), Ok(false), "{text}");
        }
    }
}

fn relayed(message: &[u8], link: &str, interface_id: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.relay(MessageType::RELAY_FORW, 0, link.parse().unwrap(), "fe80::9".parse().unwrap());
    w.option(OptionCode::INTERFACE_ID, interface_id);
    w.option(OptionCode::RELAY_MESSAGE, message);
    w.finish().unwrap();
    bytes
}

#[test]
fn literals_are_octets() {
    Messages::new().all_hold(&[
        "'AB' == 0x4142",
        "0x1 == 0x01",
        "10.0.0.1 == 0x0a000001",
        "2001:db8::1 == 0x20010db8000000000000000000000001",
        "123 == 0x0000007b",
        "-1 == 0xffffffff",
        "4294967295 == 0xffffffff",
        "'' == option[200].hex",
    ]);
}

#[test]
fn options_of_dhcpv4_are_seen_whole_and_from_within() {
    Messages::new().all_hold(&[
        "option[60].hex == 'MSFT 5.0'",
        "option[vendor-class-identifier].text == 'MSFT 5.0'",
        "option[host-name].exists",
        "not option[61].exists",
        "option[77].hex == 'firstsecond'",
        "option[43].option[5].hex == 'abc'",
        "option[43].option[1].exists and not option[43].option[2].exists",
        "option[routers].text == '192.0.2.1'",
        "relay4[1].hex == 'port'",
        "relay4[2].exists and not relay4[3].exists",
        "relay4[2].hex == 0xabcd",
        "vendor[4491].exists and vendor[*].exists and vendor[0].exists and not vendor[4492].exists",
        "vendor[4491].option[2].hex == 0x0708",
        "vendor[*].option[2].exists and not vendor[*].option[3].exists",
        "vendor.enterprise == 4491",
        "vendor-class[4491].data == 'one'",
        "vendor-class[*].data[1] == 'two'",
        "vendor-class[*].data[2] == ''",
        "vendor-class[4491].exists and not vendor-class[1].exists",
        "vendor-class.enterprise == 4491",
    ]);
}

#[test]
fn the_dhcpv4_half_sees_the_dhcpv6_message_too() {
    Messages::new().all_hold(&[
        "relay6[0].linkaddr == 2001:db8:1::1",
        "relay6[1].linkaddr == 2001:db8:2::1",
        "relay6[-1].linkaddr == relay6[1].linkaddr",
        "relay6[-2].option[18].hex == 'core'",
        "relay6[-1].option[interface-id].hex == 'eth7'",
        "relay6[0].peeraddr == fe80::9",
        "relay6[2].linkaddr == '' and relay6[-3].peeraddr == ''",
        "not relay6[2].option[18].exists",
        "option6[1].hex == pkt6.duid",
        "option6[clientid].exists",
        "substring(pkt6.duid, 4, all) == 0x020000000009",
        "pkt6.msgtype == 20 and pkt6.transid == 0",
        "pkt.src == 2001:db8::a and pkt.dst == 2001:db8::b",
    ]);
}

#[test]
fn fields_are_octets_and_numbers_are_four_of_them() {
    let messages = Messages::new();
    messages.all_hold(&[
        "pkt.iface == 'eth0'",
        "pkt4.mac == 0x0200000000af",
        "pkt4.hlen == 6 and pkt4.htype == 1",
        "pkt4.ciaddr == 192.0.2.7",
        "pkt4.giaddr == 0.0.0.0 and pkt4.yiaddr == 0.0.0.0 and pkt4.siaddr == 0.0.0.0",
        "pkt4.msgtype == 1",
        "pkt4.transid == 0x12345678",
    ]);
    let length = u32::try_from(messages.discover.len()).unwrap();
    assert_eq!(messages.octets("pkt.len").unwrap(), length.to_be_bytes());
}

#[test]
fn options_of_dhcpv6_are_seen_whole_and_from_within() {
    Messages::solicit().all_hold(&[
        "option[1].hex == pkt6.duid",
        "option[3].option[5].exists",
        "substring(option[3].option[5].hex, 0, 16) == 2001:db8::5",
        "vendor[4491].option[32].hex == 'hi'",
        "vendor.enterprise == 4491 and not vendor[1].exists",
        "vendor-class[4491].data[0] == 'one' and vendor-class[*].data[1] == 'two'",
        "pkt6.msgtype == 1 and pkt6.transid == 0x00010203",
        "relay6[0].linkaddr == ''",
    ]);
}

#[test]
fn operators_do_what_keas_manual_says() {
    Messages::new().all_hold(&[
        "substring('foobar', 0, 6) == 'foobar'",
        "substring('foobar', 3, 3) == 'bar'",
        "substring('foobar', 3, all) == 'bar'",
        "substring('foobar', 1, 4) == 'ooba'",
        "substring('foobar', -5, 4) == 'ooba'",
        "substring('foobar', -1, -3) == 'oba'",
        "substring('foobar', 4, -2) == 'ob'",
        "substring('foobar', 10, 2) == ''",
        "substring('foobar', -7, 2) == ''",
        "substring('foobar', 1, -9) == 'f'",
        "substring('foobar', 4, 99) == 'ar'",
        "concat('foo', 'bar') == 'foobar'",
        "'abc' + 'def' + 'ghi' == concat('abc', concat('def', 'ghi'))",
        "ifelse('a' == 'b', 'us', 'them') == 'them'",
        "ifelse(option[230].exists, option[230].hex, 'none') == 'none'",
        "hexstring('foo', '-') == '66-6f-6f'",
        "hexstring(pkt4.mac, ':') == '02:00:00:00:00:af'",
        "hexstring(0x1234, '') == '1234' and hexstring('', ':') == ''",
        "lcase('LoWeR') == 'lower' and ucase('uPpEr') == 'UPPER'",
        "split('one.two..four', '.', 1) == 'one'",
        "split('one.two..four', '.', 2) == 'two'",
        "split('one.two..four', '.', 3) == ''",
        "split('one.two..four', '.', 4) == 'four'",
        "split('one.two..four', '.', 5) == '' and split('a.b', '.', 0) == '' and split('a.b', '.', -1) == ''",
        "split('a.b', '', 1) == 'a.b' and split('', '.', 1) == ''",
        "split('a-b.c', '.-', 2) == 'b'",
        "substring(split(lcase(option[12].hex), '-', 1) + '!', 1, 2) == 'ox'",
        "match('foo.*', lcase('FooBar'))",
        "match('.*foo.*', 'is it foo or bar') and match('^.*foo.*$', 'is it foo or bar')",
        "not match('foo', 'foobar')",
        "addrtotext(192.10.0.1) == '192.10.0.1' and addrtotext(2003:db8::) == '2003:db8::' and addrtotext('') == ''",
        "int8totext(0xff) == '-1' and uint8totext(0xff) == '255'",
        "int16totext(0x8000) == '-32768' and uint16totext(0xffff) == '65535'",
        "int32totext(-1) == '-1' and uint32totext(4294967295) == '4294967295' and uint32totext('') == ''",
        "uint32totext(pkt4.hlen) == '6'",
    ]);
}

#[test]
fn classes_are_asked_for_by_name() {
    let mut messages = Messages::new();
    messages.all_hold(&[
        "member('voice')",
        "not member('KNOWN')",
        "unknown",
        "not known",
        "not member('VENDOR_CLASS_x')",
    ]);
    messages.classes.insert(0);
    messages.all_hold(&["known and member('KNOWN') and not unknown"]);
    let condition =
        Condition::parse("option[1].exists or (not known and 'a' == 'b')", language(Half::V4)).unwrap();
    assert!(condition.asks_for(0) && !condition.asks_for(1));
}

#[test]
fn or_binds_less_than_and_which_binds_less_than_not() {
    Messages::new().all_hold(&[
        "'a' == 'a' or 'a' == 'b' and 'a' == 'c'",
        "not ('a' == 'a' and 'a' == 'b') or 'a' == 'b'",
        "not 'a' == 'b' and 'a' == 'a'",
        "('a' + 'b') == 'ab'",
        "not not 'a' == 'a'",
    ]);
}

#[test]
fn what_cannot_be_evaluated_says_why() {
    let messages = Messages::new();
    assert_eq!(messages.octets("addrtotext(0x0102)"), Err(EvaluationError::NoAddress { length: 2 }));
    assert_eq!(
        messages.octets("int8totext(5)"),
        Err(EvaluationError::NoNumber { length: 4, expected: 1 }),
        "a number is four octets"
    );
    let long = format!("'{}'", "x".repeat(60_000));
    assert_eq!(messages.octets(&format!("{long} + {long} + {long}")), Err(EvaluationError::TooLong));
    // What need not be evaluated is not.
    assert_eq!(messages.holds("'a' == 'a' or addrtotext('xx') == ''"), Ok(true));
}

#[test]
fn mistakes_are_named_and_pointed_to() {
    let error =
        |half: Half, text: &str| -> SyntaxError { Condition::parse(text, language(half)).unwrap_err() };
    for (half, text, at, why) in [
        (Half::V4, "option[60].hex", "option[60].hex", "compare it with =="),
        (Half::V4, "'a' == option[1].exists", "option[1].exists", "ifelse"),
        (Half::V4, "option[300].exists", "300", "0 to 254"),
        (Half::V4, "option[no-such].exists", "no-such", "no option here is called no-such"),
        (Half::V4, "option[60].hexx == 'a'", "hexx", "hex, text, exists"),
        (Half::V4, "member('voce')", "'voce'", "no class before this one is called \"voce\""),
        (Half::V4, "'a' = 'b'", "=", "no meaning"),
        (Half::V4, "'a' == 'b", "'b", "no end"),
        (Half::V4, "('a' == 'b'", "", ") is expected here, where the expression ends"),
        (Half::V4, "'a' == 'b' 'c'", "'c'", "should end here"),
        (Half::V4, "substring('a', b, 1) == ''", "b", "a number"),
        (Half::V4, "match('(', 'a')", "'('", "no regular expression"),
        (Half::V4, "relay6[40].linkaddr == ''", "40", "0 to 31"),
        (Half::V4, "pkt4.nonsense == 1", "nonsense", "mac, hlen"),
        (Half::V4, "foo('a') == 'b'", "foo", "no word of expressions"),
        (Half::V4, "", "", "where the expression ends"),
        (Half::V6, "relay4[1].exists", "relay4", "DHCPv4 half only"),
        (Half::V6, "pkt4.mac == 0x00", "pkt4", "DHCPv4 half only"),
        (Half::V6, "option6[1].exists", "option6", "DHCPv4 half only"),
    ] {
        let error = error(half, text);
        assert_eq!(&text[error.span.clone()], at, "{text}: {error}");
        assert!(error.message.contains(why), "{text}: {error}");
    }
    let deep = format!("{}'a' == 'a'{}", "(".repeat(100), ")".repeat(100));
    assert!(error(Half::V4, &deep).message.contains("nested"));
    let nots = format!("{} 'a' == 'a'", "not ".repeat(100));
    assert!(error(Half::V4, &nots).message.contains("nested"));
    let text = "option[60].hex == 'ü' and option[x].exists";
    assert_eq!(
        error(Half::V4, text).pointing_into(text),
        "option[60].hex == 'ü' and option[x].exists\n                                 ^"
    );
}
