//! When entries are to be looked at: a ring of lists, one for each second, that promises never to be late.
//!
//! An entry may stand in a list before its time; when that is met it is put where it belongs then. So extending a lease
//! moves nothing, and a time beyond the ring stands in its farthest list for a while.

use crate::chunks::Chunks;
use crate::links::{Linked, Lists};

/// Seconds that the ring spans: 9 hours.
const SPAN: u64 = 32_768;

#[derive(Debug)]
pub(crate) struct Wheel {
    ring: Lists,
    /// Everything before this second is done with.
    current: u64,
    len: u64,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { ring: Lists::new(list_of(SPAN - 1) + 1), current: 0, len: 0 }
    }
}

impl Wheel {
    /// Adds an entry, which is in no list, to be looked at when `time` has come.
    pub(crate) fn add<T: Linked>(&mut self, entries: &mut Chunks<T>, slot: u32, time: u64, now: u64) {
        if self.len == 0 {
            self.current = self.current.max(now);
        }
        let farthest = self.current.saturating_add(SPAN - 1);
        self.ring.push_back(entries, list_of(time.clamp(self.current, farthest)), slot);
        self.len += 1;
    }

    /// Takes an entry out, if it is in.
    pub(crate) fn remove<T: Linked>(&mut self, entries: &mut Chunks<T>, slot: u32) {
        if self.ring.unlink(entries, slot) {
            self.len -= 1;
        }
    }

    /// The next entry that is to be looked at by `now`, and the second that it stands in; it stays until it is removed.
    /// One that does not end by that second belongs in a later one, and is to be removed and added again.
    ///
    /// The time that a call takes is that of passing over empty lists, at most the whole ring.
    pub(crate) fn due(&mut self, now: u64) -> Option<(u32, u64)> {
        if self.len == 0 {
            self.current = self.current.max(now);
            return None;
        }
        // After a long pause all lists are due, and their times do not matter any more.
        self.current = self.current.max(now.saturating_sub(SPAN - 1));
        while self.current <= now {
            if let Some(slot) = self.ring.first(list_of(self.current)) {
                return Some((slot, self.current));
            }
            if self.current == now {
                break;
            }
            self.current += 1;
        }
        None
    }
}

fn list_of(time: u64) -> usize {
    usize::try_from(time % SPAN).unwrap_or(0)
}
