//! How long a start takes with many leases and the longest log that there can be behind a snapshot.
//!
//! `cargo run --release --bin restart [LEASES [DIRECTORY]]`. One process makes the store and ends without stopping it, as if
//! killed; the page cache is dropped if this user may; another one opens the store, three times.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fosix_journal::{Directory, Options, Salt};
use fosix_lease::{Leases4, Store4, Timestamp};
use fosix_store_bench::{Place, SUBNET, allocated, client, cpu_time, describe, grant, load, pool};

const START: u64 = 1_800_000_000;

/// Renewals in a second of a server with much to do.
const BUSY: f64 = 25_000.0;

/// Starts that are measured.
const STARTS: u32 = 3;

/// Changes under one lock.
const BATCH: u32 = 1_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["build", directory, count] => build(Path::new(directory), count.parse()?),
        ["open", directory, count] => open(Path::new(directory), count.parse()?),
        [] => run("10000000", None),
        [count] => run(count, None),
        [count, directory] => run(count, Some(Path::new(directory))),
        _ => bail!("restart [LEASES [DIRECTORY]]"),
    }
}

fn run(count: &str, parent: Option<&Path>) -> Result<()> {
    let place = Place::new(parent)?;
    let (directory, store) = (place.path(), place.path().join("store"));
    println!("{}", describe(directory)?);
    let myself = |what: &str| {
        let status = Command::new(std::env::current_exe()?).arg(what).arg(&store).arg(count).status()?;
        ensure!(status.success(), "`{what}` failed: {status}");
        anyhow::Ok(())
    };
    myself("build")?;
    println!("on the disk: {} MiB", allocated(&store)? >> 20);
    for _ in 0..STARTS {
        // What was written without a sync is on its way; it is not to slow the start down, nor to stay in the cache.
        rustix::fs::sync();
        match fs::write("/proc/sys/vm/drop_caches", "1") {
            Ok(()) => println!("page cache dropped"),
            Err(error) => println!("page cache NOT dropped ({error}): the files are read from memory"),
        }
        myself("open")?;
    }
    println!("load {} at the end", load()?);
    Ok(())
}

fn open_store(directory: &Path, count: u32) -> Result<(Store4, fosix_lease::Opened)> {
    let leases = Leases4::new(&[pool(count)], 10_000);
    let now = |newest: Timestamp| Timestamp(newest.0.max(START));
    Ok(Store4::open(Directory::open(directory)?, Options::new(4, Salt(1)), leases, now, || ())?)
}

/// Makes a store and ends without stopping it.
fn build(directory: &Path, count: u32) -> Result<()> {
    let (store, _) = open_store(directory, count)?;
    let journal = store.journal().context("no journal")?;
    let done = AtomicBool::new(false);
    let begun = Instant::now();
    thread::scope(|scope| {
        // As the server does, with its look once a second.
        let snapshots = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                if journal.snapshot_due() {
                    store.take_snapshot()?;
                }
                thread::sleep(Duration::from_secs(1));
            }
            anyhow::Ok(())
        });
        let granted =
            (0..count.div_ceil(BATCH)).try_for_each(|batch| change(&store, batch * BATCH, count, 1, START));
        done.store(true, Ordering::Release);
        snapshots.join().map_err(|_| anyhow::anyhow!("a snapshot panicked"))??;
        granted
    })?;
    println!("{count} leases granted in {:.1} s", begun.elapsed().as_secs_f64());

    let begun = Instant::now();
    let in_snapshot = store.take_snapshot()?;
    let took = begun.elapsed();
    println!("snapshot of {in_snapshot} leases taken in {:.1} s", took.as_secs_f64());

    // Until another one is due; and what comes while that one is being written.
    let begun = Instant::now();
    let mut renewed = 0_u64;
    let mut renew = || {
        // Here and there, as clients come: a step that has no factor in common with the number of leases.
        change(&store, u32::try_from(renewed % u64::from(count))?, count, 7_919, START + 3_600)?;
        renewed += u64::from(BATCH);
        anyhow::Ok(())
    };
    while !journal.snapshot_due() {
        renew()?;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
    let more = (took.as_secs_f64() * BUSY / f64::from(BATCH)) as u64;
    for _ in 0..more {
        renew()?;
    }
    let sequence = store.lock().staging().sequence();
    ensure!(store.wait_durable(sequence), "the store is poisoned");
    println!(
        "{renewed} renewals behind it in {:.1} s: until the next one is due, and {} that come while it is written",
        begun.elapsed().as_secs_f64(),
        more * u64::from(BATCH)
    );
    // No destructor runs: no last mark, nothing tidied.
    std::process::exit(0);
}

/// Grants or renews the leases of clients `first * step`, `(first + 1) * step` and so on. Waits for room, not for the disk.
fn change(store: &Store4, first: u32, count: u32, step: u64, now: u64) -> Result<()> {
    let mut leases = store.lock();
    for place in first..first.saturating_add(BATCH).min(count) {
        let number = u32::try_from(u64::from(place) * step % u64::from(count))?;
        while !leases.can_grant() {
            drop(leases);
            thread::sleep(Duration::from_millis(1));
            store.journal().context("no journal")?.log().healthy()?;
            leases = store.lock();
        }
        leases.grant(grant(number)?, Timestamp(now))?;
    }
    Ok(())
}

/// Opens the store and gives the first answer.
fn open(directory: &Path, count: u32) -> Result<()> {
    let begun = Instant::now();
    let (store, opened) = open_store(directory, count)?;
    let (open, open_cpu) = (begun.elapsed(), cpu_time()?);
    ensure!(
        usize::try_from(count).is_ok_and(|count| opened.leases == count),
        "leases are missing: {opened:?}"
    );
    ensure!(opened.violations.is_empty(), "leases contradict each other");
    let answer = Instant::now();
    let number = count / 2;
    let now = Timestamp(START + 7_200);
    let sequence = {
        let mut leases = store.lock();
        let held = leases.held_by(&client(number), SUBNET, now).context("the client has lost its lease")?;
        ensure!(held.address() == grant(number)?.address, "the client has another address");
        leases.grant(grant(number)?, now)?;
        leases.staging().sequence()
    };
    ensure!(store.wait_durable(sequence), "the store is poisoned");
    println!(
        "opened in {:.2} s ({:.2} s of processor time), first answer durable after {:.2} s ({} us behind)",
        open.as_secs_f64(),
        open_cpu.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        answer.elapsed().as_micros()
    );
    println!("{} leases, last change {sequence}, {} MiB at the peak", opened.leases, peak_mib()?);
    // For the next start, too, the store was not stopped.
    std::process::exit(0);
}

/// The most memory that this process ever had.
fn peak_mib() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
}
