//! Leases and changes for tests.

use std::sync::Arc;

use fosix_lease::{Change4, ChangeKind, ClientIdentity, HardwareAddress, Lease4, LeaseState, Timestamp};

/// A lease of an hour on 10.0.0.`number`, given at `since`.
pub(crate) fn lease(number: u8, since: Timestamp) -> Lease4 {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]).unwrap();
    Lease4 {
        address: [10, 0, 0, number].into(),
        port_set: None,
        client: ClientIdentity::new(None, hardware).unwrap(),
        hardware,
        softwire: None,
        source: "fe80::99".parse().unwrap(),
        relay_path: Box::default(),
        subnet: 1,
        hostname: Box::default(),
        pool_id: 0,
        dns: fosix_lease::DnsUpdated::default(),
        user_context: None,
        state: LeaseState::Assigned,
        valid_lifetime: 3600,
        last_transaction: since,
        since,
    }
}

/// What happened to it.
pub(crate) fn change(kind: ChangeKind, at: Timestamp, lease: Lease4) -> Arc<Change4> {
    Arc::new(Change4 { kind, at, lease })
}
