//! How fast updates become durable: the lease store, its log alone, fjall and redb, and a bare loop of write and fdatasync,
//! in one run on one disk.
//!
//! `cargo run --release --bin compare [DIRECTORY [SECONDS]]`, with the seconds that each figure is measured for.
//!
//! Rounds alternate, so that a disk or a machine that is slow for a while is so for all. What a round put off is waited for
//! behind it: its processor time and what it wrote count, its time does not.

mod beside_snapshot;
mod contenders;
mod others;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use contenders::{Bare, Contender, ENTRIES, Leases, Log, Update, VALUE};
use fosix_store_bench::{
    Measured, Place, Random, allocated, cpu_time, describe, load, quantile, written_bytes,
};
use others::{Fjall, Redb};

const BATCHES: [usize; 4] = [1, 100, 1_000, 10_000];

const ROUNDS: u32 = 5;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let place = Place::new(arguments.next().map(PathBuf::from).as_deref())?;
    let seconds = match arguments.next() {
        Some(text) => text.to_str().and_then(|text| text.parse().ok()).context("SECONDS is a number")?,
        None => 2.5,
    };
    let round = Duration::from_secs_f64(seconds) / ROUNDS;
    println!("{}\n", describe(place.path())?);
    let at = |name| place.path().join(name);
    let mut updates = Updates::new();

    let mut leases = Leases::new(at("leases"))?;
    {
        let mut growing = Bare::new(at("growing"), false)?;
        let mut allocated = Bare::new(at("allocated"), true)?;
        let mut log = Log::new(at("log"))?;
        let (mut fjall, mut redb) = (Fjall::new(at("fjall"))?, Redb::new(at("redb"))?);
        let mut contenders: [&mut dyn Contender; 6] =
            [&mut growing, &mut allocated, &mut log, &mut leases, &mut fjall, &mut redb];
        compare(&mut contenders, round, &mut updates)?;
        println!("\n| {ENTRIES} entries | on the disk at the end, MiB |\n|---|---|");
        for contender in contenders.iter().skip(2) {
            println!("| {} | {} |", contender.name(), allocated_mib(*contender)?);
        }
    }
    println!("| (nothing was granted for want of room: {} times)", leases.refused);
    beside_snapshot::run(&mut leases, at("bare"), round, &mut updates)?;
    println!("| leases and log, after a snapshot: {} MiB on the disk", allocated_mib(&leases)?);
    println!("\nload {} at the end", load()?);
    Ok(())
}

fn compare(contenders: &mut [&mut dyn Contender], round: Duration, updates: &mut Updates) -> Result<()> {
    println!(
        "| batch | | updates/s | CPU us | written, bytes | batch: p50 us | p99 | p99.9 | commit: p50 us | p99 | p99.9 | p99 to the bare loop's |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for batch in BATCHES {
        let mut figures = vec![Measured::default(); contenders.len()];
        for _ in 0..ROUNDS {
            for (contender, measured) in contenders.iter_mut().zip(&mut figures) {
                commit_for(*contender, batch, round, updates, measured)?;
            }
        }
        // The quicker of the two loops.
        let bare = figures.iter().take(2).filter_map(|bare| quantile(&bare.commits, 990)).min();
        for (contender, measured) in contenders.iter().zip(&figures) {
            let (rate, cpu, written) = (measured.rate(), measured.cpu_each(), measured.written_each());
            print!("| {batch} | {} | {rate:.0} | {cpu:.2} | {written:.0}", contender.name());
            println!("{}{}", latencies(&measured.batches), commits(measured, bare));
        }
    }
    Ok(())
}

/// Commits batches until `round` is over.
fn commit_for(
    contender: &mut dyn Contender,
    batch: usize,
    round: Duration,
    updates: &mut Updates,
    measured: &mut Measured,
) -> Result<()> {
    let (cpu, written, begun) = (cpu_time()?, written_bytes()?, Instant::now());
    while begun.elapsed() < round {
        let updates = updates.next(batch);
        let start = Instant::now();
        let handed_over = contender.commit(&updates)?;
        measured.commits.push(handed_over.elapsed());
        measured.batches.push(start.elapsed());
        measured.updates += batch as u64;
    }
    measured.wall += begun.elapsed();
    contender.settle()?;
    measured.cpu += cpu_time()?.saturating_sub(cpu);
    measured.written += written_bytes()?.saturating_sub(written);
    Ok(())
}

/// The cells of p50, p99 and p99.9.
fn latencies(times: &[Duration]) -> String {
    let micros = |time: Duration| time.as_micros().to_string();
    let cell = |of_1000| format!(" | {}", quantile(times, of_1000).map_or("-".to_owned(), micros));
    [500, 990, 999].map(cell).concat()
}

/// The same of commits, and how their p99 compares.
fn commits(measured: &Measured, bare: Option<Duration>) -> String {
    let ratio = quantile(&measured.commits, 990).zip(bare);
    let ratio = ratio.map(|(ours, bare)| format!("{:.1}", ours.as_secs_f64() / bare.as_secs_f64()));
    format!("{} | {} |", latencies(&measured.commits), ratio.unwrap_or("-".to_owned()))
}

fn allocated_mib(contender: &dyn Contender) -> Result<u64> {
    Ok(allocated(contender.directory())? >> 20)
}

/// Batches of random keys, with values that do not compress.
struct Updates {
    random: Random,
    bytes: Vec<u8>,
}

impl Updates {
    fn new() -> Self {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let bytes = (0..1 << 17).flat_map(|_| random.number().to_le_bytes()).collect();
        Self { random, bytes }
    }

    fn next(&mut self, batch: usize) -> Vec<Update<'_>> {
        let (random, bytes) = (&mut self.random, &self.bytes);
        let one = |_| {
            let key = u32::try_from(random.below(ENTRIES.into())).unwrap_or(0);
            let start = usize::try_from(random.below((bytes.len() - VALUE) as u64)).unwrap_or(0);
            Update { key, value: bytes.get(start..start + VALUE).unwrap_or_default() }
        };
        (0..batch).map(one).collect()
    }
}
