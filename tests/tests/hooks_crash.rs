//! Hooks are told everything that clients were told of, also when the server was killed in between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fosix_tests::{Customer, Fleet, Fosix, Halves, PATIENCE, Peer, Scene, acquire};
use fosix_wire::v6::CLIENT_PORT;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// A script that writes a line about each event, once it may.
struct Script {
    directory: PathBuf,
    gate: Option<File>,
}

impl Script {
    /// Whoever runs it waits at the gate, and tells nothing after that.
    fn new(directory: &Path) -> Self {
        let path = |name: &str| directory.join(name).display().to_string();
        let (open, blocked, gate, told) = (path("open"), path("blocked"), path("gate"), path("told"));
        let body = format!(
            "#!/bin/sh\nif [ ! -e {open} ]; then echo $1 >> {blocked}; flock {gate} true; exit; fi\n\
             echo $LEASES4_AT0_ADDRESS >> {told}\n"
        );
        fs::write(directory.join("script"), body).unwrap();
        fs::set_permissions(directory.join("script"), fs::Permissions::from_mode(0o755)).unwrap();
        let gate = File::create(&gate).unwrap();
        flock(&gate, FlockOperation::LockExclusive).unwrap();
        Self { directory: directory.to_owned(), gate: Some(gate) }
    }

    fn open(&mut self) {
        fs::write(self.directory.join("open"), "").unwrap();
        self.gate = None;
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.directory.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn wait_for_lines(&self, name: &str, count: usize) -> Vec<String> {
        until(&format!("{count} lines in {name}"), || {
            Some(self.lines(name)).filter(|lines| lines.len() >= count)
        })
    }
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

fn configuration(directory: &Path, hook: &Value) -> Value {
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "directory": directory.join("leases") });
    configuration["Dhcp4"]["hooks-libraries"] = json!([hook]);
    configuration
}

#[test]
fn a_script_is_told_after_a_crash_what_it_was_not_told_before() {
    let halves = Halves::new("told");
    let directory = tempfile::tempdir().unwrap();
    let mut script = Script::new(directory.path());
    let hook = json!({
        "library": "run_script", "parameters": { "name": directory.path().join("script"), "max-processes": 1 }
    });
    let serve = || Fosix::start(&halves.server, configuration(directory.path(), &hook));
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    let bind = |number| {
        acquire(&peer, &Customer::new(number), &[], halves.unicast(), halves.unicast()).address.to_string()
    };
    let server = serve();
    let mut events: Vec<_> = (1..=5).map(bind).collect();
    script.wait_for_lines("blocked", 1);
    server.kill();
    script.open();
    assert_eq!(script.lines("told"), [] as [&str; 0]);

    let server = serve();
    assert_eq!(script.wait_for_lines("told", 5), events);
    events.push(bind(6));
    assert_eq!(script.wait_for_lines("told", 6), events);
    server.kill();
    let server = serve();
    events.push(bind(7));
    let last = events[6].clone();
    // The last of what was told before the crash may be told again, but nothing is left out or told in another order.
    let told = until("the seventh told", || Some(script.lines("told")).filter(|told| told.contains(&last)));
    let again = told.len() - 7;
    assert_eq!(told[..6], events[..6]);
    assert_eq!(told[6..], events[6 - again..], "{told:?}");

    // Nothing is told twice when it ends as it should.
    server.stop();
    let before = script.lines("told").len();
    let server = serve();
    let eighth = bind(8);
    assert_eq!(script.wait_for_lines("told", before + 1)[before..], [eighth]);
    assert_eq!(server.stop().get("run-script-lost"), 0);
}

#[test]
fn every_lease_that_was_acknowledged_before_a_crash_is_in_the_legal_log_after_it() {
    const CLIENTS: u32 = 300;
    /// Whether a crash comes between an answer and its line is chance: there are as many as it takes.
    const CRASHES: std::ops::RangeInclusive<u64> = 5..=60;
    let halves = Halves::new("legal");
    let directory = tempfile::tempdir().unwrap();
    let hook = json!({ "library": "legal_log", "parameters": { "path": directory.path() } });
    let serve = || Fosix::start(&halves.server, configuration(directory.path(), &hook));
    let mut fleet = Fleet::new(&halves.client, CLIENTS, Vec::new());
    let mut missing_at_crash = 0;
    for round in 1..=*CRASHES.end() {
        if missing_at_crash > 0 && CRASHES.contains(&round) {
            break;
        }
        let server = serve();
        let enough = fleet.acks() + 150 + 13 * (round % 7);
        fleet.join(CLIENTS);
        fleet.go_on();
        fleet.take_until("acknowledged", |fleet| fleet.acks() >= enough);
        server.kill();
        while fleet.take(Duration::ZERO) > 0 {}
        missing_at_crash += missing(&fleet, directory.path());
        let server = serve();
        until("all in the log", || (missing(&fleet, directory.path()) == 0).then_some(()));
        assert_eq!(server.stop().get("legal-log-lost"), 0);
        // Whoever had no answer begins anew.
        fleet.forget();
    }
    assert!(missing_at_crash > 0, "no crash came between an answer and its line");
}

/// How many of the fleet's leases have no line.
fn missing(fleet: &Fleet, directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let text: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let given: HashSet<(String, String)> = text
        .lines()
        // The last line of a server that was killed may be cut off.
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["event"] == "assigned")
        .map(|line| (text_of(&line["address"]), text_of(&line["hardware_address"])))
        .collect();
    let hardware =
        |customer: &Customer| customer.hardware_address.map(|octet| format!("{octet:02x}")).join(":");
    fleet
        .held()
        .filter(|(customer, held)| !given.contains(&(held.address.to_string(), hardware(customer))))
        .count()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
