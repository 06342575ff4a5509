//! What the DHCPv6 half takes from relays and packets about a client: `mac-sources` and `relay-supplied-options`.

use std::collections::BTreeSet;

use super::definitions::Definitions;
use super::object::{At, Object};
use super::option_rules::OWN6;
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::keys::nearest;
use crate::model::MacSource;

/// OPTION_ERP_LOCAL_DOMAIN_NAME (RFC 6440 §4.2), which a relay may always supply: as in Kea.
const ALWAYS_SUPPLIED: u16 = 65;

/// Kea's names for sources of hardware addresses, with what they are here: nothing for those that no packet over UDP
/// has, or that say nothing about the client's own address.
const SOURCES: &[(&str, &[MacSource])] = &[
    ("any", &MacSource::ANY),
    ("client-link-addr-option", &[MacSource::ClientLinkAddress]),
    ("docsis-cmts", &[]),
    ("docsis-modem", &[]),
    ("duid", &[MacSource::Duid]),
    ("ipv6-link-local", &[MacSource::Ipv6LinkLocal]),
    ("raw", &[]),
    ("remote-id", &[]),
    ("rfc4580", &[]),
    ("rfc4649", &[]),
    ("rfc6939", &[MacSource::ClientLinkAddress]),
    ("subscriber-id", &[]),
];

/// `mac-sources`; an empty list is as good as none.
pub(super) fn mac_sources(dhcp6: &Object<'_>, report: &mut Report) -> Vec<MacSource> {
    if dhcp6.texts("mac-sources").next().is_none() {
        return MacSource::ANY.to_vec();
    }
    let mut sources = Vec::new();
    for text in dhcp6.texts("mac-sources") {
        let Some((_, found)) = SOURCES.iter().find(|(name, _)| *name == text.value) else {
            unknown_source(text, report);
            continue;
        };
        if found.is_empty() {
            let told = Diagnostic::warning(text.span, format!("\"{}\" has no effect", text.value));
            report.unsupported(
                "mac-sources",
                told.label("hardware addresses are not looked for there")
                    .help("remove it, or leave it for Kea"),
            );
        }
        for source in *found {
            if !sources.contains(source) {
                sources.push(*source);
            }
        }
    }
    sources
}

fn unknown_source(text: At<&str>, report: &mut Report) {
    let names = || SOURCES.iter().map(|(name, _)| *name);
    let told = Diagnostic::error(
        text.span,
        format!("\"{}\" is no source of hardware addresses", shorten(text.value)),
    );
    let help = match nearest(text.value, names()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the sources are {}", names().collect::<Vec<_>>().join(", ")),
    };
    report.push(told.help(help));
}

/// `relay-supplied-options`: codes and names, as texts. As in Kea, they add to the one that is always allowed.
pub(super) fn relay_supplied_options(
    dhcp6: &Object<'_>,
    definitions: &Definitions,
    report: &mut Report,
) -> Vec<u16> {
    let mut codes = BTreeSet::from([ALWAYS_SUPPLIED]);
    for text in dhcp6.texts("relay-supplied-options") {
        let Some(code) = option_code(text, definitions, report) else { continue };
        // RFC 6422 §5: what identifies client and server, or what is assigned, is not for a relay to supply.
        if OWN6.iter().any(|(own, _)| *own == code) {
            let told = Diagnostic::warning(text.span, format!("option {code} is never taken from a relay"));
            report.push(told.label("the server sets it itself").help("remove it"));
            continue;
        }
        codes.insert(code);
    }
    codes.into_iter().collect()
}

fn option_code(text: At<&str>, definitions: &Definitions, report: &mut Report) -> Option<u16> {
    let number = text.value.trim();
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        let code = number.parse().ok().filter(|&code| code > 0);
        if code.is_none() {
            let told = Diagnostic::error(
                text.span,
                format!("an option's code must be from 1 to 65535, not {}", shorten(number)),
            );
            report.push(told.help("choose another code"));
        }
        return code;
    }
    let definition = definitions.by_name(definitions.top(), text.value);
    if definition.is_none() {
        let message = format!("no DHCPv6 option is called \"{}\"", shorten(text.value));
        let near = definitions.nearest(definitions.top(), text.value);
        let help = near.map_or_else(
            || "give its code as a text, or define it in `option-def`".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        report.push(Diagnostic::error(text.span, message).help(help));
    }
    definition.map(|definition| definition.code)
}
