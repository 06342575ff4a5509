//! `fosix leases`: what is in a store, whether a server runs on it or not.
//!
//! ```text
//! list, show, export, stats   live.rs: the control socket of a running server, else place.rs: the files
//! import                      import.rs: Kea's rows ──► take.rs, here or in the server
//! check, repair               files.rs: the files of a stopped one
//! ```

mod args;
mod family;
mod files;
mod filter;
mod import;
mod json;
mod live;
mod place;
mod render;
mod take;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use fosix_lease::LeaseState;
use fosix_lease::kea_csv::{Generation, Unrepresentable, WriteError, Writer};

pub(crate) use args::Args;
pub(crate) use family::{Family, V4, V6};
pub(crate) use filter::Filter;
#[cfg(test)]
pub(crate) use json::to4;
pub(crate) use json::{hex, unhex};
pub(crate) use take::{Change, Taking};

/// Gives every lease in a server's directory to `take`, whether the server runs or not.
pub(crate) fn leases_in<F: Family>(
    directory: &Path,
    take: impl FnMut(F::Lease) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    place::list::<F>(directory, &Filter::default(), take)
}

use self::args::{Command, Format, Kea};
use self::filter::{state_name, state_named};
use crate::serve;

/// Does what was asked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let result = if args.dhcp6 { run_for::<V6>(args) } else { run_for::<V4>(args) };
    // Whoever reads the output has seen enough.
    let gone = |error: &anyhow::Error| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    match result {
        Err(error) if gone(&error) => Ok(ExitCode::SUCCESS),
        result => result,
    }
}

/// Tables are sorted up to this length; longer ones are written as leases are met with.
const SORTED: usize = 200_000;

fn run_for<F: Family>(args: &Args) -> anyhow::Result<ExitCode> {
    let directory = &args.directory;
    match &args.command {
        Command::List { which, format } => list::<F>(directory, &which.filter(), *format)?,
        Command::Show { which } => show::<F>(directory, which)?,
        Command::Export { file, kea } => return export::<F>(directory, file, *kea),
        Command::Import { file, keep_going } => return import::run::<F>(directory, file, *keep_going),
        Command::Check => return files::check::<F>(directory),
        Command::Repair => return files::repair::<F>(directory),
        Command::Stats => stats::<F>(directory)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list<F: Family>(directory: &Path, filter: &Filter, format: Format) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        Format::Json => {
            place::list::<F>(directory, filter, |lease| Ok(writeln!(out, "{}", F::to_json(&lease))?))?;
        }
        Format::Csv => {
            let mut rows = Writer::new(&mut out, Generation::Kea30)?;
            let mut left_out = 0u64;
            place::list::<F>(directory, filter, |lease| match rows.write(&lease) {
                Err(WriteError::Unrepresentable(Unrepresentable::NoLifetime)) => Ok(()),
                Err(WriteError::Unrepresentable(_)) => {
                    left_out += 1;
                    Ok(())
                }
                result => Ok(result?),
            })?;
            tell_left_out(left_out);
        }
        Format::Table => {
            let now = serve::wall_clock();
            let mut kept = Vec::new();
            F::head(&mut out)?;
            place::list::<F>(directory, filter, |lease| {
                kept.push(lease);
                if kept.len() > SORTED {
                    kept.drain(..).try_for_each(|lease| F::row(&lease, now, &mut out))?;
                }
                Ok(())
            })?;
            kept.sort_by_key(F::order);
            kept.iter().try_for_each(|lease| F::row(lease, now, &mut out))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn show<F: Family>(directory: &Path, which: &str) -> anyhow::Result<()> {
    let filter = match (which.parse(), unhex(which)) {
        (Ok(address), _) => Filter { address: Some(address), ..Filter::default() },
        (_, Ok(client)) => Filter { client: Some(client), ..Filter::default() },
        _ => bail!("{which:?} is neither an address nor a client in hexadecimal"),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let (now, mut count) = (serve::wall_clock(), 0);
    place::list::<F>(directory, &filter, |lease| {
        if count > 0 {
            writeln!(out)?;
        }
        count += 1;
        Ok(F::whole(&lease, now, &mut out)?)
    })?;
    out.flush()?;
    if count == 0 {
        bail!("no lease of {which}");
    }
    Ok(())
}

fn export<F: Family>(directory: &Path, file: &Path, kea: Kea) -> anyhow::Result<ExitCode> {
    let generation = match kea {
        Kea::V2 => Generation::Kea22,
        Kea::V3 => Generation::Kea30,
    };
    let output = OpenOptions::new().write(true).create_new(true).open(file);
    let output = output.with_context(|| format!("cannot make {}", file.display()))?;
    let mut out = BufWriter::new(&output);
    let mut rows = Writer::new(&mut out, generation)?;
    let (mut written, mut left_out) = (0u64, 0u64);
    place::list::<F>(directory, &Filter::default(), |lease| {
        match rows.write(&lease) {
            Ok(()) => written += 1,
            // Held for less than a second, and by nobody now: a file without it says the same.
            Err(WriteError::Unrepresentable(Unrepresentable::NoLifetime)) => {}
            Err(WriteError::Unrepresentable(why)) => {
                left_out += 1;
                tell(&format!("left out: {} : {why}", F::to_json(&lease)));
            }
            Err(error) => return Err(error).context("cannot write the file"),
        }
        Ok(())
    })?;
    out.flush()?;
    drop(out);
    output.sync_all()?;
    tell(&format!("{written} leases written to {}", file.display()));
    tell_left_out(left_out);
    Ok(if left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn stats<F: Family>(directory: &Path) -> anyhow::Result<()> {
    let now = serve::wall_clock();
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let mut subnets: BTreeMap<u64, u64> = BTreeMap::new();
    place::list::<F>(directory, &Filter::default(), |lease| {
        let value = F::to_json(&lease);
        let ended = |state| F::takes(&Filter { state: Some(state), ..Filter::default() }, &lease, now);
        let state = ALL_STATES.into_iter().find(|state| ended(*state)).map_or("unknown", state_name);
        *states.entry(state).or_default() += 1;
        let subnet = value.get("subnet-id").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if state_named(state).is_some_and(LeaseState::keeps_others_away) {
            *subnets.entry(subnet).or_default() += 1;
        }
        Ok(())
    })?;
    let mut out = io::stdout().lock();
    for (state, count) in states {
        writeln!(out, "{state:<20} {count}")?;
    }
    for (subnet, count) in subnets {
        writeln!(out, "held in subnet {subnet:<5} {count}")?;
    }
    if let Some(live) = live::Live::connect(&directory.join(F::FOLDER))? {
        let stats = live.stats()?;
        for name in ["changes", "durable", "health"] {
            let value = stats.get(name).unwrap_or(&serde_json::Value::Null);
            match value.as_str() {
                Some(text) => writeln!(out, "{name:<20} {text}")?,
                None => writeln!(out, "{name:<20} {value}")?,
            }
        }
    }
    Ok(())
}

const ALL_STATES: [LeaseState; 5] = [
    LeaseState::Assigned,
    LeaseState::Declined,
    LeaseState::Expired,
    LeaseState::Released,
    LeaseState::Registered,
];

/// Says something that is not the result itself.
fn tell(words: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr().lock(), "{words}");
}

fn tell_left_out(count: u64) {
    if count > 0 {
        tell(&format!("{count} leases were left out: Kea's files have no place for them"));
    }
}
