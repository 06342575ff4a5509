//! How many leases somebody has: a client, a port of a relay, a subnet, a class. Counted only where there are limits.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::net::Ipv6Addr;

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use crate::fields::Relay;

/// By what leases are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each can be had without the others")]
pub struct CountBy {
    /// By client.
    pub client: bool,
    /// By the port of a relay that an Interface-ID (option 18) names.
    pub interface_id: bool,
    /// By Remote-ID (option 37).
    pub remote_id: bool,
    /// By subnet.
    pub subnet: bool,
    /// By the classes that a grant names.
    pub class: bool,
}

/// How many leases there are of one kind of those that a client has a part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Its own.
    pub client: u32,
    /// Of its port of a relay; none where no relay says which it is.
    pub interface_id: Option<u32>,
    /// Of its Remote-ID, if a relay gave one.
    pub remote_id: Option<u32>,
    /// Of its subnet.
    pub subnet: u32,
}

/// Numbers of leases by a hash of whose they are. With ten million holders, two are taken for one with a chance of 1 to 300,000.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    by: CountBy,
    counts: HashMap<u64, u32, foldhash::fast::RandomState>,
    hasher: RandomState,
}

/// What a lease is counted by.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    /// Prefixes and addresses are counted apart.
    pub(crate) is_prefix: bool,
    pub(crate) client: SmallVec<[u8; 32]>,
    /// The relay nearest the client first.
    pub(crate) path: SmallVec<[Relay<'a>; 4]>,
    pub(crate) subnet: u32,
    pub(crate) classes: SmallVec<[&'a str; 4]>,
}

/// What of a relay path names a port: the Interface-ID of the relay nearest the client that sent one, with the links of that
/// relay and of those behind it, as different relays may call their ports the same.
pub fn port<'a>(path: &'a [Relay<'a>]) -> Option<(&'a [u8], impl Iterator<Item = Ipv6Addr> + 'a)> {
    let at = path.iter().position(|relay| !relay.interface_id.is_empty())?;
    let outwards = path.get(at..)?;
    Some((outwards.first()?.interface_id, outwards.iter().map(|relay| relay.link_address)))
}

/// The Remote-ID, with its enterprise number, of the relay nearest the client that sent one.
pub fn remote_id<'a>(path: &[Relay<'a>]) -> Option<&'a [u8]> {
    path.iter().map(|relay| relay.remote_id).find(|id| !id.is_empty())
}

/// What is hashed, so that no two kinds of holders are the same.
#[derive(Hash)]
enum Holder<'a> {
    Client(&'a [u8]),
    Port(&'a [u8], SmallVec<[Ipv6Addr; 4]>),
    RemoteId(&'a [u8]),
    Subnet(u32),
    Class(&'a str),
}

impl CountBy {
    /// By all of it.
    #[cfg(test)]
    pub(crate) const ALL: Self =
        Self { client: true, interface_id: true, remote_id: true, subnet: true, class: true };
}

impl Quotas {
    pub(crate) fn by(&self) -> CountBy {
        self.by
    }

    pub(crate) fn is_on(&self) -> bool {
        self.by != CountBy::default()
    }

    /// Counts from nothing on.
    pub(crate) fn restart(&mut self, by: CountBy) {
        self.by = by;
        self.counts = HashMap::default();
    }

    pub(crate) fn add(&mut self, lease: &Counted<'_>) {
        for key in self.keys(lease) {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    pub(crate) fn remove(&mut self, lease: &Counted<'_>) {
        for key in self.keys(lease) {
            let Some(count) = self.counts.get_mut(&key) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
    }

    /// What those have that a lease would be counted by.
    pub(crate) fn shares(&self, lease: &Counted<'_>) -> Shares {
        let of = |holder| self.of(lease.is_prefix, &holder);
        Shares {
            client: of(Holder::Client(&lease.client)),
            interface_id: port(&lease.path).map(|(id, links)| of(Holder::Port(id, links.collect()))),
            remote_id: remote_id(&lease.path).map(|id| of(Holder::RemoteId(id))),
            subnet: of(Holder::Subnet(lease.subnet)),
        }
    }

    /// What the members of a class have.
    pub(crate) fn of_class(&self, is_prefix: bool, name: &str) -> u32 {
        self.of(is_prefix, &Holder::Class(name))
    }

    /// The same without anything counted.
    #[cfg(test)]
    pub(crate) fn emptied(&self) -> Self {
        Self { by: self.by, counts: HashMap::default(), hasher: self.hasher.clone() }
    }

    #[cfg(test)]
    pub(crate) fn counts(&self) -> &HashMap<u64, u32, foldhash::fast::RandomState> {
        &self.counts
    }

    fn of(&self, is_prefix: bool, holder: &Holder<'_>) -> u32 {
        self.counts.get(&self.hasher.hash_one((is_prefix, holder))).copied().unwrap_or(0)
    }

    fn keys(&self, lease: &Counted<'_>) -> SmallVec<[u64; 8]> {
        let mut keys = SmallVec::new();
        let mut add = |holder| keys.push(self.hasher.hash_one((lease.is_prefix, holder)));
        if self.by.client {
            add(Holder::Client(&lease.client));
        }
        if let Some((id, links)) = port(&lease.path).filter(|_| self.by.interface_id) {
            add(Holder::Port(id, links.collect()));
        }
        if let Some(id) = remote_id(&lease.path).filter(|_| self.by.remote_id) {
            add(Holder::RemoteId(id));
        }
        if self.by.subnet {
            add(Holder::Subnet(lease.subnet));
        }
        if self.by.class {
            lease.classes.iter().for_each(|name| add(Holder::Class(name)));
        }
        keys
    }
}
