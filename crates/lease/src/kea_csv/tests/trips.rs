//! Leases to rows and back, and files with changes: whatever is in them, every line is accounted for.

use std::net::Ipv6Addr;

use proptest::prelude::*;

use super::*;
use crate::{ClientIdentity, DnsUpdated, HardwareAddress, Lease4, Lease6, LeaseKind6, LeaseState, Timestamp};

const GENERATIONS: [Generation; 2] = [Generation::Kea22, Generation::Kea30];

fn hardware(types: impl Strategy<Value = u8>) -> impl Strategy<Value = HardwareAddress> {
    (types, prop::collection::vec(1..=u8::MAX, 1..=16))
        .prop_map(|(hardware_type, octets)| HardwareAddress::new(hardware_type, &octets).unwrap())
}

fn client() -> impl Strategy<Value = (ClientIdentity, HardwareAddress)> {
    let identifier = prop::collection::vec(any::<u8>(), 2..=128);
    (prop::option::of(identifier), hardware(Just(1)))
        .prop_map(|(id, address)| (ClientIdentity::new(id.as_deref(), address).unwrap(), address))
}

/// Host name and user context: any text, with what is special more often.
fn texts() -> impl Strategy<Value = (Box<str>, Option<Box<str>>)> {
    let text = || "([,&#x0-9a-f;\\n\\r ]|\\PC|\\x00){0,20}";
    let context = text().prop_map(|text| format!("{{{text}}}").into_boxed_str());
    (text().prop_map(String::into_boxed_str), prop::option::of(context))
}

fn dns() -> impl Strategy<Value = DnsUpdated> {
    any::<(bool, bool)>().prop_map(|(forward, reverse)| DnsUpdated { forward, reverse })
}

/// Validity and when it began.
fn times() -> impl Strategy<Value = (u32, Timestamp)> {
    (prop_oneof![Just(u32::MAX), 1..=u32::MAX], 0..=u64::MAX >> 1)
        .prop_map(|(valid, last)| (valid, Timestamp(last)))
}

prop_compose! {
    fn lease4()(
        address: [u8; 4], (client, hardware) in client(), subnet: u32, pool_id: u32, (hostname, user_context) in texts(),
        dns in dns(), state in prop::sample::select(vec![LeaseState::Assigned, LeaseState::Declined, LeaseState::Expired, LeaseState::Released]),
        (valid_lifetime, last_transaction) in times(),
    ) -> Lease4 {
        Lease4 {
classes: Box::default(),
            address: address.into(), port_set: None, client, hardware, softwire: None, source: Ipv6Addr::UNSPECIFIED,
            relay_path: Box::default(), subnet, pool_id, hostname, dns, user_context, state, valid_lifetime,
            last_transaction, since: last_transaction,
        }
    }
}

prop_compose! {
    fn lease6()(
        bits: u128, prefix_len in 1..=128_u8, is_prefix: bool, duid in prop::collection::vec(1..=u8::MAX, 3..=128),
        iaid: u32, hardware in prop::option::of(hardware(any::<u8>())), subnet: u32, pool_id: u32,
        (hostname, user_context) in texts(), dns in dns(), preferred_lifetime: u32,
        state in prop::sample::select(vec![LeaseState::Assigned, LeaseState::Declined, LeaseState::Expired, LeaseState::Released]),
        (valid_lifetime, last_transaction) in times(),
    ) -> Lease6 {
        let mask = u128::MAX << (128 - prefix_len);
        let (kind, address, prefix_len) = if is_prefix {
            (LeaseKind6::Prefix, Ipv6Addr::from_bits(bits & mask), prefix_len)
        } else {
            (LeaseKind6::Address, Ipv6Addr::from_bits(bits), 128)
        };
        Lease6 {
classes: Box::default(),
            kind, address, prefix_len, duid: duid.into(), iaid, hardware, source: Ipv6Addr::UNSPECIFIED,
            relay_path: Box::default(), subnet, pool_id, hostname, dns, user_context, state, preferred_lifetime,
            valid_lifetime, last_transaction, since: last_transaction,
        }
    }
}

/// The state that comes back.
fn state(generation: Generation, state: LeaseState) -> LeaseState {
    match (generation, state) {
        (Generation::Kea22, LeaseState::Released) => LeaseState::Expired,
        _ => state,
    }
}

/// How many rows a file of one family has; each must be accounted for.
fn account<L: Record>(file: &[u8]) -> Option<usize> {
    let reader = Reader::<L, _>::new(file).ok()?;
    let count = reader.map(Result::unwrap).count();
    let has_text = |line: &&[u8]| !matches!(line, [] | [b'\r']);
    let lines = file.split(|&octet| octet == b'\n').filter(has_text).count();
    assert_eq!(count, lines - 1, "leases, deletions and bad rows are all the lines behind the header");
    Some(count)
}

proptest! {
    #[test]
    fn a_dhcpv4_lease_comes_back(leases in prop::collection::vec(lease4(), 1..5)) {
        for generation in GENERATIONS {
            let read = rows::<Lease4>(file(generation, &leases));
            prop_assert_eq!(read.len(), leases.len());
            for (row, lease) in read.into_iter().zip(&leases) {
                let mut expected = Lease4 { state: state(generation, lease.state), ..lease.clone() };
                if generation == Generation::Kea22 {
                    expected.pool_id = 0;
                }
                if expected.state == LeaseState::Declined {
                    expected.hardware = HardwareAddress::new(1, &[]).unwrap();
                    expected.client = ClientIdentity::Hardware(expected.hardware);
                }
                prop_assert_eq!(row, Row::Lease(expected));
            }
        }
    }

    #[test]
    fn a_dhcpv6_lease_comes_back(leases in prop::collection::vec(lease6(), 1..5)) {
        for generation in GENERATIONS {
            let read = rows::<Lease6>(file(generation, &leases));
            prop_assert_eq!(read.len(), leases.len());
            for (row, lease) in read.into_iter().zip(&leases) {
                let mut expected = Lease6 { state: state(generation, lease.state), ..lease.clone() };
                if generation == Generation::Kea22 {
                    expected.pool_id = 0;
                }
                if expected.state == LeaseState::Declined {
                    expected.duid = Box::default();
                }
                prop_assert_eq!(row, Row::Lease(expected));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_line_of_a_changed_file_is_accounted_for(
        which: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let mut bytes = if which { GOOD4.to_vec() } else { GOOD6.to_vec() };
        for (at, octet, how) in changes {
            let at = at.index(bytes.len());
            let octet = *b",:\n&0".get(usize::from(octet)).unwrap_or(&octet);
            match how {
                0 => bytes[at] = octet,
                1 => bytes.insert(at, octet),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes[at] ^= 1 << (octet % 8),
            }
        }
        account::<Lease4>(&bytes);
        account::<Lease6>(&bytes);
    }
}

#[test]
fn the_files_that_are_changed_are_good() {
    assert!(account::<Lease4>(GOOD4).unwrap() > 5);
    assert!(account::<Lease6>(GOOD6).unwrap() > 5);
}
