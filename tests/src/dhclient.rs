//! ISC's dhclient for DHCPv6, with a script that configures what it gets and tells of it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::run_to_end;
use crate::{Granted, Netns, Script, ScriptCall};

/// A client on interface `vc`; what it remembers stays between its runs.
#[derive(Debug)]
pub struct Dhclient<'a> {
    netns: &'a Netns,
    wants: &'a [&'a str],
    directory: TempDir,
}

/// A running client.
#[derive(Debug)]
pub struct DhclientRun {
    script: Script,
}

impl<'a> Dhclient<'a> {
    /// A client that wants an address.
    pub const ADDRESS: &'static [&'static str] = &["-N"];
    /// A client that wants a prefix.
    pub const PREFIX: &'static [&'static str] = &["-P"];
    /// A client that wants an address and a prefix.
    pub const BOTH: &'static [&'static str] = &["-N", "-P"];
    /// A client that wants only options.
    pub const OPTIONS: &'static [&'static str] = &["-S"];

    /// A client in a namespace that has never run.
    pub fn new(netns: &'a Netns, wants: &'a [&'a str]) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        Self { netns, wants, directory }
    }

    /// Starts it with what it remembers.
    pub fn start(&self) -> DhclientRun {
        DhclientRun { script: Script::of(self.command().arg("-d").args(self.wants).arg("vc")) }
    }

    /// Has it release what it holds and end.
    pub fn release(&self) {
        // Which program is to be stopped is in the file of process numbers.
        run_to_end(self.command().arg("-r").args(self.wants).arg("vc"));
    }

    /// What it remembers.
    pub fn lease_file(&self) -> String {
        fs::read_to_string(self.path("leases")).expect("a lease file")
    }

    fn command(&self) -> Command {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dhclient-script");
        let mut command = self.netns.command("dhclient");
        command.args(["-6", "-v", "-cf", "/dev/null", "-sf", script]);
        command.arg("-lf").arg(self.path("leases")).arg("-pf").arg(self.path("pid"));
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl DhclientRun {
    /// Waits until it is bound for this reason (`BOUND6`, `RENEW6`, `REBIND6`); what it has then.
    pub fn bound(&mut self, reason: &str) -> Granted {
        // The script is called for each address and each prefix.
        let calls = self.calls(reason, "PRC: Renewal event scheduled");
        let granted = |name| calls.iter().filter_map(move |call| call.get(name)).cloned();
        granted("new_ip6_address").chain(granted("new_ip6_prefix")).collect()
    }

    /// Waits for a line that contains `text` after those that were looked at.
    pub fn says(&mut self, text: &str) {
        self.script.says(text);
    }

    /// Waits for calls of the script for this reason and then for a line that contains `end`; all such calls until then.
    pub fn calls(&mut self, reason: &str, end: &str) -> Vec<ScriptCall> {
        self.script.calls(reason, end)
    }
}
