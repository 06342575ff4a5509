//! Looking at a store without changing it.

use crate::error::{BodyError, Error};
use crate::frame::Frame;
use crate::recovery::lock;
use crate::replay::replay;
use crate::storage::{Entry, Storage};
use crate::survey::Survey;

/// What is in a store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// Segments and snapshots that count, in the order in which a start reads them.
    pub files: Vec<Entry>,
    /// The number of the last change.
    pub sequence: u64,
    /// Leases in the newest snapshot, as it says itself.
    pub in_snapshot: u64,
    /// Puts and deletes that a start reads.
    pub records: (u64, u64),
    /// The newest time that the store knows of, in seconds since the Unix epoch.
    pub newest_time: u64,
    /// Where a start would cut a write that a crash had interrupted: the file, and bytes from its start.
    pub torn: Option<(String, u64)>,
    /// What keeps a start from using the store, in the order in which it was found. Reading ends at the first place
    /// that is damaged, so there may be more.
    pub findings: Vec<Error>,
}

/// Reads a store as a start does, without changing anything. No server may use it meanwhile. `visit` is handed every
/// record, and says whether its body makes sense.
pub fn check<S: Storage>(
    storage: &S,
    family: u16,
    visit: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
) -> Result<Report, Error> {
    let _held = lock(storage)?;
    let mut survey = Survey::take(storage, family)?;
    Ok(report(storage, &mut survey, visit))
}

/// As [`check`], of a store that is locked.
pub(crate) fn report<S: Storage>(
    storage: &S,
    survey: &mut Survey,
    visit: &mut dyn FnMut(Frame<'_>) -> Result<(), BodyError>,
) -> Report {
    let snapshot = survey.snapshots.last();
    let snapshots = snapshot.map(|snapshot| (&snapshot.name, snapshot.bytes));
    let segments = survey.segments.iter().map(|segment| (&segment.name, segment.bytes));
    let files = snapshots.into_iter().chain(segments);
    let files = files.map(|(name, bytes)| Entry { name: name.clone(), bytes }).collect();
    let mut report = Report {
        files,
        sequence: 0,
        in_snapshot: snapshot.map_or(0, |snapshot| snapshot.leases),
        records: (0, 0),
        newest_time: survey.newest_time,
        torn: None,
        findings: std::mem::take(&mut survey.findings),
    };
    if report.findings.is_empty() {
        match replay(storage, survey, visit) {
            Ok(replayed) => {
                report.sequence = replayed.sequence;
                report.records = (replayed.puts, replayed.deletes);
                report.newest_time = replayed.newest_time;
                report.torn = replayed.torn;
            }
            Err(error) => report.findings.push(error),
        }
    }
    report
}
