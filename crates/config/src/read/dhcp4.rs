//! The `Dhcp4` object.

use std::collections::HashMap;

use fosix_wire::definition::Universe;

use super::definitions::Definitions;
use super::hooks::{Half, hooks};
use super::ids::Ids;
use super::interfaces::interfaces4;
use super::merge::Budget;
use super::object::{At, Object};
use super::options::{Level, options};
use super::pools::report_overlaps;
use super::services::{decline_probation_period, expired_leases, lease_checks, lease_database};
use super::subnet4::{self, DEFAULTS, Inherited4, Network, Surroundings, server_identifier};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{Dhcp4, Subnet4};
use crate::source::Span;

/// The DHCPv4 half, as far as it can be read: with any error in `report` it is not to be used.
pub(crate) fn dhcp4(object: &Object<'_>, report: &mut Report) -> Dhcp4 {
    let definitions = Definitions::read(Universe::V4, object, report);
    let global = Inherited4::read(object, report);
    let timers = global.timers.resolve(&global.timers, &DEFAULTS, report);
    let options = options(object, &definitions, Level::Global, report);
    interfaces4(object, report);
    let persist = lease_database(object, report);
    let hooks = hooks(object, Half::Dhcp4, report);
    let subnets = subnets(object, &definitions, &global, report);
    Dhcp4 {
        server_identifier: server_identifier(&options),
        options,
        subnets,
        timers,
        authoritative: global.authoritative.unwrap_or(false),
        match_client_id: global.match_client_id.unwrap_or(true),
        echo_client_id: object.boolean("echo-client-id").is_none_or(|at| at.value),
        next_server: global.next_server.filter(|server| !server.is_unspecified()),
        server_hostname: global.server_hostname.unwrap_or_default(),
        boot_file_name: global.boot_file_name.unwrap_or_default(),
        decline_probation_period: decline_probation_period(object),
        lease_checks: lease_checks(object),
        expired_leases: expired_leases(object),
        persist,
        dhcp4o6_port: object.integer("dhcp4o6-port").map_or(0, |at: At<u16>| at.value),
        hooks,
    }
}

fn subnets(
    object: &Object<'_>,
    definitions: &Definitions,
    global: &Inherited4,
    report: &mut Report,
) -> Vec<Subnet4> {
    let mut around = Surroundings {
        definitions,
        global,
        ids: Ids::default(),
        budget: Budget::default(),
        prefixes: Vec::new(),
        selectors: HashMap::new(),
    };
    let mut subnets = Vec::new();
    for object in object.objects("subnet4") {
        subnets.extend(subnet4::subnet(&object, None, &mut around, report));
    }
    let mut names = NetworkNames::default();
    for object in object.objects("shared-networks") {
        let name = names.take(&object, report);
        let network = Network::read(&object, name, &around, report);
        for object in object.objects("subnet4") {
            subnets.extend(subnet4::subnet(&object, Some(&network), &mut around, report));
        }
    }
    report_overlaps(&around.prefixes, "subnets", report);
    subnets.sort_by_key(|subnet| subnet.id);
    subnets
}

/// The names of the shared networks of one half.
#[derive(Debug, Default)]
pub(super) struct NetworkNames<'t> {
    taken: HashMap<&'t str, Span>,
}

impl<'t> NetworkNames<'t> {
    /// A network's name; that it is missing, or taken, is reported.
    pub(super) fn take(&mut self, object: &Object<'t>, report: &mut Report) -> &'t str {
        let Some(name) = object.text("name").filter(|name| !name.value.is_empty()) else {
            if object.lacks("name") || object.text("name").is_some() {
                let told = Diagnostic::error(object.head(), "this shared network has no name");
                report.push(told.help("add \"name\""));
            }
            return "";
        };
        if let Some(first) = self.taken.get(name.value) {
            let told = Diagnostic::error(
                name.span,
                format!("two shared networks are called \"{}\"", shorten(name.value)),
            );
            report.push(told.also(*first, "the other one").help("give each a name of its own"));
        } else {
            self.taken.insert(name.value, name.span);
        }
        name.value
    }
}
