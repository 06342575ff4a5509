//! Reading a store: the newest snapshot, then the log behind it, up to where it counts.

use crate::error::{BodyError, Damage, Error, What};
use crate::frame::{Frame, Kind, Salt};
use crate::header::FIRST_RECORD;
use crate::mark::Mark;
use crate::snapshot;
use crate::storage::Storage;
use crate::survey::{SegmentFile, SnapshotFile, Survey};
use crate::walk::{Behind, Item, Stop, Stopped, Sum, look_behind, walk};

/// Who gets the records.
pub(crate) type Visit<'a> = dyn FnMut(Frame<'_>) -> Result<(), BodyError> + 'a;

/// What reading found.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// The number of the last change that counts.
    pub(crate) sequence: u64,
    pub(crate) newest_time: u64,
    /// The segments that count, oldest first.
    pub(crate) segments: Vec<SegmentFile>,
    /// What counts of the last of them.
    pub(crate) tail: Option<Tail>,
    /// What was cut: the file, and where.
    pub(crate) torn: Option<(String, u64)>,
    /// Bytes of the log that were read.
    pub(crate) log_bytes: u64,
    /// Records of each kind that were handed over.
    pub(crate) puts: u64,
    pub(crate) deletes: u64,
}

/// The part of a segment that counts.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// Bytes from the start of the file.
    pub(crate) end: u64,
    /// The sum of everything between the header and `end`.
    pub(crate) sum: u32,
}

/// Hands over the records of a store without findings.
pub(crate) fn replay<S: Storage>(
    storage: &S,
    survey: &Survey,
    visit: &mut Visit<'_>,
) -> Result<Replayed, Error> {
    let salt = survey.salt.unwrap_or(Salt(0));
    let mut reading = Reading {
        storage,
        salt,
        visit,
        done: Replayed { newest_time: survey.newest_time, ..Replayed::default() },
    };
    let snapshot = survey.snapshots.last();
    let newest_in_snapshot = match snapshot {
        Some(snapshot) => reading.snapshot(snapshot)?,
        None => 0,
    };
    reading.log(survey, snapshot)?;
    let done = reading.done;
    if done.sequence < newest_in_snapshot {
        let (file, offset) = match (done.segments.last(), &done.tail) {
            (Some(segment), Some(tail)) => (segment.name.clone(), tail.end),
            _ => (storage.place(), 0),
        };
        let missing = Some((done.sequence + 1, newest_in_snapshot));
        return Err(Error::Damaged(Damage { file, offset, what: What::Nothing, missing }));
    }
    Ok(done)
}

struct Reading<'a, 'v, S> {
    storage: &'a S,
    salt: Salt,
    visit: &'a mut Visit<'v>,
    done: Replayed,
}

impl<S: Storage> Reading<'_, '_, S> {
    /// Reads a snapshot; gives the number of the newest change that it may have seen.
    fn snapshot(&mut self, snapshot: &SnapshotFile) -> Result<u64, Error> {
        let name = &snapshot.name;
        let file = self.storage.open(name).map_err(Error::io("open", name))?;
        let says = (snapshot.sequence, snapshot.leases, snapshot.bytes);
        let contained = snapshot::read(&file, name, self.salt, says, self.visit)?;
        self.done.newest_time = self.done.newest_time.max(contained.newest_time);
        self.done.sequence = snapshot.sequence;
        self.done.puts = snapshot.leases;
        Ok(contained.newest)
    }

    fn log(&mut self, survey: &Survey, snapshot: Option<&SnapshotFile>) -> Result<(), Error> {
        let covered = snapshot.map_or(0, |snapshot| snapshot.sequence);
        let written = survey.segments.iter().rposition(|segment| segment.written);
        let begun = written.and_then(|last| survey.segments.get(..=last)).unwrap_or_default();
        let start = begun
            .iter()
            .rposition(|segment| segment.first.is_some_and(|mark| mark.sequence <= covered))
            .unwrap_or(0);
        let counting = begun.get(start..).unwrap_or_default();

        // Where nothing begins at or before the first change that is needed, the log was not begun yet: its first
        // segment is then the first of all.
        let oldest = counting.first().or_else(|| survey.segments.first());
        match oldest {
            Some(SegmentFile { first: Some(mark), .. }) if mark.sequence <= covered => {}
            Some(SegmentFile { first: None, ordinal: 1, .. }) | None if covered == 0 => {}
            Some(segment) => {
                let last = segment.first.map_or(covered, |mark| mark.sequence);
                let missing = (last > covered).then_some((covered + 1, last));
                return Err(damaged(&segment.name, FIRST_RECORD, What::NoSegment, missing));
            }
            None => {
                return Err(damaged(&self.storage.place(), 0, What::NoSegment, None));
            }
        }

        let mut position = oldest.and_then(|segment| segment.first).map_or(covered, |mark| mark.sequence);
        let mut ordinal = None;
        for (index, segment) in counting.iter().enumerate() {
            // One that is missing between is found when the next one is read.
            let next = counting.get(index + 1).filter(|next| next.ordinal - 1 == segment.ordinal);
            if let Some(before) = ordinal
                && segment.ordinal != before + 1
            {
                let name = crate::names::segment(before + 1, 0);
                let last = segment.first.map_or(position, |mark| mark.sequence);
                let missing = (last > position).then_some((position + 1, last));
                return Err(damaged(&name, 0, What::NoSegment, missing));
            }
            ordinal = Some(segment.ordinal);
            position = self.segment(segment, next, covered, position)?;
        }
        self.done.sequence = self.done.sequence.max(position);
        Ok(())
    }

    /// Reads a segment behind change `before`, and gives the number of its last change.
    fn segment(
        &mut self,
        segment: &SegmentFile,
        next: Option<&SegmentFile>,
        covered: u64,
        before: u64,
    ) -> Result<u64, Error> {
        let name = &segment.name;
        let file = self.storage.open(name).map_err(Error::io("open", name))?;
        let (mut sum, mut last, mut begun) = (Sum::default(), before, false);
        let (visit, done) = (&mut *self.visit, &mut self.done);
        let stopped = walk(&file, name, self.salt, FIRST_RECORD, segment.bytes, &mut |item| {
            // Only the last segment, or the one before it, is copied.
            if next.is_none_or(|next| next.first.is_none()) {
                sum.add(item.bytes);
            }
            let time = follow(name, &item, &mut last, &mut begun)?;
            done.newest_time = done.newest_time.max(time);
            match item.frame.kind {
                _ if item.frame.sequence <= covered => return Ok(()),
                Kind::Mark => return Ok(()),
                Kind::Put => done.puts += 1,
                Kind::Delete => done.deletes += 1,
            }
            visit(item.frame).map_err(|error| damaged(name, item.offset, What::Body(error), None))
        })?;
        let behind = look_behind(&file, name, self.salt, stopped.offset, segment.bytes)?;
        judge(segment, next, &stopped, behind, last)?;
        self.done.log_bytes += stopped.offset;
        if behind.anything {
            self.done.torn = Some((name.clone(), stopped.offset));
        }
        if begun {
            self.done.tail = Some(Tail { end: stopped.offset, sum: sum.value() });
            self.done.segments.push(segment.clone());
        }
        Ok(last)
    }
}

/// Checks that a record follows the one before; gives the time that it tells.
fn follow(name: &str, item: &Item<'_>, last: &mut u64, begun: &mut bool) -> Result<u64, Error> {
    let found = item.frame.sequence;
    let out_of_order = |expected| damaged(name, item.offset, What::Number { found, expected }, None);
    if item.frame.kind == Kind::Mark {
        let mark = Mark::decode(&item.frame).ok_or_else(|| damaged(name, item.offset, What::Mark, None))?;
        if found != *last {
            return Err(out_of_order(*last));
        }
        *begun = true;
        return Ok(mark.newest_time);
    }
    if !*begun {
        return Err(damaged(name, item.offset, What::Mark, None));
    }
    if Some(found) != last.checked_add(1) {
        return Err(out_of_order(last.saturating_add(1)));
    }
    *last = found;
    Ok(item.frame.time.into())
}

/// Whether what stands behind the last whole change may be cut. `last` is the number of that change.
fn judge(
    segment: &SegmentFile,
    next: Option<&SegmentFile>,
    stopped: &Stopped,
    behind: Behind,
    last: u64,
) -> Result<(), Error> {
    let what = match &stopped.why {
        Stop::Broken(what) => what.clone(),
        Stop::End | Stop::Empty => What::Nothing,
    };
    if let Some(next) = next {
        // It was synced to its end before the next one was written to.
        let promised = next.first.map(|mark| mark.sequence);
        let short = promised.is_some_and(|promised| promised != last);
        if behind.anything || short {
            let until = promised.or(behind.durable).filter(|&until| until > last);
            return Err(damaged(&segment.name, stopped.offset, what, until.map(|until| (last + 1, until))));
        }
    } else if let Some(durable) = behind.durable
        && durable > last
    {
        return Err(damaged(&segment.name, stopped.offset, what, Some((last + 1, durable))));
    }
    Ok(())
}

pub(crate) fn damaged(file: &str, offset: u64, what: What, missing: Option<(u64, u64)>) -> Error {
    Error::Damaged(Damage { file: file.to_owned(), offset, what, missing })
}
