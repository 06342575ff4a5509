//! A datagram taken apart: which octets mean what, nested as the messages are.
//!
//! One tree serves all ways of showing it: the options in words, the octets beside their meaning, JSON.

mod bootp;

use std::ops::Range;

use fosix_wire::definition::{self, DHCP6, Definition, FieldType, Universe};
use fosix_wire::text;
use fosix_wire::v6::{Message, MessageType, OptionCode, Options, RelayMessage, peek_message_type};

/// How deep options and messages may stand inside each other: 32 relay levels, and the options of a message.
const MAX_DEPTH: usize = 40;

/// A run of octets with a meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The octets: offsets in the datagram. Of a part with parts inside, all of them.
    pub(super) at: Range<usize>,
    /// What the octets are: a field's or an option's name.
    pub(super) name: String,
    /// The option's code.
    pub(super) code: Option<u16>,
    /// How many of the octets are the option's code and length.
    pub(super) header: usize,
    /// The value in the notation of the configuration; empty where the parts inside say all of it.
    pub(super) value: String,
    /// The value in words for people; empty likewise.
    pub(super) words: String,
    /// What is inside.
    pub(super) parts: Vec<Self>,
}

impl Part {
    fn field(at: Range<usize>, name: &str, words: impl Into<String>) -> Self {
        let words = words.into();
        Self {
            at,
            name: name.to_owned(),
            code: None,
            header: 0,
            value: words.clone(),
            words,
            parts: Vec::new(),
        }
    }

    /// An option whose code and length take `header` octets.
    fn option(at: Range<usize>, header: usize, name: &str, code: u16) -> Self {
        Self { code: Some(code), header, ..Self::field(at, name, "") }
    }

    /// The part's name with its code.
    pub(super) fn label(&self) -> String {
        match self.code {
            Some(code) => format!("{} ({code})", self.name),
            None => self.name.clone(),
        }
    }
}

/// Takes a DHCPv6 datagram apart. What cannot be read is one part that says why.
pub(super) fn dissect(datagram: &[u8]) -> Vec<Part> {
    message(datagram, 0, 0)
}

fn malformed(bytes: &[u8], base: usize, error: fosix_wire::Error) -> Vec<Part> {
    vec![Part::field(base..base.saturating_add(bytes.len()), "malformed", error.to_string())]
}

/// The parts of the message that `bytes` are, which stand at `base` in the datagram.
fn message(bytes: &[u8], base: usize, depth: usize) -> Vec<Part> {
    let at = |range: Range<usize>| base.saturating_add(range.start)..base.saturating_add(range.end);
    let kind = peek_message_type(bytes).unwrap_or(MessageType(0));
    let mut parts = vec![Part::field(at(0..1), "message type", format!("{kind} ({})", kind.0))];
    let (tail, begin) = if kind.is_relay() {
        let relay = match RelayMessage::new_checked(bytes) {
            Ok(relay) => relay,
            Err(error) => return malformed(bytes, base, error),
        };
        parts.push(Part::field(at(1..2), "hop count", relay.hop_count().to_string()));
        parts.push(Part::field(at(2..18), "link-address", relay.link_address().to_string()));
        parts.push(Part::field(at(18..34), "peer-address", relay.peer_address().to_string()));
        (relay.options(), 34)
    } else {
        let message = match Message::new_checked(bytes) {
            Ok(message) => message,
            Err(error) => return malformed(bytes, base, error),
        };
        if kind.has_query_flags() {
            // RFC 7341 §6.3, §6.4: only a query's U flag means anything.
            let words = match (kind, message.query_flags().unicast()) {
                (MessageType::DHCPV4_QUERY, true) => "U = 1: DHCPv4 would use unicast",
                (MessageType::DHCPV4_QUERY, false) => "U = 0: DHCPv4 would use broadcast",
                (_, _) if message.query_flags().0 == 0 => "none",
                (_, _) => "not zero, as RFC 7341 §6.4 demands",
            };
            parts.push(Part::field(at(1..4), "flags", words));
        } else {
            let id = text::hex(&message.transaction_id()).replace(':', "");
            parts.push(Part::field(at(1..4), "transaction id", id));
        }
        (message.options(), 4)
    };
    parts.extend(options(DHCP6, tail, base.saturating_add(begin), depth));
    parts
}

/// The options of `space`, of DHCPv6's form, that begin at `base` in the datagram.
fn options(space: &str, options: Options<'_>, base: usize, depth: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut offset = base;
    for option in options {
        let end = offset.saturating_add(4).saturating_add(option.data.len());
        parts.push(option6(space, option.code.0, option.data, offset..end, depth.saturating_add(1)));
        offset = end;
    }
    parts
}

fn option6(space: &str, code: u16, data: &[u8], at: Range<usize>, depth: usize) -> Part {
    let definition = definition::by_code(space, code);
    let base = at.start.saturating_add(4);
    let mut part = Part::option(at, 4, definition.map_or("option", |definition| definition.name), code);
    if depth < MAX_DEPTH && space == DHCP6 {
        match OptionCode(code) {
            OptionCode::RELAY_MESSAGE => {
                part.words = format!("{} octets", data.len());
                part.parts = message(data, base, depth);
                return part;
            }
            OptionCode::DHCPV4_MSG => {
                part.words = format!("{} octets", data.len());
                part.parts = bootp::message(data, base);
                return part;
            }
            OptionCode::VENDOR_OPTS => {
                if let Some((enterprise, parts)) = vendor(data, base) {
                    part.value = enterprise.to_string();
                    part.words = format!("enterprise {enterprise}");
                    part.parts = parts;
                    return part;
                }
            }
            _ => {}
        }
    }
    part.words = text::describe_option(space, code, data);
    part.value = plain(definition, data);
    if let Some(definition) = definition
        && depth < MAX_DEPTH
        && let Some(inner) = definition.encapsulates
        && let Some((own, rest)) = own_fields(definition, data)
        && let Ok(sub_options) = Options::new_checked(rest)
    {
        let fields = data.get(..own).unwrap_or(data);
        part.parts = options(inner, sub_options, base.saturating_add(own), depth);
        (part.value, part.words) = match own {
            0 if part.parts.is_empty() => (String::new(), "empty".to_owned()),
            0 => (String::new(), String::new()),
            _ => (plain(Some(definition), fields), text::describe_option(space, code, fields)),
        };
    }
    part
}

/// How many octets the option's own fields take, and what is behind them.
fn own_fields<'a>(definition: &Definition, data: &'a [u8]) -> Option<(usize, &'a [u8])> {
    let own = match definition.kind {
        FieldType::Empty => 0,
        _ => text::fields_len(&definition.shape(), data)?,
    };
    Some((own, data.get(own..)?))
}

/// RFC 9915 §21.17: an enterprise number, then options that the enterprise has made.
fn vendor(data: &[u8], base: usize) -> Option<(u32, Vec<Part>)> {
    let (enterprise, rest) = data.split_first_chunk::<4>()?;
    let enterprise = u32::from_be_bytes(*enterprise);
    let table = definition::vendor(Universe::V6, enterprise);
    let mut parts = Vec::new();
    let mut offset = base.saturating_add(4);
    for option in Options::new_checked(rest).ok()? {
        let end = offset.saturating_add(4).saturating_add(option.data.len());
        let definition = definition::in_table(table, option.code.0);
        let name = definition.map_or("option", |definition| definition.name);
        parts.push(Part {
            value: plain(definition, option.data),
            words: text::describe_as(definition, option.data),
            ..Part::option(offset..end, 4, name, option.code.0)
        });
        offset = end;
    }
    Some((enterprise, parts))
}

/// The value as the configuration has it; of an option without a definition, hexadecimal.
fn plain(definition: Option<&Definition>, data: &[u8]) -> String {
    definition.map_or_else(|| text::hex(data), |definition| text::describe(&definition.shape(), data))
}
