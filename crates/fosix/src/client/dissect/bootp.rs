//! The DHCPv4 message in option 87 taken apart.

use std::net::Ipv4Addr;
use std::ops::Range;

use fosix_wire::definition::{self, DHCP4, Definition, Universe};
use fosix_wire::text;
use fosix_wire::v4::{HEADER_LEN, Message, MessageType, OptionCode};

use super::{Part, malformed, plain};

/// The parts of the message that `bytes` are, which stand at `base` in the datagram.
pub(super) fn message(bytes: &[u8], base: usize) -> Vec<Part> {
    let message = match Message::new_checked(bytes) {
        Ok(message) => message,
        Err(error) => return malformed(bytes, base, error),
    };
    let mut parts = header(&message, base);
    let overload = message.option(OptionCode::OPTION_OVERLOAD).and_then(|option| option.to_u8()).unwrap_or(0);
    // RFC 2132 §9.3: 1 is file, 2 is sname, 3 is both.
    let areas = [
        (44..108, "sname", "server name", overload & 2 != 0, message.sname()),
        (108..236, "file", "boot file name", overload & 1 != 0, message.file()),
    ];
    for (range, name, title, overloaded, text) in areas {
        let at = shift(&range, base);
        if overloaded {
            let inner = options(&message, bytes.get(range).unwrap_or_default(), at.start);
            parts.push(Part { title, parts: inner, ..Part::field(at, name, "holds options") });
        } else {
            parts.push(Part { title, ..Part::field(at, name, text::printable(text)) });
        }
    }
    parts.push(Part::field(shift(&(236..HEADER_LEN), base), "magic cookie", "DHCP"));
    parts.extend(options(
        &message,
        bytes.get(HEADER_LEN..).unwrap_or_default(),
        base.saturating_add(HEADER_LEN),
    ));
    parts
}

fn shift(range: &Range<usize>, base: usize) -> Range<usize> {
    base.saturating_add(range.start)..base.saturating_add(range.end)
}

fn header(message: &Message<'_>, base: usize) -> Vec<Part> {
    let op = match message.op() {
        1 => "BOOTREQUEST".to_owned(),
        2 => "BOOTREPLY".to_owned(),
        other => other.to_string(),
    };
    let hardware_type = match message.hardware_type() {
        1 => "Ethernet".to_owned(),
        other => other.to_string(),
    };
    let flags =
        if message.broadcast() { "broadcast".to_owned() } else { format!("{:#06x}", message.flags()) };
    let chaddr = text::describe_hardware(message.hardware_type().into(), message.chaddr());
    let address = |address: Ipv4Addr| address.to_string();
    [
        (0..1, "op", "", op),
        (1..2, "htype", "hardware type", hardware_type),
        (2..3, "hlen", "hardware address length", message.hardware_len().to_string()),
        (3..4, "hops", "", message.hops().to_string()),
        (4..8, "xid", "transaction id", format!("{:#010x}", message.xid())),
        (8..10, "secs", "seconds", message.secs().to_string()),
        (10..12, "flags", "", flags),
        (12..16, "ciaddr", "client's address", address(message.ciaddr())),
        (16..20, "yiaddr", "your address", address(message.yiaddr())),
        (20..24, "siaddr", "next server", address(message.siaddr())),
        (24..28, "giaddr", "relay agent", address(message.giaddr())),
        (28..44, "chaddr", "hardware address", chaddr),
    ]
    .into_iter()
    .map(|(range, name, title, words)| Part { title, ..Part::field(shift(&range, base), name, words) })
    .collect()
}

/// The options of one area, which begins at `base` in the datagram.
fn options(message: &Message<'_>, area: &[u8], base: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = area;
    while let Some((code, behind)) = rest.split_first() {
        let start = base.saturating_add(area.len().saturating_sub(rest.len()));
        match OptionCode(*code) {
            OptionCode::PAD => {
                let length = rest.iter().take_while(|octet| **octet == 0).count();
                parts.push(Part::field(start..start.saturating_add(length), "padding", ""));
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            OptionCode::END => {
                parts.push(Part::field(start..start.saturating_add(1), "end (255)", ""));
                if !behind.is_empty() {
                    let end = start.saturating_add(rest.len());
                    parts.push(Part::field(start.saturating_add(1)..end, "padding", ""));
                }
                break;
            }
            _ => {}
        }
        let Some((data, next)) =
            behind.split_first().and_then(|(len, rest)| rest.split_at_checked((*len).into()))
        else {
            break;
        };
        let at = start..start.saturating_add(2).saturating_add(data.len());
        parts.push(option(message, *code, data, at));
        rest = next;
    }
    parts
}

fn option(message: &Message<'_>, code: u8, data: &[u8], at: Range<usize>) -> Part {
    let definition = definition::by_code(DHCP4, code.into());
    let base = at.start.saturating_add(2);
    let name = definition.map_or("option", |definition| definition.name);
    let mut part = Part::option(at, 2, name, code.into());
    let joined = message.option(OptionCode(code));
    // RFC 3396 §7: an option may stand in several parts, which mean something only together.
    if let Some(joined) = joined
        && joined.contiguous().is_none()
    {
        let first = joined.fragments().next().is_some_and(|first| std::ptr::eq(first, data));
        if first {
            let whole: Vec<u8> = joined.bytes().collect();
            part.value = plain(definition, &whole);
            part.words = format!("{} (in {} parts)", words(code, &whole), joined.fragments().count());
        } else {
            part.words.push_str("continued");
        }
        return part;
    }
    if code == OptionCode::RELAY_AGENT_INFORMATION.0
        && let Some(parts) = sub_options("dhcp-agent-options-space", data, base)
    {
        part.parts = parts;
        return part;
    }
    if code == OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION.0
        && let Some(parts) = enterprises(data, base)
    {
        part.parts = parts;
        return part;
    }
    part.value = plain(definition, data);
    part.words = words(code, data);
    part
}

fn words(code: u8, data: &[u8]) -> String {
    match (OptionCode(code), data) {
        (OptionCode::MESSAGE_TYPE, [kind]) => format!("{} ({kind})", MessageType(*kind)),
        _ => text::describe_option(DHCP4, code.into(), data),
    }
}

/// Sub-options of one octet each for code and length; `None` when the octets are none.
fn sub_options(space: &str, data: &[u8], base: usize) -> Option<Vec<Part>> {
    walk(data, base, |code, data| {
        let definition = definition::by_code(space, code.into());
        (definition, text::describe_option(space, code.into(), data))
    })
}

/// RFC 3925 §4: for each enterprise its number, a length, and sub-options that it has made.
fn enterprises(data: &[u8], base: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let start = base.saturating_add(data.len().saturating_sub(rest.len()));
        let (enterprise, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first()?;
        let (own, next) = behind.split_at_checked(usize::from(*length))?;
        let enterprise = u32::from_be_bytes(*enterprise);
        let table = definition::vendor(Universe::V4, enterprise);
        let end = start.saturating_add(5).saturating_add(own.len());
        let mut part = Part::field(start..end, "enterprise", enterprise.to_string());
        part.parts = walk(own, start.saturating_add(5), |code, data| {
            let definition = definition::in_table(table, code.into());
            (definition, text::describe_as(definition, data))
        })
        .unwrap_or_else(|| vec![Part::field(start.saturating_add(5)..end, "data", text::opaque(own))]);
        parts.push(part);
        rest = next;
    }
    Some(parts)
}

fn walk(
    data: &[u8],
    base: usize,
    describe: impl Fn(u8, &[u8]) -> (Option<&'static Definition>, String),
) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some((code, behind)) = rest.split_first() {
        let start = base.saturating_add(data.len().saturating_sub(rest.len()));
        let (length, behind) = behind.split_first()?;
        let (value, next) = behind.split_at_checked(usize::from(*length))?;
        let (definition, words) = describe(*code, value);
        let name = definition.map_or("sub-option", |definition| definition.name);
        let end = start.saturating_add(2).saturating_add(value.len());
        let value = plain(definition, value);
        parts.push(Part { value, words, ..Part::option(start..end, 2, name, (*code).into()) });
        rest = next;
    }
    Some(parts)
}
