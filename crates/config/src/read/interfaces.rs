//! Where the halves listen.

use std::collections::{HashMap, HashSet};
use std::net::Ipv6Addr;

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::InterfaceSpec;
use crate::source::Span;

/// The longest name that Linux gives an interface.
const MAX_NAME_BYTES: usize = 15;

/// The interfaces of the DHCPv6 half.
pub(super) fn interfaces6(dhcp6: &Object<'_>, report: &mut Report) -> Vec<InterfaceSpec> {
    let mut specs = Vec::new();
    let mut seen: HashMap<InterfaceSpec, Span> = HashMap::new();
    let Some(config) = dhcp6.object("interfaces-config") else { return specs };
    for text in config.texts("interfaces") {
        let Some(spec) = spec(text, report) else { continue };
        if let Some(first) = seen.get(&spec) {
            let told = Diagnostic::error(text.span, format!("\"{}\" is given twice", shorten(text.value)));
            report.push(told.also(*first, "the first one").help("remove one of them"));
        } else {
            seen.insert(spec.clone(), text.span);
            specs.push(spec);
        }
    }
    specs
}

/// Warns where `key` of a subnet or shared network names an interface that the DHCPv6 half does not listen on.
pub(super) fn check_heard<'t>(
    dhcp6: &Object<'_>,
    key: &str,
    subnets: impl Iterator<Item = Object<'t>>,
    report: &mut Report,
) {
    let Some(config) = dhcp6.object("interfaces-config") else { return };
    let listening: HashSet<&str> =
        config.texts("interfaces").map(|text| text.value.split('/').next().unwrap_or("").trim()).collect();
    if listening.contains("*") {
        return;
    }
    for text in subnets.filter_map(|subnet| subnet.text_if_any(key)) {
        if listening.contains(text.value) {
            continue;
        }
        let message = format!("no query comes in on interface {}", shorten(text.value));
        let told = Diagnostic::warning(text.span, message);
        report.push_repeated(
            key,
            told.label("it is not among `Dhcp6.interfaces-config.interfaces`")
                .help("add the interface there, or correct the name"),
        );
    }
}

/// The DHCPv4 half listens nowhere itself: its queries come through the DHCPv6 half.
pub(super) fn interfaces4(dhcp4: &Object<'_>, report: &mut Report) {
    let Some(config) = dhcp4.object("interfaces-config") else { return };
    if config.texts("interfaces").next().is_none() {
        return;
    }
    let Some(member) = config.member("interfaces") else { return };
    let told =
        Diagnostic::warning(member.node.span.head_if_large(), "no DHCPv4 is served on these interfaces");
    report.unsupported(
        "Dhcp4 interfaces",
        told.label("DHCPv4 is served over DHCPv6 only; outside it, not yet")
            .help("leave the list empty; `Dhcp6.interfaces-config` says where clients are served"),
    );
}

fn spec(text: At<&str>, report: &mut Report) -> Option<InterfaceSpec> {
    // As in Kea, white space around a name does not matter.
    let text = At { value: text.value.trim(), ..text };
    let mut error = |message: String, help: &str| {
        report.push(Diagnostic::error(text.span, message).help(help));
        None
    };
    let forms = "write \"eth0\", \"eth0/2001:db8::1\" or \"*\"";
    if text.value == "*" {
        return Some(InterfaceSpec::All);
    }
    let (name, address) = match text.value.split_once('/') {
        Some((name, address)) => (name, Some(address)),
        None => (text.value, None),
    };
    if name == "*" {
        return error("\"*\" is every address of every interface, and takes no address".to_owned(), forms);
    }
    if !is_interface_name(name) {
        return error(format!("\"{}\" is not the name of an interface", shorten(name)), forms);
    }
    let Some(address) = address else { return Some(InterfaceSpec::Interface(name.to_owned())) };
    match address.parse::<Ipv6Addr>() {
        Ok(address) if address.is_multicast() || address.is_unspecified() => {
            error(format!("{address} is not an address of an interface"), forms)
        }
        Ok(address) => Some(InterfaceSpec::Address(name.to_owned(), address)),
        Err(_) => error(format!("\"{}\" is not an IPv6 address", shorten(address)), forms),
    }
}

/// What the kernel takes for a name.
pub(super) fn is_interface_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name != "."
        && name != ".."
        && !name.contains(|character: char| {
            character == '/' || character == ':' || character.is_whitespace() || character.is_control()
        })
}
