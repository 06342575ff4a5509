//! A store's directory on a real file system.

use std::fs::{self, DirBuilder, File as StdFile, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock, fstatvfs};
use rustix::io::Errno;

use crate::storage::{Entry, File, Space, Storage, write_all};

/// The file that is locked by whoever uses the store.
const LOCK: &str = "lock";

/// Zeros that are written at once where the file system cannot allocate.
const ZEROS: usize = 1 << 20;

/// A directory, of mode 0700, with files of mode 0600.
#[derive(Debug, Clone)]
pub struct Directory {
    path: Arc<Path>,
    /// The directory itself, to sync it.
    handle: Arc<StdFile>,
}

impl Directory {
    /// Opens the directory, and makes it and those above it where they are missing.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        make(path)?;
        Ok(Self { handle: Arc::new(StdFile::open(path)?), path: path.into() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Makes a directory, so that it is still there after a power cut: each new name is synced in the one above it.
fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or_else(|| Path::new("."));
    if above != path {
        make(above)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    StdFile::open(above)?.sync_all()
}

impl Storage for Directory {
    type File = DirectoryFile;
    type Lock = DirectoryLock;

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn lock(&self) -> io::Result<DirectoryLock> {
        let options = OpenOptions::new().read(true).write(true).create(true).mode(0o600).clone();
        let file = options.open(self.of(LOCK))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(DirectoryLock { _file: file }),
            Err(Errno::WOULDBLOCK) => Err(io::ErrorKind::WouldBlock.into()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn list(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let metadata = match entry.metadata() {
                // Somebody else's, and gone meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            // The journal's own names are ASCII; what else lies here is not its own.
            if metadata.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                entries.push(Entry { name, bytes: metadata.len() });
            }
        }
        Ok(entries)
    }

    fn create(&self, name: &str) -> io::Result<DirectoryFile> {
        match self.remove(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
        let options = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).clone();
        Ok(DirectoryFile(options.open(self.of(name))?))
    }

    fn open(&self, name: &str) -> io::Result<DirectoryFile> {
        Ok(DirectoryFile(OpenOptions::new().read(true).write(true).open(self.of(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.of(from), self.of(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.of(name))
    }

    fn keep_aside(&self, name: &str, folder: &str) -> io::Result<()> {
        let folder = self.of(folder);
        make(&folder)?;
        match fs::hard_link(self.of(name), folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        StdFile::open(&folder)?.sync_all()
    }

    fn has_folder(&self, folder: &str) -> io::Result<bool> {
        self.of(folder).try_exists()
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    fn space(&self) -> io::Result<Space> {
        let figures = fstatvfs(&self.handle)?;
        Ok(Space {
            free: figures.f_bavail.saturating_mul(figures.f_frsize),
            total: figures.f_blocks.saturating_mul(figures.f_frsize),
        })
    }
}

/// A file in a [`Directory`].
#[derive(Debug)]
pub struct DirectoryFile(StdFile);

impl File for DirectoryFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        loop {
            match fallocate(&self.0, FallocateFlags::empty(), 0, bytes) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        let zeros = vec![0; ZEROS];
        let mut offset = 0;
        while offset < bytes {
            let len = usize::try_from(bytes - offset).unwrap_or(ZEROS).min(ZEROS);
            write_all(self, zeros.get(..len).unwrap_or_default(), offset)?;
            offset += len as u64;
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Holds a [`Directory`]; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: StdFile,
}
