//! A snapshot, taken in slices while leases are served.

use fosix_journal::{Cause, Error, Frame, Kind, Storage, encode};

use super::{Kept, Store};
use crate::Snapped;

/// Places of leases that are looked at under one lock: some tenths of a millisecond.
const SLICE: u32 = 1_000;

impl<L: Kept, S: Storage> Store<L, S> {
    /// Takes a snapshot; says how many leases are in it. Nothing for leases in memory alone.
    pub fn take_snapshot(&self) -> Result<u64, Error> {
        let Some(journal) = &self.journal else { return Ok(0) };
        let (mut writer, salt) = (journal.begin_snapshot()?, journal.salt());
        let (mut next, mut records, mut newest) = (Some(0), Vec::new(), 0);
        let mut count = 0;
        while let Some(from) = next {
            records.clear();
            {
                let leases = self.lock();
                let put = &mut |snapped: Snapped<'_>| {
                    count += 1;
                    let Snapped { sequence, time, body } = snapped;
                    let (kind, cause) = (Kind::Put, Cause(0));
                    let frame = Frame { kind, more: false, cause, time, sequence, body };
                    encode(&mut records, salt, frame);
                };
                next = leases.slice(from, SLICE, put);
                newest = leases.staging().sequence();
            }
            writer.put(&records)?;
        }
        writer.finish(newest)?;
        Ok(count)
    }
}
