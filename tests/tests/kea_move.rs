//! A server that is moved from Kea to Fosix and back: its clients renew, and keep what they have.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::SocketAddrV6;

use fosix_tests::{
    Dhclient, Granted, Kea, Peer, Relay, Scene, Scene6, Subscriber, answer_of, leases, relayed,
};
use fosix_wire::v6::SERVER_PORT;
use serde_json::{Value, json};

/// The server is the same to its clients if it has the same DUID.
fn configuration() -> Value {
    let mut configuration = Scene6::configuration(6, 2000);
    configuration["Dhcp6"]["server-id"] =
        json!({ "type": "LL", "identifier": "020000000007", "persist": false });
    configuration
}

#[test]
fn a_client_keeps_its_address_and_prefix() {
    let scene = Scene6::new("moved");
    scene.client.add_address("vc", "2001:db8:1::2/64");
    let directory = tempfile::tempdir().unwrap();
    let [first, last] = ["first.csv", "last.csv"].map(|name| directory.path().join(name));
    let kea = Kea::dhcp6_with_leases(&scene.server, configuration(), &first);
    let client = Dhclient::new(&scene.client, Dhclient::BOTH);
    let mut run = client.start();
    let granted = run.bound("BOUND6");
    assert_eq!(granted, ["2001:db8:1::100", "2001:db8:1000::/56"].map(str::to_owned).into());

    kea.stop();
    leases(&scene.store(), &["--dhcp6", "import", first.to_str().unwrap()]);
    assert_eq!(scene.assigned(), granted);
    let server = scene.serve(configuration());
    assert_eq!(run.bound("RENEW6"), granted);
    assert_eq!(scene.assigned(), granted);
    let second = of_another_client(&scene, 2);
    assert!(second.is_disjoint(&granted), "{second:?} are given twice");
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-receive-drop"), 0);
    counters.assert_balanced();

    leases(&scene.store(), &["--dhcp6", "export", "--kea", "2.2", last.to_str().unwrap()]);
    let kea = Kea::dhcp6_with_leases(&scene.server, configuration(), &last);
    assert_eq!(run.bound("RENEW6"), granted);
    let third = of_another_client(&scene, 3);
    assert!(third.is_disjoint(&granted) && third.is_disjoint(&second), "{third:?} are given twice");
    kea.stop();
}

/// What a client gets that has never been here, behind a relay on the same link.
fn of_another_client(scene: &Scene6, number: u32) -> Granted {
    let peer = Peer::bind(&scene.client, SERVER_PORT);
    let relay = Relay::new(0, "2001:db8:1::2".parse().unwrap(), scene.client.link_local("vc"));
    let server = SocketAddrV6::new(Scene::SERVER, SERVER_PORT, 0, 0);
    let ask = |message: &[u8]| {
        answer_of(&peer.exchange(&relayed(std::slice::from_ref(&relay), message), server).bytes)
    };
    let subscriber = Subscriber::new(number);
    let offer = ask(&subscriber.solicit(false));
    let answer = ask(&subscriber.request(offer.holding.unwrap(), &offer.server));
    answer.holding.unwrap().texts().into()
}
