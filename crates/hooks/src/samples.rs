//! Leases and changes for tests.

use std::sync::Arc;

use fosix_lease::{
    Change, ChangeKind, ClientIdentity, DnsUpdated, HardwareAddress, Lease4, Lease6, LeaseKind6, LeaseState,
    Timestamp,
};

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
        classes: Box::default(),
        dns: DnsUpdated::default(),
        user_context: None,
        state: LeaseState::Assigned,
        valid_lifetime: 3600,
        last_transaction: since,
        since,
    }
}

/// A lease of an hour on 2001:db8::`number`, given at `since`.
pub(crate) fn lease6(number: u16, since: Timestamp) -> Lease6 {
    Lease6 {
        kind: LeaseKind6::Address,
        address: [0x2001, 0xdb8, 0, 0, 0, 0, 0, number].into(),
        prefix_len: 128,
        duid: Box::from([0, 3, 0, 1, 2, 0, 0, 0, 0, 1]),
        iaid: 9,
        hardware: HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]),
        source: "fe80::99".parse().unwrap(),
        relay_path: Box::default(),
        subnet: 1,
        pool_id: 0,
        classes: Box::default(),
        hostname: Box::default(),
        dns: DnsUpdated::default(),
        user_context: None,
        state: LeaseState::Assigned,
        preferred_lifetime: 1800,
        valid_lifetime: 3600,
        last_transaction: since,
        since,
    }
}

/// The lease of the prefix 2001:db8:`number`::/48.
pub(crate) fn prefix6(number: u16, since: Timestamp) -> Lease6 {
    let address = [0x2001, 0xdb8, number, 0, 0, 0, 0, 0].into();
    Lease6 { kind: LeaseKind6::Prefix, address, prefix_len: 48, hardware: None, ..lease6(0, since) }
}

/// What happened to it.
pub(crate) fn change<L>(kind: ChangeKind, at: Timestamp, lease: L) -> Arc<Change<L>> {
    Arc::new(Change { kind, at, lease })
}
