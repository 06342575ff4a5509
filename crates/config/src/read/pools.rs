//! Pools of addresses and prefixes, and the checks that hold between them.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

use super::address::{self, Family, prefix, range, warn_host_bits};
use super::classes::ReadClasses;
use super::definitions::Definitions;
use super::object::{At, Object};
use super::options::{Level, options};
use super::overlap::{Range, overlaps};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{ClassNumber, Guard, OptionValue, PdPool, Pool4, Pool6};
use crate::source::Span;

/// The address pools of an IPv4 subnet.
pub(super) fn pools4(
    subnet: &Object<'_>,
    bounds: Option<(Ipv4Addr, Ipv4Addr)>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Vec<Pool4> {
    pools(subnet, bounds, definitions, classes, report, |first, last, given| {
        let (options, guard, additional_classes) = given;
        Pool4 { first, last, options, guard, additional_classes }
    })
    .0
}

/// The address pools of an IPv6 subnet, and where each is written.
pub(super) fn pools6(
    subnet: &Object<'_>,
    bounds: Option<(Ipv6Addr, Ipv6Addr)>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> (Vec<Pool6>, Vec<Range>) {
    pools(subnet, bounds, definitions, classes, report, |first, last, given| {
        let (options, guard, additional_classes) = given;
        Pool6 { first, last, options, guard, additional_classes }
    })
}

/// What every pool says beside what is in it: its options, who may be given of it, and which classes are looked at then.
type Given = (Vec<OptionValue>, Guard, Vec<ClassNumber>);

fn given(
    pool: &Object<'_>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Given {
    let options = options(pool, definitions, Level::Pool, report);
    (options, classes.guard(pool, report), classes.additional(pool, report))
}

fn pools<A: Family, P>(
    subnet: &Object<'_>,
    bounds: Option<(A, A)>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
    make: impl Fn(A, A, Given) -> P,
) -> (Vec<P>, Vec<Range>) {
    let mut pools = Vec::new();
    let mut ranges = Vec::new();
    for object in subnet.objects("pools") {
        let given = given(&object, definitions, classes, report);
        let Some(text) = object.text("pool") else {
            if object.lacks("pool") {
                let told =
                    Diagnostic::error(object.head(), "this pool has no `pool`, which gives its addresses");
                report.push(told.help("for example \"pool\": \"192.0.2.10 - 192.0.2.99\""));
            }
            continue;
        };
        let Some((first, last)) = range::<A>(text, report) else { continue };
        if let Some((lowest, highest)) = bounds
            && (first < lowest || last > highest)
        {
            report.push(
                Diagnostic::error(text.span, format!("the pool {first} - {last} is not within its subnet"))
                    .label(format!("the subnet has {lowest} to {highest}"))
                    .help("correct the pool or the subnet's prefix"),
            );
        }
        ranges.push(Range { first: first.number(), last: last.number(), span: text.span });
        pools.push(make(first, last, given));
    }
    report_overlaps(&ranges, "pools", report);
    (pools, ranges)
}

/// Reports ranges that share something.
pub(super) fn report_overlaps(ranges: &[Range], what: &str, report: &mut Report) {
    for (one, other) in overlaps(ranges) {
        // The mark goes to the one that stands later in the file.
        let (earlier, later) =
            if one.span <= other.span { (one.span, other.span) } else { (other.span, one.span) };
        let equal = one.first == other.first && one.last == other.last;
        let message = if equal { format!("two {what} are the same") } else { format!("two {what} overlap") };
        report.push(
            Diagnostic::error(later, message)
                .also(earlier, "the other one")
                .help("each address can be in one of them only"),
        );
    }
}

/// Reports pools of addresses that lie in pools of prefixes: one client would be given a prefix with the address of
/// another in it. The prefix pools must not overlap each other.
pub(super) fn report_addresses_in_prefixes(pools: &[Range], mut prefixes: Vec<Range>, report: &mut Report) {
    prefixes.sort_by_key(|prefix| prefix.first);
    for pool in pools {
        let at = prefixes.partition_point(|prefix| prefix.first <= pool.last);
        let nearest = at.checked_sub(1).and_then(|at| prefixes.get(at));
        if let Some(prefix) = nearest.filter(|prefix| prefix.last >= pool.first) {
            let told =
                Diagnostic::warning(pool.span, "addresses of this pool lie in prefixes that are delegated");
            report.push_repeated(
                "addresses in delegated prefixes",
                told.also(prefix.span, "the prefix pool")
                    .help("keep them apart: whoever is delegated such a prefix takes all of its addresses for his own"),
            );
        }
    }
}

/// The prefix pools of a subnet, and where each is written.
pub(super) fn pd_pools(
    subnet: &Object<'_>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Vec<(PdPool, Span)> {
    let pools = subnet.objects("pd-pools");
    pools.filter_map(|object| pd_pool(&object, definitions, classes, report)).collect()
}

/// The numbers that a prefix pool stands for.
pub(super) fn pd_range(pool: &PdPool, span: Span) -> Range {
    Range { first: pool.prefix.network().number(), last: pool.prefix.broadcast().number(), span }
}

fn pd_pool(
    object: &Object<'_>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Option<(PdPool, Span)> {
    for key in ["prefix", "prefix-len", "delegated-len"] {
        if object.lacks(key) {
            let told = Diagnostic::error(object.head(), format!("this prefix pool has no `{key}`"));
            report.push(told.help("a pd-pool needs `prefix`, `prefix-len` and `delegated-len`"));
        }
    }
    let (options, guard, additional_classes) = given(object, definitions, classes, report);
    let prefix_text = object.text("prefix")?;
    let address = address::address::<Ipv6Addr>("prefix", prefix_text, report)?;
    let len = object.integer::<u8>("prefix-len")?;
    let net = Ipv6Net::new(address, len.value).ok()?;
    warn_host_bits("prefix", prefix_text, (address, len.value), report);
    let delegated = object.integer::<u8>("delegated-len").filter(|delegated| delegated.value <= 128)?;
    if delegated.value < len.value {
        report.push(
            Diagnostic::error(
                delegated.span,
                format!("delegated-len ({}) is below prefix-len ({})", delegated.value, len.value),
            )
            .also(len.span, "prefix-len")
            .help("the pieces of a prefix are smaller than the prefix"),
        );
        return None;
    }
    let excluded = excluded(object, net, delegated, report);
    let pool = PdPool {
        prefix: net.trunc(),
        delegated_len: delegated.value,
        excluded,
        options,
        guard,
        additional_classes,
    };
    Some((pool, prefix_text.span))
}

/// RFC 6603 §4.2: the excluded prefix is a part of the delegated one, and longer.
fn excluded(object: &Object<'_>, pool: Ipv6Net, delegated: At<u8>, report: &mut Report) -> Option<Ipv6Net> {
    let len = object.integer::<u8>("excluded-prefix-len").filter(|len| len.value > 0);
    let Some(text) = object.text_if_any("excluded-prefix").filter(|text| text.value != "::") else {
        if let Some(len) = len.filter(|_| object.member("excluded-prefix").is_none()) {
            let told = Diagnostic::error(len.span, "`excluded-prefix-len` without `excluded-prefix`");
            report.push(told.help("add the prefix that clients must leave out, or remove the length"));
        }
        return None;
    };
    let address = address::address::<Ipv6Addr>("excluded-prefix", text, report)?;
    let Some(len) = len else {
        let told = Diagnostic::error(text.span, "an excluded prefix needs `excluded-prefix-len`");
        report.push(told.help("add it"));
        return None;
    };
    let net = Ipv6Net::new(address, len.value).ok()?.trunc();
    warn_host_bits("excluded-prefix", text, (address, len.value), report);
    if len.value <= delegated.value {
        report.push(
            Diagnostic::error(
                len.span,
                format!(
                    "excluded-prefix-len ({}) is not above delegated-len ({})",
                    len.value, delegated.value
                ),
            )
            .also(delegated.span, "delegated-len")
            .help("what is left out is smaller than what is delegated (RFC 6603 §4.2)"),
        );
        return None;
    }
    // It is written for the first piece of the pool.
    let first_piece = Ipv6Net::new(pool.network(), delegated.value).ok()?;
    if !first_piece.contains(&net) {
        report.push(
            Diagnostic::error(text.span, format!("{net} is not within {first_piece}"))
                .label("the first prefix that is delegated from this pool")
                .help("give the excluded prefix for the first delegated one (RFC 6603 §4.2)"),
        );
        return None;
    }
    Some(net)
}

/// A subnet's prefix; what is none, or is missing, is reported.
pub(super) fn subnet_prefix<A: Family>(object: &Object<'_>, report: &mut Report) -> Option<(At<A>, u8)> {
    let Some(text) = object.text("subnet") else {
        if object.lacks("subnet") {
            let told =
                Diagnostic::error(object.head(), "this subnet has no `subnet`, which gives its prefix");
            let example = if A::BITS == 32 { "192.0.2.0/24" } else { "2001:db8::/64" };
            report.push(told.help(format!("for example \"subnet\": \"{example}\"")));
        }
        return None;
    };
    let (address, len) = prefix::<A>("subnet", text, report)?;
    warn_host_bits("subnet", text, (address, len), report);
    let (network, _) = address.bounds(len);
    Some((At { value: network, span: text.span }, len))
}
