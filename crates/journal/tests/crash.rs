//! Random work on a disk that loses power at random steps, and what recovery makes of it.
//!
//! After each crash: every change that was called durable is there as it was staged, nothing is there that never was
//! staged, changes of several records are there as a whole or not at all, and the numbers have no gap. A crash may
//! come during recovery, too, and right after it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod model;

use std::sync::Arc;
use std::thread;

use fosix_journal::sim::{Disk, Faults, Random};
use fosix_journal::{
    Durability, Error, Followed, Follower, Log, Options, Prepared, Recovery, Salt, SnapshotWriter, Staging,
    Turn,
};
use model::Model;

/// Runs with these seeds once found a fault.
const SEEDS: &[u64] = &[18, 39, 69, 291, 1048];

/// Runs of the ordinary test, each with [`LIVES`] crashes.
const RUNS: u64 = 5_500;

/// Crashes in a run: the disk is as the ones before left it.
const LIVES: u64 = 20;

#[test]
fn what_was_durable_survives_every_crash() {
    let runs = std::env::var("CRASH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let skip = std::env::var("CRASH_FIRST").ok().and_then(|first| first.parse().ok()).unwrap_or(0_u64);
    let threads = thread::available_parallelism().map_or(2, |threads| threads.get() as u64);
    thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for seed in (first + skip..runs + skip).step_by(usize::try_from(threads).unwrap()) {
                    Run::new(seed).all();
                }
            });
        }
    });
}

#[test]
fn what_once_failed_does_not() {
    for &seed in SEEDS {
        Run::new(seed).all();
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let end = |seed| {
        let mut run = Run::new(seed);
        run.all();
        (run.disk.steps(), run.model.sequence(), run.random.next())
    };
    assert_eq!(end(7), end(7));
}

/// A series of lives on one disk.
struct Run {
    seed: u64,
    life: u64,
    random: Random,
    disk: Disk,
    options: Options,
    model: Model,
}

/// How a life ended.
#[derive(Debug)]
enum End {
    /// An operation failed: the power is off, or a fault was met.
    Failed(Error),
    /// The process ends with nothing wrong.
    Over,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x00f0_517e);
        let mut options = Options::new(4, Salt(u32::try_from(seed).unwrap()));
        options.segment_bytes = 1 << (10 + random.below(4));
        options.longest_change = 400;
        options.snapshot_after = 1 << (10 + random.below(4));
        if random.chance(32) {
            options.durability = Durability::Async;
        }
        if random.chance(32) {
            options.disk_budget = Some(options.segment_bytes * 6);
        }
        Self { seed, life: 0, random, disk: Disk::new(seed), options, model: Model::default() }
    }

    fn all(&mut self) {
        for life in 0..LIVES {
            self.life = life;
            self.live();
        }
        // The last word: without any fault, everything is there.
        self.disk.set_faults(Faults::default());
        let log = self.recover().unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        log.close().unwrap_or_else(|error| panic!("{}: {error}", self.name()));
    }

    fn name(&self) -> String {
        format!("seed {}, life {}", self.seed, self.life)
    }

    fn live(&mut self) {
        let faults = self.draw_faults();
        self.disk.set_faults(faults);
        let end = match self.recover() {
            Ok(log) => self.work(&Arc::new(log)),
            Err(error) => End::Failed(error),
        };
        if let End::Failed(error) = &end {
            let injected =
                faults.fail_sync.is_some() || faults.fail_write.is_some() || faults.space.is_some();
            let name = self.name();
            assert!(self.disk.is_off() || injected && is_io(error), "{name}: {error}");
        }
        // With the power still on, the process may have been killed, and the power may go afterwards.
        self.disk =
            if self.disk.is_off() || self.random.chance(128) { self.disk.reboot() } else { self.disk.kill() };
    }

    fn draw_faults(&mut self) -> Faults {
        let random = &mut self.random;
        let mut faults = Faults::default();
        if random.chance(224) {
            // Recovery takes about ten steps.
            let within = if random.chance(64) { 14 } else { 120 };
            faults.cut_at = Some(1 + random.below(within));
        }
        if random.chance(64) {
            faults.short_writes = 100;
        }
        if random.chance(24) {
            faults.fail_write = Some(1 + random.below(40));
        }
        if random.chance(32) {
            faults.fail_sync = Some(1 + random.below(40));
        }
        if random.chance(24) {
            faults.space = Some(self.options.segment_bytes * (2 + random.below(6)));
        }
        faults
    }

    /// Recovers, and compares what is there with what has to be.
    fn recover(&mut self) -> Result<Log<Disk>, Error> {
        let name = self.name();
        let mut recovered = self.model.recovered();
        let options = self.options.clone();
        let read = Recovery::open(self.disk.clone(), options)?.replay(&mut |frame| {
            recovered.apply(&frame, &name);
            Ok(())
        })?;
        let sequence = read.sequence();
        recovered.compare(sequence, &name);
        let log = read.into_log()?;
        // From here on it may be told.
        self.model.go_on_from(sequence);
        Ok(log)
    }

    fn work(&mut self, log: &Arc<Log<Disk>>) -> End {
        let mut work = Work {
            staging: log.staging(),
            snapshot: None,
            follower: log.follow(self.random.below(self.model.sequence() + 1)),
            log: Arc::clone(log),
            random: Random::new(self.random.next()),
            is_async: self.options.durability == Durability::Async,
            name: self.name(),
        };
        let steps = work.random.below(200);
        for _ in 0..steps {
            let done = work.step(&mut self.model);
            // What was published is promised, also when the same turn failed afterwards.
            if !work.is_async {
                self.model.promise(log.durable());
            }
            if let Err(error) = done {
                return End::Failed(error);
            }
        }
        if work.random.chance(64) {
            work.snapshot = None;
            if let Err(error) = log.close() {
                return End::Failed(error);
            }
        }
        End::Over
    }
}

/// What a server does with its log.
struct Work {
    log: Arc<Log<Disk>>,
    staging: Staging,
    snapshot: Option<(SnapshotWriter<Disk>, u16)>,
    follower: Follower<Disk>,
    random: Random,
    is_async: bool,
    name: String,
}

impl Work {
    fn step(&mut self, model: &mut Model) -> Result<(), Error> {
        match self.random.below(16) {
            0..=6 => self.change(model),
            7..=9 => self.turn()?,
            10 => drop(self.log.prepare()?),
            11 => drop(self.log.tidy()?),
            12 if self.is_async => {
                while self.log.turn()? == Turn::Written {}
                self.log.sync()?;
                model.promise(self.log.durable());
            }
            12 | 13 => self.follow(model)?,
            _ => match self.continue_snapshot(model) {
                // A full disk ends a snapshot, and only that.
                Err(error) if self.log.healthy().is_ok() && is_io(&error) => self.snapshot = None,
                result => result?,
            },
        }
        Ok(())
    }

    /// Changes of one to three records, handed over at once.
    fn change(&mut self, model: &mut Model) {
        for _ in 0..self.random.below(4) {
            let records = 1 + self.random.below(3) * u64::from(self.random.chance(64));
            // The longest record of the model has 104 bytes.
            if self.log.room() < self.staging.bytes_mut().len() + usize::try_from(records).unwrap() * 104 {
                break;
            }
            for left in (0..records).rev() {
                model.change(&mut self.random, &mut self.staging, left > 0);
            }
        }
        let last = self.staging.sequence();
        self.log.hand_over(self.staging.bytes_mut(), last);
    }

    /// A turn never waits for room that was promised.
    fn turn(&self) -> Result<(), Error> {
        while self.log.turn()? == Turn::NoSegment {
            let made = self.log.prepare()?;
            assert_ne!(made, Prepared::Nothing, "{}: a segment is there and was not used", self.name);
            let full = matches!(made, Prepared::NoRoom(_));
            assert!(!full, "{}: what there was room for does not fit", self.name);
        }
        Ok(())
    }

    fn follow(&mut self, model: &Model) -> Result<(), Error> {
        for _ in 0..20 {
            let expected = self.follower.sequence() + 1;
            match self.follower.next()? {
                Followed::Record(frame) => {
                    assert_eq!(frame.sequence, expected, "{}", self.name);
                    model.assert_staged(&frame, &self.name);
                    assert!(frame.sequence <= self.log.durable(), "{}", self.name);
                }
                Followed::NothingYet => break,
                Followed::TooFarBehind => {
                    let reader = self.log.snapshot_reader()?.expect("what is gone is in a snapshot");
                    let sequence = reader.sequence();
                    reader.read(&mut |frame| {
                        model.assert_staged(&frame, &self.name);
                        Ok(())
                    })?;
                    self.follower = self.log.follow(sequence);
                }
            }
        }
        Ok(())
    }

    fn continue_snapshot(&mut self, model: &mut Model) -> Result<(), Error> {
        let Some((mut writer, next)) = self.snapshot.take() else {
            if self.log.snapshot_due() || self.random.chance(8) {
                self.snapshot = Some((self.log.begin_snapshot()?, 0));
            }
            return Ok(());
        };
        let end = next + 4;
        writer.put(&model.slice(next..end, self.log.salt()))?;
        if end < model::KEYS {
            self.snapshot = Some((writer, end));
            return Ok(());
        }
        self.turn()?;
        writer.finish(self.staging.sequence())?;
        if self.random.chance(128) {
            self.log.tidy()?;
        }
        Ok(())
    }
}

/// Whether the disk is to blame, and not what is on it or who wrote it.
fn is_io(error: &Error) -> bool {
    match error {
        Error::Io { .. } => true,
        Error::Poisoned(inner) => is_io(inner),
        _ => false,
    }
}
