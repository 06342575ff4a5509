//! What single options of DHCPv6 must hold, beyond their form: what clients would ignore, no server may send.

use std::collections::HashSet;
use std::net::Ipv6Addr;

use fosix_wire::Error;
use fosix_wire::name::Name;
use fosix_wire::softwire::{Container, Mechanism, Rule};
use fosix_wire::text;
use fosix_wire::v6::{OptionCode, Options};

use super::spaces::Written;
use crate::diagnostic::{Diagnostic, Report};
use crate::model::OptionValue;

/// Where clients send DHCPv4 over DHCPv6 (RFC 7341 §7.2).
pub(super) const DHCP4O6_SERVER: u16 = 88;
const INFORMATION_REFRESH_TIME: u16 = 32;
const NTP_SERVER: u16 = 56;
const AFTR_NAME: u16 = 64;
const SOL_MAX_RT: u16 = 82;
const INF_MAX_RT: u16 = 83;
const CAPTIVE_PORTAL: u16 = 103;
const S46_PRIORITY: u16 = 111;
const DNR: u16 = 144;

/// Reports what is wrong with an option of the outermost space that is to be sent.
pub(super) fn check6(value: &OptionValue, written: &Written, report: &mut Report) {
    match value.code {
        INFORMATION_REFRESH_TIME => refresh_time(value, written, report),
        NTP_SERVER => ntp_server(value, written, report),
        AFTR_NAME => aftr_name(value, written, report),
        SOL_MAX_RT | INF_MAX_RT => longest_timeout(value, written, report),
        DHCP4O6_SERVER => dhcp4o6_servers(value, written, report),
        CAPTIVE_PORTAL => captive_portal(&value.data, written, report),
        S46_PRIORITY => priority(value, written, report),
        DNR => resolver(&value.data, written, report),
        code => softwire(OptionCode(code), value, written, report),
    }
}

/// The options to send for one that is written: an NTP server option for each server in it, otherwise the one.
///
/// RFC 5908 §4: such an option holds one server, and only one. In Kea's files there is one option for all of them.
pub(super) fn instances(value: OptionValue) -> Vec<OptionValue> {
    if value.code != NTP_SERVER || value.vendor.is_some() {
        return vec![value];
    }
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    if let Ok(servers) = Options::new_checked(&value.data) {
        for server in servers {
            let Ok(len) = u16::try_from(server.data.len()) else { continue };
            bodies.push([&server.code.0.to_be_bytes(), &len.to_be_bytes(), server.data].concat());
        }
    }
    // One that is never sent has no server, and keeps those of other levels from being sent.
    if bodies.is_empty() {
        return vec![value];
    }
    bodies.into_iter().map(|data| OptionValue { data, ..value.clone() }).collect()
}

/// RFC 9915 §21.23, §7.6: at least IRT_MINIMUM.
fn refresh_time(value: &OptionValue, written: &Written, report: &mut Report) {
    const IRT_MINIMUM: u32 = 600;
    let seconds = <[u8; 4]>::try_from(value.data.as_slice()).map(u32::from_be_bytes);
    if let Ok(seconds) = seconds
        && seconds < IRT_MINIMUM
    {
        let message = format!("information-refresh-time must be at least {IRT_MINIMUM}, not {seconds}");
        let told = Diagnostic::error(written.data_span, message);
        report
            .push(told.label("clients wait for 600 seconds at least").help("give the seconds, 600 or more"));
    }
}

/// RFC 9915 §21.24, §21.25: clients ignore what is out of range.
fn longest_timeout(value: &OptionValue, written: &Written, report: &mut Report) {
    let seconds = <[u8; 4]>::try_from(value.data.as_slice()).map(u32::from_be_bytes);
    if let Ok(seconds) = seconds
        && !(60..=86_400).contains(&seconds)
    {
        let name = if value.code == SOL_MAX_RT { "solmax-rt" } else { "inf-max-rt" };
        let told =
            Diagnostic::error(written.data_span, format!("{name} must be from 60 to 86400, not {seconds}"));
        report.push(told.label("clients ignore any other value").help("give the seconds, up to one day"));
    }
}

/// RFC 5908 §4: what the sub-options must be.
fn ntp_server(value: &OptionValue, written: &Written, report: &mut Report) {
    const HELP: &str = "give servers in `space` v6-ntp-server-suboptions: ntp-server-address, \
                        ntp-server-multicast or ntp-server-fqdn";
    let servers = match Options::new_checked(&value.data) {
        Ok(servers) if servers.is_empty() => {
            let told = Diagnostic::error(written.span.head(), "this ntp-server option holds no server");
            return report.push(told.help(HELP));
        }
        Ok(servers) => servers,
        Err(fault) => {
            let told = Diagnostic::error(written.data_span, "ntp-server does not consist of sub-options");
            return report.push(told.label(fault.to_string()).help(HELP));
        }
    };
    for server in servers {
        let address = <[u8; 16]>::try_from(server.data).map(Ipv6Addr::from);
        let fault = match (server.code.0, address) {
            (1, Ok(address)) if address.is_multicast() || address.is_unspecified() => {
                format!("{address} is not the address of a server")
            }
            (2, Ok(address)) if !address.is_multicast() => format!("{address} is not a multicast address"),
            (1 | 2, Err(_)) => format!("an address has 16 bytes, not {}", server.data.len()),
            (3, _) => match Name::new_checked(server.data) {
                Ok(_) => continue,
                Err(fault) => fault.to_string(),
            },
            _ => continue,
        };
        let told =
            Diagnostic::error(written.span.head(), "clients cannot use a server of this ntp-server option");
        report.push(told.label(fault).help("correct the sub-option (RFC 5908 §4)"));
    }
}

/// RFC 6334 §3, §4: one name, with one label at least.
fn aftr_name(value: &OptionValue, written: &Written, report: &mut Report) {
    let fault = match Name::split(&value.data) {
        Ok((_, [])) if value.data.len() > 3 => return,
        Ok((_, [])) => "it is too short for a name".to_owned(),
        Ok(_) => "there is something behind the first name".to_owned(),
        Err(fault) => fault.to_string(),
    };
    let told = Diagnostic::error(written.data_span, "aftr-name must be one domain name");
    report.push(told.label(fault).help("for example aftr.example.org (RFC 6334 §3)"));
}

/// RFC 8910 §2: the URI of an API, which is reached by HTTPS (RFC 8908 §4.1), or that there is no portal.
fn captive_portal(data: &[u8], written: &Written, report: &mut Report) {
    const UNRESTRICTED: &str = "urn:ietf:params:capport:unrestricted";
    let graphic =
        std::str::from_utf8(data).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    let scheme = graphic.and_then(|uri| uri.split_once(':')).filter(|(scheme, rest)| {
        let begins = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        begins
            && !rest.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let Some((scheme, _)) = scheme else {
        let told = Diagnostic::error(written.data_span, "v6-captive-portal must be a URI");
        report.push(told.help(format!("for example https://portal.example.org/api, or {UNRESTRICTED}")));
        return;
    };
    if !scheme.eq_ignore_ascii_case("https") && graphic != Some(UNRESTRICTED) {
        report.push(
            Diagnostic::warning(written.data_span, "clients do not look for a captive portal's API there")
                .label("it is reached by https (RFC 8908 §4.1)")
                .help(format!("begin with https://, or write {UNRESTRICTED} where there is no portal")),
        );
    }
    // RFC 8910 §2.2: SHOULD NOT, as DHCPv4 cannot carry more.
    if data.len() > 255 {
        let told = Diagnostic::warning(written.data_span, "this URI is longer than 255 bytes");
        report.push(told.help("DHCPv4 cannot carry it, and clients of both should get the same one"));
    }
}

/// RFC 8026 §1.3: each mechanism once, by the code of the option that gives it.
fn priority(value: &OptionValue, written: &Written, report: &mut Report) {
    /// RFC 8026 §4.1: the options that stand for softwire mechanisms.
    const MECHANISMS: [u16; 5] = [64, 88, 94, 95, 96];
    const HELP: &str = "64 is DS-Lite, 88 DHCPv4 over DHCPv6, 94 MAP-E, 95 MAP-T, 96 Lightweight 4over6";
    let (codes, rest) = value.data.as_chunks::<2>();
    if codes.is_empty() || !rest.is_empty() {
        let told = Diagnostic::error(written.data_span, "s46-priority must be a list of option codes");
        return report.push(told.label(format!("it has {} bytes", value.data.len())).help(HELP));
    }
    let mut seen = HashSet::new();
    for code in codes.iter().copied().map(u16::from_be_bytes) {
        if !seen.insert(code) {
            let told =
                Diagnostic::error(written.data_span, format!("s46-priority has the code {code} twice"));
            report.push(told.label("clients take that for invalid").help("remove one of them"));
        } else if !MECHANISMS.contains(&code) {
            let message = format!("{code} in s46-priority is not the code of a softwire mechanism");
            report.push(Diagnostic::warning(written.data_span, message).label("clients skip it").help(HELP));
        }
    }
}

/// RFC 9463 §3.1.8, §4.2: what clients discard.
fn resolver(data: &[u8], written: &Written, report: &mut Report) {
    if let Some(fault) = text::resolver_fault(data) {
        report.push(
            Diagnostic::error(written.data_span, "clients would discard this v6-dnr option")
                .label(fault)
                .help("its data are a priority and a name, then addresses and parameters (RFC 9463 §4.1)"),
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

fn softwire(code: OptionCode, value: &OptionValue, written: &Written, report: &mut Report) {
    if let Some(mechanism) = Mechanism::from_container_code(code) {
        let container = Container::new_checked(mechanism, &value.data);
        // RFC 7598 §6: clients ignore a container that holds too little, or what it must not hold.
        match container.and_then(|container| container.check_encapsulation().map(|()| container)) {
            Ok(container) => container.rules().for_each(|rule| mapping_rule(&rule, written, report)),
            Err(fault) => report.push(
                Diagnostic::error(
                    written.span.head(),
                    format!("this {mechanism} container would be ignored by clients"),
                )
                .label(container_fault(&fault))
                .help("list what belongs in it beside it, in the same `option-data` (RFC 7598 §6)"),
            ),
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

/// What is wrong with a container, with the names that options have in files.
fn container_fault(fault: &Error) -> String {
    let name = |code: u16| match code {
        89 => "s46-rule",
        90 => "s46-br",
        91 => "s46-dmr",
        92 => "s46-v4v6bind",
        93 => "s46-portparams",
        _ => "an option",
    };
    match *fault {
        Error::MissingOption { code, .. } => format!("it lacks {} ({code})", name(code)),
        Error::RepeatedOption { code, .. } => format!("{} ({code}) is in it more than once", name(code)),
        Error::ForbiddenOption { code: 93, .. } => {
            "s46-portparams (93) belongs in s46-rule or s46-v4v6bind".to_owned()
        }
        Error::ForbiddenOption { code, .. } => format!("{} ({code}) must not be in it", name(code)),
        _ => fault.to_string(),
    }
}

/// RFC 7597 §5.2: the bits behind a client's prefix give the rest of its IPv4 address, and then its port set.
fn mapping_rule(rule: &Rule, written: &Written, report: &mut Report) {
    /// Bits of an IPv4 address, and those with the most that a PSID can have.
    const ADDRESS_BITS: u32 = 32;
    const PORT_SET_BITS: u32 = ADDRESS_BITS + 16;
    let bits = u32::from(rule.ipv4_prefix_len).saturating_add(rule.ea_len.into());
    let mut told = |message: &str, label: String| {
        let told = Diagnostic::warning(written.span.head(), message).label(label);
        report.push(told.help("correct `ea-len` or the length of the IPv4 prefix in s46-rule"));
    };
    if bits > PORT_SET_BITS {
        let label =
            format!("{} and {} bits are more than {PORT_SET_BITS}", rule.ipv4_prefix_len, rule.ea_len);
        told("an IPv4 address with its port set cannot have as many bits as this s46-rule gives", label);
    }
    // RFC 7598 §4.5: a client that gets an IPv4 prefix discards an explicit PSID.
    let explicit = rule.port_params.is_some_and(|params| params.psid_len() > 0);
    if explicit && bits < ADDRESS_BITS {
        let label = format!("its {bits} bits of IPv4 are a prefix, which has all ports");
        told("clients discard the s46-portparams of this s46-rule", label);
    }
}
