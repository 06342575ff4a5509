//! Octets to words: the value of an option in the notation that `encode` reads.

use core::fmt::Write as _;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Shape, hex, resolvers, routes};
use crate::definition::{FieldType, Universe};
use crate::name::{CompressedNames, Name};
use crate::softwire::PortParams;

/// The value in words: the fields separated by commas, as `encode` reads them, strings with everything
/// unprintable escaped. Octets that do not have the shape are called malformed and shown in hexadecimal; octets behind the last
/// field, where sub-options may stand, are shown in hexadecimal.
pub fn describe(shape: &Shape<'_>, data: &[u8]) -> String {
    words(shape, data).unwrap_or_else(|| format!("malformed {}: {}", name(shape), octets(data)))
}

/// Text with every octet that is not printable ASCII as `\xNN`, and a backslash as `\\`.
pub fn printable(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len());
    for octet in data {
        match octet {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{octet:02x}");
            }
        }
    }
    text
}

fn name(shape: &Shape<'_>) -> String {
    match shape.kind {
        FieldType::Record => {
            let fields: Vec<_> = shape.record.iter().map(|field| field.name()).collect();
            format!("record ({})", fields.join(", "))
        }
        FieldType::Routes => "list of routes".to_owned(),
        FieldType::EncryptedDns => "encrypted DNS resolver".to_owned(),
        kind if shape.array => format!("list of {kind}"),
        kind => kind.name().to_owned(),
    }
}

fn octets(data: &[u8]) -> String {
    if data.is_empty() { "no octets".to_owned() } else { hex(data) }
}

fn words(shape: &Shape<'_>, data: &[u8]) -> Option<String> {
    match shape.kind {
        FieldType::Routes => return routes::describe(data),
        FieldType::EncryptedDns => return resolvers::describe(shape.universe, data),
        // RFC 3397 §2: the names of a list may be compressed.
        FieldType::Fqdn if shape.array && !data.is_empty() => {
            let names: Vec<_> =
                CompressedNames::new_checked(data).ok()?.iter().map(|name| name.to_string()).collect();
            return Some(names.join(", "));
        }
        FieldType::Empty if data.is_empty() => return Some("present".to_owned()),
        FieldType::Empty => return Some(hex(data)),
        _ => {}
    }
    let (mut values, end) = values(shape, data)?;
    let rest = data.get(end..)?;
    if !rest.is_empty() {
        values.push(format!("then {}", hex(rest)));
    }
    Some(if values.is_empty() { "none".to_owned() } else { values.join(", ") })
}

/// How many octets at the start of `data` are the option's own fields, behind which its sub-options stand; `None`
/// when `data` does not have the shape, or when nothing can stand behind it.
pub fn fields_len(shape: &Shape<'_>, data: &[u8]) -> Option<usize> {
    match shape.kind {
        FieldType::Empty => Some(0),
        FieldType::Routes | FieldType::EncryptedDns => None,
        _ => values(shape, data).map(|(_, end)| end),
    }
}

/// The fields in words, and the offset behind the last.
fn values(shape: &Shape<'_>, data: &[u8]) -> Option<(Vec<String>, usize)> {
    let fields =
        if shape.kind == FieldType::Record { shape.record } else { core::slice::from_ref(&shape.kind) };
    let mut values = Vec::new();
    let mut at = 0;
    if !(shape.array && data.is_empty() && fields.len() == 1) {
        for kind in fields {
            let (value, next) = field(*kind, shape.universe, data, at)?;
            values.push(value);
            at = next;
        }
    }
    if shape.array {
        let kind = fields.last()?;
        while at < data.len() {
            let (value, next) = field(*kind, shape.universe, data, at)?;
            // Each value takes at least an octet, or this would not end.
            if next <= at {
                return None;
            }
            values.push(value);
            at = next;
        }
    }
    Some((values, at))
}

/// The value at `at`, and the offset behind it.
fn field(kind: FieldType, universe: Universe, data: &[u8], at: usize) -> Option<(String, usize)> {
    let rest = data.get(at..)?;
    if let Some(length) = kind.fixed_len() {
        let value = fixed(kind, rest.get(..length)?)?;
        return Some((value, at.checked_add(length)?));
    }
    match kind {
        FieldType::String => Some((printable(rest), data.len())),
        FieldType::Binary => Some((octets(rest), data.len())),
        FieldType::Fqdn => match Name::split(rest) {
            Ok((name, behind)) => Some((name.to_string(), data.len().checked_sub(behind.len())?)),
            // RFC 4704 §4.2: the client's name may be a part of one.
            Err(_) => Some((Name::new_partial(rest).ok()?.to_string(), data.len())),
        },
        FieldType::Ipv6Prefix => {
            let (length, rest) = rest.split_first()?;
            let octets = usize::from(*length).div_ceil(8);
            let mut address = [0; 16];
            address.get_mut(..octets)?.copy_from_slice(rest.get(..octets)?);
            let next = at.checked_add(1)?.checked_add(octets)?;
            Some((format!("{}/{length}", Ipv6Addr::from(address)), next))
        }
        FieldType::Tuple if universe == Universe::V4 => {
            let (length, rest) = rest.split_first()?;
            let text = rest.get(..usize::from(*length))?;
            Some((printable(text), at.checked_add(1)?.checked_add(text.len())?))
        }
        FieldType::Tuple | FieldType::WideTuple => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            let text = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
            Some((printable(text), at.checked_add(2)?.checked_add(text.len())?))
        }
        _ => None,
    }
}

/// A value of as many octets as its type takes.
fn fixed(kind: FieldType, octets: &[u8]) -> Option<String> {
    Some(match kind {
        FieldType::Boolean => match octets {
            [0] => "false".to_owned(),
            [1] => "true".to_owned(),
            _ => return None,
        },
        FieldType::Int8 => i8::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Int16 => i16::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Int32 => i32::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Uint8 => u8::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Uint16 => u16::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Uint32 => u32::from_be_bytes(octets.try_into().ok()?).to_string(),
        FieldType::Ipv4Address => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).to_string(),
        FieldType::Ipv6Address => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string(),
        FieldType::Psid => {
            let [length, high, low] = octets else { return None };
            let psid = PortParams::new_checked(&[0, *length, *high, *low]).ok()?.psid();
            format!("{}/{length}", psid.value())
        }
        _ => return None,
    })
}
