//! A dissected datagram as people and programs read it.

use std::fmt::Write as _;

use fosix_wire::text;
use serde_json::{Map, Value, json};

use super::dissect::Part;

/// Octets in one line of the octet-by-octet view.
const OCTETS_PER_LINE: usize = 8;
/// The width of that many octets with blanks between them.
const HEX_WIDTH: usize = OCTETS_PER_LINE * 3 - 1;
/// The column in which words begin, when names are not longer.
const WIDEST_LABEL: usize = 34;

/// The parts in words, a line each, those inside indented.
pub(crate) fn words(parts: &[Part], indent: usize) -> String {
    let mut out = String::new();
    let labels = parts.iter().map(|part| part.label().len());
    let width = labels.max().unwrap_or(0).min(WIDEST_LABEL);
    for part in parts {
        // Writing to a String cannot fail.
        let _ =
            writeln!(out, "{:indent$}{}", "", format!("{:width$}  {}", part.label(), part.words).trim_end());
        out.push_str(&words(&part.parts, indent.saturating_add(2)));
    }
    out
}

/// Every octet with its offset in the datagram, and beside them what they mean.
pub(super) fn octets(parts: &[Part], datagram: &[u8]) -> String {
    let mut out = String::new();
    explain(parts, datagram, 0, &mut out);
    out
}

fn explain(parts: &[Part], datagram: &[u8], depth: usize, out: &mut String) {
    for part in parts {
        let own_end = part.parts.first().map_or(part.at.end, |inner| inner.at.start);
        let own = datagram.get(part.at.start..own_end).unwrap_or_default();
        let separator = if part.words.is_empty() { "" } else { ": " };
        let mut meaning =
            format!("{:1$}{2}{separator}{3}", "", depth.saturating_mul(2), part.label(), part.words);
        if own.len() > OCTETS_PER_LINE.saturating_mul(2) && own.iter().all(|octet| *octet == 0) {
            let zeros = format!("00 ... ({} times)", own.len());
            let _ = writeln!(out, "{:>5}  {zeros:HEX_WIDTH$}  {meaning}", part.at.start);
            meaning.clear();
        } else {
            for (index, line) in own.chunks(OCTETS_PER_LINE).enumerate() {
                let hex = text::hex(line).replace(':', " ");
                let offset = part.at.start.saturating_add(index.saturating_mul(OCTETS_PER_LINE));
                let text = format!("{offset:>5}  {hex:HEX_WIDTH$}  {meaning}");
                let _ = writeln!(out, "{}", text.trim_end());
                meaning.clear();
            }
        }
        if !meaning.is_empty() {
            let _ = writeln!(out, "{:>5}  {:HEX_WIDTH$}  {meaning}", part.at.start, "");
        }
        explain(&part.parts, datagram, depth.saturating_add(1), out);
    }
}

/// The parts as JSON: name, code, value, the value in words where that says more, data, and the parts inside.
pub(super) fn json(parts: &[Part], datagram: &[u8]) -> Value {
    let object = |part: &Part| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(part.name));
        if let Some(code) = part.code {
            object.insert("code".to_owned(), json!(code));
        }
        if !part.value.is_empty() {
            object.insert("value".to_owned(), json!(part.value));
        }
        if !part.words.is_empty() && part.words != part.value {
            object.insert("words".to_owned(), json!(part.words));
        }
        if part.parts.is_empty() {
            let data = part.at.start.saturating_add(part.header)..part.at.end;
            let octets = datagram.get(data).unwrap_or_default();
            object.insert("data".to_owned(), json!(text::hex(octets).replace(':', "")));
        } else {
            object.insert("parts".to_owned(), json(&part.parts, datagram));
        }
        Value::Object(object)
    };
    Value::Array(parts.iter().map(object).collect())
}

/// What a server gave: the options at all levels that are not there for transport alone, and the fields of the DHCPv4
/// message that say something.
pub(super) fn given(parts: &[Part]) -> Vec<Part> {
    let mut given = Vec::new();
    for part in parts {
        match (part.code, part.name.as_str()) {
            (Some(_), "relay-msg") => given.extend(self::given(&part.parts)),
            (Some(_), "dhcpv4-message") => given.extend(dhcpv4(&part.parts)),
            // A relay agent's own options come back to it; they are not the client's.
            (Some(_), "interface-id" | "relay-source-port") => {}
            (Some(_), _) | (None, "malformed") => given.push(part.clone()),
            (None, _) => {}
        }
    }
    given
}

fn dhcpv4(parts: &[Part]) -> Vec<Part> {
    let says = |part: &&Part| match (part.code, part.name.as_str()) {
        (Some(_), name) => name != "dhcp-message-type",
        (None, "yiaddr" | "siaddr" | "ciaddr") => part.words != "0.0.0.0",
        (None, "sname" | "file") => !part.words.is_empty(),
        (None, name) => name == "malformed",
    };
    parts.iter().filter(says).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use fosix_wire::v4::{Header, MessageType, OptionCode, Writer};

    use super::*;
    use crate::client::dissect::dissect;
    use crate::client::testing::{reply, response};

    fn ack() -> Vec<u8> {
        let mut query = Vec::new();
        let header = Header { hardware_type: 1, hardware_len: 6, ..Header::request(7) };
        Writer::new(&mut query, &header).finish().unwrap();
        response(&reply(&query, MessageType::ACK, Ipv4Addr::new(10, 0, 0, 7), |writer| {
            writer.option_u32(OptionCode::LEASE_TIME, 4000);
            writer.option(OptionCode::RELAY_AGENT_INFORMATION, &[1, 2, b'a', b'b']);
        }))
    }

    #[test]
    fn words_stand_in_a_column_and_what_is_inside_further_in() {
        let text = words(&given(&dissect(&ack())), 3);
        let expected = "   \
   your address (yiaddr)    10.0.0.7
   dhcp-lease-time (51)     4000 s (1 h 6 min 40 s)
   dhcp-agent-options (82)
     circuit-id (1)  61:62 \"ab\"
";
        assert_eq!(text, expected);
    }

    #[test]
    fn every_octet_stands_beside_its_meaning() {
        let datagram = ack();
        let text = octets(&dissect(&datagram), &datagram);
        for line in [
            "    0  15                       message type: DHCPV4-RESPONSE (21)",
            "   36  00 00 00 00 00 00 00 00    hardware address (chaddr): Ethernet 00:00:00:00:00:00",
            "   44  00 00 00 00 00 00 00 00",
            "   52  00 ... (64 times)          server name (sname)",
            "  251  33 04 00 00 0f a0          dhcp-lease-time (51): 4000 s (1 h 6 min 40 s)",
            "  257  52 04                      dhcp-agent-options (82)",
            "  259  01 02 61 62                  circuit-id (1): 61:62 \"ab\"",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }

    #[test]
    fn json_has_the_value_the_words_and_the_data() {
        let datagram = ack();
        let value = json(&given(&dissect(&datagram)), &datagram);
        let expected = json!([
            { "name": "yiaddr", "value": "10.0.0.7", "data": "0a000007" },
            {
                "name": "dhcp-lease-time", "code": 51, "value": "4000",
                "words": "4000 s (1 h 6 min 40 s)", "data": "00000fa0"
            },
            {
                "name": "dhcp-agent-options", "code": 82,
                "parts": [
                    { "name": "circuit-id", "code": 1, "value": "61:62", "words": "61:62 \"ab\"", "data": "6162" }
                ]
            },
        ]);
        assert_eq!(value, expected);
    }
}
