//! Interfaces by name, with what an answer that leaves by one needs.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fosix_net::{AddressBook, Interface};

/// One interface of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) index: u32,
    pub(crate) link_local: Option<Ipv6Addr>,
}

/// The interfaces that one worker has heard of, asked for anew once a second.
#[derive(Debug)]
pub(crate) struct Names {
    book: Arc<AddressBook>,
    known: HashMap<Box<str>, Known>,
    asked: Instant,
}

/// How long an answer serves.
const LIFETIME: Duration = Duration::from_secs(1);

impl Names {
    pub(crate) fn new(book: Arc<AddressBook>) -> Self {
        Self { book, known: HashMap::new(), asked: Instant::now() }
    }

    /// The interface of that name, if there is one. No more are remembered than exist.
    pub(crate) fn find(&mut self, name: &str) -> Option<Known> {
        if self.asked.elapsed() >= LIFETIME {
            self.known.clear();
            self.asked = Instant::now();
        }
        if let Some(known) = self.known.get(name) {
            return Some(*known);
        }
        let index = self.book.index_of(name)?;
        let link_local = self.book.interfaces().by_index(index).and_then(Interface::link_local);
        let known = Known { index, link_local };
        self.known.insert(name.into(), known);
        Some(known)
    }
}
