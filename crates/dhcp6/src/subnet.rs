//! Which IPv6 subnet a client is in: the options of that subnet are its options.
//!
//! A direct client: by the interface, else by its address. A relayed one: by the Interface-ID of any relay, else
//! by the link-address nearest the client that is neither unspecified nor link-local, first as the `relay` of a
//! subnet and then inside its prefix.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use fosix_config::Subnet6;
use fosix_policy::Prefixes;
use fosix_wire::v6::RelayMessage;

/// What tells subnets apart, arranged for lookup. A subnet is its place in the list that this was made of.
#[derive(Debug, Default)]
pub(crate) struct SubnetSelector {
    by_interface: HashMap<Box<str>, Vec<usize>>,
    by_interface_id: HashMap<Box<[u8]>, Vec<usize>>,
    by_relay: HashMap<Ipv6Addr, Vec<usize>>,
    by_prefix: Prefixes,
}

impl SubnetSelector {
    /// Arranges `subnets`; where several claim the same, the first one that is admitted has it.
    pub(crate) fn new(subnets: &[Subnet6]) -> Self {
        let mut this = Self::default();
        for (at, subnet) in subnets.iter().enumerate() {
            this.by_prefix.insert(subnet.prefix, at);
            if let Some(interface) = &subnet.interface {
                this.by_interface.entry(interface.as_str().into()).or_default().push(at);
            }
            if let Some(id) = &subnet.interface_id {
                this.by_interface_id.entry(id.as_slice().into()).or_default().push(at);
            }
            for relay in &subnet.relay_addresses {
                this.by_relay.entry(*relay).or_default().push(at);
            }
        }
        this
    }

    /// The subnet of a client whose message came through `relays` (outermost first) from `source` on `interface`. One
    /// that is not admitted is passed over, as if it were not there.
    pub(crate) fn select(
        &self,
        relays: &[RelayMessage<'_>],
        source: Ipv6Addr,
        interface: &str,
        admits: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        let first = |places: Option<&Vec<usize>>| places?.iter().copied().find(|&at| admits(at));
        let of_interface = || first(self.by_interface.get(interface));
        if relays.is_empty() {
            return of_interface().or_else(|| self.by_prefix.find(source, admits));
        }
        // The relay nearest the client knows best where the client is.
        let mut ids = relays.iter().rev().filter_map(RelayMessage::interface_id);
        if let Some(at) = ids.find_map(|id| first(self.by_interface_id.get(id))) {
            return Some(at);
        }
        let usable = |link: &Ipv6Addr| !link.is_unspecified() && !link.is_unicast_link_local();
        match relays.iter().rev().map(RelayMessage::link_address).find(usable) {
            Some(link) => first(self.by_relay.get(&link)).or_else(|| self.by_prefix.find(link, admits)),
            // RFC 6221 §6.1: only a Lightweight DHCPv6 Relay Agent on the link, which has no link-address.
            None => of_interface(),
        }
    }
}
