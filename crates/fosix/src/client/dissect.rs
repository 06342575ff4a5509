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
pub(crate) struct Part {
    /// The octets: offsets in the datagram. Of a part with parts inside, all of them.
    pub(super) at: Range<usize>,
    /// What the octets are: a field's or an option's name.
    pub(super) name: String,
    /// What a field's short name stands for.
    pub(super) title: &'static str,
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
            title: "",
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

    /// The part's name with its code, or with what it stands for.
    pub(super) fn label(&self) -> String {
        match self.code {
            Some(code) => format!("{} ({code})", self.name),
            None if self.title.is_empty() => self.name.clone(),
            None => format!("{} ({})", self.title, self.name),
        }
    }
}

/// Takes a DHCPv6 datagram apart. What cannot be read is one part that says why.
pub(crate) fn dissect(datagram: &[u8]) -> Vec<Part> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{grant, reply, response};
    use fosix_wire::v4;
    use fosix_wire::v6::Writer;

    /// Checks that the octets of the parts, each with those inside taken off, follow one another without a gap, and
    /// returns where they end.
    fn covered(parts: &[Part], from: usize) -> usize {
        let mut at = from;
        for part in parts {
            assert_eq!(part.at.start, at, "{part:?}");
            at = match part.parts.first() {
                Some(first) => {
                    assert!(first.at.start >= part.at.start && first.at.start <= part.at.end, "{part:?}");
                    covered(&part.parts, first.at.start)
                }
                None => part.at.end,
            };
            assert_eq!(at, part.at.end, "{part:?}");
        }
        at
    }

    fn find<'a>(parts: &'a [Part], name: &str) -> Option<&'a Part> {
        parts.iter().find_map(|part| if part.name == name { Some(part) } else { find(&part.parts, name) })
    }

    fn discover() -> Vec<u8> {
        let mut out = Vec::new();
        let header = v4::Header { hardware_type: 1, hardware_len: 6, ..v4::Header::request(7) };
        let mut writer = v4::Writer::new(&mut out, &header);
        writer.option_u8(v4::OptionCode::MESSAGE_TYPE, 1);
        writer.finish().unwrap();
        out
    }

    /// A Relay-forward with much in it.
    fn relayed(dhcpv4: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        let any = std::net::Ipv6Addr::LOCALHOST;
        writer.relay(MessageType::RELAY_FORW, 0, any, any);
        writer.option(OptionCode::INTERFACE_ID, b"port 7");
        writer.nested(OptionCode::RELAY_MESSAGE, |writer| {
            writer.message(MessageType::DHCPV4_QUERY, [0x80, 0, 0]);
            writer.option(OptionCode::DHCPV4_MSG, dhcpv4);
            writer.nested(OptionCode::VENDOR_OPTS, |writer| {
                writer.raw(&4491_u32.to_be_bytes());
                writer.option(OptionCode(2), b"modem");
            });
            writer.nested(OptionCode::S46_CONT_LW, |writer| {
                writer.addresses(OptionCode::S46_BR, [any]);
                writer.nested(OptionCode::S46_V4V6BIND, |writer| {
                    writer.raw(&[192, 0, 2, 1, 64, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0]);
                    writer.option(OptionCode::S46_PORTPARAMS, &[0, 8, 0x34, 0]);
                });
            });
            writer.nested(OptionCode::IA_NA, |writer| writer.raw(&[0; 12]));
            writer.option(OptionCode(9999), &[1]);
        });
        writer.finish().unwrap();
        out
    }

    #[test]
    fn every_octet_belongs_to_one_part() {
        let query = discover();
        let offer = reply(&query, v4::MessageType::OFFER, std::net::Ipv4Addr::LOCALHOST, |writer| {
            writer.option(v4::OptionCode::DOMAIN_NAME, &[b'x'; 300]);
            writer.option(v4::OptionCode::RELAY_AGENT_INFORMATION, &[1, 2, b'a', b'b', 19, 0]);
            let vendor = [0, 0, 0x11, 0x8b, 6, 2, 4, 192, 0, 2, 1];
            writer.option(v4::OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION, &vendor);
            writer.pad_to(700);
        });
        let grant = grant(&query, v4::MessageType::ACK, std::net::Ipv4Addr::LOCALHOST);
        for datagram in [relayed(&query), response(&offer), response(&grant)] {
            assert_eq!(covered(&dissect(&datagram), 0), datagram.len());
        }
    }

    #[test]
    fn what_is_inside_is_described() {
        let parts = dissect(&relayed(&discover()));
        for (name, words) in [
            ("interface-id", "70:6f:72:74:20:37 \"port 7\""),
            ("flags", "U = 1: DHCPv4 would use unicast"),
            ("xid", "0x00000007"),
            ("dhcp-message-type", "DHCPDISCOVER (1)"),
            ("vendor-opts", "enterprise 4491"),
            ("device-type", "modem"),
            ("s46-br", "::1"),
            ("s46-v4v6bind", "192.0.2.1, 2001:db8::/64"),
            ("s46-portparams", "PSID 52 of 8 bits, offset 0: 256 ports, 13312-13567"),
            ("option", "01"),
        ] {
            assert_eq!(find(&parts, name).map(|part| part.words.as_str()), Some(words), "{name}");
        }
    }

    #[test]
    fn an_option_in_parts_is_described_as_a_whole() {
        let query = discover();
        let offer = reply(&query, v4::MessageType::OFFER, std::net::Ipv4Addr::LOCALHOST, |writer| {
            writer.option(v4::OptionCode::DOMAIN_NAME, &[b'x'; 300]);
        });
        let parts = dissect(&response(&offer));
        let name = find(&parts, "domain-name").unwrap();
        assert_eq!(name.value, "x".repeat(300));
        assert!(name.words.ends_with("x (in 2 parts)"), "{}", name.words);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let datagram = relayed(&discover());
        assert!(dissect(&[]).iter().any(|part| part.name == "malformed"));
        for end in 1..datagram.len() {
            let parts = dissect(&datagram[..end]);
            assert!(find(&parts, "malformed").is_some(), "{end}: {parts:?}");
        }
        let mut broken = datagram.clone();
        let inner = find(&dissect(&datagram), "magic cookie").unwrap().at.start;
        broken[inner] = 0;
        let parts = dissect(&broken);
        assert!(find(&parts, "malformed").unwrap().words.contains("cookie"), "{parts:?}");
    }
}
