//! Where leases are kept, and what becomes of them when their time is over or the server was away.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use fosix_tests::{
    Customer, Fosix, Halves, PATIENCE, Peer, Scene, acquire, dhcpv4_of, leases, leases_listed, query, reply,
};
use fosix_wire::v4::{Message, MessageType};
use fosix_wire::v6::{CLIENT_PORT, QueryFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A network without a server, and a directory for its leases.
struct Place {
    halves: Halves,
    directory: TempDir,
}

impl Place {
    fn new(label: &str) -> Self {
        Self { halves: Halves::new(label), directory: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("leases")
    }

    /// One worker, leases in [`store`](Self::store), and a legal log beside it.
    fn configuration(&self) -> Value {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["store"] = json!({ "directory": self.store() });
        configuration["Fosix"]["workers"] = json!(1);
        configuration["Dhcp4"]["hooks-libraries"] =
            json!([ { "library": "legal_log", "parameters": { "path": self.directory.path() } } ]);
        configuration
    }

    fn serve(&self, configuration: &Value) -> Fosix {
        Fosix::start(&self.halves.server, configuration.clone())
    }

    fn peer(&self) -> Peer {
        Peer::bind(&self.halves.client, CLIENT_PORT)
    }

    /// The lines of the legal log, once one of them is of this event.
    fn log_with(&self, event: &str) -> Vec<Value> {
        until(event, || {
            let lines = self.log();
            lines.iter().any(|line| line["event"] == event).then_some(lines)
        })
    }

    fn log_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().path());
        // One more file where the test runs over midnight.
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
        files.sort();
        files
    }

    fn log(&self) -> Vec<Value> {
        let text: String = self.log_files().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        // The last line may not be finished yet.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Puts leases into the stopped store: clients 1 to `count`, of which the first `ended` have ended.
    fn import(&self, count: u32, ended: u32) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        let row = |number| {
            let Customer { hardware_address, client_id, .. } = Customer::new(number);
            let expire = if number <= ended { now - 100 } else { now + 10_000 };
            let (hardware, client, address) = (hex(&hardware_address), hex(&client_id), address(number));
            format!("{address},{hardware},{client},4000,{expire},1,0,0,,0\n")
        };
        let header =
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n";
        let rows: Vec<_> = (1..=count).map(row).collect();
        let file = self.directory.path().join("import.csv");
        fs::write(&file, format!("{header}{}", rows.concat())).unwrap();
        leases(&self.store(), &["import", file.to_str().unwrap()]);
    }

    /// Addresses whose leases are in this state in the store, ended or not.
    fn in_state(&self, state: u64) -> Vec<String> {
        let listed = leases_listed(&self.store(), &[]);
        let mut found: Vec<_> = listed.iter().filter(|lease| lease["state"] == state).collect();
        found.sort_by_key(|lease| lease["ip-address"].to_string());
        found.iter().map(|lease| lease["ip-address"].as_str().unwrap().to_owned()).collect()
    }
}

/// The address of an imported client.
fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 1, 0, 100).to_bits() + number)
}

/// Looks until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "never: {what}");
        std::thread::yield_now();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn leases_belong_to_one_server_and_to_its_user_alone() {
    let place = Place::new("owner");
    let server = place.serve(&place.configuration());
    let peer = place.peer();
    let lease = acquire(&peer, &Customer::new(1), &[], place.halves.unicast(), place.halves.unicast());
    let other = Halves::new("owner2");
    let said = Fosix::launch(&other.server, place.configuration()).refuses();
    for expected in [place.store().join("dhcp6").to_str().unwrap(), "another process"] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let folder = place.store().join("dhcp4");
    assert_eq!((mode(&place.store()), mode(&folder)), (0o700, 0o700));
    let entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(entries.iter().any(|path| path.ends_with("control")) && entries.len() >= 3, "{entries:?}");
    for path in entries {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    // The first has not suffered.
    acquire(&peer, &Customer::new(2), &[], place.halves.unicast(), place.halves.unicast());
    server.stop().assert_balanced();
    assert!(!folder.join("control").exists());
    let server = place.serve(&place.configuration());
    let answer = peer.exchange(
        &query(QueryFlags::default(), &Customer::new(1).init_reboot(lease.address)),
        place.halves.unicast(),
    );
    assert_eq!(reply(&dhcpv4_of(&answer.bytes), MessageType::ACK).yiaddr(), lease.address);
    server.stop();
}

#[test]
fn what_is_not_durable_is_said_at_the_start() {
    let place = Place::new("warn");
    let mut configuration = place.configuration();
    configuration["Fosix"]["store"]["durability"] = json!("async");
    let server = place.serve(&configuration);
    let line = server.process().wait_for_line("durability is async");
    assert!(line.contains("WARN"), "{line}");
    let lease =
        acquire(&place.peer(), &Customer::new(1), &[], place.halves.unicast(), place.halves.unicast());
    server.stop();
    assert_eq!(place.in_state(0), [lease.address.to_string()]);

    configuration["Fosix"]["store"] = json!({ "type": "memory" });
    // It tells whoever has no lease so.
    configuration["Dhcp4"]["authoritative"] = json!(true);
    let server = place.serve(&configuration);
    let line = server.process().wait_for_line("leases are kept in memory only");
    assert!(line.contains("WARN") && line.contains("NOT durable"), "{line}");
    let lease =
        acquire(&place.peer(), &Customer::new(2), &[], place.halves.unicast(), place.halves.unicast());
    server.stop();
    let server = place.serve(&configuration);
    let reboot = query(QueryFlags::default(), &Customer::new(2).init_reboot(lease.address));
    let answer = dhcpv4_of(&place.peer().exchange(&reboot, place.halves.unicast()).bytes);
    reply(&answer, MessageType::NAK);
    server.stop();
}

#[test]
fn leases_that_ended_while_the_server_was_away_are_reclaimed() {
    let place = Place::new("away");
    place.import(10, 2);
    let server = place.serve(&place.configuration());
    let expired = until("all reclaimed", || Some(place.in_state(2)).filter(|expired| expired.len() == 2));
    assert_eq!(expired, [address(1).to_string(), address(2).to_string()]);
    server.stop();
    let lines = place.log();
    let events: Vec<_> = lines.iter().map(|line| (&line["event"], &line["address"])).collect();
    let expired = json!("expired");
    assert_eq!(events, [(&expired, &json!(address(1))), (&expired, &json!(address(2)))]);
}

#[test]
fn where_many_leases_ended_while_the_server_was_away_reclaiming_waits() {
    let place = Place::new("hold");
    place.import(10, 3);
    let server = place.serve(&place.configuration());
    let line: Value = serde_json::from_str(&server.process().wait_for_line("over 20 %")).unwrap();
    assert_eq!(line["level"], "WARN");
    for (field, expected) in [("leases", 10), ("ended", 3), ("hold_secs", 300)] {
        assert_eq!(line["fields"][field], expected, "{field} in {line}");
    }
    // Who is away has not lost its address: it is renewed, and others get other ones.
    let peer = place.peer();
    let renewal = query(QueryFlags::UNICAST, &Customer::new(2).renew(address(2)));
    let answer = dhcpv4_of(&peer.exchange(&renewal, place.halves.unicast()).bytes);
    assert_eq!(reply(&answer, MessageType::ACK).yiaddr(), address(2));
    let other = acquire(&peer, &Customer::new(20), &[], place.halves.unicast(), place.halves.unicast());
    assert!(![address(1), address(3)].contains(&other.address), "{other:?}");
    server.stop();
    assert_eq!(place.in_state(2), [] as [&str; 0], "nothing was reclaimed");
}

#[test]
fn after_the_wait_what_ended_is_reclaimed() {
    let place = Place::new("held");
    place.import(10, 3);
    let mut configuration = place.configuration();
    configuration["Fosix"]["store"]["reclaim-hold"] = json!(2);
    let begun = SystemTime::now();
    let server = place.serve(&configuration);
    server.process().wait_for_line("over 20 %");
    let lines = until("all reclaimed", || Some(place.log()).filter(|lines| lines.len() == 3));
    assert!(lines.iter().all(|line| line["event"] == "expired"));
    // Times are whole seconds, so that two may be little more than one.
    let told =
        place.log_files().iter().map(|path| fs::metadata(path).unwrap().modified().unwrap()).max().unwrap();
    assert!(told.duration_since(begun).unwrap() >= Duration::from_secs(1), "it was not waited for");
    server.stop();
}

#[test]
fn a_lease_that_ended_is_reclaimed_told_of_and_forgotten() {
    let place = Place::new("expire");
    let script = place.directory.path().join("script");
    let told = place.directory.path().join("told");
    fs::write(&script, format!("#!/bin/sh\necho $1 $LEASE4_ADDRESS >> {}\n", told.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut configuration = place.configuration();
    configuration["Dhcp4"]["hooks-libraries"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "library": "run_script", "parameters": { "name": script, "max-processes": 1 } }));
    for (key, seconds) in [("valid-lifetime", 1), ("renew-timer", 0), ("rebind-timer", 0)] {
        configuration["Dhcp4"][key] = json!(seconds);
    }
    configuration["Dhcp4"]["expired-leases-processing"] = json!({
        "reclaim-timer-wait-time": 1, "hold-reclaimed-time": 1, "flush-reclaimed-timer-wait-time": 1
    });
    let server = place.serve(&configuration);
    let address = bind(&place, &Customer::new(1));
    let lines = place.log_with("expired");
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["assigned", "expired"]);
    assert!(lines.iter().all(|line| line["address"] == json!(address)));
    let line = until("the script told", || {
        let told = fs::read_to_string(&told).unwrap_or_default();
        told.lines().find(|line| line.starts_with("lease4_expire")).map(str::to_owned)
    });
    assert_eq!(line, format!("lease4_expire {address}"));
    until("forgotten", || leases_listed(&place.store(), &[]).is_empty().then_some(()));
    server.kill();
    let server = place.serve(&configuration);
    assert_eq!(leases_listed(&place.store(), &[]), [] as [Value; 0]);
    server.stop();
}

#[test]
fn without_reclaiming_an_address_that_ended_is_free_when_somebody_needs_it() {
    let place = Place::new("never");
    let mut configuration = place.configuration();
    configuration["Dhcp4"]["valid-lifetime"] = json!(1);
    configuration["Dhcp4"]["renew-timer"] = json!(0);
    configuration["Dhcp4"]["rebind-timer"] = json!(0);
    configuration["Dhcp4"]["expired-leases-processing"] = json!({ "reclaim-timer-wait-time": 0 });
    configuration["Dhcp4"]["subnet4"][0]["pools"] = json!([ { "pool": "10.1.0.10 - 10.1.0.10" } ]);
    let server = place.serve(&configuration);
    let address = bind(&place, &Customer::new(1));
    assert_eq!(bind(&place, &Customer::new(2)), address);
    let counters = server.stop();
    counters.assert_balanced();
    let events: Vec<_> = place.log().iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["assigned", "expired", "assigned"], "its end is told of when another client has it");
}

/// Has a client ask until it has a lease, however long.
fn bind(place: &Place, customer: &Customer) -> Ipv4Addr {
    let peer = place.peer();
    let ask = |message: &[u8]| {
        dhcpv4_of(&peer.exchange(&query(QueryFlags::default(), message), place.halves.unicast()).bytes)
    };
    let address = until("an offer", || {
        peer.send(&query(QueryFlags::default(), &customer.discover()), place.halves.unicast());
        // Answered in any case, and after the other.
        let mut answer = ask(&customer.inform(Scene::SERVER_IDENTIFIER));
        let offered = Message::new_checked(&answer).unwrap();
        if offered.message_type() != Some(MessageType::OFFER) {
            return None;
        }
        let address = offered.yiaddr();
        answer = dhcpv4_of(&peer.receive().bytes);
        reply(&answer, MessageType::ACK);
        Some(address)
    });
    let answer = ask(&customer.select(address, Scene::SERVER_IDENTIFIER));
    assert_eq!(reply(&answer, MessageType::ACK).yiaddr(), address);
    address
}
