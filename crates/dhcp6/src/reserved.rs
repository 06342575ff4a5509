//! What is reserved for a client, and which pools and subnets its classes leave to it.

use std::net::Ipv6Addr;

use fosix_config::{Host, ReservedLease};
use fosix_expression::{Classes, View};
use fosix_lease::{Key6, Scope6};
use fosix_policy::{Hosts, details};
use ipnet::Ipv6Net;
use smallvec::SmallVec;

use crate::process::Exchange;
use crate::scopes::Subnet;
use crate::server::Server6;

/// What is reserved for one client.
pub(crate) type Hosts6<'a> = Hosts<'a, Box<[ReservedLease]>>;
/// One reservation.
pub(crate) type Host6 = Host<Box<[ReservedLease]>>;

/// Few clients have more reserved.
type Reserved = SmallVec<[Key6; 4]>;

/// What is reserved, as the lease store knows it.
pub(crate) fn key_of(reserved: &ReservedLease) -> Key6 {
    match reserved.prefix_len {
        None => Key6::address(reserved.address),
        Some(len) => Key6::prefix(reserved.address, len),
    }
}

impl Server6 {
    /// Whether who is in `classes` may use the subnet at that place.
    pub(crate) fn admits(&self, at: usize, classes: &Classes) -> bool {
        self.subnets
            .get(at)
            .is_some_and(|subnet| subnet.guard.admits(classes) && subnet.network_guard.admits(classes))
    }
}

impl<'a> Exchange<'a> {
    /// The subnets that the client may be given of.
    pub(crate) fn subnets(&self) -> impl Iterator<Item = Subnet<'a>> {
        let admitted = self.link.iter().filter(|&&at| self.server.admits(at, &self.classes));
        admitted.filter_map(|&at| self.server.subnet(at))
    }

    /// What is reserved for the client in a subnet.
    pub(crate) fn reserved(&self, subnet: &Subnet<'_>) -> Reserved {
        if !self.hosts.is_any() {
            return Reserved::new();
        }
        let own = self.hosts.own(subnet.at).into_iter().flat_map(|host| &host.reserved);
        let everywhere = self.hosts.everywhere().filter(|_| subnet.config.reservation_modes.global);
        let everywhere = everywhere.into_iter().flat_map(|host| &host.reserved);
        let fits = |reserved: &&ReservedLease| {
            reserved.prefix_len.is_some() || subnet.config.prefix.contains(&reserved.address)
        };
        own.chain(everywhere.filter(fits)).map(key_of).collect()
    }

    /// Calls `with` with what the client may be given in a subnet.
    pub(crate) fn within<T>(&self, subnet: &Subnet<'_>, with: impl FnOnce(Scope6<'_>) -> T) -> T {
        let reserved = self.reserved(subnet);
        let admits = |guard| self.server.guards.admits(guard, &self.classes);
        with(Scope6 { subnet: subnet.id(), reserved: &reserved, admits: &admits })
    }

    /// What an expression sees of the message.
    pub(crate) fn view<'v>(&'v self, classes: &'v Classes) -> View<'v> {
        View {
            packet: self.packet,
            message4: None,
            interface: self.arrival.interface,
            source: self.arrival.source,
            destination: self.destination,
            classes,
        }
    }

    /// The reservation that counts in a subnet.
    pub(crate) fn host(&self, subnet: Option<&Subnet<'_>>) -> Option<&'a Host6> {
        self.hosts.of(subnet.map(|subnet| subnet.at))
    }

    /// The name that is reserved for the client; empty for none.
    pub(crate) fn reserved_name(&self) -> &'a str {
        let subnet = self.subnet();
        details(self.host(subnet.as_ref())).map_or("", |details| &details.hostname)
    }

    /// What the client must leave out of a prefix that is reserved for it.
    pub(crate) fn reserved_excluded(&self, prefix: Ipv6Addr) -> Option<Ipv6Net> {
        let subnets = self.hosts.subnets().filter_map(|at| self.hosts.own(at));
        let hosts = subnets.chain(self.hosts.everywhere());
        let mut excluded = hosts.filter_map(|host| host.details.as_deref()).flat_map(|host| &host.excluded);
        excluded.find(|(of, _)| *of == prefix).map(|(_, excluded)| *excluded)
    }
}
