//! Two halves with a link between them, Fosix's or Kea's.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::{Path, PathBuf};

use fosix_wire::v6;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Fosix, Netns, Process, Scene};

/// The network of [`Scene`], with an IPv4 address beside the server's IPv6 address, which Kea's DHCPv4 half needs.
#[derive(Debug)]
pub struct Halves {
    /// Where the halves run.
    pub server: Netns,
    /// Where clients and relays are.
    pub client: Netns,
    /// For our own link's socket.
    directory: TempDir,
}

/// The link between the halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `dhcp4o6-port`.
    Kea,
    /// `Fosix.link`.
    Own,
}

impl Halves {
    /// The value of `dhcp4o6-port`.
    pub const PORT: u16 = 6767;

    /// The network without any half.
    pub fn new(label: &str) -> Self {
        let server = Netns::new(&format!("{label}-server"));
        let client = Netns::new(&format!("{label}-client"));
        server.link("vs", &client, "vc");
        server.add_address("vs", "2001:db8:1::1/64");
        server.ip(&["address", "add", "192.0.2.1/24", "dev", "vs"]);
        client.add_address("vc", "2001:db8:1::2/64");
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        Self { server, client, directory }
    }

    /// Where our own link's socket is.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("link")
    }

    /// The server's address and port.
    pub fn unicast(&self) -> SocketAddrV6 {
        SocketAddrV6::new(Scene::SERVER, v6::SERVER_PORT, 0, 0)
    }

    /// Where a client sends DHCPv6 messages to.
    pub fn multicast(&self) -> SocketAddrV6 {
        let group = v6::ALL_DHCP_RELAY_AGENTS_AND_SERVERS;
        SocketAddrV6::new(group, v6::SERVER_PORT, 0, self.client.index("vc"))
    }

    /// A relay's address on the clients' link.
    pub const RELAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 9);

    /// What a DHCPv6 half alone is told.
    pub fn configuration6(&self, link: Link) -> Value {
        let mut configuration = json!({
            "Dhcp6": Scene::configuration()["Dhcp6"], "Fosix": self.fosix(link)
        });
        configuration["Dhcp6"]["dhcp4o6-port"] = port(link);
        configuration
    }

    /// What a DHCPv4 half alone is told: every client of 2001:db8:1::/64 is in 10.1.0.0/16.
    pub fn configuration4(&self, link: Link) -> Value {
        let mut configuration = json!({
            "Dhcp4": Scene::configuration()["Dhcp4"], "Fosix": self.fosix(link)
        });
        configuration["Dhcp4"]["dhcp4o6-port"] = port(link);
        configuration
    }

    /// A DHCPv6 half alone.
    pub fn fosix6(&self, link: Link) -> Fosix {
        Fosix::start(&self.server, self.configuration6(link))
    }

    /// A DHCPv4 half alone.
    pub fn fosix4(&self, link: Link) -> Fosix {
        Fosix::start(&self.server, self.configuration4(link))
    }

    fn fosix(&self, link: Link) -> Value {
        let mut fosix = json!({ "workers": 2 });
        if link == Link::Own {
            fosix["link"] = json!(self.socket());
        }
        fosix
    }
}

fn port(link: Link) -> Value {
    match link {
        Link::Kea => json!(Halves::PORT),
        Link::Own => json!(0),
    }
}

/// One of Kea's servers; killed when it is dropped.
#[derive(Debug)]
pub struct Kea {
    process: Process,
    _directory: TempDir,
}

impl Kea {
    /// kea-dhcp4 with the subnet of [`Halves::configuration4`].
    pub fn dhcp4(halves: &Halves) -> Self {
        let configuration = json!({ "Dhcp4": {
            "interfaces-config": { "interfaces": [ "vs" ] },
            "lease-database": { "type": "memfile", "persist": false },
            "valid-lifetime": 4000, "renew-timer": 1000, "rebind-timer": 2000,
            "dhcp4o6-port": Halves::PORT,
            "subnet4": [ {
                "id": 1, "subnet": "10.1.0.0/16", "4o6-subnet": "2001:db8:1::/64", "4o6-interface": "vs",
                "pools": [ { "pool": "10.1.0.10 - 10.1.255.250" } ]
            } ],
            "loggers": [ { "name": "kea-dhcp4", "severity": "INFO", "output_options": [ { "output": "stdout" } ] } ]
        } });
        Self::start(&halves.server, "kea-dhcp4", &configuration, "DHCP4_STARTED")
    }

    /// kea-dhcp4 with the leases in a lease file, and the subnets 1 and 2 of [`Scene::configuration`]. It tells of each lease that
    /// it reads.
    pub fn dhcp4_with_leases(halves: &Halves, file: &Path) -> Self {
        let configuration = json!({ "Dhcp4": {
            "interfaces-config": { "interfaces": [] },
            "lease-database": { "type": "memfile", "persist": true, "name": file, "lfc-interval": 0 },
            "subnet4": [ { "id": 1, "subnet": "10.1.0.0/16" }, { "id": 2, "subnet": "10.2.0.0/16" } ],
            "loggers": [ {
                "name": "kea-dhcp4", "severity": "DEBUG", "debuglevel": 55, "output_options": [ { "output": "stdout" } ]
            } ]
        } });
        Self::start(&halves.server, "kea-dhcp4", &configuration, "DHCP4_STARTED")
    }

    /// kea-dhcp4 alone, over IPv4, for what comes through a relay at `relay`; it forgets its leases.
    pub fn behind_relay(netns: &Netns, relay: &str) -> Self {
        let configuration = json!({ "Dhcp4": {
            "interfaces-config": { "interfaces": [ "vs" ], "dhcp-socket-type": "udp" },
            "lease-database": { "type": "memfile", "persist": false },
            "subnet4": [ {
                "id": 1, "subnet": "10.1.0.0/16", "relay": { "ip-addresses": [ relay ] },
                "pools": [ { "pool": "10.1.0.10 - 10.1.255.250" } ]
            } ],
            "loggers": [ { "name": "kea-dhcp4", "severity": "INFO", "output_options": [ { "output": "stdout" } ] } ]
        } });
        Self::start(netns, "kea-dhcp4", &configuration, "DHCP4_STARTED")
    }

    /// kea-dhcp6, which only passes queries on.
    pub fn dhcp6(halves: &Halves) -> Self {
        let configuration = json!({ "Dhcp6": {
            "interfaces-config": { "interfaces": [ "vs/2001:db8:1::1" ] },
            "server-id": { "type": "LL", "persist": false },
            "lease-database": { "type": "memfile", "persist": false },
            "preferred-lifetime": 3000, "valid-lifetime": 4000, "renew-timer": 1000, "rebind-timer": 2000,
            "dhcp4o6-port": Halves::PORT,
            "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs" } ],
            "loggers": [ { "name": "kea-dhcp6", "severity": "INFO", "output_options": [ { "output": "stdout" } ] } ]
        } });
        Self::start(&halves.server, "kea-dhcp6", &configuration, "DHCP6_STARTED")
    }

    /// kea-dhcp6 with a configuration that has all that it needs but for the lease file.
    pub fn dhcp6_with_leases(netns: &Netns, mut configuration: Value, file: &Path) -> Self {
        let dhcp6 = &mut configuration["Dhcp6"];
        dhcp6["lease-database"] =
            json!({ "type": "memfile", "persist": true, "name": file, "lfc-interval": 0 });
        dhcp6["loggers"] = json!([
            { "name": "kea-dhcp6", "severity": "INFO", "output_options": [ { "output": "stdout" } ] }
        ]);
        Self::start(netns, "kea-dhcp6", &configuration, "DHCP6_STARTED")
    }

    fn start(netns: &Netns, program: &str, configuration: &Value, ready: &str) -> Self {
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        let file = directory.path().join("kea.json");
        std::fs::write(&file, configuration.to_string()).expect("cannot write the configuration");
        let mut command = netns.command(program);
        command.env("KEA_PIDFILE_DIR", directory.path()).env("KEA_LOCKFILE_DIR", "none").arg("-c").arg(&file);
        let process = Process::spawn(&mut command);
        process.wait_for_line(ready);
        Self { process, _directory: directory }
    }

    /// Its process, for what it logs.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        self.process.terminate();
    }
}
