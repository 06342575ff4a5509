//! The corpora in `fuzz/corpus/` through the code of the fuzz targets; and the seeds among them, written anew.

mod exercise;
mod packets;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

#[test]
fn every_file_of_every_corpus_passes_its_target() {
    for (name, run) in exercise::TARGETS {
        let mut files = 0;
        for entry in fs::read_dir(corpus().join(name)).unwrap() {
            run(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 0, "no corpus for {name}");
    }
}

#[test]
fn seeds_cut_at_every_length_pass_their_target() {
    for (target, _, bytes) in packets::seeds() {
        for end in 0..=bytes.len() {
            exercise::run(target, &bytes[..end]);
        }
    }
}

#[test]
fn seeds_with_every_octet_changed_pass_their_target() {
    for (target, _, mut bytes) in packets::seeds() {
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                bytes[at] ^= change;
                exercise::run(target, &bytes);
                bytes[at] ^= change;
            }
        }
    }
}

/// With `WRITE_SEEDS=1` in the environment the files are written, else compared.
#[test]
fn the_seeds_in_the_tree_are_what_the_writers_write() {
    let write = env::var_os("WRITE_SEEDS").is_some();
    for (target, name, bytes) in packets::seeds() {
        let path = corpus().join(target).join(name);
        if write {
            fs::create_dir_all(corpus().join(target)).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(fs::read(&path).ok(), Some(bytes), "{}", path.display());
    }
}
