//! What hooks see of a packet beside its message, and what they may choose.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_lease::{ClientIdentity, Key6};
use fosix_wire::v4::{self, MessageType};
use fosix_wire::v6::Packet;

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The address that it came from: the client's, or the relay's nearest to the server.
    pub source: Ipv6Addr,
    /// The name of the interface that it came in on.
    pub interface: &'a str,
}

/// A message that the DHCPv6 half serves.
#[derive(Debug, Clone, Copy)]
pub struct Query6<'a> {
    /// The message with its relay levels.
    pub packet: &'a Packet<'a>,
    /// Where it came from.
    pub arrival: Arrival<'a>,
}

/// A DHCPv4 message that the DHCPv4 half serves.
#[derive(Debug, Clone, Copy)]
pub struct Query4<'a> {
    /// The DHCPV4-QUERY that it came in, with its relay levels.
    pub packet: &'a Packet<'a>,
    /// The message.
    pub message: v4::Message<'a>,
    /// Its type.
    pub message_type: MessageType,
    /// Who sent it; not known yet where the subnet is chosen, which decides by what clients are known.
    pub client: Option<&'a ClientIdentity>,
    /// Where it came from.
    pub arrival: Arrival<'a>,
}

/// The subnet that was chosen for a client, which a hook may change to another of the configuration.
#[derive(Debug)]
pub struct SubnetChoice<'a> {
    chosen: Option<usize>,
    /// The ids of all subnets, by their place in the configuration.
    ids: &'a [u32],
}

impl<'a> SubnetChoice<'a> {
    /// The subnet at `chosen` among those with `ids`, which ascend.
    pub fn new(chosen: Option<usize>, ids: &'a [u32]) -> Self {
        Self { chosen, ids }
    }

    /// The id of the subnet; `None` where no subnet fits the client.
    pub fn id(&self) -> Option<u32> {
        self.ids.get(self.chosen?).copied()
    }

    /// Chooses the subnet with that id, or none; false, and nothing is changed, if there is no such subnet.
    pub fn choose(&mut self, id: Option<u32>) -> bool {
        let chosen = id.map(|id| self.ids.binary_search(&id));
        match chosen {
            None => self.chosen = None,
            Some(Ok(at)) => self.chosen = Some(at),
            Some(Err(_)) => return false,
        }
        true
    }

    /// The place of the subnet in the list of ids.
    pub fn at(&self) -> Option<usize> {
        self.chosen
    }
}

/// What a client is about to be offered or given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal4 {
    address: Ipv4Addr,
    subnet: u32,
    is_offer: bool,
    /// For how many seconds; `u32::MAX` is for ever. A hook may change it.
    pub valid_lifetime: u32,
}

impl Proposal4 {
    /// `address` of `subnet` for `valid_lifetime` seconds, as an offer or for good.
    pub fn new(address: Ipv4Addr, subnet: u32, is_offer: bool, valid_lifetime: u32) -> Self {
        Self { address, subnet, is_offer, valid_lifetime }
    }

    /// The address. It cannot be changed: the store has checked that the client may have this one.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The id of the subnet.
    pub fn subnet(&self) -> u32 {
        self.subnet
    }

    /// Whether it is only offered: the answer is a DHCPOFFER, and no lease comes of it yet.
    pub fn is_offer(&self) -> bool {
        self.is_offer
    }
}

/// What an identity association is about to be offered or given, or what a client is about to have registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal6 {
    key: Key6,
    iaid: u32,
    subnet: u32,
    is_offer: bool,
    /// For how many seconds new connections may use it; `u32::MAX` is for ever. A hook may change it.
    pub preferred_lifetime: u32,
    /// For how many seconds it is valid; `u32::MAX` is for ever. A hook may change it.
    pub valid_lifetime: u32,
}

impl Proposal6 {
    /// `key` of `subnet` for the identity association `iaid`, with these lifetimes in seconds, as an offer or for good.
    pub fn new(
        key: Key6,
        iaid: u32,
        subnet: u32,
        is_offer: bool,
        preferred_lifetime: u32,
        valid_lifetime: u32,
    ) -> Self {
        Self { key, iaid, subnet, is_offer, preferred_lifetime, valid_lifetime }
    }

    /// The address or prefix. It cannot be changed: the store has checked that the client may have this one.
    pub fn key(&self) -> Key6 {
        self.key
    }

    /// The identity association, by its number among the client's of that kind; 0 where an address is registered.
    pub fn iaid(&self) -> u32 {
        self.iaid
    }

    /// The id of the subnet.
    pub fn subnet(&self) -> u32 {
        self.subnet
    }

    /// Whether it is only offered: the answer is an ADVERTISE, and no lease comes of it yet.
    pub fn is_offer(&self) -> bool {
        self.is_offer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_subnet_of_the_configuration_can_be_chosen() {
        let mut choice = SubnetChoice::new(Some(1), &[3, 7, 9]);
        assert_eq!(choice.id(), Some(7));
        assert!(choice.choose(Some(9)));
        assert_eq!((choice.id(), choice.at()), (Some(9), Some(2)));
        assert!(!choice.choose(Some(8)));
        assert_eq!(choice.id(), Some(9));
        assert!(choice.choose(None));
        assert_eq!((choice.id(), choice.at()), (None, None));
    }
}
