//! What a program is told: Kea's variables, and some of our own for what Kea does not know.

use std::sync::Arc;

use fosix_lease::{Change4, Change6, ChangeKind, RelayHop};
use fosix_wire::v4::MessageType;

use super::environment6;
use crate::Point;
use crate::text::hex;

/// What happened, for one run of the program.
#[derive(Debug)]
pub(super) struct Event {
    /// The point that the program is told of.
    pub(super) point: Point,
    changes: Changes,
}

#[derive(Debug)]
enum Changes {
    Leases4(Vec<Arc<Change4>>),
    Leases6(Vec<Arc<Change6>>),
}

impl Event {
    /// One thing that happened to one lease.
    pub(super) fn one(point: Point, change: &Arc<Change4>) -> Self {
        Self { point, changes: Changes::Leases4(vec![Arc::clone(change)]) }
    }

    /// Everything that a message changed.
    pub(super) fn committed(changes: Vec<Arc<Change4>>) -> Self {
        Self { point: Point::Leases4Committed, changes: Changes::Leases4(changes) }
    }

    /// What happened to leases of the DHCPv6 half: one, but for `leases6_committed`.
    pub(super) fn leases6(point: Point, changes: Vec<Arc<Change6>>) -> Self {
        Self { point, changes: Changes::Leases6(changes) }
    }

    /// The variables, by name.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        match &self.changes {
            Changes::Leases4(changes) => self.variables4(changes),
            Changes::Leases6(changes) => environment6::variables(self.point, changes),
        }
    }

    fn variables4(&self, changes: &[Arc<Change4>]) -> Vec<(String, String)> {
        let mut variables = Variables::default();
        if let Some(change) = changes.last().filter(|change| is_asked_for(change.kind)) {
            variables.query(change);
        }
        if self.point == Point::Leases4Committed {
            let given =
                |change: &&Arc<Change4>| matches!(change.kind, ChangeKind::Assigned | ChangeKind::Renewed);
            let (leases, deleted): (Vec<_>, Vec<_>) = changes.iter().partition(given);
            for (prefix, changes) in [("LEASES4", leases), ("DELETED_LEASES4", deleted)] {
                variables.add(prefix, "SIZE", &changes.len());
                for (at, change) in changes.into_iter().enumerate() {
                    variables.lease(&format!("{prefix}_AT{at}"), change);
                }
            }
        } else if let Some(change) = changes.first() {
            variables.lease("LEASE4", change);
            if self.point == Point::Lease4Expire {
                variables.0.push(("REMOVE_LEASE".to_owned(), "false".to_owned()));
            }
        }
        variables.0
    }
}

/// The variables as they are put together.
#[derive(Default)]
pub(super) struct Variables(pub(super) Vec<(String, String)>);

impl Variables {
    pub(super) fn add(&mut self, prefix: &str, name: &str, value: &dyn ToString) {
        self.0.push((format!("{prefix}_{name}"), value.to_string()));
    }

    /// What the record keeps of the message that led to it.
    fn query(&mut self, change: &Change4) {
        const PREFIX: &str = "QUERY4";
        let lease = &change.lease;
        let message_type = match change.kind {
            ChangeKind::Released => MessageType::RELEASE,
            ChangeKind::Declined => MessageType::DECLINE,
            _ => MessageType::REQUEST,
        };
        self.add(PREFIX, "TYPE", &message_type);
        self.add(PREFIX, "REMOTE_ADDR", &lease.source);
        self.add(PREFIX, "RELAYED", &!lease.relay_path.is_empty());
        self.add(PREFIX, "HWADDR", &hex(lease.hardware.octets()));
        self.add(PREFIX, "HWADDR_TYPE", &lease.hardware.hardware_type());
        // What the record does not keep, or DHCPv4 over DHCPv6 has none of; scripts may rest on the variables being there.
        for name in [
            "TXID",
            "HOPS",
            "SECS",
            "FLAGS",
            "CIADDR",
            "SIADDR",
            "YIADDR",
            "GIADDR",
            "IFACE_NAME",
            "IFACE_INDEX",
            "LOCAL_ADDR",
            "LOCAL_PORT",
            "LOCAL_HWADDR",
            "LOCAL_HWADDR_TYPE",
            "REMOTE_PORT",
            "REMOTE_HWADDR",
            "REMOTE_HWADDR_TYPE",
            "OPTION_82",
            "OPTION_82_SUB_OPTION_1",
            "OPTION_82_SUB_OPTION_2",
        ] {
            self.add(PREFIX, name, &"");
        }
    }

    fn lease(&mut self, prefix: &str, change: &Change4) {
        let lease = &change.lease;
        self.add(prefix, "ADDRESS", &lease.address);
        self.add(prefix, "CLTT", &lease.last_transaction);
        self.add(prefix, "HOSTNAME", &lease.hostname);
        self.add(prefix, "HWADDR", &hex(lease.hardware.octets()));
        self.add(prefix, "HWADDR_TYPE", &lease.hardware.hardware_type());
        self.add(prefix, "STATE", &state(change.kind));
        self.add(prefix, "SUBNET_ID", &lease.subnet);
        self.add(prefix, "VALID_LIFETIME", &lease.valid_lifetime);
        self.add(prefix, "CLIENT_ID", &lease.client.identifier().map(hex).unwrap_or_default());
        // Not in Kea.
        self.add(prefix, "EVENT", &event(change.kind));
        self.add(prefix, "IPV6_SOURCE", &lease.source);
        self.add(prefix, "PORTS", &lease.port_set.map(|params| params.to_string()).unwrap_or_default());
        self.add(
            prefix,
            "SOFTWIRE",
            &lease.softwire.map(|softwire| softwire.address.to_string()).unwrap_or_default(),
        );
        self.add(prefix, "RELAYS", &relays(&lease.relay_path));
    }
}

/// Whether a client's message was the cause.
pub(super) fn is_asked_for(kind: ChangeKind) -> bool {
    !matches!(kind, ChangeKind::Expired | ChangeKind::Recovered)
}

/// The state as Kea calls it: of a lease that ends, the one that it was in.
pub(super) fn state(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Recovered => "declined",
        _ => "default",
    }
}

pub(super) fn event(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Assigned => "assigned",
        ChangeKind::Renewed => "renewed",
        ChangeKind::Released => "released",
        ChangeKind::Declined => "declined",
        ChangeKind::Expired => "expired",
        ChangeKind::Recovered => "recovered",
    }
}

/// `2001:db8::1=76:6c 2001:db8::2=`: link-address and interface-id of each relay, the one nearest the client first.
pub(super) fn relays(path: &[RelayHop]) -> String {
    let relay = |hop: &RelayHop| format!("{}={}", hop.link_address, hex(&hop.interface_id));
    path.iter().map(relay).collect::<Vec<_>>().join(" ")
}
