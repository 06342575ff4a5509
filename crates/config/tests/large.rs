//! Large files: nothing that is done to them takes time by the square of their size.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use fosix_config::{Severity, load_text};

/// As many subnets of 64 addresses, one after the other; every `wrong`th one has its predecessor's prefix.
fn file(subnets: u32, wrong: Option<u32>) -> String {
    let mut text = "{ \"Dhcp4\": { \"valid-lifetime\": 4000, \"subnet4\": [\n".to_owned();
    for index in 0..subnets {
        let place = if wrong.is_some_and(|wrong| index % wrong == 1) { index - 1 } else { index };
        let base = (10 << 24) + place * 64;
        let address = |offset: u32| Ipv4Addr::from(base + offset);
        writeln!(
            text,
            "{{ \"id\": {}, \"subnet\": \"{}/26\", \"4o6-interface-id\": \"line {index}\", \"interface\": \"eth0\",\n  \
             \"pools\": [ {{ \"pool\": \"{} - {}\" }} ],\n  \
             \"option-data\": [ {{ \"name\": \"routers\", \"data\": \"{}\" }} ] }}{}",
            index + 1,
            address(0),
            address(2),
            address(60),
            address(1),
            if index + 1 < subnets { "," } else { "" }
        )
        .unwrap();
    }
    text + "] } }\n"
}

#[test]
fn many_subnets_load() {
    let loaded = load_text("large.json", &file(10_000, None));
    let rendered = loaded.diagnostics.render(false);
    assert_eq!(loaded.config.unwrap().dhcp4.unwrap().subnets.len(), 10_000);
    // One key without effect in each subnet: shown a few times, counted every time.
    assert_eq!(loaded.diagnostics.count(Severity::Warning), 10_000);
    assert_eq!(loaded.diagnostics.iter().count(), 10);
    assert!(rendered.contains("the same holds at 9990 more places that are not shown"), "{rendered}");
    assert!(rendered.ends_with("10000 warnings (9990 of them not shown)\n"), "{rendered}");
}

#[test]
fn many_mistakes_are_bounded_in_what_is_shown() {
    let loaded = load_text("large.json", &file(10_000, Some(10)));
    assert!(loaded.config.is_none());
    assert_eq!(loaded.diagnostics.count(Severity::Error), 1_000);
    let errors: Vec<_> =
        loaded.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 200);
    let first = errors.first().unwrap();
    assert_eq!(first.path, "Dhcp4.subnet4[1].subnet");
    assert_eq!(loaded.diagnostics.location(first).unwrap().line, 5);
    assert!(loaded.diagnostics.render(false).len() < 300_000);
}

#[test]
fn a_small_file_cannot_fill_the_memory_through_shared_networks() {
    let mut text = format!(
        "{{ \"Dhcp4\": {{ \"shared-networks\": [ {{ \"name\": \"n\", \"option-data\": [ {{ \"code\": 224, \"csv-format\": false, \"data\": \"{}\" }} ], \"subnet4\": [\n",
        "00".repeat(65_000)
    );
    for index in 0..5_000_u32 {
        let address = Ipv4Addr::from((10 << 24) + index * 256);
        writeln!(text, "{{ \"subnet\": \"{address}/24\" }}{}", if index < 4_999 { "," } else { "" }).unwrap();
    }
    let loaded = load_text("t.json", &(text + "] } ] } }"));
    let rendered = loaded.diagnostics.render(false);
    assert!(
        rendered.contains("what subnets take from their shared networks has more than 256 MiB"),
        "{rendered}"
    );
    assert!(loaded.config.is_none());
}
