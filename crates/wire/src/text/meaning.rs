//! What an option says, for people who read logs and diagnoses: lengths of time, names of codes, identifiers taken
//! apart. More than [`describe`] knows from the shape alone.

use core::fmt::Write as _;

use super::describe::{describe, printable};
use super::hex;
use crate::definition::{self, DHCP4, DHCP6, Definition, FieldType, Universe};
use crate::softwire::PortParams;
use crate::v6::{Duid, DuidKind, StatusCode};

/// Option `code` of the built-in `space` in words. Sub-options that follow the option's own fields are shown in
/// hexadecimal, as are options that nobody has defined.
pub fn describe_option(space: &str, code: u16, data: &[u8]) -> String {
    let definition = definition::by_code(space, code);
    let words = special(space, code, data).unwrap_or_else(|| describe_as(definition, data));
    // A text of no octets.
    if words.is_empty() { "empty".to_owned() } else { words }
}

/// The value in words when its definition, or that there is none, is all that is known.
pub fn describe_as(definition: Option<&Definition>, data: &[u8]) -> String {
    match definition {
        Some(definition) if definition.kind != FieldType::Binary => describe(&definition.shape(), data),
        _ => opaque(data),
    }
}

/// Octets that may be text or not: in hexadecimal, and as text too when all of it is printable.
pub fn opaque(data: &[u8]) -> String {
    if data.is_empty() {
        "empty".to_owned()
    } else if data.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        format!("{} \"{}\"", hex(data), printable(data))
    } else {
        hex(data)
    }
}

/// A DUID taken apart: `DUID-LL, Ethernet 02:00:00:00:00:01`.
pub fn describe_duid(duid: &[u8]) -> String {
    let Ok(checked) = Duid::new_checked(duid) else { return format!("malformed DUID: {}", opaque(duid)) };
    match checked.kind() {
        DuidKind::LinkLayerTime { hardware_type, time, address } => {
            format!("DUID-LLT, {}, made {time} s after 2000-01-01", describe_hardware(hardware_type, address))
        }
        DuidKind::Enterprise { enterprise, identifier } => {
            format!("DUID-EN, enterprise {enterprise}, {}", opaque(identifier))
        }
        DuidKind::LinkLayer { hardware_type, address } => {
            format!("DUID-LL, {}", describe_hardware(hardware_type, address))
        }
        DuidKind::Uuid(octets) => {
            let digits = hex(&octets).replace(':', "");
            let mut text = String::from("DUID-UUID, ");
            for (index, digit) in digits.chars().enumerate() {
                if matches!(index, 8 | 12 | 16 | 20) {
                    text.push('-');
                }
                text.push(digit);
            }
            text
        }
        DuidKind::Other { duid_type, data } => format!("DUID type {duid_type}, {}", opaque(data)),
        DuidKind::Malformed => format!("malformed DUID: {}", hex(duid)),
    }
}

/// A link-layer address with its IANA hardware type: `Ethernet 02:00:00:00:00:01`.
pub fn describe_hardware(hardware_type: u16, address: &[u8]) -> String {
    let address = if address.is_empty() { "no address".to_owned() } else { hex(address) };
    match hardware_type {
        1 => format!("Ethernet {address}"),
        6 => format!("IEEE 802 {address}"),
        32 => format!("InfiniBand {address}"),
        other => format!("hardware type {other} {address}"),
    }
}

/// A length of time in seconds and in larger units: `4000 s (1 h 6 min 40 s)`; all ones mean for ever.
pub fn describe_seconds(seconds: u32) -> String {
    if seconds == u32::MAX {
        return "for ever".to_owned();
    }
    let mut text = format!("{seconds} s");
    if seconds < 60 {
        return text;
    }
    text.push_str(" (");
    let mut rest = seconds;
    let mut separator = "";
    for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")] {
        let count = rest / unit;
        rest %= unit;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{separator}{count} {name}");
            separator = " ";
        }
    }
    text.push(')');
    text
}

/// Words for the options whose octets mean more than their shape tells; `None` where the shape is all, or does not
/// fit.
fn special(space: &str, code: u16, data: &[u8]) -> Option<String> {
    match (space, code) {
        (DHCP4, 24 | 35 | 38 | 51 | 58 | 59 | 91 | 108) | (DHCP6, 32 | 46 | 82 | 83) => {
            Some(describe_seconds(u32::from_be_bytes(data.try_into().ok()?)))
        }
        (DHCP4, 52) => overload(data),
        (DHCP4, 55) => Some(codes(DHCP4, data.iter().map(|code| u16::from(*code)))),
        (DHCP4, 61) => client_identifier(data),
        (DHCP4, 81) => fqdn4(data),
        (DHCP6, 1 | 2 | 53) => Some(describe_duid(data)),
        (DHCP6, 3 | 25) => identity_association(data),
        (DHCP6, 5) => address(data),
        (DHCP6, 6 | 43 | 111) => {
            let (chunks, rest) = data.as_chunks::<2>();
            rest.is_empty().then(|| codes(DHCP6, chunks.iter().map(|octets| u16::from_be_bytes(*octets))))
        }
        (DHCP6, 8) => {
            let hundredths = u16::from_be_bytes(data.try_into().ok()?);
            Some(format!("{}.{:02} s", hundredths / 100, hundredths % 100))
        }
        (DHCP6, 13) => {
            let (code, message) = data.split_first_chunk::<2>()?;
            let status = StatusCode(u16::from_be_bytes(*code));
            let message = printable(message);
            Some(if message.is_empty() { status.to_string() } else { format!("{status}: {message}") })
        }
        (DHCP6, 26) => prefix(data),
        (DHCP6, 67) => excluded_prefix(data),
        (DHCP6, 79) => {
            let (hardware_type, address) = data.split_first_chunk::<2>()?;
            Some(describe_hardware(u16::from_be_bytes(*hardware_type), address))
        }
        // RFC 7341 §7.2.
        (DHCP6, 88) if data.is_empty() => Some("none: queries go to ff02::1:2".to_owned()),
        (DHCP4, 159) | ("s46-rule-options" | "s46-v4v6bind-options", 93) => port_params(data),
        ("s46-cont-mape-options" | "s46-cont-mapt-options", 89) => s46_rule(data),
        _ => None,
    }
}

fn codes(space: &str, codes: impl Iterator<Item = u16>) -> String {
    let names: Vec<_> = codes
        .map(|code| match definition::by_code(space, code) {
            Some(definition) => format!("{} ({code})", definition.name),
            None => code.to_string(),
        })
        .collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// RFC 2132 §9.3.
fn overload(data: &[u8]) -> Option<String> {
    let text = match data {
        [1] => "options in file",
        [2] => "options in sname",
        [3] => "options in file and sname",
        _ => return None,
    };
    Some(text.to_owned())
}

/// RFC 4361 §6.1 and RFC 2132 §9.14.
fn client_identifier(data: &[u8]) -> Option<String> {
    let (kind, rest) = data.split_first()?;
    match (kind, rest) {
        (255, rest) => {
            let (iaid, duid) = rest.split_first_chunk::<4>()?;
            Some(format!("IAID {}, {}", u32::from_be_bytes(*iaid), describe_duid(duid)))
        }
        (1, [_, _, _, _, _, _]) => Some(describe_hardware(1, rest)),
        (0, rest) if !rest.is_empty() => Some(opaque(rest)),
        _ => None,
    }
}

/// RFC 4702 §2: flags, two obsolete codes, and a name whose encoding the flag E tells.
fn fqdn4(data: &[u8]) -> Option<String> {
    let [flags, _, _, name @ ..] = data else { return None };
    let name =
        if flags & 4 == 0 { printable(name) } else { crate::name::Name::new_partial(name).ok()?.to_string() };
    Some(format!("flags {flags}, {name}"))
}

fn identity_association(data: &[u8]) -> Option<String> {
    let (iaid, rest) = data.split_first_chunk::<4>()?;
    let (t1, rest) = rest.split_first_chunk::<4>()?;
    let (t2, _) = rest.split_first_chunk::<4>()?;
    let time = |octets: &[u8; 4]| describe_seconds(u32::from_be_bytes(*octets));
    Some(format!("IAID {}, T1 {}, T2 {}", u32::from_be_bytes(*iaid), time(t1), time(t2)))
}

fn address(data: &[u8]) -> Option<String> {
    let (address, rest) = data.split_first_chunk::<16>()?;
    let address = core::net::Ipv6Addr::from(*address);
    Some(format!("{address}, {}", lifetimes(rest)?))
}

fn prefix(data: &[u8]) -> Option<String> {
    let (length, rest) = data.get(8..)?.split_first()?;
    let (prefix, _) = rest.split_first_chunk::<16>()?;
    let prefix = core::net::Ipv6Addr::from(*prefix);
    Some(format!("{prefix}/{length}, {}", lifetimes(data)?))
}

fn lifetimes(data: &[u8]) -> Option<String> {
    let (preferred, rest) = data.split_first_chunk::<4>()?;
    let (valid, _) = rest.split_first_chunk::<4>()?;
    let time = |octets: &[u8; 4]| describe_seconds(u32::from_be_bytes(*octets));
    Some(format!("preferred {}, valid {}", time(preferred), time(valid)))
}

/// RFC 6603 §4.2: the bits between the delegated prefix, which stands elsewhere, and the excluded one.
fn excluded_prefix(data: &[u8]) -> Option<String> {
    let (length, bits) = data.split_first()?;
    Some(format!("/{length}, subnet bits {}", hex(bits)))
}

/// RFC 7597 §5.1: which ports a PSID stands for.
fn port_params(data: &[u8]) -> Option<String> {
    let params = PortParams::new_checked(data).ok()?;
    if params.is_full_address() {
        return Some("the whole address: all ports".to_owned());
    }
    let set = params.port_set();
    let mut ports: Vec<_> =
        set.ranges().take(2).map(|range| format!("{}-{}", range.start(), range.end())).collect();
    if set.range_count() > 2 {
        ports.push(format!("... ({} ranges)", set.range_count()));
    }
    Some(format!(
        "PSID {} of {} bits, offset {}: {} ports, {}",
        params.psid().value(),
        params.psid_len(),
        params.offset(),
        set.port_count(),
        ports.join(", ")
    ))
}

/// RFC 7598 §4.1.
fn s46_rule(data: &[u8]) -> Option<String> {
    let [flags, ea_len, rest @ ..] = data else { return None };
    let shape = super::Shape {
        kind: FieldType::Record,
        array: false,
        record: &[FieldType::Uint8, FieldType::Ipv4Address, FieldType::Ipv6Prefix],
        universe: Universe::V6,
    };
    let words = describe(&shape, rest);
    let (length, prefixes) = words.split_once(", ")?;
    let (ipv4, ipv6) = prefixes.split_once(", ")?;
    let forwarding = if flags & 1 == 1 { "forwarding and basic" } else { "basic" };
    Some(format!("{forwarding} mapping rule, {ea_len} EA bits, {ipv4}/{length}, {ipv6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_seconds_and_in_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "60 s (1 min)"),
            (4000, "4000 s (1 h 6 min 40 s)"),
            (90_000, "90000 s (1 d 1 h)"),
            (u32::MAX, "for ever"),
        ] {
            assert_eq!(describe_seconds(seconds), words);
        }
    }

    #[test]
    fn options_say_what_they_mean() {
        let duid = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
        let client_id = [&[255, 0, 0, 0, 7][..], &duid].concat();
        let mut iaprefix = vec![0, 0, 0, 60, 255, 255, 255, 255, 56, 0x20, 1, 0x0d, 0xb8];
        iaprefix.resize(25, 0);
        for (space, code, data, words) in [
            (DHCP4, 51, &[0, 0, 0x0f, 0xa0][..], "4000 s (1 h 6 min 40 s)"),
            (DHCP4, 51, &[1, 2, 3], "malformed uint32: 01:02:03"),
            (DHCP4, 52, &[3], "options in file and sname"),
            (DHCP4, 55, &[1, 3, 84], "subnet-mask (1), routers (3), 84"),
            (DHCP4, 61, &client_id, "IAID 7, DUID-LL, Ethernet 02:00:00:00:00:01"),
            (DHCP4, 61, &[1, 2, 0, 0, 0, 0, 1], "Ethernet 02:00:00:00:00:01"),
            (DHCP4, 61, b"\0cpe", "63:70:65 \"cpe\""),
            (DHCP4, 61, &[2, 3], "02:03"),
            (DHCP4, 81, b"\x04\0\0\x01a\0", "flags 4, a."),
            (DHCP4, 81, b"\x00\0\0a.b", "flags 0, a.b"),
            (DHCP4, 84, &[1, 2], "01:02"),
            (DHCP4, 159, &[0, 8, 0x34, 0], "PSID 52 of 8 bits, offset 0: 256 ports, 13312-13567"),
            (
                DHCP4,
                159,
                &[6, 8, 0x34, 0],
                "PSID 52 of 8 bits, offset 6: 252 ports, 1232-1235, 2256-2259, ... (63 ranges)",
            ),
            (DHCP4, 159, &[0, 0, 0, 0], "the whole address: all ports"),
            (DHCP6, 1, &duid, "DUID-LL, Ethernet 02:00:00:00:00:01"),
            (DHCP6, 2, &[0, 2, 0, 0, 9, 0xbf, 1], "DUID-EN, enterprise 2495, 01"),
            (DHCP6, 2, &[], "malformed DUID: empty"),
            (DHCP6, 6, &[0, 88, 0, 23], "dhcp4o6-server-addr (88), dns-servers (23)"),
            (DHCP6, 8, &[0, 150], "1.50 s"),
            (DHCP6, 13, b"\0\x02none left", "NoAddrsAvail: none left"),
            (DHCP6, 18, b"port 7", "70:6f:72:74:20:37 \"port 7\""),
            (DHCP6, 26, &iaprefix, "2001:db8::/56, preferred 60 s (1 min), valid for ever"),
            (DHCP6, 59, &[], "empty"),
            (DHCP6, 67, &[64, 1], "/64, subnet bits 01"),
            (DHCP6, 79, &[0, 1, 2, 0, 0, 0, 0, 1], "Ethernet 02:00:00:00:00:01"),
            (DHCP6, 88, &[], "none: queries go to ff02::1:2"),
            (
                "s46-cont-mape-options",
                89,
                &[1, 12, 23, 192, 0, 2, 0, 40, 0x20, 1, 0x0d, 0xb8, 0],
                "forwarding and basic mapping rule, 12 EA bits, 192.0.2.0/23, 2001:db8::/40",
            ),
        ] {
            assert_eq!(describe_option(space, code, data), words, "{space} {code}");
        }
    }

    #[test]
    fn every_kind_of_duid_is_taken_apart() {
        let mut uuid = vec![0, 4];
        uuid.extend(0..16);
        for (duid, words) in [
            (
                &[0, 1, 0, 1, 0, 0, 0, 5, 2, 0, 0, 0, 0, 1][..],
                "DUID-LLT, Ethernet 02:00:00:00:00:01, made 5 s after 2000-01-01",
            ),
            (&uuid, "DUID-UUID, 00010203-0405-0607-0809-0a0b0c0d0e0f"),
            (&[0, 9, 1], "DUID type 9, 01"),
            (&[0, 4, 1], "malformed DUID: 00:04:01"),
        ] {
            assert_eq!(describe_duid(duid), words);
        }
    }

    #[test]
    fn any_octets_are_described_without_panic() {
        for space in definition::spaces() {
            for code in 0..=256 {
                for fill in [0, 1, 64, 255] {
                    for length in 0..40 {
                        let _ = describe_option(space, code, &vec![fill; length]);
                    }
                }
            }
        }
    }
}
