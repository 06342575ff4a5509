//! Where files come from: the disk, or the memory of a test.

use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: u64 = 256 << 20;

/// Gives files by their path.
pub(crate) trait Files {
    /// The bytes of a file; `included` ones must be regular files, others may be pipes. `Err` says why not.
    fn read(&self, path: &Path, included: bool) -> Result<Vec<u8>, String>;

    /// The one name of a file among all that lead to it.
    fn identity(&self, path: &Path) -> PathBuf;

    /// Whether there is a file of this name.
    fn exists(&self, path: &Path) -> bool;
}

/// The disk.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path, included: bool) -> Result<Vec<u8>, String> {
        let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if metadata.is_dir() {
            return Err("it is a directory".into());
        }
        // An include must not be able to hang the start on a pipe or a device.
        if included && !metadata.is_file() {
            return Err("it is not a regular file".into());
        }
        let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20));
        }
        Ok(bytes)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// Files that exist in memory alone; what is not among them does not exist.
pub(crate) struct Memory<'a>(pub(crate) &'a [(&'a str, &'a [u8])]);

impl Files for Memory<'_> {
    fn read(&self, path: &Path, _included: bool) -> Result<Vec<u8>, String> {
        let found = self.0.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| "there is no such file".into())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.iter().any(|(name, _)| Path::new(name) == path)
    }
}
