//! The corpus in `fuzz/corpus/expression` through the code of the fuzz target, whole, cut and with octets changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod exercise;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/expression");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn every_file_of_the_corpus_passes_whole_and_cut() {
    let corpus = corpus();
    assert!(corpus.len() >= 8);
    for file in corpus {
        for end in 0..=file.len() {
            exercise::run(&file[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn files_with_changes_pass(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = which.get(&corpus()).clone();
        for (at, octet) in changes {
            let at = at.index(file.len());
            file[at] = octet;
        }
        exercise::run(&file);
    }
}
