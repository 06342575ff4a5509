//! Reading what can be read of a file, whatever stands between.

use crate::error::Error;
use crate::frame::{self, Frame, Kind, Salt};
use crate::storage::File;
use crate::walk::{MAX_CHANGE, Measured, Window, measure};

/// Hands over every change that is whole, and every mark. After a place that is not a record it looks for one at each
/// multiple of 8.
pub(crate) fn salvage<F: File>(
    file: &F,
    name: &str,
    salt: Salt,
    from: u64,
    end: u64,
    visit: &mut dyn FnMut(&[Frame<'_>]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut window = Window::new(file, name, from, end);
    let mut ended = false;
    loop {
        let rest = window.rest();
        if rest.is_empty() && ended {
            return Ok(());
        }
        if rest.len() < MAX_CHANGE && !ended {
            ended = !window.refill()?;
            continue;
        }
        let taken = match measure(rest, salt) {
            Measured::One(frame, len) => {
                visit(&[frame])?;
                len
            }
            Measured::Several(len) => {
                let records = parts(rest.get(..len).unwrap_or_default(), salt);
                // The second half of one change may stand behind the first half of another.
                if records.windows(2).all(|pair| follows(pair)) {
                    visit(&records)?;
                }
                len
            }
            // The first record of a change of which the rest is missing goes with it.
            Measured::Short | Measured::Not(_) => match frame::decode(rest, salt) {
                Ok((frame, len)) if frame.more || frame.kind == Kind::Mark => len,
                _ => 8,
            },
        };
        window.take(taken);
    }
}

fn parts(mut bytes: &[u8], salt: Salt) -> Vec<Frame<'_>> {
    let mut records = Vec::new();
    while let Ok((frame, len)) = frame::decode(bytes, salt) {
        records.push(frame);
        bytes = bytes.get(len..).unwrap_or_default();
    }
    records
}

fn follows(pair: &[Frame<'_>]) -> bool {
    matches!(pair, [first, second] if first.sequence.checked_add(1) == Some(second.sequence))
}
