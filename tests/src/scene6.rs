//! The network of a server that gives addresses and prefixes to its clients, and that can be killed and started again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Fosix, Netns, leases_listed6};

/// Interface `vs` of the server, 2001:db8:1::1, is linked to `vc` of the client, which has no address but its link-local one.
#[derive(Debug)]
pub struct Scene6 {
    /// Where servers run.
    pub server: Netns,
    /// Where clients run.
    pub client: Netns,
    directory: TempDir,
}

/// Addresses and prefixes, as text: `2001:db8:1::100`, `2001:db8:8000::/56`.
pub type Granted = BTreeSet<String>;

impl Scene6 {
    /// The network, without any server.
    pub fn new(label: &str) -> Self {
        let server = Netns::new(&format!("{label}-server"));
        let client = Netns::new(&format!("{label}-client"));
        server.link("vs", &client, "vc");
        server.add_address("vs", "2001:db8:1::1/64");
        let directory = tempfile::tempdir().expect("cannot make a temporary directory");
        Self { server, client, directory }
    }

    /// Subnet 1 for clients on `vs`, and subnet 2 for those behind relays with an address in 2001:db8:2::/64. Each gives addresses and
    /// prefixes of 56 bits: 2001:db8:N::100 and on, and those in 2001:db8:N000::/36. Leases last an hour, and are to be renewed after
    /// so many seconds.
    pub fn configuration(renew_timer: u32, rebind_timer: u32) -> Value {
        json!({ "Dhcp6": {
            "interfaces-config": { "interfaces": [ "vs", "vs/2001:db8:1::1" ] },
            "preferred-lifetime": 3000, "valid-lifetime": 3600,
            "renew-timer": renew_timer, "rebind-timer": rebind_timer,
            "option-data": [
                { "name": "dns-servers", "data": "2001:db8::53" },
                { "name": "domain-search", "data": "example.net" }
            ],
            "subnet6": [
                {
                    "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
                    "pools": [ { "pool": "2001:db8:1::100 - 2001:db8:1::ffff" } ],
                    "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 36, "delegated-len": 56 } ]
                },
                {
                    "id": 2, "subnet": "2001:db8:2::/64",
                    "pools": [ { "pool": "2001:db8:2::100 - 2001:db8:2::ffff" } ],
                    "pd-pools": [ { "prefix": "2001:db8:2000::", "prefix-len": 36, "delegated-len": 56 } ]
                }
            ]
        } })
    }

    /// Starts a server with this configuration on the leases of the last one.
    pub fn serve(&self, mut configuration: Value) -> Fosix {
        configuration["Fosix"]["store"] = json!({ "directory": self.store() });
        Fosix::start(&self.server, configuration)
    }

    /// Where leases are kept.
    pub fn store(&self) -> PathBuf {
        self.directory.path().join("leases")
    }

    /// The leases in a state, by the DUID that holds them.
    pub fn leases(&self, state: &str) -> BTreeMap<String, Granted> {
        granted_by_client(&self.store(), state)
    }

    /// All that is assigned, whoever holds it.
    pub fn assigned(&self) -> Granted {
        self.leases("assigned").into_values().flatten().collect()
    }

    /// The addresses that the client has on `vc`, but for its link-local one.
    pub fn configured(&self) -> Granted {
        global_addresses(&self.client, "vc")
    }
}

/// The leases of a store that are in a state, by the DUID that holds them; fails if one is held twice.
pub fn granted_by_client(store: &Path, state: &str) -> BTreeMap<String, Granted> {
    let mut found = BTreeMap::<String, Granted>::new();
    let mut all = Granted::new();
    for lease in leases_listed6(store, &["--state", state]) {
        let address: Ipv6Addr =
            lease["ip-address"].as_str().and_then(|text| text.parse().ok()).expect("an address");
        let granted = match lease["prefix-len"].as_u64() {
            Some(length) => format!("{address}/{length}"),
            None => address.to_string(),
        };
        assert!(all.insert(granted.clone()), "{granted} is leased twice");
        found.entry(lease["duid"].as_str().unwrap_or_default().to_owned()).or_default().insert(granted);
    }
    found
}

/// The addresses of an interface, but for its link-local one.
pub fn global_addresses(netns: &Netns, interface: &str) -> Granted {
    let addresses = netns.interface(interface).ipv6;
    addresses.iter().filter(|address| !address.is_unicast_link_local()).map(ToString::to_string).collect()
}
