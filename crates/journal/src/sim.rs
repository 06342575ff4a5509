//! A disk that loses power when a test says so.
//!
//! What was written and what is durable are kept apart. When the power goes, a seeded choice decides which 512-byte
//! sectors that were not synced survive, in which of the versions that were written, how long each file is, and which
//! changes of the directory happened. The same seed and the same calls give the same disk.
//!
//! ```text
//! write ──► cache ──sync──► disk          sync fails: part of it reaches the disk, the cache shows all of it,
//!             │               │           and no later sync writes the rest
//!             └─ Disk::kill   └─ Disk::reboot
//! ```

mod inode;
mod random;
mod state;

use std::io;
use std::sync::{Arc, Mutex};

pub use random::Random;

use crate::log::lock;
use crate::storage::{Entry, File, Space, Storage};
use state::State;

/// What goes wrong on a disk, besides the power.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// The power goes with this step, counted from 1: each operation that changes anything is one. Of the last one
    /// nobody is told whether it happened.
    pub cut_at: Option<u64>,
    /// Of 256 writes, so many take fewer bytes than they were given.
    pub short_writes: u8,
    /// This write from now on, counted from 1, fails when a part of it was taken.
    pub fail_write: Option<u64>,
    /// This sync from now on, of a file or of the directory, fails.
    pub fail_sync: Option<u64>,
    /// Bytes that all files together may have.
    pub space: Option<u64>,
}

/// A directory on such a disk. A clone is a handle to the same one.
#[derive(Debug, Clone)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

/// A file on a [`Disk`].
#[derive(Debug)]
pub struct DiskFile {
    state: Arc<Mutex<State>>,
    inode: usize,
}

/// Holds a [`Disk`].
#[derive(Debug)]
pub struct DiskLock {
    state: Arc<Mutex<State>>,
}

impl Drop for DiskLock {
    fn drop(&mut self) {
        lock(&self.state).locked = false;
    }
}

impl Disk {
    /// An empty disk.
    pub fn new(seed: u64) -> Self {
        Self::with(State::new(seed))
    }

    fn with(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.state).faults = faults;
    }

    /// Steps since the disk was made or came back.
    pub fn steps(&self) -> u64 {
        lock(&self.state).steps
    }

    /// Whether the power has gone.
    pub fn is_off(&self) -> bool {
        lock(&self.state).off
    }

    /// The disk when the power is back. For the handles that there are it never comes back.
    #[must_use]
    pub fn reboot(&self) -> Self {
        let old = std::mem::replace(&mut *lock(&self.state), State::gone());
        Self::with(old.after_power_cut())
    }

    /// The disk when the process was killed and another one is started: the cache is still there, except for parts
    /// of it that the disk never got and that the kernel has dropped. For the handles that there are it is off.
    #[must_use]
    pub fn kill(&self) -> Self {
        let old = std::mem::replace(&mut *lock(&self.state), State::gone());
        Self::with(old.after_kill())
    }

    /// What a file holds, as it is read.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        lock(&self.state).contents(name)
    }

    /// Puts a file there, durable, with any content.
    pub fn place_file(&self, name: &str, contents: Vec<u8>) {
        lock(&self.state).place_file(name, contents);
    }
}

impl Storage for Disk {
    type File = DiskFile;
    type Lock = DiskLock;

    fn place(&self) -> String {
        "the simulated disk".to_owned()
    }

    fn lock(&self) -> io::Result<DiskLock> {
        let mut state = lock(&self.state);
        state.powered()?;
        if std::mem::replace(&mut state.locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(DiskLock { state: Arc::clone(&self.state) })
    }

    fn list(&self) -> io::Result<Vec<Entry>> {
        lock(&self.state).list()
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        let inode = lock(&self.state).create(name)?;
        Ok(DiskFile { state: Arc::clone(&self.state), inode })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let inode = lock(&self.state).find(name)?;
        Ok(DiskFile { state: Arc::clone(&self.state), inode })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        lock(&self.state).rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        lock(&self.state).remove(name)
    }

    fn keep_aside(&self, name: &str, folder: &str) -> io::Result<()> {
        lock(&self.state).link(name, &format!("{folder}/{name}"))
    }

    fn has_folder(&self, folder: &str) -> io::Result<bool> {
        lock(&self.state).has_folder(folder)
    }

    fn sync_directory(&self) -> io::Result<()> {
        lock(&self.state).sync_directory()
    }

    fn space(&self) -> io::Result<Space> {
        lock(&self.state).space()
    }
}

impl File for DiskFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        lock(&self.state).read(self.inode, into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        lock(&self.state).write(self.inode, bytes, offset)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        lock(&self.state).allocate(self.inode, bytes)
    }

    fn size(&self) -> io::Result<u64> {
        lock(&self.state).size(self.inode)
    }

    fn sync(&self) -> io::Result<()> {
        lock(&self.state).sync(self.inode)
    }
}
