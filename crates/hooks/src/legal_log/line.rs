//! One line of the log.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use fosix_config::LegalLogFormat;
use fosix_lease::{Change, Change4, Change6, ChangeKind, RelayHop, Timestamp};
use fosix_wire::softwire::{PortParams, PortSet};
use fosix_wire::v4::ClientIdentifier;
use serde::Serialize;

use super::line6;
use crate::calendar::Utc;
use crate::text::{hex, printable};

/// What a line is about.
#[derive(Debug)]
pub(super) enum Told {
    /// A lease of the DHCPv4 half.
    Lease4(Arc<Change4>),
    /// A lease of the DHCPv6 half.
    Lease6(Arc<Change6>),
}

impl Told {
    /// When it happened.
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Lease4(change) => change.at,
            Self::Lease6(change) => change.at,
        }
    }
}

/// Appends the line of `told`, its end included.
pub(super) fn append(format: LegalLogFormat, told: &Told, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and every key is a text.
    let _ = match (format, told) {
        (LegalLogFormat::Json, Told::Lease4(change)) => {
            serde_json::to_writer(&mut *out, &Line::new(change)).map_err(io::Error::from)
        }
        (LegalLogFormat::Json, Told::Lease6(change)) => {
            serde_json::to_writer(&mut *out, &line6::Line::new(change)).map_err(io::Error::from)
        }
        (LegalLogFormat::Text, Told::Lease4(change)) => write_sentence(change, out),
        (LegalLogFormat::Text, Told::Lease6(change)) => line6::write_sentence(change, out),
    };
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
pub(super) struct Relay {
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
            until: until(change, lease.expires()).map(text),
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
    pub(super) fn new(hop: &RelayHop) -> Self {
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
    write!(
        out,
        " has been {event}{} {to} a device with hardware address: ",
        duration(change, lease.valid_lifetime)
    )?;
    write!(out, "hwtype={hardware_type} {hardware}")?;
    if let Some(id) = lease.client.identifier() {
        write!(out, ", client-id: {}", recognisable(id))?;
    }
    write_relays(&lease.relay_path, out)?;
    write!(out, ", source address: {}", lease.source)?;
    if let Some(softwire) = lease.softwire {
        write!(out, ", softwire address: {}", softwire.address)?;
    }
    write!(out, ", held since {} UTC", Utc::of(lease.since).spaced())
}

pub(super) fn write_relays(relays: &[RelayHop], out: &mut Vec<u8>) -> io::Result<()> {
    for hop in relays {
        write!(out, " connected via relay at address: {}", hop.link_address)?;
        for (name, id) in [("interface-id", &hop.interface_id), ("remote-id", &hop.remote_id)] {
            if !id.is_empty() {
                write!(out, ", {name}: {}", recognisable(id))?;
            }
        }
    }
    Ok(())
}

/// ` for 1 hrs 2 mins 3 secs` of a lease that goes on.
pub(super) fn duration<L>(change: &Change<L>, valid_lifetime: u32) -> String {
    match valid_lifetime {
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

pub(super) fn event(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Assigned => "assigned",
        ChangeKind::Renewed => "renewed",
        ChangeKind::Released => "released",
        ChangeKind::Declined => "declined",
        ChangeKind::Expired | ChangeKind::Recovered => "expired",
    }
}

/// Whether the client has it from then on.
pub(super) fn is_given<L>(change: &Change<L>) -> bool {
    matches!(change.kind, ChangeKind::Assigned | ChangeKind::Renewed)
}

/// Until when the holder has a lease that is promised until `end`, as far as is known.
pub(super) fn until<L>(change: &Change<L>, end: Option<Timestamp>) -> Option<Timestamp> {
    if is_given(change) { end } else { Some(change.at) }
}

pub(super) fn text(at: Timestamp) -> String {
    Utc::of(at).to_string()
}
