//! `fosix serve` as its operator and its supervisor see it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use fosix_tests::{
    Customer, Fosix, Netns, PATIENCE, Process, Relay, Scene, acquire, program, query_with, relayed,
};
use fosix_wire::v6::{OptionCode, QueryFlags};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn tells_its_supervisor_when_it_is_ready_and_when_it_stops() {
    let scene = Netns::new("notify");
    let directory = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let file = directory.path().join("fosix.json");
    fs::write(&file, Scene::configuration().to_string()).unwrap();
    let mut command = scene.command(program());
    command.arg("serve").arg(&file).env("NOTIFY_SOCKET", directory.path().join("notify"));
    let mut process = Process::spawn(&mut command);
    let told = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert!(told().contains("READY=1"));
    process.wait_for_line("fosix ready");
    process.signal(Signal::TERM);
    assert!(told().contains("STOPPING=1"));
    assert!(process.wait().success());
}

#[test]
fn stops_on_sigint_too() {
    let scene = Scene::new("interrupt");
    scene.fosix.process().signal(Signal::INT);
    scene.fosix.process().wait_for_line("fosix stopped");
}

#[test]
fn says_what_listens_where_and_then_nothing_per_packet() {
    let scene = Scene::with("quiet", {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["log"]["level"] = json!("info");
        configuration
    });
    let ready = scene.fosix.process().wait_for_line("fosix ready");
    for part in ["vs", "ff02::1:2", "547"] {
        assert!(ready.contains(part), "{ready}");
    }
    let lines = scene.fosix.process().line_count();
    let peer = scene.client_port();
    acquire(&peer, &Customer::new(1), &[], scene.unicast(), scene.unicast());
    peer.send(b"\x14", scene.unicast());
    acquire(&peer, &Customer::new(2), &[], scene.unicast(), scene.unicast());
    let seen = scene.fosix.process().lines();
    assert_eq!(seen[lines..], [] as [String; 0]);
}

#[test]
fn shows_every_packet_at_debug_level_with_client_relays_and_reason() {
    let scene = Scene::with("debug", {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["log"]["level"] = json!("debug");
        configuration
    });
    let peer = scene.relay_port();
    let discover = Customer::new(1).discover();
    let level = Relay {
        interface_id: Some(b"port 7".to_vec()),
        ..Relay::new(0, "2001:db8:2::1".parse().unwrap(), "fe80::c".parse().unwrap())
    };
    let foreign = query_with(
        QueryFlags::default(),
        &[
            (OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0xab, 0xcd]),
            (OptionCode::SERVER_ID, &[0, 3, 0, 1, 9, 9, 9, 9, 9, 9]),
            (OptionCode::DHCPV4_MSG, &discover),
        ],
    );
    let before = scene.fosix.process().line_count();
    peer.send(&relayed(std::slice::from_ref(&level), &foreign), scene.unicast());
    let parts = ["2001:db8:1::2", "020000", "abcd", "2001:db8:2::1", "port 7", "pkt6-drop-not-for-us"];
    let all_of = |line: &str| {
        let line = line.replace(':', "").to_lowercase();
        parts.iter().all(|part| line.contains(&part.replace(':', "").to_lowercase())).then_some(())
    };
    scene.fosix.process().wait_for(before, "client, relay path and reason", all_of);

    // So does the DHCPv4 half: hardware address, relay path, outcome.
    let before = scene.fosix.process().line_count();
    let mut two = Customer::new(2).discover();
    two[0] = 2;
    let bad = query_with(QueryFlags::default(), &[(OptionCode::DHCPV4_MSG, &two)]);
    peer.send(&relayed(&[level], &bad), scene.unicast());
    scene.fosix.process().wait_for(before, "relay path and reason", |line| {
        ["2001:db8:2::1", "port 7", "pkt4-drop-not-a-request"]
            .iter()
            .all(|part| line.contains(part))
            .then_some(())
    });
}

#[test]
fn a_wrong_configuration_is_not_started() {
    let netns = Netns::new("wrong");
    let server =
        Fosix::launch(&netns, json!({ "Dhcp6": { "interfaces-config": { "interfeces": [ "vs" ] } } }));
    server.process().wait_for_line("interfeces");
}

#[test]
fn the_quickstart_serves_an_ordinary_user_on_loopback() {
    let netns = Netns::new("quickstart");
    // The copy is for checkouts that only root can read.
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = directory.path().join("fosix");
    fs::copy(program(), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart.json");
    let file = directory.path().join("quickstart.json");
    // Its leases go where nobody else has any.
    let leases = directory.path().join("leases");
    fs::create_dir(&leases).unwrap();
    fs::set_permissions(&leases, fs::Permissions::from_mode(0o777)).unwrap();
    let text = fs::read_to_string(example).unwrap();
    let place = "/var/tmp/fosix-quickstart";
    assert!(text.contains(place));
    fs::write(&file, text.replace(place, leases.to_str().unwrap())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    let ordinary = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
    let mut command = netns.command("setpriv");
    let mut server = Process::spawn(command.args(ordinary).arg(&binary).arg("serve").arg(&file));
    server.wait_for_line("fosix ready");
    let arguments = ["client", "--server", "::1", "--port", "10547", "--client-port", "0"];
    let mut command = netns.command("setpriv");
    let mut client = Process::spawn(command.args(ordinary).arg(&binary).args(arguments));
    assert!(client.wait().success(), "{}", client.lines().join("\n"));
    assert!(client.lines().iter().any(|line| line.contains("10.10.0.")), "{}", client.lines().join("\n"));
    assert!(server.terminate().success());
}
