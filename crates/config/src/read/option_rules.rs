//! What single options must hold, beyond their form.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::definition::Universe;
use fosix_wire::softwire::{Container, Mechanism};
use fosix_wire::v6::OptionCode;

use super::options::Level;
use super::spaces::Written;
use crate::diagnostic::{Diagnostic, Report};
use crate::model::OptionValue;

/// DHCPv4 option 54, the name that the server goes by.
pub(super) const SERVER_IDENTIFIER: u16 = 54;
/// DHCPv6 option 88 (RFC 7341 §7.2).
pub(super) const DHCP4O6_SERVER: u16 = 88;

/// Options that the server itself puts into its answers, with what sets them instead.
const OWN4: &[(u16, &str)] = &[
    (50, "only a client sends it"),
    (51, "`valid-lifetime` sets it"),
    (52, "the server sets it"),
    (53, "the server sets it"),
    (55, "only a client sends it"),
    (57, "only a client sends it"),
    (58, "`renew-timer` sets it"),
    (59, "`rebind-timer` sets it"),
    (61, "`echo-client-id` says whether it is sent back"),
    (82, "it is sent back to the relay that put it in"),
];
pub(super) const OWN6: &[(u16, &str)] = &[
    (1, "it is sent back to the client"),
    (2, "`server-id` sets it"),
    (3, "the server sets it"),
    (4, "the server sets it"),
    (5, "the server sets it"),
    (6, "only a client sends it"),
    (8, "only a client sends it"),
    (9, "only relay messages hold it"),
    (13, "the server sets it"),
    (14, "`rapid-commit` of the subnet sets it"),
    (18, "it is sent back to the relay that put it in"),
    (19, "the server sets it"),
    (20, "only a client sends it"),
    (25, "the server sets it"),
    (26, "the server sets it"),
    (87, "the server sets it"),
];

/// Reports what is wrong with an option; `false` when it is not to be sent.
pub(super) fn check(
    value: &OptionValue,
    universe: Universe,
    level: Level,
    written: &Written,
    report: &mut Report,
) -> bool {
    if value.vendor.is_some() {
        return true;
    }
    let own = if universe == Universe::V4 { OWN4 } else { OWN6 };
    if let Some((code, instead)) = own.iter().find(|(code, _)| *code == value.code) {
        let told = Diagnostic::warning(
            written.span.head(),
            format!("option {code} cannot be configured, and is not sent"),
        );
        report.push_repeated(&format!("own option {code}"), told.label(*instead).help("remove it"));
        return false;
    }
    match (universe, value.code) {
        (Universe::V4, SERVER_IDENTIFIER) => server_identifier(value, level, written, report),
        (Universe::V6, DHCP4O6_SERVER) => dhcp4o6_servers(value, written, report),
        (Universe::V6, code) => softwire(code, value, written, report),
        _ => {}
    }
    true
}

/// Whether more than one option of this code may be sent.
pub(super) fn may_repeat(universe: Universe, value: &OptionValue) -> bool {
    // Vendor class and vendor options stand once for each vendor, S46_BR once for each border relay (RFC 8539 §4.1),
    // and a client may be given several softwires of a kind (RFC 7598 §5).
    universe == Universe::V6 && value.vendor.is_none() && matches!(value.code, 16 | 17 | 90 | 94 | 95 | 96)
}

fn server_identifier(value: &OptionValue, level: Level, written: &Written, report: &mut Report) {
    let Ok(octets) = <[u8; 4]>::try_from(value.data.as_slice()) else {
        if !value.never_send {
            report.push(
                Diagnostic::error(written.data_span, "dhcp-server-identifier must be one IPv4 address")
                    .help("for example 192.0.2.1"),
            );
        }
        return;
    };
    let address = Ipv4Addr::from(octets);
    let unusable = if address.is_multicast() {
        Some("it is a multicast address")
    } else if address.octets().first() == Some(&0) {
        Some("no host has an address in 0.0.0.0/8")
    } else if address.octets().first().is_some_and(|&first| first >= 240) {
        Some("no host has an address in 240.0.0.0/4")
    } else {
        None
    };
    if let Some(why) = unusable {
        report.push(
            Diagnostic::error(written.data_span, format!("{address} cannot be the server's identifier"))
                .label(why)
                .help(
                    "give a unicast address; over DHCPv6 it is only a name, and need not be on any interface",
                ),
        );
    }
    if level == Level::Pool {
        report.push(
            Diagnostic::warning(written.span.head(), "a server identifier has no effect in a pool")
                .help("move it to the subnet, to its shared network or to the global options"),
        );
    }
}

/// RFC 7341 §7.2: any number of addresses; none at all tells clients to use multicast.
fn dhcp4o6_servers(value: &OptionValue, written: &Written, report: &mut Report) {
    let (addresses, rest) = value.data.as_chunks::<16>();
    if !rest.is_empty() {
        report.push(
            Diagnostic::error(
                written.data_span,
                format!(
                    "dhcp4o6-server-addr has {} bytes, which are no whole number of addresses",
                    value.data.len()
                ),
            )
            .help("each address has 16 bytes"),
        );
        return;
    }
    let mut seen = HashSet::with_capacity(addresses.len());
    for address in addresses.iter().copied().map(Ipv6Addr::from) {
        let mut told = |error: bool, what: &str, help: &str| {
            let message = format!("{address} in dhcp4o6-server-addr {what}");
            let at = written.data_span;
            let told = if error { Diagnostic::error(at, message) } else { Diagnostic::warning(at, message) };
            report.push(told.help(help));
        };
        // RFC 7341 §12: clients ignore duplicates, which serve attackers alone.
        if !seen.insert(address) {
            told(true, "is given twice", "remove one of them");
        } else if address.is_unspecified() {
            told(true, "is no address to send to", "for multicast, leave the data empty");
        } else if address.to_ipv4_mapped().is_some() {
            told(true, "is an IPv4 address", "clients reach the server over IPv6 only");
        } else if address.is_loopback() {
            told(false, "leads each client to itself", "only a test on one machine can use it");
        } else if address.is_unicast_link_local() {
            told(
                false,
                "is reached from its own link only",
                "give a global address where relays stand between",
            );
        }
    }
}

fn softwire(code: u16, value: &OptionValue, written: &Written, report: &mut Report) {
    let code = OptionCode(code);
    if let Some(mechanism) = Mechanism::from_container_code(code) {
        let checked = Container::new_checked(mechanism, &value.data)
            .and_then(|container| container.check_encapsulation());
        // RFC 7598 §6: clients ignore a container that holds too little, or what it must not hold.
        if let (Err(fault), false) = (checked, value.never_send) {
            report.push(
                Diagnostic::error(
                    written.span.head(),
                    format!("this {mechanism} container would be ignored by clients"),
                )
                .label(fault.to_string())
                .help("list what belongs in it beside it, in the same `option-data` (RFC 7598 §6)"),
            );
        }
        return;
    }
    let misplaced =
        [OptionCode::S46_RULE, OptionCode::S46_DMR, OptionCode::S46_V4V6BIND, OptionCode::S46_PORTPARAMS];
    // RFC 7598 §3: clients ignore them outside of a container. S46_BR may stand alone (RFC 8539 §4.1).
    if misplaced.contains(&code) {
        report.push(
            Diagnostic::warning(
                written.span.head(),
                "clients ignore this option outside of a softwire container",
            )
            .help("give it with `space` set to that of its container, such as s46-cont-lw-options"),
        );
    }
}
