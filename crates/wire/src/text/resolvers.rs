//! Encrypted DNS resolvers (RFC 9463 §4.1, §5.1), in Kea's notation:
//! `priority, name, addresses, parameters`, for example
//! `100, dot1.example.org., 2001:db8::1 2001:db8::2, alpn=dot\,doq port=8530 dohpath=/q{?dns}`.
//!
//! The DHCPv4 option takes several resolvers, separated by `|`; the DHCPv6 option one, and occurs again for each.

use core::fmt::Write as _;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Expected, TextError, split};
use crate::definition::{FieldType, Universe};
use crate::name::{self, Name};

/// RFC 9460 §14.3.2 and RFC 9461 §5: the keys of the parameters that RFC 9463 §3.1.5 speaks of.
const ALPN: u16 = 1;
const PORT: u16 = 3;
const DOHPATH: u16 = 7;
/// RFC 9460 §14.3.2: parameters that no option may have (RFC 9463 §4.1).
const IPV4HINT: u16 = 4;
const IPV6HINT: u16 = 6;

pub(super) fn encode(universe: Universe, text: &str) -> Result<Vec<u8>, TextError> {
    match universe {
        Universe::V6 => resolver(universe, text),
        Universe::V4 => {
            let mut out = Vec::new();
            for text in split::fields(text, '|')? {
                let one = resolver(universe, &text)?;
                let length = u16::try_from(one.len())
                    .map_err(|_| fault(1, "a resolver of at most 65535 octets", &text))?;
                out.extend(length.to_be_bytes());
                out.extend(one);
            }
            if out.is_empty() { Err(TextError::NoValue { kind: FieldType::EncryptedDns }) } else { Ok(out) }
        }
    }
}

/// The resolvers as `encode` reads them; `None` when the octets are none.
pub(super) fn describe(universe: Universe, mut data: &[u8]) -> Option<String> {
    if universe == Universe::V6 {
        return describe_one(universe, data);
    }
    let mut resolvers = Vec::new();
    while !data.is_empty() {
        let (one, rest) = counted(data, true)?;
        resolvers.push(describe_one(universe, one)?);
        data = rest;
    }
    if resolvers.is_empty() { None } else { Some(resolvers.join(" | ")) }
}

/// Why a client discards the data of an OPTION_V6_DNR (144), or a part of them (RFC 9463 §3.1.8, §4.2); `None` when it
/// discards nothing.
pub fn resolver_fault(data: &[u8]) -> Option<&'static str> {
    let Some((name, data)) = data.split_first_chunk::<2>().and_then(|(_, data)| counted(data, true)) else {
        return Some("it is too short for a priority and a name");
    };
    if Name::new_checked(name).is_err() {
        return Some("its name is not a domain name");
    }
    // RFC 9463 §3.1.6: with the name alone, neither addresses nor parameters follow.
    if data.is_empty() {
        return None;
    }
    let Some((addresses, data)) = counted(data, true) else {
        return Some("its addresses are cut short");
    };
    let (addresses, rest) = addresses.as_chunks::<16>();
    if addresses.is_empty() || !rest.is_empty() {
        return Some("it needs one address at least, of 16 bytes each");
    }
    for address in addresses.iter().copied().map(Ipv6Addr::from) {
        if address.is_multicast() || address.is_loopback() || address.is_unspecified() {
            return Some("its addresses must be unicast ones, and not that of the client itself");
        }
    }
    parameters_fault(data)
}

/// RFC 9460 §2.2: each key once, in ascending order.
fn parameters_fault(mut data: &[u8]) -> Option<&'static str> {
    let mut last = None;
    while !data.is_empty() {
        let Some((key, rest)) = data.split_first_chunk::<2>() else {
            return Some("its parameters are cut short");
        };
        let Some((_, rest)) = counted(rest, true) else {
            return Some("its parameters are cut short");
        };
        let key = u16::from_be_bytes(*key);
        if matches!(key, IPV4HINT | IPV6HINT) {
            return Some("it has the parameter ipv4hint or ipv6hint, which the addresses replace");
        }
        if last >= Some(key) {
            return Some("the keys of its parameters must ascend");
        }
        last = Some(key);
        data = rest;
    }
    None
}

fn fault(field: usize, expected: &'static str, got: &str) -> TextError {
    TextError::Field {
        field,
        kind: FieldType::EncryptedDns,
        expected: Expected::Words(expected),
        got: got.to_owned(),
    }
}

fn resolver(universe: Universe, text: &str) -> Result<Vec<u8>, TextError> {
    let fields = split::fields(text, ',')?;
    let (priority, name, addresses, parameters) = match fields.as_slice() {
        [priority, name] => (priority, name, None, None),
        [priority, name, addresses] => (priority, name, Some(addresses), None),
        [priority, name, addresses, parameters] => (priority, name, Some(addresses), Some(parameters)),
        [] => return Err(TextError::NoValue { kind: FieldType::EncryptedDns }),
        [_] => return Err(TextError::TooFewFields { expected: 2, got: 1 }),
        more => return Err(TextError::TooManyFields { expected: 4, got: more.len() }),
    };
    let mut out = Vec::new();
    let number: u16 = priority.parse().map_err(|_| fault(1, "a priority from 0 to 65535", priority))?;
    out.extend(number.to_be_bytes());
    let mut octets = Vec::new();
    name::encode(name, &mut octets).map_err(|_| fault(2, "a domain name", name))?;
    put_counted(universe == Universe::V6, &octets, &mut out)
        .ok_or_else(|| fault(2, "a domain name", name))?;
    // RFC 9463 §3.1.6: with the name alone, neither addresses nor parameters follow.
    if let Some(text) = addresses {
        let octets = addresses_to_octets(universe, text)?;
        put_counted(universe == Universe::V6, &octets, &mut out)
            .ok_or_else(|| fault(3, "fewer addresses", text))?;
    }
    if let Some(text) = parameters {
        put_parameters(text, &mut out)?;
    }
    Ok(out)
}

fn addresses_to_octets(universe: Universe, text: &str) -> Result<Vec<u8>, TextError> {
    let mut octets = Vec::new();
    for address in text.split_whitespace() {
        match universe {
            Universe::V4 => {
                let address: Ipv4Addr = address.parse().map_err(|_| fault(3, "IPv4 addresses", text))?;
                octets.extend(address.octets());
            }
            Universe::V6 => {
                let address: Ipv6Addr = address.parse().map_err(|_| fault(3, "IPv6 addresses", text))?;
                octets.extend(address.octets());
            }
        }
    }
    Ok(octets)
}

fn put_parameters(text: &str, out: &mut Vec<u8>) -> Result<(), TextError> {
    let expected = "parameters alpn=..., port=... or dohpath=..., each at most once";
    let mut parameters: Vec<(u16, Vec<u8>)> = Vec::new();
    for parameter in text.split_whitespace() {
        let (name, value) = parameter.split_once('=').ok_or_else(|| fault(4, expected, parameter))?;
        let mut octets = Vec::new();
        let key = match name {
            "alpn" => {
                for protocol in value.split(',') {
                    put_counted(false, protocol.as_bytes(), &mut octets)
                        .filter(|()| !protocol.is_empty())
                        .ok_or_else(|| fault(4, "protocol names of 1 to 255 octets", parameter))?;
                }
                ALPN
            }
            "port" => {
                let port: u16 = value.parse().map_err(|_| fault(4, "a port from 0 to 65535", parameter))?;
                octets.extend(port.to_be_bytes());
                PORT
            }
            "dohpath" => {
                octets.extend_from_slice(value.as_bytes());
                DOHPATH
            }
            _ => return Err(fault(4, expected, parameter)),
        };
        if parameters.iter().any(|(other, _)| *other == key) {
            return Err(fault(4, expected, parameter));
        }
        parameters.push((key, octets));
    }
    // RFC 9460 §2.2: the keys stand in ascending order.
    parameters.sort_by_key(|(key, _)| *key);
    for (key, octets) in parameters {
        out.extend(key.to_be_bytes());
        put_counted(true, &octets, out)
            .ok_or_else(|| fault(4, "parameters of at most 65535 octets", text))?;
    }
    Ok(())
}

/// Appends a length, of two octets when `wide` and else of one, and the octets.
fn put_counted(wide: bool, octets: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if wide {
        out.extend(u16::try_from(octets.len()).ok()?.to_be_bytes());
    } else {
        out.push(u8::try_from(octets.len()).ok()?);
    }
    out.extend_from_slice(octets);
    Some(())
}

/// The octets behind a length of one or two octets, and the rest.
fn counted(data: &[u8], wide: bool) -> Option<(&[u8], &[u8])> {
    if wide {
        let (length, rest) = data.split_first_chunk::<2>()?;
        rest.split_at_checked(u16::from_be_bytes(*length).into())
    } else {
        let (length, rest) = data.split_first()?;
        rest.split_at_checked(usize::from(*length))
    }
}

fn describe_one(universe: Universe, data: &[u8]) -> Option<String> {
    let wide = universe == Universe::V6;
    let (priority, data) = data.split_first_chunk::<2>()?;
    let (name, data) = counted(data, wide)?;
    let name = Name::new_checked(name).ok()?;
    let mut text = format!("{}, {name}", u16::from_be_bytes(*priority));
    if data.is_empty() {
        return Some(text);
    }
    let (addresses, mut data) = counted(data, wide)?;
    let addresses: Vec<String> = if wide {
        let (chunks, rest) = addresses.as_chunks::<16>();
        rest.is_empty().then(|| chunks.iter().map(|octets| Ipv6Addr::from(*octets).to_string()).collect())?
    } else {
        let (chunks, rest) = addresses.as_chunks::<4>();
        rest.is_empty().then(|| chunks.iter().map(|octets| Ipv4Addr::from(*octets).to_string()).collect())?
    };
    let _ = write!(text, ", {}", addresses.join(" "));
    let mut separator = ",";
    while let Some((key, rest)) = data.split_first_chunk::<2>() {
        let (value, rest) = counted(rest, true)?;
        let parameter = describe_parameter(u16::from_be_bytes(*key), value)?;
        let _ = write!(text, "{separator} {parameter}");
        separator = "";
        data = rest;
    }
    data.is_empty().then_some(text)
}

fn describe_parameter(key: u16, mut value: &[u8]) -> Option<String> {
    Some(match key {
        ALPN => {
            let mut protocols = Vec::new();
            while !value.is_empty() {
                let (protocol, rest) = counted(value, false)?;
                protocols.push(super::printable(protocol));
                value = rest;
            }
            format!("alpn={}", protocols.join("\\,"))
        }
        PORT => format!("port={}", u16::from_be_bytes(value.try_into().ok()?)),
        DOHPATH => format!("dohpath={}", super::printable(value)),
        _ => format!("key{key}={}", super::hex(value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dhcpv4_resolver_has_short_lengths_and_a_length_of_its_own() {
        let text = r"2, example.some.host.org., 10.0.5.6, alpn=dot\,doq port=8530";
        let octets = encode(Universe::V4, text).unwrap();
        let expected = b"\x00\x31\x00\x02\x17\x07example\x04some\x04host\x03org\x00\x04\x0a\x00\x05\x06\
            \x00\x01\x00\x08\x03dot\x03doq\x00\x03\x00\x02\x21\x52";
        assert_eq!(octets, expected);
        assert_eq!(describe(Universe::V4, &octets).as_deref(), Some(text));
    }

    #[test]
    fn a_dhcpv6_resolver_has_long_lengths() {
        let text = "100, d., 2001:db8::1 2001:db8::2, dohpath=/q{?dns}";
        let octets = encode(Universe::V6, text).unwrap();
        assert_eq!(octets.get(..9), Some(&[0, 100, 0, 3, 1, b'd', 0, 0, 32][..]));
        assert_eq!(describe(Universe::V6, &octets).as_deref(), Some(text));
    }

    #[test]
    fn the_name_alone_is_enough() {
        assert_eq!(encode(Universe::V6, "7, a.").unwrap(), [0, 7, 0, 3, 1, b'a', 0]);
        let several = encode(Universe::V4, "7, a. | 8, b.").unwrap();
        assert_eq!(several, [0, 6, 0, 7, 3, 1, b'a', 0, 0, 6, 0, 8, 3, 1, b'b', 0]);
        assert_eq!(describe(Universe::V4, &several).as_deref(), Some("7, a. | 8, b."));
    }

    #[test]
    fn the_wrong_field_is_named() {
        for (text, wrong) in [
            ("x, a.", 1),
            ("1, a..b", 2),
            ("1, a., 192.0.2.1", 3),
            ("1, a., 2001:db8::1, port=x", 4),
            ("1, a., 2001:db8::1, ech=1", 4),
            ("1, a., 2001:db8::1, port=1 port=2", 4),
        ] {
            let error = encode(Universe::V6, text).unwrap_err();
            assert!(matches!(error, TextError::Field { field, .. } if field == wrong), "{text}: {error}");
        }
    }

    #[test]
    fn what_clients_discard_is_told() {
        for text in ["1, a.", "1, a., fe80::1", "1, a., 2001:db8::1 2001:db8::2, alpn=dot port=853"] {
            assert_eq!(resolver_fault(&encode(Universe::V6, text).unwrap()), None, "{text}");
        }
        let with = |addresses: &[u8], parameters: &[u8]| {
            let mut data = vec![0, 1, 0, 3, 1, b'a', 0, 0, u8::try_from(addresses.len()).unwrap()];
            data.extend(addresses);
            data.extend(parameters);
            data
        };
        let one = "2001:db8::1".parse::<Ipv6Addr>().unwrap().octets();
        for (data, expected) in [
            (vec![0, 1, 0], "too short"),
            (vec![0, 1, 0, 4, 1, b'a', 0], "too short"),
            (vec![0, 1, 0, 2, 1, b'a'], "not a domain name"),
            (vec![0, 1, 0, 3, 1, b'a', 0, 0], "addresses are cut short"),
            (with(&[], &[0, 3, 0, 2, 3, 85]), "one address at least"),
            (with(&one[1..], &[]), "one address at least"),
            (with(&Ipv6Addr::LOCALHOST.octets(), &[]), "unicast"),
            (with(&"ff02::1".parse::<Ipv6Addr>().unwrap().octets(), &[]), "unicast"),
            (with(&one, &[0, 3, 0]), "parameters are cut short"),
            (with(&one, &[0, 3, 0, 2, 3]), "parameters are cut short"),
            (with(&one, &[0, 3, 0, 2, 3, 85, 0, 1, 0, 0]), "must ascend"),
            (with(&one, &[0, 3, 0, 2, 3, 85, 0, 3, 0, 2, 3, 85]), "must ascend"),
            (with(&one, &[0, 6, 0, 0]), "ipv6hint"),
        ] {
            assert!(resolver_fault(&data).is_some_and(|fault| fault.contains(expected)), "{data:02x?}");
        }
    }

    #[test]
    fn parameters_are_written_in_the_order_of_their_keys() {
        let one = encode(Universe::V6, "1, a., 2001:db8::1, port=853 alpn=dot").unwrap();
        let other = encode(Universe::V6, "1, a., 2001:db8::1, alpn=dot port=853").unwrap();
        assert_eq!(one, other);
    }
}
