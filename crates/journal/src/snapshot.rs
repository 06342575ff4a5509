//! Snapshots: writing one while changes go on, and reading one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use crate::batch::Head;
use crate::catalog::Snapshot;
use crate::error::{BodyError, Error, What};
use crate::frame::{Frame, Kind, Salt};
use crate::header::{Contents, FIRST_RECORD, FileHeader};
use crate::log::{Log, lock};
use crate::mark::Mark;
use crate::names;
use crate::replay::damaged;
use crate::storage::{File, Storage, write_all};
use crate::walk::{Stop, walk};

/// Bytes that are written at once.
const BLOCK: usize = 256 << 10;

/// Bytes after which the file is synced: a sync of the log waits for no more than these.
const PACE: u64 = 256 << 10;

impl<S: Storage> Log<S> {
    /// Whether the log since the newest snapshot is longer than that snapshot, and long enough for another; or
    /// whether there is no room and a snapshot would make some.
    pub fn snapshot_due(&self) -> bool {
        let since = self.logged.load(Ordering::Acquire);
        let since = since.saturating_sub(self.logged_before_snapshot.load(Ordering::Acquire));
        let (newest, closed) = {
            let catalog = lock(&self.catalog);
            (catalog.snapshot().map_or(0, |snapshot| snapshot.bytes), catalog.closed())
        };
        let stuck = || closed > 0 && lock(&self.housekeeping).no_room.is_some();
        !self.in_snapshot.load(Ordering::Acquire)
            && (since > self.options.snapshot_after.max(newest) || stuck())
    }

    /// Begins a snapshot that is not older than what was handed over up to now. One is written at a time.
    pub fn begin_snapshot(self: &Arc<Self>) -> Result<SnapshotWriter<S>, Error> {
        self.healthy()?;
        if self.in_snapshot.swap(true, Ordering::AcqRel) {
            return Err(Error::Misused("a snapshot is being written"));
        }
        let sequence = self.handed_over();
        let mut writer = SnapshotWriter {
            log: Arc::clone(self),
            sequence,
            logged: self.logged.load(Ordering::Acquire),
            name: names::unfinished(&names::snapshot(sequence)),
            file: None,
            buffer: Vec::with_capacity(BLOCK),
            position: FIRST_RECORD,
            unsynced: 0,
            leases: 0,
            newest: sequence,
        };
        let file = self.storage.create(&writer.name).map_err(Error::io("create", &writer.name));
        writer.file = Some(writer.check(file)?);
        Ok(writer)
    }

    /// The newest snapshot, for whoever follows changes and is too far behind.
    pub fn snapshot_reader(&self) -> Result<Option<SnapshotReader<S>>, Error> {
        loop {
            let Some(snapshot) = lock(&self.catalog).snapshot().cloned() else { return Ok(None) };
            match self.storage.open(&snapshot.name) {
                Ok(file) => return SnapshotReader::new(file, snapshot, self.salt).map(Some),
                // A newer one took its place meanwhile.
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound
                        && lock(&self.catalog).snapshot() != Some(&snapshot) => {}
                Err(error) => return Err(Error::io("open", &snapshot.name)(error)),
            }
        }
    }
}

/// A snapshot that is being written. When it is dropped before it is finished, nothing of it stays.
///
/// A full disk ends it with an error and does the log no harm; any other failure poisons the log.
pub struct SnapshotWriter<S: Storage> {
    log: Arc<Log<S>>,
    sequence: u64,
    /// Bytes that had been logged when it was begun.
    logged: u64,
    /// As long as it is not finished.
    name: String,
    file: Option<S::File>,
    buffer: Vec<u8>,
    /// Where the buffer belongs in the file.
    position: u64,
    unsynced: u64,
    leases: u64,
    /// The number of the newest change that it has seen.
    newest: u64,
}

impl<S: Storage> SnapshotWriter<S> {
    /// The number of the change that the snapshot is not older than.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The salt of the store's records.
    pub fn salt(&self) -> Salt {
        self.log.salt
    }

    /// Appends puts, as [`encode`](crate::encode) writes them. Returns when they are written, and now and then only
    /// when they are synced, so that the disk is never far behind.
    pub fn put(&mut self, records: &[u8]) -> Result<(), Error> {
        self.log.healthy()?;
        let mut place = 0;
        while place < records.len() {
            let head = records.get(place..).and_then(Head::read).filter(|head| head.is_put && !head.more);
            let head = head.ok_or(Error::Misused("a snapshot is made of puts"))?;
            self.newest = self.newest.max(head.sequence);
            self.leases += 1;
            place += head.len;
        }
        self.buffer.extend_from_slice(records);
        if self.buffer.len() >= BLOCK {
            self.flush()?;
        }
        Ok(())
    }

    /// Waits until change `max_sequence_seen` is durable, which is the newest that any lease in the snapshot may
    /// have seen, and gives the snapshot its name. What it covers is removed later.
    pub fn finish(mut self, max_sequence_seen: u64) -> Result<(), Error> {
        self.newest = self.newest.max(max_sequence_seen);
        self.log.wait_durable(self.newest)?;
        if self.log.synced() < self.newest {
            self.log.sync()?;
        }
        let newest_time = self.log.newest_time.load(Ordering::Acquire);
        let mark = Mark { sequence: self.newest, durable: self.newest, newest_time };
        mark.encode(&mut self.buffer, self.log.salt);
        self.flush()?;
        self.sync()?;
        let bytes = self.position;
        let contents = Contents::Snapshot {
            sequence: self.sequence,
            leases: self.leases,
            bytes: bytes.saturating_sub(FIRST_RECORD),
        };
        let header =
            FileHeader { contents, family: self.log.options.family, salt: self.log.salt, newest_time };
        let written = self.with_file("write", |file| write_all(file, &header.encode(), 0));
        self.check(written)?;
        self.sync()?;
        let finished = names::snapshot(self.sequence);
        let storage = &self.log.storage;
        let renamed = storage.rename(&self.name, &finished).map_err(Error::io("rename", &self.name));
        self.check(renamed)?;
        let synced = storage.sync_directory().map_err(Error::io("sync", &storage.place()));
        // It has its name, and whether it keeps that is not known.
        synced.map_err(|error| self.log.poison(error))?;
        self.file = None;
        lock(&self.log.catalog).took(Snapshot { name: finished, sequence: self.sequence, bytes });
        self.log.logged_before_snapshot.store(self.logged, Ordering::Release);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.with_file("write", |file| write_all(file, &buffer, self.position));
        self.check(written)?;
        self.position += buffer.len() as u64;
        self.unsynced += buffer.len() as u64;
        self.buffer = buffer;
        self.buffer.clear();
        if self.unsynced >= PACE {
            let begun = Instant::now();
            self.sync()?;
            // Half of the time the disk is the log's alone.
            thread::sleep(begun.elapsed());
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Error> {
        let synced = self.with_file("sync", File::sync);
        self.check(synced)?;
        self.unsynced = 0;
        Ok(())
    }

    fn with_file(
        &self,
        action: &'static str,
        act: impl FnOnce(&S::File) -> io::Result<()>,
    ) -> Result<(), Error> {
        let file = self.file.as_ref().ok_or(Error::Misused("the snapshot was finished"))?;
        act(file).map_err(Error::io(action, &self.name))
    }

    fn check<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| if error.is_full() { error } else { self.log.poison(error) })
    }
}

impl<S: Storage> Drop for SnapshotWriter<S> {
    fn drop(&mut self) {
        // What cannot be removed is removed at the next start. A stopped log has no say in the directory any more.
        if self.file.take().is_some() && self.log.healthy().is_ok() {
            let _ = self.log.storage.remove(&self.name);
        }
        self.log.in_snapshot.store(false, Ordering::Release);
    }
}

/// A snapshot to read. It stays readable when a newer one takes its place.
pub struct SnapshotReader<S: Storage> {
    file: S::File,
    snapshot: Snapshot,
    leases: u64,
    salt: Salt,
}

impl<S: Storage> SnapshotReader<S> {
    fn new(file: S::File, snapshot: Snapshot, salt: Salt) -> Result<Self, Error> {
        let mut start = [0; crate::header::FILE_HEADER_LEN];
        let name = &snapshot.name;
        crate::storage::read_full(&file, &mut start, 0).map_err(Error::io("read", name))?;
        match FileHeader::decode(&start, name)?.contents {
            Contents::Snapshot { leases, .. } => Ok(Self { file, snapshot, leases, salt }),
            Contents::Log { .. } => Err(damaged(name, 0, What::Misnamed, None)),
        }
    }

    /// The number of the change that no lease in it is older than: the log is to be followed from there.
    pub fn sequence(&self) -> u64 {
        self.snapshot.sequence
    }

    /// Leases in it.
    pub fn leases(&self) -> u64 {
        self.leases
    }

    /// Hands over every lease.
    pub fn read(self, visit: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>) -> Result<(), Error> {
        let Snapshot { name, sequence, bytes } = &self.snapshot;
        read(&self.file, name, self.salt, (*sequence, self.leases, *bytes), visit).map(|_| ())
    }
}

/// What a snapshot was found to hold.
pub(crate) struct Contained {
    /// The number of the newest change that it may have seen.
    pub(crate) newest: u64,
    pub(crate) newest_time: u64,
}

/// Hands over the puts of a snapshot; `says` is its number, its leases and the length of the file.
pub(crate) fn read<F: File>(
    file: &F,
    name: &str,
    salt: Salt,
    says: (u64, u64, u64),
    visit: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
) -> Result<Contained, Error> {
    let (sequence, expected, bytes) = says;
    let damage = |offset, what| damaged(name, offset, what, None);
    let (mut leases, mut newest, mut newest_time) = (0_u64, 0, 0);
    let mut end: Option<Mark> = None;
    let stopped = walk(file, name, salt, FIRST_RECORD, bytes, &mut |item| {
        if end.is_some() {
            return Err(damage(item.offset, What::Count));
        }
        match item.frame.kind {
            Kind::Put if !item.frame.more => {
                leases += 1;
                newest = newest.max(item.frame.sequence);
                newest_time = newest_time.max(item.frame.time.into());
                visit(item.frame).map_err(|error| damage(item.offset, What::Body(error)))
            }
            Kind::Put | Kind::Delete => Err(damage(item.offset, What::Count)),
            Kind::Mark => {
                end = Mark::decode(&item.frame);
                end.map(|_| ()).ok_or_else(|| damage(item.offset, What::Mark))
            }
        }
    })?;
    match (stopped.why, end) {
        (Stop::Broken(what), _) => Err(damage(stopped.offset, what)),
        (Stop::End, Some(mark))
            if leases == expected && newest <= mark.sequence && sequence <= mark.sequence =>
        {
            let newest_time = mark.newest_time.max(newest_time);
            Ok(Contained { newest: mark.sequence, newest_time })
        }
        _ => Err(damage(stopped.offset, What::Count)),
    }
}
