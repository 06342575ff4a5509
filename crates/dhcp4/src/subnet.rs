//! Which subnet a query belongs to: the most specific of Kea's three 4o6 keys that matches.
//!
//! Kea takes the first subnet by id for which any of the keys matches. Here the keys are tried from the most
//! specific to the least, and each try is one lookup, however many subnets there are:
//!
//! 1. `4o6-interface-id` equal to the Interface-ID of a relay;
//! 2. the longest `4o6-subnet` that holds a relay's link-address, the relay nearest the client first;
//! 3. the longest `4o6-subnet` that holds the source address of the query;
//! 4. `4o6-interface`.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use fosix_config::Selector4o6;
use fosix_policy::Prefixes;
use fosix_wire::v6::RelayMessage;
use ipnet::Ipv6Net;

/// A subnet with its `4o6-subnet`, if it has one.
type WithPrefix = (usize, Option<Ipv6Net>);

/// The 4o6 keys of all subnets, arranged for lookup. A subnet is its place in the list that this was made of.
#[derive(Debug, Default)]
pub struct SubnetSelector {
    /// Subnets by Interface-ID, each with its prefix if it has one.
    by_interface_id: HashMap<Box<[u8]>, Vec<WithPrefix>>,
    by_prefix: Prefixes,
    by_interface: HashMap<Box<str>, Vec<usize>>,
}

impl SubnetSelector {
    /// Arranges the keys of the subnets in `selectors`, which come in the order of their ids.
    pub fn new<'a>(selectors: impl Iterator<Item = &'a Selector4o6> + Clone) -> Self {
        let mut this = Self::default();
        for (at, selector) in selectors.clone().enumerate() {
            if let Some(id) = &selector.interface_id {
                this.by_interface_id.entry(id.as_slice().into()).or_default().push((at, selector.prefix));
            }
        }
        // Where subnets share a prefix or an interface, the one that says least else is meant, then the lowest id.
        let mut order: Vec<(usize, &Selector4o6)> = selectors.enumerate().collect();
        order.sort_by_key(|(_, selector)| selector.interface_id.is_some());
        for (at, selector) in &order {
            if let Some(prefix) = selector.prefix {
                this.by_prefix.insert(prefix, *at);
            }
        }
        order.sort_by_key(|(at, selector)| (selector.interface_id.is_some(), selector.prefix.is_some(), *at));
        for (at, selector) in &order {
            if let Some(interface) = &selector.interface {
                this.by_interface.entry(interface.as_str().into()).or_default().push(*at);
            }
        }
        this
    }

    /// The subnet of a query that came through `relays` (outermost first) from `source` on `interface`.
    ///
    /// A subnet that is not admitted is passed over, as if it were not there.
    pub fn select(
        &self,
        relays: &[RelayMessage<'_>],
        source: Ipv6Addr,
        interface: &str,
        admits: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        // The relay nearest the client knows best where the client is.
        let outward = || relays.iter().rev().enumerate();
        outward()
            .find_map(|(at, relay)| {
                let link = link_at(relays, at);
                self.by_interface_id(relay.interface_id()?, link, source, admits)
            })
            .or_else(|| {
                let links = outward().filter_map(|(_, relay)| usable(relay.link_address()));
                links.into_iter().find_map(|link| self.by_prefix.find(link, admits))
            })
            .or_else(|| self.by_prefix.find(source, admits))
            .or_else(|| self.by_interface.get(interface)?.iter().copied().find(|&at| admits(at)))
    }

    /// Among the subnets with this Interface-ID: the longest prefix that holds the client's link (or, if no
    /// relay says what link that is, the source), else one without a prefix. A prefix that does not hold the
    /// client's link contradicts the Interface-ID, and the subnet does not match.
    fn by_interface_id(
        &self,
        id: &[u8],
        link: Option<Ipv6Addr>,
        source: Ipv6Addr,
        admits: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        let all = self.by_interface_id.get(id)?;
        let subnets = || all.iter().filter(|(at, _)| admits(*at));
        let holding = |address: Ipv6Addr| {
            let holders = subnets().filter_map(|&(at, prefix)| prefix.map(|prefix| (at, prefix)));
            let holders = holders.filter(move |(_, prefix)| prefix.contains(&address));
            // The first of the longest: the lowest id.
            holders
                .reduce(|best, other| if other.1.prefix_len() > best.1.prefix_len() { other } else { best })
        };
        let found = holding(link.unwrap_or(source)).map(|(at, _)| at);
        let plain = || subnets().find(|(_, prefix)| prefix.is_none()).map(|&(at, _)| at);
        // Without a link-address nothing contradicts the Interface-ID: a relay's own address says nothing of it.
        let any = || subnets().next().filter(|_| link.is_none()).map(|&(at, _)| at);
        found.or_else(plain).or_else(any)
    }
}

/// The link that the client of the relay at `at` (0 is nearest the client) is on: the link-address of that relay,
/// or of the next one outward that gives one.
///
/// A Lightweight DHCPv6 Relay Agent leaves the link-address unspecified (RFC 6221 §6.1); the relay behind it tells.
fn link_at(relays: &[RelayMessage<'_>], at: usize) -> Option<Ipv6Addr> {
    relays.iter().rev().skip(at).find_map(|relay| usable(relay.link_address()))
}

/// A link-address that tells one link from others: neither unspecified nor link-local.
fn usable(address: Ipv6Addr) -> Option<Ipv6Addr> {
    (!address.is_unspecified() && !address.is_unicast_link_local()).then_some(address)
}

#[cfg(test)]
#[path = "subnet_tests.rs"]
mod tests;
