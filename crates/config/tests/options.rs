//! Options: the bytes that they become, and what is wrong with those that become none.

#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "a test may fail, and a table may be long")]

use fosix_config::{Config, OptionValue, Severity, load_text};

fn config(text: &str) -> Config {
    let loaded = load_text("t.json", text);
    let rendered = loaded.diagnostics.render(false);
    assert!(loaded.config.is_some(), "{rendered}");
    loaded.config.unwrap()
}

fn options4(list: &str) -> Vec<OptionValue> {
    config(&format!("{{ \"Dhcp4\": {{ {list} }} }}")).dhcp4.unwrap().options
}

fn options6(list: &str) -> Vec<OptionValue> {
    config(&format!("{{ \"Dhcp6\": {{ {list} }} }}")).dhcp6.unwrap().options
}

fn value(code: u16, data: &[u8]) -> OptionValue {
    OptionValue { code, data: data.to_vec(), ..OptionValue::default() }
}

#[test]
fn options_become_bytes() {
    for (option, expected) in [
        (r#"{ "name": "routers", "data": "10.0.0.1, 10.0.0.2" }"#, value(3, &[10, 0, 0, 1, 10, 0, 0, 2])),
        (r#"{ "name": "domain-name", "data": "example.org" }"#, value(15, b"example.org")),
        (r#"{ "code": 3, "data": "10.0.0.1" }"#, value(3, &[10, 0, 0, 1])),
        (
            r#"{ "code": 3, "name": "routers", "data": "0a000001", "csv-format": false }"#,
            value(3, &[10, 0, 0, 1]),
        ),
        (r#"{ "code": 222, "data": "0A0b", "csv-format": false }"#, value(222, &[10, 11])),
        (r#"{ "code": 222, "csv-format": false }"#, value(222, &[])),
        (r#"{ "name": "dhcp-server-identifier", "data": "192.0.2.1" }"#, value(54, &[192, 0, 2, 1])),
        (
            r#"{ "name": "routers", "data": "10.0.0.1", "always-send": true }"#,
            OptionValue { always_send: true, ..value(3, &[10, 0, 0, 1]) },
        ),
        (r#"{ "name": "routers", "never-send": true }"#, OptionValue { never_send: true, ..value(3, &[]) }),
        (
            r#"{ "space": "vendor-4491", "code": 2, "data": "10.0.0.1" }"#,
            OptionValue { vendor: Some(4491), ..value(2, &[10, 0, 0, 1]) },
        ),
        (
            r#"{ "space": "vendor-32473", "code": 7, "data": "01", "csv-format": false }"#,
            OptionValue { vendor: Some(32473), ..value(7, &[1]) },
        ),
    ] {
        assert_eq!(options4(&format!("\"option-data\": [ {option} ]")), [expected], "{option}");
    }
    let mut two = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec();
    two.extend("ff02::1:2".parse::<std::net::Ipv6Addr>().unwrap().octets());
    for (option, expected) in [
        (r#"{ "name": "dhcp4o6-server-addr", "data": "2001:db8::1, ff02::1:2" }"#, value(88, &two)),
        (r#"{ "name": "dhcp4o6-server-addr", "data": "" }"#, value(88, &[])),
        (r#"{ "name": "dhcp4o6-server-addr" }"#, value(88, &[])),
        (r#"{ "name": "domain-search", "data": "a.b" }"#, value(24, b"\x01a\x01b\0")),
    ] {
        assert_eq!(options6(&format!("\"option-data\": [ {option} ]")), [expected], "{option}");
    }
}

#[test]
fn sub_options_become_part_of_the_option_that_holds_them() {
    // The order in the list does not matter; a rule's own sub-options go into it first.
    let options = options6(
        r#""option-data": [
        { "space": "s46-cont-mape-options", "name": "s46-br", "data": "2001:db8::1" },
        { "name": "s46-cont-mape" },
        { "space": "s46-cont-mape-options", "name": "s46-rule", "data": "1, 16, 24, 192.0.2.0, 2001:db8:f000::/36" },
        { "space": "s46-rule-options", "name": "s46-portparams", "data": "6, 0/0" }
    ]"#,
    );
    let mut expected = vec![0, 90, 0, 16];
    expected.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    expected.extend([0, 89, 0, 21, 1, 16, 24, 192, 0, 2, 0, 36, 0x20, 0x01, 0x0d, 0xb8, 0xf0]);
    expected.extend([0, 93, 0, 4, 6, 0, 0, 0]);
    assert_eq!(options, [value(94, &expected)]);

    let options = options4(
        r#""option-def": [
            { "name": "box", "code": 224, "type": "uint8", "encapsulate": "box-options" },
            { "name": "lid", "code": 1, "type": "string", "space": "box-options" },
            { "name": "floor", "code": 2, "type": "record", "record-types": "uint16, ipv4-address", "array": true, "space": "box-options" }
        ],
        "option-data": [
            { "name": "box", "data": "7" },
            { "space": "box-options", "name": "lid", "data": "oak" },
            { "space": "box-options", "code": 2, "data": "1, 10.0.0.1, 10.0.0.2" },
            { "name": "vendor-encapsulated-options" },
            { "space": "vendor-encapsulated-options-space", "code": 5, "data": "ff", "csv-format": false }
        ]"#,
    );
    let floor = [2, 10, 0, 1, 10, 0, 0, 1, 10, 0, 0, 2];
    let expected = [&[7, 1, 3, b'o', b'a', b'k'][..], &floor].concat();
    assert_eq!(options, [value(224, &expected), value(43, &[5, 1, 0xff])]);
}

#[test]
fn a_definition_of_the_operators_own_counts_where_some_kea_has_none() {
    let options = options4(
        r#""option-def": [ { "name": "my-mud", "code": 161, "type": "uint8" } ],
           "option-data": [ { "name": "my-mud", "data": "5" } ]"#,
    );
    assert_eq!(options, [value(161, &[5])]);
}

#[test]
fn options_of_a_shared_network_are_merged_into_its_subnets() {
    let config = config(
        r#"{ "Dhcp4": { "shared-networks": [ {
            "name": "net", "authoritative": true,
            "option-data": [ { "code": 3, "data": "10.0.0.1", "always-send": true }, { "code": 6, "data": "10.0.0.2" } ],
            "subnet4": [ { "subnet": "10.0.0.0/24", "4o6-interface": "eth0", "option-data": [ { "code": 3, "data": "10.0.0.9" } ] } ]
        } ] } }"#,
    );
    let dhcp4 = config.dhcp4.unwrap();
    let subnet = dhcp4.subnets.first().unwrap();
    assert_eq!(
        subnet.options,
        [OptionValue { always_send: true, ..value(3, &[10, 0, 0, 9]) }, value(6, &[10, 0, 0, 2])]
    );
    assert_eq!(subnet.shared_network.as_deref(), Some("net"));
    assert!(subnet.authoritative && !dhcp4.authoritative);
}

/// The only error, or else the only warning, of a text, with the text that is marked.
fn finding(text: &str) -> (Severity, String) {
    let loaded = load_text("t.json", text);
    let mut found: Vec<_> =
        loaded.diagnostics.iter().filter(|finding| finding.severity != Severity::Notice).collect();
    found.sort_by_key(|finding| finding.severity);
    let first = *found.first().unwrap_or_else(|| unreachable!("nothing found in {text}"));
    assert_eq!(found.len(), 1, "{text}\n{}", loaded.diagnostics.render(false));
    (first.severity, format!("{} {}", first.message, first.label))
}

#[test]
fn what_is_wrong_with_an_option_is_told() {
    use Severity::{Error, Warning};
    for (option, severity, expected) in [
        (r#"{ "data": "x" }"#, Error, "neither `name` nor `code`"),
        (
            r#"{ "name": "router", "data": "10.0.0.1" }"#,
            Error,
            "no option of space dhcp4 is called \"router\"",
        ),
        (
            r#"{ "name": "routers", "code": 6, "data": "10.0.0.1" }"#,
            Error,
            "option 6 of space dhcp4 is domain-name-servers, not routers",
        ),
        (
            r#"{ "name": "routers", "data": "10.0.0.1000" }"#,
            Error,
            "the data of option routers cannot be read field 1 (ipv4-address)",
        ),
        (
            r#"{ "code": 0, "data": "00", "csv-format": false }"#,
            Error,
            "an option's code must be from 1 to 254, not 0",
        ),
        (
            r#"{ "code": 255, "data": "00", "csv-format": false }"#,
            Error,
            "an option's code must be from 1 to 254, not 255",
        ),
        (r#"{ "code": 222, "data": "0a0b" }"#, Error, "option 222 of space dhcp4 has no definition"),
        (
            r#"{ "code": 3, "data": "0a0b", "csv-format": false }"#,
            Error,
            "option routers cannot have 2 bytes",
        ),
        (
            r#"{ "code": 3, "data": "zz", "csv-format": false }"#,
            Error,
            "the data of option routers cannot be read",
        ),
        (
            r#"{ "code": 1, "space": "dhcp6", "data": "00", "csv-format": false }"#,
            Error,
            "the option space dhcp6 belongs to DHCPv6",
        ),
        (
            r#"{ "code": 1, "space": "vendor-0", "data": "00", "csv-format": false }"#,
            Error,
            "does not name a vendor",
        ),
        (
            r#"{ "code": 1, "space": "a b", "data": "00", "csv-format": false }"#,
            Error,
            "cannot be the name of an option space",
        ),
        (
            r#"{ "code": 1, "space": "nowhere", "data": "00", "csv-format": false }"#,
            Warning,
            "no option of this list holds the options of space nowhere",
        ),
        (
            r#"{ "code": 6, "data": "10.0.0.1" }, { "code": 6, "data": "10.0.0.2" }"#,
            Warning,
            "option 6 is given twice in one list",
        ),
        (r#"{ "name": "dhcp-lease-time", "data": "5" }"#, Warning, "option 51 cannot be configured"),
        (
            r#"{ "name": "dhcp-server-identifier", "data": "0.0.0.0" }"#,
            Error,
            "0.0.0.0 cannot be the server's identifier",
        ),
        (
            r#"{ "name": "dhcp-server-identifier", "data": "224.0.0.1" }"#,
            Error,
            "224.0.0.1 cannot be the server's identifier",
        ),
        (
            r#"{ "name": "dhcp-server-identifier", "data": "255.255.255.255" }"#,
            Error,
            "255.255.255.255 cannot be",
        ),
    ] {
        let (found_severity, found) =
            finding(&format!("{{ \"Dhcp4\": {{ \"option-data\": [ {option} ] }} }}"));
        assert!(found.contains(expected) && found_severity == severity, "{option}\n{found_severity} {found}");
    }
}

#[test]
fn what_is_wrong_with_an_option_of_dhcpv6_is_told() {
    use Severity::{Error, Warning};
    for (option, severity, expected) in [
        (r#"{ "code": 88, "data": "::" }"#, Error, ":: in dhcp4o6-server-addr is no address to send to"),
        (r#"{ "code": 88, "data": "::ffff:10.0.0.1" }"#, Error, "is an IPv4 address"),
        (
            r#"{ "code": 88, "data": "2001:db8::1, 2001:db8::1" }"#,
            Error,
            "2001:db8::1 in dhcp4o6-server-addr is given twice",
        ),
        (r#"{ "code": 88, "data": "0a0b", "csv-format": false }"#, Error, "cannot have 2 bytes"),
        (
            r#"{ "code": 88, "data": "::1" }"#,
            Warning,
            "::1 in dhcp4o6-server-addr leads each client to itself",
        ),
        (r#"{ "code": 88, "data": "fe80::1" }"#, Warning, "is reached from its own link only"),
        (r#"{ "name": "s46-cont-lw" }"#, Error, "this Lightweight 4over6 container would be ignored"),
        (
            r#"{ "code": 89, "csv-format": false, "data": "011018c0000200242001" }"#,
            Warning,
            "outside of a softwire container",
        ),
        (r#"{ "code": 2, "data": "00", "csv-format": false }"#, Warning, "option 2 cannot be configured"),
    ] {
        let text = format!("{{ \"Dhcp6\": {{ \"option-data\": [ {option} ] }} }}");
        let loaded = load_text("t.json", &text);
        let found: Vec<_> =
            loaded.diagnostics.iter().filter(|finding| finding.severity == severity).collect();
        assert!(
            found.iter().any(|finding| finding.message.contains(expected)),
            "{}",
            loaded.diagnostics.render(false)
        );
    }
}

#[test]
fn what_is_wrong_with_a_definition_is_told() {
    for (definition, expected) in [
        (r#"{ "name": "a", "code": 222 }"#, "this option definition has no `type`"),
        (r#"{ "name": "a", "code": 222, "type": "Uint8" }"#, "\"Uint8\" is not the type of an option"),
        (r#"{ "name": "a b", "code": 222, "type": "uint8" }"#, "\"a b\" cannot be the name of an option"),
        (r#"{ "name": "-a", "code": 222, "type": "uint8" }"#, "\"-a\" cannot be the name of an option"),
        (r#"{ "name": "a", "code": 0, "type": "uint8" }"#, "an option's code must be from 1 to 254"),
        (
            r#"{ "name": "a", "code": 3, "type": "uint8" }"#,
            "option 3 of space dhcp4 is routers, and cannot be defined",
        ),
        (r#"{ "name": "routers", "code": 222, "type": "uint8" }"#, "option 3 of space dhcp4 is routers"),
        (r#"{ "name": "a", "code": 222, "type": "record" }"#, "no option can have this type"),
        (
            r#"{ "name": "a", "code": 222, "type": "uint8", "record-types": "uint8, uint8" }"#,
            "no option can have this type",
        ),
        (r#"{ "name": "a", "code": 222, "type": "string", "array": true }"#, "no option can have this type"),
        (
            r#"{ "name": "a", "code": 222, "type": "uint8", "encapsulate": "dhcp4" }"#,
            "an option cannot hold the space",
        ),
        (
            r#"{ "name": "a", "code": 222, "type": "uint8", "array": true, "encapsulate": "x" }"#,
            "sub-options cannot follow",
        ),
        (
            r#"{ "name": "a", "code": 222, "type": "uint8" }, { "name": "b", "code": 222, "type": "uint8" }"#,
            "code 222 of space dhcp4 is defined twice",
        ),
        (
            r#"{ "name": "a", "code": 222, "type": "uint8" }, { "name": "a", "code": 223, "type": "uint8" }"#,
            "\"a\" of space dhcp4 is defined twice",
        ),
    ] {
        let (severity, found) = finding(&format!("{{ \"Dhcp4\": {{ \"option-def\": [ {definition} ] }} }}"));
        assert!(severity == Severity::Error && found.contains(expected), "{definition}\n{severity} {found}");
    }
}

#[test]
fn spaces_that_hold_each_other_are_an_error_and_no_endless_loop() {
    let text = r#"{ "Dhcp4": {
        "option-def": [
            { "name": "a", "code": 222, "type": "uint8", "encapsulate": "one" },
            { "name": "b", "code": 1, "type": "uint8", "space": "one", "encapsulate": "two" },
            { "name": "c", "code": 1, "type": "uint8", "space": "two", "encapsulate": "one" }
        ],
        "option-data": [
            { "name": "a", "data": "1" },
            { "name": "b", "space": "one", "data": "2" },
            { "name": "c", "space": "two", "data": "3" }
        ] } }"#;
    let (severity, found) = finding(text);
    assert!(severity == Severity::Error && found.contains("is part of itself"), "{found}");
}

#[test]
fn a_sub_option_of_dhcpv4_has_one_byte_of_length() {
    let text = format!(
        r#"{{ "Dhcp4": {{ "option-data": [ {{ "name": "vendor-encapsulated-options" }},
            {{ "space": "vendor-encapsulated-options-space", "code": 1, "csv-format": false, "data": "{}" }} ] }} }}"#,
        "00".repeat(256)
    );
    let (severity, found) = finding(&text);
    assert!(
        severity == Severity::Error
            && found.contains("a sub-option holds at most 255 bytes, this one has 256"),
        "{found}"
    );
}
