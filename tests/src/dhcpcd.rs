//! dhcpcd for DHCPv6.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Granted, Netns, PATIENCE, Script};

/// A client on interface `vc`; what it remembers stays between its runs.
#[derive(Debug)]
pub struct Dhcpcd<'a> {
    netns: &'a Netns,
    directory: TempDir,
}

/// A running client.
#[derive(Debug)]
pub struct DhcpcdRun {
    script: Script,
}

impl<'a> Dhcpcd<'a> {
    /// A client that wants an address.
    pub const ADDRESS: &'static str = "ia_na 1";
    /// A client that wants an address and a prefix.
    pub const BOTH: &'static str = "ia_na 1\nia_pd 2";

    /// A client in a namespace that has never run.
    pub fn new(netns: &'a Netns, wants: &str) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        // It asks without having been told so by a router.
        let configuration =
            format!("duid\nnoipv6rs\nipv6only\noption domain_name_servers\ninterface vc\n{wants}\n");
        fs::write(directory.path().join("configuration"), configuration).expect("cannot write a file");
        fs::create_dir(directory.path().join("state")).expect("cannot make a directory");
        Self { netns, directory }
    }

    /// Starts it with what it remembers.
    pub fn start(&self) -> DhcpcdRun {
        let path = |name| self.directory.path().join(name).display().to_string();
        let prepare = format!("mount --bind {} /var/lib/dhcpcd", path("state"));
        let mut command = self.netns.command_in_private("dhcpcd", &prepare);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dhcpcd-script");
        command.args(["-6", "-B", "-d", "-c", script, "-f", &path("configuration"), "vc"]);
        DhcpcdRun { script: Script::of(&mut command) }
    }
}

impl DhcpcdRun {
    /// Waits until it is bound for this reason (`BOUND6`, `RENEW6`, `REBIND6`, `REBOOT6`); what it has then.
    pub fn bound(&mut self, reason: &str) -> Granted {
        let call = self.script.calls(reason, "script").remove(0);
        let value = |name: &str| call.get(name).cloned();
        let prefix = value("new_dhcp6_ia_pd1_prefix1");
        let length = value("new_dhcp6_ia_pd1_prefix1_length");
        let prefix = prefix.zip(length).map(|(prefix, length)| format!("{prefix}/{length}"));
        value("new_dhcp6_ia_na1_ia_addr1").into_iter().chain(prefix).collect()
    }

    /// Waits until it is bound for this reason; what its script is told then under a name.
    pub fn told(&mut self, reason: &str, name: &str) -> Option<String> {
        self.script.calls(reason, "script").remove(0).remove(name)
    }

    /// Has it renew now what it has.
    pub fn renew(&mut self) {
        self.script.process().signal(Signal::USR1);
    }

    /// Has it rebind now what it has.
    pub fn rebind(&mut self) {
        self.script.process().signal(Signal::HUP);
    }

    /// Has it release what it has, and waits until it has ended.
    pub fn release(mut self) {
        self.script.process().signal(Signal::ALARM);
        self.script.process().wait();
    }

    /// Asks it to end, and waits until it has; it remembers what it had.
    pub fn stop(mut self) {
        // What comes while its script runs it does not hear.
        const ASK_AGAIN: Duration = Duration::from_secs(1);
        let process = self.script.process();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            process.signal(Signal::TERM);
            if process.wait_at_most(ASK_AGAIN).is_some() {
                return;
            }
        }
        process.wait();
    }
}

impl Drop for DhcpcdRun {
    fn drop(&mut self) {
        // It is several processes, of which the others would live on if the first were killed.
        let process = self.script.process();
        if process.is_running() {
            process.signal(Signal::TERM);
            process.wait_at_most(PATIENCE);
        }
    }
}
