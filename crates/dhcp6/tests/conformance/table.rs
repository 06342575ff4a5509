//! docs/conformance.md names tests: each of them is there.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = fs::read_to_string(root.join("docs/conformance.md")).unwrap();
    let mut paths = Vec::new();
    for folder in ["crates", "tests"] {
        sources(&root.join(folder), &mut paths);
    }
    let text: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let is_test = |word: &str| word.len() > 12 && word.contains('_') && !word.contains(['/', '.', ' ', '-']);
    let named: Vec<&str> = table.split('`').skip(1).step_by(2).filter(|word| is_test(word)).collect();
    assert!(named.len() > 60, "{}", named.len());
    for name in named {
        assert!(text.contains(&format!("fn {name}(")), "no test is called {name}");
    }
}
