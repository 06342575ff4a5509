//! The disk for leases is full: nothing is promised that is not kept, and service is back as soon as there is room.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fosix_tests::{Fleet, Fosix, Halves, Held, Relay, Scene, leases, leases_listed, run_to_end};
use rustix::fs::{FallocateFlags, fallocate};
use serde_json::{Value, json};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
const CLIENTS: u32 = 100;
/// `valid-lifetime` of [`Scene::configuration`].
const LIFETIME: u32 = 4000;
/// Relays make a lease's record long, so that a segment of the log is soon full.
const RELAYS: u8 = 30;

/// A file system of a few MiB.
struct Disk {
    directory: TempDir,
}

impl Disk {
    fn new(mib: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m,mode=0700"), "fosix-test"]);
        run_to_end(mount.arg(directory.path()));
        Self { directory }
    }

    fn leases(&self) -> PathBuf {
        self.directory.path().join("leases")
    }

    /// Takes room that is given back when the file is removed.
    fn fill(&self, bytes: u64) -> PathBuf {
        let path = self.directory.path().join("filler");
        fallocate(File::create(&path).unwrap(), FallocateFlags::empty(), 0, bytes).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A test that fails must show its own failure, not this one.
        let _ = Command::new("umount").arg("--lazy").arg(self.directory.path()).status();
    }
}

/// A server's network, with clients behind many relays that fill a log soon.
fn network(label: &str) -> (Halves, Fleet) {
    let halves = Halves::new(label);
    halves.server.ip(&["link", "set", "dev", "vs", "mtu", "65535"]);
    halves.client.ip(&["link", "set", "dev", "vc", "mtu", "65535"]);
    let relay = |level: u8| Relay {
        interface_id: Some(vec![level; 255]),
        ..Relay::new(level, Scene::CLIENT, "fe80::1".parse().unwrap())
    };
    let fleet = Fleet::new(&halves.client, CLIENTS, (0..RELAYS).rev().map(relay).collect());
    (halves, fleet)
}

fn configuration(directory: &Path, budget: Option<u64>) -> Value {
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "directory": directory });
    if let Some(mib) = budget {
        configuration["Fosix"]["store"]["disk-budget"] = json!(mib);
    }
    configuration["Fosix"]["max-relay-levels"] = json!(32);
    configuration
}

/// Renews until the store has no room and no renewal extends a lease any more.
fn fill(fleet: &mut Fleet) {
    fleet.go_on();
    fleet.take_until("bound", |fleet| fleet.held().count() == CLIENTS as usize);
    assert!(fleet.held().all(|(_, held)| held.lifetime == LIFETIME));
    while fleet.held().any(|(_, held)| held.lifetime == LIFETIME) {
        fleet.go_on();
        fleet.take_until("answered", |fleet| fleet.unanswered() == 0);
    }
}

/// Without room new clients get nothing, and others what they have anyway.
fn is_full(server: &Fosix, fleet: &mut Fleet, directory: &Path) {
    let times = || -> HashMap<String, (u64, u64)> {
        let lease = |lease: &Value| {
            let times = (lease["cltt"].as_u64().unwrap(), lease["valid-lft"].as_u64().unwrap());
            (lease["ip-address"].as_str().unwrap().to_owned(), times)
        };
        leases_listed(directory, &["--subnet", "1"]).iter().map(lease).collect()
    };
    let before = times();
    let dropped = server.counters().get("pkt4-drop-store-full");
    fleet.join(10);
    fleet.go_on();
    fleet.take_until("answered but for the new", |fleet| fleet.unanswered() == 10);
    server.counters_when("pkt4-drop-store-full", dropped + 10);
    assert!(fleet.held().all(|(_, Held { lifetime, .. })| (1..LIFETIME).contains(&lifetime)));
    assert_eq!(times(), before, "a renewal without room changes nothing");
    assert_eq!(fleet.held().count(), CLIENTS as usize);
    assert!(leases(directory, &["stats"]).contains("NoRoom"));
}

/// With room again everybody is served.
fn serves_all(fleet: &mut Fleet) {
    fleet.go_on();
    fleet.take_until("everybody served", |fleet| fleet.held().count() == CLIENTS as usize + 10);
    fleet.renew_all();
    assert!(fleet.held().all(|(_, held)| held.lifetime == LIFETIME), "renewed for the whole time");
}

/// Everything that was acknowledged is there.
fn confirm(fleet: &mut Fleet, directory: &Path) {
    let listed = leases_listed(directory, &["--subnet", "1", "--state", "assigned"]);
    let clients: HashMap<_, _> =
        listed.iter().map(|lease| (lease["ip-address"].as_str(), &lease["hw-address"])).collect();
    let mut held = 0;
    for (customer, lease) in fleet.held() {
        let hardware = customer.hardware_address.map(|octet| format!("{octet:02x}")).join(":");
        assert_eq!(clients.get(&Some(lease.address.to_string().as_str())), Some(&&json!(hardware)));
        held += 1;
    }
    assert!(held >= CLIENTS as usize);
    fleet.renew_all();
}

#[test]
fn a_full_disk_ends_no_lease_and_service_is_back_when_there_is_room() {
    let disk = Disk::new(256);
    // Room for the first segment of each half, 64 MiB, not for a next one.
    let filler = disk.fill(86 * MIB);
    let (halves, mut fleet) = network("full");
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), None));
    fill(&mut fleet);
    is_full(&server, &mut fleet, &disk.leases());
    fs::remove_file(filler).unwrap();
    serves_all(&mut fleet);
    server.counters().assert_balanced();

    server.kill();
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), None));
    confirm(&mut fleet, &disk.leases());
    server.stop().assert_balanced();
}

#[test]
fn a_server_starts_on_a_full_disk_after_a_crash_and_has_everything() {
    let disk = Disk::new(256);
    let filler = disk.fill(86 * MIB);
    let (halves, mut fleet) = network("full-crash");
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), None));
    fill(&mut fleet);
    server.kill();
    // A start is possible without room for another segment, too.
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), None));
    is_full(&server, &mut fleet, &disk.leases());
    server.kill();
    fs::remove_file(filler).unwrap();
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), None));
    confirm(&mut fleet, &disk.leases());
    server.stop().assert_balanced();
}

#[test]
fn a_budget_that_is_used_up_is_like_a_full_disk() {
    let disk = Disk::new(600);
    // A snapshot so long that only one segment of 64 MiB fits beside it, which is too short for another snapshot.
    let file = disk.directory.path().join("kea-leases4.csv");
    fs::write(&file, long_leases(36_000)).unwrap();
    leases(&disk.leases(), &["import", file.to_str().unwrap()]);
    fs::remove_file(file).unwrap();
    let (halves, mut fleet) = network("budget");
    let server = Fosix::start(&halves.server, configuration(&disk.leases(), Some(256)));
    fill(&mut fleet);
    is_full(&server, &mut fleet, &disk.leases());
    server.process().wait_for_line("the disk that leases are kept on");
    server.stop().assert_balanced();

    let server = Fosix::start(&halves.server, configuration(&disk.leases(), Some(1000)));
    confirm(&mut fleet, &disk.leases());
    serves_all(&mut fleet);
    server.stop().assert_balanced();
}

/// A lease file of Kea's with that many leases of subnet 2, with 4 KiB of user context each.
fn long_leases(count: u32) -> String {
    let header = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n";
    let context = format!("{{ \"note\": \"{}\" }}", "x".repeat(4096));
    let row = |number: u32| {
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 2, 0, 10).to_bits() + number);
        let [_, a, b, c] = number.to_be_bytes();
        format!("{address},06:00:00:{a:02x}:{b:02x}:{c:02x},,4000,4100000000,2,0,0,,0,{context}\n")
    };
    header.to_owned() + &(0..count).map(row).collect::<Vec<_>>().concat()
}
