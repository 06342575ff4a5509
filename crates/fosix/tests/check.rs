//! `fosix check` as a program: what it prints, and its exit status.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::process::{Command, Output};

/// The folder of the configuration crate's own test files.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/tests/files/");

fn check(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_fosix");
    Command::new(program).arg("check").args(arguments).current_dir(FILES).output().unwrap()
}

#[test]
fn files_that_can_be_served_are_a_success() {
    let output = check(&["kea-2.2-dhcp4.conf", "kea-2.2-dhcp6.conf"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("the configuration can be served: DHCPv6 with 2 subnets, DHCPv4 with 4 subnets"),
        "{text}"
    );
    assert!(text.contains("kea-2.2-dhcp4.conf:5:5"), "{text}");
    // Not a terminal: no escape sequences.
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn errors_are_a_failure_and_strict_makes_more_of_them() {
    assert_eq!(check(&["--strict", "kea-3-dhcp4.conf"]).status.code(), Some(1));
    assert_eq!(check(&["kea-3-dhcp4.conf"]).status.code(), Some(0));
    let output = check(&["no-such-file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("cannot read no-such-file"));
}

#[test]
fn json_is_a_list_of_findings() {
    let output = check(&["--json", "kea-3-dhcp4.conf"]);
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    let expected = serde_json::json!({
        "severity": "warning",
        "file": "kea-3-dhcp4.conf",
        "line": 4,
        "column": 5,
        "message": "`control-sockets` has no effect",
        "label": "the control channel is not supported yet",
        "help": "remove it, or leave it for Kea",
        "path": "Dhcp4.control-sockets",
        "related": [],
    });
    assert!(findings.contains(&expected), "{findings:#?}");
}
