//! IPv6 subnets and shared networks, with what they inherit.

use std::collections::HashSet;
use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::address::{Family, address};
use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::fqdn::FqdnKeys;
use super::ids::{Ids, derive6};
use super::limits::ReadLimits;
use super::merge::{Budget, bytes_of, merge};
use super::object::Object;
use super::options::{Level, options};
use super::overlap::Range;
use super::pools::{pd_pools, pd_range, pools6, subnet_prefix};
use super::reservations::{ModeKeys, ReadReservations, Reader, Scope};
use super::timers::{Defaults, TimerKeys};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{Allocator, ClassNumber, Guard, OptionValue, ReservedLease, Subnet6};

/// What holds for timers of DHCPv6 where nothing is configured: as in Kea.
pub(super) const DEFAULTS: Defaults =
    Defaults { calculate_tee_times: true, t1_percent: 0.5, t2_percent: 0.8, bounded_by_lifetime: false };

/// What all subnets of a `Dhcp6` object have in common.
pub(super) struct Surroundings<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) timers: TimerKeys,
    pub(super) fqdn: &'a FqdnKeys,
    pub(super) allocation: Allocation,
    pub(super) reservation_modes: ModeKeys,
    pub(super) classes: ReadClasses,
    pub(super) limits: ReadLimits,
    pub(super) reservations: ReadReservations<Box<[ReservedLease]>>,
    pub(super) ids: Ids,
    pub(super) budget: Budget,
    /// The prefixes, to look for overlaps when all are known.
    pub(super) prefixes: Vec<Range>,
    /// The pools of all subnets, for the same.
    pub(super) pools: Vec<Range>,
    /// The prefix pools of all subnets.
    pub(super) pd_pools: Vec<Range>,
}

/// How free addresses and prefixes are chosen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allocation {
    addresses: Option<Allocator>,
    prefixes: Option<Allocator>,
}

/// The allocator that `key` names.
pub(super) fn allocator(object: &Object<'_>, key: &str) -> Option<Allocator> {
    Some(match object.text_if_any(key)?.value.to_ascii_lowercase().as_str() {
        "random" => Allocator::Random,
        "identity" => Allocator::Identity,
        // Kea's queue of free leases is there so that a full pool costs no search. None does here.
        _ => Allocator::Iterative,
    })
}

impl Allocation {
    pub(super) fn read(object: &Object<'_>) -> Self {
        Self { addresses: allocator(object, "allocator"), prefixes: allocator(object, "pd-allocator") }
    }

    fn under(self, outer: Self) -> Self {
        Self { addresses: self.addresses.or(outer.addresses), prefixes: self.prefixes.or(outer.prefixes) }
    }
}

/// The keys that say which clients belong to a subnet; a shared network's hold for all of its subnets.
#[derive(Debug, Clone, Default)]
struct Selection {
    interface: Option<String>,
    interface_id: Option<Vec<u8>>,
    relay_addresses: Vec<Ipv6Addr>,
    rapid_commit: Option<bool>,
}

impl Selection {
    fn read(object: &Object<'_>, report: &mut Report) -> Self {
        let interface = object.text_if_any("interface");
        let interface_id = object.bytes("interface-id").filter(|bytes| !bytes.value.is_empty());
        if let (Some(interface), Some(interface_id)) = (interface, interface_id) {
            let told =
                Diagnostic::error(interface_id.span, "`interface` and `interface-id` exclude each other");
            report.push(told.also(interface.span, "for clients without a relay").help(
                "keep `interface` for clients of the server's own link, `interface-id` for relayed ones",
            ));
        }
        Self {
            interface: interface.map(|text| text.value.to_owned()),
            interface_id: interface_id.map(|bytes| bytes.value.to_vec()),
            relay_addresses: relay_addresses(object, report),
            rapid_commit: object.boolean("rapid-commit").map(|at| at.value),
        }
    }

    fn under(self, outer: &Self) -> Self {
        let none = self.interface.is_none() && self.interface_id.is_none();
        Self {
            interface: if none { outer.interface.clone() } else { self.interface },
            interface_id: if none { outer.interface_id.clone() } else { self.interface_id },
            relay_addresses: if self.relay_addresses.is_empty() {
                outer.relay_addresses.clone()
            } else {
                self.relay_addresses
            },
            rapid_commit: self.rapid_commit.or(outer.rapid_commit),
        }
    }
}

fn relay_addresses(object: &Object<'_>, report: &mut Report) -> Vec<Ipv6Addr> {
    let Some(relay) = object.object("relay") else { return Vec::new() };
    let mut seen = HashSet::new();
    let mut addresses = Vec::new();
    for text in relay.texts("ip-addresses").chain(relay.text_if_any("ip-address")) {
        let Some(address) = address::<Ipv6Addr>("ip-addresses", text, report) else { continue };
        // "::" is how Kea's older files say that there is no relay.
        if address.is_unspecified() {
            continue;
        }
        if seen.insert(address) {
            addresses.push(address);
        } else {
            let told = Diagnostic::error(text.span, format!("the relay {address} is given twice"));
            report.push(told.help("remove one of them"));
        }
    }
    addresses
}

/// A shared network, as far as its subnets need it.
pub(super) struct Network<'a> {
    name: &'a str,
    timers: TimerKeys,
    fqdn: FqdnKeys,
    allocation: Allocation,
    selection: Selection,
    options: Vec<OptionValue>,
    reservation_modes: ModeKeys,
    guard: Guard,
    additional_classes: Vec<ClassNumber>,
}

impl<'a> Network<'a> {
    pub(super) fn read(
        object: &Object<'_>,
        name: &'a str,
        around: &mut Surroundings<'_>,
        report: &mut Report,
    ) -> Self {
        let own = TimerKeys::read(object);
        let timers = own.under(around.timers);
        let resolved = timers.resolve(&own, &DEFAULTS, report);
        timers.resolve_preferred(&own, &resolved.valid_lifetime, report);
        let options = options(object, around.definitions, Level::Network, report);
        Self {
            name,
            timers,
            fqdn: FqdnKeys::read(object, around.fqdn, report),
            allocation: Allocation::read(object).under(around.allocation),
            selection: Selection::read(object, report),
            options,
            reservation_modes: ModeKeys::read(object).under(around.reservation_modes),
            guard: around.classes.guard(object, report),
            additional_classes: around.classes.additional(object, report),
        }
    }

    /// What a subnet's copy takes, about.
    fn bytes(&self) -> usize {
        let Selection { interface, interface_id, relay_addresses, .. } = &self.selection;
        let texts = interface
            .as_ref()
            .map_or(0, String::len)
            .saturating_add(interface_id.as_ref().map_or(0, Vec::len));
        let relays = size_of_val(relay_addresses.as_slice());
        [self.name.len(), texts, relays, self.fqdn.bytes(), bytes_of(&self.options)]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// One subnet; `None` when its prefix cannot be read, or there is no room for it. Everything else that is wrong is reported, too.
pub(super) fn subnet(
    object: &Object<'_>,
    network: Option<&Network<'_>>,
    around: &mut Surroundings<'_>,
    report: &mut Report,
) -> Option<Subnet6> {
    if network.is_some_and(|network| !around.budget.charge(network.bytes(), object.head(), report)) {
        return None;
    }
    let prefix = subnet_prefix::<Ipv6Addr>(object, report);
    let bounds = prefix.map(|(network, len)| network.value.bounds(len));
    let (pools, ranges) = pools6(object, bounds, around.definitions, &mut around.classes, report);
    around.pools.extend(ranges);
    let pd_pools = pd_pools(object, around.definitions, &mut around.classes, report);
    around.pd_pools.extend(pd_pools.iter().map(|(pool, span)| pd_range(pool, *span)));
    let own_options = options(object, around.definitions, Level::Subnet, report);
    let options = merge(own_options, network.map_or(&[], |network| &network.options));
    let own = TimerKeys::read(object);
    let keys = own.under(network.map_or(around.timers, |network| network.timers));
    let timers = keys.resolve(&own, &DEFAULTS, report);
    let preferred_lifetime = keys.resolve_preferred(&own, &timers.valid_lifetime, report);
    let fqdn = FqdnKeys::read(object, network.map_or(around.fqdn, |network| &network.fqdn), report);
    let allocation =
        Allocation::read(object).under(network.map_or(around.allocation, |network| network.allocation));
    let own_selection = Selection::read(object, report);
    let selection = match network {
        Some(network) => own_selection.under(&network.selection),
        None => own_selection,
    };
    let (at, len) = prefix?;
    let id = around.ids.take(object, derive6(at.value, len), at.value.number(), report);
    around.limits.subnet(object, id, report);
    let (first, last) = at.value.bounds(len);
    around.prefixes.push(Range { first: first.number(), last: last.number(), span: at.span });
    let guard = around.classes.guard(object, report);
    let mut additional_classes = around.classes.additional(object, report);
    additional_classes.extend(network.into_iter().flat_map(|network| &network.additional_classes));
    let outer_modes = network.map_or(around.reservation_modes, |network| network.reservation_modes);
    let reservation_modes = ModeKeys::read(object).under(outer_modes).resolve();
    let is_in_pool = |address| pools.iter().any(|pool| (pool.first..=pool.last).contains(&address));
    let scope = Scope { subnet: Some(id), bounds, modes: reservation_modes, is_in_pool: &is_in_pool };
    let mut reader = Reader { definitions: around.definitions, classes: &mut around.classes, report };
    around.reservations.read(object, &scope, &mut reader);
    Some(Subnet6 {
        id,
        prefix: Ipv6Net::new(at.value, len).ok()?,
        interface: selection.interface,
        interface_id: selection.interface_id,
        relay_addresses: selection.relay_addresses,
        options,
        pools,
        pd_pools: pd_pools.into_iter().map(|(pool, _)| pool).collect(),
        timers,
        preferred_lifetime,
        rapid_commit: selection.rapid_commit.unwrap_or(false),
        allocator: allocation.addresses.unwrap_or_default(),
        pd_allocator: allocation.prefixes.unwrap_or_default(),
        fqdn: fqdn.resolve(),
        shared_network: network.map(|network| network.name.to_owned()),
        guard,
        network_guard: network.map_or_else(Guard::default, |network| network.guard.clone()),
        additional_classes,
        reservation_modes,
    })
}
