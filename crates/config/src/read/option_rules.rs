//! What single options must hold, beyond their form.

use std::net::Ipv4Addr;

use fosix_wire::definition::Universe;

use super::option_rules6::check6;
use super::options::Level;
use super::spaces::Written;
use crate::diagnostic::{Diagnostic, Report};
use crate::model::OptionValue;

/// DHCPv4 option 54, the name that the server goes by.
pub(super) const SERVER_IDENTIFIER: u16 = 54;

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
    // RFC 9915 §21.12: no server may send it.
    (12, "it is obsolete, and clients may not be told to use unicast"),
    (13, "the server sets it"),
    (14, "`rapid-commit` of the subnet sets it"),
    (18, "it is sent back to the relay that put it in"),
    (19, "the server sets it"),
    (20, "only a client sends it"),
    (25, "the server sets it"),
    (26, "the server sets it"),
    (39, "`ddns-replace-client-name` and the keys beside it decide about it"),
    (43, "only relay messages hold it"),
    (66, "only relays send it; `relay-supplied-options` says what is taken from it"),
    (67, "`excluded-prefix` of the prefix pool sets it"),
    (79, "only relays send it"),
    (87, "the server sets it"),
    (135, "it is sent back to the relay that put it in"),
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
        // What is never sent needs no value that would do.
        (Universe::V6, _) if !value.never_send => check6(value, written, report),
        _ => {}
    }
    true
}

/// Whether more than one option of this code may be sent.
pub(super) fn may_repeat(universe: Universe, value: &OptionValue) -> bool {
    // Vendor class and vendor options stand once for each vendor, NTP servers and resolvers once for each of them
    // (RFC 5908 §4, RFC 9463 §4.1), S46_BR once for each border relay (RFC 8539 §4.1), and a client may be given several
    // softwires of a kind (RFC 7598 §5).
    universe == Universe::V6
        && value.vendor.is_none()
        && matches!(value.code, 16 | 17 | 56 | 90 | 94 | 95 | 96 | 144)
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
