//! Which addresses are whose, now: a snapshot of the interfaces that is renewed when it does not know an answer.

use std::io;
use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::Interfaces;

/// The interfaces as last seen, shared by all workers.
///
/// A question that the snapshot answers with yes costs no system call. A no may be out of date, so that the system
/// is asked again before it is given, at most [`MOST_ASKED`](Self::MOST_ASKED) times a second: an address that was
/// just added counts at once, and packets for addresses that are nobody's cannot keep the server busy.
#[derive(Debug)]
pub struct AddressBook {
    interfaces: RwLock<Arc<Interfaces>>,
    /// How often the system was asked of late; the lock also sees to it that one worker asks at a time.
    asked: Mutex<Asked>,
}

/// How often the system was asked because of questions.
#[derive(Debug)]
struct Asked {
    /// When the second began that `times` counts.
    since: Instant,
    times: u32,
}

impl AddressBook {
    /// How many times in a second the system is asked because of questions, at most.
    pub const MOST_ASKED: u32 = 10;

    /// Asks the system for the first snapshot.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interfaces: RwLock::new(Arc::new(Interfaces::snapshot()?)),
            asked: Mutex::new(Asked { since: Instant::now(), times: 0 }),
        })
    }

    /// The snapshot as it is.
    pub fn interfaces(&self) -> Arc<Interfaces> {
        Arc::clone(&self.interfaces.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether `address` is an address of the interface called `name`.
    pub fn has_address(&self, name: &str, address: Ipv6Addr) -> bool {
        self.find(|interfaces| {
            interfaces.by_name(name).filter(|interface| interface.has(address)).map(|_| ())
        })
        .is_some()
    }

    /// Whether `address` is an address of the interface with this index.
    pub fn has_address_at(&self, interface_index: u32, address: Ipv6Addr) -> bool {
        self.find(|interfaces| {
            interfaces.by_index(interface_index).filter(|interface| interface.has(address)).map(|_| ())
        })
        .is_some()
    }

    /// The name of the interface with this index.
    pub fn name_of(&self, interface_index: u32) -> Option<Arc<str>> {
        self.find(|interfaces| {
            interfaces.by_index(interface_index).map(|interface| Arc::clone(&interface.name))
        })
    }

    /// The index of the interface with this name.
    pub fn index_of(&self, name: &str) -> Option<u32> {
        self.find(|interfaces| interfaces.by_name(name).map(|interface| interface.index))
    }

    /// Asks the system at once, whenever it was asked last: for when an [`InterfaceWatch`](crate::InterfaceWatch)
    /// tells of a change. On an error the old snapshot stays.
    pub fn refresh(&self) -> io::Result<Arc<Interfaces>> {
        let _one_at_a_time = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace()
    }

    fn find<T>(&self, look: impl Fn(&Interfaces) -> Option<T>) -> Option<T> {
        let seen = self.interfaces();
        look(&seen)
            .or_else(|| self.newer_than(&seen, Instant::now()).and_then(|interfaces| look(&interfaces)))
    }

    /// A snapshot newer than `seen`: another worker's, or a new one if it is time for it.
    fn newer_than(&self, seen: &Arc<Interfaces>, now: Instant) -> Option<Arc<Interfaces>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.interfaces();
        if !Arc::ptr_eq(seen, &current) {
            return Some(current);
        }
        if !asked.may_ask(now) {
            return None;
        }
        self.replace().ok()
    }

    fn replace(&self) -> io::Result<Arc<Interfaces>> {
        let new = Arc::new(Interfaces::snapshot()?);
        *self.interfaces.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }
}

impl Asked {
    /// Whether one more time is within the bound; it is then counted.
    fn may_ask(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self { since: now, times: 0 };
        }
        let may = self.times < AddressBook::MOST_ASKED;
        self.times += u32::from(may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_snapshot_knows_is_answered_from_it() {
        let book = AddressBook::new().unwrap();
        let before = book.interfaces();
        let index = book.index_of("lo").unwrap();
        assert_eq!(book.name_of(index).as_deref(), Some("lo"));
        assert_eq!(
            book.has_address("lo", Ipv6Addr::LOCALHOST),
            book.has_address_at(index, Ipv6Addr::LOCALHOST)
        );
        assert!(Arc::ptr_eq(&before, &book.interfaces()));
    }

    #[test]
    fn the_system_is_asked_again_at_a_bounded_rate() {
        let book = AddressBook::new().unwrap();
        let start = book.asked.lock().unwrap().since;
        let first = book.interfaces();
        let mut seen = Arc::clone(&first);
        for _ in 0..AddressBook::MOST_ASKED {
            let newer = book.newer_than(&seen, start).expect("what was added just now counts at once");
            assert!(!Arc::ptr_eq(&seen, &newer));
            seen = newer;
        }
        assert!(book.newer_than(&seen, start + Duration::from_millis(999)).is_none());
        let got = book.newer_than(&first, start).unwrap();
        assert!(Arc::ptr_eq(&got, &seen), "another worker's snapshot serves");
        assert!(book.newer_than(&seen, start + Duration::from_secs(1)).is_some());
    }

    #[test]
    fn a_change_that_was_told_of_is_looked_at_whatever_the_rate() {
        let book = AddressBook::new().unwrap();
        let seen = book.interfaces();
        assert!(!Arc::ptr_eq(&seen, &book.refresh().unwrap()));
    }
}
