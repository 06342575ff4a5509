//! What lies in a store's directory, from the names and the headers alone.

use crate::error::{Damage, Error, What};
use crate::frame::Salt;
use crate::header::{Contents, FILE_HEADER_LEN, FIRST_RECORD, FileHeader};
use crate::mark::{MARK_LEN, Mark};
use crate::names::{self, Name};
use crate::storage::{File, Storage, read_full};
use crate::walk::{look_behind, mark_at};

/// The files of a store.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// None in a store that is yet to be made.
    pub(crate) salt: Option<Salt>,
    /// In the order of their ordinals, of each ordinal the latest generation.
    pub(crate) segments: Vec<SegmentFile>,
    /// In the order of their numbers; only the last one counts.
    pub(crate) snapshots: Vec<SnapshotFile>,
    /// Segments of former generations.
    pub(crate) outdated: Vec<String>,
    /// What was not finished.
    pub(crate) unfinished: Vec<String>,
    /// The newest time in a header.
    pub(crate) newest_time: u64,
    /// Bytes of all segments and snapshots.
    pub(crate) bytes: u64,
    /// Files that are not what their names say, in the order of their names.
    pub(crate) findings: Vec<Error>,
}

#[derive(Debug, Clone)]
pub(crate) struct SegmentFile {
    pub(crate) name: String,
    pub(crate) ordinal: u64,
    pub(crate) generation: u64,
    pub(crate) bytes: u64,
    /// The mark that it begins with, when that is whole.
    pub(crate) first: Option<Mark>,
    /// Whether anything is behind the header. What is behind which nothing was written is not looked at.
    pub(crate) written: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct SnapshotFile {
    pub(crate) name: String,
    pub(crate) sequence: u64,
    /// Puts in it.
    pub(crate) leases: u64,
    /// The whole file.
    pub(crate) bytes: u64,
}

impl Survey {
    /// Looks at every file. What is wrong with one becomes a finding; an error is only what kept it from looking.
    pub(crate) fn take<S: Storage>(storage: &S, family: u16) -> Result<Self, Error> {
        let place = storage.place();
        let mut entries = storage.list().map_err(Error::io("list", &place))?;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut survey = Self::default();
        for entry in entries {
            match names::parse(&entry.name) {
                Name::Other => {}
                Name::Unfinished => survey.unfinished.push(entry.name),
                name => {
                    survey.bytes = survey.bytes.saturating_add(entry.bytes);
                    survey.look_at(storage, family, entry.name, name)?;
                }
            }
        }
        survey.keep_the_latest();
        survey.find_what_was_written(storage)?;
        survey.snapshots.sort_by_key(|snapshot| snapshot.sequence);
        Ok(survey)
    }

    fn look_at<S: Storage>(
        &mut self,
        storage: &S,
        family: u16,
        file_name: String,
        name: Name,
    ) -> Result<(), Error> {
        let file = storage.open(&file_name).map_err(Error::io("open", &file_name))?;
        let bytes = file.size().map_err(Error::io("measure", &file_name))?;
        let mut start = [0; FILE_HEADER_LEN + MARK_LEN];
        let read = read_full(&file, &mut start, 0).map_err(Error::io("read", &file_name))?;
        let start = start.get(..read).unwrap_or_default();
        let header = match FileHeader::decode(start, &file_name) {
            Ok(header) => header,
            Err(error) => {
                self.findings.push(error);
                return Ok(());
            }
        };
        if header.family != family {
            let (found, expected) = (header.family, family);
            self.findings.push(Error::OtherFamily { file: file_name, found, expected });
            return Ok(());
        }
        let salt = *self.salt.get_or_insert(header.salt);
        if header.salt != salt {
            let (found, expected) = (header.salt, salt);
            self.findings.push(Error::OtherStore { file: file_name, found, expected });
            return Ok(());
        }
        match (header.contents, name) {
            (Contents::Log { ordinal, generation }, named)
                if named == (Name::Segment { ordinal, generation }) =>
            {
                let first = start.get(FILE_HEADER_LEN..).and_then(|bytes| mark_at(bytes, salt));
                let written = first.is_some();
                let segment = SegmentFile { name: file_name, ordinal, generation, bytes, first, written };
                self.segments.push(segment);
            }
            (Contents::Snapshot { sequence, leases, bytes: counted }, named)
                if named == (Name::Snapshot { sequence }) =>
            {
                if counted.checked_add(FIRST_RECORD) != Some(bytes) {
                    self.find(&file_name, What::Count);
                }
                self.snapshots.push(SnapshotFile { name: file_name, sequence, leases, bytes });
            }
            _ => {
                self.find(&file_name, What::Misnamed);
                return Ok(());
            }
        }
        self.newest_time = self.newest_time.max(header.newest_time);
        Ok(())
    }

    fn find(&mut self, file: &str, what: What) {
        let damage = Damage { file: file.to_owned(), offset: 0, what, missing: None };
        self.findings.push(Error::Damaged(damage));
    }

    fn keep_the_latest(&mut self) {
        self.segments.sort_by_key(|segment| (segment.ordinal, segment.generation));
        let mut latest: Vec<SegmentFile> = Vec::new();
        for segment in self.segments.drain(..) {
            match latest.last_mut() {
                Some(last) if last.ordinal == segment.ordinal => {
                    self.outdated.push(std::mem::replace(last, segment).name);
                }
                _ => latest.push(segment),
            }
        }
        self.segments = latest;
    }

    /// A segment without a mark at its start may have been made ahead, or its first write may be torn. Only from
    /// the last one back to the first that was written to does it matter which.
    fn find_what_was_written<S: Storage>(&mut self, storage: &S) -> Result<(), Error> {
        let salt = self.salt.unwrap_or(Salt(0));
        for segment in self.segments.iter_mut().rev() {
            if !segment.written {
                let file = storage.open(&segment.name).map_err(Error::io("open", &segment.name))?;
                let behind = look_behind(&file, &segment.name, salt, FIRST_RECORD, segment.bytes)?;
                segment.written = behind.anything;
            }
            if segment.written {
                break;
            }
        }
        Ok(())
    }
}
