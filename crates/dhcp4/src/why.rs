//! What is told of decisions, for whoever wants to know why a client is answered as it is.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use fosix_config::OptionValue;
use fosix_expression::Classes;
use fosix_hooks::Arrival;
use fosix_policy::details;

use crate::process::Exchange;
use crate::query::Decoded;
use crate::server::{Server4, Subnet};

impl Server4 {
    /// Which subnet a query belongs to, and why that one.
    pub(crate) fn why_subnet(
        &self,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        selected: Option<usize>,
        subnet: Option<Subnet<'_>>,
    ) -> String {
        let mut passed_over = String::new();
        let any = self.selector_match(decoded, arrival);
        if any != selected
            && let Some(other) = any.and_then(|at| self.subnet(at))
        {
            // Writing to a text cannot fail.
            let _ = write!(passed_over, "; not {}, whose classes the client is not in", other.id());
        }
        let Some(subnet) = subnet else { return format!("none: no subnet's 4o6 keys fit{passed_over}") };
        let selector = &subnet.config.selector;
        let fits_id = |id: &Vec<u8>| {
            decoded.packet.relays().iter().any(|relay| relay.interface_id() == Some(id.as_slice()))
        };
        let why = match (&selector.interface_id, selector.prefix, &selector.interface) {
            _ if selected != Some(subnet.at) => "a hook chose it".to_owned(),
            (Some(id), _, _) if fits_id(id) => {
                format!("4o6-interface-id \"{}\" is that of a relay", id.escape_ascii())
            }
            (_, Some(prefix), _)
                if decoded.packet.relays().iter().any(|relay| prefix.contains(&relay.link_address())) =>
            {
                format!("4o6-subnet {prefix} holds the link-address of a relay")
            }
            (_, Some(prefix), _) if prefix.contains(&arrival.source) => {
                format!("4o6-subnet {prefix} holds the source address {}", arrival.source)
            }
            (_, _, Some(interface)) => format!("4o6-interface {interface}"),
            _ => "its 4o6 keys fit".to_owned(),
        };
        let network = match &subnet.config.shared_network {
            Some(name) => format!(" of shared network \"{name}\""),
            None => String::new(),
        };
        format!("{}, {}{network}: {why}{passed_over}", subnet.id(), subnet.config.prefix)
    }
}

impl Exchange<'_> {
    /// The scope that an option of the answer comes from.
    pub(crate) fn scope_of(
        &self,
        subnet: Option<Subnet<'_>>,
        address: Ipv4Addr,
        classes: &Classes,
        code: u16,
    ) -> String {
        let has = |options: &[OptionValue]| {
            options.iter().any(|option| option.code == code && option.vendor.is_none())
        };
        if details(self.host(subnet.as_ref())).is_some_and(|host| has(&host.options)) {
            return "from the reservation".to_owned();
        }
        if let Some(subnet) = subnet {
            if let Some(pool) = subnet.pool(address).filter(|pool| has(&pool.options)) {
                return format!("from the pool {} - {}", pool.first, pool.last);
            }
            if has(&subnet.config.options) {
                return format!("from the subnet {}, or its shared network", subnet.id());
            }
        }
        let mut members = self.server.rules.classifier().members(classes);
        match members.find(|class| has(&class.options)) {
            Some(class) => format!("from the class {}", self.server.rules.classifier().name(class.number)),
            None => "from the global options".to_owned(),
        }
    }
}
