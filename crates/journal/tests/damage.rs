//! Damage that no crash leaves is named and not passed over; what a crash leaves is cut.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "a test that meets the unexpected is to fail"
)]

mod store;

use fosix_journal::sim::{Disk, Random};
use fosix_journal::{BodyError, Error, Frame, Kind, Recovery, Salt, What, check, repair};
use store::{RECORD, SALT, damage, files, open, options, read, snapshot, store, write};

/// A mark takes this.
const MARK: usize = 40;

/// Where record `number` of the first segment begins, when each change was a turn.
fn place(number: usize) -> usize {
    64 + number * MARK + (number - 1) * RECORD
}

fn damaged(error: Error) -> fosix_journal::Damage {
    match error {
        Error::Damaged(damage) => damage,
        other => panic!("{other}"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for a reader of bodies")]
fn any(_: Frame<'_>) -> Result<(), BodyError> {
    Ok(())
}

#[test]
fn damage_in_the_middle_is_fatal_and_says_what_is_missing() {
    let disk = store(5);
    damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(2) + 30] ^= 1);
    let found = damaged(read(&disk).err().unwrap());
    assert_eq!(found.file, "log-0000000000000001-0000");
    assert_eq!(found.offset, place(2) as u64);
    assert_eq!(
        (found.what, found.missing),
        (What::Record, Some((2, 4))),
        "change 5 was not yet promised in a mark"
    );
    let text = read(&disk).err().unwrap().to_string();
    assert!(text.contains("log-0000000000000001-0000 is damaged at byte 176"), "{text}");
    assert!(text.contains("changes 2 to 4 are missing") && text.contains("fosix leases repair"), "{text}");
}

#[test]
fn zeros_in_the_middle_are_damage() {
    let disk = store(5);
    damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(2)..place(4)].fill(0));
    assert_eq!(damaged(read(&disk).err().unwrap()).what, What::Nothing);
}

#[test]
fn a_torn_tail_is_cut_and_its_numbers_are_given_again() {
    let disk = store(5);
    damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(5) + 30] ^= 1);
    let (numbers, recovered) = read(&disk).unwrap();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(recovered.torn(), Some(("log-0000000000000001-0000", place(5) as u64)));
    let log = recovered.into_log().unwrap();
    write(&log, 6);
    drop(log);
    assert_eq!(read(&disk.kill()).unwrap().0, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_clean_stop_leaves_nothing_that_could_pass_for_torn() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 5);
    log.close().unwrap();
    let disk = disk.kill();
    damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(5) + 30] ^= 1);
    assert_eq!(damaged(read(&disk).err().unwrap()).missing, Some((5, 5)));
}

#[test]
fn an_earlier_segment_is_never_cut() {
    let disk = store(30);
    let [first, second, ..] = &files(&disk, "log-")[..] else { panic!("one segment") };
    let end = disk.contents(first).unwrap().iter().rposition(|&byte| byte != 0).unwrap();
    damage(&disk, first, |bytes| bytes[end] ^= 1);
    let found = damaged(read(&disk).err().unwrap());
    assert_eq!((&found.file, found.missing), (first, Some((12, 12))));

    let disk = store(30);
    disk.place_file(second, disk.contents(first).unwrap());
    assert_eq!(damaged(read(&disk).err().unwrap()).what, What::Misnamed);
}

#[test]
fn a_missing_segment_is_named() {
    for (gone, missing) in [(0, (1, 12)), (1, (13, 24))] {
        let disk = store(50);
        let name = files(&disk, "log-")[gone].clone();
        fosix_journal::Storage::remove(&disk, &name).unwrap();
        let found = damaged(read(&disk).err().unwrap());
        assert_eq!((found.what, found.missing), (What::NoSegment, Some(missing)), "{name}");
    }
}

#[test]
fn what_no_program_of_this_version_wrote_is_refused() {
    let header = |change: &dyn Fn(&mut Vec<u8>)| {
        let disk = store(30);
        let name = files(&disk, "log-")[1].clone();
        damage(&disk, &name, |bytes| {
            change(bytes);
            let crc = crc32fast::hash(&bytes[..60]).to_le_bytes();
            bytes[60..64].copy_from_slice(&crc);
        });
        read(&disk).err().unwrap()
    };
    assert!(matches!(header(&|bytes| bytes[8] = 2), Error::NewerVersion { found: 2, known: 1, .. }));
    assert!(matches!(header(&|bytes| bytes[10] = 6), Error::OtherFamily { found: 6, expected: 4, .. }));
    assert!(matches!(
        header(&|bytes| bytes[12] = 1),
        Error::OtherStore { found: Salt(1), expected: SALT, .. }
    ));
    assert!(matches!(header(&|bytes| bytes[0] = b'f'), Error::Damaged(_)));
}

#[test]
fn a_second_user_is_refused() {
    let disk = store(1);
    let log = open(&disk);
    assert!(matches!(Recovery::open(disk.clone(), options()), Err(Error::InUse { .. })));
    drop(log);
    assert!(Recovery::open(disk, options()).is_ok());
}

#[test]
fn a_body_that_is_refused_is_damage_with_its_place() {
    let recovery = Recovery::open(store(3), options()).unwrap();
    let refuse = |frame: Frame<'_>| match frame.sequence {
        2 => Err(BodyError("no such lease".to_owned())),
        _ => Ok(()),
    };
    let found = damaged(recovery.replay(&mut { refuse }).err().unwrap());
    assert_eq!(found.offset, place(2) as u64);
    assert_eq!(found.what, What::Body(BodyError("no such lease".to_owned())));
}

#[test]
fn a_snapshot_that_is_not_whole_is_damage() {
    let made = || {
        let disk = Disk::new(1);
        let log = open(&disk);
        write(&log, 5);
        snapshot(&log, 1..=5).unwrap();
        disk.kill()
    };
    assert_eq!(read(&made()).unwrap().0, [1, 2, 3, 4, 5], "the log is not read again");
    let name = "snapshot-0000000000000005";
    for bit in (0..made().contents(name).unwrap().len() * 8).step_by(5) {
        let disk = made();
        damage(&disk, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        // The padding of a record is not looked at; here there is none.
        assert!(read(&disk).is_err(), "bit {bit}");
    }
    for len in [0, 63, 64, 100, 224, 263] {
        let disk = made();
        damage(&disk, name, |bytes| bytes.truncate(len));
        assert!(read(&disk).is_err(), "{len} bytes");
    }
}

#[test]
fn no_content_of_any_file_does_harm() {
    let mut random = Random::new(3);
    let (mut read_well, mut repaired_well) = (0, 0);
    for round in 0..3_000_u64 {
        let disk = Disk::new(round);
        let log = open(&disk);
        write(&log, 1 + random.below(40));
        if random.chance(128) {
            snapshot(&log, 1..=log.durable()).unwrap();
        }
        write(&log, log.durable() + random.below(10));
        drop(log);
        let disk = disk.kill();
        let names = [files(&disk, "log-"), files(&disk, "snapshot-")].concat();
        for _ in 0..=random.below(3) {
            let name = &names[usize::try_from(random.below(names.len() as u64)).unwrap()];
            damage(&disk, name, |bytes| match random.below(4) {
                0 => bytes.truncate(usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap()),
                1 => bytes.iter_mut().for_each(|byte| *byte = random.next().to_le_bytes()[0]),
                2 if bytes.len() > 64 => {
                    let from = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                    let to = (from + 100).min(bytes.len());
                    bytes[from..to].fill(0);
                }
                _ => {
                    for _ in 0..random.below(5) {
                        let at = usize::try_from(random.below(bytes.len().max(1) as u64)).unwrap();
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte ^= 1 << random.below(8);
                        }
                    }
                }
            });
        }
        let checked = check(&disk, 4, &mut any).unwrap();
        let opened = read(&disk).map(|_| ());
        assert_eq!(checked.findings.is_empty(), opened.is_ok(), "round {round}");
        if opened.is_ok() {
            read_well += 1;
        } else if let Ok(repaired) = repair(&disk, options(), &mut any) {
            repaired_well += 1;
            assert!(!repaired.findings.is_empty());
            let again = read(&disk).map(|(_, recovered)| recovered.into_log());
            again.unwrap_or_else(|error| panic!("round {round}: {error}")).unwrap();
        }
    }
    assert!(read_well > 300 && repaired_well > 300, "{read_well}, {repaired_well}");
}

#[test]
fn a_repair_keeps_what_is_readable_and_says_what_is_lost() {
    let disk = store(20);
    damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(2)..place(4)].fill(7));
    let repaired = repair(&disk, options(), &mut any).unwrap();
    assert_eq!(repaired.lost, [(2, 3)]);
    assert_eq!((repaired.from_log, repaired.folder.as_str()), (18, "damaged-1"));
    assert!(disk.contents("damaged-1/log-0000000000000001-0000").is_some());

    let mut bodies = Vec::new();
    let recovery = Recovery::open(disk.clone(), options()).unwrap();
    let recovered = recovery
        .replay(&mut |frame| {
            assert_eq!(frame.kind, Kind::Put);
            bodies.push(u64::from_le_bytes(frame.body.try_into().unwrap()));
            Ok(())
        })
        .unwrap();
    assert_eq!(bodies, [&[1][..], &(4..=20).collect::<Vec<_>>()].concat());
    assert!(recovered.sequence() > 20, "no number is given twice");
    drop(recovered);
    assert!(
        repair(&disk, options(), &mut any).unwrap().findings.is_empty(),
        "there is nothing left to repair"
    );
}

#[test]
fn a_repair_keeps_a_snapshot_and_never_puts_older_leases_over_newer_ones() {
    let disk = Disk::new(1);
    let log = open(&disk);
    write(&log, 10);
    // Begun at 10 and finished at 20: the leases in it are those of 15 and 20.
    let mut writer = log.begin_snapshot().unwrap();
    write(&log, 20);
    let mut out = Vec::new();
    for sequence in [5_u64, 15, 20] {
        let (kind, cause, body) = (Kind::Put, fosix_journal::Cause(0), &sequence.to_le_bytes());
        fosix_journal::encode(&mut out, SALT, Frame { kind, more: false, cause, time: 0, sequence, body });
    }
    writer.put(&out).unwrap();
    writer.finish(20).unwrap();
    drop(log);
    let disk = disk.kill();
    // The second segment begins with change 13.
    damage(&disk, "log-0000000000000002-0000", |bytes| bytes[place(2)..place(5)].fill(7));
    let repaired = repair(&disk, options(), &mut any).unwrap();
    assert_eq!(repaired.from_snapshot, (3, Some(3)));
    assert_eq!(repaired.lost, [(14, 16)]);
    let mut bodies = Vec::new();
    let recovery = Recovery::open(disk.clone(), options()).unwrap();
    let visit = &mut |frame: Frame<'_>| {
        bodies.push(u64::from_le_bytes(frame.body.try_into().unwrap()));
        Ok(())
    };
    recovery.replay(visit).unwrap();
    assert_eq!(bodies, [5, 11, 12, 13, 15, 17, 18, 19, 20]);
}

#[test]
fn an_interrupted_repair_is_begun_again() {
    for cut in 1..60 {
        let disk = store(40);
        damage(&disk, "log-0000000000000001-0000", |bytes| bytes[place(2)..place(4)].fill(7));
        let faults = fosix_journal::sim::Faults { cut_at: Some(cut), ..Default::default() };
        disk.set_faults(faults);
        let done = repair(&disk, options(), &mut any).is_ok();
        let disk = disk.reboot();
        if !done {
            repair(&disk, options(), &mut any).unwrap();
        }
        let mut bodies = std::collections::BTreeSet::new();
        let recovery = Recovery::open(disk.clone(), options()).unwrap();
        let visit = &mut |frame: Frame<'_>| {
            bodies.insert(u64::from_le_bytes(frame.body.try_into().unwrap()));
            Ok(())
        };
        recovery.replay(visit).unwrap();
        assert_eq!(
            bodies.into_iter().collect::<Vec<_>>(),
            [&[1][..], &(4..=40).collect::<Vec<_>>()].concat()
        );
    }
}
