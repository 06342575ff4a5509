//! The tables as `docs/configuration.md` shows them, and the test that holds the document to them.

use std::fmt::Write as _;

use super::ALL;
use super::shape::{Key, Status};

const BEGIN: &str =
    "<!-- The tables below are generated from the key tables; do not edit them by hand. -->\n";
const END: &str = "<!-- The generated tables end here. -->\n";

#[test]
fn the_document_lists_every_key_as_the_tables_do() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let document = std::fs::read_to_string(path).unwrap();
    let start = document.find(BEGIN).unwrap() + BEGIN.len();
    let end = document.find(END).unwrap();
    let tables = tables();
    if document[start..end] != tables {
        if std::env::var_os("FOSIX_WRITE_DOCS").is_some() {
            let updated = format!("{}{tables}{}", &document[..start], &document[end..]);
            std::fs::write(path, updated).unwrap();
        } else {
            panic!(
                "docs/configuration.md is out of date; write it anew with \
                 FOSIX_WRITE_DOCS=1 cargo test -p fosix-config the_document"
            );
        }
    }
}

fn tables() -> String {
    let mut text = String::new();
    for spec in ALL {
        let mut keys: Vec<&Key> = spec.keys().collect();
        keys.sort_unstable_by_key(|key| (rank(key.status), key.name));
        let heading =
            if std::ptr::eq(*spec, &raw const super::fosix::ROOT) { "The outermost map" } else { spec.name };
        write!(text, "\n### {heading}\n\n| key | status | remark |\n|---|---|---|\n").unwrap();
        for key in keys {
            writeln!(text, "| `{}` | {} | {} |", key.name, word(key.status), key.note).unwrap();
        }
    }
    text.push('\n');
    text
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Supported => 0,
        Status::Partly => 1,
        Status::Ignored => 2,
        Status::Refused => 3,
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Supported => "supported",
        Status::Partly => "partly",
        Status::Ignored => "ignored",
        Status::Refused => "**refused**",
    }
}
