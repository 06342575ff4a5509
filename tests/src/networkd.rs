//! systemd-networkd for DHCPv6, wanting an address and a prefix.

use std::fs;

use tempfile::TempDir;

use crate::{Granted, Netns, Process};

/// A running client on interface `vc`.
#[derive(Debug)]
pub struct Networkd {
    process: Process,
    seen: usize,
    _directory: TempDir,
}

impl Networkd {
    /// Starts one in a namespace.
    pub fn start(netns: &Netns) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        // It asks without having been told so by a router, and is the same client wherever it runs.
        let configuration = "[Match]\nName=vc\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n\
            [DHCPv6]\nWithoutRA=solicit\nDUIDType=link-layer\n";
        fs::write(directory.path().join("vc.network"), configuration).expect("cannot write a file");
        // Without udev it is content with what the kernel says of interfaces where /sys cannot be written to.
        let prepare = format!(
            "mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp && \
             chown -R systemd-network: /run/systemd/netif && \
             mount -t tmpfs etc /etc/systemd/network && cp {}/vc.network /etc/systemd/network/ && \
             mount -o remount,ro /sys",
            directory.path().display()
        );
        let mut command = netns.command_in_private("/lib/systemd/systemd-networkd", &prepare);
        command.env("SYSTEMD_LOG_LEVEL", "debug").env("SYSTEMD_LOG_TARGET", "console");
        Self { process: Process::spawn(&mut command), seen: 0, _directory: directory }
    }

    /// Waits until it has sent a message of this kind (`Request`, `Renew`, `Rebind`), had its Reply, and set what it was given.
    pub fn bound(&mut self, message: &str) -> Granted {
        let (sent, from) = (format!("Sent {message}"), self.seen);
        let (granted, seen) =
            self.process.wait_until(&format!("{sent}, and then what came of it"), |lines| {
                let sent = lines.iter().skip(from).position(|line| line.contains(&sent))? + from;
                let bound = lines.iter().skip(sent).position(|line| line.contains("-> bound"))? + sent;
                let rest = || lines.iter().enumerate().skip(bound);
                let word_after = |line: &str, mark: &str| {
                    let (_, after) = line.split_once(mark)?;
                    after.split(' ').next().map(str::to_owned)
                };
                let (_, address) =
                    rest().find_map(|(at, line)| Some((at, word_after(line, ": DHCPv6 address ")?)))?;
                let (at, prefix) = rest()
                    .find_map(|(at, line)| Some((at, word_after(line, "received delegated prefix ")?)))?;
                let address = address.trim_end_matches("/128").to_owned();
                Some((Granted::from([address, prefix]), at + 1))
            });
        self.seen = seen;
        granted
    }

    /// Waits until it has sent a message of this kind since it was bound.
    pub fn sends(&self, message: &str) {
        let sent = format!("Sent {message}");
        self.process.wait_for(self.seen, &sent, |line| line.contains(&sent).then_some(()));
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        self.process.terminate();
    }
}
