//! `reservations`, and the keys that say how they are looked for.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::text;
use ipnet::Ipv6Net;

use super::address::{Family, address, prefix, warn_host_bits};
use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::object::Object;
use super::options::{Level, options};
use super::overlap::{Range, overlaps};
use super::subnet4::{bounded_text, next_server};
use crate::diagnostic::{Diagnostic, Report, Severity, shorten};
use crate::model::{
    Host, HostDetails, IdentifierKind, ReservationModes, Reservations, ReservedLease, SubnetId,
};
use crate::source::Span;

/// The kinds of identifiers that DHCPv4 reservations have, in the order in which they are looked for.
pub(super) const KINDS4: &[IdentifierKind] = &[
    IdentifierKind::HardwareAddress,
    IdentifierKind::Duid,
    IdentifierKind::CircuitId,
    IdentifierKind::ClientId,
    IdentifierKind::FlexId,
];
/// Those of DHCPv6 reservations.
pub(super) const KINDS6: &[IdentifierKind] =
    &[IdentifierKind::HardwareAddress, IdentifierKind::Duid, IdentifierKind::FlexId];

/// The keys `reservations-*` of one level, and Kea's former `reservation-mode`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ModeKeys {
    global: Option<bool>,
    in_subnet: Option<bool>,
    out_of_pool: Option<bool>,
}

impl ModeKeys {
    pub(super) fn read(object: &Object<'_>) -> Self {
        let flag = |key| object.boolean(key).map(|at| at.value);
        let former =
            match object.text("reservation-mode").map(|text| text.value.to_ascii_lowercase()).as_deref() {
                Some("disabled" | "off") => [Some(false), Some(false), Some(false)],
                Some("out-of-pool") => [Some(false), Some(true), Some(true)],
                Some("global") => [Some(true), Some(false), Some(false)],
                Some("all") => [Some(false), Some(true), Some(false)],
                _ => [None; 3],
            };
        let [global, in_subnet, out_of_pool] = former;
        Self {
            global: flag("reservations-global").or(global),
            in_subnet: flag("reservations-in-subnet").or(in_subnet),
            out_of_pool: flag("reservations-out-of-pool").or(out_of_pool),
        }
    }

    pub(super) fn under(self, outer: Self) -> Self {
        Self {
            global: self.global.or(outer.global),
            in_subnet: self.in_subnet.or(outer.in_subnet),
            out_of_pool: self.out_of_pool.or(outer.out_of_pool),
        }
    }

    pub(super) fn resolve(self) -> ReservationModes {
        let default = ReservationModes::default();
        ReservationModes {
            global: self.global.unwrap_or(default.global),
            in_subnet: self.in_subnet.unwrap_or(default.in_subnet),
            out_of_pool: self.out_of_pool.unwrap_or(default.out_of_pool),
        }
    }
}

/// `host-reservation-identifiers`: what is looked for, in order.
pub(super) fn identifiers(
    object: &Object<'_>,
    known: &'static [IdentifierKind],
    report: &mut Report,
) -> Vec<IdentifierKind> {
    let mut kinds = Vec::new();
    let mut any = false;
    for text in object.texts("host-reservation-identifiers") {
        any = true;
        if text.value == "auto" {
            return known.to_vec();
        }
        match known.iter().find(|kind| kind.name() == text.value) {
            Some(kind) if kinds.contains(kind) => {
                let told = Diagnostic::error(text.span, format!("\"{}\" is given twice", text.value));
                report.push(told.help("remove one of them"));
            }
            Some(kind) => kinds.push(*kind),
            None => {
                let names: Vec<&str> = known.iter().map(|kind| kind.name()).collect();
                let told = Diagnostic::error(
                    text.span,
                    format!("no reservation has an identifier \"{}\"", shorten(text.value)),
                );
                report.push(told.help(format!("the identifiers are {}, or auto for all", names.join(", "))));
            }
        }
    }
    if any { kinds } else { known.iter().copied().filter(|&kind| kind != IdentifierKind::FlexId).collect() }
}

/// In the place of the length of a prefix: that it is an address.
const ADDRESS4: u8 = 254;
const ADDRESS6: u8 = 255;

/// Where reservations stand.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a, A> {
    /// `None` outside of subnets.
    pub(super) subnet: Option<SubnetId>,
    /// The first and the last address of the subnet.
    pub(super) bounds: Option<(A, A)>,
    pub(super) modes: ReservationModes,
    /// Whether an address is in a pool of the subnet.
    pub(super) is_in_pool: &'a dyn Fn(A) -> bool,
}

/// What reservations are read with.
pub(super) struct Reader<'a, 'r> {
    pub(super) definitions: &'a Definitions,
    pub(super) classes: &'a mut ReadClasses,
    pub(super) report: &'r mut Report,
}

/// The reservations of one half while its configuration is read.
#[derive(Debug)]
pub(super) struct ReadReservations<A> {
    reservations: Reservations<A>,
    kinds: &'static [IdentifierKind],
    looked_for: Vec<IdentifierKind>,
    /// The addresses and prefixes of the list in hand, each with the length of a prefix and its place.
    taken: Vec<(u128, u8, Span)>,
    /// All prefixes, each with its length.
    prefixes: Vec<(Range, u8)>,
    /// Whether an address can be reserved for one client only.
    unique: bool,
}

impl<A> ReadReservations<A> {
    pub(super) fn new(
        object: &Object<'_>,
        kinds: &'static [IdentifierKind],
        looked_for: Vec<IdentifierKind>,
    ) -> Self {
        Self {
            reservations: Reservations::default(),
            kinds,
            looked_for,
            taken: Vec::new(),
            prefixes: Vec::new(),
            unique: object.boolean("ip-reservations-unique").is_none_or(|at| at.value),
        }
    }

    pub(super) fn finish(mut self) -> Reservations<A> {
        self.reservations.shrink();
        self.reservations
    }

    /// By what the client of `object` is known.
    fn identifier(
        &self,
        object: &Object<'_>,
        report: &mut Report,
    ) -> Option<(IdentifierKind, Vec<u8>, Span)> {
        let mut given = self.kinds.iter().filter_map(|kind| Some((*kind, object.text(kind.name())?)));
        let Some((kind, text)) = given.next() else {
            let names: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
            if names.iter().all(|name| object.lacks(name)) {
                let told = Diagnostic::error(object.head(), "this reservation does not say who it is for");
                report.push(told.help(format!("give one of {}", names.join(", "))));
            }
            return None;
        };
        if let Some((other, at)) = given.next() {
            let message = format!("`{}` and `{}` exclude each other", kind.name(), other.name());
            let told = Diagnostic::error(at.span, message).also(text.span, "the other one");
            report.push(told.help("give one identifier; a second reservation can have the other"));
        }
        let identifier = match text::encode_hex(text.value) {
            Ok(identifier) if identifier.len() <= longest(kind) && !identifier.is_empty() => identifier,
            Ok(identifier) => {
                let message = format!(
                    "`{}` has {} bytes, and takes 1 to {}",
                    kind.name(),
                    identifier.len(),
                    longest(kind)
                );
                report.push(Diagnostic::error(text.span, message).help("correct it"));
                return None;
            }
            Err(_) => {
                let message =
                    format!("`{}` must be hexadecimal, not \"{}\"", kind.name(), shorten(text.value));
                let help = "write it as 01:02:0a, or a text as 'text' between single quotes";
                report.push(Diagnostic::error(text.span, message).help(help));
                return None;
            }
        };
        if !self.looked_for.contains(&kind) {
            let told = Diagnostic::warning(
                text.span,
                format!("clients are not known by `{}`: this reservation is for nobody", kind.name()),
            );
            report.push_repeated(
                &format!("identifier {}", kind.name()),
                told.help("add it to `host-reservation-identifiers`"),
            );
        }
        Some((kind, identifier, text.span))
    }

    /// Adds what is reserved in one of the hosts of `list`.
    fn add(
        &mut self,
        list: &Object<'_>,
        subnet: Option<SubnetId>,
        (kind, identifier, span): (IdentifierKind, Vec<u8>, Span),
        host: Host<A>,
        report: &mut Report,
    ) {
        if self.reservations.add(subnet, kind, &identifier, host).is_none() {
            return;
        }
        let message = match subnet {
            Some(subnet) => format!("two reservations of subnet {subnet} are for the same client"),
            None => "two reservations outside of subnets are for the same client".to_owned(),
        };
        let told = Diagnostic::error(span, message);
        // Looking for the first one takes a while; it is done for what will be shown.
        let first = if report.is_full(Severity::Error) {
            None
        } else {
            let texts = list.objects("reservations").filter_map(|host| host.text(kind.name()));
            texts
                .filter(|text| text::encode_hex(text.value).as_ref() == Ok(&identifier))
                .map(|text| text.span)
                .next()
        };
        let told = first.into_iter().fold(told, |told, first| told.also(first, "the other one"));
        report.push(told.help("make one of them, or correct the identifier"));
    }

    /// Reports what the list that was just read reserves for more than one client.
    fn check_taken(&mut self, report: &mut Report) {
        let mut taken = std::mem::take(&mut self.taken);
        // What stands first in the file comes first among the same.
        taken.sort_unstable();
        for pair in taken.windows(2) {
            if let [(number, len, first), (again, same_len, second)] = pair
                && (number, len) == (again, same_len)
                && self.unique
            {
                let what = match *len {
                    ADDRESS4 => Ipv4Addr::from(u32::try_from(*number).unwrap_or_default()).to_string(),
                    ADDRESS6 => Ipv6Addr::from(*number).to_string(),
                    len => format!("{}/{len}", Ipv6Addr::from(*number)),
                };
                report.push(
                    Diagnostic::error(*second, format!("{what} is reserved twice"))
                        .also(*first, "the other reservation")
                        .help("reserve it for one client, or set `ip-reservations-unique` to false"),
                );
            }
        }
        taken.clear();
        self.taken = taken;
    }

    /// Whether an address of `scope` can be reserved as it is.
    fn fits<B: Family>(scope: &Scope<'_, B>, address: B, at: Span, report: &mut Report) -> bool {
        if let Some((first, last)) = scope.bounds
            && (address < first || address > last)
        {
            let told = Diagnostic::error(at, format!("{address} is not within the subnet"));
            report.push(
                told.label(format!("the subnet has {first} to {last}"))
                    .help("correct it, or move the reservation"),
            );
            return false;
        }
        if scope.modes.out_of_pool && (scope.is_in_pool)(address) {
            let told = Diagnostic::warning(at, format!("{address} is in a pool, and is not reserved"));
            report.push_repeated(
                "reserved in a pool",
                told.label("`reservations-out-of-pool` says that what is reserved is in no pool")
                    .help("take it out of the pool, or set `reservations-out-of-pool` to false"),
            );
            return false;
        }
        true
    }
}

impl ReadReservations<Option<Ipv4Addr>> {
    /// The reservations in `object`.
    pub(super) fn read(
        &mut self,
        object: &Object<'_>,
        scope: &Scope<'_, Ipv4Addr>,
        reader: &mut Reader<'_, '_>,
    ) {
        for host in object.objects("reservations") {
            let identifier = self.identifier(&host, reader.report);
            let text = host.text_if_any("ip-address");
            let address = text.and_then(|text| address::<Ipv4Addr>("ip-address", text, reader.report));
            let reserved = text.zip(address).and_then(|(text, address)| {
                Self::fits(scope, address, text.span, reader.report).then(|| {
                    self.taken.push((address.number(), ADDRESS4, text.span));
                    address
                })
            });
            let details = details(&host, reader);
            if let Some(identifier) = identifier
                && counts(&host, scope.modes, scope.subnet, reader.report)
            {
                self.add(object, scope.subnet, identifier, Host { reserved, details }, reader.report);
            }
        }
        self.check_taken(reader.report);
    }
}

impl ReadReservations<Box<[ReservedLease]>> {
    /// The reservations in `object`.
    pub(super) fn read(
        &mut self,
        object: &Object<'_>,
        scope: &Scope<'_, Ipv6Addr>,
        reader: &mut Reader<'_, '_>,
    ) {
        for host in object.objects("reservations") {
            let identifier = self.identifier(&host, reader.report);
            let mut reserved = Vec::new();
            for text in host.texts("ip-addresses") {
                let Some(address) = address::<Ipv6Addr>("ip-addresses", text, reader.report) else {
                    continue;
                };
                if Self::fits(scope, address, text.span, reader.report) {
                    self.taken.push((address.number(), ADDRESS6, text.span));
                    reserved.push(ReservedLease { address, prefix_len: None });
                }
            }
            let mut prefixes = Vec::new();
            for text in host.texts("prefixes") {
                let Some((address, len)) = prefix::<Ipv6Addr>("prefixes", text, reader.report) else {
                    continue;
                };
                warn_host_bits("prefixes", text, (address, len), reader.report);
                if len == 0 {
                    let told = Diagnostic::error(text.span, "a prefix of length 0 cannot be reserved");
                    reader.report.push(told.help("correct the length"));
                    continue;
                }
                let (address, last) = address.bounds(len);
                let range = Range { first: address.number(), last: last.number(), span: text.span };
                self.prefixes.push((range, len));
                self.taken.push((address.number(), len, text.span));
                prefixes.push((address, len));
                reserved.push(ReservedLease { address, prefix_len: Some(len) });
            }
            let mut details = details(&host, reader);
            let excluded = excluded(&host, &prefixes, reader.report);
            if !excluded.is_empty() {
                details.get_or_insert_default().excluded = excluded;
            }
            if let Some(identifier) = identifier
                && counts(&host, scope.modes, scope.subnet, reader.report)
            {
                let host = Host { reserved: reserved.into(), details };
                self.add(object, scope.subnet, identifier, host, reader.report);
            }
        }
        self.check_taken(reader.report);
    }
}

impl ReadReservations<Box<[ReservedLease]>> {
    /// Reports reserved prefixes that hold others, and those that are not pieces of the prefix pools that they lie in: `pools`
    /// are these with the lengths of their pieces, which do not overlap.
    pub(super) fn check_prefixes(&self, mut pools: Vec<(Ipv6Net, u8)>, report: &mut Report) {
        pools.sort_by_key(|(pool, _)| pool.network());
        for &(Range { first, last, span }, len) in &self.prefixes {
            let behind = pools.partition_point(|(pool, _)| pool.network().number() <= last);
            let nearest = behind.checked_sub(1).and_then(|at| pools.get(at));
            let Some((pool, pieces)) = nearest.filter(|(pool, _)| pool.broadcast().number() >= first) else {
                continue;
            };
            if len == *pieces {
                continue;
            }
            let name = format!("{}/{len}", Ipv6Addr::from(first));
            let how = if len < pool.prefix_len() { "holds" } else { "is a part of" };
            let told = Diagnostic::error(
                span,
                format!("{name} {how} a prefix pool that delegates pieces of /{pieces}"),
            );
            report.push(told.label(format!("the pool is {pool}")).help(
                "reserve a piece of the pool, or a prefix outside of it: else another client could be given a part of it",
            ));
        }
        let ranges: Vec<Range> = self.prefixes.iter().map(|(range, _)| *range).collect();
        for (outer, inner) in overlaps(&ranges) {
            // That the same one is reserved twice has been told.
            if (outer.first, outer.last) != (inner.first, inner.last) {
                let told = Diagnostic::error(inner.span, "this reserved prefix is a part of another one");
                report.push(
                    told.also(outer.span, "the other one")
                        .help("reserve it for the same client, or another one"),
                );
            }
        }
    }
}

/// `excluded-prefixes`: one for each of the prefixes, or an empty text.
fn excluded(host: &Object<'_>, prefixes: &[(Ipv6Addr, u8)], report: &mut Report) -> Vec<(Ipv6Addr, Ipv6Net)> {
    let mut found = Vec::new();
    for (number, text) in host.texts("excluded-prefixes").enumerate() {
        if text.value.is_empty() {
            continue;
        }
        let Some((address, len)) = prefix::<Ipv6Addr>("excluded-prefixes", text, report) else { continue };
        let Some(&(delegated, delegated_len)) = prefixes.get(number) else {
            let told =
                Diagnostic::error(text.span, "there is no prefix that this one is to be excluded from");
            report.push(told.help("give one for each of `prefixes`, in their order, or an empty text"));
            continue;
        };
        // RFC 6603 §4.2: it is longer than the delegated prefix, and within it.
        let within = Ipv6Net::new(delegated, delegated_len).is_ok_and(|outer| outer.contains(&address));
        match Ipv6Net::new(address, len) {
            Ok(net) if within && len > delegated_len => found.push((delegated, net.trunc())),
            _ => report.push(
                Diagnostic::error(
                    text.span,
                    format!("{} is not a part of {delegated}/{delegated_len}", text.value),
                )
                .help("an excluded prefix is a longer one within the reserved one (RFC 6603 §4.2)"),
            ),
        }
    }
    found
}

/// Whether the reservations of a subnet mean anything there.
fn counts(host: &Object<'_>, modes: ReservationModes, subnet: Option<SubnetId>, report: &mut Report) -> bool {
    let counts = subnet.is_none() || modes.in_subnet;
    if !counts {
        let told = Diagnostic::warning(host.head(), "this reservation has no effect");
        report.push_repeated(
            "reservations in subnets that have none",
            told.label("`reservations-in-subnet` is false here")
                .help("set it to true, or remove the reservation"),
        );
    }
    counts
}

fn details(host: &Object<'_>, reader: &mut Reader<'_, '_>) -> Option<Box<HostDetails>> {
    const KEYS: [&str; 6] =
        ["hostname", "client-classes", "option-data", "next-server", "server-hostname", "boot-file-name"];
    if KEYS.iter().all(|key| host.member(key).is_none()) {
        return None;
    }
    let details = HostDetails {
        hostname: host.text("hostname").map_or_else(String::new, |name| name.value.to_owned()),
        classes: reader.classes.of_reservation(host, reader.report),
        options: options(host, reader.definitions, Level::Host, reader.report),
        excluded: Vec::new(),
        next_server: next_server(host, reader.report).filter(|server| !server.is_unspecified()),
        server_hostname: bounded_text(host, "server-hostname", 63, reader.report).unwrap_or_default(),
        boot_file_name: bounded_text(host, "boot-file-name", 127, reader.report).unwrap_or_default(),
    };
    (details != HostDetails::default()).then(|| Box::new(details))
}

/// Bytes that an identifier may have: as in Kea.
fn longest(kind: IdentifierKind) -> usize {
    match kind {
        IdentifierKind::HardwareAddress => 20,
        IdentifierKind::Duid => 130,
        IdentifierKind::CircuitId | IdentifierKind::ClientId | IdentifierKind::FlexId => 255,
    }
}
