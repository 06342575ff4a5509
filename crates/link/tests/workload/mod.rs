//! Both halves in one thread without sockets: from received datagrams to the bytes of their answers.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;

use fosix_dhcp4::{Server4, Settings4};
use fosix_dhcp6::{Datagram, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_journal::{Directory, Options, Salt};
use fosix_lease::{Leases4, Leases6, Store4, Timestamp};
use fosix_link::{Direct, Half4, Link6};
use fosix_wire::v4::{self, Header, MessageType, OptionCode};
use fosix_wire::v6::{self, QueryFlags, Writer};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const NOW: Timestamp = Timestamp(1_000_000);
/// Datagrams that are served at a time.
pub(crate) const BATCH: usize = 64;
const CONFIGURATION: &str = r#"{
    "Dhcp6": { "interfaces-config": { "interfaces": [ "lo" ] } },
    "Dhcp4": {
        "valid-lifetime": 4000, "renew-timer": 1000, "rebind-timer": 2000,
        "option-data": [ { "name": "domain-name-servers", "data": "192.0.2.53, 192.0.2.54" } ],
        "subnet4": [ {
            "id": 1, "subnet": "10.0.0.0/8", "4o6-subnet": "2001:db8::/32", "pools": [ { "pool": "10.0.0.10 - 10.255.255.250" } ],
            "option-data": [ { "name": "routers", "data": "10.0.0.1" } ]
        } ]
    }
}"#;

pub(crate) struct World {
    server: Server6,
    link: Direct,
    leases6: Leases6,
    effects: Effects6,
    pub(crate) store: Arc<Store4>,
    /// The addresses of the answers to the last batch, in its order.
    pub(crate) answers: Vec<Ipv4Addr>,
    _directory: tempfile::TempDir,
}

impl World {
    /// Halves with leases in memory, or on disk in a temporary directory.
    pub(crate) fn new(with_journal: bool) -> Self {
        let config = fosix_config::load_text("exchange.json", CONFIGURATION).config.unwrap();
        let settings = Settings6 {
            server_id: vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9],
            max_relay_levels: 9,
            server_port: 547,
            client_port: 546,
            reply_to_source_port: false,
            has_dhcpv4_half: true,
            offer_lifetime: 60,
        };
        let server = Server6::new(&config.dhcp6.unwrap(), settings);
        let settings = Settings4 { max_relay_levels: 9, offer_lifetime: 60, server_identifier: SERVER };
        let server4 = Server4::new(config.dhcp4.unwrap(), settings);
        let leases = Leases4::new(&server4.pools(), 100_000);
        let directory = tempfile::tempdir().unwrap();
        let store = if with_journal {
            let place = Directory::open(directory.path()).unwrap();
            let options = Options::new(4, Salt(7));
            Store4::open(place, options, leases, |_| NOW, || ()).unwrap().0
        } else {
            Store4::in_memory(leases, None)
        };
        let store = Arc::new(store);
        let half = Half4 { server: server4, store: Arc::clone(&store) };
        Self {
            server,
            link: Direct::new(Arc::new(half)),
            leases6: Leases6::new(&[], 10),
            effects: Effects6::default(),
            store,
            answers: Vec::new(),
            _directory: directory,
        }
    }

    /// Has a batch served and notes the addresses of the answers.
    pub(crate) fn serve(&mut self, batch: &[Vec<u8>]) {
        self.effects.bytes.clear();
        self.effects.answers.clear();
        served(self, batch);
        self.answers.clear();
        for answer in &self.effects.answers {
            let bytes = &self.effects.bytes[answer.bytes.clone()];
            // The DHCPV4-RESPONSE's header and that of option 87 are before it.
            let message = v4::Message::new_checked(&bytes[8..]).unwrap();
            self.answers.push(message.yiaddr());
        }
        assert_eq!(self.answers.len(), batch.len());
    }
}

/// What is measured.
#[inline(never)]
pub(crate) fn served(world: &mut World, batch: &[Vec<u8>]) {
    let origin = Origin {
        source: "[2001:db8::7]:546".parse().unwrap(),
        destination: "2001:db8::1".parse().unwrap(),
        interface_index: 1,
        link_local: Some("fe80::1".parse().unwrap()),
    };
    for bytes in batch {
        let datagram = Datagram { bytes: black_box(bytes), origin, interface: "lo" };
        let outcome = world.server.handle(NOW, &mut world.leases6, &datagram, &mut world.effects);
        let Outcome6::HandedOver(query) = outcome else { unreachable!("{outcome:?}") };
        world.link.submit(&query);
    }
    world.link.flush(NOW);
    world.link.settle();
    let World { server, link, effects, .. } = world;
    link.responses(&mut |origin, response| {
        let start = effects.bytes.len();
        effects.bytes.extend_from_slice(response);
        server.respond(origin, start..effects.bytes.len(), effects);
    });
}

/// A message of a client, which is known by its number.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    Discover,
    Select(Ipv4Addr),
    Renew(Ipv4Addr),
}

/// The DHCPV4-QUERY that a client sends.
pub(crate) fn query(client: u32, ask: Ask) -> Vec<u8> {
    let (message_type, requested, ciaddr) = match ask {
        Ask::Discover => (MessageType::DISCOVER, None, Ipv4Addr::UNSPECIFIED),
        Ask::Select(address) => (MessageType::REQUEST, Some(address), Ipv4Addr::UNSPECIFIED),
        Ask::Renew(address) => (MessageType::REQUEST, None, address),
    };
    let mut hardware = [2, 0, 0, 0, 0, 0];
    hardware[2..].copy_from_slice(&client.to_be_bytes());
    let mut chaddr = [0; 16];
    chaddr[..6].copy_from_slice(&hardware);
    let header = Header { hardware_type: 1, hardware_len: 6, ciaddr, chaddr, ..Header::request(client) };
    let mut inner = Vec::new();
    let mut w = v4::Writer::new(&mut inner, &header);
    w.option_u8(OptionCode::MESSAGE_TYPE, message_type.0);
    let identifier = [&[255, 0, 0, 0, 1, 0, 3, 0, 1][..], &hardware].concat();
    w.option(OptionCode::CLIENT_IDENTIFIER, &identifier);
    if let Some(address) = requested {
        w.option(OptionCode::REQUESTED_IP_ADDRESS, &address.octets());
        w.option(OptionCode::SERVER_IDENTIFIER, &SERVER.octets());
    }
    w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6, 51, 58, 59]);
    w.finish().unwrap();
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(v6::MessageType::DHCPV4_QUERY, QueryFlags::default().to_octets());
    w.option(v6::OptionCode::DHCPV4_MSG, &inner);
    w.finish().unwrap();
    bytes
}

/// What each client of a batch asks, given the address that it was answered last.
pub(crate) fn batch(first: u32, answers: &[Ipv4Addr], ask: impl Fn(Ipv4Addr) -> Ask) -> Vec<Vec<u8>> {
    (first..).zip(answers).map(|(client, &address)| query(client, ask(address))).collect()
}
