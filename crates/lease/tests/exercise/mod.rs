//! What the fuzz target runs and the corpus test replays: any bytes as Kea's lease files, and what must hold of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what must not be is to be seen")]

use std::fmt::Debug;

use fosix_lease::kea_csv::{BadRow, Generation, MAX_LINE, Reader, Record, Row, WriteError, Writer};
use fosix_lease::{Lease4, Lease6};

/// Reads the bytes as a file of each family, and writes what is read.
pub(crate) fn run(data: &[u8]) {
    family::<Lease4>(data);
    family::<Lease6>(data);
}

fn family<L: Record + Clone + PartialEq + Debug>(data: &[u8]) {
    let mut reader = match Reader::<L, _>::new(data) {
        Ok(reader) => reader,
        Err(error) => return assert!(error.to_string().contains("DHCPv")),
    };
    let mut rows = 0;
    for row in reader.by_ref() {
        rows += 1;
        match row.expect("bytes in memory have no errors") {
            Row::Lease(lease) => comes_back(&lease),
            Row::Delete(_) => {}
            Row::Bad(bad) => is_told(&bad, data),
        }
    }
    let _ = reader.notes().to_string();
    let has_text = |line: &&[u8]| !matches!(line, [] | [b'\r']);
    let lines = data.split(|&octet| octet == b'\n').filter(has_text).count();
    assert_eq!(rows + 1, lines, "every line behind the header is a lease, a deletion or told");
}

/// A lease that was read is written in every generation, unless that one has no place for it, and read as itself.
fn comes_back<L: Record + Clone + PartialEq + Debug>(lease: &L) {
    for generation in [Generation::Kea30, Generation::Kea22] {
        let mut once = lease.clone();
        // The first time some of it may be left behind, such as who held what was declined, but no more the second.
        for time in 0..2 {
            let mut writer = Writer::new(Vec::new(), generation).unwrap();
            match writer.write(&once) {
                Ok(()) => {}
                Err(WriteError::Unrepresentable(_)) if time == 0 => break,
                Err(error) => panic!("{error}: {once:?}"),
            }
            let file = writer.into_inner();
            if file.split(|&octet| octet == b'\n').any(|line| line.len() > MAX_LINE) {
                break;
            }
            let row = Reader::<L, _>::new(file.as_slice()).unwrap().next().unwrap().unwrap();
            let Row::Lease(read) = row else { panic!("{once:?} is not read back") };
            assert!(time == 0 || read == once, "{read:?} is not {once:?}");
            once = read;
        }
    }
}

/// What is bad is told with a line that there is, and in few words.
fn is_told(bad: &BadRow, data: &[u8]) {
    let lines = data.split(|&octet| octet == b'\n').count();
    assert!((2..=lines as u64).contains(&bad.line));
    let text = bad.to_string();
    assert!(text.len() < 700 && text.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{text}");
}
