//! What keeps clients from taking more than their part: leases at a time, and packets in a time.
//!
//! A window of a rate begins with the first packet after the one before has ended; so many packets are served in it.

use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;
use fosix_config::{ClassNumber, ClientClasses, Limit, Limits, Rate};
use fosix_expression::Classes;
use fosix_lease::{CountBy, Relay, Shares, Timestamp, port, remote_id};
use smallvec::SmallVec;
use tracing::warn;

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    /// That of each client.
    Client,
    /// That of each port of a relay.
    InterfaceId,
    /// That of each Remote-ID.
    RemoteId,
    /// That of a class.
    Class,
    /// That of a subnet.
    Subnet,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Whose it is.
    pub by: LimitedBy,
    /// How many it allows.
    pub limit: u32,
}

/// The limits of one half, made ready for messages.
#[derive(Debug)]
pub struct Limiter {
    config: Limits,
    /// The names of the classes whose leases are limited.
    classes: Vec<(ClassNumber, Box<str>)>,
    limits_packets: bool,
    counts_by: CountBy,
    windows: Mutex<Windows>,
    hasher: RandomState,
    complaints: Mutex<Complaints>,
}

/// How many packets came in each window.
#[derive(Debug, Default)]
struct Windows {
    /// In the order of [`Limits::classes`].
    classes: Vec<Window>,
    /// In the order of [`Limits::subnets`].
    subnets: Vec<Window>,
    /// Of clients and ports, by a hash of which they are; empty until it is needed.
    others: Vec<Set>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    /// In seconds, as a lease's times are kept: up to 2106.
    start: u32,
    count: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// What of the hash does not say the place.
    tag: u32,
    window: Window,
}

/// Clients and ports that may have the same place: what a line of the processor's cache takes.
const WAYS: usize = 5;
/// Places. Together that is 650,000 clients and ports at a time, in 8 MiB; of more, those that sent least are forgotten.
const PLACES: usize = 1 << 17;

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Set([Entry; WAYS]);

/// What was not told because too much was.
#[derive(Debug, Default)]
struct Complaints {
    told: Option<u64>,
    untold: u64,
}

impl Window {
    /// Whether one more packet is within `rate`, and counts it.
    fn admits(&mut self, rate: Rate, now: u32) -> bool {
        if self.count == 0 || now.saturating_sub(self.start) >= rate.seconds || now < self.start {
            *self = Self { start: now, count: 0 };
        }
        let admits = self.count < rate.packets;
        if admits {
            self.count += 1;
        }
        admits
    }
}

impl Windows {
    fn admits(&mut self, hash: u64, rate: Rate, now: u32) -> bool {
        if self.others.is_empty() {
            self.others = vec![Set::default(); PLACES];
        }
        #[expect(clippy::cast_possible_truncation, reason = "the rest is left out on purpose")]
        let (place, tag) = (hash as usize % PLACES, (hash >> 32) as u32);
        let Some(Set(set)) = self.others.get_mut(place) else { return true };
        let known = set.iter().position(|entry| entry.tag == tag && entry.window.count > 0);
        // Whoever is quiet is forgotten first: those that reached their limit have sent most.
        let at = known.or_else(|| {
            let each = set.iter().enumerate();
            let quiet = each.min_by_key(|(_, entry)| (entry.window.count, entry.window.start));
            quiet.map(|(at, _)| at)
        });
        let Some(entry) = at.and_then(|at| set.get_mut(at)) else { return true };
        if known.is_none() {
            *entry = Entry { tag, window: Window::default() };
        }
        entry.window.admits(rate, now)
    }
}

/// The second of a time.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.0).unwrap_or(u32::MAX)
}

impl Limiter {
    /// Makes `limits` ready, which are about `classes`.
    pub fn new(limits: &Limits, classes: &ClientClasses) -> Self {
        let limited = limits.classes.iter().filter(|(_, limit)| limit.is_of_leases());
        let each = [limits.client, limits.interface_id, limits.remote_id];
        let of_classes = limits.classes.iter().map(|(_, limit)| limit);
        Self {
            classes: limited.map(|(number, _)| (*number, classes.names.name(*number).into())).collect(),
            limits_packets: each.iter().chain(of_classes).any(|limit| limit.rate.is_some()),
            windows: Mutex::new(Windows {
                classes: vec![Window::default(); limits.classes.len()],
                subnets: vec![Window::default(); limits.subnets.len()],
                others: Vec::new(),
            }),
            hasher: RandomState::default(),
            complaints: Mutex::default(),
            counts_by: counts_by(limits),
            config: limits.clone(),
        }
    }

    /// By what leases have to be counted.
    pub fn counts_by(&self) -> CountBy {
        self.counts_by
    }

    /// Whether leases are limited.
    pub fn limits_leases(&self) -> bool {
        self.counts_by != CountBy::default()
    }

    /// Whether packets are limited otherwise than by subnet: if not, [`Self::packet`] need not be asked.
    pub fn limits_packets(&self) -> bool {
        self.limits_packets
    }

    /// The names of the classes of a message that a lease is counted by.
    pub fn limited_classes(&self, classes: &Classes) -> Box<[Box<str>]> {
        let of_message = self.classes.iter().filter(|(number, _)| classes.contains(*number));
        of_message.map(|(_, name)| name.clone()).collect()
    }

    /// Whether a packet of `client` that came by `path`, the relay nearest the client first, is served.
    pub fn packet<'a>(
        &self,
        now: Timestamp,
        client: &[u8],
        path: impl Iterator<Item = Relay<'a>>,
        classes: &Classes,
    ) -> Result<(), Reached> {
        let Limits { client: of_client, interface_id, remote_id: of_remote_id, classes: of_classes, .. } =
            &self.config;
        let path: SmallVec<[Relay<'_>; 4]> = path.collect();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut check = |by, limit: &Limit, hash: &dyn Fn() -> Option<u64>| {
            let Some((rate, hash)) = limit.rate.and_then(|rate| Some((rate, hash()?))) else { return Ok(()) };
            if windows.admits(hash, rate, seconds(now)) {
                Ok(())
            } else {
                Err(Reached { by, limit: rate.packets })
            }
        };
        // Whoever claims to be somebody else on another line does not use up what that one may send.
        let line = || port(&path).map(|(id, links)| (id, links.collect::<SmallVec<[_; 4]>>()));
        check(LimitedBy::Client, of_client, &|| Some(self.hasher.hash_one((0, client, line()))))?;
        check(LimitedBy::InterfaceId, interface_id, &|| Some(self.hasher.hash_one((1, line()?))))?;
        check(LimitedBy::RemoteId, of_remote_id, &|| Some(self.hasher.hash_one((2, remote_id(&path)?))))?;
        for ((number, limit), window) in of_classes.iter().zip(&mut windows.classes) {
            if let Some(rate) = limit.rate.filter(|_| classes.contains(*number))
                && !window.admits(rate, seconds(now))
            {
                return Err(Reached { by: LimitedBy::Class, limit: rate.packets });
            }
        }
        Ok(())
    }

    /// Whether one more packet for a subnet is served.
    pub fn packet_of_subnet(&self, now: Timestamp, subnet: u32) -> Result<(), Reached> {
        let Some((at, rate)) = self.of_subnet(subnet).and_then(|(at, limit)| Some((at, limit.rate?))) else {
            return Ok(());
        };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_served = windows.subnets.get_mut(at).is_none_or(|window| window.admits(rate, seconds(now)));
        if is_served { Ok(()) } else { Err(Reached { by: LimitedBy::Subnet, limit: rate.packets }) }
    }

    /// Whether a client in `classes` may have `more` leases of a kind, besides those that it and those that it shares with
    /// have. `of_class` says how many the members of a class have.
    pub fn leases(
        &self,
        are_prefixes: bool,
        subnet: u32,
        more: u32,
        shares: &Shares,
        classes: &Classes,
        of_class: impl Fn(&str) -> u32,
    ) -> Result<(), Reached> {
        let check = |by, limit: &Limit, count: Option<u32>| {
            let limit = if are_prefixes { limit.prefixes } else { limit.addresses };
            match (limit, count) {
                (Some(limit), Some(count)) if count.saturating_add(more) > limit => {
                    Err(Reached { by, limit })
                }
                _ => Ok(()),
            }
        };
        check(LimitedBy::Client, &self.config.client, Some(shares.client))?;
        check(LimitedBy::InterfaceId, &self.config.interface_id, shares.interface_id)?;
        check(LimitedBy::RemoteId, &self.config.remote_id, shares.remote_id)?;
        for (number, name) in self.classes.iter().filter(|(number, _)| classes.contains(*number)) {
            let limits = self.config.classes.iter().filter(|(class, _)| class == number);
            for (_, limit) in limits {
                check(LimitedBy::Class, limit, Some(of_class(name)))?;
            }
        }
        match self.of_subnet(subnet) {
            Some((_, limit)) => check(LimitedBy::Subnet, limit, Some(shares.subnet)),
            None => Ok(()),
        }
    }

    fn of_subnet(&self, subnet: u32) -> Option<(usize, &Limit)> {
        let subnets = &self.config.subnets;
        let at = subnets.binary_search_by_key(&subnet, |(id, _)| id.0).ok()?;
        subnets.get(at).map(|(_, limit)| (at, limit))
    }

    /// Says who reached a limit, at most once a second.
    pub fn complain(&self, now: Timestamp, reached: Reached, what: &str, who: impl FnOnce() -> String) {
        let untold = {
            let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
            if complaints.told == Some(now.0) {
                complaints.untold += 1;
                return;
            }
            complaints.told = Some(now.0);
            std::mem::take(&mut complaints.untold)
        };
        warn!(client = who(), %reached, others_before = untold, "a limit of {what} is reached");
    }
}

fn counts_by(limits: &Limits) -> CountBy {
    let Limits { client, interface_id, remote_id, classes, subnets } = limits;
    CountBy {
        client: client.is_of_leases(),
        interface_id: interface_id.is_of_leases(),
        remote_id: remote_id.is_of_leases(),
        class: classes.iter().any(|(_, limit)| limit.is_of_leases()),
        subnet: subnets.iter().any(|(_, limit)| limit.is_of_leases()),
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whose = match self.by {
            LimitedBy::Client => "each client",
            LimitedBy::InterfaceId => "each interface-id",
            LimitedBy::RemoteId => "each remote-id",
            LimitedBy::Class => "a class",
            LimitedBy::Subnet => "the subnet",
        };
        write!(f, "{} of {whose}", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { packets: 3, seconds: 60 };

    #[test]
    fn so_many_packets_are_served_from_the_first_one_on() {
        let mut window = Window::default();
        let served: Vec<bool> =
            [100, 100, 130, 131, 159, 160, 161].map(|now| window.admits(RATE, now)).into();
        assert_eq!(served, [true, true, true, false, false, true, true]);
        assert!(!Window::default().admits(Rate { packets: 0, seconds: 1 }, 0));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_lock_anybody_out() {
        let mut window = Window::default();
        assert!((0..3).all(|_| window.admits(RATE, 1_000_000)));
        assert!(window.admits(RATE, 5));
    }

    #[test]
    fn one_that_reached_its_limit_is_not_forgotten_for_a_crowd() {
        let mut windows = Windows::default();
        assert_eq!((0..5).filter(|_| windows.admits(7, RATE, 100)).count(), 3);
        let crowd = (1..1000_u64).map(|number| 7 | number << 32);
        assert!(crowd.clone().all(|hash| windows.admits(hash, RATE, 100)));
        assert!(!windows.admits(7, RATE, 101));
        assert_eq!(windows.others.len(), PLACES);
    }
}
