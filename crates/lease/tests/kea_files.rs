//! Lease files as Kea writes them: what is held in the end, the last row of an address deciding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use LeaseState::{Assigned, Declined, Expired, Registered, Released};
use fosix_lease::kea_csv::{BadRow, Reader4, Reader6, Reason, Row, load_order};
use fosix_lease::{Lease4, Lease6, LeaseKind6, LeaseState, Timestamp};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn leases4(name: &str) -> BTreeMap<Ipv4Addr, Lease4> {
    let mut leases = BTreeMap::new();
    for file in load_order(&data(name)).unwrap() {
        for row in Reader4::new(BufReader::new(File::open(file).unwrap())).unwrap() {
            match row.unwrap() {
                Row::Lease(lease) => drop(leases.insert(lease.address, lease)),
                Row::Delete(address) => drop(leases.remove(&address)),
                Row::Bad(bad) => panic!("{bad}"),
            }
        }
    }
    leases
}

fn leases6(name: &str) -> (BTreeMap<Ipv6Addr, Lease6>, Vec<BadRow>) {
    let (mut leases, mut rest) = (BTreeMap::new(), Vec::new());
    for row in Reader6::new(BufReader::new(File::open(data(name)).unwrap())).unwrap() {
        match row.unwrap() {
            Row::Lease(lease) => drop(leases.insert(lease.address, lease)),
            Row::Delete(key) => drop(leases.remove(&key.address)),
            Row::Bad(bad) => rest.push(bad),
        }
    }
    (leases, rest)
}

/// The last octet of the address, the state and the last transaction of each lease.
fn summary(leases: &BTreeMap<Ipv4Addr, Lease4>) -> Vec<(u8, LeaseState, u64)> {
    let last = |lease: &Lease4| lease.address.octets()[3];
    leases.values().map(|lease| (last(lease), lease.state, lease.last_transaction.0)).collect()
}

#[test]
fn a_dhcpv4_file_of_kea_2_2() {
    let leases = leases4("kea-2.2-leases4.csv");
    assert_eq!(
        summary(&leases),
        [
            (100, Assigned, 1_795_460_642),
            (101, Assigned, 1_795_462_700),
            (102, Assigned, 1_795_458_701),
            (104, Declined, 1_795_462_703),
            (105, Assigned, 1_795_462_705),
            (106, Expired, 1_795_396_000),
        ]
    );
    let lease = &leases[&Ipv4Addr::new(10, 10, 10, 102)];
    assert_eq!(&*lease.hostname, "kitchen, left");
    assert_eq!(lease.client.to_string(), "id 01:02:00:00:00:00:03");
    let context = "{ \"ISC\": { \"relay-agent-info\": \"0x0104AABBCCDD\" } }";
    assert_eq!(lease.user_context.as_deref(), Some(context));
    assert_eq!(leases[&Ipv4Addr::new(10, 10, 10, 105)].expires(), None);
    assert_eq!(leases[&Ipv4Addr::new(10, 10, 10, 104)].expires(), Some(Timestamp(1_795_549_103)));
}

#[test]
fn a_dhcpv4_file_of_kea_3_0() {
    let leases = leases4("kea-3.0-leases4.csv");
    assert_eq!(
        summary(&leases),
        [
            (1, Assigned, 1_795_455_442),
            (2, Assigned, 1_795_459_043),
            (3, Assigned, 1_795_455_444),
            (4, Released, 1_795_461_445),
            (5, Declined, 1_795_462_703),
        ]
    );
    let name = |last| &*leases[&Ipv4Addr::new(10, 20, 0, last)].hostname;
    assert_eq!((name(2), name(3)), ("müller.example.net", "a&b\n"));
    assert_eq!(leases[&Ipv4Addr::new(10, 20, 0, 2)].pool_id, 3);
}

#[test]
fn a_dhcpv6_file_of_kea_2_2() {
    let (leases, rest) = leases6("kea-2.2-leases6.csv");
    let held: Vec<_> = leases.values().map(|lease| (lease.kind, lease.state, lease.iaid)).collect();
    assert_eq!(
        held,
        [
            (LeaseKind6::Address, Assigned, 1),
            (LeaseKind6::Address, Declined, 9),
            (LeaseKind6::Prefix, Assigned, 8),
        ]
    );
    let prefix = &leases[&"2001:db8:100::".parse().unwrap()];
    assert_eq!((prefix.prefix_len, prefix.last_transaction), (56, Timestamp(1_795_462_642)));
    assert_eq!(prefix.hardware.unwrap().octets(), [2, 0, 0, 0, 0, 1]);
    let [bad] = rest.as_slice() else { panic!("{rest:?}") };
    assert_eq!((bad.line, bad.column, bad.reason), (7, Some("lease_type"), Reason::Temporary));
}

#[test]
fn a_dhcpv6_file_of_kea_3_0() {
    let (leases, rest) = leases6("kea-3.0-leases6.csv");
    assert_eq!(rest, []);
    let held: Vec<_> = leases.values().map(|lease| (lease.state, lease.pool_id, lease.iaid)).collect();
    assert_eq!(
        held,
        [
            (Assigned, 0, 1),
            (Declined, 0, 2),
            (Registered, 0, 3),
            (Released, 0, 4),
            (Assigned, 4, 1),
            (Assigned, 0, 5)
        ]
    );
    let renewed = &leases[&"2001:db8:2::1".parse().unwrap()];
    assert_eq!((renewed.user_context.as_deref(), renewed.last_transaction.0), (None, 1_795_459_042));
    assert_eq!(leases[&"2001:db8:200:200::".parse().unwrap()].expires(), None);
}
