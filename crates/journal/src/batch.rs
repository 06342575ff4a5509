//! The records of a turn on their way to the disk.

use crate::error::Error;
use crate::frame::{HEADER_LEN, Kind, MAX_BODY, Salt, padded_len};
use crate::mark::{MARK_LEN, Mark};

/// Records, behind a place for the mark before them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where the first record that is not written yet begins; [`MARK_LEN`] at least where there is any.
    next: usize,
}

/// The changes at the front of a batch that go into one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Where they end in the batch.
    end: usize,
    /// The number of the last one.
    pub(crate) last: u64,
    /// The newest time in them.
    pub(crate) time: u32,
    /// Bytes of their records.
    pub(crate) bytes: usize,
}

/// Makes `bytes` a queue: staged records can be appended to it.
pub(crate) fn append(bytes: &mut Vec<u8>, staged: &[u8]) {
    if bytes.is_empty() {
        bytes.resize(MARK_LEN, 0);
    }
    bytes.extend_from_slice(staged);
}

impl Batch {
    /// Takes a queue, and gives back an empty one with the memory of the batch before.
    pub(crate) fn exchange(&mut self, queue: &mut Vec<u8>) {
        self.bytes.clear();
        std::mem::swap(&mut self.bytes, queue);
        self.next = MARK_LEN;
    }

    pub(crate) fn is_written(&self) -> bool {
        self.next >= self.bytes.len()
    }

    /// As many changes as `room` bytes hold. What a log could not be recovered from is refused: numbers with a gap,
    /// a change without its end, a change longer than `longest`.
    pub(crate) fn part(&self, room: u64, before: u64, longest: usize) -> Result<Part, Error> {
        let mut part = Part { end: self.next, last: before, time: 0, bytes: 0 };
        let (mut place, mut last, mut time) = (self.next, before, 0);
        while place < self.bytes.len() {
            let head = self.bytes.get(place..).and_then(Head::read);
            let head = head.ok_or(Error::Misused("what was handed over is not made of records"))?;
            if Some(head.sequence) != last.checked_add(1) {
                return Err(Error::Misused("the numbers of the records have a gap"));
            }
            (place, last, time) = (place + head.len, head.sequence, head.time.max(time));
            if place - part.end > longest {
                return Err(Error::Misused("a change is longer than the log was told"));
            }
            if head.more {
                continue;
            }
            if (place - self.next) as u64 > room {
                return Ok(part);
            }
            part = Part { end: place, last, time, bytes: place - self.next };
        }
        if part.end == place { Ok(part) } else { Err(Error::Misused("a change was handed over by half")) }
    }

    /// The bytes to write for a part, with its mark, which takes the place of what was written before it.
    pub(crate) fn with_mark(&mut self, part: &Part, mark: Mark, salt: Salt) -> &[u8] {
        let mut encoded = Vec::with_capacity(MARK_LEN);
        mark.encode(&mut encoded, salt);
        let start = self.next.saturating_sub(MARK_LEN);
        if let Some(place) = self.bytes.get_mut(start..start + MARK_LEN) {
            for (place, byte) in place.iter_mut().zip(encoded) {
                *place = byte;
            }
        }
        self.bytes.get(start..part.end).unwrap_or_default()
    }

    pub(crate) fn written(&mut self, part: &Part) {
        self.next = part.end;
    }
}

/// What the log looks at in a record that it writes.
pub(crate) struct Head {
    pub(crate) is_put: bool,
    pub(crate) more: bool,
    pub(crate) time: u32,
    pub(crate) sequence: u64,
    /// With header and padding.
    pub(crate) len: usize,
}

impl Head {
    /// The record at the start of `bytes`, if it is one of a change and all there. The checksum is not looked at.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER_LEN>()?;
        let [_, _, _, _, l0, l1, l2, l3, kind, more, _, _, t0, t1, t2, t3, sequence @ ..] = *header;
        let body = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
        let is_put = kind == Kind::Put as u8;
        let whole = body <= MAX_BODY && padded_len(body) <= bytes.len();
        (whole && (is_put || kind == Kind::Delete as u8)).then_some(Self {
            is_put,
            more: more == 1,
            time: u32::from_le_bytes([t0, t1, t2, t3]),
            sequence: u64::from_le_bytes(sequence),
            len: padded_len(body),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Cause, Staging};

    fn batch(more: &[bool]) -> Batch {
        let mut staging = Staging::recorded(Salt(1), 0);
        for &more in more {
            staging.stage(Kind::Put, Cause(0), 5, more, |body| body.extend_from_slice(&[1; 8]));
        }
        let (mut queue, mut batch) = (Vec::new(), Batch::default());
        append(&mut queue, staging.bytes_mut());
        batch.exchange(&mut queue);
        batch
    }

    #[test]
    fn a_change_is_never_parted() {
        let batch = batch(&[false, true, false, false]);
        let last = |room| batch.part(room, 0, 64).unwrap().last;
        assert_eq!([31, 32, 64, 95, 96, 128].map(last), [0, 1, 1, 1, 3, 4]);
    }

    #[test]
    fn what_could_not_be_recovered_is_refused() {
        assert!(matches!(batch(&[true]).part(1_000, 0, 64), Err(Error::Misused(_))), "half a change");
        assert!(matches!(batch(&[false]).part(1_000, 1, 64), Err(Error::Misused(_))), "a gap");
        assert!(matches!(batch(&[true, true, false]).part(1_000, 0, 64), Err(Error::Misused(_))), "too long");
    }
}
