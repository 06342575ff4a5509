//! What a commit takes while a snapshot of all leases is being written.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fosix_store_bench::{Measured, cpu_time, quantile};

use crate::contenders::{Bare, Contender, Leases};
use crate::{ROUNDS, Updates, commit_for, commits};

/// Rounds of the bare loop, of commits alone, and of commits beside one snapshot alternate.
pub(crate) fn run(leases: &mut Leases, bare: PathBuf, round: Duration, updates: &mut Updates) -> Result<()> {
    let mut bare = Bare::new(bare, true)?;
    let (cpu, begun) = (cpu_time()?, Instant::now());
    let count = leases.store.take_snapshot()?;
    let cpu = cpu_time()?.saturating_sub(cpu);
    println!(
        "\nA snapshot of {count} leases, nothing else: {:.2} s, {:.2} s of processor time.\n",
        begun.elapsed().as_secs_f64(),
        cpu.as_secs_f64()
    );
    println!(
        "| batch | | commits | commit: p50 us | p99 | p99.9 | p99 to the bare loop's | longest us | batch: p99 us |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for batch in [1, 100, 1_000] {
        let mut figures = [Measured::default(), Measured::default(), Measured::default()];
        let [first, second, third] = &mut figures;
        let mut snapshots = Duration::ZERO;
        for _ in 0..ROUNDS {
            commit_for(&mut bare, batch, round, updates, first)?;
            commit_for(leases, batch, round, updates, second)?;
            snapshots += commit_beside(leases, batch, updates, third)?;
        }
        let quickest = figures.first().and_then(|bare| quantile(&bare.commits, 990));
        let names = [bare.name(), leases.name(), "leases and log beside a snapshot"];
        for (name, measured) in names.iter().zip(&figures) {
            let longest = measured.commits.iter().max().copied().unwrap_or_default().as_micros();
            let whole =
                quantile(&measured.batches, 990).map_or("-".to_owned(), |time| time.as_micros().to_string());
            let (count, commits) = (measured.commits.len(), commits(measured, quickest));
            println!("| {batch} | {name} | {count}{commits} {longest} | {whole} |");
        }
        println!("| {batch} | (a snapshot took {:.2} s) |", (snapshots / ROUNDS).as_secs_f64());
    }
    Ok(())
}

/// Commits until a snapshot is written; says how long that took.
fn commit_beside(
    leases: &mut Leases,
    batch: usize,
    updates: &mut Updates,
    measured: &mut Measured,
) -> Result<Duration> {
    let done = AtomicBool::new(false);
    let store = Arc::clone(&leases.store);
    thread::scope(|scope| {
        let snapshot = scope.spawn(|| {
            let begun = Instant::now();
            let taken = store.take_snapshot();
            done.store(true, Ordering::Release);
            taken.map(|_| begun.elapsed())
        });
        while !done.load(Ordering::Acquire) {
            let updates = updates.next(batch);
            let start = Instant::now();
            let handed_over = leases.commit(&updates)?;
            measured.commits.push(handed_over.elapsed());
            measured.batches.push(start.elapsed());
        }
        Ok(snapshot.join().map_err(|_| anyhow!("the snapshot panicked"))??)
    })
}
