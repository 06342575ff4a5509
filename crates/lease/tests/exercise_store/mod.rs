//! Any bytes as the files of a store: an error, or leases that do not contradict each other.
//!
//! The bytes are a small program: what a log with sound checksums holds, and what is done to its files. So the fuzzer gets
//! past the checksums, and behind them.

use std::sync::Arc;

use fosix_journal::sim::Disk;
use fosix_journal::{Cause, Error, Kind, Log, Options, Prepared, Recovery, Salt, Turn, encode};
use fosix_lease::{Kept, Leases4, Leases6, PoolRange4, Timestamp};

const SALT: Salt = Salt(0x5a17);
const NOW: Timestamp = Timestamp(1_000_000);

/// Runs the program in `data`, and recovers what it leaves.
pub(crate) fn run(data: &[u8]) {
    let mut program = Program(data);
    match program.byte() {
        Some(6) => exercise(program, || Leases6::new(&[], 10)),
        Some(_) => exercise(program, || {
            let pool = PoolRange4::new(1, [10, 0, 0, 0].into(), [10, 0, 0, 255].into());
            Leases4::new(&[pool], 10)
        }),
        None => {}
    }
}

/// Bytes that are taken one after the other; there are zeros behind them.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> usize {
        usize::from(self.byte().unwrap_or(0)) << 8 | usize::from(self.byte().unwrap_or(0))
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let len = usize::from(self.byte().unwrap_or(0)).min(most).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }
}

fn options(family: u16) -> Options {
    let mut options = Options::new(family, SALT);
    options.longest_change = 2400;
    options.segment_bytes = 8192;
    options.snapshot_after = 1024;
    options
}

fn exercise<L: Kept>(mut program: Program<'_>, empty: impl Fn() -> L) {
    let disk = Disk::new(1);
    if let Ok(recovery) = Recovery::open(disk.clone(), options(L::FAMILY))
        && let Ok(recovered) = recovery.replay(&mut |_| Ok(()))
        && let Ok(log) = recovered.into_log()
    {
        fill(&mut program, &Arc::new(log));
    }
    let disk = disk.kill();
    damage(&mut program, &disk);
    let disk = disk.reboot();
    let checked = fosix_journal::check(&disk, L::FAMILY, &mut |frame| L::accept(&frame));
    let sound = matches!(&checked, Ok(report) if report.findings.is_empty());
    let opened = recover(&disk, &empty);
    if let Ok(changes) = &opened {
        // What was read once is read again, also after a crash.
        let again = recover(&disk.reboot(), &empty).expect("what was recovered can be recovered again");
        assert_eq!(again, *changes);
    }
    assert_eq!(opened.is_ok(), sound, "a check and a start agree: {checked:?} {:?}", opened.err());
    if !sound {
        let disk = disk.reboot();
        if fosix_journal::repair(&disk, options(L::FAMILY), &mut |frame| L::accept(&frame)).is_ok() {
            recover(&disk, &empty).expect("what was repaired can be used");
        }
    }
}

/// Makes a log with sound checksums and any content.
fn fill(program: &mut Program<'_>, log: &Arc<Log<Disk>>) {
    let mut staging = log.staging();
    while let Some(step) = program.byte() {
        match step & 7 {
            0..=3 => {
                let kind = if step & 8 == 0 { Kind::Put } else { Kind::Delete };
                let (cause, body) = (Cause(step >> 4), program.bytes(250));
                staging.stage(kind, cause, u32::from(step), step & 3 == 3, |out| out.extend_from_slice(body));
            }
            4 => {
                // A change has an end, and the log has room for it.
                staging.stage(Kind::Put, Cause(0), 0, false, |_| ());
                let last = staging.sequence();
                if staging.bytes_mut().len() > 2000 || log.room() < staging.bytes_mut().len() {
                    return;
                }
                log.hand_over(staging.bytes_mut(), last);
                if !write_all(log) {
                    return;
                }
            }
            5 => {
                let Ok(mut writer) = log.begin_snapshot() else { return };
                let mut records = Vec::new();
                for _ in 0..program.byte().unwrap_or(0) & 15 {
                    let (kind, cause, body) = (Kind::Put, Cause(0), program.bytes(250));
                    let sequence = u64::from(program.byte().unwrap_or(0)).min(log.durable());
                    let frame = fosix_journal::Frame { kind, more: false, cause, time: 1, sequence, body };
                    encode(&mut records, log.salt(), frame);
                }
                if writer.put(&records).is_err() || writer.finish(log.durable()).is_err() {
                    return;
                }
            }
            6 => drop(log.tidy()),
            _ => return,
        }
    }
}

/// Writes everything that was handed over.
fn write_all(log: &Log<Disk>) -> bool {
    loop {
        match log.turn() {
            Ok(Turn::Written) => {}
            Ok(Turn::NoSegment) if matches!(log.prepare(), Ok(Prepared::Made)) => {}
            Ok(Turn::Idle) => return true,
            Ok(_) | Err(_) => return false,
        }
    }
}

/// Changes, cuts and replaces files.
fn damage(program: &mut Program<'_>, disk: &Disk) {
    const NAMES: [&str; 6] = [
        "log-0000000000000001-0000",
        "log-0000000000000001-0001",
        "log-0000000000000002-0000",
        "log-0000000000000003-0000",
        "snapshot-0000000000000001",
        "snapshot-0000000000000003",
    ];
    while let Some(step) = program.byte() {
        let name = NAMES[usize::from(step >> 2) % NAMES.len()];
        let mut contents = disk.contents(name).unwrap_or_default();
        match step & 3 {
            0 => {
                let (at, flip) = (program.number(), program.byte().unwrap_or(0));
                if let Some(byte) = contents.get_mut(at) {
                    *byte ^= flip;
                }
            }
            1 => contents.truncate(program.number()),
            2 => contents = program.bytes(255).to_vec(),
            _ => {
                let other = NAMES[usize::from(program.byte().unwrap_or(0)) % NAMES.len()];
                contents = disk.contents(other).unwrap_or_default();
            }
        }
        disk.place_file(name, contents);
    }
}

/// How many changes a store has, after everything was read and looked at.
fn recover<L: Kept>(disk: &Disk, empty: &impl Fn() -> L) -> Result<u64, Error> {
    let mut leases = empty();
    let recovery = Recovery::open(disk.clone(), options(L::FAMILY))?;
    leases.reserve(usize::try_from(recovery.expected_leases()).unwrap_or(usize::MAX));
    let recovered = recovery.replay(&mut |frame| leases.replay(&frame))?;
    let sequence = recovered.sequence();
    let violations = leases.finish_replay(NOW);
    let (count, ended) = leases.count_ended(NOW);
    assert!(ended <= count);
    let mut seen = 0;
    let mut next = Some(0);
    while let Some(from) = next {
        next = leases.slice(from, 7, &mut |_| seen += 1);
    }
    assert_eq!(seen, count, "a snapshot has every lease");
    let log = recovered.into_log()?;
    // Leases that contradict each other are not served; the others are as good as any.
    if violations.is_empty() {
        leases.set_staging(log.staging());
    }
    Ok(sequence)
}
