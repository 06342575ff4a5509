//! The log, without threads: each turn writes what was handed over, syncs it and says up to where it is durable.
//!
//! [`Journal`](crate::Journal) is this with the threads that take the turns. A test takes them itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::batch::{self, Batch};
use crate::catalog::{Catalog, Kept, Snapshot};
use crate::error::Error;
use crate::frame::{Salt, Staging};
use crate::header::FIRST_RECORD;
use crate::housekeeping::Prepared;
use crate::mark::{MARK_LEN, Mark};
use crate::names;
use crate::options::{Durability, Options};
use crate::room::Room;
use crate::storage::{File, Storage, write_all};
use crate::survey::SegmentFile;

/// What the last mark of a segment takes, which is never given away.
const LAST_MARK: u64 = MARK_LEN as u64;

/// A log that can be written.
pub struct Log<S: Storage> {
    pub(crate) storage: S,
    pub(crate) options: Options,
    pub(crate) salt: Salt,
    pub(crate) catalog: Mutex<Catalog<S::File>>,
    pub(crate) room: Room,
    pub(crate) housekeeping: Mutex<crate::housekeeping::State>,
    /// Held while a segment is made.
    pub(crate) preparing: Mutex<()>,
    /// One snapshot is written at a time.
    pub(crate) in_snapshot: AtomicBool,
    /// Bytes of log that a start would have to read, and what of them the newest snapshot made superfluous.
    pub(crate) logged: AtomicU64,
    pub(crate) logged_before_snapshot: AtomicU64,
    pub(crate) newest_time: AtomicU64,
    queue: Mutex<Queue>,
    writer: Mutex<Writer<S::File>>,
    /// Up to here everything may be told.
    durable: AtomicU64,
    /// Up to here everything is on the disk. Only with [`Durability::Async`] another number than `durable`.
    synced: AtomicU64,
    poison: OnceLock<Arc<Error>>,
    stopped: AtomicBool,
    /// Rises when `durable` does, and when it never will again.
    progress: (Mutex<u64>, Condvar),
    /// Nothing is written any more. By itself, so that whoever waits for the end is not woken by all that comes before.
    end: (Mutex<()>, Condvar),
    /// Held until the log is closed.
    held: Mutex<Option<S::Lock>>,
}

/// What was handed over and no turn has taken.
struct Queue {
    bytes: Vec<u8>,
    last: u64,
}

/// Where the log is written.
struct Writer<F> {
    segment: Option<Open<F>>,
    batch: Batch,
    /// What [`Room::handed`] was when the batch was taken.
    handed: u64,
    /// The number of the last change that was written.
    sequence: u64,
    /// Whether something was written since the last sync.
    unsynced: bool,
}

struct Open<F> {
    name: String,
    file: Arc<F>,
    bytes: u64,
    position: u64,
}

impl<F> Open<F> {
    /// Bytes for a write, its mark included.
    fn free(&self) -> u64 {
        self.bytes.saturating_sub(self.position).saturating_sub(LAST_MARK)
    }
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There was nothing to write.
    Idle,
    /// Everything that it found was written.
    Written,
    /// Some of it waits for [`Log::prepare`] to make a segment.
    NoSegment,
}

/// What recovery hands over.
pub(crate) struct Beginning<S: Storage> {
    pub(crate) storage: S,
    pub(crate) options: Options,
    pub(crate) salt: Salt,
    pub(crate) lock: S::Lock,
    pub(crate) segments: Vec<SegmentFile>,
    /// The last segment, and where it goes on.
    pub(crate) current: Option<(S::File, u64)>,
    /// Of the segment that is made next.
    pub(crate) next_ordinal: u64,
    pub(crate) snapshot: Option<(u64, u64)>,
    pub(crate) sequence: u64,
    pub(crate) newest_time: u64,
    pub(crate) log_bytes: u64,
}

impl<S: Storage> Log<S> {
    pub(crate) fn begin(from: Beginning<S>) -> Self {
        let room = Room::new(from.options.queue_bytes, from.options.longest_change);
        let segment = from.segments.last().zip(from.current).map(|(segment, (file, position))| {
            let (name, file) = (segment.name.clone(), Arc::new(file));
            Open { name, file, bytes: segment.bytes, position }
        });
        if let Some(segment) = &segment {
            room.add(room.of_free(segment.free()));
        }
        let kept = from.segments.into_iter().map(|segment| Kept {
            before: segment.first.map_or(0, |mark| mark.sequence),
            name: segment.name,
            ordinal: segment.ordinal,
            bytes: segment.bytes,
        });
        let snapshot = from.snapshot.map(|(sequence, bytes)| {
            let name = names::snapshot(sequence);
            Snapshot { name, sequence, bytes }
        });
        Self {
            catalog: Mutex::new(Catalog::new(kept.collect::<VecDeque<_>>(), from.next_ordinal, snapshot)),
            room,
            housekeeping: Mutex::default(),
            preparing: Mutex::default(),
            in_snapshot: AtomicBool::new(false),
            logged: AtomicU64::new(from.log_bytes),
            logged_before_snapshot: AtomicU64::new(0),
            newest_time: AtomicU64::new(from.newest_time),
            queue: Mutex::new(Queue { bytes: Vec::new(), last: from.sequence }),
            writer: Mutex::new(Writer {
                segment,
                batch: Batch::default(),
                handed: 0,
                sequence: from.sequence,
                unsynced: false,
            }),
            durable: AtomicU64::new(from.sequence),
            synced: AtomicU64::new(from.sequence),
            poison: OnceLock::new(),
            stopped: AtomicBool::new(false),
            progress: (Mutex::new(from.sequence), Condvar::new()),
            end: (Mutex::new(()), Condvar::new()),
            storage: from.storage,
            options: from.options,
            salt: from.salt,
            held: Mutex::new(Some(from.lock)),
        }
    }

    /// Where the changes of this log are staged, without room yet. There is one of it.
    pub fn staging(&self) -> Staging {
        Staging::recorded(self.salt, self.handed_over())
    }

    /// The salt of this store's records.
    pub fn salt(&self) -> Salt {
        self.salt
    }

    /// Takes staged records, of which the last one has the number `last_sequence`, and leaves `staged` empty. They
    /// have to be whole changes, in order, without a gap. Never waits for the disk.
    pub fn hand_over(&self, staged: &mut Vec<u8>, last_sequence: u64) {
        if !staged.is_empty() && self.healthy().is_ok() {
            let mut queue = lock(&self.queue);
            batch::append(&mut queue.bytes, staged);
            queue.last = last_sequence;
            self.room.hand_over(staged.len());
        }
        staged.clear();
    }

    /// Bytes that may still be staged.
    pub fn room(&self) -> usize {
        if self.healthy().is_ok() { self.room.left() } else { 0 }
    }

    /// The number up to which every change is durable.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// The number of the last change that was handed over.
    pub(crate) fn handed_over(&self) -> u64 {
        lock(&self.queue).last
    }

    /// Up to where the log is on the disk.
    pub(crate) fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// Whether something waits for a turn.
    pub(crate) fn is_pending(&self) -> bool {
        !lock(&self.queue).bytes.is_empty()
    }

    /// Waits until the change is durable, or never will be.
    pub fn wait_durable(&self, sequence: u64) -> Result<(), Error> {
        let (lock, moved) = &self.progress;
        let mut progress = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while *progress < sequence {
            self.healthy()?;
            progress = moved.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// Waits until a change behind `sequence` is durable, at most for `timeout`; gives the number up to which they
    /// are.
    pub fn wait_beyond(&self, sequence: u64, timeout: std::time::Duration) -> Result<u64, Error> {
        let (lock, moved) = &self.progress;
        let progress = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |progress: &mut u64| *progress <= sequence && self.healthy().is_ok();
        let waited = moved.wait_timeout_while(progress, timeout, waiting);
        let (progress, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *progress <= sequence {
            self.healthy()?;
        }
        Ok(*progress)
    }

    /// Waits until nothing is written any more, and says why.
    pub fn wait_end(&self) -> Error {
        let (lock, came) = &self.end;
        let mut held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Err(why) = self.healthy() {
                return why;
            }
            held = came.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the log can be written.
    pub fn healthy(&self) -> Result<(), Error> {
        if let Some(error) = self.poison.get() {
            return Err(Error::Poisoned(Arc::clone(error)));
        }
        if self.stopped.load(Ordering::Acquire) { Err(Error::Stopped) } else { Ok(()) }
    }

    /// What poisoned the log.
    pub(crate) fn poisoned(&self) -> Option<&Arc<Error>> {
        self.poison.get()
    }

    /// From here on nothing is written any more.
    pub(crate) fn poison(&self, error: Error) -> Error {
        let error = Arc::clone(self.poison.get_or_init(|| Arc::new(error)));
        self.announce_end();
        Error::Poisoned(error)
    }

    /// Writes and syncs what was handed over before.
    pub fn turn(&self) -> Result<Turn, Error> {
        let mut writer = lock(&self.writer);
        self.healthy()?;
        if writer.batch.is_written() {
            let mut queue = lock(&self.queue);
            if queue.bytes.is_empty() {
                return Ok(Turn::Idle);
            }
            writer.batch.exchange(&mut queue.bytes);
            writer.handed = self.room.handed();
        }
        self.write(&mut writer).map_err(|error| self.poison(error))
    }

    /// Syncs what was written: with [`Durability::Async`] it is to be called now and then.
    pub fn sync(&self) -> Result<(), Error> {
        let mut writer = lock(&self.writer);
        self.healthy()?;
        self.sync_writer(&mut writer).map_err(|error| self.poison(error))
    }

    /// Takes the last turn, and writes a mark which says that everything before it is durable.
    pub fn close(&self) -> Result<(), Error> {
        loop {
            match self.turn()? {
                Turn::Written => {}
                Turn::NoSegment if self.prepare()? == Prepared::Made => {}
                // What finds no room stays unwritten: nobody was told of it.
                Turn::Idle | Turn::NoSegment => break,
            }
        }
        let mut writer = lock(&self.writer);
        let closed = self.sync_writer(&mut writer).and_then(|()| self.write_last_mark(&mut writer));
        closed.map_err(|error| self.poison(error))?;
        self.stopped.store(true, Ordering::Release);
        self.announce_end();
        Ok(())
    }

    /// Lets another process have the store. Nothing is written any more.
    pub(crate) fn release(&self) {
        let _writer = lock(&self.writer);
        self.stopped.store(true, Ordering::Release);
        self.announce_end();
        // Whoever writes a snapshot still does so, until it asks the next time.
        if !self.in_snapshot.load(Ordering::Acquire) {
            lock(&self.held).take();
        }
    }

    fn write(&self, writer: &mut Writer<S::File>) -> Result<Turn, Error> {
        let mut fresh = false;
        while !writer.batch.is_written() {
            let free = writer.segment.as_ref().map_or(0, Open::free).saturating_sub(MARK_LEN as u64);
            let part = writer.batch.part(free, writer.sequence, self.options.longest_change)?;
            if part.bytes > 0 {
                self.write_part(writer, &part)?;
            }
            if writer.batch.is_written() {
                break;
            }
            if fresh && part.bytes == 0 {
                return Err(Error::Misused("a change is longer than a segment"));
            }
            // The segment behind this one counts only because this one is on the disk to its end.
            self.sync_writer(writer)?;
            self.publish(writer.sequence);
            let Some(next) = lock(&self.catalog).move_on(writer.sequence) else {
                return Ok(Turn::NoSegment);
            };
            let (name, file, bytes) = (next.name, next.file, next.bytes);
            writer.segment = Some(Open { name, file, bytes, position: FIRST_RECORD });
            fresh = true;
        }
        self.settle(writer);
        if self.options.durability == Durability::Sync {
            self.sync_writer(writer)?;
        }
        self.publish(writer.sequence);
        Ok(Turn::Written)
    }

    /// Counts the room anew, from what the segments have.
    fn settle(&self, writer: &Writer<S::File>) {
        let current = writer.segment.as_ref().map_or(0, |segment| self.room.of_free(segment.free()));
        let catalog = lock(&self.catalog);
        let ahead = catalog.ahead_bytes().map(|bytes| self.room.of_new(bytes)).fold(0, u64::saturating_add);
        self.room.settle(writer.handed, current.saturating_add(ahead));
    }

    /// Writes a mark and the records behind it in one go.
    fn write_part(&self, writer: &mut Writer<S::File>, part: &batch::Part) -> Result<(), Error> {
        let Some(segment) = &mut writer.segment else { return Ok(()) };
        let newest_time = self.newest_time.fetch_max(part.time.into(), Ordering::AcqRel);
        let newest_time = newest_time.max(part.time.into());
        let mark = Mark { sequence: writer.sequence, durable: self.synced(), newest_time };
        let bytes = writer.batch.with_mark(part, mark, self.salt);
        write_all(&*segment.file, bytes, segment.position).map_err(Error::io("write", &segment.name))?;
        segment.position += bytes.len() as u64;
        self.logged.fetch_add(bytes.len() as u64, Ordering::AcqRel);
        writer.batch.written(part);
        writer.sequence = part.last;
        writer.unsynced = true;
        Ok(())
    }

    fn write_last_mark(&self, writer: &mut Writer<S::File>) -> Result<(), Error> {
        // A store in which nothing was ever changed gets its mark, too, so that its log is seen to have begun.
        if writer.segment.is_none()
            && let Some(next) = lock(&self.catalog).move_on(writer.sequence)
        {
            let (name, file, bytes) = (next.name, next.file, next.bytes);
            writer.segment = Some(Open { name, file, bytes, position: FIRST_RECORD });
        }
        let Some(segment) = &mut writer.segment else { return Ok(()) };
        let (sequence, newest_time) = (writer.sequence, self.newest_time.load(Ordering::Acquire));
        let mut bytes = Vec::with_capacity(MARK_LEN);
        Mark { sequence, durable: sequence, newest_time }.encode(&mut bytes, self.salt);
        write_all(&*segment.file, &bytes, segment.position).map_err(Error::io("write", &segment.name))?;
        segment.position += bytes.len() as u64;
        segment.file.sync().map_err(Error::io("sync", &segment.name))
    }

    fn sync_writer(&self, writer: &mut Writer<S::File>) -> Result<(), Error> {
        if let Some(segment) = &writer.segment
            && writer.unsynced
        {
            segment.file.sync().map_err(Error::io("sync", &segment.name))?;
            writer.unsynced = false;
        }
        self.synced.store(writer.sequence, Ordering::Release);
        Ok(())
    }

    fn publish(&self, sequence: u64) {
        self.durable.fetch_max(sequence, Ordering::AcqRel);
        self.announce();
    }

    fn announce(&self) {
        let (progress, moved) = &self.progress;
        *lock(progress) = self.durable();
        moved.notify_all();
    }

    fn announce_end(&self) {
        self.announce();
        let (held, came) = &self.end;
        let _held = lock(held);
        came.notify_all();
    }
}

/// A panic while a lock is held ends the process; the tests of a panic may go on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
