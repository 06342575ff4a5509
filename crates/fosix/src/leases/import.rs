//! Leases taken over from Kea's files: first everything is read, then everything is taken.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fosix_lease::kea_csv::{self, Row};
use serde_json::json;

use super::family::Family;
use super::live::Live;
use super::{Change, Taking, place, tell};
use crate::serve;

/// Takes the leases in `file`, and in what belongs to it, into the store in `directory`.
pub(super) fn run<F: Family>(directory: &Path, file: &Path, keep_going: bool) -> anyhow::Result<ExitCode> {
    let files = kea_csv::load_order(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut bad = 0u64;
    let mut rows = 0u64;
    each_row::<F>(&files, "reading", &mut |path, _, row| {
        rows += 1;
        if let Row::Bad(row) = row {
            bad += 1;
            tell(&format!("{}: {row}", path.display()));
        }
        Ok(())
    })?;
    if bad > 0 && !keep_going {
        bail!("{bad} of {rows} rows cannot be taken, so none was; with --keep-going the others are");
    }
    let directory = directory.join(F::FOLDER);
    let (taken, refused) = match Live::connect(&directory)? {
        Some(live) => to_server::<F>(live, &files)?,
        None => to_files::<F>(&directory, &files)?,
    };
    tell(&format!("{rows} rows: {taken} taken, {refused} refused, {bad} unreadable"));
    Ok(if bad + refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Into the store of a stopped server.
fn to_files<F: Family>(directory: &Path, files: &[PathBuf]) -> anyhow::Result<(u64, u64)> {
    let store = place::open::<F>(directory)?;
    let now = serve::wall_clock();
    let taking = Taking::<F>::begin(&store);
    let (mut taken, mut refused) = (0, 0);
    each_row::<F>(files, "taking", &mut |path, line, row| {
        let Some(change) = change::<F>(row) else { return Ok(()) };
        match taking.take(change, now) {
            Ok(()) => taken += 1,
            Err(why) => {
                refused += 1;
                tell(&format!("{}: row {line} is not taken: {why}", path.display()));
            }
        }
        Ok(())
    })?;
    taking.finish().map_err(anyhow::Error::msg)?;
    store.take_snapshot().context("the leases are taken, but no snapshot of them is")?;
    if let Some(journal) = store.journal() {
        journal.stop()?;
    }
    Ok((taken, refused))
}

/// Into a running server.
fn to_server<F: Family>(live: Live, files: &[PathBuf]) -> anyhow::Result<(u64, u64)> {
    let mut refused = 0;
    let taken = live.put(
        |send| {
            each_row::<F>(files, "handing over", &mut |path, line, row| {
                let mut value = match change::<F>(row) {
                    Some(Change::Put(lease)) => F::to_json(&lease),
                    Some(Change::Delete(key)) => json!({ "delete": F::key_to_json(&key) }),
                    None => return Ok(()),
                };
                if let Some(value) = value.as_object_mut() {
                    value.insert("origin".to_owned(), json!(format!("{}: row {line}", path.display())));
                }
                send(&value)
            })
        },
        |origin, why| {
            refused += 1;
            tell(&format!("{origin} is not taken: {why}"));
        },
    )?;
    Ok((taken, refused))
}

fn change<F: Family>(row: Row<F::Lease, F::Key>) -> Option<Change<F>> {
    match row {
        Row::Lease(lease) => Some(Change::Put(lease)),
        Row::Delete(key) => Some(Change::Delete(key)),
        Row::Bad(_) => None,
    }
}

type Visit<'v, F> =
    &'v mut dyn FnMut(&Path, u64, Row<<F as Family>::Lease, <F as Family>::Key>) -> anyhow::Result<()>;

/// Gives each row of the files, in the order in which they count, with its number in its file.
fn each_row<F: Family>(files: &[PathBuf], what: &'static str, visit: Visit<'_, F>) -> anyhow::Result<()> {
    let mut progress = Progress::new(what, files);
    for path in files {
        let place = || path.display().to_string();
        let file = File::open(path).with_context(place)?;
        let input = Counted { input: file, read: Rc::clone(&progress.read) };
        let mut rows = F::rows(Box::new(BufReader::with_capacity(1 << 20, input))).with_context(place)?;
        let mut number = 0;
        while let Some(row) = rows.next() {
            number += 1;
            visit(path, number, row.with_context(place)?)?;
            progress.step();
        }
        let notes = rows.notes();
        if what == "reading" {
            for column in &notes.unknown_columns {
                tell(&format!("{}: column {column} is not known, and left out", path.display()));
            }
            if notes.names_replaced > 0 {
                let count = notes.names_replaced;
                tell(&format!(
                    "{}: {count} host names have octets that are no UTF-8, which are replaced",
                    path.display()
                ));
            }
            if notes.unterminated {
                tell(&format!("{}: the last line has no end, and may have been cut off", path.display()));
            }
        }
    }
    progress.finish();
    Ok(())
}

/// A file, and how much of all files was read.
struct Counted {
    input: File,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.set(self.read.get().saturating_add(u64::try_from(count).unwrap_or(0)));
        Ok(count)
    }
}

/// A line on a terminal that says how far it is.
struct Progress {
    what: &'static str,
    read: Rc<Cell<u64>>,
    total: u64,
    rows: u64,
    begun: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new(what: &'static str, files: &[PathBuf]) -> Self {
        let sizes = files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len());
        let (total, terminal) = (sizes.sum(), io::stderr().is_terminal());
        Self { what, read: Rc::default(), total, rows: 0, begun: Instant::now(), shown: None, terminal }
    }

    fn step(&mut self) {
        const EVERY: Duration = Duration::from_millis(200);
        self.rows += 1;
        if self.terminal
            && self.rows.is_multiple_of(1024)
            && self.shown.is_none_or(|shown| shown.elapsed() >= EVERY)
        {
            self.show("\r");
            self.shown = Some(Instant::now());
        }
    }

    fn finish(&mut self) {
        if self.shown.is_some() {
            self.show("\n");
        }
    }

    fn show(&self, end: &str) {
        let percent = self.read.get().saturating_mul(100).checked_div(self.total).unwrap_or(100);
        let per_second = u128::from(self.rows) * 1000 / self.begun.elapsed().as_millis().max(1);
        let bar: String = (0..50).map(|at| if at * 2 < percent { '#' } else { '.' }).collect();
        let line = format!("{:<12} [{bar}] {percent:>3} %  {} rows, {per_second}/s", self.what, self.rows);
        // A terminal that is gone needs no progress.
        let _ = io::Write::write_all(&mut io::stderr(), format!("\r{line}{end}").as_bytes());
    }
}
