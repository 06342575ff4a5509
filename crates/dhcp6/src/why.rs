//! What is told of decisions, for whoever wants to know why a client is answered as it is.

use std::fmt::Write as _;

use fosix_config::OptionValue;
use fosix_expression::Classes;
use fosix_hooks::Query6;
use fosix_lease::LeaseKind6;
use fosix_policy::details;
use fosix_wire::v6::RelayMessage;

use crate::plan::Plan;
use crate::process::Exchange;
use crate::server::Server6;

impl Server6 {
    /// Which subnet a message belongs to, and why that one: `any` would have been selected if classes did not matter.
    pub(crate) fn why_subnet(
        &self,
        query: &Query6<'_>,
        any: Option<usize>,
        selected: Option<usize>,
        chosen: Option<usize>,
    ) -> String {
        let mut passed_over = String::new();
        if any != selected
            && let Some(other) = any.and_then(|at| self.subnets.get(at))
        {
            // Writing to a text cannot fail.
            let _ = write!(passed_over, "; not {}, whose classes the client is not in", other.id);
        }
        let Some(subnet) = chosen.and_then(|at| self.subnets.get(at)) else {
            return format!("none: no subnet fits where the client is{passed_over}");
        };
        let relays = query.packet.relays();
        let links = || relays.iter().rev().map(RelayMessage::link_address);
        let of_relay = |id: &Vec<u8>| relays.iter().any(|relay| relay.interface_id() == Some(id.as_slice()));
        let why = match (&subnet.interface_id, &subnet.interface) {
            _ if selected != chosen => "a hook chose it".to_owned(),
            (Some(id), _) if of_relay(id) => {
                format!("interface-id \"{}\" is that of a relay", id.escape_ascii())
            }
            (_, Some(interface)) if interface == query.arrival.interface => format!("interface {interface}"),
            _ if relays.is_empty() => format!("it holds the source address {}", query.arrival.source),
            _ => match links().find(|link| subnet.relay_addresses.contains(link)) {
                Some(link) => format!("{link} is one of its relays"),
                None => match links().find(|link| subnet.prefix.contains(link)) {
                    Some(link) => format!("it holds the link-address {link}"),
                    None => "it fits where the client is".to_owned(),
                },
            },
        };
        let network = match &subnet.shared_network {
            Some(name) => format!(" of shared network \"{name}\""),
            None => String::new(),
        };
        format!("{}, {}{network}: {why}{passed_over}", subnet.id, subnet.prefix)
    }
}

impl Exchange<'_> {
    /// The scope that an option of the answer comes from.
    pub(crate) fn scope_of(&self, plan: &Plan, classes: &Classes, code: u16) -> String {
        let has = |options: &[OptionValue]| {
            options.iter().any(|option| option.code == code && option.vendor.is_none())
        };
        let subnet = self.server.subnet_of(self, plan);
        if details(self.host(subnet.as_ref())).is_some_and(|host| has(&host.options)) {
            return "from the reservation".to_owned();
        }
        for lease in plan.usable() {
            let Some(of) = lease.subnet.and_then(|at| self.server.subnet(at)) else { continue };
            let in_pool =
                match lease.key.kind {
                    LeaseKind6::Address => of.config.pools.iter().any(|pool| {
                        (pool.first..=pool.last).contains(&lease.key.address) && has(&pool.options)
                    }),
                    LeaseKind6::Prefix => of
                        .config
                        .pd_pools
                        .iter()
                        .any(|pool| pool.prefix.contains(&lease.key.address) && has(&pool.options)),
                };
            if in_pool {
                return format!("from the pool of {}", lease.key);
            }
        }
        if let Some(subnet) = subnet.filter(|subnet| has(&subnet.config.options)) {
            return format!("from the subnet {}, or its shared network", subnet.id());
        }
        let mut members = self.server.rules.classifier().members(classes);
        match members.find(|class| has(&class.options)) {
            Some(class) => format!("from the class {}", self.server.rules.classifier().name(class.number)),
            None => "from the global options".to_owned(),
        }
    }
}
