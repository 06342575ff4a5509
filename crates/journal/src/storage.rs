//! What the journal asks of a disk: one directory of files, with the operations whose order and durability matter.
//!
//! [`Directory`](crate::Directory) is the real one. [`sim::Disk`](crate::sim::Disk) is one that loses power when a
//! test says so.

use std::io;

/// A file of a store and its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the directory.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
}

/// How full the file system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that may still be used.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

/// One directory. A clone is a handle to the same one.
pub trait Storage: Clone + Send + Sync + 'static {
    /// An open file.
    type File: File;
    /// Holds the directory until it is dropped.
    type Lock: Send + Sync + 'static;

    /// Where it is, for messages.
    fn place(&self) -> String;

    /// Takes the directory for this process; [`io::ErrorKind::WouldBlock`] when another one has it.
    fn lock(&self) -> io::Result<Self::Lock>;

    /// The files, in no order. What is in folders is not listed.
    fn list(&self) -> io::Result<Vec<Entry>>;

    /// Makes an empty file, in place of one that may have the name.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, in place of one that may have that name: before or after, nothing between.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Whoever has it open can go on reading it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file a second name in a folder, which is made when there is none. The folder is synced.
    fn keep_aside(&self, name: &str, folder: &str) -> io::Result<()>;

    /// Whether there is a folder of that name.
    fn has_folder(&self, folder: &str) -> io::Result<bool>;

    /// Returns when what was created, renamed and removed before is durable.
    fn sync_directory(&self) -> io::Result<()>;

    /// How full the file system is.
    fn space(&self) -> io::Result<Space>;
}

/// An open file.
pub trait File: Send + Sync + 'static {
    /// Reads up to `into.len()` bytes and says how many; 0 is the end.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes up to `bytes.len()` bytes and says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes an empty file `bytes` long, all of it zeros, with its place on the disk.
    fn allocate(&self, bytes: u64) -> io::Result<()>;

    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Returns when everything that was written before is durable, the length included. After an error nothing is
    /// known, and another call proves nothing.
    fn sync(&self) -> io::Result<()>;
}

/// Writes all of `bytes`. A write that took fewer is continued: that is no failure.
pub(crate) fn write_all(file: &impl File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                bytes = bytes.get(taken..).unwrap_or_default();
                offset += taken as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `into` as far as the file goes, and says how far that was.
pub(crate) fn read_full(file: &impl File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(taken) => filled += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether an error says that the disk, or what one may use of it, is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
