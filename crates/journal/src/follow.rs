//! Following the log from a number on: what is durable, in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Kept;
use crate::error::{Error, What};
use crate::frame::{self, DecodeError, Frame, HEADER_LEN, Kind, MAX_BODY, padded_len};
use crate::header::FIRST_RECORD;
use crate::log::{Log, lock};
use crate::replay::damaged;
use crate::storage::{Storage, read_full};

/// Bytes that are read at once; a record fits.
const BLOCK: usize = padded_len(MAX_BODY).next_multiple_of(64 << 10);

impl<S: Storage> Log<S> {
    /// Follows the log from the change behind `sequence` on.
    pub fn follow(self: &Arc<Self>, sequence: u64) -> Follower<S> {
        Follower {
            log: Arc::clone(self),
            sequence,
            segment: None,
            position: FIRST_RECORD,
            block: Vec::new(),
            taken: 0,
            filled: 0,
            readable: 0,
        }
    }
}

/// Reads the log behind its writer.
pub struct Follower<S: Storage> {
    log: Arc<Log<S>>,
    /// The number of the last change that it handed over.
    sequence: u64,
    /// What it reads from. An open file can be read when it was removed.
    segment: Option<(Kept, S::File)>,
    /// Where in the segment the rest of the block belongs.
    position: u64,
    block: Vec<u8>,
    taken: usize,
    filled: usize,
    /// What was durable when the block was read: no further than this is it what the log has there now.
    readable: u64,
}

/// What a follower finds.
#[derive(Debug)]
pub enum Followed<'a> {
    /// The next change.
    Record(Frame<'a>),
    /// Everything that is durable was handed over: [`Follower::wait`].
    NothingYet,
    /// The change is only in a snapshot any more: read that
    /// ([`snapshot_reader`](Log::snapshot_reader)) and follow from its number.
    TooFarBehind,
}

/// What [`Follower::find`] finds.
enum Found {
    /// A change, which is here in the block.
    Record(usize, usize),
    /// The block has to be read on.
    ReadOn,
    /// There is nothing more in the segment.
    Nothing,
}

impl<S: Storage> Follower<S> {
    /// The number of the last change that was handed over.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Waits until there is something to follow, at most for `timeout`; says whether there is.
    pub fn wait(&self, timeout: Duration) -> Result<bool, Error> {
        Ok(self.log.wait_beyond(self.sequence, timeout)? > self.sequence)
    }

    /// The next change, if it is durable.
    #[expect(clippy::should_implement_trait, reason = "what it lends cannot outlive the next call")]
    pub fn next(&mut self) -> Result<Followed<'_>, Error> {
        loop {
            let durable = self.log.durable();
            if durable <= self.sequence {
                return Ok(Followed::NothingYet);
            }
            let Some((segment, _)) = &self.segment else {
                if self.enter(None)? {
                    continue;
                }
                return Ok(Followed::TooFarBehind);
            };
            let next = lock(&self.log.catalog).after(segment.ordinal);
            if let Some(next) = next
                && next.before <= self.sequence
            {
                if self.enter(Some(next))? {
                    continue;
                }
                return Ok(Followed::TooFarBehind);
            }
            // Changes are durable as a whole, so what is readable is whole, too.
            if self.readable <= self.sequence {
                self.read()?;
            }
            match self.find()? {
                Found::Record(start, end) => {
                    let bytes = self.block.get(start..end).unwrap_or_default();
                    let Ok((frame, _)) = frame::decode(bytes, self.log.salt) else {
                        return Err(self.damage(What::Record));
                    };
                    return Ok(Followed::Record(frame));
                }
                Found::ReadOn => {}
                Found::Nothing if self.is_left_behind() => return Ok(Followed::TooFarBehind),
                Found::Nothing => return Err(self.damage(What::Nothing)),
            }
        }
    }

    /// Whether the segment was read to its end and the one behind it is not there any more.
    fn is_left_behind(&self) -> bool {
        let Some((segment, _)) = &self.segment else { return false };
        let next = lock(&self.log.catalog).after(segment.ordinal);
        next.is_some_and(|next| next.before > self.sequence && next.ordinal - segment.ordinal > 1)
    }

    /// Opens `segment`, or the one that has the next change; false when that is not there any more.
    fn enter(&mut self, segment: Option<Kept>) -> Result<bool, Error> {
        let segment = segment.or_else(|| lock(&self.log.catalog).behind(self.sequence));
        let Some(segment) = segment else { return Ok(false) };
        match self.log.storage.open(&segment.name) {
            Ok(file) => self.segment = Some((segment, file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io("open", &segment.name)(error)),
        }
        (self.position, self.taken, self.filled, self.readable) = (FIRST_RECORD, 0, 0, 0);
        Ok(true)
    }

    /// Reads a block from where it is.
    fn read(&mut self) -> Result<(), Error> {
        let Some((segment, file)) = &self.segment else { return Ok(()) };
        // First what is durable, then the bytes: they are at least as new.
        self.readable = self.log.durable();
        self.block.resize(BLOCK, 0);
        let name = &segment.name;
        self.filled = read_full(file, &mut self.block, self.position).map_err(Error::io("read", name))?;
        self.taken = 0;
        Ok(())
    }

    /// Takes the next change from the block.
    fn find(&mut self) -> Result<Found, Error> {
        loop {
            let rest = self.block.get(self.taken..self.filled).unwrap_or_default();
            match frame::decode(rest, self.log.salt) {
                Ok((frame, len)) => {
                    let (kind, sequence, start) = (frame.kind, frame.sequence, self.taken);
                    self.taken += len;
                    self.position += len as u64;
                    if kind == Kind::Mark || sequence <= self.sequence {
                        // A segment is entered at its start.
                        continue;
                    }
                    if self.sequence.checked_add(1) != Some(sequence) {
                        let expected = self.sequence.saturating_add(1);
                        return Err(self.damage(What::Number { found: sequence, expected }));
                    }
                    self.sequence = sequence;
                    return Ok(Found::Record(start, self.taken));
                }
                Err(DecodeError::Short) if self.taken > 0 || self.filled < HEADER_LEN => {
                    let before = self.filled.saturating_sub(self.taken);
                    self.read()?;
                    if self.filled <= before {
                        return Ok(Found::Nothing);
                    }
                }
                Err(DecodeError::Empty) => return Ok(Found::Nothing),
                Err(DecodeError::Short | DecodeError::Damaged) => return Err(self.damage(What::Record)),
            }
            if self.readable <= self.sequence {
                return Ok(Found::ReadOn);
            }
        }
    }

    fn damage(&self, what: What) -> Error {
        let name = self.segment.as_ref().map_or("", |(segment, _)| segment.name.as_str());
        damaged(name, self.position, what, None)
    }
}
