//! The `Dhcp4` object.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use fosix_wire::definition::Universe;

use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::flex::{flex_id, flex_options};
use super::hooks::{Half, hooks};
use super::ids::Ids;
use super::interfaces::interfaces4;
use super::limits::ReadLimits;
use super::merge::Budget;
use super::object::{At, Object};
use super::options::{Level, options};
use super::pools::report_overlaps;
use super::reservations::{KINDS4, ReadReservations, Reader, Scope, identifiers};
use super::services::{decline_probation_period, expired_leases, lease_checks, lease_database};
use super::subnet4::{self, DEFAULTS, Inherited4, Network, Surroundings, server_identifier, unreached};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{ClientRules, Dhcp4, Subnet4};
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
    let mut classes = ReadClasses::read(object, &definitions, report);
    let flex_id = flex_id(object, &definitions, &classes, report);
    let flex_options = flex_options(object, &definitions, &mut classes, report);
    let identifiers = identifiers(object, KINDS4, report);
    let mut around = Surroundings {
        definitions: &definitions,
        global: &global,
        classes,
        limits: ReadLimits::new(object, Half::Dhcp4),
        reservations: ReadReservations::new(object, KINDS4, identifiers.clone()),
        ids: Ids::default(),
        budget: Budget::default(),
        prefixes: Vec::new(),
        selectors: HashMap::new(),
    };
    let subnets = subnets(object, &mut around, report);
    let reservation_modes = global.reservation_modes.resolve();
    global_reservations(object, &mut around, report);
    let classes = around.classes.finish(report);
    Dhcp4 {
        server_identifier: server_identifier(&options),
        options,
        subnets,
        timers,
        authoritative: global.authoritative.unwrap_or(false),
        match_client_id: global.match_client_id.unwrap_or(true),
        echo_client_id: object.boolean("echo-client-id").is_none_or(|at| at.value),
        next_server: global.next_server.filter(|server| !server.is_unspecified()),
        server_hostname: global.server_hostname.clone().unwrap_or_default(),
        boot_file_name: global.boot_file_name.clone().unwrap_or_default(),
        decline_probation_period: decline_probation_period(object),
        lease_checks: lease_checks(object),
        expired_leases: expired_leases(object),
        persist,
        dhcp4o6_port: object.integer("dhcp4o6-port").map_or(0, |at: At<u16>| at.value),
        hooks,
        rules: ClientRules {
            limits: around.limits.finish(object, &classes, report),
            classes,
            reservations: Arc::new(around.reservations.finish()),
            identifiers,
            reservation_modes,
            early_global_reservations: object
                .boolean("early-global-reservations-lookup")
                .is_some_and(|early| early.value),
            flex_id,
            flex_options,
        },
    }
}

/// What is reserved outside of subnets.
fn global_reservations(object: &Object<'_>, around: &mut Surroundings<'_>, report: &mut Report) {
    let modes = around.global.reservation_modes.resolve();
    let nowhere = |_: Ipv4Addr| false;
    let scope = Scope { subnet: None, bounds: None, modes, is_in_pool: &nowhere };
    let mut reader = Reader { definitions: around.definitions, classes: &mut around.classes, report };
    around.reservations.read(object, &scope, &mut reader);
}

fn subnets(object: &Object<'_>, around: &mut Surroundings<'_>, report: &mut Report) -> Vec<Subnet4> {
    let mut subnets = Vec::new();
    for object in object.objects("subnet4") {
        subnets.extend(subnet4::subnet(&object, None, around, report));
    }
    let mut names = NetworkNames::default();
    for object in object.objects("shared-networks") {
        let name = names.take(&object, report);
        let network = Network::read(&object, name, around, report);
        let before = subnets.len();
        for object in object.objects("subnet4") {
            subnets.extend(subnet4::subnet(&object, Some(&network), around, report));
        }
        let own = subnets.get(before..).unwrap_or_default();
        if !own.is_empty() && own.iter().all(|subnet| subnet.selector.is_empty()) {
            unreached(object.head(), "no client reaches this shared network", report);
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
