//! What is reserved, and for whom.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr};

use hashbrown::HashTable;
use ipnet::Ipv6Net;

use super::{ClassNumber, OptionValue, SubnetId};

/// By what a client is known to have a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// Its hardware address, without the type.
    HardwareAddress,
    /// Its DUID; in DHCPv4 that in its client identifier (RFC 4361), else that of the DHCPv6 message around it.
    Duid,
    /// The circuit-id of the relay agent information (DHCPv4).
    CircuitId,
    /// Its client identifier (DHCPv4).
    ClientId,
    /// What the expression of the flexible identifier makes.
    FlexId,
}

impl IdentifierKind {
    /// Its key in Kea's files.
    pub fn name(self) -> &'static str {
        match self {
            Self::HardwareAddress => "hw-address",
            Self::Duid => "duid",
            Self::CircuitId => "circuit-id",
            Self::ClientId => "client-id",
            Self::FlexId => "flex-id",
        }
    }
}

/// The reservations of one half, by the client that each is for.
///
/// One takes about 60 bytes, and what its addresses and details take, so that there can be millions.
#[derive(Debug, Clone)]
pub struct Reservations<A> {
    records: Vec<Record<A>>,
    /// The places of the records, by what they are found by.
    places: HashTable<u32>,
    /// What records are found by, one behind the other: subnet, kind and identifier.
    keys: Vec<u8>,
    hasher: RandomState,
    /// The kinds of identifiers that there are of each subnet, a bit for each; of subnet 0 those that hold everywhere.
    kinds: HashMap<u32, u8>,
}

#[derive(Debug, Clone)]
struct Record<A> {
    /// Where its key is in `keys`.
    start: u32,
    len: u16,
    host: Host<A>,
}

/// An address or a prefix that is reserved for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedLease {
    /// The address, or that of the prefix without host bits.
    pub address: Ipv6Addr,
    /// The length of the prefix, 1 to 128; `None` for an address.
    pub prefix_len: Option<u8>,
}

/// One reservation.
#[derive(Debug, Clone, PartialEq)]
pub struct Host<A> {
    /// The addresses and prefixes.
    pub reserved: A,
    /// What else there is, which most have none of.
    pub details: Option<Box<HostDetails>>,
}

/// What a client is given besides its address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostDetails {
    /// Its name; empty for none.
    pub hostname: String,
    /// The classes that it is in.
    pub classes: Vec<ClassNumber>,
    /// Options of its own.
    pub options: Vec<OptionValue>,
    /// What it must leave out of a reserved prefix (RFC 6603), by the address of that prefix.
    pub excluded: Vec<(Ipv6Addr, Ipv6Net)>,
    /// `siaddr` (DHCPv4).
    pub next_server: Option<Ipv4Addr>,
    /// `sname`, at most 63 bytes (DHCPv4).
    pub server_hostname: String,
    /// `file`, at most 127 bytes (DHCPv4).
    pub boot_file_name: String,
}

/// Which reservations count for the clients of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationModes {
    /// Those that stand outside of all subnets.
    pub global: bool,
    /// Those of the subnet.
    pub in_subnet: bool,
    /// The subnet has reserved none of the addresses of its pools.
    pub out_of_pool: bool,
}

impl Default for ReservationModes {
    fn default() -> Self {
        Self { global: false, in_subnet: true, out_of_pool: false }
    }
}

impl<A> Reservations<A> {
    /// What is reserved in `subnet` (where that is `None`, everywhere) for the client with that identifier.
    pub fn find(
        &self,
        subnet: Option<SubnetId>,
        kind: IdentifierKind,
        identifier: &[u8],
    ) -> Option<&Host<A>> {
        let subnet = number_of(subnet);
        if self.kinds.get(&subnet)? & 1 << kind as u8 == 0 {
            return None;
        }
        with_key(subnet, kind, identifier, |key| self.by_key(key)).map(|record| &record.host)
    }

    /// Whether anything is reserved in `subnet`; where that is `None`, everywhere.
    pub fn is_any(&self, subnet: Option<SubnetId>) -> bool {
        self.kinds.contains_key(&number_of(subnet))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All of them with their subnets (`None` for those that hold everywhere), in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (Option<SubnetId>, &Host<A>)> {
        self.records.iter().map(|record| {
            let number = self.key_of(record).first_chunk().map_or(0, |subnet| u32::from_be_bytes(*subnet));
            (Some(SubnetId(number)).filter(|_| number != 0), &record.host)
        })
    }

    /// Adds one; gives it back where the client has one in the subnet already, or where there are too many.
    pub(crate) fn add(
        &mut self,
        subnet: Option<SubnetId>,
        kind: IdentifierKind,
        identifier: &[u8],
        host: Host<A>,
    ) -> Option<Host<A>> {
        let subnet = number_of(subnet);
        let added = with_key(subnet, kind, identifier, |key| {
            let place = u32::try_from(self.records.len());
            let start = u32::try_from(self.keys.len());
            let (Ok(place), Ok(start), Ok(len)) = (place, start, u16::try_from(key.len())) else {
                return Err(host);
            };
            if self.by_key(key).is_some() {
                return Err(host);
            }
            let Self { records, places, keys, hasher, .. } = self;
            keys.extend_from_slice(key);
            records.push(Record { start, len, host });
            let hash_of = |place: &u32| {
                let record = records.get(usize::try_from(*place).unwrap_or(usize::MAX));
                hasher.hash_one(record.map_or(&[][..], |record| key_in(keys, record)))
            };
            places.insert_unique(hasher.hash_one(key), place, hash_of);
            Ok(())
        });
        match added {
            Ok(()) => {
                *self.kinds.entry(subnet).or_default() |= 1 << kind as u8;
                None
            }
            Err(host) => Some(host),
        }
    }

    /// Gives back memory that was taken for more.
    pub(crate) fn shrink(&mut self) {
        self.records.shrink_to_fit();
        self.keys.shrink_to_fit();
    }

    fn by_key(&self, key: &[u8]) -> Option<&Record<A>> {
        let record = |place: u32| self.records.get(usize::try_from(place).ok()?);
        let is_it = |place: &u32| record(*place).is_some_and(|record| self.key_of(record) == key);
        self.places.find(self.hasher.hash_one(key), is_it).and_then(|&place| record(place))
    }

    fn key_of(&self, record: &Record<A>) -> &[u8] {
        key_in(&self.keys, record)
    }
}

fn key_in<'k, A>(keys: &'k [u8], record: &Record<A>) -> &'k [u8] {
    let start = usize::try_from(record.start).unwrap_or(usize::MAX);
    keys.get(start..).and_then(|rest| rest.get(..usize::from(record.len))).unwrap_or_default()
}

impl<A: PartialEq> PartialEq for Reservations<A> {
    fn eq(&self, other: &Self) -> bool {
        self.records.len() == other.records.len()
            && self
                .records
                .iter()
                .all(|record| other.by_key(self.key_of(record)).is_some_and(|same| same.host == record.host))
    }
}

impl<A> Default for Reservations<A> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            places: HashTable::new(),
            keys: Vec::new(),
            hasher: RandomState::new(),
            kinds: HashMap::new(),
        }
    }
}

/// No subnet has the number 0.
fn number_of(subnet: Option<SubnetId>) -> u32 {
    subnet.map_or(0, |subnet| subnet.0)
}

/// Calls `with` with what a reservation is found by; nothing is allocated for identifiers of the usual lengths.
fn with_key<T>(subnet: u32, kind: IdentifierKind, identifier: &[u8], with: impl FnOnce(&[u8]) -> T) -> T {
    const HEAD: usize = 5;
    let mut short = [0; 64];
    let [a, b, c, d] = subnet.to_be_bytes();
    let head: [u8; HEAD] = [a, b, c, d, kind as u8];
    let len = HEAD.saturating_add(identifier.len());
    if let Some(key) = short.get_mut(..len)
        && let Some((start, rest)) = key.split_at_mut_checked(HEAD)
    {
        start.copy_from_slice(&head);
        rest.copy_from_slice(identifier);
        return with(key);
    }
    with(&[&head[..], identifier].concat())
}
