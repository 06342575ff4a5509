//! IPv4 subnets and shared networks, with what they inherit.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::address::{Family, address, prefix, warn_host_bits};
use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::ids::{Ids, derive4};
use super::limits::ReadLimits;
use super::merge::{Budget, bytes_of, merge};
use super::object::{At, Object};
use super::option_rules::SERVER_IDENTIFIER;
use super::options::{Level, options};
use super::overlap::Range;
use super::pools::{pools4, subnet_prefix};
use super::reservations::{ModeKeys, ReadReservations, Reader, Scope};
use super::subnet6::allocator;
use super::timers::{Defaults, TimerKeys};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{Allocator, ClassNumber, Guard, OptionValue, Selector4o6, Subnet4};
use crate::source::Span;

/// What holds for timers of DHCPv4 where nothing is configured: as in Kea.
pub(super) const DEFAULTS: Defaults =
    Defaults { calculate_tee_times: false, t1_percent: 0.5, t2_percent: 0.875, bounded_by_lifetime: true };

/// The keys that subnets inherit.
#[derive(Debug, Clone, Default)]
pub(super) struct Inherited4 {
    pub(super) timers: TimerKeys,
    pub(super) reservation_modes: ModeKeys,
    pub(super) allocator: Option<Allocator>,
    pub(super) offer_lifetime: Option<u32>,
    pub(super) authoritative: Option<bool>,
    pub(super) match_client_id: Option<bool>,
    /// 0.0.0.0 takes an outer one back.
    pub(super) next_server: Option<Ipv4Addr>,
    pub(super) server_hostname: Option<String>,
    pub(super) boot_file_name: Option<String>,
}

impl Inherited4 {
    pub(super) fn read(object: &Object<'_>, report: &mut Report) -> Self {
        Self {
            timers: TimerKeys::read(object),
            reservation_modes: ModeKeys::read(object),
            allocator: allocator(object, "allocator"),
            offer_lifetime: object.integer("offer-lifetime").map(|at: At<u32>| at.value),
            authoritative: object.boolean("authoritative").map(|at| at.value),
            match_client_id: object.boolean("match-client-id").map(|at| at.value),
            next_server: next_server(object, report),
            // RFC 2131 §2: 64 and 128 octets, the last of them zero.
            server_hostname: bounded_text(object, "server-hostname", 63, report),
            boot_file_name: bounded_text(object, "boot-file-name", 127, report),
        }
    }

    pub(super) fn under(self, outer: &Self) -> Self {
        Self {
            timers: self.timers.under(outer.timers),
            reservation_modes: self.reservation_modes.under(outer.reservation_modes),
            allocator: self.allocator.or(outer.allocator),
            offer_lifetime: self.offer_lifetime.or(outer.offer_lifetime),
            authoritative: self.authoritative.or(outer.authoritative),
            match_client_id: self.match_client_id.or(outer.match_client_id),
            next_server: self.next_server.or(outer.next_server),
            server_hostname: self.server_hostname.or_else(|| outer.server_hostname.clone()),
            boot_file_name: self.boot_file_name.or_else(|| outer.boot_file_name.clone()),
        }
    }
}

pub(super) fn next_server(object: &Object<'_>, report: &mut Report) -> Option<Ipv4Addr> {
    let text = object.text_if_any("next-server")?;
    let server = address::<Ipv4Addr>("next-server", text, report)?;
    if server.is_broadcast() || server.is_multicast() {
        let told = Diagnostic::error(text.span, format!("{server} cannot be the next server"));
        report.push(told.help("give a unicast address, or 0.0.0.0 for none"));
    }
    Some(server)
}

pub(super) fn bounded_text(
    object: &Object<'_>,
    key: &str,
    max: usize,
    report: &mut Report,
) -> Option<String> {
    let text = object.text(key)?;
    if text.value.len() > max {
        let message = format!("`{key}` has {} bytes, and at most {max} fit", text.value.len());
        report.push(Diagnostic::error(text.span, message).help("shorten it"));
        return None;
    }
    if text.value.contains('\0') {
        report.push(Diagnostic::error(text.span, format!("`{key}` has a zero byte")).help("remove it"));
    }
    Some(text.value.to_owned())
}

/// What all subnets of a `Dhcp4` object have in common.
pub(super) struct Surroundings<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) global: &'a Inherited4,
    pub(super) classes: ReadClasses,
    pub(super) limits: ReadLimits,
    pub(super) reservations: ReadReservations<Option<Ipv4Addr>>,
    pub(super) ids: Ids,
    pub(super) budget: Budget,
    /// The prefixes, to look for overlaps when all are known.
    pub(super) prefixes: Vec<Range>,
    /// The first subnet, and its shared network, for each set of keys.
    pub(super) selectors: HashMap<Selector4o6, (Span, Option<String>)>,
}

impl Surroundings<'_> {
    /// Tells of a subnet at `at` that no client reaches.
    fn check_selector(
        &mut self,
        selector: &Selector4o6,
        network: Option<&Network<'_>>,
        at: Span,
        is_guarded: bool,
        report: &mut Report,
    ) {
        if selector.is_empty() {
            // Those of a shared network are reached by way of each other.
            if network.is_some() {
                return;
            }
            unreached(at, "no client reaches this subnet", report);
            return;
        }
        let name = network.map(|network| network.name.to_owned());
        match self.selectors.get(selector) {
            None => {
                self.selectors.insert(selector.clone(), (at, name));
            }
            // The subnets of a shared network serve the same clients.
            Some((_, other)) if name.is_some() && *other == name => {}
            Some(_) if is_guarded => {}
            Some((first, _)) => report.push_repeated(
                "subnets with the same 4o6 keys",
                Diagnostic::warning(at, "two subnets have the same 4o6 keys")
                    .also(*first, "the other one")
                    .help("only the one with the lower id is used; give them different keys"),
            ),
        }
    }
}

/// Tells of what has no keys by which queries come to it.
pub(super) fn unreached(at: Span, what: &str, report: &mut Report) {
    report.push_repeated(
        "subnet4 without 4o6 keys",
        Diagnostic::notice(at, what)
            .label("it has none of 4o6-subnet, 4o6-interface-id and 4o6-interface")
            .help("DHCPv4 outside DHCPv6 is not served yet; give a subnet one of the three keys"),
    );
}

/// A shared network, as far as its subnets need it.
pub(super) struct Network<'a> {
    pub(super) name: &'a str,
    inherited: Inherited4,
    options: Vec<OptionValue>,
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
        let own = Inherited4::read(object, report);
        let own_timers = own.timers;
        let inherited = own.under(around.global);
        inherited.timers.resolve(&own_timers, &DEFAULTS, report);
        Self {
            name,
            inherited,
            options: options(object, around.definitions, Level::Network, report),
            guard: around.classes.guard(object, report),
            additional_classes: around.classes.additional(object, report),
        }
    }

    /// What a subnet's copy takes, about.
    fn bytes(&self) -> usize {
        self.name.len().saturating_add(bytes_of(&self.options))
    }
}

/// One subnet; `None` when its prefix cannot be read, or there is no room for it. Everything else that is wrong is reported, too.
pub(super) fn subnet(
    object: &Object<'_>,
    network: Option<&Network<'_>>,
    around: &mut Surroundings<'_>,
    report: &mut Report,
) -> Option<Subnet4> {
    if network.is_some_and(|network| !around.budget.charge(network.bytes(), object.head(), report)) {
        return None;
    }
    let prefix = subnet_prefix::<Ipv4Addr>(object, report);
    let bounds = prefix.map(|(network, len)| network.value.bounds(len));
    let pools = pools4(object, bounds, around.definitions, &mut around.classes, report);
    let own_options = options(object, around.definitions, Level::Subnet, report);
    let options = merge(own_options, network.map_or(&[], |network| &network.options));
    let own = Inherited4::read(object, report);
    let own_timers = own.timers;
    let inherited = own.under(network.map_or(around.global, |network| &network.inherited));
    let timers = inherited.timers.resolve(&own_timers, &DEFAULTS, report);
    let selector = selector(object, report);
    let (at, len) = prefix?;
    let id = around.ids.take(object, derive4(at.value), at.value.number(), report);
    around.limits.subnet(object, id, report);
    let (first, last) = at.value.bounds(len);
    around.prefixes.push(Range { first: first.number(), last: last.number(), span: at.span });
    let guard = around.classes.guard(object, report);
    // Which of several with the same keys is meant may be for classes to say.
    let is_guarded = !guard.is_open() || network.is_some_and(|network| !network.guard.is_open());
    around.check_selector(&selector, network, at.span, is_guarded, report);
    let mut additional_classes = around.classes.additional(object, report);
    additional_classes.extend(network.into_iter().flat_map(|network| &network.additional_classes));
    let reservation_modes = inherited.reservation_modes.resolve();
    let is_in_pool = |address| pools.iter().any(|pool| (pool.first..=pool.last).contains(&address));
    let scope = Scope { subnet: Some(id), bounds, modes: reservation_modes, is_in_pool: &is_in_pool };
    let mut reader = Reader { definitions: around.definitions, classes: &mut around.classes, report };
    around.reservations.read(object, &scope, &mut reader);
    Some(Subnet4 {
        id,
        prefix: Ipv4Net::new(at.value, len).ok()?,
        pools,
        server_identifier: server_identifier(&options),
        options,
        timers,
        authoritative: inherited.authoritative.unwrap_or(false),
        match_client_id: inherited.match_client_id.unwrap_or(true),
        next_server: inherited.next_server.filter(|server| !server.is_unspecified()),
        server_hostname: inherited.server_hostname.unwrap_or_default(),
        boot_file_name: inherited.boot_file_name.unwrap_or_default(),
        selector,
        allocator: inherited.allocator.unwrap_or_default(),
        // As in Kea, 0 is as good as none.
        offer_lifetime: inherited.offer_lifetime.filter(|&seconds| seconds > 0),
        shared_network: network.map(|network| network.name.to_owned()),
        guard,
        network_guard: network.map_or_else(Guard::default, |network| network.guard.clone()),
        additional_classes,
        reservation_modes,
    })
}

/// The address in option 54 of a list.
pub(super) fn server_identifier(options: &[OptionValue]) -> Option<Ipv4Addr> {
    let option = options
        .iter()
        .find(|option| option.code == SERVER_IDENTIFIER && option.vendor.is_none() && !option.never_send)?;
    <[u8; 4]>::try_from(option.data.as_slice()).ok().map(Ipv4Addr::from)
}

fn selector(object: &Object<'_>, report: &mut Report) -> Selector4o6 {
    let bytes = object.bytes("4o6-interface-id").filter(|bytes| !bytes.value.is_empty());
    Selector4o6 {
        interface: object.text_if_any("4o6-interface").map(|text| text.value.to_owned()),
        interface_id: bytes.map(|bytes| bytes.value.to_vec()),
        prefix: object.text_if_any("4o6-subnet").and_then(|text| selector_prefix(text, report)),
    }
}

fn selector_prefix(text: At<&str>, report: &mut Report) -> Option<Ipv6Net> {
    let (address, len) = prefix::<Ipv6Addr>("4o6-subnet", text, report)?;
    warn_host_bits("4o6-subnet", text, (address, len), report);
    Ipv6Net::new(address, len).ok().map(|net| net.trunc())
}
