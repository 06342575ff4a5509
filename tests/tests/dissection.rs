//! What the server sends, in the eyes of tcpdump and tshark.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::net::Ipv4Addr;

use fosix_tests::{Capture, CaptureFile, Customer, Relay, Scene, acquire, dhcpv4_of, message6, query};
use fosix_wire::v4;
use fosix_wire::v6::{MessageType, OptionCode, QueryFlags};

const DUID: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const IA_NA: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
const IA_PD: &[u8] = &[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn tshark_decodes_every_answer_without_complaint() {
    let scene = Scene::new("tshark");
    let peer = scene.client_port();
    let relay_peer = scene.relay_port();
    // What came by multicast is answered from the link-local address.
    let link_local = scene.server.link_local("vs");
    let answers = format!("udp and (src host 2001:db8:1::1 or src host {link_local})");
    let capture = Capture::start(&scene.client, "vc", &answers);
    let ask = |message: &[u8]| peer.exchange(message, scene.unicast()).bytes;

    let customer = Customer::new(1);
    let lease = acquire(&peer, &customer, &[], scene.unicast(), scene.unicast());
    let mut inner = Vec::new();
    for (flags, message) in [
        (QueryFlags::UNICAST, customer.renew(lease.address)),
        (QueryFlags::UNICAST, customer.inform(lease.address)),
        (QueryFlags::default(), customer.init_reboot(Ipv4Addr::new(172, 16, 0, 1))),
        (QueryFlags::default(), customer.discover()),
    ] {
        inner.push(dhcpv4_of(&ask(&query(flags, &message))));
    }
    let relays = [
        Relay::new(1, "2001:db8:2::1".parse().unwrap(), "2001:db8:2::2".parse().unwrap()),
        Relay {
            interface_id: Some(b"port 7".to_vec()),
            source_port: Some(10_000),
            ..Relay::new(0, "2001:db8:2::2".parse().unwrap(), "fe80::c".parse().unwrap())
        },
    ];
    acquire(&relay_peer, &Customer::new(2), &relays, scene.unicast(), scene.unicast());
    let client = (OptionCode::CLIENT_ID, DUID);
    let asks = (OptionCode::ORO, &[0, 88, 0, 23][..]);
    let ask = |message: &[u8]| peer.exchange(message, scene.multicast());
    ask(&message6(MessageType::INFORMATION_REQUEST, [1, 2, 3], &[client, asks]));
    let associations = [(OptionCode::IA_NA, IA_NA), (OptionCode::IA_PD, IA_PD)];
    ask(&message6(MessageType::SOLICIT, [1, 2, 3], &[&[client, asks][..], &associations].concat()));

    let file = capture.finish(10);
    assert_eq!(file.complaints(&[]), "");
    let packets = file.dissect(&[]);
    let types: Vec<_> = packets.iter().map(|packet| packet.values("dhcpv6.msgtype")).collect();
    let response = vec!["21"];
    let relayed = vec!["13", "13", "21"];
    assert_eq!(
        types,
        [
            &response,
            &response,
            &response,
            &response,
            &response,
            &response,
            &relayed,
            &relayed,
            &vec!["7"],
            &vec!["2"]
        ]
        .map(Clone::clone)
    );
    let options: Vec<_> = packets.iter().map(|packet| packet.values("dhcpv6.option.type")).collect();
    assert_eq!(options[0], ["87"]);
    // Interface-ID and Relay Source Port are put back at the level where they came, around the inner message.
    let mut relayed_options = options[6].clone();
    relayed_options.sort_unstable();
    assert_eq!(relayed_options, ["135", "18", "87", "9", "9"]);
    assert_eq!(packets[6].values("dhcpv6.hopcount"), ["1", "0"]);
    assert_eq!(packets[6].values("dhcpv6.linkaddr"), ["2001:db8:2::1", "2001:db8:2::2"]);
    assert_eq!(packets[6].values("dhcpv6.peeraddr"), ["2001:db8:2::2", "fe80::c"]);

    // tshark does not look into option 87: the DHCPv4 messages as they would look without DHCPv6 around them.
    let file = CaptureFile::of_dhcpv4_messages(inner.iter().map(Vec::as_slice));
    assert_eq!(file.complaints(&[]), "");
    let packets = file.dissect(&[]);
    let types: Vec<_> = packets.iter().flat_map(|packet| packet.values("dhcp.option.dhcp")).collect();
    assert_eq!(types, ["5", "5", "6", "2"], "ACK, ACK, NAK, OFFER");
    let address = lease.address.to_string();
    assert_eq!(packets.first().unwrap().values("dhcp.ip.your"), [address.as_str()]);
    let ours = v4::Message::new_checked(inner.first().unwrap()).unwrap();
    let codes: Vec<_> = ours.options().map(|option| option.code.0.to_string()).collect();
    let mut theirs = packets.first().unwrap().values("dhcp.option.type");
    theirs.retain(|code| *code != "255" && *code != "0");
    assert_eq!(theirs, codes, "tshark sees the options that we see");
    scene.fosix.stop().assert_balanced();
}
