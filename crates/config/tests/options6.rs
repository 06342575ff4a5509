//! Options of DHCPv6: as text and as bytes in hexadecimal, at every level, and what clients would ignore.

#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "a test may fail, and a table may be long")]

use std::net::Ipv6Addr;

use fosix_config::{Dhcp6, OptionValue, Severity, load_text};
use fosix_wire::text::hex;

fn dhcp6(members: &str) -> Dhcp6 {
    let loaded = load_text("t.json", &format!("{{ \"Dhcp6\": {{ {members} }} }}"));
    let rendered = loaded.diagnostics.render(false);
    assert!(loaded.config.is_some(), "{members}\n{rendered}");
    assert_eq!(loaded.diagnostics.count(Severity::Warning), 0, "{members}\n{rendered}");
    loaded.config.unwrap().dhcp6.unwrap()
}

fn options(list: &str) -> Vec<OptionValue> {
    dhcp6(&format!("\"option-data\": [ {list} ]")).options
}

fn value(code: u16, data: &[u8]) -> OptionValue {
    OptionValue { code, data: data.to_vec(), ..OptionValue::default() }
}

fn address(text: &str) -> [u8; 16] {
    text.parse::<Ipv6Addr>().unwrap().octets()
}

/// An option in an option: code, length, data.
fn sub(code: u16, data: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), &u16::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
}

#[test]
fn an_option_is_the_same_as_text_and_in_hexadecimal() {
    let relay = sub(90, &address("2001:db8::1"));
    let params = sub(93, &[6, 8, 0x34, 0]);
    let rule = [&[1, 16, 24, 192, 0, 2, 0, 36, 0x20, 0x01, 0x0d, 0xb8, 0xf0][..], &params].concat();
    let binding = [&[192, 0, 2, 5, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0][..], &params].concat();
    let default_rule = sub(91, &[96, 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);
    let dnr = [
        &[0, 100, 0, 6, 1, b'd', 2, b'e', b'f', 0, 0, 16][..],
        &address("2001:db8::53"),
        &[0, 1, 0, 4, 3, b'd', b'o', b't', 0, 3, 0, 2, 0x21, 0x52],
    ]
    .concat();
    let portal = "https://portal.example.org/api";
    for (code, list, data) in [
        (
            94,
            r#"{ "name": "s46-cont-mape" },
               { "space": "s46-cont-mape-options", "name": "s46-rule", "data": "1, 16, 24, 192.0.2.0, 2001:db8:f000::/36" },
               { "space": "s46-rule-options", "name": "s46-portparams", "data": "6, 0x34/8" },
               { "space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8::1" }"#,
            [sub(89, &rule), relay.clone()].concat(),
        ),
        (
            95,
            r#"{ "code": 95 },
               { "space": "s46-cont-mapt-options", "code": 89, "data": "1, 16, 24, 192.0.2.0, 2001:db8:f000::/36" },
               { "space": "s46-rule-options", "code": 93, "data": "6, 52/8" },
               { "space": "s46-cont-mapt-options", "name": "s46-dmr", "data": "64:ff9b::/96" }"#,
            [sub(89, &rule), default_rule].concat(),
        ),
        (
            96,
            r#"{ "name": "s46-cont-lw", "data": "" },
               { "space": "s46-cont-lw-options", "name": "s46-br", "data": "2001:db8::1" },
               { "space": "s46-cont-lw-options", "name": "s46-v4v6bind", "data": "192.0.2.5, 2001:db8:2::/64" },
               { "space": "s46-v4v6bind-options", "name": "s46-portparams", "data": "6, 52/8" }"#,
            [relay, sub(92, &binding)].concat(),
        ),
        (90, r#"{ "name": "s46-br", "data": "2001:db8::1" }"#, address("2001:db8::1").to_vec()),
        (111, r#"{ "name": "s46-priority", "data": "96, 94, 64" }"#, vec![0, 96, 0, 94, 0, 64]),
        (
            64,
            r#"{ "name": "aftr-name", "data": "aftr.example.com" }"#,
            b"\x04aftr\x07example\x03com\0".to_vec(),
        ),
        (
            88,
            r#"{ "name": "dhcp4o6-server-addr", "data": "2001:db8::1, 2001:db8::2" }"#,
            [address("2001:db8::1"), address("2001:db8::2")].concat(),
        ),
        (
            56,
            r#"{ "name": "ntp-server" },
               { "space": "v6-ntp-server-suboptions", "name": "ntp-server-fqdn", "data": "ntp.example.org" }"#,
            sub(3, b"\x03ntp\x07example\x03org\0"),
        ),
        (82, r#"{ "name": "solmax-rt", "data": "3600" }"#, vec![0, 0, 14, 16]),
        (83, r#"{ "name": "inf-max-rt", "data": "86400" }"#, vec![0, 1, 0x51, 0x80]),
        (
            103,
            r#"{ "name": "v6-captive-portal", "data": "https://portal.example.org/api" }"#,
            portal.as_bytes().to_vec(),
        ),
        (144, r#"{ "name": "v6-dnr", "data": "100, d.ef., 2001:db8::53, alpn=dot port=8530" }"#, dnr),
        (
            137,
            r#"{ "name": "s46-bind-ipv6-prefix", "data": "2001:db8:2::/64" }"#,
            vec![64, 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0],
        ),
        (
            59,
            r#"{ "name": "bootfile-url", "data": "http://[2001:db8::1]/boot" }"#,
            b"http://[2001:db8::1]/boot".to_vec(),
        ),
        (60, r#"{ "name": "bootfile-param", "data": "root=/, quiet" }"#, b"\0\x06root=/\0\x05quiet".to_vec()),
        (32, r#"{ "name": "information-refresh-time", "data": "600" }"#, vec![0, 0, 2, 88]),
    ] {
        assert_eq!(options(list), [value(code, &data)], "{list}");
        let bytes = format!(r#"{{ "code": {code}, "csv-format": false, "data": "{}" }}"#, hex(&data));
        assert_eq!(options(&bytes), [value(code, &data)], "{bytes}");
    }
}

#[test]
fn every_ntp_server_gets_an_option_of_its_own() {
    // RFC 5908 §4; the option that holds them may stand before or behind them.
    let servers = [sub(1, &address("2001:db8::123")), sub(3, b"\x01n\0"), sub(2, &address("ff05::101"))];
    let expected: Vec<OptionValue> =
        servers.iter().map(|server| OptionValue { always_send: true, ..value(56, server) }).collect();
    let list = r#"
        { "space": "v6-ntp-server-suboptions", "code": 1, "data": "2001:db8::123" },
        { "name": "ntp-server", "always-send": true },
        { "space": "v6-ntp-server-suboptions", "code": 3, "data": "n." },
        { "space": "v6-ntp-server-suboptions", "code": 2, "data": "ff05::101" }"#;
    assert_eq!(options(list), expected);
    let list = servers.map(|server| {
        format!(r#"{{ "code": 56, "csv-format": false, "always-send": true, "data": "{}" }}"#, hex(&server))
    });
    assert_eq!(options(&list.join(",")), expected);
    assert_eq!(
        options(r#"{ "name": "ntp-server", "never-send": true }"#),
        [OptionValue { never_send: true, ..value(56, &[]) }]
    );
}

#[test]
fn resolvers_and_softwires_may_be_several() {
    let list = r#"
        { "name": "v6-dnr", "data": "1, a." }, { "name": "v6-dnr", "data": "2, b." },
        { "name": "s46-br", "data": "2001:db8::1" }, { "name": "s46-br", "data": "2001:db8::2" }"#;
    assert_eq!(
        options(list),
        [
            value(144, &[0, 1, 0, 3, 1, b'a', 0]),
            value(144, &[0, 2, 0, 3, 1, b'b', 0]),
            value(90, &address("2001:db8::1")),
            value(90, &address("2001:db8::2")),
        ]
    );
}

#[test]
fn options_of_the_operator_s_own_hold_records_arrays_and_other_options() {
    let definitions = r#""option-def": [
        { "name": "site", "code": 2000, "type": "record", "record-types": "uint16, fqdn, ipv6-address", "array": true },
        { "name": "box", "code": 2001, "type": "uint32", "encapsulate": "box-options" },
        { "name": "drawer", "code": 1, "space": "box-options", "type": "empty", "encapsulate": "drawer-options" },
        { "name": "label", "code": 7, "space": "drawer-options", "type": "string" },
        { "name": "size", "code": 8, "space": "drawer-options", "type": "record", "record-types": "boolean, ipv6-prefix, psid" },
        { "name": "modem", "code": 50, "space": "vendor-4491", "type": "empty", "encapsulate": "modem-options" },
        { "name": "speed", "code": 1, "space": "modem-options", "type": "uint16", "array": true }
    ]"#;
    let all = dhcp6(&format!(
        r#"{definitions}, "option-data": [
            {{ "name": "site", "data": "1, a.b, 2001:db8::1, 2001:db8::2" }},
            {{ "name": "box", "data": "5" }},
            {{ "name": "drawer", "space": "box-options" }},
            {{ "name": "label", "space": "drawer-options", "data": "tea" }},
            {{ "name": "size", "space": "drawer-options", "data": "true, 2001:db8::/32, 3/4" }},
            {{ "name": "vendor-opts", "data": "4491" }},
            {{ "name": "modem", "space": "vendor-4491" }},
            {{ "name": "speed", "space": "modem-options", "data": "10, 0x100" }},
            {{ "name": "tftp-servers", "space": "vendor-4491", "data": "2001:db8::9" }},
            {{ "code": 3, "space": "vendor-32473", "data": "beef", "csv-format": false }} ]"#
    ))
    .options;
    let site = [&[0, 1, 1, b'a', 1, b'b', 0][..], &address("2001:db8::1"), &address("2001:db8::2")].concat();
    let drawer = [sub(7, b"tea"), sub(8, &[1, 32, 0x20, 0x01, 0x0d, 0xb8, 4, 0x30, 0])].concat();
    let vendor =
        |enterprise, code, data: &[u8]| OptionValue { vendor: Some(enterprise), ..value(code, data) };
    assert_eq!(
        all,
        [
            value(2000, &site),
            value(2001, &[&[0, 0, 0, 5][..], &sub(1, &drawer)].concat()),
            value(17, &[0, 0, 0x11, 0x8b]),
            vendor(4491, 50, &sub(1, &[0, 10, 1, 0])),
            vendor(4491, 32, &address("2001:db8::9")),
            vendor(32473, 3, &[0xbe, 0xef]),
        ]
    );
}

#[test]
fn options_and_their_flags_are_read_at_every_level() {
    let option = |octet: u8, flags: &str| {
        format!(r#""option-data": [ {{ "code": 23, "data": "2001:db8::{octet}"{flags} }} ]"#)
    };
    let dhcp6 = dhcp6(&format!(
        r#"{}, "shared-networks": [ {{ "name": "n", {}, "subnet6": [ {{ "id": 1, "subnet": "2001:db8:1::/48", {},
            "pools": [ {{ "pool": "2001:db8:1::/64", {} }} ],
            "pd-pools": [ {{ "prefix": "2001:db8:2::", "prefix-len": 48, "delegated-len": 56, {} }} ] }},
            {{ "id": 2, "subnet": "2001:db8:3::/48" }} ] }} ]"#,
        option(1, r#", "always-send": true"#),
        option(2, r#", "never-send": true"#),
        option(3, ""),
        option(4, r#", "always-send": true"#),
        option(5, r#", "never-send": true"#),
    ));
    let expected = |octet: u16, always_send, never_send| OptionValue {
        always_send,
        never_send,
        ..value(23, &Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, octet).octets())
    };
    assert_eq!(dhcp6.options, [expected(1, true, false)]);
    let [subnet, other] = dhcp6.subnets.as_slice() else { unreachable!() };
    // What the network gives is merged: its data give way, its flags do not.
    assert_eq!(subnet.options, [expected(3, false, true)]);
    assert_eq!(other.options, [expected(2, false, true)]);
    assert_eq!(subnet.pools.first().unwrap().options, [expected(4, true, false)]);
    assert_eq!(subnet.pd_pools.first().unwrap().options, [expected(5, false, true)]);
}

/// A MAP-E container with one rule, and what else stands in the list.
fn mape(rule: &str, more: &str) -> String {
    format!(
        r#"{{ "code": 94 }}, {{ "space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8::1" }},
           {{ "space": "s46-cont-mape-options", "name": "s46-rule", "data": "{rule}" }}{more}"#
    )
}

#[test]
fn kea_s_other_space_of_vendor_options_is_that_of_the_vendor_named() {
    let list = r#"
        { "space": "vendor-opts-space", "code": 7, "csv-format": false, "data": "beef" },
        { "name": "vendor-opts", "data": "32473" }"#;
    let vendor = OptionValue { vendor: Some(32473), ..value(7, &[0xbe, 0xef]) };
    assert_eq!(options(list), [vendor, value(17, &[0, 0, 0x7e, 0xd9])]);
}

#[test]
fn what_clients_would_ignore_is_told() {
    use Severity::{Error, Warning};
    let rule = r#"{ "space": "s46-cont-mape-options", "name": "s46-rule", "data": "0, 49, 24, 192.0.2.0, 2001:db8::/36" }"#;
    let long = format!(r#"{{ "code": 103, "data": "https://a/{}" }}"#, "x".repeat(250));
    for (list, severity, expected) in [
        (r#"{ "code": 32, "data": "599" }"#, Error, "information-refresh-time must be at least 600, not 599"),
        (r#"{ "code": 82, "data": "59" }"#, Error, "solmax-rt must be from 60 to 86400, not 59"),
        (r#"{ "code": 83, "data": "86401" }"#, Error, "inf-max-rt must be from 60 to 86400, not 86401"),
        (r#"{ "code": 83, "csv-format": false, "data": "0e10" }"#, Error, "inf-max-rt cannot have 2 bytes"),
        (r#"{ "code": 64, "data": "." }"#, Error, "aftr-name must be one domain name"),
        (r#"{ "code": 64, "data": "a.b, c.d" }"#, Error, "the data of option aftr-name cannot be read"),
        (
            r#"{ "code": 64, "csv-format": false, "data": "0161016200016300" }"#,
            Error,
            "there is something behind the first name",
        ),
        (r#"{ "code": 64, "csv-format": false, "data": "0161016" }"#, Error, "aftr-name"),
        (r#"{ "code": 56 }"#, Error, "this ntp-server option holds no server"),
        (
            r#"{ "code": 56, "csv-format": false, "data": "000100" }"#,
            Error,
            "does not consist of sub-options",
        ),
        (
            r#"{ "code": 56 }, { "space": "v6-ntp-server-suboptions", "code": 1, "data": "ff05::101" }"#,
            Error,
            "ff05::101 is not the address of a server",
        ),
        (
            r#"{ "code": 56 }, { "space": "v6-ntp-server-suboptions", "code": 2, "data": "2001:db8::1" }"#,
            Error,
            "2001:db8::1 is not a multicast address",
        ),
        (
            r#"{ "code": 56, "csv-format": false, "data": "0003000161" }"#,
            Error,
            "clients cannot use a server",
        ),
        (r#"{ "code": 103, "data": "portal" }"#, Error, "v6-captive-portal must be a URI"),
        (r#"{ "code": 103, "data": "https://a b" }"#, Error, "v6-captive-portal must be a URI"),
        (
            r#"{ "code": 103, "csv-format": false, "data": "68747470733a2f2f6100" }"#,
            Error,
            "v6-captive-portal must be a URI",
        ),
        (r#"{ "code": 103, "data": "http://a/" }"#, Warning, "do not look for a captive portal's API there"),
        (&long, Warning, "this URI is longer than 255 bytes"),
        (r#"{ "code": 111, "data": "" }"#, Error, "s46-priority must be a list of option codes"),
        (r#"{ "code": 111, "data": "94, 96, 94" }"#, Error, "s46-priority has the code 94 twice"),
        (r#"{ "code": 111, "data": "94, 93" }"#, Warning, "93 in s46-priority is not the code"),
        (
            r#"{ "code": 111, "data": "94" }, { "code": 111, "data": "96" }"#,
            Warning,
            "option 111 is given twice",
        ),
        (r#"{ "code": 144, "data": "1, a., ::1" }"#, Error, "clients would discard this v6-dnr option"),
        (r#"{ "code": 144, "csv-format": false, "data": "0001" }"#, Error, "too short for a priority"),
        (
            r#"{ "code": 144, "data": "1, a." }, { "code": 144, "data": "1, a." }"#,
            Warning,
            "option 144 is given twice",
        ),
        (r#"{ "code": 12, "data": "2001:db8::1" }"#, Warning, "option 12 cannot be configured"),
        (
            r#"{ "code": 94 }, { "space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8::1" }"#,
            Error,
            "this MAP-E container would be ignored by clients it lacks s46-rule (89)",
        ),
        (
            r#"{ "code": 96 }, { "space": "s46-cont-lw-options", "name": "s46-br", "data": "2001:db8::1" },
               { "space": "s46-cont-lw-options", "name": "s46-v4v6bind", "data": "192.0.2.5, 2001:db8:2::/64" },
               { "space": "s46-cont-lw-options", "name": "s46-v4v6bind", "data": "192.0.2.6, 2001:db8:2::/64" }"#,
            Error,
            "s46-v4v6bind (92) is in it more than once",
        ),
        (
            &format!(
                r#"{{ "code": 94 }}, {{ "space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8::1" }}, {rule}"#
            ),
            Error,
            "EA-bit length is 49, must be at most 48",
        ),
        (
            r#"{ "code": 96, "csv-format": false, "data": "005a001020010db8000000000000000000000001005b000100" }"#,
            Error,
            "s46-dmr (91) must not be in it",
        ),
        (
            r#"{ "code": 96, "csv-format": false,
                 "data": "005a001020010db8000000000000000000000001005d000406083400" }"#,
            Error,
            "s46-portparams (93) belongs in s46-rule or s46-v4v6bind",
        ),
        (&mape("0, 25, 24, 192.0.2.0, 2001:db8::/36", ""), Warning, "24 and 25 bits are more than 48"),
        (
            &mape(
                "0, 4, 24, 192.0.2.0, 2001:db8::/36",
                r#", { "space": "s46-rule-options", "code": 93, "data": "6, 1/4" }"#,
            ),
            Warning,
            "clients discard the s46-portparams of this s46-rule",
        ),
        (
            r#"{ "space": "vendor-opts-space", "code": 1, "csv-format": false, "data": "00" }"#,
            Warning,
            "no option of this list holds the options of space vendor-opts-space",
        ),
    ] {
        let loaded = load_text("t.json", &format!("{{ \"Dhcp6\": {{ \"option-data\": [ {list} ] }} }}"));
        let found = loaded.diagnostics.iter().any(|finding| {
            finding.severity == severity
                && format!("{} {}", finding.message, finding.label).contains(expected)
        });
        assert!(found, "{list}\nexpected: {expected}\n{}", loaded.diagnostics.render(false));
        assert_eq!(loaded.config.is_none(), severity == Error, "{list}");
    }
}
