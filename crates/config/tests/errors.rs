//! Each thing that can be wrong, what is said about it, and where the mark is put.
//!
//! In the texts a § stands before the place that must be marked; it is taken out before the text is loaded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod marks;

use fosix_config::{LoadOptions, Severity, load_memory};
use marks::{expect, expect4, expect6, load};

#[test]
fn keys_and_types() {
    expect(&[
        ("§{}", "error: there is nothing to serve"),
        ("§[]", "error: a configuration is a map, not a list"),
        ("{ §\"Dhcp5\": {}, \"Dhcp4\": {} }", "error: no key \"Dhcp5\" is known in a file"),
        ("{ \"Dhcp4\": {}, §\"DhcpDdns\": { \"x\": 1 } }", "warning: `DhcpDdns` has no effect"),
        ("{ \"Dhcp4\": §[] }", "error: `Dhcp4` takes a map, not a list"),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"log\": { \"level\": §\"verbose\" } } }",
            "error: `level` must be one of",
        ),
        ("{ \"Dhcp4\": {}, \"Fosix\": { §\"stores\": {} } }", "error: no key \"stores\" is known in Fosix"),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"store\": { \"type\": §\"mysql\" } } }",
            "error: `type` must be one of journal, memory",
        ),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"store\": { \"disk-budget\": §100 } } }",
            "error: `disk-budget` must be from 256 to",
        ),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"store\": { \"directory\": §\"leases\" } } }",
            "error: `directory` must be an absolute path",
        ),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"store\": { \"type\": \"memory\", §\"durability\": \"async\" } } }",
            "error: a store in memory has no such setting",
        ),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"max-relay-levels\": §33 } }",
            "error: `max-relay-levels` must be from 1 to 32",
        ),
        (
            "{ \"Dhcp4\": {}, \"Fosix\": { \"ports\": { \"server\": §0 } } }",
            "error: `server` must be from 1 to 65535",
        ),
    ]);
    expect4(&[
        ("§\"valid-lifetme\": 1", "error: no key \"valid-lifetme\" is known in Dhcp4"),
        ("§\"pools\": []", "error: no key \"pools\" is known in Dhcp4"),
        ("\"valid-lifetime\": §\"1\"", "error: `valid-lifetime` takes a whole number, not a text"),
        (
            "\"valid-lifetime\": §1.5",
            "error: `valid-lifetime` takes a whole number, not a number with a fraction",
        ),
        (
            "\"valid-lifetime\": §9999999999",
            "error: `valid-lifetime` must be from 0 to 4294967295, not 9999999999",
        ),
        ("\"authoritative\": §1", "error: `authoritative` takes true or false, not a whole number"),
        ("\"subnet4\": §{}", "error: `subnet4` takes a list of maps, not a map"),
        ("\"subnet4\": [ §1 ]", "error: `subnet4` takes a map, not a whole number"),
        ("\"dhcp4o6-port\": §65535", "error: `dhcp4o6-port` must be from 0 to 65534, not 65535"),
        ("\"comment\": §1", "error: `comment` takes a text"),
        ("\"server-hostname\": §\"\\u00ff\"", "error: `server-hostname` has a byte above 7f"),
    ]);
}

#[test]
fn an_unknown_key_comes_with_what_was_meant() {
    for (text, help) in [
        ("{ \"Dhcp4\": { \"valid-lifetme\": 1 } }", "did you mean \"valid-lifetime\"?"),
        ("{ \"Dhcp4\": { \"subnet6\": [] } }", "did you mean \"subnet4\"? \"subnet6\" belongs in Dhcp6"),
        ("{ \"Dhcp4\": { \"4o6-interface\": 1 } }", "\"4o6-interface\" belongs in subnet4"),
        (
            "{ \"Dhcp4\": { \"delegated-length\": 1 } }",
            "did you mean \"delegated-len\"? It belongs in pd-pools",
        ),
        ("{ \"Dhcp4\": { \"colour\": 1 } }", "remove it; docs/configuration.md lists every key"),
    ] {
        let loaded = load_memory(&[("t", text.as_bytes())], &["t"], LoadOptions::default());
        let found: Vec<_> = loaded.diagnostics.iter().filter_map(|finding| finding.help.as_deref()).collect();
        assert!(found.contains(&help), "{text}\n{found:?}");
    }
}

#[test]
fn what_is_known_but_not_supported() {
    expect4(&[
        ("§\"store-extended-info\": true", "warning: `store-extended-info` has no effect"),
        ("§\"multi-threading\": { \"thread-pool-size\": 4 }", "warning: `multi-threading` has no effect"),
        ("\"multi-threading\": { §\"thread-pol-size\": 4 }", "error: no key \"thread-pol-size\""),
        (
            "§\"control-sockets\": [ { \"socket-type\": \"unix\" } ]",
            "warning: `control-sockets` has no effect",
        ),
        ("§\"control-socket\": { \"socket-type\": \"unix\" }", "warning: `control-socket` has no effect"),
        (
            "\"option-data\": [ { \"code\": 6, \"data\": \"10.0.0.1\", §\"client-classes\": [ \"a\" ] } ]",
            "error: `client-classes` is not supported",
        ),
        ("§\"hosts-database\": { \"type\": \"mysql\" }", "error: `hosts-database` is not supported"),
        (
            "\"compatibility\": { §\"ignore-dhcp-server-identifier\": true }",
            "error: `ignore-dhcp-server-identifier` is not",
        ),
        (
            "\"compatibility\": { §\"lenient-option-parsing\": true }",
            "warning: `lenient-option-parsing` has no effect",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": §\"/x/libdhcp_lease_cmds.so\" } ]",
            "warning: the hook library lease_cmds is not loaded",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": §\"/x/libdhcp_radius.so\" } ]",
            "error: the hook library radius is not supported",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": §\"/x/own.so\" } ]",
            "error: the hook library own is not supported",
        ),
        (
            "\"lease-database\": { \"type\": §\"mysql\" }",
            "error: leases cannot be kept in a database of type \"mysql\"",
        ),
        (
            "\"interfaces-config\": { \"interfaces\": §[ \"eth0\" ] }",
            "warning: no DHCPv4 is served on these interfaces",
        ),
        (
            "\"loggers\": [ { §\"output_options\": [ { \"output\": \"stdout\" } ] } ]",
            "warning: `output_options` has no effect",
        ),
    ]);
    let silent = "{ \"Dhcp4\": { \"reservations\": [], \"client-classes\": [], \"hooks-libraries\": [], \"control-sockets\": [],
        \"ddns-send-updates\": false, \"hosts-databases\": [], \"interfaces-config\": { \"interfaces\": [] },
        \"lease-database\": { \"type\": \"memfile\", \"name\": \"kea-leases4.csv\", \"lfc-interval\": 3600 } } }";
    assert!(load(silent, true).is_empty());
}

#[test]
fn hooks_that_are_built_in() {
    expect4(&[
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\", \"parameters\": { §\"pth\": \"/x\" } } ]",
            "error: no key \"pth\" is known in the parameters of legal_log",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\", \"parameters\": §[ ] } ]",
            "error: `parameters` takes a map, not a list",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\",
                \"parameters\": { \"time-unit\": §\"week\" } } ]",
            "error: `time-unit` must be one of second, day, month, year, not \"week\"",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\",
                \"parameters\": { \"base-name\": §\"../x\" } } ]",
            "error: `base-name` must be the beginning of a file's name",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\",
                \"parameters\": { §\"type\": \"mysql\" } } ]",
            "warning: `type` has no effect",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"legal_log\" }, { \"library\": §\"libdhcp_legal_log.so\" } ]",
            "error: two hooks would write to the same files",
        ),
        (
            "\"hooks-libraries\": [ §{ \"library\": \"/lib/libdhcp_run_script.so\" } ]",
            "error: run_script has no program to run",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"run_script\", \"parameters\": { \"name\": §\"x.sh\" } } ]",
            "error: `name` must be the whole path of a program",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"run_script\",
                \"parameters\": { \"name\": \"/x\", \"sync\": §true } } ]",
            "error: no packet can wait for a program",
        ),
        (
            "\"hooks-libraries\": [ { \"library\": \"run_script\",
                \"parameters\": { \"name\": \"/x\", \"timeout\": §0 } } ]",
            "error: `timeout` must be from 1 to 86400, not 0",
        ),
    ]);
    expect6(&[(
        "\"hooks-libraries\": [ { \"library\": \"legal_log\" }, { \"library\": §\"legal_log\" } ]",
        "error: two hooks would write to the same files",
    )]);
    expect(&[(
        "{ \"Dhcp6\": { \"hooks-libraries\": [ { \"library\": \"legal_log\",
            \"parameters\": { \"base-name\": \"fosix-legal\" } } ] },
          \"Dhcp4\": { \"hooks-libraries\": [ { \"library\": §\"legal_log\" } ] } }",
        "error: the hooks of both halves would write to the same files",
    )]);
}

#[test]
fn strict_refuses_whatever_has_no_effect() {
    for member in [
        "\"store-extended-info\": true",
        "\"control-socket\": { \"socket-type\": \"unix\" }",
        "\"hooks-libraries\": [ { \"library\": \"libdhcp_stat_cmds.so\" } ]",
        "\"interfaces-config\": { \"interfaces\": [ \"eth0\" ] }",
    ] {
        let text = format!("{{ \"Dhcp4\": {{ {member} }} }}");
        assert!(load(&text, true).iter().any(|finding| finding.line.starts_with("error")), "{member}");
        assert!(load(&text, false).iter().all(|finding| !finding.line.starts_with("error")), "{member}");
    }
}

#[test]
fn lifetimes_and_timers() {
    expect4(&[
        ("\"cache-threshold\": §1.5", "error: cache-threshold (1.5) is not between 0 and 1"),
        (
            "\"renew-timer\": §3000, \"rebind-timer\": 2000",
            "error: renew-timer (3000) is above rebind-timer (2000)",
        ),
        (
            "\"renew-timer\": §2000, \"rebind-timer\": 2000",
            "warning: renew-timer (2000) is the same as rebind-timer",
        ),
        ("\"rebind-timer\": §7200", "warning: rebind-timer (7200) is not below the valid lifetime (7200)"),
        (
            "\"min-valid-lifetime\": §8000",
            "error: min-valid-lifetime (8000) is above valid-lifetime (7200), which is the default",
        ),
        ("\"max-valid-lifetime\": §3600", "error: max-valid-lifetime (3600) is below valid-lifetime (7200)"),
        (
            "\"min-valid-lifetime\": §9, \"max-valid-lifetime\": 8, \"valid-lifetime\": 8",
            "error: min-valid-lifetime (9) is above max",
        ),
        ("\"calculate-tee-times\": true, \"t1-percent\": §1.5", "error: t1-percent must lie between 0 and 1"),
        (
            "\"calculate-tee-times\": true, \"t1-percent\": §.9",
            "error: t1-percent (0.9) must be below t2-percent (0.875)",
        ),
        (
            "\"renew-timer\": 1000,\n\"subnet4\": [ { \"subnet\": \"10.0.0.0/8\", \"rebind-timer\": §900 } ]",
            "error: renew-timer (1000) is above rebind-timer (900)",
        ),
        (
            "\"min-valid-lifetime\": 1000,\n\"subnet4\": [ { \"subnet\": \"10.0.0.0/8\", \"valid-lifetime\": §900 } ]",
            "error: min-valid-lifetime (1000) is above valid-lifetime (900)",
        ),
    ]);
    expect6(&[
        ("\"preferred-lifetime\": §8000", "warning: the preferred lifetime is above the valid lifetime"),
        (
            "\"renew-timer\": §3000, \"rebind-timer\": 2000",
            "error: renew-timer (3000) is above rebind-timer (2000)",
        ),
        ("\"t2-percent\": §.4", "error: t1-percent (0.5) must be below t2-percent (0.4)"),
        (
            "\"renew-timer\": §7200",
            "warning: renew-timer (7200) is not below the valid lifetime (7200), and leases end before",
        ),
    ]);
}

#[test]
fn subnets_and_pools() {
    expect4(&[
        ("\"subnet4\": [ §{ \"id\": 1 } ]", "error: this subnet has no `subnet`"),
        ("\"subnet4\": [ { \"subnet\": §\"10.0.0.0\" } ]", "error: `subnet` must be a prefix"),
        (
            "\"subnet4\": [ { \"subnet\": §\"10.0.0.0/33\" } ]",
            "error: the prefix length in `subnet` must be from 0 to 32",
        ),
        ("\"subnet4\": [ { \"subnet\": §\"10.0.0.0/+8\" } ]", "error: the prefix length in `subnet`"),
        (
            "\"subnet4\": [ { \"subnet\": §\"2001:db8::/32\" } ]",
            "error: `subnet` must begin with an IPv4 address",
        ),
        (
            "\"subnet4\": [ { \"subnet\": §\"10.0.0.5/24\" } ]",
            "warning: `subnet` has bits beyond its length of 24",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\" }, { \"subnet\": §\"10.0.0.0/24\" } ]",
            "error: two subnets are the same",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\" }, { \"subnet\": §\"10.0.0.0/16\" } ]",
            "error: two subnets overlap",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"id\": 7 }, { \"subnet\": \"10.0.1.0/24\", \"id\": §7 } ]",
            "error: the subnet id 7 is given twice",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\" }, { \"subnet\": \"10.0.1.0/24\", \"id\": §2231369728 } ]",
            "error: the subnet id 2231369728, derived from the prefix, is that of another subnet",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"id\": §4294967295 } ]",
            "error: `id` must be from 1 to 4294967294",
        ),
        ("\"subnet4\": [ { \"subnet\": §\"10.0.0.0/24\" } ]", "notice: no client reaches this subnet"),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"4o6-subnet\": §\"2001:db8::\" } ]",
            "error: `4o6-subnet` must be a prefix",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"4o6-subnet\": §\"2001:db8::/129\" } ]",
            "error: the prefix length in `4o6-subnet` must be from 0 to 128, not \"129\"",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"4o6-subnet\": §\"2001:db8::1/64\" } ]",
            "warning: `4o6-subnet` has bits beyond its length of 64",
        ),
        (
            "\"subnet4\": [ { \"subnet\": \"10.0.0.0/24\", \"4o6-interface\": \"a\" }, { \"subnet\": §\"10.0.1.0/24\", \"4o6-interface\": \"a\" } ]",
            "warning: two subnets have the same 4o6 keys",
        ),
        ("\"next-server\": §\"x\"", "error: `next-server` must be an IPv4 address"),
        ("\"next-server\": §\"224.0.0.1\"", "error: 224.0.0.1 cannot be the next server"),
        ("\"shared-networks\": [ §{ \"subnet4\": [] } ]", "error: this shared network has no name"),
        (
            "\"shared-networks\": [ { \"name\": \"a\" }, { \"name\": §\"a\" } ]",
            "error: two shared networks are called \"a\"",
        ),
    ]);
    let pool =
        |pools: &str| format!("\"subnet4\": [ {{ \"subnet\": \"10.0.0.0/24\", \"pools\": [ {pools} ] }} ]");
    for (pools, expected) in [
        ("§{}", "error: this pool has no `pool`"),
        ("{ \"pool\": §\"10.0.0.5\" }", "error: \"10.0.0.5\" is neither a range nor a prefix"),
        (
            "{ \"pool\": §\"10.0.0.5-10.0.0.1\" }",
            "error: the pool ends (10.0.0.1) before it begins (10.0.0.5)",
        ),
        (
            "{ \"pool\": §\"10.0.0.5-10.0.0.256\" }",
            "error: `pool` must be an IPv4 address, not \"10.0.0.256\"",
        ),
        (
            "{ \"pool\": §\"10.0.0.200 - 10.0.1.5\" }",
            "error: the pool 10.0.0.200 - 10.0.1.5 is not within its subnet",
        ),
        ("{ \"pool\": §\"10.0.0.0/23\" }", "error: the pool 10.0.0.0 - 10.0.1.255 is not within its subnet"),
        (
            "{ \"pool\": \"10.0.0.5-10.0.0.7\" }, { \"pool\": §\"10.0.0.7-10.0.0.8\" }",
            "error: two pools overlap",
        ),
        (
            "{ \"pool\": \"10.0.0.5-10.0.0.7\" }, { \"pool\": §\"10.0.0.5-10.0.0.7\" }",
            "error: two pools are the same",
        ),
        ("{ \"pool\": §\"10.0.0.5/28\" }", "warning: `pool` has bits beyond its length of 28"),
    ] {
        expect4(&[(&pool(pools), expected)]);
    }
}

#[test]
fn the_dhcpv6_half() {
    expect6(&[
        ("\"interfaces-config\": { \"interfaces\": [ §\"eth0/\" ] }", "error: \"\" is not an IPv6 address"),
        (
            "\"interfaces-config\": { \"interfaces\": [ §\"/::1\" ] }",
            "error: \"\" is not the name of an interface",
        ),
        ("\"interfaces-config\": { \"interfaces\": [ §\"*/::1\" ] }", "error: \"*\" is every address"),
        (
            "\"interfaces-config\": { \"interfaces\": [ §\"eth0/ff02::1\" ] }",
            "error: ff02::1 is not an address of an interface",
        ),
        (
            "\"interfaces-config\": { \"interfaces\": [ \"eth0\", §\"eth0\" ] }",
            "error: \"eth0\" is given twice",
        ),
        (
            "\"interfaces-config\": { \"interfaces\": [ §\"a-very-long-name\" ] }",
            "error: \"a-very-long-name\" is not the name",
        ),
        ("\"server-id\": §{ \"identifier\": \"00\" }", "error: `server-id` has no `type`"),
        ("\"server-id\": { \"type\": §\"UUID\" }", "error: `type` must be one of LLT, EN, LL"),
        (
            "\"server-id\": { \"type\": \"LL\", \"identifier\": §\"xyz\" }",
            "error: \"xyz\" is not hexadecimal",
        ),
        ("\"server-id\": { \"type\": \"LL\", §\"time\": 5 }", "warning: a DUID of type LL has no `time`"),
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/64\", \"pools\": [ { \"pool\": \"2001:db8::/80\" }, { \"pool\": §\"2001:db8::1:0:0 - 2001:db8::2:0:0\" } ] } ]",
            "error: two pools overlap",
        ),
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/64\", \"interface\": \"eth0\", \"interface-id\": §\"x\" } ]",
            "error: `interface` and `interface-id` exclude each other",
        ),
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/64\", \"relay\": { \"ip-addresses\": [ \"2001:db8::1\", §\"2001:db8::1\" ] } } ]",
            "error: the relay 2001:db8::1 is given twice",
        ),
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/64\", \"relay\": { \"ip-addresses\": [ §\"10.0.0.1\" ] } } ]",
            "error: `ip-addresses` must be an IPv6 address",
        ),
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/64\" }, { \"subnet\": §\"2001:db8::/32\" } ]",
            "error: two subnets overlap",
        ),
    ]);
    let pd = |members: &str| {
        format!("\"subnet6\": [ {{ \"subnet\": \"2001:db8::/64\", \"pd-pools\": [ {members} ] }} ]")
    };
    for (members, expected) in [
        (
            "§{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48 }",
            "error: this prefix pool has no `delegated-len`",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": §40 }",
            "error: delegated-len (40) is below prefix-len (48)",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": §129, \"delegated-len\": 40 }",
            "error: `prefix-len` must be from 0 to 128",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56, \"excluded-prefix\": §\"2001:db8:2::\", \"excluded-prefix-len\": 64 }",
            "error: 2001:db8:2::/64 is not within 2001:db8:1::/56",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56, \"excluded-prefix\": \"2001:db8:1::\", \"excluded-prefix-len\": §50 }",
            "error: excluded-prefix-len (50) is not above delegated-len (56)",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56 }, { \"prefix\": §\"2001:db8::\", \"prefix-len\": 40, \"delegated-len\": 56 }",
            "error: two prefix pools overlap",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56, \"excluded-prefix-len\": §64 }",
            "error: `excluded-prefix-len` without `excluded-prefix`",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56, \"excluded-prefix\": §\"2001:db8:1::\" }",
            "error: an excluded prefix needs `excluded-prefix-len`",
        ),
        (
            "{ \"prefix\": \"2001:db8:1::\", \"prefix-len\": 48, \"delegated-len\": 56, \"excluded-prefix\": §\"2001:db8:1::1\", \"excluded-prefix-len\": 64 }",
            "warning: `excluded-prefix` has bits beyond its length of 64",
        ),
    ] {
        expect6(&[(&pd(members), expected)]);
    }
}

#[test]
fn prefixes_are_delegated_from_one_pool_only() {
    let pool = |prefix: &str, len: u8| {
        format!("{{ \"prefix\": {prefix}, \"prefix-len\": {len}, \"delegated-len\": 60 }}")
    };
    let first = pool("\"2001:db8:8::\"", 48);
    let case = |other: &str| {
        format!(
            "\"subnet6\": [ {{ \"subnet\": \"2001:db8:1::/64\", \"pd-pools\": [ {first} ] }} ],
            \"shared-networks\": [ {{ \"name\": \"n\", \"subnet6\": [
                {{ \"subnet\": \"2001:db8:2::/64\", \"pd-pools\": [ {other} ] }} ] }} ]"
        )
    };
    expect6(&[
        (&case(&pool("§\"2001:db8:8::\"", 48)), "error: two prefix pools are the same"),
        (&case(&pool("§\"2001:db8:8:100::\"", 56)), "error: two prefix pools overlap"),
        (&case(&pool("§\"2001:db8::\"", 32)), "error: two prefix pools overlap"),
        // It may lie within the prefix of a subnet, but not where addresses are given out.
        (
            "\"subnet6\": [ { \"subnet\": \"2001:db8::/32\",
                \"pools\": [ { \"pool\": \"2001:db8:1::/64\" }, { \"pool\": §\"2001:db8:8::1 - 2001:db8:8::5\" } ],
                \"pd-pools\": [ { \"prefix\": \"2001:db8:8::\", \"prefix-len\": 48, \"delegated-len\": 56 },
                    { \"prefix\": \"2001:db8:7::\", \"prefix-len\": 48, \"delegated-len\": 56 } ] } ]",
            "warning: addresses of this pool lie in prefixes that are delegated",
        ),
    ]);
    let loaded = load_memory(
        &[("t", format!("{{ \"Dhcp6\": {{ {} }} }}", case(&pool("\"2001:db8:9::\"", 48))).as_bytes())],
        &["t"],
        LoadOptions::default(),
    );
    assert_eq!(loaded.diagnostics.count(Severity::Error), 0);
    assert_eq!(loaded.diagnostics.count(Severity::Warning), 0);
}

#[test]
fn subnets_behind_interfaces_that_nobody_listens_on() {
    expect6(&[
        (
            "\"interfaces-config\": { \"interfaces\": [ \"eth0\" ] },
            \"subnet6\": [ { \"subnet\": \"2001:db8::/64\", \"interface\": \"eth0\" },
                { \"subnet\": \"2001:db8:1::/64\", \"interface\": §\"eth1\" } ]",
            "warning: no query comes in on interface eth1",
        ),
        (
            "\"interfaces-config\": { \"interfaces\": [ \"eth0/2001:db8::1\" ] },
            \"shared-networks\": [ { \"name\": \"n\", \"interface\": §\"eth1\" } ]",
            "warning: no query comes in on interface eth1",
        ),
    ]);
}

#[test]
fn names_relays_and_allocators() {
    let long = "a".repeat(24);
    let label = "b".repeat(60);
    let many = format!("{label}.{label}.{label}.c");
    expect6(&[
        (
            "\"ddns-replace-client-name\": §\"allways\"",
            "error: \"allways\" does not say when a name is replaced",
        ),
        (
            "\"ddns-qualifying-suffix\": §\"example..org\"",
            "error: `ddns-qualifying-suffix` must be a domain name, not \"example..org\"",
        ),
        (
            &format!("\"ddns-generated-prefix\": §\"{long}\""),
            "error: no name can begin with this prefix, a hyphen and an address",
        ),
        (
            &format!(
                "\"ddns-qualifying-suffix\": \"{many}\",\n\"subnet6\": [ {{ \"subnet\": \"2001:db8::/64\",
                \"ddns-generated-prefix\": §\"cccccccccccccccccccccc.dddddddddddddddd\" }} ]"
            ),
            "error: a name with this prefix and suffix can have more than 255 octets",
        ),
        ("§\"hostname-char-set\": \"[^a-z]\"", "warning: `hostname-char-set` has no effect"),
        ("\"mac-sources\": [ \"duid\", §\"docsis-modem\" ]", "warning: \"docsis-modem\" has no effect"),
        ("\"mac-sources\": [ §\"duids\" ]", "error: \"duids\" is no source of hardware addresses"),
        ("\"relay-supplied-options\": [ §\"0\" ]", "error: an option's code must be from 1 to 65535, not 0"),
        (
            "\"relay-supplied-options\": [ §\"65536\" ]",
            "error: an option's code must be from 1 to 65535, not 65536",
        ),
        (
            "\"relay-supplied-options\": [ §\"dns-server\" ]",
            "error: no DHCPv6 option is called \"dns-server\"",
        ),
        (
            "\"allow-address-registration\": §false, \"option-data\": [ { \"name\": \"addr-reg-enable\" } ]",
            "warning: clients are told to register addresses, and are refused",
        ),
        ("\"relay-supplied-options\": [ §\"3\" ]", "warning: option 3 is never taken from a relay"),
        ("\"allocator\": §\"first\"", "error: `allocator` must be one of iterative, random, flq"),
        ("\"pd-allocator\": §\"randm\"", "error: `pd-allocator` must be one of iterative, random, flq"),
    ]);
}

#[test]
fn both_halves_in_one_process() {
    expect(&[
        (
            "{ \"Dhcp6\": { \"interfaces-config\": { \"interfaces\": [ \"eth0\" ] } }, \"Dhcp4\": { \"subnet4\": [ { \"subnet\": \"10.0.0.0/8\", \"4o6-interface\": §\"eth1\" } ] } }",
            "warning: no query comes in on interface eth1",
        ),
        (
            "{ \"Dhcp6\": { \"dhcp4o6-port\": §6767 }, \"Dhcp4\": {} }",
            "notice: `dhcp4o6-port` has no effect here",
        ),
        (
            "{ \"Dhcp6\": {}, \"Dhcp4\": {}, \"Fosix\": { \"link\": §\"/run/fosix/link\" } }",
            "notice: `Fosix.link` has no effect here",
        ),
    ]);
    expect(&[
        (
            "{ \"Dhcp6\": {}, \"Fosix\": { \"link\": §\"run/link\" } }",
            "error: `link` must be an absolute path of at most 107 bytes",
        ),
        ("{ \"Dhcp6\": {}, \"Fosix\": { \"link-user\": §\"kea\" } }", "error: `link-user` without `link`"),
    ]);
    let loaded = load_memory(
        &[("a", b"{ \"Dhcp4\": {} }"), ("b", b"{ \"Dhcp4\": {}, \"Dhcp6\": {} }")],
        &["a", "b"],
        LoadOptions::default(),
    );
    assert_eq!(loaded.diagnostics.count(Severity::Error), 1);
    let text = loaded.diagnostics.render(false);
    assert!(
        text.contains("a second file has \"Dhcp4\"") && text.contains("b:1:3") && text.contains("a:1:3"),
        "{text}"
    );
}
