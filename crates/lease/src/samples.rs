//! Leases for tests.

use std::net::Ipv6Addr;

use fosix_wire::softwire::PortParams;
use proptest::prelude::*;

use crate::{
    ClientIdentity, DnsUpdated, HardwareAddress, Key6, Lease4, Lease6, LeaseState, RelayHop, SoftwireSource,
    Timestamp,
};

/// A lease of an hour on 10.0.0.`last` for the client with this number.
pub(crate) fn lease4(last: u8, client: u8) -> Lease4 {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, client]).unwrap();
    Lease4 {
        address: [10, 0, 0, last].into(),
        port_set: None,
        client: ClientIdentity::new(None, hardware).unwrap(),
        hardware,
        softwire: None,
        source: Ipv6Addr::LOCALHOST,
        relay_path: Box::default(),
        subnet: 7,
        pool_id: 0,
        classes: Box::default(),
        hostname: Box::default(),
        dns: DnsUpdated::default(),
        user_context: None,
        state: LeaseState::Assigned,
        valid_lifetime: 3600,
        last_transaction: Timestamp(0),
        since: Timestamp(0),
    }
}

pub(crate) fn any_state() -> impl Strategy<Value = LeaseState> {
    (0u8..5).prop_map(|number| LeaseState::from_number(number).unwrap())
}

pub(crate) fn any_path() -> impl Strategy<Value = Box<[RelayHop]>> {
    let id = || prop::collection::vec(any::<u8>(), 0..=255).prop_map(Into::into);
    let hop = (any::<Ipv6Addr>(), id(), id()).prop_map(|(link_address, interface_id, remote_id)| RelayHop {
        link_address,
        interface_id,
        remote_id,
    });
    prop::collection::vec(hop, 0..3).prop_map(Into::into)
}

pub(crate) fn any_hardware() -> impl Strategy<Value = HardwareAddress> {
    (1u8..20, prop::collection::vec(any::<u8>(), 0..=16))
        .prop_map(|(kind, octets)| HardwareAddress::new(kind, &octets).unwrap())
}

pub(crate) fn any_softwire() -> impl Strategy<Value = Option<SoftwireSource>> {
    prop::option::of((any::<Ipv6Addr>(), any::<u32>())).prop_map(|softwire| {
        softwire.map(|(address, changed)| SoftwireSource { address, changed: Timestamp(changed.into()) })
    })
}

prop_compose! {
    pub(crate) fn any_lease4()(
        address in any::<u32>(),
        ports in prop::option::of((0u8..8, 1u8..=8, any::<u8>())),
        identifier in prop::option::of(prop::collection::vec(any::<u8>(), 2..=255)),
        hardware in any_hardware(),
        softwire in any_softwire(),
        own_source in any::<bool>(),
        source in any::<Ipv6Addr>(),
        relay_path in any_path(),
        (hostname, user_context) in ("[a-z]{0,9}", prop::option::of("[a-z]{1,300}")),
        state in any_state(),
        (forward, reverse) in any::<(bool, bool)>(),
        numbers in any::<[u32; 5]>(),
    ) -> Lease4 {
        let port_set = ports.map(|(offset, len, psid)| {
            PortParams::new(offset, len, u16::from(psid) & ((1 << len) - 1)).unwrap()
        });
        let client = match identifier {
            Some(id) => ClientIdentity::Identifier(id.into()),
            None => ClientIdentity::Hardware(hardware),
        };
        let source = if own_source { softwire.map_or(source, |softwire| softwire.address) } else { source };
        let [subnet, pool_id, valid_lifetime, last, since] = numbers;
        Lease4 {
            address: address.into(), port_set, client, hardware, softwire, source, relay_path, subnet, pool_id, classes: Box::default(),
            hostname: hostname.into(), dns: DnsUpdated { forward, reverse },
            user_context: user_context.map(Into::into), state, valid_lifetime,
            last_transaction: Timestamp(last.into()), since: Timestamp(since.into()),
        }
    }
}

prop_compose! {
    pub(crate) fn any_lease6()(
        (address, len) in (any::<u128>(), 1u8..=128),
        is_prefix in any::<bool>(),
        duid in prop::collection::vec(any::<u8>(), 0..=130),
        hardware in prop::option::of(any_hardware()),
        source in any::<Ipv6Addr>(),
        relay_path in any_path(),
        (hostname, user_context) in ("[a-z]{0,9}", prop::option::of("[a-z]{1,300}")),
        state in any_state(),
        (forward, reverse) in any::<(bool, bool)>(),
        numbers in any::<[u32; 7]>(),
    ) -> Lease6 {
        let key = if is_prefix { Key6::prefix(address.into(), len) } else { Key6::address(address.into()) };
        let [subnet, pool_id, iaid, preferred_lifetime, valid_lifetime, last, since] = numbers;
        Lease6 {
            kind: key.kind, address: key.address, prefix_len: key.prefix_len, duid: duid.into(), iaid, hardware,
            source, relay_path, subnet, pool_id, classes: Box::default(), hostname: hostname.into(),
            dns: DnsUpdated { forward, reverse }, user_context: user_context.map(Into::into), state,
            preferred_lifetime, valid_lifetime, last_transaction: Timestamp(last.into()),
            since: Timestamp(since.into()),
        }
    }
}
