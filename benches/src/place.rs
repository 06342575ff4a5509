//! Where a benchmark writes.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A directory that is gone when this is dropped. Never in memory: beside the program, or in a directory that was named.
#[derive(Debug)]
pub struct Place(TempDir);

impl Place {
    /// In `parent`, or on the disk that the program is on.
    pub fn new(parent: Option<&Path>) -> Result<Self> {
        let program = env::current_exe()?;
        let beside = program.parent().context("the program is in no directory")?;
        let parent = parent.unwrap_or(beside);
        let made = tempfile::Builder::new().prefix("fosix-store-bench-").tempdir_in(parent);
        Ok(Self(made.with_context(|| format!("cannot write to {}", parent.display()))?))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Bytes that everything in a directory takes on the disk.
pub fn allocated(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A file may be removed while they are counted.
        let Ok(about) = entry.metadata() else { continue };
        bytes += if about.is_dir() { allocated(&entry.path())? } else { about.blocks() * 512 };
    }
    Ok(bytes)
}
