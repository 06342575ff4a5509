//! `fosix bench`: every kind of load is served and counted right, and a wrong server is found out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::path::Path;
use std::process::{Command, Output};

use fosix_tests::{Counters, Fosix, Kea, Netns, Process, Scene, Scene6, program};
use serde_json::{Value, json};
use tempfile::TempDir;

const CLIENTS: u64 = 300;

/// What a load said at its end.
struct Load {
    output: Output,
    result: Value,
}

/// The command of a load. Where nothing else is said, nothing is taken for lost before 20 s.
fn command(client: &Netns, directory: &TempDir, arguments: &[&str]) -> Command {
    let clients = CLIENTS.to_string();
    let mut command = client.command(program());
    command.args(["bench", "load", "--quiet", "--warm-up", "0", "--in-flight", "32", "--json"]);
    command.arg(result(directory)).args(arguments);
    for [option, value] in [["--duration", "20"], ["--timeout", "20"], ["--clients", &clients]] {
        if !arguments.contains(&option) {
            command.args([option, value]);
        }
    }
    command
}

fn result(directory: &TempDir) -> impl AsRef<Path> + AsRef<std::ffi::OsStr> {
    directory.path().join("result.json")
}

fn load(client: &Netns, arguments: &[&str]) -> Load {
    let directory = tempfile::tempdir().unwrap();
    let output = command(client, &directory, arguments).output().unwrap();
    let text = std::fs::read_to_string(result(&directory))
        .unwrap_or_else(|error| panic!("no result ({error}): {output:?}"));
    Load { output, result: serde_json::from_str(&text).unwrap() }
}

impl Load {
    fn number(&self, name: &str) -> u64 {
        self.result[name].as_u64().unwrap_or_else(|| panic!("no {name} in {}", self.result))
    }

    /// It went well: how many exchanges there were.
    fn exchanges(&self) -> u64 {
        assert!(self.output.status.success(), "{:?}", self.output);
        assert_eq!((self.number("wrong"), self.number("lost")), (0, 0), "{}", self.result);
        assert!(self.number("exchanges") > 0, "{}", self.result);
        self.number("exchanges")
    }
}

/// The network of a server for both kinds of clients, which are on its link or behind relays.
fn scene(label: &str) -> Scene {
    let mut configuration = Scene::configuration();
    let mut both = Scene6::configuration(1000, 2000);
    let dhcp6 = &mut both["Dhcp6"];
    dhcp6["interfaces-config"] = configuration["Dhcp6"]["interfaces-config"].take();
    dhcp6["option-data"] = configuration["Dhcp6"]["option-data"].take();
    configuration["Dhcp6"] = dhcp6.take();
    Scene::with(label, configuration)
}

const UNICAST: [&str; 4] = ["--server", "2001:db8:1::1", "--source", "2001:db8:1::2"];

/// Runs a load of new clients: each gets its lease once, and the server counts what the load does.
fn every_client_gets_a_lease(scene: &Scene, way: &[&str], first: u64, offered: &str, given: &str) {
    let before = scene.fosix.counters();
    let first = first.to_string();
    let load = load(&scene.client, &[way, &["--first-client", &first]].concat());
    assert_eq!(load.exchanges(), CLIENTS);
    assert_eq!(load.result["clients_used_up"], true);
    assert_eq!(load.number("sent"), 2 * CLIENTS);
    let grown = scene.fosix.counters().since(&before);
    assert_eq!((grown[offered], grown[given]), (CLIENTS, CLIENTS), "{way:?}: {grown:#?}");
    let latency = &load.result["latency_us"]["exchange"];
    assert_eq!(latency["count"], CLIENTS);
    assert!(latency["p50"].as_u64() <= latency["p99"].as_u64(), "{latency}");
}

#[test]
fn clients_of_dhcpv4_over_dhcpv6_come_by_every_way() {
    let scene = scene("bench-ways");
    let multicast = ["--way", "multicast", "--interface", "vc"];
    let relayed = [&UNICAST[..], &["--way", "relayed", "--relays", "4"]].concat();
    for (number, way) in (0..).zip([&UNICAST[..], &multicast, &relayed]) {
        every_client_gets_a_lease(&scene, way, 1 + number * CLIENTS, "pkt4-offer-sent", "pkt4-ack-sent");
    }
    scene.fosix.stop().assert_balanced();
}

#[test]
fn clients_of_dhcpv6_come_by_every_way() {
    let scene = scene("bench-six");
    let multicast = ["--kind", "dhcp6", "--way", "multicast", "--interface", "vc"];
    let relayed = [&UNICAST[..], &["--kind", "dhcp6", "--way", "relayed", "--link-address", "2001:db8:2::9"]];
    for (number, way) in (0..).zip([&multicast[..], &relayed.concat()]) {
        let first = 1 + number * CLIENTS;
        every_client_gets_a_lease(&scene, way, first, "pkt6-advertise-sent", "pkt6-reply-sent");
    }
    let renew = [&relayed.concat()[..], &["--scenario", "renew", "--duration", "0.5"]].concat();
    let before = scene.fosix.counters();
    let exchanges = load(&scene.client, &renew).exchanges();
    let renewed = scene.fosix.counters().since(&before)["pkt6-renew-received"];
    assert!(renewed >= exchanges, "{renewed} renewals of {exchanges}");
    scene.fosix.stop().assert_balanced();
}

#[test]
fn clients_renew_release_and_only_ask() {
    let scene = scene("bench-mixed");
    let run = |arguments: &[&str]| {
        let before = scene.fosix.counters();
        let load = load(&scene.client, &[&UNICAST[..], &["--duration", "0.5"], arguments].concat());
        (load.exchanges(), load, scene.fosix.counters().since(&before))
    };
    let (renewals, _, grown) = run(&["--scenario", "renew"]);
    assert!(grown["pkt4-ack-sent"] >= renewals + CLIENTS, "{renewals} renewals: {grown:#?}");
    assert_eq!(grown["pkt4-offer-sent"], CLIENTS, "each was bound once: {grown:#?}");
    let (_, load, grown) = run(&["--scenario", "mixed", "--mix", "30:40:20:10"]);
    let releases = load.number("releases");
    assert!(releases > 0 && grown["pkt4-release-received"] >= releases, "{releases}: {grown:#?}");
    let (asked, _, grown) = run(&["--scenario", "discover"]);
    assert!(grown["pkt4-offer-sent"] >= asked, "{asked}: {grown:#?}");
    assert_eq!(grown.get("pkt4-ack-sent"), None, "{grown:#?}");
    scene.fosix.stop().assert_balanced();
}

#[test]
fn what_a_disk_takes_stands_in_a_report_beside_a_load() {
    let scene = scene("bench-disk");
    let directory = tempfile::tempdir().unwrap();
    let [disk, page, one] = ["disk.json", "page.html", "memory.svg"].map(|name| directory.path().join(name));
    let run = |arguments: &[&std::ffi::OsStr]| {
        let output = Command::new(program()).arg("bench").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let path = directory.path().as_os_str();
    let said = run(&[
        "disk".as_ref(),
        "--directory".as_ref(),
        path,
        "--duration".as_ref(),
        "0.2".as_ref(),
        "--label".as_ref(),
        "disk: sync".as_ref(),
        "--json".as_ref(),
        disk.as_ref(),
    ]);
    assert!(said.contains("writes of 4 KiB a second"), "{said}");
    let pid = scene.fosix.process().pid().as_raw_nonzero().to_string();
    let load = command(
        &scene.client,
        &directory,
        &[&UNICAST[..], &["--rate", "100", "--duration", "1.2", "--pid", &pid]].concat(),
    )
    .output()
    .unwrap();
    assert!(load.status.success(), "{load:?}");
    let table = run(&[
        "report".as_ref(),
        disk.as_ref(),
        result(&directory).as_ref(),
        "--html".as_ref(),
        page.as_ref(),
        "--plots".as_ref(),
        path,
        "--table".as_ref(),
    ]);
    assert!(table.contains("| disk | sync |"), "{table}");
    assert!(std::fs::read_to_string(page).unwrap().contains("disk: sync"));
    let svg = std::fs::read_to_string(one).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("polyline"), "{svg}");
}

#[test]
fn exchanges_begin_at_a_rate_whatever_the_server_does() {
    let scene = scene("bench-rate");
    let load = load(&scene.client, &[&UNICAST[..], &["--rate", "100", "--duration", "1"]].concat());
    let exchanges = load.exchanges();
    assert!(exchanges <= 110, "{exchanges} in a second");
}

#[test]
fn an_avalanche_ends_when_everybody_is_bound() {
    let scene = scene("bench-avalanche");
    let load = load(&scene.client, &[&UNICAST[..], &["--avalanche", "1"]].concat());
    assert_eq!(load.exchanges(), CLIENTS);
    let all = load.result["bound_after_ms"]["100"].as_u64();
    assert!(all >= load.result["bound_after_ms"]["50"].as_u64() && all.is_some(), "{}", load.result);
    assert!(scene.fosix.stop().get("pkt4-ack-sent") >= CLIENTS);
}

/// The network of a scene without a server.
fn network(label: &str) -> (Netns, Netns) {
    let (server, client) = (Netns::new(&format!("{label}-server")), Netns::new(&format!("{label}-client")));
    server.link("vs", &client, "vc");
    server.add_address("vs", "2001:db8:1::1/64");
    client.add_address("vc", "2001:db8:1::2/64");
    (server, client)
}

#[test]
fn an_echo_is_a_ceiling_and_no_server() {
    let (server, client) = network("bench-echo");
    let echo = Process::spawn(server.command(program()).args(["bench", "echo"]));
    echo.wait_for(0, "that it is ready", |line| line.starts_with("sending back").then_some(()));
    let load_echo = load(&client, &[&UNICAST[..], &["--echo"]].concat());
    assert_eq!(load_echo.exchanges(), CLIENTS);
    let load = load(&client, &[&UNICAST[..], &["--timeout", "0.2", "--duration", "0.5"]].concat());
    assert!(!load.output.status.success(), "{:?}", load.output);
    assert!(load.number("wrong") > 0 && load.number("exchanges") == 0, "{}", load.result);
}

#[test]
fn clients_of_dhcpv4_come_through_a_relay_over_ipv4() {
    let (server, client) = network("bench-four");
    server.ip(&["address", "add", "192.0.2.1/24", "dev", "vs"]);
    client.ip(&["address", "add", "192.0.2.2/24", "dev", "vc"]);
    let relayed = ["--kind", "dhcp4", "--way", "relayed", "--server", "192.0.2.1", "--source", "192.0.2.2"];

    let mut echo = Process::spawn(server.command(program()).args(["bench", "echo", "--ipv4"]));
    echo.wait_for(0, "that it is ready", |line| line.starts_with("sending back").then_some(()));
    assert_eq!(load(&client, &[&relayed[..], &["--echo"]].concat()).exchanges(), CLIENTS);
    echo.terminate();

    let kea = Kea::behind_relay(&server, "192.0.2.2");
    let all = load(&client, &relayed);
    assert_eq!((all.exchanges(), all.number("sent")), (CLIENTS, 2 * CLIENTS));
    let renewals = [&relayed[..], &["--scenario", "renew", "--duration", "0.5"]].concat();
    assert!(load(&client, &renewals).exchanges() > 0);
    kea.stop();

    let by_ipv6 =
        ["--kind", "dhcp4", "--way", "relayed", "--server", "2001:db8:1::1", "--source", "192.0.2.2"];
    let relays = [&relayed[..], &["--relays", "4"]].concat();
    for (arguments, why) in
        [(&by_ipv6[..], "2001:db8:1::1 is no IPv4 address"), (&relays, "each of the --sources is a relay")]
    {
        let refused = command(&client, &tempfile::tempdir().unwrap(), arguments).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(why), "{said}");
    }
}

/// A server that forgets what it gave gives it again.
#[test]
fn an_address_that_is_given_twice_is_an_error() {
    let (server, client) = network("bench-twice");
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "type": "memory" });
    let forgetful = Fosix::start(&server, configuration.clone());
    let directory = tempfile::tempdir().unwrap();
    let arguments =
        [&UNICAST[..], &["--rate", "100", "--duration", "3", "--timeout", "0.3", "--clients", "1000"]];
    let running = command(&client, &directory, &arguments.concat())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let counters: Counters = forgetful.counters_when("pkt4-ack-sent", 20);
    assert!(counters.get("pkt4-ack-sent") < 200, "{counters:?}");
    forgetful.kill();
    let _again = Fosix::start(&server, configuration);
    let output = running.wait_with_output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.lines().any(|line| line.starts_with("WRONG: client ") && line.contains("which client")),
        "{said}"
    );
}
