//! One line of the log.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_config::LegalLogFormat;
use fosix_lease::{Change4, ChangeKind, RelayHop, Timestamp};
use fosix_wire::softwire::{PortParams, PortSet};
use fosix_wire::v4::ClientIdentifier;
use serde::Serialize;

use crate::calendar::Utc;
use crate::text::{hex, printable};

/// Appends the line of `change`, its end included.
pub(super) fn append(format: LegalLogFormat, change: &Change4, out: &mut Vec<u8>) {
    match format {
        LegalLogFormat::Json => {
            // Writing to memory does not fail, and every key is a text.
            let _ = serde_json::to_writer(&mut *out, &Line::new(change));
        }
        LegalLogFormat::Text => {
            let _ = write_sentence(change, out);
        }
    }
    out.push(b'\n');
}

/// Who had what, from when to when. `docs/hooks.md` describes the members.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    event: &'static str,
    address: Ipv4Addr,
    ports: Option<Ports>,
    from: String,
    /// `None` is for ever.
    until: Option<String>,
    client_id: Option<String>,
    duid: Option<String>,
    iaid: Option<u32>,
    hardware_type: u8,
    hardware_address: String,
    softwire: Option<Ipv6Addr>,
    source: Ipv6Addr,
    /// The relay nearest the client first.
    relays: Vec<Relay>,
    subnet: u32,
    hostname: &'a str,
}

#[derive(Serialize)]
struct Ports {
    offset: u8,
    psid_len: u8,
    psid: u16,
    /// The first and the last port of each range, where there are not too many to list.
    ranges: Option<Vec<(u16, u16)>>,
}

#[derive(Serialize)]
struct Relay {
    link_address: Ipv6Addr,
    interface_id: Option<String>,
    remote_id: Option<String>,
}

impl<'a> Line<'a> {
    fn new(change: &'a Change4) -> Self {
        let lease = &change.lease;
        let named = lease.client.identifier().and_then(|id| ClientIdentifier::new_checked(id).ok());
        let node = named.and_then(|id| id.node_specific());
        Self {
            time: text(change.at),
            event: event(change.kind),
            address: lease.address,
            ports: lease.port_set.map(Ports::new),
            from: text(lease.since),
            until: until(change).map(text),
            client_id: lease.client.identifier().map(hex),
            duid: node.map(|(_, duid)| hex(duid.as_bytes())),
            iaid: node.map(|(iaid, _)| iaid),
            hardware_type: lease.hardware.hardware_type(),
            hardware_address: hex(lease.hardware.octets()),
            softwire: lease.softwire.map(|softwire| softwire.address),
            source: lease.source,
            relays: lease.relay_path.iter().map(Relay::new).collect(),
            subnet: lease.subnet,
            hostname: &lease.hostname,
        }
    }
}

impl Ports {
    fn new(params: PortParams) -> Self {
        // An offset of 6 bits, the usual one, gives 63.
        const MOST_RANGES: usize = 64;
        let ranges = || PortSet::new(params).ranges().map(|range| (*range.start(), *range.end()));
        let few = ranges().nth(MOST_RANGES).is_none();
        Self {
            offset: params.offset(),
            psid_len: params.psid_len(),
            psid: params.psid().value(),
            ranges: few.then(|| ranges().collect()),
        }
    }
}

impl Relay {
    fn new(hop: &RelayHop) -> Self {
        let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| hex(bytes));
        Self {
            link_address: hop.link_address,
            interface_id: some(&hop.interface_id),
            remote_id: some(&hop.remote_id),
        }
    }
}

/// Much like a line of Kea's, with what Kea does not know behind it.
fn write_sentence(change: &Change4, out: &mut Vec<u8>) -> io::Result<()> {
    let lease = &change.lease;
    write!(out, "{} UTC Address: {}", Utc::of(change.at).spaced(), lease.address)?;
    if let Some(params) = lease.port_set {
        write!(out, " (ports {params})")?;
    }
    let (event, to) = (event(change.kind), if is_given(change) { "to" } else { "from" });
    let (hardware_type, hardware) = (lease.hardware.hardware_type(), hex(lease.hardware.octets()));
    write!(out, " has been {event}{} {to} a device with hardware address: ", duration(change))?;
    write!(out, "hwtype={hardware_type} {hardware}")?;
    if let Some(id) = lease.client.identifier() {
        write!(out, ", client-id: {}", recognisable(id))?;
    }
    for hop in &lease.relay_path {
        write!(out, " connected via relay at address: {}", hop.link_address)?;
        for (name, id) in [("interface-id", &hop.interface_id), ("remote-id", &hop.remote_id)] {
            if !id.is_empty() {
                write!(out, ", {name}: {}", recognisable(id))?;
            }
        }
    }
    write!(out, ", source address: {}", lease.source)?;
    if let Some(softwire) = lease.softwire {
        write!(out, ", softwire address: {}", softwire.address)?;
    }
    write!(out, ", held since {} UTC", Utc::of(lease.since).spaced())
}

/// ` for 1 hrs 2 mins 3 secs` of a lease that goes on.
fn duration(change: &Change4) -> String {
    match change.lease.valid_lifetime {
        _ if !is_given(change) => String::new(),
        u32::MAX => " for infinite duration".to_owned(),
        seconds => {
            let days = match seconds / 86_400 {
                0 => String::new(),
                days => format!("{days} days "),
            };
            let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
            format!(" for {days}{hours} hrs {minutes} mins {} secs", seconds % 60)
        }
    }
}

fn recognisable(id: &[u8]) -> String {
    match printable(id) {
        Some(text) => format!("{} ({text})", hex(id)),
        None => hex(id),
    }
}

fn event(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Assigned => "assigned",
        ChangeKind::Renewed => "renewed",
        ChangeKind::Released => "released",
        ChangeKind::Declined => "declined",
        ChangeKind::Expired | ChangeKind::Recovered => "expired",
    }
}

/// Whether the client has the address from then on.
fn is_given(change: &Change4) -> bool {
    matches!(change.kind, ChangeKind::Assigned | ChangeKind::Renewed)
}

/// Until when the holder has the address, as far as is known.
fn until(change: &Change4) -> Option<Timestamp> {
    if is_given(change) { change.lease.expires() } else { Some(change.at) }
}

fn text(at: Timestamp) -> String {
    Utc::of(at).to_string()
}
