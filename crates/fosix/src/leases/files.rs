//! The files of a store that no server uses: whether they are whole, and what can be done when they are not.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use fosix_lease::Kept;

use super::family::Family;
use super::{place, tell};
use crate::serve;

/// Looks at every file and at every lease, and changes nothing.
pub(super) fn check<F: Family>(directory: &Path) -> anyhow::Result<ExitCode> {
    let directory = directory.join(F::FOLDER);
    let files = place::existing(&directory)?;
    let mut leases = F::none();
    let report = fosix_journal::check(&files, F::Leases::FAMILY, &mut |frame| leases.replay(&frame))
        .with_context(|| format!("cannot check {}", directory.display()))?;
    let mut findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    if findings.is_empty() {
        findings = leases.finish_replay(serve::wall_clock());
    }
    let mut out = io::stdout().lock();
    for file in &report.files {
        writeln!(out, "{:<32} {:>14} bytes", file.name, file.bytes)?;
    }
    let (puts, deletes) = report.records;
    writeln!(
        out,
        "{} leases in the snapshot; {puts} puts and {deletes} deletes are read at a start",
        report.in_snapshot
    )?;
    writeln!(out, "the last change is number {}", report.sequence)?;
    if let Some((file, offset)) = &report.torn {
        writeln!(
            out,
            "a write was interrupted in {file} at byte {offset}; a start cuts it off, and nothing is lost"
        )?;
    }
    for finding in &findings {
        writeln!(out, "DAMAGE: {finding}")?;
    }
    writeln!(out, "{}", if findings.is_empty() { "the store is whole" } else { "the store is damaged" })?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Keeps what is readable, and says what is lost.
pub(super) fn repair<F: Family>(directory: &Path) -> anyhow::Result<ExitCode> {
    let directory = directory.join(F::FOLDER);
    let files = place::existing(&directory)?;
    let repaired =
        fosix_journal::repair(&files, place::options::<F>(), &mut |frame| F::Leases::accept(&frame))
            .with_context(|| format!("cannot repair {}", directory.display()))?;
    if repaired.findings.is_empty() {
        tell("nothing is damaged, and nothing was done");
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = io::stdout().lock();
    for finding in &repaired.findings {
        writeln!(out, "DAMAGE: {finding}")?;
    }
    match repaired.from_snapshot {
        (kept, Some(all)) => writeln!(out, "{kept} of {all} leases of the snapshot are kept")?,
        (kept, None) => {
            writeln!(out, "{kept} leases of the snapshot are kept; how many there were is not known")?;
        }
    }
    writeln!(out, "{} changes of the log are kept", repaired.from_log)?;
    for (first, last) in &repaired.lost {
        writeln!(out, "LOST: changes {first} to {last}")?;
    }
    writeln!(out, "the files as they were are in {}", directory.join(&repaired.folder).display())?;
    Ok(ExitCode::SUCCESS)
}
