//! What the documents say is so: links lead somewhere, examples are accepted, every counter is described.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected is to fail")]

use std::fs;
use std::path::{Path, PathBuf};

use fosix_dhcp4::Statistics4;
use fosix_dhcp6::Statistics6;
use fosix_link::LinkStatistics;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every document of the project.
fn documents() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs"), root().join("docs/decisions")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

#[test]
fn every_link_in_the_documents_leads_to_a_file() {
    let mut checked = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let target = document.parent().unwrap().join(link);
            assert!(target.exists(), "{} links to {link}, which does not exist", document.display());
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} links were found");
}

#[test]
fn the_configuration_in_the_readme_is_the_example() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let example = fs::read_to_string(root().join("examples/access-network.json")).unwrap();
    assert!(readme.contains(example.trim_end()));
}

#[test]
fn every_example_is_accepted() {
    let examples: Vec<_> =
        fs::read_dir(root().join("examples")).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let loaded = fosix_config::load(std::slice::from_ref(&example), fosix_config::LoadOptions::default());
        assert!(loaded.config.is_some(), "{}:\n{}", example.display(), loaded.diagnostics.render(false));
    }
}

#[test]
fn every_counter_is_described() {
    let text = fs::read_to_string(root().join("docs/statistics.md")).unwrap();
    let counters = Statistics6::default().report().into_iter().chain(Statistics4::default().report(0));
    let counters = counters.chain(LinkStatistics::default().report());
    let counters = counters.chain([("link-peer-up", 0), ("link-in-flight", 0), ("pkt4-in-hand", 0)]);
    for (name, _) in counters {
        assert!(
            text.contains(&format!("| `{name}` |")),
            "docs/statistics.md does not say what {name} counts"
        );
    }
}
