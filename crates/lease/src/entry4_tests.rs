//! Tests of the bytes of a DHCPv4 lease.

use proptest::prelude::*;

use super::*;
use crate::RelayHop;
use crate::samples::lease4;

#[test]
fn an_entry_takes_48_bytes() {
    assert_eq!(size_of::<Entry4>(), 48);
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let lease = Lease4 {
        address: [192, 0, 2, 9].into(),
        port_set: PortParams::new(4, 8, 0x34).ok(),
        client: ClientIdentity::Identifier([0xff, 1][..].into()),
        hardware: HardwareAddress::new(1, &[2, 3, 4, 5, 6, 7]).unwrap(),
        softwire: Some(SoftwireSource { address: Ipv6Addr::LOCALHOST, changed: Timestamp(5) }),
        source: Ipv6Addr::LOCALHOST,
        relay_path: [RelayHop {
            link_address: Ipv6Addr::UNSPECIFIED,
            interface_id: b"if".as_slice().into(),
            remote_id: Box::default(),
        }]
        .into(),
        subnet: 7,
        pool_id: 2,
        classes: Box::default(),
        hostname: "cpe".into(),
        dns: DnsUpdated { forward: true, reverse: false },
        user_context: Some("{}".into()),
        state: LeaseState::Declined,
        valid_lifetime: 0x0102_0304,
        last_transaction: Timestamp(0x0506_0708),
        since: Timestamp(9),
    };
    let mut body = Vec::new();
    lease.encode(&mut body);
    let loopback = Ipv6Addr::LOCALHOST.octets();
    let parts: [&[u8]; 14] = [
        &[1, 1, 1 | 4, 4, 192, 0, 2, 9, 0x34, 0, 8, 0, 7, 0, 0, 0],
        &[4, 3, 2, 1, 8, 7, 6, 5, 9, 0, 0, 0],
        &[1, 2, 0xff, 1],
        &[2, 7, 1, 2, 3, 4, 5, 6, 7],
        &[4, 20],
        &loopback,
        &[5, 0, 0, 0],
        &[5, 0],
        &[6, 20],
        &[0; 16],
        &[2, b'i', b'f', 0],
        &[7, 3, b'c', b'p', b'e'],
        &[8, 2, b'{', b'}'],
        &[9, 4, 2, 0, 0, 0],
    ];
    assert_eq!(body, parts.concat());
    assert_eq!(Lease4::decode(&body), Ok(lease));
}

#[test]
fn what_is_not_a_lease_is_refused() {
    let mut body = Vec::new();
    lease4(1, 2).encode(&mut body);
    let changed = |at: usize, value: u8| {
        let mut body = body.clone();
        body[at] = value;
        Lease4::decode(&body)
    };
    assert_eq!(changed(0, 2), Err(BodyError::Version { version: 2 }));
    assert_eq!(changed(1, 5), Err(BodyError::Value { what: "lease state", value: 5 }));
    let mut ports = body.clone();
    (ports[2], ports[3], ports[10]) = (4, 16, 1);
    assert_eq!(Lease4::decode(&ports), Err(BodyError::Value { what: "PSID length", value: 1 }));
    for (fields, error) in [
        (&[2, 1, 1, 1, 1, 1][..], BodyError::FieldOrder { tag: 1 }),
        (&[1, 1, 1, 1, 1, 1], BodyError::FieldOrder { tag: 1 }),
        (&[1, 0], BodyError::Field { tag: 1 }),
        (&[5, 1, 1], BodyError::Field { tag: 5 }),
        (&[6, 3, 1, 1, 1], BodyError::Field { tag: 6 }),
        (&[7, 1, 0xff], BodyError::Field { tag: 7 }),
        (&[200, 255, 1], BodyError::Truncated { len: 3 }),
    ] {
        assert_eq!(Lease4::decode(&[&body[..FIXED_LEN], fields].concat()), Err(error));
    }
    assert!(Lease4::decode(&[&body[..FIXED_LEN], &[200, 255, 1, 0, 7]].concat()).is_ok());
}

proptest! {
    #[test]
    fn a_lease_comes_back_as_it_was(lease in crate::samples::any_lease4()) {
        let mut body = Vec::new();
        lease.encode(&mut body);
        prop_assert_eq!(Lease4::decode(&body), Ok(lease.clone()));
        let key = Key4 { address: lease.address, port_set: lease.port_set };
        prop_assert_eq!(Key4::decode(&key.encode()), Ok(key));
        for end in 0..body.len() {
            let _ = Lease4::decode(&body[..end]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Lease4::decode(&bytes), Key4::decode(&bytes));
        let body = [&Entry4::default().encode()[..], &bytes].concat();
        if let Ok(lease) = Lease4::decode(&body) {
            lease.encode(&mut Vec::new());
        }
    }
}
