//! What can be wrong with classes, reservations and expressions, what is said about it, and where the mark is put.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod marks;

use marks::{expect4, expect6};

#[test]
fn classes() {
    expect4(&[
        ("\"client-classes\": [ §{ \"test\": \"'a' == 'a'\" } ]", "error: this class has no name"),
        (
            "\"client-classes\": [ { \"name\": \"a\" }, { \"name\": §\"a\" } ]",
            "error: the class \"a\" is defined twice",
        ),
        // The mark goes to the word in the expression.
        (
            "\"client-classes\": [ { \"name\": \"a\", \"test\": \"option[60].hex == §optoin[61].hex\" } ]",
            "error: this expression cannot be read",
        ),
        (
            "\"client-classes\": [ { \"name\": \"a\", \"test\": \"§option[60].hex\" } ]",
            "error: this expression cannot be read",
        ),
        (
            "\"client-classes\": [ { \"name\": \"a\", \"test\": \"option[§nothing].exists\" } ]",
            "error: this expression cannot be read",
        ),
        // A class can ask for those before it.
        (
            "\"client-classes\": [ { \"name\": \"a\", \"test\": \"member(§'b')\" }, { \"name\": \"b\" } ]",
            "error: this expression cannot be read",
        ),
        (
            "\"client-classes\": [ { \"name\": \"a\", \"test\": \"known\", \"template-test\": §\"'x'\" } ]",
            "error: `test` and `template-test` exclude each other",
        ),
        (
            "\"client-classes\": [ { \"name\": §\"KNOWN\", \"test\": \"'a' == 'a'\" } ]",
            "error: the server itself says who is in this class",
        ),
        (
            "\"client-classes\": [ { \"name\": §\"DROP\", \"only-if-required\": true, \"test\": \"'a' == 'a'\" } ]",
            "error: whether a message is dropped cannot be found out at the end",
        ),
        (
            "\"client-classes\": [ { \"name\": \"late\", \"only-in-additional-list\": true, \"test\": \"known\" },
               { \"name\": §\"early\", \"test\": \"member('late')\" } ]",
            "error: this class asks for \"late\", which is looked at later",
        ),
        (
            "\"client-classes\": [ { \"name\": \"a\", \"option-def\": [ { \"name\": §\"x\", \"code\": 100, \"type\": \"string\" } ] } ]",
            "error: a class cannot define this option",
        ),
        (
            "\"client-classes\": [ { \"name\": \"a\", \"min-valid-lifetime\": §100, \"valid-lifetime\": 50 } ]",
            "error: min-valid-lifetime (100) is above valid-lifetime (50)",
        ),
        (
            "\"client-classes\": [ { \"name\": \"voice\" } ],
             \"subnet4\": [ { \"subnet\": \"10.0.0.0/8\", \"client-classes\": [ §\"vioce\" ] } ]",
            "warning: no class is called \"vioce\"",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/8\", §\"client-class\": \"a\", \"client-classes\": [ \"b\" ] } ]",
            "error: `client-class` and `client-classes` exclude each other",
        ),
    ]);
}

#[test]
fn reservations4() {
    let in_subnet = |reservations: &str| {
        format!(
            "\"subnet4\": [ {{ \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ {{ \"pool\": \"10.0.0.10 - 10.0.0.20\" }} ],
               \"reservations\": [ {reservations} ] }} ]"
        )
    };
    let cases = [
        ("§{ \"ip-address\": \"10.0.0.5\" }", "error: this reservation does not say who it is for"),
        (
            "{ \"hw-address\": \"1:2:3:4:5:6\", \"duid\": §\"01:02\" }",
            "error: `hw-address` and `duid` exclude each other",
        ),
        ("{ \"hw-address\": §\"1:2:3:4:5:g\" }", "error: `hw-address` must be hexadecimal"),
        ("{ \"client-id\": §\"\" }", "error: `client-id` has 0 bytes, and takes 1 to 255"),
        (
            "{ \"hw-address\": \"1:2:3:4:5:6\", \"ip-address\": §\"10.0.1.5\" }",
            "error: 10.0.1.5 is not within the subnet",
        ),
        (
            "{ \"hw-address\": \"1:2:3:4:5:6\", \"ip-address\": \"10.0.0.5\" }, { \"hw-address\": §\"01:02:03:04:05:06\" }",
            "error: two reservations of subnet 1 are for the same client",
        ),
        (
            "{ \"hw-address\": \"1:2:3:4:5:6\", \"ip-address\": \"10.0.0.5\" }, { \"duid\": \"1:2\", \"ip-address\": §\"10.0.0.5\" }",
            "error: 10.0.0.5 is reserved twice",
        ),
        (
            "{ \"flex-id\": §\"'port7'\", \"ip-address\": \"10.0.0.5\" }",
            "warning: clients are not known by `flex-id`",
        ),
    ];
    for (text, expected) in cases {
        expect4(&[(&in_subnet(text), expected)]);
    }
    let modes = |keys: &str, reservation: &str| {
        format!(
            "{keys} \"subnet4\": [ {{ \"subnet\": \"10.0.0.0/24\", \"pools\": [ {{ \"pool\": \"10.0.0.10 - 10.0.0.20\" }} ],
               \"reservations\": [ {reservation} ] }} ]"
        )
    };
    expect4(&[
        (
            &modes(
                "\"reservations-out-of-pool\": true,",
                "{ \"hw-address\": \"1:2:3:4:5:6\", \"ip-address\": §\"10.0.0.10\" }",
            ),
            "warning: 10.0.0.10 is in a pool, and is not reserved",
        ),
        (
            &modes("\"reservation-mode\": \"global\",", "§{ \"hw-address\": \"1:2:3:4:5:6\" }"),
            "warning: this reservation has no effect",
        ),
        (
            "\"host-reservation-identifiers\": [ \"duid\", §\"circuit\" ]",
            "error: no reservation has an identifier \"circuit\"",
        ),
        (
            "\"reservations\": [ { \"hw-address\": \"1:2:3:4:5:6\" }, { \"hw-address\": §\"1:2:3:4:5:6\" } ]",
            "error: two reservations outside of subnets are for the same client",
        ),
    ]);
}

#[test]
fn reservations6() {
    let in_subnet = |reservations: &str| {
        format!(
            "\"subnet6\": [ {{ \"id\": 1, \"subnet\": \"2001:db8:1::/48\",
               \"pd-pools\": [ {{ \"prefix\": \"2001:db8:8::\", \"prefix-len\": 48, \"delegated-len\": 56 }} ],
               \"reservations\": [ {reservations} ] }} ]"
        )
    };
    let cases = [
        (
            "{ \"duid\": \"1:2:3\", \"ip-addresses\": [ §\"2001:db8:2::1\" ] }",
            "error: 2001:db8:2::1 is not within the subnet",
        ),
        (
            "{ \"duid\": \"1:2:3\", \"prefixes\": [ \"2001:db8:8::/56\" ] }, { \"duid\": \"1:2:4\", \"prefixes\": [ §\"2001:db8:8::/56\" ] }",
            "error: 2001:db8:8::/56 is reserved twice",
        ),
        (
            "{ \"duid\": \"1:2:3\", \"prefixes\": [ §\"2001:db8:8::/60\" ] }",
            "error: 2001:db8:8::/60 is a part of a prefix pool that delegates pieces of /56",
        ),
        (
            "{ \"duid\": \"1:2:3\", \"prefixes\": [ §\"2001:db8::/40\" ] }",
            "error: 2001:db8::/40 holds a prefix pool that delegates pieces of /56",
        ),
        (
            "{ \"duid\": \"1:2:3\", \"prefixes\": [ \"2001:db8:9::/56\" ], \"excluded-prefixes\": [ §\"2001:db8:a::/64\" ] }",
            "error: 2001:db8:a::/64 is not a part of 2001:db8:9::/56",
        ),
        (
            "{ \"duid\": \"1:2:3\", \"excluded-prefixes\": [ §\"2001:db8:a::/64\" ] }",
            "error: there is no prefix that this one is to be excluded from",
        ),
    ];
    for (text, expected) in cases {
        expect6(&[(&in_subnet(text), expected)]);
    }
}

#[test]
fn hooks_that_are_expressions() {
    let hook = |library: &str, parameters: &str| {
        format!(
            "\"hooks-libraries\": [ {{ \"library\": \"/x/libdhcp_{library}.so\", \"parameters\": {{ {parameters} }} }} ]"
        )
    };
    expect4(&[
        (
            &hook("flex_id", "\"identifier-expression\": \"relay4[§x].hex\""),
            "error: this expression cannot be read",
        ),
        (
            &hook("flex_option", "\"options\": [ §{ \"code\": 12 } ]"),
            "error: nothing says what becomes of this option",
        ),
        (
            &hook("flex_option", "\"options\": [ { \"name\": §\"host-nmae\", \"add\": \"'x'\" } ]"),
            "error: no option is called \"host-nmae\"",
        ),
        (
            &hook(
                "flex_option",
                "\"options\": [ { \"code\": 12, \"add\": \"'x'\", \"remove\": §\"known\" } ]",
            ),
            "error: `add` and `remove` exclude each other",
        ),
        (
            &hook(
                "flex_option",
                "\"options\": [ { \"code\": 6, \"csv-format\": §true, \"add\": \"'192.0.2.1'\" } ]",
            ),
            "error: the value of this option cannot be made of a text",
        ),
    ]);
    expect4(&[(
        "\"hooks-libraries\": [ §{ \"library\": \"/x/libdhcp_flex_id.so\" } ]",
        "error: flex_id has no expression",
    )]);
}

#[test]
fn limits() {
    let hook = "\"hooks-libraries\": [ { \"library\": \"libdhcp_limits.so\" } ],";
    let class = |limits: &str| {
        let context = format!("\"user-context\": {{ {limits} }}");
        format!("{hook} \"client-classes\": [ {{ \"name\": \"a\", \"test\": \"known\", {context} }} ]")
    };
    let cases = [
        ("\"limits\": §7", "error: `limits` takes a map, not a whole number"),
        ("\"limits\": { §\"adress-limit\": 7 }", "error: no limit is called \"adress-limit\" here"),
        ("\"limits\": { §\"prefix-limit\": 7 }", "error: no limit is called \"prefix-limit\" here"),
        ("\"limits\": { \"address-limit\": §\"7\" }", "error: `address-limit` takes a number"),
        ("\"limits\": { \"address-limit\": §-1 }", "error: `address-limit` takes a number"),
        ("\"limits\": { \"rate-limit\": §7 }", "error: `rate-limit` takes a text, not a whole number"),
        ("\"limits\": { \"rate-limit\": §\"7 per day\" }", "error: \"7 per day\" is no rate"),
    ];
    for (limits, expected) in cases {
        expect4(&[(&class(limits), expected)]);
    }
    let without = "\"client-classes\": [ { \"name\": \"a\", \"user-context\": { §\"limits\": { \"address-limit\": 7 } } } ]";
    expect4(&[(without, "warning: limits without the hook that keeps them")]);
    expect6(&[(without, "warning: limits without the hook that keeps them")]);
    let subnet = format!(
        "{hook} \"subnet6\": [ {{ \"id\": 1, \"subnet\": \"2001:db8::/64\",
        \"user-context\": {{ \"limits\": {{ \"prefix-limit\": §true }} }} }} ]"
    );
    expect6(&[(&subnet, "error: `prefix-limit` takes a number")]);
}
