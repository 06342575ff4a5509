//! The fuzz corpus, and what becomes of good files by cutting and changing them, through the code of the fuzz target.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod exercise;

use std::path::Path;

use proptest::prelude::*;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/config");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn every_file_of_the_corpus_passes() {
    let corpus = corpus();
    assert!(corpus.len() > 5);
    for file in corpus {
        exercise::run(&file);
    }
}

#[test]
fn files_that_are_cut_short_pass() {
    for file in corpus().iter().filter(|file| file.len() < 3000) {
        for end in (0..file.len()).step_by(31) {
            exercise::run(&file[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_pass(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        exercise::run(&data);
    }

    #[test]
    fn any_syntax_passes(text in "[ \\n{}\\[\\]:,\"\\\\/*#<?a-c0-9.+-]{0,200}") {
        exercise::run(text.as_bytes());
    }

    #[test]
    fn files_with_changes_pass(which in any::<prop::sample::Index>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let corpus = corpus();
        let mut file = which.get(&corpus).clone();
        for (at, byte) in changes {
            if !file.is_empty() {
                let at = at.index(file.len());
                file[at] = byte;
            }
        }
        exercise::run(&file);
    }
}
