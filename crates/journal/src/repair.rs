//! Making a damaged store usable again, with what of it can be read.
//!
//! Everything that is there gets a second name in a folder `damaged-N` first. What can be read then becomes a new
//! store behind the old one: segments of the log with numbers above all that were ever given, and a snapshot. The old
//! one is damaged until that snapshot has its name, and covered by it from then on, so a repair that is interrupted is
//! begun again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::report;
use crate::error::{BodyError, Error};
use crate::frame::{self, Cause, Frame, Kind, Salt};
use crate::header::FIRST_RECORD;
use crate::housekeeping::Prepared;
use crate::log::{Beginning, Log, Turn};
use crate::names::{self, Name};
use crate::options::Options;
use crate::recovery::lock;
use crate::salvage::salvage;
use crate::snapshot::SnapshotWriter;
use crate::storage::{File, Storage};
use crate::survey::Survey;

/// What a repair did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Repaired {
    /// What was damaged. Nothing was done when this is empty.
    pub findings: Vec<Error>,
    /// Where the files lie that were there before.
    pub folder: String,
    /// Leases that the newest snapshot gave, of how many; the second number is unknown where its header is damaged.
    pub from_snapshot: (u64, Option<u64>),
    /// Changes that the log gave.
    pub from_log: u64,
    /// The first and last numbers of changes that are lost, in order.
    pub lost: Vec<(u64, u64)>,
}

/// Bytes that are handed to the new log at once.
const BLOCK: usize = 1 << 20;

/// Keeps what is readable of a damaged store. A record whose body `accept` refuses is lost, too. A change that is
/// there by half is left out; where the record before one is lost, that one counts by itself.
pub fn repair<S: Storage>(
    storage: &S,
    options: Options,
    accept: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
) -> Result<Repaired, Error> {
    let held = lock(storage)?;
    let options = options.sane();
    let mut survey = Survey::take(storage, options.family)?;
    let findings = report(storage, &mut survey, accept).findings;
    if findings.is_empty() {
        return Ok(Repaired::default());
    }
    // Another version, family or store is nothing that a repair could mend, and nothing can be read without a salt.
    let (damages, mut others): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| matches!(finding, Error::Damaged(_)));
    if !others.is_empty() {
        return Err(others.swap_remove(0));
    }
    let Some(salt) = survey.salt else {
        return damages.into_iter().next().map_or_else(|| Ok(Repaired::default()), Err);
    };
    let old = Old::find(storage, salt)?;
    let mut repaired = Repaired { findings: damages, ..Repaired::default() };
    repaired.folder = set_aside(storage, &old)?;
    repaired.from_snapshot.1 = survey.snapshots.last().map(|snapshot| snapshot.leases);

    let log = Arc::new(Log::begin(Beginning {
        storage: storage.clone(),
        salt,
        lock: held,
        segments: Vec::new(),
        current: None,
        next_ordinal: old.last_ordinal.saturating_add(1),
        snapshot: None,
        sequence: old.last_sequence,
        newest_time: survey.newest_time,
        log_bytes: 0,
        options,
    }));
    make_segment(&log)?;
    let mut rewrite = Rewrite { log: Arc::clone(&log), staged: Vec::new(), sequence: old.last_sequence };
    let mut snapshot = log.begin_snapshot()?;
    let covered = old.snapshot.as_ref().map_or(0, |(sequence, _)| *sequence);
    let mut newer = BTreeMap::new();
    if let Some((_, name)) = &old.snapshot {
        (repaired.from_snapshot.0, newer) = keep_snapshot(storage, name, covered, accept, &mut snapshot)?;
    }
    let mut position = covered;
    for name in old.segments.values() {
        scan(storage, name, salt, &mut |records| {
            let [first, ..] = records else { return Ok(()) };
            let Some(last) = records.last() else { return Ok(()) };
            if first.kind == Kind::Mark
                || first.sequence <= position
                || !records.iter().all(|record| accept(*record).is_ok())
            {
                return Ok(());
            }
            if first.sequence - position > 1 {
                repaired.lost.push((position + 1, first.sequence - 1));
            }
            position = last.sequence;
            let later = newer.split_off(&first.sequence);
            for (_, body) in std::mem::replace(&mut newer, later) {
                rewrite.put(&body)?;
            }
            repaired.from_log += records.len() as u64;
            for record in records {
                newer.remove(&record.sequence);
                rewrite.add(*record);
            }
            rewrite.hand_over_when(BLOCK)
        })?;
    }
    for body in newer.into_values() {
        rewrite.put(&body)?;
    }
    rewrite.hand_over_when(1)?;
    if old.last_sequence > position {
        repaired.lost.push((position + 1, old.last_sequence));
    }
    snapshot.finish(rewrite.sequence)?;
    log.close()?;
    for name in old.segments.values().chain(old.names.iter()) {
        // What is covered would be removed at the next start as well.
        if *name != names::snapshot(old.last_sequence) {
            let _ = storage.remove(name);
        }
    }
    storage.sync_directory().map_err(Error::io("sync", &storage.place()))?;
    log.release();
    Ok(repaired)
}

/// Writes the leases of a snapshot into a new one, and says how many there are. Those that changed while it was
/// written, after change `covered`, are newer than some changes in the log: they are given back by their numbers, to
/// take their places among these.
fn keep_snapshot<S: Storage>(
    storage: &S,
    name: &str,
    covered: u64,
    accept: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
    snapshot: &mut SnapshotWriter<S>,
) -> Result<(u64, BTreeMap<u64, Vec<u8>>), Error> {
    let (mut leases, mut newer, mut block) = (0, BTreeMap::new(), Vec::new());
    let salt = snapshot.salt();
    scan(storage, name, salt, &mut |records| {
        for record in records.iter().filter(|record| record.kind == Kind::Put) {
            if accept(*record).is_err() {
                continue;
            }
            leases += 1;
            if record.sequence > covered {
                newer.insert(record.sequence, record.body.to_vec());
            } else {
                frame::encode(&mut block, salt, Frame { more: false, ..*record });
            }
        }
        if block.len() >= BLOCK {
            snapshot.put(&block)?;
            block.clear();
        }
        Ok(())
    })?;
    snapshot.put(&block)?;
    Ok((leases, newer))
}

/// The files of the damaged store, by their names alone.
struct Old {
    /// Those of the latest generations, by their ordinals.
    segments: BTreeMap<u64, String>,
    snapshot: Option<(u64, String)>,
    /// All of them.
    names: Vec<String>,
    last_ordinal: u64,
    /// The highest number that anything in them names.
    last_sequence: u64,
}

impl Old {
    fn find<S: Storage>(storage: &S, salt: Salt) -> Result<Self, Error> {
        let mut entries = storage.list().map_err(Error::io("list", &storage.place()))?;
        entries.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
        let mut old = Self {
            segments: BTreeMap::new(),
            snapshot: None,
            names: Vec::new(),
            last_ordinal: 0,
            last_sequence: 0,
        };
        for entry in entries {
            match names::parse(&entry.name) {
                Name::Segment { ordinal, .. } => {
                    old.last_ordinal = old.last_ordinal.max(ordinal);
                    old.segments.insert(ordinal, entry.name.clone());
                }
                Name::Snapshot { sequence } => {
                    old.last_sequence = old.last_sequence.max(sequence);
                    old.snapshot = old.snapshot.max(Some((sequence, entry.name.clone())));
                }
                Name::Unfinished | Name::Other => continue,
            }
            let last = &mut old.last_sequence;
            scan(storage, &entry.name, salt, &mut |records| {
                *last = records.iter().map(|record| record.sequence).fold(*last, u64::max);
                Ok(())
            })?;
            old.names.push(entry.name);
        }
        Ok(old)
    }
}

/// Gives every file a second name in a folder that was not there before.
fn set_aside<S: Storage>(storage: &S, old: &Old) -> Result<String, Error> {
    let place = storage.place();
    let mut folder = String::new();
    for number in 1..=u32::MAX {
        folder = format!("damaged-{number}");
        if !storage.has_folder(&folder).map_err(Error::io("look for a folder in", &place))? {
            break;
        }
    }
    for name in &old.names {
        storage.keep_aside(name, &folder).map_err(Error::io("keep aside", name))?;
    }
    storage.sync_directory().map_err(Error::io("sync", &place))?;
    Ok(folder)
}

fn scan<S: Storage>(
    storage: &S,
    name: &str,
    salt: Salt,
    visit: &mut dyn FnMut(&[Frame<'_>]) -> Result<(), Error>,
) -> Result<(), Error> {
    let file = storage.open(name).map_err(Error::io("open", name))?;
    let end = file.size().map_err(Error::io("measure", name))?;
    salvage(&file, name, salt, FIRST_RECORD, end, visit)
}

/// Writes changes anew, with new numbers.
struct Rewrite<S: Storage> {
    log: Arc<Log<S>>,
    staged: Vec<u8>,
    sequence: u64,
}

impl<S: Storage> Rewrite<S> {
    fn put(&mut self, body: &[u8]) -> Result<(), Error> {
        let (kind, cause) = (Kind::Put, Cause(0));
        self.add(Frame { kind, more: false, cause, time: 0, sequence: 0, body });
        self.hand_over_when(BLOCK)
    }

    fn add(&mut self, record: Frame<'_>) {
        self.sequence = self.sequence.saturating_add(1);
        frame::encode(&mut self.staged, self.log.salt, Frame { sequence: self.sequence, ..record });
    }

    /// Hands over what is staged when it is `bytes` or more, and writes it.
    fn hand_over_when(&mut self, bytes: usize) -> Result<(), Error> {
        if self.staged.len() < bytes {
            return Ok(());
        }
        self.log.hand_over(&mut self.staged, self.sequence);
        while self.log.turn()? == Turn::NoSegment {
            make_segment(&self.log)?;
        }
        Ok(())
    }
}

fn make_segment<S: Storage>(log: &Log<S>) -> Result<(), Error> {
    if let Prepared::NoRoom(_) = log.prepare()? {
        let reason = std::io::ErrorKind::StorageFull.into();
        return Err(Error::Io { action: "make a segment in", file: log.storage.place(), reason });
    }
    Ok(())
}
