//! dhcpcd and the DHCPv6 half: an address and a prefix, got, kept and given back.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use fosix_tests::{Dhcpcd, DhcpcdRun, Granted, Scene6};

/// Seconds that are not over before a test is.
const LATER: u32 = 2000;

/// The client is bound for this reason, and its script, its interface and the server agree on what it has.
fn is_bound(scene: &Scene6, run: &mut DhcpcdRun, reason: &str) -> Granted {
    let granted = run.bound(reason);
    assert_eq!(scene.assigned(), granted, "what the server has on record");
    let addresses: Granted = granted.iter().filter(|granted| !granted.contains('/')).cloned().collect();
    assert_eq!(scene.configured(), addresses, "what the interface has");
    granted
}

#[test]
fn gets_both_renews_rebinds_and_releases_them() {
    let scene = Scene6::new("dhcpcd-life");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhcpcd::new(&scene.client, Dhcpcd::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &mut run, "BOUND6");
    assert_eq!(granted, ["2001:db8:1::100", "2001:db8:1000::/56"].map(str::to_owned).into());
    run.renew();
    assert_eq!(is_bound(&scene, &mut run, "RENEW6"), granted);
    run.rebind();
    assert_eq!(is_bound(&scene, &mut run, "REBIND6"), granted);
    run.release();
    assert_eq!(server.counters_when("pkt6-release-received", 1).get("pkt6-renew-received"), 1);
    assert_eq!((scene.assigned(), scene.configured()), (Granted::new(), Granted::new()));
    let counters = server.stop();
    assert_eq!(counters.get("pkt6-rebind-received"), 1);
    counters.assert_balanced();
}

#[test]
fn keeps_both_when_the_server_was_killed() {
    let scene = Scene6::new("dhcpcd-kill");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhcpcd::new(&scene.client, Dhcpcd::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &mut run, "BOUND6");
    server.kill();
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    run.renew();
    assert_eq!(is_bound(&scene, &mut run, "RENEW6"), granted);
    server.stop().assert_balanced();
}

#[test]
fn keeps_both_over_a_loss_of_carrier() {
    let scene = Scene6::new("dhcpcd-carrier");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhcpcd::new(&scene.client, Dhcpcd::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &mut run, "BOUND6");
    scene.server.down("vs");
    scene.server.up("vs");
    assert_eq!(is_bound(&scene, &mut run, "REBIND6"), granted);
    let counters = server.stop();
    // RFC 9915 §18.2.12: what has a prefix rebinds and does not ask for confirmation.
    assert!(counters.get("pkt6-rebind-received") > 0);
    counters.assert_balanced();
}

#[test]
fn has_its_address_confirmed_after_a_loss_of_carrier() {
    let scene = Scene6::new("dhcpcd-confirm");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhcpcd::new(&scene.client, Dhcpcd::ADDRESS);
    let mut run = client.start();
    let granted = is_bound(&scene, &mut run, "BOUND6");
    scene.server.down("vs");
    scene.server.up("vs");
    assert_eq!(is_bound(&scene, &mut run, "REBOOT6"), granted);
    let counters = server.stop();
    assert!(counters.get("pkt6-confirm-received") > 0);
    counters.assert_balanced();
}

#[test]
fn keeps_both_when_it_starts_again() {
    let scene = Scene6::new("dhcpcd-again");
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let client = Dhcpcd::new(&scene.client, Dhcpcd::BOTH);
    let mut run = client.start();
    let granted = is_bound(&scene, &mut run, "BOUND6");
    run.stop();
    server.kill();
    let server = scene.serve(Scene6::configuration(LATER, LATER));
    let mut run = client.start();
    assert_eq!(is_bound(&scene, &mut run, "REBIND6"), granted);
    server.stop().assert_balanced();
}
