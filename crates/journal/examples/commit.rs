//! How fast changes become durable: `cargo run --release -p fosix-journal --example commit [DIRECTORY]`.
//!
//! Rounds of commits through the journal alternate with rounds of a bare loop, one write of the same length and one
//! fdatasync, in the same directory: once in a file that was only allocated, once in one that was filled with zeros.
//! Then the journal alone while a snapshot is being written, and a start that reads it all.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement that fails is to end"
)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fosix_journal::{
    Cause, Directory, File, Frame, Journal, Kind, Options, Recovery, Salt, Staging, Storage, encode,
    padded_len,
};
use rustix::time::{ClockId, clock_gettime};

/// Bytes of a body.
const BODY: [u8; 96] = [0x5a; 96];

const ROUNDS: usize = 10;

/// Leases of the snapshot that is written meanwhile.
const LEASES: u64 = 3_000_000;

fn main() {
    let temporary = tempfile::tempdir().unwrap();
    let path = std::env::args_os().nth(1).map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let storage = Directory::open(path.join("commit")).unwrap();
    let options = Options::new(4, Salt(1));
    let recovered = Recovery::open(storage.clone(), options).unwrap().replay(&mut |_| Ok(())).unwrap();
    let journal = recovered.finish(|| ()).unwrap();
    let mut staging = journal.staging();

    println!(
        "{:<26}{:>7}{:>12}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "batch", "updates/s", "CPU us", "p50 us", "p99", "p99.9", "max"
    );
    for (batch, commits) in [(1, 2_000), (100, 2_000), (1_000, 500), (10_000, 100)] {
        compare("", &journal, &mut staging, &storage, batch, commits);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            write_snapshot(&journal);
            done.store(true, Ordering::Relaxed);
        });
        let mut measured = Measured::default();
        while !done.load(Ordering::Relaxed) {
            commit(&journal, &mut staging, 100, 50, &mut measured);
        }
        measured.print("journal beside a snapshot", 100);
    });
    journal.stop().unwrap();
    drop(journal);
    recover(storage);
}

/// How long a start takes to read all that, and to make it durable.
fn recover(storage: Directory) {
    let start = Instant::now();
    let mut records = 0_u64;
    let mut count = |frame: Frame<'_>| {
        records += u64::from(frame.body == BODY);
        Ok(())
    };
    let recovered = Recovery::open(storage, Options::new(4, Salt(1))).unwrap().replay(&mut count).unwrap();
    let read = start.elapsed();
    drop(recovered.into_log().unwrap());
    let all = start.elapsed();
    println!("{records} records read in {:.2} s, ready after {:.2} s", read.as_secs_f64(), all.as_secs_f64());
}

/// Rounds of the journal, and of the bare loop in two kinds of file.
fn compare(
    title: &str,
    journal: &Journal,
    staging: &mut Staging,
    storage: &Directory,
    batch: usize,
    commits: usize,
) {
    let mut figures = [Measured::default(), Measured::default(), Measured::default()];
    for _ in 0..ROUNDS {
        let [first, second, third] = &mut figures;
        commit(journal, staging, batch, commits / ROUNDS, first);
        bare(storage, batch, commits / ROUNDS, false, second);
        bare(storage, batch, commits / ROUNDS, true, third);
    }
    for (name, measured) in ["journal", "bare, allocated", "bare, filled with zeros"].iter().zip(figures) {
        measured.print(&format!("{name}{title}"), batch);
    }
}

#[derive(Default)]
struct Measured {
    times: Vec<Duration>,
    cpu: Duration,
}

impl Measured {
    fn print(mut self, name: &str, batch: usize) {
        self.times.sort_unstable();
        let at = |of_1000: usize| self.times[(self.times.len() * of_1000 / 1000).min(self.times.len() - 1)];
        let (count, sum) = (self.times.len(), self.times.iter().sum::<Duration>());
        let updates = (batch * count) as f64;
        println!(
            "{name:<26}{batch:>7}{:>12.0}{:>9.3}{:>9}{:>9}{:>9}{:>9}",
            updates / sum.as_secs_f64(),
            self.cpu.as_secs_f64() * 1e6 / updates,
            at(500).as_micros(),
            at(990).as_micros(),
            at(999).as_micros(),
            at(1000).as_micros(),
        );
    }
}

fn commit(journal: &Journal, staging: &mut Staging, batch: usize, commits: usize, measured: &mut Measured) {
    for _ in 0..commits {
        while journal.room() < batch * padded_len(BODY.len()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let (cpu, start) = (cpu_time(), Instant::now());
        let mut last = 0;
        for _ in 0..batch {
            last = staging.stage(Kind::Put, Cause(2), 1, false, |body| body.extend_from_slice(&BODY));
        }
        journal.hand_over(staging.bytes_mut(), last);
        journal.write_soon();
        journal.wait_durable(last).unwrap();
        measured.times.push(start.elapsed());
        measured.cpu += cpu_time().saturating_sub(cpu);
    }
}

fn bare(storage: &Directory, batch: usize, commits: usize, filled: bool, measured: &mut Measured) {
    let bytes = vec![0x5a; batch * padded_len(BODY.len())];
    let file = storage.create("bare").unwrap();
    let len = (bytes.len() * commits) as u64;
    file.allocate(len).unwrap();
    if filled {
        let zeros = vec![0; 1 << 20];
        for offset in (0..len).step_by(zeros.len()) {
            let rest = usize::try_from(len - offset).unwrap().min(zeros.len());
            assert_eq!(file.write_at(&zeros[..rest], offset).unwrap(), rest);
        }
    }
    file.sync().unwrap();
    storage.sync_directory().unwrap();
    for offset in (0..len).step_by(bytes.len()) {
        let (cpu, start) = (cpu_time(), Instant::now());
        assert_eq!(file.write_at(&bytes, offset).unwrap(), bytes.len());
        file.sync().unwrap();
        measured.times.push(start.elapsed());
        measured.cpu += cpu_time().saturating_sub(cpu);
    }
    storage.remove("bare").unwrap();
}

fn write_snapshot(journal: &Journal) {
    let start = Instant::now();
    let mut writer = journal.begin_snapshot().unwrap();
    let (salt, sequence) = (journal.salt(), writer.sequence());
    let mut slice = Vec::new();
    for _ in 0..LEASES / 1_000 {
        slice.clear();
        for _ in 0..1_000 {
            let (kind, cause) = (Kind::Put, Cause(0));
            encode(&mut slice, salt, Frame { kind, more: false, cause, time: 1, sequence, body: &BODY });
        }
        writer.put(&slice).unwrap();
    }
    writer.finish(sequence).unwrap();
    println!("snapshot of {LEASES} leases in {:.1} s", start.elapsed().as_secs_f64());
}

/// What the process has used so far, in user and kernel mode.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
