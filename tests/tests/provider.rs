//! A provider's configuration, as in examples/: Kea takes it, real clients are served after it, and `explain` and `trace` say why.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use fosix_tests::{
    Dhclient, Dhcpcd, Granted, Netns, Process, dhcrelay, granted_by_client, leases_listed, leases_listed6,
    program, run_to_end,
};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

fn example(half: u8) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/provider-dhcp{half}.json"))
}

/// The server on `eth0`, and behind a BNG, which has ISC's relay agent, a customer on `vc`.
struct Network {
    server: Netns,
    bng: Netns,
    customer: Netns,
    directory: TempDir,
}

impl Network {
    fn new() -> Self {
        let [server, bng, customer] =
            ["server", "bng", "home"].map(|name| Netns::new(&format!("provider-{name}")));
        server.link("eth0", &bng, "up");
        customer.link("vc", &bng, "down");
        server.add_address("eth0", "2001:db8:9::1/64");
        bng.add_address("up", "2001:db8:9::2/64");
        bng.add_address("down", "2001:db8:100::1/64");
        Self { server, bng, customer, directory: tempfile::tempdir().unwrap() }
    }

    /// The files of the example, and one that says where leases are kept.
    fn files(&self) -> Vec<PathBuf> {
        let own = self.directory.path().join("fosix.json");
        let text =
            format!("{{ \"Fosix\": {{ \"store\": {{ \"directory\": \"{}\" }} }} }}", self.store().display());
        fs::write(&own, text).unwrap();
        vec![example(6), example(4), own]
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("leases")
    }

    fn serve(&self) -> Process {
        let server = Process::spawn(self.server.command(program()).arg("serve").args(self.files()));
        server.wait_for_line("fosix ready");
        server
    }

    /// Gives the customer's router this hardware address.
    fn plug_in(&self, mac: &str) {
        self.customer.down("vc");
        run_to_end(self.customer.command("ip").args(["link", "set", "vc", "address", mac]));
        // With a link-local address made of it.
        self.customer.up("vc");
    }

    /// What ISC's dhclient is given with that hardware address, and a DUID made of it.
    fn dhclient(&self, mac: &str) -> Granted {
        self.plug_in(mac);
        let client = Dhclient::new(&self.customer, &["-N", "-P", "-D", "LL"]);
        client.start().bound("BOUND6")
    }

    /// A lease of IPv4 over the BNG, for that hardware address on that line.
    fn ipv4(&self, mac: &str, line: &str) -> Value {
        let output = self
            .bng
            .command(program())
            .args(["client", "--json", "--server", "2001:db8:9::1", "--source", "2001:db8:9::2", "--relay"])
            .args(["--link-address", "2001:db8:100::1", "--interface-id", line, "--mac", mac, "--direct"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// What `explain` says of a client, message by message.
    fn explain(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self
            .server
            .command(program())
            .arg("explain")
            .args(self.files())
            .args(["--json", "--directory"])
            .arg(self.store())
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn steps(told: &Value, topic: &str) -> Vec<String> {
    let steps = told["steps"].as_array().unwrap().iter().filter(|step| step["topic"] == topic);
    steps.map(|step| step["text"].as_str().unwrap().to_owned()).collect()
}

fn set(granted: [&str; 2]) -> Granted {
    granted.map(str::to_owned).into()
}

#[test]
fn kea_takes_the_files_but_for_hooks_that_are_not_in_its_packages() {
    let directory = tempfile::tempdir().unwrap();
    for half in [4, 6] {
        let text = fs::read_to_string(example(half)).unwrap();
        let (before, hooks) = text.split_once("\"hooks-libraries\": [").unwrap();
        let (_, after) = hooks.split_once("\n    ],").unwrap();
        let plain = format!("{before}{after}").replace("[ \"eth0\" ]", "[ ]");
        let file = directory.path().join(format!("{half}.json"));
        fs::write(&file, plain).unwrap();
        let output =
            std::process::Command::new(format!("kea-dhcp{half}")).arg("-t").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let lines = |half| fs::read_to_string(example(half)).unwrap().lines().count();
    assert!(lines(4) + lines(6) >= 500);
}

#[test]
fn real_clients_are_served_after_it_and_are_told_why() {
    let network = Network::new();
    let mut server = network.serve();
    let relay = dhcrelay(&network.bng, "down", "up", "2001:db8:9::1");

    // What is reserved, for as long as its class says.
    let one = network.dhclient("02:00:5e:10:00:01");
    assert_eq!(one, set(["2001:db8:100::1:1", "2001:db8:af00:100::/56"]));
    let leases = leases_listed6(&network.store(), &["--client", "00:03:00:01:02:00:5e:10:00:01"]);
    assert!(leases.iter().all(|lease| lease["valid-lft"] == 604_800), "gold: {leases:?}");
    assert!(leases.iter().all(|lease| lease["hostname"] == "one.north.example.net."), "{leases:?}");
    // Nobody knows this one: what is free, of the pools that are for everybody.
    let unknown = network.dhclient("02:00:5e:10:00:99");
    assert_eq!(unknown, set(["2001:db8:100::1000", "2001:db8:a000::/56"]));
    // A business: its reservation has two prefixes, of which a router with one association gets the first.
    let business = network.dhclient("02:00:5e:10:0b:02");
    assert_eq!(business, set(["2001:db8:110::b02", "2001:db8:bf00::/48"]));
    // Its class alone chooses the subnet of this one.
    let bakery = network.dhclient("02:00:5e:10:0b:01");
    assert_eq!(bakery, set(["2001:db8:110::1000", "2001:db8:b000::/48"]));
    // By its hardware address, which the DUID has.
    let second = network.dhclient("02:00:5e:10:00:02");
    assert!(second.contains("2001:db8:100::1:2"), "{second:?}");
    // Whoever has not paid asks again soon.
    network.dhclient("02:00:5e:10:0d:01");
    let leases = leases_listed6(&network.store(), &["--client", "00:03:00:01:02:00:5e:10:0d:01"]);
    assert!(leases.iter().all(|lease| lease["valid-lft"] == 300), "{leases:?}");

    // A client of another make is in a class of its own; its messages are followed.
    network.plug_in("02:00:5e:10:00:77");
    let mut command = network.server.command(program());
    command.arg("trace").args(["--client", "02:00:5e:10:00:77", "--directory"]).arg(network.store());
    let trace = Process::spawn(&mut command);
    trace.wait_for_line("following");
    let client = Dhcpcd::new(&network.customer, Dhcpcd::BOTH);
    let mut run = client.start();
    let dns = run.told("BOUND6", "new_dhcp6_name_servers");
    assert_eq!(dns.as_deref(), Some("2001:db8:53::10"));
    trace.wait_for_line("open-router: yes, vendor-class[40712].exists");
    trace.wait_for_line("dns-servers (23) 2001:db8:53::10, from the class open-router");
    trace.wait_for_line("answered with REPLY");
    trace.signal(Signal::INT);
    run.stop();

    // IPv4 for the same customers.
    for (mac, line, address, lifetime) in [
        ("02:00:5e:10:00:01", "x", "100.64.0.11", 604_800),
        ("02:00:5e:10:00:02", "x", "100.64.0.12", 86_400),
        ("02:00:5e:10:00:03", "north-olt7/3/12", "100.64.0.13", 86_400),
        ("02:00:5e:10:0b:01", "x", "198.51.100.10", 86_400),
        ("02:00:5e:10:0b:02", "x", "198.51.100.20", 604_800),
        ("02:00:5e:10:00:99", "x", "100.64.1.0", 86_400),
        ("02:00:5e:10:0d:01", "x", "100.64.1.1", 300),
        ("02:00:5e:10:00:55", "south-bng", "100.65.1.0", 86_400),
    ] {
        let said = network.ipv4(mac, line);
        assert_eq!(
            (&said["lease"]["address"], &said["lease"]["lease_time"]),
            (&address.into(), &lifetime.into()),
            "{mac}: {said:#}"
        );
    }

    // What is explained is what they were given.
    let told = network.explain(&["--client", "02:00:5e:10:00:01", "--link-address", "2001:db8:100::1"]);
    assert!(
        steps(&told[0], "reservation")[0]
            .starts_with("of subnet 1002, by duid 00:03:00:01:02:00:5e:10:00:01")
    );
    let granted = steps(&told[0], "lease").join("\n");
    assert!(one.iter().all(|granted_one| granted.contains(granted_one.as_str())), "{granted}");
    assert!(
        steps(&told[1], "lease")[0].starts_with("100.64.0.11 of subnet 1002: it is reserved"),
        "{told:#?}"
    );
    // dhclient makes its IAID of the hardware address.
    let iaid = 0x5e10_0b01_u32.to_string();
    let bakery = ["--client", "02:00:5e:10:0b:01", "--link-address", "2001:db8:100::1", "--iaid", &iaid];
    let told = network.explain(&bakery);
    assert!(steps(&told[0], "subnet")[0].starts_with("1001, 2001:db8:110::/64 of shared network \"north\""));
    assert!(
        steps(&told[0], "lease")[0].contains("2001:db8:110::1000 of subnet 1001: the client holds it"),
        "{told:#?}"
    );
    assert!(steps(&told[0], "class").contains(&"business: yes, by the reservation".to_owned()));
    let told = network.explain(&["--client", "02:00:5e:10:00:88", "--link-address", "2001:db8:100::1"]);
    assert!(
        steps(&told[0], "subnet")[0].contains("not 1001, whose classes the client is not in"),
        "{told:#?}"
    );

    drop(relay);
    assert!(server.terminate().success());
    // All of it is on disk, and nothing of it twice.
    assert_eq!(granted_by_client(&network.store(), "assigned").len(), 7);
    assert_eq!(leases_listed(&network.store(), &["--state", "assigned"]).len(), 8);
}
