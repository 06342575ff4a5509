//! Tests of the bytes of a DHCPv6 lease.

use proptest::prelude::*;

use super::*;

#[test]
fn an_entry_takes_72_bytes() {
    assert_eq!(size_of::<Entry6>(), 72);
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let lease = Lease6 {
        kind: LeaseKind6::Prefix,
        address: "2001:db8::".parse().unwrap(),
        prefix_len: 56,
        duid: [0, 3, 1].into(),
        iaid: 0x0102_0304,
        hardware: HardwareAddress::new(1, &[2, 3]),
        source: Ipv6Addr::LOCALHOST,
        relay_path: Box::default(),
        subnet: 7,
        pool_id: 0,
        classes: Box::default(),
        hostname: Box::default(),
        dns: DnsUpdated { forward: false, reverse: true },
        user_context: None,
        state: LeaseState::Assigned,
        preferred_lifetime: 1,
        valid_lifetime: 2,
        last_transaction: Timestamp(3),
        since: Timestamp(4),
    };
    let mut body = Vec::new();
    lease.encode(&mut body);
    let (address, loopback) = (lease.address.octets(), Ipv6Addr::LOCALHOST.octets());
    let parts: [&[u8]; 10] = [
        &[1, 0, 2, 2],
        &address,
        &[56, 0, 0, 0],
        &[4, 3, 2, 1, 7, 0, 0, 0],
        &[1, 0, 0, 0, 2, 0, 0, 0],
        &[3, 0, 0, 0, 4, 0, 0, 0],
        &[2, 3, 1, 2, 3],
        &[3, 3, 0, 3, 1],
        &[5, 16],
        &loopback,
    ];
    assert_eq!(body, parts.concat());
    assert_eq!(Lease6::decode(&body), Ok(lease.clone()));
    for (at, value) in [(3, 3), (20, 0), (20, 20), (20, 129), (19, 1)] {
        let mut bad = body.clone();
        bad[at] = value;
        assert!(Lease6::decode(&bad).is_err(), "{at} {value}");
    }
    let key = Key6::of(&lease);
    assert_eq!(key.encode()[..], [&[1, 2, 56, 0][..], &address].concat());
}

#[test]
fn prefixes_overlap_where_one_holds_the_other() {
    let prefix = |text: &str, len| Key6::prefix(text.parse().unwrap(), len);
    assert!(prefix("2001:db8::", 48).overlaps(prefix("2001:db8:0:100::", 56)));
    assert!(!prefix("2001:db8::", 48).overlaps(prefix("2001:db8:1::", 56)));
    assert!(!prefix("2001:db8::", 48).overlaps(Key6::address("2001:db8::1".parse().unwrap())));
}

proptest! {
    #[test]
    fn a_lease_comes_back_as_it_was(lease in crate::samples::any_lease6()) {
        let mut body = Vec::new();
        lease.encode(&mut body);
        prop_assert_eq!(Lease6::decode(&body), Ok(lease.clone()));
        let key = Key6::of(&lease);
        prop_assert_eq!(Key6::decode(&key.encode()), Ok(key));
        for end in 0..body.len() {
            let _ = Lease6::decode(&body[..end]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Lease6::decode(&bytes), Key6::decode(&bytes));
    }
}
