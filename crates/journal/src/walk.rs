//! Reading a file change by change, through a window of bounded size.

use crate::error::{Error, What};
use crate::frame::{self, DecodeError, Frame, Kind, MAX_BODY, Salt, padded_len};
use crate::mark::{MARK_LEN, Mark};
use crate::storage::{File, read_full};

/// The longest change: a record, or several of which each belongs to the one before, in bytes as they are written.
pub const MAX_CHANGE: usize = 8 * padded_len(MAX_BODY);

/// Bytes that are read at once. A change fits into them.
const WINDOW: usize = 1 << 20;

const _: () = assert!(WINDOW >= MAX_CHANGE, "a change must fit into the window");

/// A record of a change that is there as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) frame: Frame<'a>,
    /// Where it stands in the file.
    pub(crate) offset: u64,
    /// With its header and its padding.
    pub(crate) bytes: &'a [u8],
}

/// Where reading came to an end, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// Before this everything is whole.
    pub(crate) offset: u64,
    pub(crate) why: Stop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is no more room for a record.
    End,
    /// Nothing was written here.
    Empty,
    /// No record, or half a change.
    Broken(What),
}

/// Hands over the records from `from` on up to the first change that is not whole.
pub(crate) fn walk<F: File>(
    file: &F,
    name: &str,
    salt: Salt,
    from: u64,
    end: u64,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), Error>,
) -> Result<Stopped, Error> {
    let mut window = Window::new(file, name, from, end);
    loop {
        let offset = window.offset;
        let rest = window.rest();
        let taken = match measure(rest, salt) {
            Measured::One(frame, len) => {
                visit(Item { frame, offset, bytes: rest.get(..len).unwrap_or_default() })?;
                len
            }
            Measured::Several(len) => {
                let mut place = 0;
                while place < len {
                    let bytes = rest.get(place..len).unwrap_or_default();
                    let Ok((frame, taken)) = frame::decode(bytes, salt) else { break };
                    let bytes = bytes.get(..taken).unwrap_or_default();
                    visit(Item { frame, offset: offset + place as u64, bytes })?;
                    place += taken;
                }
                len
            }
            Measured::Short => {
                if window.refill()? {
                    continue;
                }
                let why = if window.rest().iter().any(|&byte| byte != 0) {
                    Stop::Broken(What::Record)
                } else {
                    Stop::End
                };
                return Ok(Stopped { offset, why });
            }
            Measured::Not(why) => return Ok(Stopped { offset, why }),
        };
        window.take(taken);
    }
}

/// What stands behind a place where reading came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behind {
    /// Whether anything but zeros is there.
    pub(crate) anything: bool,
    /// The highest number that a mark there says had been durable.
    pub(crate) durable: Option<u64>,
}

/// Looks at everything from `from` on, without relying on any record before a mark being whole.
pub(crate) fn look_behind<F: File>(
    file: &F,
    name: &str,
    salt: Salt,
    from: u64,
    end: u64,
) -> Result<Behind, Error> {
    let mut behind = Behind { anything: false, durable: None };
    let mut window = Window::new(file, name, from, end);
    loop {
        let rest = window.rest();
        let whole = rest.len().saturating_sub(MARK_LEN - 1).next_multiple_of(8).min(rest.len());
        let searched = rest.get(..whole).unwrap_or_default();
        if searched.iter().any(|&byte| byte != 0) {
            behind.anything = true;
            for place in (0..whole).step_by(8) {
                if let Some(mark) = rest.get(place..).and_then(|bytes| mark_at(bytes, salt)) {
                    behind.durable = behind.durable.max(Some(mark.durable));
                }
            }
        }
        window.take(whole);
        if !window.refill()? {
            behind.anything |= window.rest().iter().any(|&byte| byte != 0);
            return Ok(behind);
        }
    }
}

/// The mark at the start of `bytes`.
pub(crate) fn mark_at(bytes: &[u8], salt: Salt) -> Option<Mark> {
    // The length and the kind first: this is asked at every eighth byte.
    let (length, kind) = (bytes.get(4..8)?, bytes.get(8)?);
    if *kind != Kind::Mark as u8 || length != [16, 0, 0, 0] {
        return None;
    }
    let (frame, _) = frame::decode(bytes, salt).ok()?;
    Mark::decode(&frame)
}

pub(crate) enum Measured<'a> {
    One(Frame<'a>, usize),
    /// Records that belong together, and the bytes of all of them.
    Several(usize),
    /// There may be more of it behind these bytes.
    Short,
    Not(Stop),
}

/// The change at the start of `bytes`.
pub(crate) fn measure(bytes: &[u8], salt: Salt) -> Measured<'_> {
    let mut len = 0;
    loop {
        let first = len == 0;
        match frame::decode(bytes.get(len..).unwrap_or_default(), salt) {
            Ok((frame, taken)) if first && !frame.more && bytes.len() >= taken => {
                return Measured::One(frame, taken);
            }
            // A mark is no partner, and has none.
            Ok((frame, _)) if frame.kind == Kind::Mark => {
                return Measured::Not(Stop::Broken(if first { What::Mark } else { What::HalfChange }));
            }
            Ok((frame, taken)) => {
                len += taken;
                if bytes.len() < len {
                    return Measured::Short;
                } else if len > MAX_CHANGE {
                    return Measured::Not(Stop::Broken(What::TooLong));
                } else if !frame.more {
                    return Measured::Several(len);
                }
            }
            Err(DecodeError::Short) => return Measured::Short,
            Err(DecodeError::Empty) if first => return Measured::Not(Stop::Empty),
            Err(DecodeError::Empty) => return Measured::Not(Stop::Broken(What::HalfChange)),
            Err(DecodeError::Damaged) => return Measured::Not(Stop::Broken(What::Record)),
        }
    }
}

/// A part of a file in memory that moves forwards.
pub(crate) struct Window<'a, F> {
    file: &'a F,
    name: &'a str,
    /// Where the file, or what counts of it, ends.
    end: u64,
    bytes: Vec<u8>,
    /// What of `bytes` has been taken, and what has been read.
    taken: usize,
    filled: usize,
    /// Where in the file `taken` is.
    pub(crate) offset: u64,
}

impl<'a, F: File> Window<'a, F> {
    /// Nothing is read yet.
    pub(crate) fn new(file: &'a F, name: &'a str, from: u64, end: u64) -> Self {
        let len = usize::try_from(end.saturating_sub(from)).unwrap_or(WINDOW).min(WINDOW);
        Self { file, name, end, bytes: vec![0; len], taken: 0, filled: 0, offset: from }
    }

    /// What was read and not taken.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..self.filled).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, len: usize) {
        let len = len.min(self.filled.saturating_sub(self.taken));
        self.taken += len;
        self.offset += len as u64;
    }

    /// Reads on; false when there is nothing more, or no room for it beside what was not taken.
    pub(crate) fn refill(&mut self) -> Result<bool, Error> {
        self.bytes.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        let from = self.offset + self.filled as u64;
        let left = usize::try_from(self.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let until = self.filled.saturating_add(left).min(self.bytes.len());
        let Some(into) = self.bytes.get_mut(self.filled..until) else { return Ok(false) };
        let read = read_full(self.file, into, from).map_err(Error::io("read", self.name))?;
        self.filled += read;
        Ok(read > 0)
    }
}

/// The sum of a run of bytes, so that they can be compared with a later reading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum(crc32fast::Hasher);

impl Sum {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> u32 {
        self.0.clone().finalize()
    }
}
