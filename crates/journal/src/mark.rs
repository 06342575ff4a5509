//! The mark: the record at the head of each write.

use crate::frame::{self, Cause, Frame, HEADER_LEN, Kind, Salt};

/// What a mark takes.
pub(crate) const MARK_LEN: usize = HEADER_LEN + BODY_LEN;

const BODY_LEN: usize = 16;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of the record before it.
    pub(crate) sequence: u64,
    /// Up to here everything was durable when the write was begun.
    pub(crate) durable: u64,
    /// The newest time that the store knew of, in seconds since the Unix epoch.
    pub(crate) newest_time: u64,
}

impl Mark {
    /// As [`MARK_LEN`] bytes, appended.
    pub(crate) fn encode(self, out: &mut Vec<u8>, salt: Salt) {
        let time = u32::try_from(self.newest_time).unwrap_or(u32::MAX);
        let frame = Frame {
            kind: Kind::Mark,
            more: false,
            cause: Cause(0),
            time,
            sequence: self.sequence,
            body: &[],
        };
        frame::write(out, salt, frame, |body| {
            body.extend_from_slice(&self.durable.to_le_bytes());
            body.extend_from_slice(&self.newest_time.to_le_bytes());
        });
    }

    /// What a record of kind [`Kind::Mark`] says; nothing when no mark is like that.
    pub(crate) fn decode(frame: &Frame<'_>) -> Option<Self> {
        let (durable, rest) = frame.body.split_first_chunk::<8>()?;
        let newest_time = rest.first_chunk::<8>()?;
        let durable = u64::from_le_bytes(*durable);
        let sane = frame.body.len() == BODY_LEN && !frame.more && durable <= frame.sequence;
        sane.then_some(Self {
            sequence: frame.sequence,
            durable,
            newest_time: u64::from_le_bytes(*newest_time),
        })
    }
}
