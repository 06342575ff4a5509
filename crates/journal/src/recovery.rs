//! From what is on the disk to a log that can be written.
//!
//! [`Recovery::open`] takes the directory and looks at the headers, [`Recovery::replay`] hands over every record that
//! counts, and [`Recovered::finish`] makes durable what was read before anybody is told of it.

use std::sync::Arc;

use crate::BodyError;
use crate::error::{Error, What};
use crate::frame::Frame;
use crate::header::{Contents, FIRST_RECORD, FileHeader};
use crate::journal::Journal;
use crate::log::{Beginning, Log};
use crate::mark::MARK_LEN;
use crate::names;
use crate::options::Options;
use crate::replay::{Replayed, Tail, damaged, replay};
use crate::segment;
use crate::storage::{File, Storage, write_all};
use crate::survey::{SegmentFile, Survey};
use crate::walk::{Sum, Window};

/// A store that is locked and whose headers are right.
pub struct Recovery<S: Storage> {
    storage: S,
    options: Options,
    survey: Survey,
    lock: S::Lock,
}

impl<S: Storage> Recovery<S> {
    /// Locks the store and checks the header of each file. An empty directory becomes a new store.
    pub fn open(storage: S, options: Options) -> Result<Self, Error> {
        let lock = lock(&storage)?;
        let mut survey = Survey::take(&storage, options.family)?;
        if !survey.findings.is_empty() {
            return Err(survey.findings.swap_remove(0));
        }
        Ok(Self { storage, options: options.sane(), survey, lock })
    }

    /// Leases in the newest snapshot, for whoever makes room for them beforehand. As the file says: a bound that
    /// the file's length keeps.
    pub fn expected_leases(&self) -> u64 {
        let shortest = crate::HEADER_LEN as u64;
        self.survey.snapshots.last().map_or(0, |snapshot| snapshot.leases.min(snapshot.bytes / shortest))
    }

    /// Hands over every record that counts: the snapshot's, then those of the log behind it in the order in which
    /// they were made. All records of a change are handed over, or none. A body that `visit` refuses is damage.
    pub fn replay(
        self,
        visit: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
    ) -> Result<Recovered<S>, Error> {
        let Self { storage, options, survey, lock } = self;
        let replayed = replay(&storage, &survey, visit)?;
        Ok(Recovered { storage, options, survey, replayed, lock })
    }
}

/// Takes the directory for this process.
pub(crate) fn lock<S: Storage>(storage: &S) -> Result<S::Lock, Error> {
    let place = storage.place();
    storage.lock().map_err(|reason| match reason.kind() {
        std::io::ErrorKind::WouldBlock => Error::InUse { place },
        _ => Error::Io { action: "lock", file: place, reason },
    })
}

/// A store that was read. Nothing of it may be told to anybody before [`Recovered::finish`].
pub struct Recovered<S: Storage> {
    storage: S,
    options: Options,
    survey: Survey,
    replayed: Replayed,
    lock: S::Lock,
}

impl<S: Storage> Recovered<S> {
    /// The number of the last change.
    pub fn sequence(&self) -> u64 {
        self.replayed.sequence
    }

    /// The newest time that the store knows of, in seconds since the Unix epoch: the wall clock is not before it.
    pub fn newest_time(&self) -> u32 {
        u32::try_from(self.replayed.newest_time).unwrap_or(u32::MAX)
    }

    /// Where a write was cut that a crash had interrupted: the file, and bytes from its start.
    pub fn torn(&self) -> Option<(&str, u64)> {
        self.replayed.torn.as_ref().map(|(name, offset)| (name.as_str(), *offset))
    }

    /// Puts and deletes that were handed over.
    pub fn records(&self) -> (u64, u64) {
        (self.replayed.puts, self.replayed.deletes)
    }

    /// Makes durable what was read, and begins to write. `wake` is called when more has become durable, or never
    /// will, by a thread that must not be kept: it wakes somebody, no more.
    pub fn finish(self, wake: impl Fn() + Send + Sync + 'static) -> Result<Journal<S>, Error> {
        Journal::start(Arc::new(self.into_log()?), wake)
    }

    /// As [`Recovered::finish`], without threads: for whoever takes each turn of the log himself.
    pub fn into_log(self) -> Result<Log<S>, Error> {
        let Self { storage, options, survey, replayed, lock } = self;
        let salt = survey.salt.unwrap_or(options.new_salt);
        let place = storage.place();
        let remove = |name: &str| match storage.remove(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", name)(error))
            }
            _ => Ok(()),
        };
        // What is not needed first, so that a full disk has room for the copy. None of it counts: not finished, or
        // without a record that counts. It is gone for good before the log goes on: a torn segment that came back
        // behind a log that had gone on would look like damage.
        for name in &survey.unfinished {
            remove(name)?;
        }
        let newest_counting = replayed.segments.last().map_or(0, |segment| segment.ordinal);
        for segment in &survey.segments {
            if segment.ordinal > newest_counting {
                remove(&segment.name)?;
            }
        }
        let mut segments = replayed.segments.clone();
        let current = match (segments.last_mut(), &replayed.tail) {
            (Some(segment), Some(tail)) => {
                let header = FileHeader {
                    contents: Contents::Log {
                        ordinal: segment.ordinal,
                        generation: segment.generation.saturating_add(1),
                    },
                    family: options.family,
                    salt,
                    newest_time: replayed.newest_time,
                };
                let copied = match copy(&storage, segment, tail, &header, options.segment_bytes) {
                    Err(error) if error.is_full() => renew(&storage, segment, tail),
                    copied => copied,
                };
                let (name, file, bytes) = copied?;
                (segment.name, segment.bytes) = (name, bytes);
                Some((file, tail.end))
            }
            _ => None,
        };
        // The copy is durable under its name before what it was copied from goes.
        storage.sync_directory().map_err(Error::io("sync", &place))?;
        let kept = survey.snapshots.last();
        let dropped = survey.segments.iter().map(|segment| &segment.name);
        let dropped = dropped.filter(|name| !segments.iter().any(|segment| segment.name == **name));
        for name in survey.outdated.iter().chain(dropped) {
            remove(name)?;
        }
        for snapshot in &survey.snapshots {
            if kept.is_some_and(|kept| kept.name != snapshot.name) {
                remove(&snapshot.name)?;
            }
        }
        // A former generation must not outlive the one that took its place.
        storage.sync_directory().map_err(Error::io("sync", &place))?;
        let log = Log::begin(Beginning {
            storage,
            options,
            salt,
            lock,
            segments,
            current,
            next_ordinal: newest_counting.saturating_add(1),
            snapshot: kept.map(|snapshot| (snapshot.sequence, snapshot.bytes)),
            sequence: replayed.sequence,
            newest_time: replayed.newest_time,
            log_bytes: replayed.log_bytes,
        });
        log.prepare()?;
        Ok(log)
    }
}

/// Writes what counts of a segment into one of the next generation. It is read anew, and must be what it was.
fn copy<S: Storage>(
    storage: &S,
    segment: &SegmentFile,
    tail: &Tail,
    header: &FileHeader,
    segment_bytes: u64,
) -> Result<(String, S::File, u64), Error> {
    let least = tail.end.saturating_add(MARK_LEN as u64).next_multiple_of(8);
    let made =
        match segment::make(storage, header, least.max(segment_bytes), |to| fill(storage, segment, tail, to))
        {
            // On a full disk a server can still answer from what it has, as long as the copy itself fits.
            Err(error) if error.is_full() && least < segment_bytes => {
                segment::make(storage, header, least, |to| fill(storage, segment, tail, to))
            }
            made => made,
        };
    made.map_err(|fault| fault.error)
}

/// Where there is no room for a copy: writes what counts of a segment where it is, and zeros behind it, so that all of it is
/// on its way to the disk again, and syncs. A crash in the middle leaves what one in the last turn may leave.
fn renew<S: Storage>(
    storage: &S,
    segment: &SegmentFile,
    tail: &Tail,
) -> Result<(String, S::File, u64), Error> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let file = storage.open(&segment.name).map_err(Error::io("open", &segment.name))?;
    fill(storage, segment, tail, &file)?;
    let mut at = tail.end;
    while at < segment.bytes {
        let len = usize::try_from(segment.bytes - at).unwrap_or(ZEROS.len()).min(ZEROS.len());
        let zeros = ZEROS.get(..len).unwrap_or_default();
        write_all(&file, zeros, at).map_err(Error::io("write", &segment.name))?;
        at += len as u64;
    }
    file.sync().map_err(Error::io("sync", &segment.name))?;
    Ok((segment.name.clone(), file, segment.bytes))
}

fn fill<S: Storage>(storage: &S, segment: &SegmentFile, tail: &Tail, to: &S::File) -> Result<(), Error> {
    let from = storage.open(&segment.name).map_err(Error::io("open", &segment.name))?;
    let mut window = Window::new(&from, &segment.name, FIRST_RECORD, tail.end);
    let mut sum = Sum::default();
    while window.refill()? {
        let bytes = window.rest();
        sum.add(bytes);
        let len = bytes.len();
        write_all(to, bytes, window.offset).map_err(Error::io("write", &names::unfinished(&segment.name)))?;
        window.take(len);
    }
    if window.offset != tail.end {
        return Err(damaged(&segment.name, window.offset, What::Nothing, None));
    }
    if sum.value() == tail.sum { Ok(()) } else { Err(Error::Unsteady { file: segment.name.clone() }) }
}
