//! What is said about a text, held against a mark in it.

#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "a test may fail, and none needs all of it")]

use fosix_config::{LoadOptions, load_memory};

pub(crate) struct Finding {
    pub(crate) line: String,
    pub(crate) at: Option<(usize, usize)>,
}

pub(crate) fn load(text: &str, strict: bool) -> Vec<Finding> {
    let plain = text.replace('§', "");
    let loaded = load_memory(&[("t.json", plain.as_bytes())], &["t.json"], LoadOptions { strict });
    let diagnostics = &loaded.diagnostics;
    assert_eq!(loaded.config.is_none(), diagnostics.has_errors());
    // Whatever is found can be shown.
    assert!(!diagnostics.render(true).is_empty() || diagnostics.iter().count() == 0);
    diagnostics
        .iter()
        .map(|finding| Finding {
            line: format!("{}: {}", finding.severity, finding.message),
            at: diagnostics.location(finding).map(|at| (at.line, at.column)),
        })
        .collect()
}

pub(crate) fn marked(text: &str) -> Option<(usize, usize)> {
    let before = text.split_once('§')?.0;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    Some((line, column))
}

/// Holds each text to the one finding that is expected; other notices and warnings may be there, other errors not.
pub(crate) fn expect(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = load(text, false);
        let all: Vec<String> =
            found.iter().map(|finding| format!("{:?} {}", finding.at, finding.line)).collect();
        let hit = found.iter().find(|finding| finding.line.contains(expected));
        let hit = hit.unwrap_or_else(|| panic!("{text}\nexpected: {expected}\nfound: {all:#?}"));
        assert_eq!(hit.at, marked(text), "{text}\nexpected: {expected}\nfound: {all:#?}");
        let errors = found.iter().filter(|finding| finding.line.starts_with("error")).count();
        assert_eq!(errors, usize::from(expected.starts_with("error")), "{text}\nfound: {all:#?}");
    }
}

/// Cases whose texts are members of a `Dhcp4` object.
pub(crate) fn expect4(cases: &[(&str, &str)]) {
    let whole: Vec<(String, &str)> = cases
        .iter()
        .map(|(text, expected)| (format!("{{ \"Dhcp4\": {{\n{text}\n}} }}"), *expected))
        .collect();
    expect(&whole.iter().map(|(text, expected)| (text.as_str(), *expected)).collect::<Vec<_>>());
}

/// Cases whose texts are members of a `Dhcp6` object.
pub(crate) fn expect6(cases: &[(&str, &str)]) {
    let whole: Vec<(String, &str)> = cases
        .iter()
        .map(|(text, expected)| (format!("{{ \"Dhcp6\": {{\n{text}\n}} }}"), *expected))
        .collect();
    expect(&whole.iter().map(|(text, expected)| (text.as_str(), *expected)).collect::<Vec<_>>());
}
