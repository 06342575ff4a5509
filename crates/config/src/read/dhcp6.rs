//! The `Dhcp6` object.

use std::net::Ipv6Addr;
use std::sync::Arc;

use fosix_wire::definition::Universe;

use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::dhcp4::NetworkNames;
use super::flex::{flex_id, flex_options};
use super::fqdn::FqdnKeys;
use super::hooks::{Half, hooks};
use super::ids::Ids;
use super::interfaces::{check_heard, interfaces6};
use super::limits::ReadLimits;
use super::merge::Budget;
use super::object::{At, Object};
use super::options::{Level, options};
use super::pools::{report_addresses_in_prefixes, report_overlaps};
use super::relayed::{mac_sources, relay_supplied_options};
use super::reservations::{KINDS6, ModeKeys, ReadReservations, Reader, Scope, identifiers};
use super::server_id::server_id;
use super::services::{decline_probation_period, expired_leases, lease_checks, lease_database};
use super::subnet6::{self, Allocation, DEFAULTS, Network, Surroundings};
use super::timers::TimerKeys;
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{ClientRules, Dhcp6, OptionValue, Subnet6};

/// The DHCPv6 half, as far as it can be read: with any error in `report` it is not to be used.
pub(crate) fn dhcp6(object: &Object<'_>, report: &mut Report) -> Dhcp6 {
    let definitions = Definitions::read(Universe::V6, object, report);
    let keys = TimerKeys::read(object);
    let timers = keys.resolve(&keys, &DEFAULTS, report);
    let preferred_lifetime = keys.resolve_preferred(&keys, &timers.valid_lifetime, report);
    let options = options(object, &definitions, Level::Global, report);
    let interfaces = interfaces6(object, report);
    let networks = object.objects("shared-networks");
    let subnets_of_networks =
        object.objects("shared-networks").flat_map(|network| network.objects("subnet6"));
    check_heard(
        object,
        "interface",
        networks.chain(object.objects("subnet6")).chain(subnets_of_networks),
        report,
    );
    let server_id = server_id(object, report);
    let persist = lease_database(object, report);
    let hooks = hooks(object, Half::Dhcp6, report);
    let fqdn = FqdnKeys::read(object, &FqdnKeys::default(), report);
    let mut classes = ReadClasses::read(object, &definitions, report);
    let flex_id = flex_id(object, &definitions, &classes, report);
    let flex_options = flex_options(object, &definitions, &mut classes, report);
    let identifiers = identifiers(object, KINDS6, report);
    let modes = ModeKeys::read(object);
    let mut around = Surroundings {
        definitions: &definitions,
        timers: keys,
        fqdn: &fqdn,
        allocation: Allocation::read(object),
        reservation_modes: modes,
        classes,
        limits: ReadLimits::new(object, Half::Dhcp6),
        reservations: ReadReservations::new(object, KINDS6, identifiers.clone()),
        ids: Ids::default(),
        budget: Budget::default(),
        prefixes: Vec::new(),
        pools: Vec::new(),
        pd_pools: Vec::new(),
    };
    let subnets = subnets(object, &mut around, report);
    let reservation_modes = modes.resolve();
    global_reservations(object, &mut around, report);
    let pd_pools = subnets.iter().flat_map(|subnet| &subnet.pd_pools);
    let pd_pools = pd_pools.map(|pool| (pool.prefix, pool.delegated_len)).collect();
    around.reservations.check_prefixes(pd_pools, report);
    let classes = around.classes.finish(report);
    let dhcp6 = Dhcp6 {
        interfaces,
        options,
        subnets,
        server_id,
        timers,
        preferred_lifetime,
        decline_probation_period: decline_probation_period(object),
        lease_checks: lease_checks(object),
        expired_leases: expired_leases(object),
        persist,
        dhcp4o6_port: object.integer("dhcp4o6-port").map_or(0, |at: At<u16>| at.value),
        hooks,
        mac_sources: mac_sources(object, report),
        relay_supplied_options: relay_supplied_options(object, &definitions, report),
        allow_address_registration: object
            .boolean("allow-address-registration")
            .is_none_or(|allowed| allowed.value),
        fqdn: fqdn.clone().resolve(),
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
    };
    check_registration(object, &dhcp6, report);
    dhcp6
}

/// RFC 9686 §4.1: option 148 says that the server takes registrations.
fn check_registration(object: &Object<'_>, dhcp6: &Dhcp6, report: &mut Report) {
    const ADDR_REG_ENABLE: u16 = 148;
    let Some(refused) = object.boolean("allow-address-registration").filter(|allowed| !allowed.value) else {
        return;
    };
    let is_told = |options: &[OptionValue]| {
        options
            .iter()
            .any(|option| option.code == ADDR_REG_ENABLE && option.vendor.is_none() && !option.never_send)
    };
    if is_told(&dhcp6.options) || dhcp6.subnets.iter().any(|subnet| is_told(&subnet.options)) {
        let told =
            Diagnostic::warning(refused.span, "clients are told to register addresses, and are refused");
        report.push(
            told.label("option-data gives them addr-reg-enable (option 148)")
                .help("remove that option, or allow the registration"),
        );
    }
}

/// What is reserved outside of subnets.
fn global_reservations(object: &Object<'_>, around: &mut Surroundings<'_>, report: &mut Report) {
    let modes = around.reservation_modes.resolve();
    let nowhere = |_: Ipv6Addr| false;
    let scope = Scope { subnet: None, bounds: None, modes, is_in_pool: &nowhere };
    let mut reader = Reader { definitions: around.definitions, classes: &mut around.classes, report };
    around.reservations.read(object, &scope, &mut reader);
}

fn subnets(object: &Object<'_>, around: &mut Surroundings<'_>, report: &mut Report) -> Vec<Subnet6> {
    let mut subnets = Vec::new();
    for object in object.objects("subnet6") {
        subnets.extend(subnet6::subnet(&object, None, around, report));
    }
    let mut names = NetworkNames::default();
    for object in object.objects("shared-networks") {
        let name = names.take(&object, report);
        let network = Network::read(&object, name, around, report);
        for object in object.objects("subnet6") {
            subnets.extend(subnet6::subnet(&object, Some(&network), around, report));
        }
    }
    report_overlaps(&around.prefixes, "subnets", report);
    report_overlaps(&around.pd_pools, "prefix pools", report);
    report_addresses_in_prefixes(&around.pools, std::mem::take(&mut around.pd_pools), report);
    subnets.sort_by_key(|subnet| subnet.id);
    subnets
}
