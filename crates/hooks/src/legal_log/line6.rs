//! One line of the log about a DHCPv6 lease.

use std::io::{self, Write as _};
use std::net::Ipv6Addr;

use fosix_lease::{Change6, ChangeKind, LeaseKind6, LeaseState};
use serde::Serialize;

use super::line::{Relay, duration, event, is_given, text, until, write_relays};
use crate::calendar::Utc;
use crate::text::hex;

/// Who had what, from when to when. `docs/hooks.md` describes the members.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    time: String,
    event: &'static str,
    address: Option<Ipv6Addr>,
    prefix: Option<String>,
    from: String,
    /// `None` is for ever.
    until: Option<String>,
    duid: String,
    iaid: u32,
    hardware_type: Option<u8>,
    hardware_address: Option<String>,
    source: Ipv6Addr,
    /// The relay nearest the client first.
    relays: Vec<Relay>,
    subnet: u32,
    hostname: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(change: &'a Change6) -> Self {
        let lease = &change.lease;
        let is_prefix = lease.kind == LeaseKind6::Prefix;
        Self {
            time: text(change.at),
            event: event6(change),
            address: (!is_prefix).then_some(lease.address),
            prefix: is_prefix.then(|| format!("{}/{}", lease.address, lease.prefix_len)),
            from: text(lease.since),
            until: until(change, lease.expires()).map(text),
            duid: hex(&lease.duid),
            iaid: lease.iaid,
            hardware_type: lease.hardware.map(|hardware| hardware.hardware_type()),
            hardware_address: lease.hardware.map(|hardware| hex(hardware.octets())),
            source: lease.source,
            relays: lease.relay_path.iter().map(Relay::new).collect(),
            subnet: lease.subnet,
            hostname: &lease.hostname,
        }
    }
}

/// Much like a line of Kea's, with what Kea does not know behind it.
pub(super) fn write_sentence(change: &Change6, out: &mut Vec<u8>) -> io::Result<()> {
    let lease = &change.lease;
    write!(out, "{} UTC ", Utc::of(change.at).spaced())?;
    match lease.kind {
        LeaseKind6::Address => write!(out, "Address: {}", lease.address)?,
        LeaseKind6::Prefix => write!(out, "Prefix: {}/{}", lease.address, lease.prefix_len)?,
    }
    let (event, to) = (event6(change), if is_given(change) { "to" } else { "from" });
    let duration = duration(change, lease.valid_lifetime);
    write!(out, " has been {event}{duration} {to} a device with DUID: {}", hex(&lease.duid))?;
    if let Some(hardware) = lease.hardware {
        let (hardware_type, octets) = (hardware.hardware_type(), hex(hardware.octets()));
        write!(out, " and hardware address: hwtype={hardware_type} {octets}")?;
    }
    write_relays(&lease.relay_path, out)?;
    write!(out, ", source address: {}", lease.source)?;
    write!(out, ", held since {} UTC", Utc::of(lease.since).spaced())
}

/// What happened; an address that the client chose itself was not assigned.
fn event6(change: &Change6) -> &'static str {
    match (change.kind, change.lease.state) {
        (ChangeKind::Assigned, LeaseState::Registered) => "registered",
        (kind, _) => event(kind),
    }
}
