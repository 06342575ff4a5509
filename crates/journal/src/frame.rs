//! A record as bytes: a header of 24 bytes, the body, and zeros up to a multiple of 8.
//!
//! ```text
//!  0        4        8    9    10   11   12       16               24
//!  ┌────────┬────────┬────┬────┬────┬────┬────────┬────────────────┬───────────┬ ─ ─ ┐
//!  │ crc    │ length │kind│more│caus│ 0  │ time   │ sequence       │ body      │ 0 0
//!  └────────┴────────┴────┴────┴────┴────┴────────┴────────────────┴───────────┴ ─ ─ ┘
//! ```
//!
//! All numbers are little-endian. The checksum is CRC-32 (IEEE) over the store's salt, then everything from `length`
//! to the end of the body.

/// Bytes before a body.
pub const HEADER_LEN: usize = 24;

/// The longest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// What makes one store's checksums differ from another's, so that no record of a foreign or former store passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub u32);

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole lease, which replaces whatever there is under its key.
    Put = 1,
    /// A key; what there is under it is no more.
    Delete = 2,
    /// No change: the head of a write, which says what was durable before it.
    Mark = 3,
}

/// Why a lease was changed, for those who follow changes. The journal carries it and does not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause(pub u8);

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// Whether the next record belongs to the same change: both count, or neither.
    pub more: bool,
    /// Why.
    pub cause: Cause,
    /// When, in seconds since the Unix epoch.
    pub time: u32,
    /// Its number, one more than that of the record before; a mark has the number of the record before it.
    pub sequence: u64,
    /// Up to [`MAX_BODY`] bytes.
    pub body: &'a [u8],
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// A header of zeros: nothing was written here.
    Empty,
    /// There are fewer bytes than the record says that it has.
    Short,
    /// The length, the kind or the checksum is not one.
    Damaged,
}

/// The record at the start of `bytes`, and the length that it takes with its padding.
pub fn decode(bytes: &[u8], salt: Salt) -> Result<(Frame<'_>, usize), DecodeError> {
    let header = bytes.first_chunk::<HEADER_LEN>().ok_or(DecodeError::Short)?;
    if header.iter().all(|&byte| byte == 0) {
        return Err(DecodeError::Empty);
    }
    let [c0, c1, c2, c3, l0, l1, l2, l3, kind, more, cause, reserved, t0, t1, t2, t3, sequence @ ..] =
        *header;
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).map_err(|_| DecodeError::Damaged)?;
    if length > MAX_BODY || more > 1 || reserved != 0 {
        return Err(DecodeError::Damaged);
    }
    let kind = match kind {
        1 => Kind::Put,
        2 => Kind::Delete,
        3 => Kind::Mark,
        _ => return Err(DecodeError::Damaged),
    };
    let end = HEADER_LEN + length;
    let body = bytes.get(HEADER_LEN..end).ok_or(DecodeError::Short)?;
    let checked = bytes.get(4..end).ok_or(DecodeError::Short)?;
    if checksum(salt, checked) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(DecodeError::Damaged);
    }
    let frame = Frame {
        kind,
        more: more == 1,
        cause: Cause(cause),
        time: u32::from_le_bytes([t0, t1, t2, t3]),
        sequence: u64::from_le_bytes(sequence),
        body,
    };
    Ok((frame, padded_len(length)))
}

/// What a record with a body of `body_len` bytes takes.
pub const fn padded_len(body_len: usize) -> usize {
    (HEADER_LEN + body_len).next_multiple_of(8)
}

fn checksum(salt: Salt, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new_with_initial(salt.0);
    crc.update(bytes);
    crc.finalize()
}

/// Changes that were made in memory and are yet to be handed to the log, as the bytes that it writes.
///
/// It gives sequence numbers in the order of the changes, and knows how much room the log has reserved: whoever changes
/// something asks [`Staging::has_room`] first.
#[derive(Debug)]
pub struct Staging {
    salt: Salt,
    /// Whether anything is kept at all; numbers are given in any case.
    recording: bool,
    sequence: u64,
    bytes: Vec<u8>,
    /// Bytes that may still be staged.
    room: usize,
    /// What a record takes at most.
    longest: usize,
}

impl Staging {
    /// For a store without a log: everything has room, and nothing is kept.
    pub fn unrecorded() -> Self {
        Self { salt: Salt(0), recording: false, sequence: 0, bytes: Vec::new(), room: usize::MAX, longest: 0 }
    }

    /// For a log whose last record has number `sequence`; there is no room until [`Staging::set_room`] says so.
    pub fn recorded(salt: Salt, sequence: u64) -> Self {
        Self { salt, recording: true, sequence, bytes: Vec::new(), room: 0, longest: padded_len(MAX_BODY) }
    }

    /// The same for whoever makes no record that takes more than `bytes`.
    #[must_use]
    pub fn with_longest_record(self, bytes: usize) -> Self {
        Self { longest: bytes.min(padded_len(MAX_BODY)), ..self }
    }

    /// The number of the last change.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether a change of `records` records of any length has room.
    pub fn has_room(&self, records: usize) -> bool {
        let left = self.room.saturating_sub(self.bytes.len());
        !self.recording || left >= records.saturating_mul(self.longest)
    }

    /// Says how many bytes the log has room for, what is staged already included.
    pub fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// The staged records, for whoever hands them to the log and clears them.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Stages a change and gives its number. `body` appends the body; what is longer than [`MAX_BODY`] is cut off,
    /// which callers must not let happen. `more`: the next change belongs to this one.
    pub fn stage(
        &mut self,
        kind: Kind,
        cause: Cause,
        time: u32,
        more: bool,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> u64 {
        // What a file says is its last number may be any; the log refuses one that is given twice.
        self.sequence = self.sequence.saturating_add(1);
        if self.recording {
            let frame = Frame { kind, more, cause, time, sequence: self.sequence, body: &[] };
            write(&mut self.bytes, self.salt, frame, body);
        }
        self.sequence
    }
}

/// Appends a record as it is written, for a snapshot. A body longer than [`MAX_BODY`] is cut off, which callers must
/// not let happen.
pub fn encode(out: &mut Vec<u8>, salt: Salt, frame: Frame<'_>) {
    write(out, salt, frame, |body| body.extend_from_slice(frame.body));
}

/// As [`encode`], with a body that `body` appends in place.
pub fn encode_with(out: &mut Vec<u8>, salt: Salt, frame: Frame<'_>, body: impl FnOnce(&mut Vec<u8>)) {
    write(out, salt, frame, body);
}

/// Appends a record whose body `body` appends; `frame.body` is not looked at.
pub(crate) fn write(out: &mut Vec<u8>, salt: Salt, frame: Frame<'_>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.resize(start + HEADER_LEN, 0);
    body(out);
    debug_assert!(out.len() - start <= HEADER_LEN + MAX_BODY, "a record is longer than the log takes");
    out.truncate(start + HEADER_LEN + MAX_BODY);
    let length = u32::try_from(out.len() - start - HEADER_LEN).unwrap_or(u32::MAX);
    let mut header = [0; HEADER_LEN];
    let (head, sequence) = header.split_at_mut(16);
    sequence.copy_from_slice(&frame.sequence.to_le_bytes());
    if let [_, _, _, _, rest @ ..] = head
        && let Some((length_field, rest)) = rest.split_first_chunk_mut::<4>()
        && let Some((flags, time)) = rest.split_first_chunk_mut::<4>()
    {
        *length_field = length.to_le_bytes();
        *flags = [frame.kind as u8, u8::from(frame.more), frame.cause.0, 0];
        time.copy_from_slice(&frame.time.to_le_bytes());
    }
    if let Some(place) = out.get_mut(start..start + HEADER_LEN) {
        place.copy_from_slice(&header);
    }
    let crc = checksum(salt, out.get(start + 4..).unwrap_or_default());
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
    out.resize(start + (out.len() - start).next_multiple_of(8), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &[u8]) -> Vec<u8> {
        let mut staging = Staging::recorded(Salt(7), 41);
        staging.stage(Kind::Put, Cause(3), 99, true, |out| out.extend_from_slice(body));
        staging.bytes
    }

    #[test]
    fn what_is_staged_is_decoded() {
        for len in [0, 1, 7, 8, 9, 300] {
            let body = vec![0xab; len];
            let bytes = one(&body);
            assert_eq!(bytes.len() % 8, 0);
            let (frame, taken) = decode(&bytes, Salt(7)).unwrap();
            assert_eq!(taken, bytes.len());
            let want =
                Frame { kind: Kind::Put, more: true, cause: Cause(3), time: 99, sequence: 42, body: &body };
            assert_eq!(frame, want);
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let bytes = one(b"lease");
        for bit in 0..(HEADER_LEN + 5) * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&damaged, Salt(7)).is_err(), "bit {bit}");
        }
        assert_eq!(decode(&bytes, Salt(8)), Err(DecodeError::Damaged), "of another store");
    }

    #[test]
    fn zeros_are_nothing_and_an_end_is_short() {
        assert_eq!(decode(&[0; 64], Salt(0)), Err(DecodeError::Empty));
        let bytes = one(b"lease");
        assert_eq!(decode(&bytes[..20], Salt(7)), Err(DecodeError::Short));
        assert_eq!(decode(&bytes[..26], Salt(7)), Err(DecodeError::Short));
    }

    #[test]
    fn a_change_needs_room_for_the_longest_records() {
        let mut staging = Staging::recorded(Salt(7), 0);
        assert!(!staging.has_room(1));
        staging.set_room(padded_len(MAX_BODY));
        assert!(staging.has_room(1));
        staging.stage(Kind::Delete, Cause(0), 0, false, |_| ());
        assert!(!staging.has_room(1));
        assert!(Staging::unrecorded().has_room(1_000));
    }
}
