//! What a program is told: Kea's variables, and some of our own for what Kea does not know.

use std::net::Ipv6Addr;
use std::sync::Arc;

use fosix_lease::{Change4, ChangeKind4, Lease4};
use fosix_wire::v4::{Message, OptionCode, RelayAgentInformation};

use crate::text::hex;
use crate::{Point, Query4};

/// What happened, for one run of the program.
#[derive(Debug)]
pub(super) struct Event {
    /// The point that the program is told of.
    pub(super) point: Point,
    /// The message that brought it about; `None` where time did.
    asked: Option<Asked>,
    changes: Vec<Arc<Change4>>,
}

/// What is kept of a message until the program is run.
#[derive(Debug)]
pub(super) struct Asked {
    message: Box<[u8]>,
    source: Ipv6Addr,
    interface: Box<str>,
    relayed: bool,
}

impl Asked {
    pub(super) fn new(query: &Query4<'_>) -> Self {
        Self {
            message: query.message.as_bytes().into(),
            source: query.arrival.source,
            interface: query.arrival.interface.into(),
            relayed: !query.packet.relays().is_empty(),
        }
    }
}

impl Event {
    /// One thing that happened to one lease.
    pub(super) fn one(point: Point, asked: Option<Asked>, change: &Arc<Change4>) -> Self {
        Self { point, asked, changes: vec![Arc::clone(change)] }
    }

    /// Everything that a message changed.
    pub(super) fn committed(asked: Asked, changes: &[Arc<Change4>]) -> Self {
        Self { point: Point::Leases4Committed, asked: Some(asked), changes: changes.to_vec() }
    }

    /// The variables, by name.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let mut variables = Variables::default();
        if let Some(asked) = &self.asked {
            variables.query(asked);
        }
        if self.point == Point::Leases4Committed {
            let given =
                |change: &&Arc<Change4>| matches!(change.kind, ChangeKind4::Assigned | ChangeKind4::Renewed);
            let (leases, deleted): (Vec<_>, Vec<_>) = self.changes.iter().partition(given);
            for (prefix, changes) in [("LEASES4", leases), ("DELETED_LEASES4", deleted)] {
                variables.add(prefix, "SIZE", &changes.len());
                for (at, change) in changes.into_iter().enumerate() {
                    variables.lease(&format!("{prefix}_AT{at}"), change);
                }
            }
        } else if let Some(change) = self.changes.first() {
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
struct Variables(Vec<(String, String)>);

impl Variables {
    fn add(&mut self, prefix: &str, name: &str, value: &dyn ToString) {
        self.0.push((format!("{prefix}_{name}"), value.to_string()));
    }

    fn query(&mut self, asked: &Asked) {
        const PREFIX: &str = "QUERY4";
        self.add(PREFIX, "REMOTE_ADDR", &asked.source);
        self.add(PREFIX, "IFACE_NAME", &asked.interface);
        self.add(PREFIX, "RELAYED", &asked.relayed);
        // What DHCPv4 over DHCPv6 has none of; scripts may rest on the variables being there.
        for name in [
            "LOCAL_ADDR",
            "LOCAL_PORT",
            "REMOTE_PORT",
            "IFACE_INDEX",
            "LOCAL_HWADDR",
            "LOCAL_HWADDR_TYPE",
            "REMOTE_HWADDR",
            "REMOTE_HWADDR_TYPE",
        ] {
            self.add(PREFIX, name, &"");
        }
        let Ok(message) = Message::new_checked(&asked.message) else { return };
        let message_type = message.message_type().map(|message_type| message_type.to_string());
        self.add(PREFIX, "TYPE", &message_type.unwrap_or_default());
        self.add(PREFIX, "TXID", &message.xid());
        self.add(PREFIX, "HOPS", &message.hops());
        self.add(PREFIX, "SECS", &message.secs());
        self.add(PREFIX, "FLAGS", &message.flags());
        self.add(PREFIX, "CIADDR", &message.ciaddr());
        self.add(PREFIX, "SIADDR", &message.siaddr());
        self.add(PREFIX, "YIADDR", &message.yiaddr());
        self.add(PREFIX, "GIADDR", &message.giaddr());
        self.add(PREFIX, "HWADDR", &hex(message.chaddr()));
        self.add(PREFIX, "HWADDR_TYPE", &message.hardware_type());
        let information = message.option(OptionCode::RELAY_AGENT_INFORMATION);
        let bytes = information.map(|data| data.bytes().collect::<Vec<_>>()).unwrap_or_default();
        self.add(PREFIX, "OPTION_82", &hex(&bytes));
        let information = RelayAgentInformation::new_checked(&bytes).ok();
        for code in [1, 2] {
            let data = information
                .as_ref()
                .and_then(|information| information.iter().find(|sub| sub.code == code).map(|sub| sub.data));
            self.add(PREFIX, &format!("OPTION_82_SUB_OPTION_{code}"), &data.map(hex).unwrap_or_default());
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
        self.add(prefix, "SOFTWIRE", &softwire(lease));
        self.add(prefix, "RELAYS", &relays(lease));
    }
}

/// The state as Kea calls it: of a lease that ends, the one that it was in.
fn state(kind: ChangeKind4) -> &'static str {
    match kind {
        ChangeKind4::Recovered => "declined",
        _ => "default",
    }
}

fn event(kind: ChangeKind4) -> &'static str {
    match kind {
        ChangeKind4::Assigned => "assigned",
        ChangeKind4::Renewed => "renewed",
        ChangeKind4::Released => "released",
        ChangeKind4::Declined => "declined",
        ChangeKind4::Expired => "expired",
        ChangeKind4::Recovered => "recovered",
    }
}

fn softwire(lease: &Lease4) -> String {
    lease.softwire.map(|softwire| softwire.address.to_string()).unwrap_or_default()
}

/// `2001:db8::1=76:6c 2001:db8::2=`: link-address and interface-id of each relay, the one nearest the client first.
fn relays(lease: &Lease4) -> String {
    let relay = |hop: &fosix_lease::RelayHop| format!("{}={}", hop.link_address, hex(&hop.interface_id));
    lease.relay_path.iter().map(relay).collect::<Vec<_>>().join(" ")
}
