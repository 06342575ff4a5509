//! The server under test: started with a configuration, asked for its counters, stopped.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::run_to_end;
use crate::{Netns, PATIENCE, Process};

/// A running `fosix serve`; killed when it is dropped.
#[derive(Debug)]
pub struct Fosix {
    process: Process,
    directory: TempDir,
}

/// The server's counters, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters(BTreeMap<String, u64>);

impl Fosix {
    /// Starts `fosix serve` in a namespace and waits until it says that it is ready.
    ///
    /// It logs as JSON, which its counters are read from, and keeps its leases in a directory of its own where `config`
    /// does not say where; the rest of `config` is used as it is.
    pub fn start(netns: &Netns, config: Value) -> Self {
        let server = Self::launch(netns, config);
        server.process.wait_for(0, "fosix ready", |line| message_of(line, "fosix ready"));
        server
    }

    /// Starts `fosix serve` without waiting for anything. What it logs is shown when the test fails; the environment
    /// variable FOSIX_TEST_LOG sets the level where `config` does not.
    pub fn launch(netns: &Netns, config: Value) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        let file = write(config, directory.path());
        let process = Process::spawn(netns.command(program()).arg("serve").arg(&file));
        Self { process, directory }
    }

    /// Gives it another configuration (SIGHUP), and waits until it is in force; where it is refused, why.
    pub fn reload(&self, config: Value) -> Result<(), String> {
        write(config, self.directory.path());
        let seen = self.process.line_count();
        self.process.signal(Signal::HUP);
        let end = self.process.wait_for(seen, "the end of a reload", |line| {
            message_of(line, "the configuration was read again and is in force").or_else(|| refusal_of(line))
        });
        match end["message"].as_str().and_then(|text| text.strip_prefix(REFUSAL)) {
            Some(why) => Err(why.to_owned()),
            None => Ok(()),
        }
    }

    /// Checks that it ends by itself with an error; what it wrote.
    pub fn refuses(mut self) -> String {
        let status = self.process.wait();
        let wrote = self.process.lines().join("\n");
        assert!(status.code().is_some_and(|code| code != 0), "fosix ended with {status}; it wrote:\n{wrote}");
        wrote
    }

    /// Its process, for what it logs.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its counters as of now (SIGUSR1): of all packets that were finished before.
    pub fn counters(&self) -> Counters {
        let seen = self.process.line_count();
        self.process.signal(Signal::USR1);
        self.counters_from(seen)
    }

    /// Its counters once one of them has reached a number.
    pub fn counters_when(&self, name: &str, number: u64) -> Counters {
        let end = Instant::now() + PATIENCE;
        loop {
            let counters = self.counters();
            if counters.get(name) >= number {
                return counters;
            }
            assert!(Instant::now() < end, "{name} does not reach {number}: {counters:?}");
        }
    }

    /// Stops it (SIGTERM), checks that it ends without complaint, and gives its last counters.
    pub fn stop(mut self) -> Counters {
        let seen = self.process.line_count();
        let status = self.process.terminate();
        assert!(
            status.success(),
            "fosix ended with {status}; it wrote:\n{}",
            self.process.lines().join("\n")
        );
        self.counters_from(seen)
    }

    /// Waits until it ends by itself, and gives its status and what it wrote.
    pub fn wait(mut self) -> (std::process::ExitStatus, Vec<String>) {
        let status = self.process.wait();
        (status, self.process.lines())
    }

    /// Kills it (SIGKILL), as a crash would.
    pub fn kill(self) {
        self.process.signal(Signal::KILL);
    }

    fn counters_from(&self, line: usize) -> Counters {
        let text = self.process.wait_for(line, "counters", |line| message_of(line, "counters"));
        let counters = text["counters"].as_str().expect("counters without counters");
        Counters(serde_json::from_str(counters).expect("counters that are not numbers by name"))
    }
}

impl Counters {
    /// One of them; fails if there is none of that name.
    pub fn get(&self, name: &str) -> u64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no counter is called {name}: {:?}", self.0.keys()))
    }

    /// How much each has grown since `earlier`; those that have not grown are left out.
    pub fn since(&self, earlier: &Self) -> BTreeMap<String, u64> {
        self.0
            .iter()
            .map(|(name, count)| {
                (name.clone(), count.saturating_sub(earlier.0.get(name).copied().unwrap_or(0)))
            })
            .filter(|(_, growth)| *growth > 0)
            .collect()
    }

    /// The sum of all whose names begin like that.
    pub fn sum(&self, prefix: &str) -> u64 {
        self.0.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, count)| count).sum()
    }

    /// Checks that every packet had exactly one fate, in the halves that there are:
    ///
    /// received = answered + no answer due + handed over + dropped, each drop under exactly one name; what was for
    /// the other half was sent or lost, and what came from it was taken or dropped.
    pub fn assert_balanced(&self) {
        if self.0.contains_key("pkt6-received") {
            self.assert_balanced6();
        }
        if self.0.contains_key("pkt4-received") {
            self.assert_balanced4();
        }
        if self.0.contains_key("link-sent") {
            self.assert_link_balanced();
        } else if self.0.contains_key("pkt4-received") {
            assert_eq!(self.get("pkt6-dhcpv4-query-handed-over"), self.get("pkt4-received"));
            assert_eq!(self.get("link-response-received"), self.get("pkt4-sent"));
            assert_eq!(self.get("pkt6-dhcpv4-response-sent"), self.get("pkt4-sent"));
        }
    }

    fn assert_link_balanced(&self) {
        let (outgoing, incoming) = match self.0.get("pkt6-dhcpv4-query-handed-over") {
            Some(queries) => (*queries, self.get("link-response-received")),
            None => (self.get("pkt4-sent"), self.get("pkt4-received")),
        };
        let lost = self.sum("link-lost-");
        assert_eq!(outgoing, self.get("link-sent") + lost, "what was for the other half: {:#?}", self.0);
        assert_eq!(self.get("link-lost"), lost, "the sum of losses: {:#?}", self.0);
        let dropped = self.sum("link-drop-");
        assert_eq!(self.get("link-received"), incoming + dropped, "what came from the link: {:#?}", self.0);
        assert_eq!(self.get("link-drop"), dropped, "the sum of drops at the link: {:#?}", self.0);
    }

    fn assert_balanced6(&self) {
        let drops6 = self.sum("pkt6-drop-");
        let fates6 = self.get("pkt6-advertise-sent")
            + self.get("pkt6-reply-sent")
            + self.get("pkt6-addr-reg-reply-sent")
            + self.get("pkt6-dhcpv4-query-handed-over")
            + self.get("pkt6-in-hand")
            + drops6;
        assert_eq!(self.get("pkt6-received"), fates6, "DHCPv6 packets and their fates: {:#?}", self.0);
        assert_eq!(self.get("pkt6-receive-drop"), drops6, "the sum of DHCPv6 drops: {:#?}", self.0);
        let responses = self.get("pkt6-dhcpv4-response-sent") + self.get("link-response-dropped");
        assert_eq!(self.get("link-response-received"), responses, "responses: {:#?}", self.0);
    }

    fn assert_balanced4(&self) {
        let drops4 = self.sum("pkt4-drop-");
        let silences4 = self.sum("pkt4-no-answer-");
        let fates4 = self.get("pkt4-sent") + silences4 + drops4 + self.get("pkt4-in-hand");
        assert_eq!(self.get("pkt4-received"), fates4, "DHCPv4 queries and their fates: {:#?}", self.0);
        assert_eq!(self.get("pkt4-receive-drop"), drops4, "the sum of DHCPv4 drops: {:#?}", self.0);
    }
}

/// The program: `FOSIX_BIN`, or what cargo builds next to this test.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match env::var_os("FOSIX_BIN") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "FOSIX_BIN is {}, which is no file", path.display());
            path
        }
        None => build(),
    })
}

/// Has cargo build the program in the profile that this test was built in, so that it is never an old one.
fn build() -> PathBuf {
    let test = env::current_exe().expect("cannot find this test's own file");
    // TARGET/PROFILE/deps/TEST
    let profile = test.ancestors().nth(2).expect("a test lies in TARGET/PROFILE/deps");
    let target = profile.parent().expect("a test lies in TARGET/PROFILE/deps");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "fosix", "--target-dir"]).arg(target);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    run_to_end(&mut command);
    profile.join("fosix")
}

/// The fields of a JSON log line with this message.
/// What a server says when it does not take another configuration, before it says why.
const REFUSAL: &str = "the configuration stays as it was: ";

fn refusal_of(line: &str) -> Option<Value> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    let message = line["fields"]["message"].as_str()?;
    message.starts_with(REFUSAL).then(|| line["fields"].take())
}

/// Completes a configuration, and writes it into `directory`.
fn write(mut config: Value, directory: &Path) -> PathBuf {
    config["Fosix"]["log"]["format"] = json!("json");
    let level = &mut config["Fosix"]["log"]["level"];
    if let (true, Ok(wanted)) = (level.is_null(), env::var("FOSIX_TEST_LOG")) {
        *level = json!(wanted);
    } else if level.is_null() {
        *level = json!("info");
    }
    let store = &mut config["Fosix"]["store"];
    if store.is_null() {
        *store = json!({ "directory": directory.join("leases") });
    }
    let file = directory.join("fosix.json");
    std::fs::write(&file, config.to_string()).expect("cannot write the configuration");
    file
}

fn message_of(line: &str, message: &str) -> Option<Value> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    (line["fields"]["message"] == message).then(|| line["fields"].take())
}
