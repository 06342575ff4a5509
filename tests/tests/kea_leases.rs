//! Leases that are handed over to Kea: its servers read every one, its clean-up rewrites them, and they come back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use fosix_lease::kea_csv::{Generation, Reader, Record, Row, Writer, load_order};
use fosix_lease::{
    ClientIdentity, DnsUpdated, HardwareAddress, Lease4, Lease6, LeaseKind6, LeaseState, Timestamp,
};
use fosix_tests::{Netns, Process, run_to_end};
use serde_json::json;

/// How many leases are handed over.
const LEASES: u32 = 1000;

/// All of them began then: far enough in the future that none expires under the test.
const BEGAN: Timestamp = Timestamp(4_000_000_000);

#[test]
fn kea_dhcp4_takes_over_every_lease_and_gives_it_back() {
    hand_over(4, &lease4, |lease| lease.address, Generation::Kea22);
}

#[test]
fn kea_dhcp6_takes_over_every_lease_and_gives_it_back() {
    hand_over(6, &lease6, |lease| lease.address, Generation::Kea22);
}

/// A version of Kea that is older than the file leaves the columns out that it does not know.
#[test]
fn the_clean_up_of_an_older_kea_reads_the_file_of_a_newer_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kea-leases4.csv");
    export(&file, &lease4, Generation::Kea30);
    clean_up(4, &file);
    assert_eq!(held(&file, |lease: &Lease4| lease.address), all(&lease4, |lease| lease.address));
}

/// Exports leases made by `lease`, starts the server on them, cleans their file up and compares.
fn hand_over<L: Record + Debug + PartialEq, K: Ord + Debug>(
    family: u8,
    lease: &dyn Fn(u32, Timestamp) -> L,
    key: impl Fn(&L) -> K,
    generation: Generation,
) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(format!("kea-leases{family}.csv"));
    export(&file, lease, generation);
    assert_eq!(held(&file, &key), all(lease, &key));
    let before = fs::read(&file).unwrap();
    serve(family, directory.path(), &file);
    assert_eq!(fs::read(&file).unwrap(), before, "nothing was left for the server to change");
    clean_up(family, &file);
    assert_eq!(held(&file, &key), all(lease, &key));
}

/// Writes every lease twice, the second time extended.
fn export<L: Record>(file: &Path, lease: &dyn Fn(u32, Timestamp) -> L, generation: Generation) {
    let mut writer = Writer::new(Vec::new(), generation).unwrap();
    for began in [Timestamp(BEGAN.0 - 1000), BEGAN] {
        for number in 0..LEASES {
            writer.write(&lease(number, began)).unwrap();
        }
    }
    fs::write(file, writer.into_inner()).unwrap();
}

/// Every lease as it was last.
fn all<L, K: Ord>(lease: &dyn Fn(u32, Timestamp) -> L, key: impl Fn(&L) -> K) -> BTreeMap<K, L> {
    (0..LEASES).map(|number| lease(number, BEGAN)).map(|lease| (key(&lease), lease)).collect()
}

/// What is held by the rows of the files, the last of a lease deciding.
fn held<L: Record, K: Ord>(file: &Path, key: impl Fn(&L) -> K) -> BTreeMap<K, L> {
    let mut held = BTreeMap::new();
    for file in load_order(file).unwrap() {
        for row in Reader::<L, _>::new(fs::read(file).unwrap().as_slice()).unwrap() {
            match row.unwrap() {
                Row::Lease(lease) => drop(held.insert(key(&lease), lease)),
                Row::Delete(_) => panic!("no lease was deleted"),
                Row::Bad(bad) => panic!("{bad}"),
            }
        }
    }
    held
}

/// Starts the server and sees what it says of the rows.
fn serve(family: u8, directory: &Path, file: &Path) {
    let netns = Netns::new(&format!("kea-leases{family}"));
    let program = format!("kea-dhcp{family}");
    let subnet = if family == 4 { "10.0.0.0/8" } else { "2001:db8::/32" };
    let mut configuration = json!({
        "interfaces-config": { "interfaces": [] },
        "lease-database": { "type": "memfile", "persist": true, "name": file, "lfc-interval": 0 },
        "loggers": [ {
            "name": program, "severity": "DEBUG", "debuglevel": 55, "output_options": [ { "output": "stdout" } ]
        } ]
    });
    configuration[format!("subnet{family}")] = json!([ { "id": 1, "subnet": subnet } ]);
    if family == 6 {
        configuration["server-id"] = json!({ "type": "EN", "enterprise-id": 2495, "persist": false });
    }
    let path = directory.join("kea.json");
    fs::write(&path, json!({ format!("Dhcp{family}"): configuration }).to_string()).unwrap();
    let mut command = netns.command(&program);
    command.env("KEA_PIDFILE_DIR", directory).env("KEA_LOCKFILE_DIR", "none").arg("-c").arg(&path);
    let mut process = Process::spawn(&mut command);
    process.wait_for_line(&format!("DHCP{family}_STARTED"));
    let lines = process.lines();
    let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    assert_eq!(count("DHCPSRV_MEMFILE_LEASE_LOAD loading lease"), 2 * LEASES as usize);
    let is_wrong = |line: &&String| {
        line.contains(" ERROR ") || (line.contains("DHCPSRV_MEMFILE") && line.contains(" WARN "))
    };
    assert_eq!(lines.iter().filter(is_wrong).collect::<Vec<_>>(), [] as [&String; 0]);
    process.terminate();
}

/// Lets Kea's lease file clean-up leave one row of each lease; what comes of it is in `.2`.
fn clean_up(family: u8, file: &Path) {
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", file.display()));
    fs::rename(file, beside(".1")).unwrap();
    let mut command = Command::new("kea-lfc");
    command.arg(format!("-{family}")).arg("-c").arg("ignored");
    for (option, suffix) in
        [("-p", ".pid"), ("-x", ".2"), ("-i", ".1"), ("-o", ".output"), ("-f", ".completed")]
    {
        command.arg(option).arg(beside(suffix));
    }
    run_to_end(command.env("KEA_LOCKFILE_DIR", "none"));
    let cleaned = beside(".2");
    assert_eq!(load_order(file).unwrap(), [cleaned.as_path()]);
    let lines = fs::read_to_string(cleaned).unwrap().lines().count();
    assert_eq!(lines, 1 + LEASES as usize, "one row of each lease");
}

/// Names with whatever the files have to hide. Kea has names in small letters.
fn hostname(number: u32) -> Box<str> {
    match number % 5 {
        0 => String::new(),
        1 => format!("cpe-{number}.example.net"),
        2 => format!("a,b & c{number}"),
        3 => format!("&#x2c{number}é\t"),
        _ => format!("\"{number}\"&"),
    }
    .into()
}

/// User contexts in the spelling that Kea gives them.
fn user_context(number: u32) -> Option<Box<str>> {
    let text = match number % 4 {
        0 => return None,
        1 => "{  }".to_owned(),
        2 => format!("{{ \"a\": {number}, \"b\": [ \"&\", \",\" ] }}"),
        _ => "{ \"ISC\": { \"relay-agent-info\": \"0x0104AABBCCDD\" } }".to_owned(),
    };
    Some(text.into())
}

fn state(number: u32) -> LeaseState {
    match number % 50 {
        7 => LeaseState::Declined,
        8 => LeaseState::Expired,
        _ => LeaseState::Assigned,
    }
}

fn valid_lifetime(number: u32) -> u32 {
    if number % 10 == 3 { u32::MAX } else { 3600 + number }
}

fn mac(number: u32) -> HardwareAddress {
    let [_, _, high, low] = number.to_be_bytes();
    HardwareAddress::new(1, &[2, 0, 0, 0, high, low]).unwrap()
}

fn dns(number: u32) -> DnsUpdated {
    DnsUpdated { forward: number % 2 == 1, reverse: number % 3 == 1 }
}

fn lease4(number: u32, began: Timestamp) -> Lease4 {
    let state = state(number);
    let nobody = HardwareAddress::new(1, &[]).unwrap();
    let hardware = if state == LeaseState::Declined { nobody } else { mac(number) };
    let identifier = vec![number.to_le_bytes()[0]; 2 + (number % 127) as usize];
    let client = if number.is_multiple_of(2) && state != LeaseState::Declined {
        ClientIdentity::Identifier(identifier.into())
    } else {
        ClientIdentity::Hardware(hardware)
    };
    Lease4 {
        address: Ipv4Addr::from_bits(0x0a00_0001 + number),
        port_set: None,
        client,
        hardware,
        softwire: None,
        source: Ipv6Addr::UNSPECIFIED,
        relay_path: Box::default(),
        subnet: 1,
        pool_id: 0,
        classes: Box::default(),
        hostname: hostname(number),
        dns: dns(number),
        user_context: user_context(number),
        state,
        valid_lifetime: valid_lifetime(number),
        last_transaction: began,
        since: began,
    }
}

fn lease6(number: u32, began: Timestamp) -> Lease6 {
    let state = state(number);
    let base: Ipv6Addr = "2001:db8::".parse().unwrap();
    let (kind, shift, prefix_len) = match number % 3 {
        0 => (LeaseKind6::Prefix, 72, 56),
        _ => (LeaseKind6::Address, 0, 128),
    };
    let duid = match state {
        LeaseState::Declined => Vec::new(),
        _ => vec![1 + number.to_le_bytes()[0] / 2; 3 + (number % 126) as usize],
    };
    Lease6 {
        kind,
        address: Ipv6Addr::from_bits(base.to_bits() | u128::from(number + 1) << shift),
        prefix_len,
        duid: duid.into(),
        iaid: u32::MAX - number,
        hardware: (number.is_multiple_of(2)).then(|| mac(number)),
        source: Ipv6Addr::UNSPECIFIED,
        relay_path: Box::default(),
        subnet: 1,
        pool_id: 0,
        classes: Box::default(),
        hostname: hostname(number),
        dns: dns(number),
        user_context: user_context(number),
        state,
        preferred_lifetime: number,
        valid_lifetime: valid_lifetime(number),
        last_transaction: began,
        since: began,
    }
}
