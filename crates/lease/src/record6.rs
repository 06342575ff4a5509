//! The lease record of the DHCPv6 half: an address or a delegated prefix, and everything known of its binding.

use std::net::Ipv6Addr;

use crate::record::{LeaseState, RelayHop};
use crate::{HardwareAddress, Timestamp};

/// One DHCPv6 binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease6 {
    /// What is leased.
    pub kind: LeaseKind6,
    /// The address, or the prefix with zeros behind its length.
    pub address: Ipv6Addr,
    /// The prefix's length, 1 to 128; 128 for an address.
    pub prefix_len: u8,
    /// Who holds it, or held it last: a DUID of 1 to 130 bytes; empty where nobody is known.
    pub duid: Box<[u8]>,
    /// The client's identity association (RFC 9915 §12).
    pub iaid: u32,
    /// The client's hardware address, where one is known.
    pub hardware: Option<HardwareAddress>,
    /// The source address of the client's last message; `::` where it is not known.
    pub source: Ipv6Addr,
    /// The relays that it came through, the one nearest the client first.
    pub relay_path: Box<[RelayHop]>,
    /// The subnet's id in the configuration.
    pub subnet: u32,
    /// The id of the pool in Kea's numbering; 0 is none.
    pub pool_id: u32,
    /// The limited classes that its client was in when it last obtained or extended it; see [`CountBy`](crate::CountBy).
    pub classes: Box<[Box<str>]>,
    /// The name that the client has, or an empty text.
    pub hostname: Box<str>,
    /// Whether the name was put into DNS, and whether the address was (RFC 4704).
    pub dns: DnsUpdated,
    /// What an operator attached to it: JSON text.
    pub user_context: Option<Box<str>>,
    /// What the binding is worth now.
    pub state: LeaseState,
    /// Seconds for which new connections may use it; `u32::MAX` is for ever.
    pub preferred_lifetime: u32,
    /// Seconds of validity from [`Lease6::last_transaction`] on; `u32::MAX` is for ever.
    pub valid_lifetime: u32,
    /// When the client last obtained or extended it.
    pub last_transaction: Timestamp,
    /// Since when the client has held it without a break.
    pub since: Timestamp,
}

/// What a client is to be given; the store makes the record of it.
#[derive(Debug, Clone)]
pub struct Grant6 {
    /// What is leased.
    pub kind: LeaseKind6,
    /// The address or prefix; it must be the client's, on offer to it, or free.
    pub address: Ipv6Addr,
    /// The prefix's length; 128 for an address.
    pub prefix_len: u8,
    /// Who gets it.
    pub duid: Box<[u8]>,
    /// The client's identity association.
    pub iaid: u32,
    /// The client's hardware address, where one is known.
    pub hardware: Option<HardwareAddress>,
    /// The source address of its message.
    pub source: Ipv6Addr,
    /// The relays that it came through, the one nearest the client first.
    pub relay_path: Box<[RelayHop]>,
    /// The subnet's id.
    pub subnet: u32,
    /// The limited classes that its client was in when it last obtained or extended it; see [`CountBy`](crate::CountBy).
    pub classes: Box<[Box<str>]>,
    /// The name that the client has, or an empty text.
    pub hostname: Box<str>,
    /// Seconds for which new connections may use it; `u32::MAX` is for ever.
    pub preferred_lifetime: u32,
    /// Seconds of validity; `u32::MAX` is for ever.
    pub valid_lifetime: u32,
}

/// What a DHCPv6 lease is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseKind6 {
    /// An address of an IA_NA, or one that a client registered (RFC 9686).
    Address,
    /// A prefix of an IA_PD.
    Prefix,
}

/// What of a lease is in DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DnsUpdated {
    /// The name has the address.
    pub forward: bool,
    /// The address has the name.
    pub reverse: bool,
}

impl Lease6 {
    /// When it ends, or the probation of a declined one does; `None` is never.
    pub fn expires(&self) -> Option<Timestamp> {
        match self.valid_lifetime {
            u32::MAX => None,
            seconds => Some(self.last_transaction.plus(seconds)),
        }
    }

    /// Whether nobody else may have the address at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.state.keeps_others_away() && self.expires().is_none_or(|end| now < end)
    }
}
