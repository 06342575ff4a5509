//! One field of an option: its text to octets.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Expected, encode_hex};
use crate::definition::{FieldType, Universe};
use crate::name;
use crate::softwire::{Ipv6Prefix, PortParams};

/// Appends the value that `text`, already trimmed, gives for a field of type `kind`.
pub(super) fn encode(
    kind: FieldType,
    universe: Universe,
    text: &str,
    out: &mut Vec<u8>,
) -> Result<(), Expected> {
    match kind {
        FieldType::Boolean => out.push(boolean(text)?),
        FieldType::Int8 => integer(text, i8::MIN.into(), i8::MAX.into(), 1, out)?,
        FieldType::Int16 => integer(text, i16::MIN.into(), i16::MAX.into(), 2, out)?,
        FieldType::Int32 => integer(text, i32::MIN.into(), i32::MAX.into(), 4, out)?,
        FieldType::Uint8 => integer(text, 0, u8::MAX.into(), 1, out)?,
        FieldType::Uint16 => integer(text, 0, u16::MAX.into(), 2, out)?,
        FieldType::Uint32 => integer(text, 0, u32::MAX.into(), 4, out)?,
        FieldType::String => out.extend_from_slice(text.as_bytes()),
        FieldType::Binary => {
            out.extend(encode_hex(text).map_err(|_| Expected::Words("octets in hexadecimal"))?);
        }
        FieldType::Ipv4Address => out.extend(ipv4(text)?.octets()),
        FieldType::Ipv6Address => out.extend(ipv6(text)?.octets()),
        FieldType::Ipv6Prefix => ipv6_prefix(text, out)?,
        FieldType::Psid => psid(text, out)?,
        FieldType::Fqdn => {
            name::encode(text, out).map_err(|_| Expected::Words("a domain name"))?;
        }
        FieldType::Tuple => tuple(text, universe == Universe::V6, out)?,
        FieldType::WideTuple => tuple(text, true, out)?,
        FieldType::Empty | FieldType::Record | FieldType::Routes | FieldType::EncryptedDns => {
            return Err(Expected::Words("a type that can be one field"));
        }
    }
    Ok(())
}

fn boolean(text: &str) -> Result<u8, Expected> {
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Ok(1)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Ok(0)
    } else {
        Err(Expected::Words("true or false"))
    }
}

/// Appends the low `width` octets of a number within bounds; a negative one is in two's complement.
fn integer(text: &str, min: i64, max: i64, width: usize, out: &mut Vec<u8>) -> Result<(), Expected> {
    let number =
        number(text).filter(|number| (min..=max).contains(number)).ok_or(Expected::Number { min, max })?;
    let octets = number.to_be_bytes();
    out.extend(octets.iter().skip(octets.len().saturating_sub(width)));
    Ok(())
}

/// A decimal number, or a hexadecimal one with or without `0x`, as Kea reads them.
fn number(text: &str) -> Option<i64> {
    if let Ok(decimal) = text.parse() {
        return Some(decimal);
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let hexadecimal = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if hexadecimal { i64::from_str_radix(digits, 16).ok() } else { None }
}

fn ipv4(text: &str) -> Result<Ipv4Addr, Expected> {
    text.parse().map_err(|_| Expected::Words("an IPv4 address"))
}

fn ipv6(text: &str) -> Result<Ipv6Addr, Expected> {
    text.parse().map_err(|_| Expected::Words("an IPv6 address"))
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, ' ' | '\t')).collect()
}

/// A prefix with its bits beyond the length cleared, in as few octets as hold it.
fn ipv6_prefix(text: &str, out: &mut Vec<u8>) -> Result<(), Expected> {
    let expected = Expected::Words("an IPv6 prefix such as 2001:db8::/56");
    let text = without_blanks(text);
    let (address, length) = text.split_once('/').ok_or(expected)?;
    let address: Ipv6Addr = address.parse().map_err(|_| expected)?;
    let length = u8::try_from(number(length).ok_or(expected)?).map_err(|_| expected)?;
    let prefix = Ipv6Prefix::new(address, length).map_err(|_| expected)?;
    out.push(prefix.len());
    out.extend(prefix.address().octets().iter().take(usize::from(length).div_ceil(8)));
    Ok(())
}

/// `PSID/length`, the PSID right-justified as people write it.
fn psid(text: &str, out: &mut Vec<u8>) -> Result<(), Expected> {
    let expected =
        Expected::Words("PSID/length with a length from 0 to 16 and a PSID that fits it, such as 5/6");
    let text = without_blanks(text);
    let (psid, length) = text.split_once('/').ok_or(expected)?;
    let length = u8::try_from(number(length).ok_or(expected)?).map_err(|_| expected)?;
    let psid = u16::try_from(number(psid).ok_or(expected)?).map_err(|_| expected)?;
    // The port parameters are an offset and then what is written here: 0 fits each PSID.
    let [_, octets @ ..] = PortParams::new(0, length, psid).map_err(|_| expected)?.to_octets();
    out.extend(octets);
    Ok(())
}

fn tuple(text: &str, wide: bool, out: &mut Vec<u8>) -> Result<(), Expected> {
    if wide {
        let length =
            u16::try_from(text.len()).map_err(|_| Expected::Words("a text of at most 65535 octets"))?;
        out.extend(length.to_be_bytes());
    } else {
        out.push(u8::try_from(text.len()).map_err(|_| Expected::Words("a text of at most 255 octets"))?);
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}
