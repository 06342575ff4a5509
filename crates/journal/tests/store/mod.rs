//! A small store on a simulated disk, for the tests that damage it.

use std::sync::Arc;

use fosix_journal::sim::Disk;
use fosix_journal::{
    Cause, Error, Frame, Kind, Log, Options, Recovered, Recovery, Salt, Storage, Turn, encode, padded_len,
};

pub(crate) const SALT: Salt = Salt(77);

/// What every record of these tests takes.
pub(crate) const RECORD: usize = padded_len(8);

pub(crate) fn options() -> Options {
    let mut options = Options::new(4, SALT);
    options.segment_bytes = 1024;
    options.longest_change = 128;
    options
}

/// What a start finds: the numbers and kinds of the records.
pub(crate) fn read(disk: &Disk) -> Result<(Vec<u64>, Recovered<Disk>), Error> {
    let mut numbers = Vec::new();
    let recovered = Recovery::open(disk.clone(), options())?.replay(&mut |frame| {
        numbers.push(frame.sequence);
        Ok(())
    })?;
    Ok((numbers, recovered))
}

pub(crate) fn open(disk: &Disk) -> Arc<Log<Disk>> {
    Arc::new(read(disk).unwrap().1.into_log().unwrap())
}

/// Makes the changes up to `last`, each in a turn of its own.
pub(crate) fn write(log: &Log<Disk>, last: u64) {
    let mut staging = log.staging();
    while staging.sequence() < last {
        let body = (staging.sequence() + 1).to_le_bytes();
        let sequence = staging.stage(Kind::Put, Cause(1), 50, false, |out| out.extend_from_slice(&body));
        log.hand_over(staging.bytes_mut(), sequence);
        while log.turn().unwrap() == Turn::NoSegment {
            log.prepare().unwrap();
        }
    }
}

/// A store with `last` changes, whose process was killed.
pub(crate) fn store(last: u64) -> Disk {
    let disk = Disk::new(1);
    write(&open(&disk), last);
    disk.kill()
}

/// Takes a snapshot in which the leases are `numbers`.
pub(crate) fn snapshot(log: &Arc<Log<Disk>>, numbers: impl Iterator<Item = u64>) -> Result<(), Error> {
    let mut writer = log.begin_snapshot()?;
    let mut out = Vec::new();
    for sequence in numbers {
        let body = &sequence.to_le_bytes();
        let (kind, cause) = (Kind::Put, Cause(0));
        encode(&mut out, SALT, Frame { kind, more: false, cause, time: 0, sequence, body });
    }
    writer.put(&out)?;
    writer.finish(log.staging().sequence())
}

/// Names of the files that begin with `start`, in order.
pub(crate) fn files(disk: &Disk, start: &str) -> Vec<String> {
    let names = disk.list().unwrap().into_iter().map(|entry| entry.name);
    let mut names: Vec<_> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    names
}

/// Changes a file's bytes.
pub(crate) fn damage(disk: &Disk, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut contents = disk.contents(name).unwrap();
    change(&mut contents);
    disk.place_file(name, contents);
}
