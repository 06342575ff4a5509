//! The running log: room, poison, followers, snapshots, and the threads on a real directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "a test that meets the unexpected is to fail"
)]

mod store;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fosix_journal::sim::{Disk, Faults};
use fosix_journal::{
    Cause, Directory, Durability, Error, Followed, Health, Journal, Kind, NoRoom, Options, Prepared,
    Recovery, Salt, Turn,
};
use store::{RECORD, SALT, files, open, options, read, snapshot, write};

#[test]
fn room_is_never_promised_twice() {
    let log = open(&Disk::new(1));
    let mut staging = log.staging();
    let mut handed_over = 0;
    while log.room() >= RECORD {
        let last = staging.stage(Kind::Put, Cause(0), 0, false, |body| body.extend_from_slice(&[1; 8]));
        log.hand_over(staging.bytes_mut(), last);
        handed_over = last;
        assert_eq!(log.turn().unwrap(), Turn::Written);
    }
    assert_eq!(log.durable(), handed_over);
    assert_eq!(log.prepare().unwrap(), Prepared::Made, "the last segment was begun");
    assert!(log.room() >= RECORD);
}

#[test]
fn a_full_disk_takes_the_room_and_nothing_else() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 1);
    disk.set_faults(Faults { space: Some(1500), ..Faults::default() });
    assert_eq!(log.prepare().unwrap(), Prepared::NoRoom(NoRoom::DiskFull));
    assert_eq!(files(&disk, "log-"), ["log-0000000000000001-0000"], "what was begun is gone");
    let before = log.room();
    write(&log, 2);
    assert!(log.room() < before);
    disk.set_faults(Faults::default());
    assert_eq!(log.prepare().unwrap(), Prepared::Made);
    assert!(log.room() > before);
}

#[test]
fn a_budget_ends_in_no_room_until_a_snapshot_makes_some() {
    let mut options = options();
    options.disk_budget = Some(4096);
    let disk = Disk::new(1);
    let recovered = Recovery::open(disk.clone(), options).unwrap().replay(&mut |_| Ok(())).unwrap();
    let log = Arc::new(recovered.into_log().unwrap());
    let mut made = Prepared::Made;
    while made == Prepared::Made {
        write(&log, log.durable() + 12);
        made = log.prepare().unwrap();
    }
    assert!(matches!(made, Prepared::NoRoom(NoRoom::Budget { of: 4096, .. })), "{made:?}");
    assert!(log.snapshot_due(), "it would make room");
    snapshot(&log, 40..41).unwrap();
    assert!(log.tidy().unwrap() > 0);
    assert_eq!(log.prepare().unwrap(), Prepared::Made);
}

#[test]
fn a_start_on_a_full_disk_makes_a_copy_that_is_only_as_long_as_it_has_to_be() {
    let disk = store::store(3);
    let used: u64 = fosix_journal::Storage::list(&disk).unwrap().iter().map(|entry| entry.bytes).sum();
    disk.set_faults(Faults { space: Some(used + 400), ..Faults::default() });
    let log = open(&disk);
    assert!(disk.contents("log-0000000000000001-0001").unwrap().len() < 400);
    write(&log, 9);
    drop(log);
    assert_eq!(read(&disk.kill()).unwrap().0.len(), 9);
}

#[test]
fn after_a_failure_nothing_is_written_or_promised() {
    for fault in [
        Faults { fail_write: Some(1), ..Faults::default() },
        Faults { fail_sync: Some(1), ..Faults::default() },
    ] {
        let disk = Disk::new(1);
        let log = open(&disk);
        write(&log, 2);
        disk.set_faults(fault);
        let mut staging = log.staging();
        let last = staging.stage(Kind::Put, Cause(0), 0, false, |_| ());
        log.hand_over(staging.bytes_mut(), last);
        assert!(matches!(log.turn(), Err(Error::Poisoned(_))));
        let steps = disk.steps();
        assert!(matches!(log.turn(), Err(Error::Poisoned(_))));
        assert!(log.prepare().is_err() && log.tidy().is_err() && log.close().is_err());
        assert!(log.begin_snapshot().is_err() && log.wait_durable(3).is_err());
        assert_eq!((log.durable(), log.room(), disk.steps()), (2, 0, steps));
    }
}

#[test]
fn a_snapshot_is_never_ahead_of_the_log() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 2);
    let writer = log.begin_snapshot().unwrap();
    let mut staging = log.staging();
    let last = staging.stage(Kind::Put, Cause(0), 0, false, |_| ());
    log.hand_over(staging.bytes_mut(), last);
    disk.set_faults(Faults { fail_sync: Some(1), ..Faults::default() });
    log.turn().unwrap_err();
    writer.finish(last).unwrap_err();
    assert!(!files(&disk, "snapshot-").contains(&"snapshot-0000000000000002".to_owned()));
}

#[test]
fn a_snapshot_waits_for_the_newest_change_that_it_may_have_seen() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 2);
    let writer = log.begin_snapshot().unwrap();
    let mut staging = log.staging();
    let last = staging.stage(Kind::Put, Cause(0), 0, false, |_| ());
    log.hand_over(staging.bytes_mut(), last);
    std::thread::scope(|scope| {
        let finishing = scope.spawn(|| writer.finish(last));
        for _ in 0..2_000 {
            assert!(!finishing.is_finished());
            std::thread::yield_now();
        }
        assert_eq!(files(&disk, "snapshot-"), ["snapshot-0000000000000002.new"]);
        log.turn().unwrap();
        finishing.join().unwrap().unwrap();
    });
    assert_eq!(files(&disk, "snapshot-"), ["snapshot-0000000000000002"]);
}

#[test]
fn what_is_not_whole_changes_in_order_poisons_the_log() {
    for (more, skipped) in [(true, false), (false, true)] {
        let log = open(&Disk::new(1));
        let mut staging = log.staging();
        if skipped {
            staging.stage(Kind::Put, Cause(0), 0, false, |_| ());
            staging.bytes_mut().clear();
        }
        let last = staging.stage(Kind::Put, Cause(0), 0, more, |_| ());
        log.hand_over(staging.bytes_mut(), last);
        let Err(Error::Poisoned(why)) = log.turn() else { panic!("it was written") };
        assert!(matches!(*why, Error::Misused(_)));
    }
}

#[test]
fn a_follower_reads_on_from_a_removed_segment() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 5);
    let (mut follower, mut late) = (log.follow(0), log.follow(0));
    assert!(matches!(follower.next().unwrap(), Followed::Record(frame) if frame.sequence == 1));
    write(&log, 20);
    snapshot(&log, 1..=20).unwrap();
    assert_eq!(log.tidy().unwrap(), 1);
    for expected in 2..=20 {
        assert!(matches!(follower.next().unwrap(), Followed::Record(frame) if frame.sequence == expected));
    }
    assert!(matches!(follower.next().unwrap(), Followed::NothingYet));
    assert!(matches!(late.next().unwrap(), Followed::TooFarBehind));
    let reader = log.snapshot_reader().unwrap().unwrap();
    assert_eq!((reader.sequence(), reader.leases()), (20, 20));
    let mut leases = 0;
    reader
        .read(&mut |_| {
            leases += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(leases, 20);
    let mut late = log.follow(20);
    write(&log, 21);
    assert!(matches!(late.next().unwrap(), Followed::Record(frame) if frame.sequence == 21));
}

#[test]
fn a_follower_is_left_behind_when_the_next_segment_is_gone() {
    let log = open(&Disk::new(1));
    write(&log, 1);
    let mut follower = log.follow(0);
    assert!(matches!(follower.next().unwrap(), Followed::Record(_)));
    write(&log, 40);
    snapshot(&log, 1..=40).unwrap();
    log.tidy().unwrap();
    let mut seen = 1;
    let end = loop {
        match follower.next().unwrap() {
            Followed::Record(_) => seen += 1,
            end => break matches!(end, Followed::TooFarBehind),
        }
    };
    assert!(end && seen == 12, "{seen}");
}

#[test]
fn written_is_durable_when_that_was_asked_for() {
    let mut options = options();
    options.durability = Durability::Async;
    let disk = Disk::new(1);
    let recovered = Recovery::open(disk.clone(), options).unwrap().replay(&mut |_| Ok(())).unwrap();
    let log = Arc::new(recovered.into_log().unwrap());
    let steps = disk.steps();
    write(&log, 2);
    assert_eq!((log.durable(), disk.steps() - steps), (2, 2), "a write each, and no sync");
    log.sync().unwrap();
    drop(log);
    assert_eq!(read(&disk.reboot()).unwrap().0, [1, 2]);
}

fn journal(path: &std::path::Path, woken: &Arc<AtomicU64>) -> Result<Journal, Error> {
    let woken = Arc::clone(woken);
    let mut options = Options::new(4, SALT);
    options.segment_bytes = 1 << 20;
    let storage = Directory::open(path).unwrap();
    Recovery::open(storage, options)?.replay(&mut |_| Ok(()))?.finish(move || {
        woken.fetch_add(1, Ordering::Relaxed);
    })
}

#[test]
fn threads_write_what_several_hand_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/dhcp4");
    let woken = Arc::default();
    let first = journal(&path, &woken).unwrap();
    assert!(matches!(journal(&path, &woken), Err(Error::InUse { .. })), "flock");
    let staging = std::sync::Mutex::new(first.staging());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    let last = {
                        let mut staging = staging.lock().unwrap();
                        while first.room() < 20_000 {
                            std::thread::yield_now();
                        }
                        for _ in 0..9 {
                            staging
                                .stage(Kind::Put, Cause(0), 7, true, |body| body.extend_from_slice(&[5; 96]));
                        }
                        let last = staging.stage(Kind::Put, Cause(0), 7, false, |_| ());
                        first.hand_over(staging.bytes_mut(), last);
                        first.write_soon();
                        last
                    };
                    first.wait_durable(last).unwrap();
                }
            });
        }
    });
    assert_eq!(first.durable(), 10_000);
    assert!(woken.load(Ordering::Relaxed) > 0);
    let mut follower = first.follow(9_999);
    assert!(follower.wait(Duration::from_secs(10)).unwrap());
    assert!(matches!(follower.next().unwrap(), Followed::Record(frame) if frame.sequence == 10_000));
    assert!(matches!(first.health(), Health::Good | Health::LowSpace(_)));
    first.stop().unwrap();
    assert!(matches!(first.wait_durable(10_001), Err(Error::Stopped)));

    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in path.read_dir().unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    let second = journal(&path, &woken).unwrap();
    assert_eq!(second.durable(), 10_000);
    assert_eq!(second.salt(), Salt(77));
    drop(second);
    assert!(journal(&path, &woken).is_ok(), "the last handle stops the log");
}

#[test]
fn a_snapshot_on_a_real_directory_lets_segments_go() {
    let directory = tempfile::tempdir().unwrap();
    let woken = Arc::default();
    let journal = journal(directory.path(), &woken).unwrap();
    let mut staging = journal.staging();
    for _ in 0..30_000 {
        while journal.room() < 20_000 {
            std::thread::yield_now();
        }
        let last = staging.stage(Kind::Put, Cause(0), 7, false, |body| body.extend_from_slice(&[5; 96]));
        journal.hand_over(staging.bytes_mut(), last);
        journal.write_soon();
    }
    let last = staging.sequence();
    let writer = journal.begin_snapshot().unwrap();
    assert!(journal.begin_snapshot().is_err(), "one at a time");
    writer.finish(last).unwrap();
    journal.log().tidy().unwrap();
    journal.stop().unwrap();
    let segments = directory.path().read_dir().unwrap();
    let segments =
        segments.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("log-"));
    assert!(segments.count() <= 3);
}
