//! What a program is told of DHCPv6 leases: Kea's variables, and some of our own for what Kea does not know.

use std::sync::Arc;

use fosix_lease::{Change6, ChangeKind, LeaseKind6, LeaseState};
use fosix_wire::v6::MessageType;

use super::environment::{Variables, event, is_asked_for, relays, state};
use crate::Point;
use crate::text::hex;

/// The variables, by name.
pub(super) fn variables(point: Point, changes: &[Arc<Change6>]) -> Vec<(String, String)> {
    let mut variables = Variables::default();
    if let Some(change) = changes.last().filter(|change| is_asked_for(change.kind)) {
        query(&mut variables, change);
    }
    if point == Point::Leases6Committed {
        variables.add("LEASES6", "SIZE", &changes.len());
        for (at, change) in changes.iter().enumerate() {
            lease(&mut variables, &format!("LEASES6_AT{at}"), change);
        }
        // What a client loses is told by itself.
        variables.add("DELETED_LEASES6", "SIZE", &0);
    } else if let Some(change) = changes.first() {
        lease(&mut variables, "LEASE6", change);
        if point == Point::Lease6Expire {
            variables.0.push(("REMOVE_LEASE".to_owned(), "false".to_owned()));
        }
    }
    variables.0
}

/// What the record keeps of the message that led to it.
fn query(variables: &mut Variables, change: &Change6) {
    const PREFIX: &str = "QUERY6";
    let lease = &change.lease;
    let message_type = match (change.kind, lease.state) {
        (ChangeKind::Released, _) => MessageType::RELEASE,
        (ChangeKind::Declined, _) => MessageType::DECLINE,
        (_, LeaseState::Registered) => MessageType::ADDR_REG_INFORM,
        (ChangeKind::Renewed, _) => MessageType::RENEW,
        _ => MessageType::REQUEST,
    };
    variables.add(PREFIX, "TYPE", &message_type);
    variables.add(PREFIX, "REMOTE_ADDR", &lease.source);
    variables.add(PREFIX, "PROTO", &"UDP");
    variables.add(PREFIX, "CLIENT_ID", &hex(&lease.duid));
    // What the record does not keep; scripts may rest on the variables being there.
    for name in [
        "TXID",
        "LOCAL_ADDR",
        "LOCAL_PORT",
        "REMOTE_PORT",
        "IFACE_INDEX",
        "IFACE_NAME",
        "REMOTE_HWADDR",
        "REMOTE_HWADDR_TYPE",
    ] {
        variables.add(PREFIX, name, &"");
    }
}

fn lease(variables: &mut Variables, prefix: &str, change: &Change6) {
    let lease = &change.lease;
    let (hardware, hardware_type) = match lease.hardware {
        Some(hardware) => (hex(hardware.octets()), hardware.hardware_type().to_string()),
        None => Default::default(),
    };
    let (kind, prefix_len) = match lease.kind {
        LeaseKind6::Address => ("IA_NA", 128),
        LeaseKind6::Prefix => ("IA_PD", lease.prefix_len),
    };
    variables.add(prefix, "ADDRESS", &lease.address);
    variables.add(prefix, "CLTT", &lease.last_transaction);
    variables.add(prefix, "HOSTNAME", &lease.hostname);
    variables.add(prefix, "HWADDR", &hardware);
    variables.add(prefix, "HWADDR_TYPE", &hardware_type);
    variables.add(prefix, "STATE", &state6(change));
    variables.add(prefix, "SUBNET_ID", &lease.subnet);
    variables.add(prefix, "VALID_LIFETIME", &lease.valid_lifetime);
    variables.add(prefix, "DUID", &hex(&lease.duid));
    variables.add(prefix, "IAID", &lease.iaid);
    variables.add(prefix, "PREFERRED_LIFETIME", &lease.preferred_lifetime);
    variables.add(prefix, "PREFIX_LEN", &prefix_len);
    variables.add(prefix, "TYPE", &kind);
    // Not in Kea.
    variables.add(prefix, "EVENT", &event(change.kind));
    variables.add(prefix, "IPV6_SOURCE", &lease.source);
    variables.add(prefix, "RELAYS", &relays(&lease.relay_path));
}

/// The state as Kea calls it: of a lease that ends, the one that it was in.
fn state6(change: &Change6) -> &'static str {
    if change.lease.state == LeaseState::Registered { "registered" } else { state(change.kind) }
}
