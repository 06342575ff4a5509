//! What four messages for an address and a prefix cost without the kernel's part: Solicit and Request through a relay, each from
//! the received datagram to the bytes of its answer, leases in memory.
//!
//! ```text
//! four_way COUNT
//! ```
//! Prints nanoseconds for each exchange. Under callgrind, with `--toggle-collect='*four_way::serve*'`, it counts instructions.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring, and its only output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fosix_dhcp6::{Datagram, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_lease::{Leases6, Timestamp};
use fosix_wire::v6::{MessageType, OptionCode, Packet, Writer};

const CONFIGURATION: &str = r#"{ "Dhcp6": {
    "interfaces-config": { "interfaces": [ "lo" ] }, "preferred-lifetime": 3000, "valid-lifetime": 4000,
    "option-data": [ { "name": "dns-servers", "data": "2001:db8::53" } ],
    "subnet6": [ { "id": 1, "subnet": "2001:db8::/32",
        "pools": [ { "pool": "2001:db8:ff::1:0:0 - 2001:db8:ff::1:ffff:ffff" } ],
        "pd-pools": [ { "prefix": "2001:1000::", "prefix-len": 24, "delegated-len": 56 } ] } ] } }"#;

const SERVER_ID: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 9];

/// Datagrams that are served at a time.
const BATCH: u32 = 64;

fn main() {
    let count: u32 = std::env::args().nth(1).map_or(100_000, |count| count.parse().unwrap());
    let config = fosix_config::load_text("four-way.json", CONFIGURATION).config.unwrap().dhcp6.unwrap();
    let settings = Settings6 {
        server_id: SERVER_ID.to_vec(),
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: false,
        has_dhcpv4_half: false,
        offer_lifetime: 60,
    };
    let server = Server6::new(&config, settings);
    let mut leases = Leases6::new(&fosix_dhcp6::pools(&config), 100_000);
    let (mut effects, mut took) = (Effects6::default(), Duration::ZERO);
    for first in (0..count).step_by(usize::try_from(BATCH).unwrap()) {
        let solicits: Vec<_> = (first..first + BATCH).map(|client| relayed(client, None)).collect();
        let begun = Instant::now();
        serve(&server, &mut leases, &solicits, &mut effects);
        took += begun.elapsed();
        let advertises =
            effects.answers.iter().map(|answer| effects.bytes.get(answer.bytes.clone()).unwrap());
        let requests: Vec<_> =
            advertises.zip(first..).map(|(answer, client)| relayed(client, Some(answer))).collect();
        let begun = Instant::now();
        serve(&server, &mut leases, &requests, &mut effects);
        took += begun.elapsed();
    }
    println!("{} ns each; {} leases", (took / count).as_nanos(), leases.iter().count());
}

/// What is measured.
#[inline(never)]
fn serve(server: &Server6, leases: &mut Leases6, batch: &[Vec<u8>], effects: &mut Effects6) {
    effects.bytes.clear();
    effects.answers.clear();
    let origin = Origin {
        source: "[2001:db8:1::2]:547".parse().unwrap(),
        destination: "2001:db8:1::1".parse().unwrap(),
        interface_index: 1,
        link_local: Some("fe80::1".parse().unwrap()),
    };
    for bytes in batch {
        let datagram = Datagram { bytes: black_box(bytes), origin, interface: "lo" };
        let outcome = server.handle(Timestamp(1_000_000), leases, &datagram, effects);
        assert!(matches!(outcome, Outcome6::Answered(_) | Outcome6::Promised(_)), "{outcome:?}");
    }
}

/// A Solicit, or the Request that takes what the relayed `advertise` says, inside Relay-forward.
fn relayed(client: u32, advertise: Option<&[u8]>) -> Vec<u8> {
    let mut duid = vec![0, 3, 0, 1, 2, 0];
    duid.extend_from_slice(&client.to_be_bytes());
    let mut inner = Vec::new();
    let mut w = Writer::new(&mut inner);
    let [_, transaction @ ..] = client.to_be_bytes();
    w.message(if advertise.is_some() { MessageType::REQUEST } else { MessageType::SOLICIT }, transaction);
    w.option(OptionCode::CLIENT_ID, &duid);
    w.option(OptionCode::ORO, &OptionCode::DNS_SERVERS.0.to_be_bytes());
    w.option(OptionCode::ELAPSED_TIME, &[0, 0]);
    if let Some(bytes) = advertise {
        let mut packet = Packet::default();
        packet.read(bytes, 9).unwrap();
        w.option(OptionCode::SERVER_ID, &SERVER_ID);
        for code in [OptionCode::IA_NA, OptionCode::IA_PD] {
            w.option(code, packet.message().options().find(code).unwrap());
        }
    } else {
        w.option(OptionCode::IA_NA, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        w.option(OptionCode::IA_PD, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    w.finish().unwrap();
    let mut bytes = vec![12, 0];
    bytes.extend_from_slice(&"2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    bytes.extend_from_slice(&"fe80::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    bytes.extend_from_slice(&OptionCode::INTERFACE_ID.0.to_be_bytes());
    bytes.extend_from_slice(&[0, 4, b'p', b'o', b'r', b't']);
    bytes.extend_from_slice(&OptionCode::RELAY_MESSAGE.0.to_be_bytes());
    bytes.extend_from_slice(&u16::try_from(inner.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&inner);
    bytes
}
