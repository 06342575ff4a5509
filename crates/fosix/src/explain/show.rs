//! An explanation as people and programs read it.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Context as _;
use fosix_policy::Topic;
use fosix_wire::text::hex;
use fosix_wire::v4::{Message, OptionCode};
use fosix_wire::v6::{self, Packet, RelayMessage};
use serde_json::{Value, json};

use super::Told;
use super::packet::Received;
use crate::client::{dissect, words};

/// The topics in the order in which they are shown.
const ORDER: [Topic; 6] =
    [Topic::Subnet, Topic::Reservation, Topic::Class, Topic::Lease, Topic::Option, Topic::Outcome];
/// Columns that a topic takes.
const TOPIC: usize = 13;

/// Shows one explanation on standard output, apart from the one before it.
pub(crate) fn show(received: &Received, told: &Told, is_further: bool, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json {
        format!("{}\n", to_json(received, told))
    } else {
        format!("{}{}", if is_further { "\n" } else { "" }, in_words(received, told))
    };
    std::io::stdout().lock().write_all(text.as_bytes()).context("cannot write to standard output")
}

fn in_words(received: &Received, told: &Told) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{}", about(received));
    for line in sender(received) {
        let _ = writeln!(out, "{:TOPIC$}{line}", "");
    }
    for topic in ORDER {
        let mut name = topic.name();
        for step in told.steps.iter().filter(|step| step.topic == topic) {
            let _ = writeln!(out, "{name:TOPIC$}{}", step.text);
            name = "";
        }
    }
    let _ = writeln!(out, "{:TOPIC$}{}", "result", told.outcome);
    if !told.answer.is_empty() {
        let _ = writeln!(out, "answer");
        out.push_str(&words(&dissect(&told.answer), 2));
    }
    out
}

fn to_json(received: &Received, told: &Told) -> Value {
    let steps: Vec<Value> =
        told.steps.iter().map(|step| json!({ "topic": step.topic.name(), "text": step.text })).collect();
    json!({
        "message": about(received),
        "sender": sender(received),
        "steps": steps,
        "result": told.outcome,
        "answer": hex(&told.answer).replace(':', ""),
    })
}

/// What it is and how it came, in a line.
fn about(received: &Received) -> String {
    let packet = Packet::new_checked(&received.bytes, v6::MAX_RELAY_LEVELS);
    let what = match &packet {
        Err(error) => format!("a datagram that is no message ({error})"),
        Ok(packet) => {
            let kind = packet.message().message_type();
            match inner(packet).and_then(|message| message.message_type()) {
                Some(inner) => format!("{inner} in {kind}"),
                None => kind.to_string(),
            }
        }
    };
    format!("{what} from {} on {}", received.source.ip(), received.interface)
}

/// Who sent it, and through which relays.
fn sender(received: &Received) -> Vec<String> {
    let Ok(packet) = Packet::new_checked(&received.bytes, v6::MAX_RELAY_LEVELS) else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(duid) = packet.message().options().find(v6::OptionCode::CLIENT_ID) {
        lines.push(format!("duid {}", hex(duid)));
    }
    if let Some(message) = inner(&packet) {
        lines.push(format!("hw-address {}", hex(message.chaddr())));
        if let Some(id) = message.option(OptionCode::CLIENT_IDENTIFIER) {
            lines.push(format!("client-id {}", hex(&id.bytes().collect::<Vec<u8>>())));
        }
    }
    // The one nearest the client first.
    lines.extend(packet.relays().iter().rev().map(relay));
    lines
}

fn relay(relay: &RelayMessage<'_>) -> String {
    let mut line = format!("relay {}, peer {}", relay.link_address(), relay.peer_address());
    if let Some(id) = relay.interface_id() {
        let _ = write!(line, ", interface-id \"{}\"", id.escape_ascii());
    }
    if let Some(id) = relay.options().find(v6::OptionCode::REMOTE_ID) {
        let _ = write!(line, ", remote-id {}", hex(id));
    }
    line
}

/// The DHCPv4 message in a DHCPV4-QUERY.
fn inner<'a>(packet: &Packet<'a>) -> Option<Message<'a>> {
    Message::new_checked(packet.message().options().find(v6::OptionCode::DHCPV4_MSG)?).ok()
}
