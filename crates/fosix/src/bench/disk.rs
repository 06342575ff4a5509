//! `fosix bench disk`: what it takes to have something on the disk, and nothing else. No answer that rests on a lease can be quicker.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::measure::Latency;
use super::report::{percentile_name, percentiles};
use super::{machine, measure};
use crate::serve::wall_clock;

/// `fosix bench disk`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory in which a file is written: on the disk that leases are kept on
    #[arg(long, value_name = "DIRECTORY")]
    directory: PathBuf,
    /// Seconds that are measured
    #[arg(long, default_value_t = 5.0, value_name = "S")]
    duration: f64,
    /// A name for the report
    #[arg(long, default_value = "", value_name = "TEXT")]
    label: String,
    /// Write the whole result there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Bytes of the file, which is written over again and again; bytes of each write.
const FILE_BYTES: u64 = 64 << 20;
const BLOCK: [u8; 4096] = [0xf0; 4096];

/// Writes a block and syncs it (fdatasync), again and again.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let duration =
        Duration::try_from_secs_f64(args.duration).context("--duration must be a number of seconds")?;
    let path = args.directory.join(format!("fosix-bench-disk-{}", std::process::id()));
    let doing = |what: &str| format!("cannot {what} {}", path.display());
    let file = File::create_new(&path).with_context(|| doing("create"))?;
    let measured = measure(&file, duration);
    fs::remove_file(&path).with_context(|| doing("remove"))?;
    let (latency, took) = measured.with_context(|| doing("write"))?;
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 of them")]
    let rate = latency.count() as f64 / took.as_secs_f64().max(1e-9);
    let mut out = io::stdout().lock();
    write!(out, "{rate:.0} writes of 4 KiB a second, each synced:")?;
    for percentile in measure::PERCENTILES {
        write!(out, " {} {} us", percentile_name(percentile), latency.at(percentile))?;
    }
    writeln!(out)?;
    if let Some(json) = &args.json {
        let value = serde_json::json!({
            "label": args.label,
            "command": std::env::args().collect::<Vec<_>>().join(" "),
            "machine": machine::describe(),
            "unix_time": wall_clock().0,
            "exchanges_per_second": rate,
            "latency_us": { "exchange": percentiles(&latency) },
        });
        fs::write(json, serde_json::to_string_pretty(&value)?)
            .with_context(|| format!("cannot write {}", json.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(file: &File, duration: Duration) -> io::Result<(Latency, Duration)> {
    // Written once before, so that no sync has to do with where the file is.
    for position in (0..FILE_BYTES).step_by(BLOCK.len()) {
        file.write_all_at(&BLOCK, position)?;
    }
    file.sync_all()?;
    let mut latency = Latency::new();
    let begun = Instant::now();
    for position in (0..FILE_BYTES).step_by(BLOCK.len()).cycle() {
        if begun.elapsed() >= duration {
            break;
        }
        let each = Instant::now();
        file.write_all_at(&BLOCK, position)?;
        file.sync_data()?;
        latency.record(super::plan::microseconds(each.elapsed()));
    }
    Ok((latency, begun.elapsed()))
}
