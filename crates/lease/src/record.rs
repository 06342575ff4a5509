//! The lease record: everything that is known of one binding.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::softwire::PortParams;
use fosix_wire::v6::Packet;

use crate::fields::{BodyError, Relay};
use crate::{ClientIdentity, DnsUpdated, HardwareAddress, Timestamp};

/// One DHCPv4 binding: an address, who holds it and until when, and how the client was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease4 {
    /// The address.
    pub address: Ipv4Addr,
    /// The port set on it (RFC 7618); `None` is the whole address.
    pub port_set: Option<PortParams>,
    /// Who holds it, or held it last.
    pub client: ClientIdentity,
    /// The client's hardware address, also where the identity is a client identifier.
    pub hardware: HardwareAddress,
    /// The client's softwire source address (RFC 8539 §8) and since when.
    pub softwire: Option<SoftwireSource>,
    /// The IPv6 source address of the client's last query; `::` where it is not known.
    pub source: Ipv6Addr,
    /// The relays that the last query came through, the one nearest the client first.
    pub relay_path: Box<[RelayHop]>,
    /// The subnet's id in the configuration.
    pub subnet: u32,
    /// The id of the pool in Kea's numbering; 0 is none.
    pub pool_id: u32,
    /// The limited classes that its client was in when it last obtained or extended it; see [`CountBy`](crate::CountBy).
    pub classes: Box<[Box<str>]>,
    /// The name that the client gave (option 12), or an empty text.
    pub hostname: Box<str>,
    /// What of it is in DNS.
    pub dns: DnsUpdated,
    /// What an operator attached to it: JSON text.
    pub user_context: Option<Box<str>>,
    /// What the binding is worth now; see [`Lease4::is_active`].
    pub state: LeaseState,
    /// Seconds of validity from [`Lease4::last_transaction`] on; `u32::MAX` is for ever.
    pub valid_lifetime: u32,
    /// When the client last obtained or extended it.
    pub last_transaction: Timestamp,
    /// Since when the client has held it without a break.
    pub since: Timestamp,
}

/// What a binding is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// The client holds it until it expires.
    Assigned,
    /// A client found it in use by somebody else (DHCPDECLINE); nobody gets it until the probation ends.
    Declined,
    /// It expired, and its address is free; kept so that the client can have it again.
    Expired,
    /// The client gave it back, and its address is free; kept so that the client can have it again. Its validity
    /// is what there was of it: it "expired" when it was given back.
    Released,
    /// The client chose the address itself and told the server of it (RFC 9686; DHCPv6 only).
    Registered,
}

impl LeaseState {
    /// How many states there are.
    pub(crate) const COUNT: usize = 5;

    /// Its number in a record (docs/store.md).
    pub fn number(self) -> u8 {
        match self {
            Self::Assigned => 0,
            Self::Declined => 1,
            Self::Expired => 2,
            Self::Released => 3,
            Self::Registered => 4,
        }
    }

    /// Its place in a table of all states.
    pub(crate) fn index(self) -> usize {
        self.number().into()
    }

    /// The state with this number in a record.
    pub(crate) fn from_number(number: u8) -> Result<Self, BodyError> {
        match number {
            0 => Ok(Self::Assigned),
            1 => Ok(Self::Declined),
            2 => Ok(Self::Expired),
            3 => Ok(Self::Released),
            4 => Ok(Self::Registered),
            _ => Err(BodyError::Value { what: "lease state", value: number.into() }),
        }
    }

    /// Whether nobody else may have the address until the lease or the probation ends.
    pub fn keeps_others_away(self) -> bool {
        matches!(self, Self::Assigned | Self::Declined | Self::Registered)
    }
}

/// Where a client's softwire starts (RFC 8539 §6.2, option 109).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftwireSource {
    /// The IPv6 address bound to the lease.
    pub address: Ipv6Addr,
    /// When the address last changed.
    pub changed: Timestamp,
}

/// One relay on the way of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayHop {
    /// The link-address field (RFC 9915 §9.1).
    pub link_address: Ipv6Addr,
    /// Interface-ID (option 18), its first 255 bytes; empty if the relay sent none.
    pub interface_id: Box<[u8]>,
    /// Remote-ID (option 37) with its enterprise number, its first 255 bytes; empty if the relay sent none.
    pub remote_id: Box<[u8]>,
}

impl RelayHop {
    /// The relays that `packet` came through, the one nearest the client first.
    pub fn path(packet: &Packet<'_>) -> Box<[Self]> {
        Relay::path(packet).map(Relay::to_hop).collect()
    }

    /// The same, borrowed.
    pub fn as_relay(&self) -> Relay<'_> {
        Relay {
            link_address: self.link_address,
            interface_id: &self.interface_id,
            remote_id: &self.remote_id,
        }
    }
}

/// What a client is to be given; the store makes the record of it.
#[derive(Debug, Clone)]
pub struct Grant4 {
    /// The address; it must be the client's, on offer to it, or free.
    pub address: Ipv4Addr,
    /// Who gets it.
    pub client: ClientIdentity,
    /// The client's hardware address.
    pub hardware: HardwareAddress,
    /// The IPv6 source address of its query.
    pub source: Ipv6Addr,
    /// The IPv6 address that its softwire is to start at (RFC 8539 §8); `None` leaves it where it is.
    pub softwire: Option<Ipv6Addr>,
    /// The relays that its query came through, the one nearest the client first.
    pub relay_path: Box<[RelayHop]>,
    /// The subnet's id.
    pub subnet: u32,
    /// The limited classes that its client was in when it last obtained or extended it; see [`CountBy`](crate::CountBy).
    pub classes: Box<[Box<str>]>,
    /// The name that it gave, or an empty text.
    pub hostname: Box<str>,
    /// Seconds of validity; `u32::MAX` is for ever.
    pub valid_lifetime: u32,
}

impl Lease4 {
    /// When it ends, or the probation of a declined one does; `None` is never.
    pub fn expires(&self) -> Option<Timestamp> {
        match self.valid_lifetime {
            u32::MAX => None,
            seconds => Some(self.last_transaction.plus(seconds)),
        }
    }

    /// Whether nobody else may have the address at `now`: it is held or in probation, and that has not ended.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.state.keeps_others_away() && self.expires().is_none_or(|end| now < end)
    }

    /// Whether `client` holds it at `now`.
    pub fn is_held_by(&self, client: &ClientIdentity, now: Timestamp) -> bool {
        self.state == LeaseState::Assigned && self.is_active(now) && self.client == *client
    }
}
