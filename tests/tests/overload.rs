//! More comes in than can be served: what was begun goes first, what would begin something new is dropped, and all of it is counted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use fosix_tests::{Customer, Scene, message6, query};
use fosix_wire::v6::{MessageType, OptionCode, QueryFlags};
use rustix::process::Signal;

const CLIENT: (OptionCode, &[u8]) = (OptionCode::CLIENT_ID, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
/// More than half of what can wait in the kernel, and more than the server keeps.
const CROWD: u64 = 20_000;

#[test]
fn what_was_begun_goes_before_what_begins_and_nothing_is_lost_from_sight() {
    let scene = Scene::in_order("overload");
    let peer = scene.client_port();
    let solicit = message6(MessageType::SOLICIT, [1, 1, 1], &[CLIENT, (OptionCode::IA_NA, IA_NA)]);
    let begun = message6(MessageType::INFORMATION_REQUEST, [7, 7, 7], &[CLIENT, (OptionCode::ORO, &[0, 88])]);
    let group = scene.multicast();

    let before = scene.fosix.counters();
    scene.fosix.process().stand_still();
    for number in 0..CROWD {
        if number == CROWD * 2 / 5 {
            peer.send(&begun, group);
        }
        peer.send(&solicit, group);
    }
    scene.fosix.process().signal(Signal::CONT);

    let reply = peer.receive().bytes;
    assert_eq!(reply[..4], [MessageType::REPLY.0, 7, 7, 7], "the first answer");
    let after = settled(&scene, before.get("pkt6-received") + CROWD + 1);
    let grown = after.since(&before);
    assert!(grown["pkt6-advertise-sent"] > 1000, "{grown:#?}");
    assert!(after.get("pkt6-drop-overload") + after.get("pkt6-receive-buffer-drop") > 1000, "{grown:#?}");
    after.assert_balanced();

    // Once that is over all is as before.
    while peer.receive_now().is_some() {}
    let now = after.get("pkt6-drop-overload");
    for number in 0..100 {
        peer.send(&query(QueryFlags::default(), &Customer::new(number).discover()), scene.unicast());
        peer.receive();
    }
    let end = scene.fosix.stop();
    assert_eq!(end.get("pkt6-drop-overload"), now);
    end.assert_balanced();
}

/// The counters once every one of so many datagrams was served, dropped, or never got to the server.
fn settled(scene: &Scene, datagrams: u64) -> fosix_tests::Counters {
    let lost = scene.fosix.counters().get("pkt6-receive-buffer-drop");
    scene.fosix.counters_when("pkt6-received", datagrams - lost)
}
