//! Option values between Kea's text, octets and words.

#![allow(clippy::unwrap_used, reason = "what a test looks up is there, or the test fails")]

use fosix_wire::definition::{self, DHCP4, DHCP6, FieldType, Universe};
use fosix_wire::text::{Expected, Shape, TextError, describe, encode};

fn shape(space: &str, name: &str) -> Shape<'static> {
    definition::by_name(space, name).unwrap().shape()
}

const MAPE: &str = "s46-cont-mape-options";
const LW: &str = "s46-cont-lw-options";
const BIND: &str = "s46-v4v6bind-options";

/// Space, option, text, octets, and the words when they differ from the text.
type Case = (&'static str, &'static str, &'static str, &'static [u8], Option<&'static str>);

const CASES: &[Case] = &[
    (DHCP4, "subnet-mask", "255.255.255.0", &[255, 255, 255, 0], None),
    (DHCP4, "time-offset", "-7200", &[0xff, 0xff, 0xe3, 0xe0], None),
    (DHCP4, "routers", "192.0.2.1, 192.0.2.2", &[192, 0, 2, 1, 192, 0, 2, 2], None),
    (DHCP4, "routers", " 192.0.2.1,192.0.2.2 ", &[192, 0, 2, 1, 192, 0, 2, 2], Some("192.0.2.1, 192.0.2.2")),
    (DHCP4, "routers", "", &[], Some("none")),
    (DHCP4, "host-name", "  cpe-1 ", b"cpe-1", Some("cpe-1")),
    (DHCP4, "boot-file-name", r"foo\,bar", b"foo,bar", Some("foo,bar")),
    (DHCP4, "ip-forwarding", "true", &[1], None),
    (DHCP4, "ip-forwarding", "FALSE", &[0], Some("false")),
    (DHCP4, "ip-forwarding", "1", &[1], Some("true")),
    (DHCP4, "default-ip-ttl", "255", &[255], None),
    (DHCP4, "default-ip-ttl", "0x10", &[16], Some("16")),
    (DHCP4, "default-ip-ttl", "ff", &[255], Some("255")),
    (DHCP4, "path-mtu-plateau-table", "68, 296", &[0, 68, 1, 0x28], None),
    (DHCP4, "dhcp-lease-time", "4294967295", &[255, 255, 255, 255], None),
    (DHCP4, "user-class", "0xabcd", &[0xab, 0xcd], Some("ab:cd")),
    (DHCP4, "user-class", "ab cd", &[0xab, 0xcd], Some("ab:cd")),
    (DHCP4, "slp-service-scope", r"true, a\,b", &[1, b'a', b',', b'b'], Some("true, a,b")),
    (DHCP4, "fqdn", "1, 0, 0, a.b.", &[1, 0, 0, 1, b'a', 1, b'b', 0], None),
    (DHCP4, "domain-search", "a., b.a.", &[1, b'a', 0, 1, b'b', 1, b'a', 0], None),
    (DHCP4, "domain-search", "a", &[1, b'a', 0], Some("a.")),
    (DHCP4, "classless-static-route", "10.0.0.0/8 - 192.0.2.1", &[8, 10, 192, 0, 2, 1], None),
    (DHCP4, "v4-portparams", "0, 52/8", &[0, 8, 0x34, 0], None),
    (DHCP4, "v4-portparams", "0, 5 / 6", &[0, 6, 0x14, 0], Some("0, 5/6")),
    (DHCP4, "v4-portparams", "6, 0x34/8", &[6, 8, 0x34, 0], Some("6, 52/8")),
    (DHCP4, "v4-portparams", "0, 0/0", &[0, 0, 0, 0], None),
    (DHCP4, "v4-portparams", "0, 65535/16", &[0, 16, 255, 255], None),
    (DHCP4, "dhcp4o6-s46-saddr", "::1", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], None),
    (DHCP4, "v4-sztp-redirect", "ab", &[0, 2, b'a', b'b'], None),
    (DHCP4, "rapid-commit", "", &[], Some("present")),
    (DHCP6, "dhcp4o6-server-addr", "", &[], Some("none")),
    (DHCP6, "dhcp4o6-server-addr", "ff02::1:2", &[0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2], None),
    (DHCP6, "status-code", "13, no", &[0, 13, b'n', b'o'], None),
    (DHCP6, "bootfile-param", r"a, b\,c", &[0, 1, b'a', 0, 3, b'b', b',', b'c'], Some("a, b,c")),
    (DHCP6, "s46-priority", "88, 96", &[0, 88, 0, 96], None),
    (DHCP6, "s46-bind-ipv6-prefix", "2001:db8:1:2::/64", &[0x40, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2], None),
    (DHCP6, "pd-exclude", "2001:db8:ffff::/34", &[34, 0x20, 1, 0x0d, 0xb8, 0xc0], Some("2001:db8:c000::/34")),
    (DHCP6, "pd-exclude", "2001:db8::/0", &[0], Some("::/0")),
    (LW, "s46-v4v6bind", "192.0.2.1, ::/0", &[192, 0, 2, 1, 0], None),
    (BIND, "s46-portparams", "0, 52/8", &[0, 8, 0x34, 0], None),
    (
        MAPE,
        "s46-rule",
        "0, 12, 23, 192.0.2.0, 2001:db8::/40",
        &[0, 12, 23, 192, 0, 2, 0, 40, 0x20, 1, 0x0d, 0xb8, 0],
        None,
    ),
];

#[test]
fn text_becomes_octets_and_octets_words() {
    for (space, name, text, octets, words) in CASES {
        let shape = shape(space, name);
        assert_eq!(encode(&shape, text).as_deref(), Ok(*octets), "{name} {text}");
        assert_eq!(describe(&shape, octets), words.unwrap_or(text), "{name} {octets:?}");
    }
}

#[test]
fn the_last_field_of_an_array_record_repeats() {
    let shape = shape(DHCP4, "slp-directory-agent");
    let octets = encode(&shape, "true, 192.0.2.1, 192.0.2.2").unwrap();
    assert_eq!(octets, [1, 192, 0, 2, 1, 192, 0, 2, 2]);
    assert_eq!(describe(&shape, &octets), "true, 192.0.2.1, 192.0.2.2");
}

#[test]
fn the_wrong_field_the_expected_and_the_text_are_named() {
    let cases: &[(&str, &str, &str, &str)] = &[
        (DHCP4, "default-ip-ttl", "256", "field 1 (uint8): expected a number from 0 to 255, got \"256\""),
        (DHCP4, "default-ip-ttl", "-1", "field 1 (uint8): expected a number from 0 to 255, got \"-1\""),
        (
            DHCP4,
            "time-offset",
            "2147483648",
            "field 1 (int32): expected a number from -2147483648 to 2147483647, got \"2147483648\"",
        ),
        (DHCP4, "ip-forwarding", "2", "field 1 (boolean): expected true or false, got \"2\""),
        (DHCP4, "routers", "192.0.2.1, ::1", "field 2 (ipv4-address): expected an IPv4 address, got \"::1\""),
        (
            DHCP6,
            "dns-servers",
            "192.0.2.1",
            "field 1 (ipv6-address): expected an IPv6 address, got \"192.0.2.1\"",
        ),
        (
            DHCP6,
            "pd-exclude",
            "2001:db8::/129",
            "field 1 (ipv6-prefix): expected an IPv6 prefix such as 2001:db8::/56, got \"2001:db8::/129\"",
        ),
        (
            DHCP4,
            "v4-portparams",
            "0, 64/6",
            "field 2 (psid): expected PSID/length with a length from 0 to 16 and a PSID that fits it, such as \
             5/6, got \"64/6\"",
        ),
        (DHCP6, "aftr-name", "a..b", "field 1 (fqdn): expected a domain name, got \"a..b\""),
        (DHCP4, "routers", "192.0.2.1,,192.0.2.2", "field 2 is empty: expected a value between the commas"),
        (DHCP4, "domain-name", "", "expected a value of type string, got nothing"),
        (
            DHCP4,
            "domain-name",
            "a, b",
            "expected one value, got 2; a comma inside a text needs a backslash before it (\"\\\\,\" in JSON)",
        ),
        (DHCP4, "slp-service-scope", "true", "expected 2 fields, separated by commas, got 1"),
        (
            DHCP4,
            "client-ndi",
            "1, 2, 3, 4",
            "expected 3 fields, got 4; a comma inside a text needs a backslash before it (\"\\\\,\" in JSON)",
        ),
        (DHCP6, "rapid-commit", "1", "expected no value: the option has none of its own, got \"1\""),
        (DHCP4, "user-class", "xyz", "field 1 (binary): expected octets in hexadecimal, got \"xyz\""),
    ];
    for (space, name, text, message) in cases {
        let error = encode(&shape(space, name), text).unwrap_err();
        assert_eq!(error.to_string(), *message, "{name} {text}");
    }
}

#[test]
fn errors_can_be_told_apart_by_field() {
    let error = encode(&shape(DHCP4, "routers"), "192.0.2.1, x").unwrap_err();
    let expected = TextError::Field {
        field: 2,
        kind: FieldType::Ipv4Address,
        expected: Expected::Words("an IPv4 address"),
        got: "x".to_owned(),
    };
    assert_eq!(error, expected);
}

#[test]
fn malformed_octets_are_called_so_and_shown() {
    for (space, name, octets, words) in [
        (DHCP4, "subnet-mask", &[255, 255, 255][..], "malformed ipv4-address: ff:ff:ff"),
        (DHCP4, "routers", &[1, 2, 3, 4, 5], "malformed list of ipv4-address: 01:02:03:04:05"),
        (DHCP4, "ip-forwarding", &[2], "malformed boolean: 02"),
        (DHCP4, "dhcp-lease-time", &[], "malformed uint32: no octets"),
        (DHCP4, "v4-portparams", &[0, 17, 0, 0], "malformed record (uint8, psid): 00:11:00:00"),
        (DHCP6, "pd-exclude", &[129, 0], "malformed ipv6-prefix: 81:00"),
        (DHCP6, "pd-exclude", &[64, 0], "malformed ipv6-prefix: 40:00"),
        (DHCP6, "aftr-name", &[5, b'a'], "malformed fqdn: 05:61"),
        (DHCP4, "classless-static-route", &[33], "malformed list of routes: 21"),
        (DHCP6, "v6-dnr", &[0], "malformed encrypted DNS resolver: 00"),
    ] {
        assert_eq!(describe(&shape(space, name), octets), words, "{name}");
    }
}

#[test]
fn octets_behind_the_last_field_are_shown() {
    assert_eq!(describe(&shape(DHCP4, "subnet-mask"), &[255, 0, 0, 0, 7]), "255.0.0.0, then 07");
    assert_eq!(describe(&shape(DHCP6, "vendor-opts"), &[0, 0, 0x11, 0x8b, 0, 1]), "4491, then 00:01");
}

#[test]
fn strings_are_shown_without_what_a_terminal_would_act_on() {
    assert_eq!(describe(&shape(DHCP4, "host-name"), b"a\x1b[2J\\\xc3\0"), r"a\x1b[2J\\\xc3\x00");
    assert_eq!(describe(&shape(DHCP6, "aftr-name"), b"\x03a\x1b.\0"), r"a\027\..");
}

#[test]
fn compressed_names_are_followed_backwards_only() {
    // RFC 3397 §2: the pointers count from the start of the option's data.
    let list = shape(DHCP4, "domain-search");
    assert_eq!(describe(&list, b"\x01a\x01b\0\x01c\xc0\x02"), "a.b., c.b.");
    assert!(describe(&list, b"\xc0\x00").starts_with("malformed"));
    assert!(describe(&list, b"\x01a\xc0\x02").starts_with("malformed"));
}

#[test]
fn impossible_shapes_are_told() {
    use FieldType::{Binary, Empty, Record, String, Uint8};
    let v4 = Universe::V4;
    let record = |array, record| Shape { kind: Record, array, record, universe: v4 };
    for (shape, possible) in [
        (Shape::one(v4, Uint8), true),
        (Shape::list(v4, Uint8), true),
        (Shape::list(v4, String), false),
        (Shape::list(v4, Empty), false),
        (record(false, &[Uint8, Binary][..]), true),
        (record(true, &[Uint8, Uint8][..]), true),
        (record(true, &[Uint8, Binary][..]), false),
        (record(false, &[Uint8][..]), false),
        (record(false, &[String, Uint8][..]), false),
        (record(false, &[Empty, Uint8][..]), false),
        (Shape { record: &[Uint8], ..Shape::one(v4, Uint8) }, false),
    ] {
        assert_eq!(shape.fault().is_none(), possible, "{shape:?}");
    }
    for space in definition::spaces() {
        for definition in definition::all(space) {
            assert_eq!(definition.shape().fault(), None, "{}", definition.name);
        }
    }
}

#[test]
fn any_octets_of_any_length_are_described_without_panic() {
    let octets: Vec<u8> = (0..40_u8).map(|octet| octet.wrapping_mul(37).wrapping_add(3)).collect();
    for space in definition::spaces() {
        for definition in definition::all(space) {
            for end in 0..=octets.len() {
                for fill in [0, 1, 0x40, 0xc0, 0xff] {
                    let data: Vec<u8> = octets.iter().take(end).map(|octet| octet ^ fill).collect();
                    let _ = describe(&definition.shape(), &data);
                    let _ = describe(&definition.shape(), &vec![fill; end]);
                }
            }
        }
    }
}
