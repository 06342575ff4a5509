//! Leases on a disk that loses power at random steps, and the leases that recovery makes of it.
//!
//! After each crash: the leases are exactly those of some change at or after the last one that was called durable, no address
//! and no softwire has two active holders, every index finds every lease, and all goes on from there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::thread;

use fosix_journal::sim::{Disk, Faults, Random};
use fosix_journal::{
    Cause, Error, Frame, Kind, Log, Options, Prepared, Recovery, Salt, Turn, decode, encode,
};
use fosix_lease::{
    ClientIdentity, Grant4, HardwareAddress, Kept, Lease4, LeaseRef4, LeaseState, Leases4, PoolRange4,
    Snapped, Timestamp,
};

/// Runs with these seeds once found a fault.
const SEEDS: &[u64] = &[];
/// Runs of the ordinary test, each with [`LIVES`] crashes.
const RUNS: u64 = 5_000;
const LIVES: u64 = 20;
/// Bytes that a record of these leases takes at most.
const LONGEST_RECORD: usize = 160;
/// There are fewer addresses than clients.
const CLIENTS: u64 = 40;
const ADDRESSES: u8 = 30;
const SUBNET: u32 = 1;

#[test]
fn leases_that_were_promised_survive_every_crash() {
    let runs = std::env::var("CRASH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let threads = thread::available_parallelism().map_or(2, |threads| threads.get() as u64);
    thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for seed in (first..runs).step_by(usize::try_from(threads).unwrap()) {
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

/// A series of lives on one disk.
struct Run {
    name: String,
    random: Random,
    disk: Disk,
    options: Options,
    /// Every record that was staged since the disk was empty, as bytes; of what a crash took nothing is left.
    staged: Vec<u8>,
    /// Up to here changes were called durable.
    promised: u64,
    now: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut options = Options::new(4, Salt(u32::try_from(seed).unwrap()));
        // Small ones, so that they are left often.
        options.longest_change = 8 * LONGEST_RECORD;
        options.segment_bytes = 8192;
        options.snapshot_after = 4096;
        Self {
            name: format!("seed {seed}"),
            random: Random::new(seed ^ 0x1ea5e),
            disk: Disk::new(seed),
            options,
            staged: Vec::new(),
            promised: 0,
            now: 1_000_000,
        }
    }

    fn all(&mut self) {
        for _ in 0..LIVES {
            self.draw_faults();
            let end = self.live();
            if let Err(error) = end {
                assert!(self.disk.is_off() || is_io(&error), "{}: {error}", self.name);
            }
            let power_cut = self.disk.is_off() || self.random.chance(128);
            self.disk = if power_cut { self.disk.reboot() } else { self.disk.kill() };
        }
        self.disk.set_faults(Faults::default());
        self.recover().unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    fn draw_faults(&mut self) {
        let random = &mut self.random;
        let mut faults = Faults::default();
        if random.chance(236) {
            let within = if random.chance(64) { 14 } else { 60 };
            faults.cut_at = Some(1 + random.below(within));
        }
        if random.chance(64) {
            faults.short_writes = 100;
        }
        if random.chance(16) {
            faults.fail_write = Some(1 + random.below(20));
        }
        if random.chance(24) {
            faults.fail_sync = Some(1 + random.below(20));
        }
        self.disk.set_faults(faults);
    }

    /// From what is on the disk to leases, which are compared with what has to be there.
    fn recover(&mut self) -> Result<(Log<Disk>, Leases4), Error> {
        let mut leases = empty();
        let recovery = Recovery::open(self.disk.clone(), self.options.clone())?;
        let read = recovery.replay(&mut |frame| Kept::replay(&mut leases, &frame))?;
        let sequence = read.sequence();
        let now = Timestamp(self.now);
        let violations = Kept::finish_replay(&mut leases, now);
        assert!(violations.is_empty(), "{}: {violations:?}", self.name);
        assert!(
            sequence >= self.promised,
            "{}: {} was promised, {sequence} is there",
            self.name,
            self.promised
        );
        self.forget_what_was_lost(sequence);
        assert_eq!(all_of(&leases), self.expected(), "{}: as of change {sequence}", self.name);
        assert_indexes(&leases, &self.name);
        let log = read.into_log()?;
        self.promised = sequence;
        leases.set_staging(log.staging().with_longest_record(LONGEST_RECORD));
        Ok((log, leases))
    }

    fn live(&mut self) -> Result<(), Error> {
        let (log, mut leases) = self.recover()?;
        let log = Arc::new(log);
        let mut snapshot = None;
        for _ in 0..self.random.below(50) {
            self.now += self.random.below(200);
            match self.random.below(16) {
                0..=8 => self.serve_batch(&log, &mut leases),
                9..=11 => self.turn(&log)?,
                12 => drop(log.prepare()?),
                13 => drop(log.tidy()?),
                _ => snapshot = self.continue_snapshot(&log, &leases, snapshot)?,
            }
            self.promised = log.durable();
        }
        Ok(())
    }

    fn turn(&mut self, log: &Log<Disk>) -> Result<(), Error> {
        while log.turn()? == Turn::NoSegment {
            let made = log.prepare()?;
            assert!(!matches!(made, Prepared::Nothing | Prepared::NoRoom(_)), "{}: {made:?}", self.name);
        }
        self.promised = log.durable();
        Ok(())
    }

    /// What one batch of packets does.
    fn serve_batch(&mut self, log: &Log<Disk>, leases: &mut Leases4) {
        leases.staging_mut().set_room(log.room());
        for _ in 0..=self.random.below(4) {
            self.serve(leases);
        }
        let staging = leases.staging_mut();
        let sequence = staging.sequence();
        self.staged.extend_from_slice(staging.bytes_mut());
        log.hand_over(staging.bytes_mut(), sequence);
    }

    fn serve(&mut self, leases: &mut Leases4) {
        let number = self.random.below(CLIENTS);
        let (client, now) = (client(number), Timestamp(self.now));
        let held = leases.held_by(&client, SUBNET, now).map(LeaseRef4::address);
        match (self.random.below(16), held) {
            (0..=3, _) | (_, None) => {
                let wish = address(self.random.below(u64::from(ADDRESSES)));
                let Some(chosen) = leases.choose(&client, SUBNET, Some(wish), now) else { return };
                leases.offer(chosen, &client, 60, now);
                self.grant(leases, number, chosen);
            }
            (4..=9, Some(held)) => self.grant(leases, number, held),
            // Another address of the same subnet: the one before is free from then on.
            (10, Some(_)) => {
                let other = address(self.random.below(u64::from(ADDRESSES)));
                self.grant(leases, number, other);
            }
            (11, Some(held)) => {
                leases.decline(held, &client, 300, now);
            }
            (12, _) => {
                leases.reclaim(now, 3);
            }
            (13, _) => {
                leases.set_hold_reclaimed_time(Some(500));
                leases.forget_former(now, 3);
            }
            (_, Some(held)) => {
                leases.release(held, &client, now);
            }
        }
    }

    fn grant(&mut self, leases: &mut Leases4, number: u64, address: Ipv4Addr) {
        let softwire = self
            .random
            .chance(128)
            .then(|| Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(self.random.below(CLIENTS / 2))));
        let grant = Grant4 {
            classes: Box::default(),
            address,
            client: client(number),
            hardware: hardware(number),
            softwire,
            source: Ipv6Addr::LOCALHOST,
            relay_path: Box::default(),
            subnet: SUBNET,
            hostname: if self.random.chance(64) { "cpe".into() } else { Box::default() },
            valid_lifetime: 100 + u32::try_from(self.random.below(2_000)).unwrap(),
        };
        // It may be somebody else's.
        let _ = leases.grant(grant, Timestamp(self.now));
    }

    fn continue_snapshot(
        &mut self,
        log: &Arc<Log<Disk>>,
        leases: &Leases4,
        under_way: Option<(fosix_journal::SnapshotWriter<Disk>, u32)>,
    ) -> Result<Option<(fosix_journal::SnapshotWriter<Disk>, u32)>, Error> {
        let Some((mut writer, from)) = under_way else {
            let begin = log.snapshot_due() || self.random.chance(32);
            return Ok(if begin { Some((log.begin_snapshot()?, 0)) } else { None });
        };
        let (mut records, salt) = (Vec::new(), log.salt());
        let next = leases.slice(from, 7, &mut |Snapped { sequence, time, body }| {
            let (kind, cause) = (Kind::Put, Cause(0));
            encode(&mut records, salt, Frame { kind, more: false, cause, time, sequence, body });
        });
        writer.put(&records)?;
        if let Some(next) = next {
            return Ok(Some((writer, next)));
        }
        self.turn(log)?;
        writer.finish(leases.staging().sequence())?;
        Ok(None)
    }

    /// Drops what was staged after change `sequence`: it never happened.
    fn forget_what_was_lost(&mut self, sequence: u64) {
        let mut end = 0;
        while let Ok((frame, taken)) = decode(&self.staged[end..], self.options.new_salt) {
            if frame.sequence > sequence {
                break;
            }
            end += taken;
        }
        self.staged.truncate(end);
    }

    /// The leases that everything that was staged leads to.
    fn expected(&self) -> BTreeMap<Ipv4Addr, Lease4> {
        let mut leases = empty();
        let mut rest = &self.staged[..];
        while let Ok((frame, taken)) = decode(rest, self.options.new_salt) {
            Kept::replay(&mut leases, &frame).unwrap();
            rest = &rest[taken..];
        }
        Kept::finish_replay(&mut leases, Timestamp(self.now));
        all_of(&leases)
    }
}

fn empty() -> Leases4 {
    let pool = PoolRange4::new(SUBNET, address(0), address(u64::from(ADDRESSES) - 1));
    Leases4::new(&[pool], 100)
}

fn all_of(leases: &Leases4) -> BTreeMap<Ipv4Addr, Lease4> {
    leases.iter().map(|lease| (lease.address(), lease.to_lease())).collect()
}

/// Every index finds every lease, and the counts are right.
fn assert_indexes(leases: &Leases4, name: &str) {
    let mut count = 0;
    for lease in leases.iter() {
        count += 1;
        let (whole, address) = (lease.to_lease(), lease.address());
        assert_eq!(leases.get(address).map(LeaseRef4::to_lease).as_ref(), Some(&whole), "{name}");
        assert!(leases.by_client(&whole.client).any(|found| found.address() == address), "{name}: {address}");
        if let Some(softwire) = whole.softwire.filter(|_| whole.state == LeaseState::Assigned) {
            let found = leases.by_softwire(softwire.address).map(LeaseRef4::address);
            assert!(found.is_some(), "{name}: {address} by its softwire");
        }
    }
    assert_eq!(leases.counts().total(), count, "{name}");
}

fn address(number: u64) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + u32::try_from(number).unwrap())
}

fn hardware(number: u64) -> HardwareAddress {
    HardwareAddress::new(1, &[2, 0, 0, 0, 0, u8::try_from(number).unwrap()]).unwrap()
}

fn client(number: u64) -> ClientIdentity {
    let identifier = [0xff, 0, 0, 0, u8::try_from(number).unwrap()];
    // Some are known by their hardware address.
    let identifier = (!number.is_multiple_of(3)).then_some(&identifier[..]);
    ClientIdentity::new(identifier, hardware(number)).unwrap()
}

/// Whether the disk is to blame, and not what is on it or who wrote it.
fn is_io(error: &Error) -> bool {
    match error {
        Error::Io { .. } => true,
        Error::Poisoned(inner) => is_io(inner),
        _ => false,
    }
}
