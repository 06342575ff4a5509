//! What is reserved, and for whom.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

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
/// One takes about 100 bytes, so that there can be millions.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservations<A> {
    hosts: HashMap<Box<[u8]>, Host<A>>,
    /// The kinds of identifiers that there are of each subnet, a bit for each; of subnet 0 those that hold everywhere.
    kinds: HashMap<u32, u8>,
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
        with_key(subnet, kind, identifier, |key| self.hosts.get(key))
    }

    /// Whether anything is reserved in `subnet`; where that is `None`, everywhere.
    pub fn is_any(&self, subnet: Option<SubnetId>) -> bool {
        self.kinds.contains_key(&number_of(subnet))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// All of them with their subnets (`None` for those that hold everywhere), in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (Option<SubnetId>, &Host<A>)> {
        self.hosts.iter().map(|(key, host)| {
            let number = key.first_chunk().map_or(0, |subnet| u32::from_be_bytes(*subnet));
            (Some(SubnetId(number)).filter(|_| number != 0), host)
        })
    }

    /// Adds one; gives it back where the client has one in the subnet already.
    pub(crate) fn add(
        &mut self,
        subnet: Option<SubnetId>,
        kind: IdentifierKind,
        identifier: &[u8],
        host: Host<A>,
    ) -> Option<Host<A>> {
        let subnet = number_of(subnet);
        if with_key(subnet, kind, identifier, |key| self.hosts.contains_key(key)) {
            return Some(host);
        }
        *self.kinds.entry(subnet).or_default() |= 1 << kind as u8;
        with_key(subnet, kind, identifier, |key| self.hosts.insert(key.into(), host));
        None
    }

    /// Gives back memory that was taken for more.
    pub(crate) fn shrink(&mut self) {
        self.hosts.shrink_to_fit();
    }
}

impl<A> Default for Reservations<A> {
    fn default() -> Self {
        Self { hosts: HashMap::new(), kinds: HashMap::new() }
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
