//! systemd-networkd and the DHCPv6 half: an address and a prefix, got and kept.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use fosix_tests::{Granted, Networkd, Scene6};

/// Seconds that are not over before a test is.
const LATER: u32 = 2000;

fn is_bound(scene: &Scene6, client: &mut Networkd, message: &str) -> Granted {
    let granted = client.bound(message);
    assert_eq!(scene.assigned(), granted, "what the server has on record");
    granted
}

#[test]
fn gets_both_and_renews_them_with_a_server_that_was_killed_meanwhile() {
    let scene = Scene6::new("networkd-renew");
    let server = scene.serve(Scene6::configuration(3, LATER));
    let mut client = Networkd::start(&scene.client);
    let granted = is_bound(&scene, &mut client, "Request");
    assert_eq!(granted, ["2001:db8:1::100", "2001:db8:1000::/56"].map(str::to_owned).into());
    server.kill();
    let server = scene.serve(Scene6::configuration(3, LATER));
    assert_eq!(is_bound(&scene, &mut client, "Renew"), granted);
    assert_eq!(scene.configured(), Granted::from(["2001:db8:1::100".to_owned()]));
    server.stop().assert_balanced();
}

#[test]
fn rebinds_both_when_the_server_was_away_and_gets_them_again_when_it_starts_again() {
    let scene = Scene6::new("networkd-rebind");
    let server = scene.serve(Scene6::configuration(3, 4));
    let mut client = Networkd::start(&scene.client);
    let granted = is_bound(&scene, &mut client, "Request");
    server.kill();
    client.sends("Rebind");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    assert_eq!(is_bound(&scene, &mut client, "Rebind"), granted);
    client.stop();
    let mut client = Networkd::start(&scene.client);
    assert_eq!(is_bound(&scene, &mut client, "Request"), granted);
    server.stop().assert_balanced();
}
