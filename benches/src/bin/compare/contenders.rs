//! What is measured: each makes batches of updates durable, one after the other.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fosix_journal::{Cause, Directory, Journal, Kind, Options, Recovery, Salt, Staging, padded_len};
use fosix_lease::{Leases4, Store4, Timestamp};
use fosix_store_bench::{SUBNET, grant, pool};
use rustix::fs::{FallocateFlags, fallocate};

/// Entries of each store: updates are of these.
pub(crate) const ENTRIES: u32 = 1_000_000;

/// Bytes of a key and of a value: as much as the record of a lease has.
pub(crate) const KEY: usize = 8;
pub(crate) const VALUE: usize = 88;

/// One update: a key, and what is stored under it.
pub(crate) struct Update<'a> {
    pub(crate) key: u32,
    pub(crate) value: &'a [u8],
}

/// Something that makes updates durable.
pub(crate) trait Contender {
    fn name(&self) -> &'static str;

    /// Where it keeps its files.
    fn directory(&self) -> &Path;

    /// Returns when all of them are durable. Says when they were handed over: all that was left was to make them durable.
    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant>;

    /// Waits for work that was put off.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One write and one fdatasync: what nothing that is durable can be quicker than.
pub(crate) struct Bare {
    directory: PathBuf,
    file: File,
    is_allocated: bool,
    bytes: Vec<u8>,
    written: u64,
}

/// A file starts anew after so many bytes, as the log's segments do.
const BARE_FILE: u64 = 64 << 20;

impl Bare {
    /// In a file that grows, or in one that is allocated beforehand.
    pub(crate) fn new(directory: PathBuf, is_allocated: bool) -> Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let file = Self::file(&directory, is_allocated)?;
        Ok(Self { directory, file, is_allocated, bytes: Vec::new(), written: 0 })
    }

    fn file(directory: &Path, is_allocated: bool) -> Result<File> {
        let path = directory.join("bare");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        if is_allocated {
            fallocate(&file, FallocateFlags::empty(), 0, BARE_FILE)?;
        }
        file.sync_all()?;
        Ok(file)
    }
}

impl Contender for Bare {
    fn name(&self) -> &'static str {
        if self.is_allocated { "bare loop, file allocated" } else { "bare loop, file grows" }
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant> {
        // As long as what the log writes.
        self.bytes.resize(padded_len(KEY + VALUE) * updates.len() + padded_len(16), 0x5a);
        let handed_over = Instant::now();
        self.file.write_all(&self.bytes)?;
        self.file.sync_data()?;
        self.written += self.bytes.len() as u64;
        Ok(handed_over)
    }

    fn settle(&mut self) -> Result<()> {
        if self.written * 2 > BARE_FILE {
            self.file = Self::file(&self.directory, self.is_allocated)?;
            self.written = 0;
        }
        Ok(())
    }
}

/// The log alone.
pub(crate) struct Log {
    directory: PathBuf,
    journal: Journal,
    staging: Staging,
}

impl Log {
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        let recovery = Recovery::open(Directory::open(&directory)?, Options::new(4, Salt(1)))?;
        let journal = recovery.replay(&mut |_| Ok(()))?.finish(|| ())?;
        let staging = journal.staging();
        Ok(Self { directory, journal, staging })
    }
}

impl Contender for Log {
    fn name(&self) -> &'static str {
        "log alone"
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant> {
        while self.journal.room() < updates.len() * padded_len(KEY + VALUE) {
            wait_for_room(&self.journal)?;
        }
        let mut last = 0;
        for update in updates {
            last = self.staging.stage(Kind::Put, Cause(2), 1, false, |body| {
                body.extend_from_slice(&u64::from(update.key).to_be_bytes());
                body.extend_from_slice(update.value);
            });
        }
        let handed_over = Instant::now();
        self.journal.hand_over(self.staging.bytes_mut(), last);
        self.journal.wait_durable(last)?;
        Ok(handed_over)
    }
}

/// The whole store: the client's lease is looked up and renewed, with all indexes, then made durable.
pub(crate) struct Leases {
    directory: PathBuf,
    pub(crate) store: Arc<Store4>,
    now: Timestamp,
    /// How often nothing could be granted for want of room.
    pub(crate) refused: u64,
}

impl Leases {
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        let leases = Leases4::new(&[pool(ENTRIES)], 10_000);
        let options = Options::new(4, Salt(1));
        let (store, _) = Store4::open(Directory::open(&directory)?, options, leases, |now| now, || ())?;
        let mut made = Self { directory, store: Arc::new(store), now: Timestamp(1_800_000_000), refused: 0 };
        let numbers: Vec<u32> = (0..ENTRIES).collect();
        for numbers in numbers.chunks(10_000) {
            made.grant(numbers.iter().copied(), false)?;
        }
        made.store.take_snapshot()?;
        made.refused = 0;
        Ok(made)
    }

    /// Grants or renews, and waits until that is durable.
    fn grant(&mut self, numbers: impl Iterator<Item = u32>, is_renewal: bool) -> Result<Instant> {
        self.now = Timestamp(self.now.0 + 1);
        let mut leases = self.store.lock();
        for number in numbers {
            let grant = grant(number)?;
            while !leases.can_grant() {
                drop(leases);
                self.refused += 1;
                wait_for_room(self.store.journal().context("no journal")?)?;
                leases = self.store.lock();
            }
            let held = leases.held_by(&grant.client, SUBNET, self.now);
            ensure!(held.is_some() == is_renewal, "client {number} has no lease, or one too early");
            leases.grant(grant, self.now)?;
        }
        let sequence = leases.staging().sequence();
        let handed_over = Instant::now();
        drop(leases);
        ensure!(self.store.wait_durable(sequence), "the store is poisoned");
        Ok(handed_over)
    }
}

impl Contender for Leases {
    fn name(&self) -> &'static str {
        "leases and log"
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant> {
        self.grant(updates.iter().map(|update| update.key), true)
    }
}

fn wait_for_room(journal: &Journal) -> Result<()> {
    journal.log().healthy()?;
    thread::sleep(Duration::from_micros(200));
    Ok(())
}
