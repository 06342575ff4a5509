//! Both halves in one test with one of the three links between them, and clients that ask.

use std::net::{Ipv4Addr, SocketAddrV6, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use fosix_config::Config;
use fosix_dhcp4::{Outcome4, Served4, Server4, Settings4, Statistics4};
use fosix_dhcp6::{Datagram, Effects6, Event6, Origin, Outcome6, Server6, Settings6};
use fosix_lease::{Leases4, Leases6, Store4, Timestamp};
use fosix_link::kea::{self, Sender};
use fosix_link::own::{Frame, Keeper, OwnLink4, OwnLink6, Passage, Settings};
use fosix_link::{
    Counted, Direct, Half4, KeaLink4, KeaLink6, KeaSocket, Link4, Link6, LinkDrop, LinkLoss, LinkSocket,
    LinkStatistics, Role,
};
use fosix_net::{AddressBook, FrameBatch, Poller};
use fosix_wire::v4::{self, Header, MessageType, OptionCode};
use fosix_wire::v6::{self, Packet, QueryFlags, Writer};

/// How long to wait for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const NOW: Timestamp = Timestamp(1_000_000);
const CLIENT: &str = "[2001:db8::7]:1066";

pub(crate) struct World {
    name: &'static str,
    server: Server6,
    effects: Effects6,
    link: Box<dyn Link6>,
    other: Option<Other>,
    held: bool,
    keepers: Vec<Keeper>,
    _directory: Option<tempfile::TempDir>,
}

/// A DHCPv4 half alone.
struct Other {
    half: Arc<Half4>,
    link: Box<dyn Link4>,
    statistics: Statistics4,
    served: u64,
}

/// What a client is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) message_type: MessageType,
    pub(crate) address: Ipv4Addr,
    pub(crate) destination: SocketAddrV6,
    pub(crate) relays: usize,
    pub(crate) flags: QueryFlags,
}

impl World {
    pub(crate) fn direct() -> Self {
        Self::new("direct", Box::new(Direct::new(half())), None, Vec::new(), None)
    }

    pub(crate) fn kea() -> Self {
        let book = book();
        let [six, four] = kea_sockets();
        let other = Other::new(Box::new(KeaLink4::new(four, Arc::clone(&book))));
        Self::new("kea", Box::new(KeaLink6::new(six, book)), Some(other), Vec::new(), None)
    }

    pub(crate) fn own() -> Self {
        Self::own_with(Settings::IN_FLIGHT_LIMIT, Settings::IN_FLIGHT_PATIENCE)
    }

    pub(crate) fn own_with(in_flight_limit: usize, in_flight_patience: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let book = book();
        let user = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(directory.path()).unwrap());
        let settings = Settings {
            path: directory.path().join("link"),
            peer_user: user,
            own_user: user,
            program: "test",
            in_flight_limit,
            in_flight_patience,
        };
        let keeper = |role| {
            let (told, changed) = mpsc::channel();
            let keeper = Keeper::start(role, settings.clone(), self::book(), move || {
                // Nobody may be waiting.
                let _ = told.send(());
            });
            (keeper.unwrap(), changed)
        };
        let (four, changed4): (_, Receiver<()>) = keeper(Role::Dhcpv4);
        let (six, changed6) = keeper(Role::Dhcpv6);
        for changed in [changed4, changed6] {
            changed.recv_timeout(PATIENCE).unwrap();
        }
        let other = Other::new(Box::new(OwnLink4::new(Arc::clone(four.board()))));
        let link = OwnLink6::new(Arc::clone(six.board()), book);
        Self::new("own", Box::new(link), Some(other), vec![six, four], Some(directory))
    }

    fn new(
        name: &'static str,
        link: Box<dyn Link6>,
        other: Option<Other>,
        keepers: Vec<Keeper>,
        directory: Option<tempfile::TempDir>,
    ) -> Self {
        let settings = Settings6 {
            server_id: vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9],
            max_relay_levels: 9,
            server_port: 547,
            client_port: 546,
            reply_to_source_port: false,
            has_dhcpv4_half: true,
            offer_lifetime: 60,
        };
        let server = Server6::new(&config().dhcp6.unwrap(), settings);
        let effects = Effects6::default();
        Self { name, server, effects, link, other, held: false, keepers, _directory: directory }
    }

    /// Sends a query and waits for nothing.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.submit(bytes);
        self.link.flush(NOW);
    }

    /// Sends a query and waits for its answer.
    pub(crate) fn ask(&mut self, bytes: &[u8]) -> Answer {
        self.ask_all(&[bytes.to_vec()]).pop().unwrap()
    }

    /// Sends queries in one batch and waits for their answers.
    pub(crate) fn ask_all(&mut self, queries: &[Vec<u8>]) -> Vec<Answer> {
        for query in queries {
            self.submit(query);
        }
        self.link.flush(NOW);
        let wanted = queries.len();
        self.wait("answers", |world| world.effects.answers.len() >= wanted);
        assert_eq!(self.effects.answers.len(), wanted, "{self:?}");
        let answers = self
            .effects
            .answers
            .iter()
            .map(|answer| read(&self.effects.bytes[answer.bytes.clone()], answer.destination));
        let answers = answers.collect();
        self.effects.answers.clear();
        self.effects.bytes.clear();
        answers
    }

    /// Says to the DHCPv6 half what only the DHCPv4 half can say, and waits until it has been heard.
    pub(crate) fn inject(&mut self, message: &[u8], interface: &str) {
        let source: SocketAddrV6 = CLIENT.parse().unwrap();
        let socket = self.other.as_ref().unwrap().link.sockets().pop().unwrap();
        let mut frames = FrameBatch::new();
        let written = frames.push(|buffer| match &socket {
            LinkSocket::Kea(_) => {
                let sender = Sender { interface, address: *source.ip(), port: source.port() };
                if kea::encode(message, sender, buffer).is_err() {
                    buffer.extend_from_slice(message);
                }
                Ok(())
            }
            LinkSocket::Own(_) => Frame::Response(Passage {
                number: 0,
                received_at_us: 0,
                source,
                destination: "ff02::1:2".parse().unwrap(),
                interface_index: 1,
                interface,
                message,
            })
            .encode(buffer),
        });
        written.unwrap();
        frames.send(&socket, 1).unwrap();
        let before = self.statistics().received;
        self.wait("that it is heard", |world| world.statistics().received > before);
    }

    pub(crate) fn stop_dhcpv4_half(&mut self) {
        self.other = None;
        if self.keepers.len() == 2 {
            self.keepers.pop();
            self.wait("the end of the connection", |world| world.link.sockets().is_empty());
        }
    }

    /// Lets the DHCPv4 half do nothing for a while.
    pub(crate) fn hold_dhcpv4_half(&mut self) {
        self.held = true;
    }

    pub(crate) fn release_dhcpv4_half(&mut self) {
        self.held = false;
        let wanted = self.keepers[0].board().in_flight();
        self.wait("those that waited", |world| world.effects.answers.len() >= wanted);
        self.effects.answers.clear();
        self.effects.bytes.clear();
    }

    pub(crate) fn dropped6(&self, reason: LinkDrop) -> u64 {
        self.statistics().dropped.get(reason)
    }

    /// Checks that so many queries were lost, all for these reasons.
    pub(crate) fn assert_lost6(&mut self, reasons: &[LinkLoss], expected: u64) {
        let lost =
            |world: &Self| reasons.iter().map(|&reason| world.statistics().lost.get(reason)).sum::<u64>();
        self.wait("so many lost", |world| lost(world) >= expected);
        assert_eq!((lost(self), self.statistics().lost.total()), (expected, expected), "{self:?}");
    }

    /// Checks that so many queries wait for their answers; over other links than our own there are none to wait.
    pub(crate) fn assert_in_flight(&mut self, expected: usize) {
        self.wait("so many in flight", |world| {
            world.keepers.first().is_none_or(|keeper| keeper.board().in_flight() == expected)
        });
    }

    /// Checks that everything had one fate.
    pub(crate) fn assert_balanced(&self) {
        let events = &self.effects.statistics.events;
        if let Some(other) = &self.other {
            let four = other.link.statistics();
            assert_eq!(four.received, other.served + four.dropped.total(), "{self:?}");
            assert_eq!(four.submitted, other.statistics.sent.total(), "{self:?}");
        }
        if let Counted::Link(_) = self.link.statistics() {
            let six = self.statistics();
            assert_eq!(six.submitted, events.get(Event6::HandedOver), "{self:?}");
            assert_eq!(six.received, events.get(Event6::ResponseFromLink) + six.dropped.total(), "{self:?}");
        }
        assert_eq!(events.get(Event6::BadResponseFromLink), 0);
    }

    fn submit(&mut self, bytes: &[u8]) {
        let origin = Origin {
            source: CLIENT.parse().unwrap(),
            destination: "ff02::1:2".parse().unwrap(),
            interface_index: 1,
            link_local: None,
        };
        let datagram = Datagram { bytes, origin, interface: "lo" };
        match self.server.handle(NOW, &mut Leases6::new(&[], 1), &datagram, &mut self.effects) {
            Outcome6::HandedOver(query) => self.link.submit(&query),
            other => panic!("not handed over: {other:?}"),
        }
    }

    /// What the DHCPv6 half's link counted, that of its keeper included.
    fn statistics(&self) -> LinkStatistics {
        let mut all = match self.link.statistics() {
            Counted::Link(statistics) => statistics.clone(),
            _ => LinkStatistics::default(),
        };
        if let Some(keeper) = self.keepers.first() {
            all.add(&keeper.board().statistics());
        }
        all
    }

    /// Lets both halves work until it is so.
    fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            self.turn();
            if done(self) {
                return;
            }
            assert!(Instant::now() < end, "never {what}: {self:?}");
            let mut poller = Poller::new().unwrap();
            let held = self.other.as_ref().filter(|_| !self.held);
            let sockets = held.map(|other| other.link.sockets()).into_iter().flatten();
            let sockets: Vec<_> = sockets.chain(self.link.sockets()).collect();
            for socket in &sockets {
                poller.add(socket, 0).unwrap();
            }
            // The keepers' threads change what there is to wait for.
            poller.wait(Some(Duration::from_millis(20))).unwrap();
        }
    }

    fn turn(&mut self) {
        if let Some(other) = self.other.as_mut().filter(|_| !self.held) {
            other.turn();
        }
        let (server, effects) = (&self.server, &mut self.effects);
        self.link.responses(&mut |origin, response| {
            let start = effects.bytes.len();
            effects.bytes.extend_from_slice(response);
            server.respond(origin, start..effects.bytes.len(), effects);
        });
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |statistics: &LinkStatistics| -> Vec<(&str, u64)> {
            statistics.report().into_iter().filter(|(_, count)| *count > 0).collect()
        };
        let mut world = f.debug_struct(self.name);
        world.field("dhcp6", &shown(&self.statistics()));
        if let Some(other) = &self.other {
            world.field("dhcp4", &shown(other.link.statistics()));
        }
        world.finish_non_exhaustive()
    }
}

impl Other {
    fn new(link: Box<dyn Link4>) -> Self {
        Self { half: half(), link, statistics: Statistics4::default(), served: 0 }
    }

    /// Serves what has come.
    fn turn(&mut self) {
        for socket in self.link.sockets() {
            let queries = self.link.receive(&socket);
            for at in 0..queries {
                let mut response = Vec::new();
                let query = self.link.query(at).unwrap();
                let to = self.link.return_path(at).unwrap();
                let mut leases = self.half.store.lock();
                let served =
                    self.half.server.handle(NOW, &mut leases, &query, &mut response, &mut self.statistics);
                drop(leases);
                if let Served4::Done(Outcome4::Answered(sent)) = served {
                    self.statistics.sent.count(sent);
                }
                self.served += 1;
                self.link.answer(&to, &response);
            }
            self.link.flush();
        }
    }
}

fn book() -> Arc<AddressBook> {
    Arc::new(AddressBook::new().unwrap())
}

/// The sockets of both halves at a port that is free, as is the one after it.
fn kea_sockets() -> [Arc<KeaSocket>; 2] {
    for _ in 0..100 {
        let port = UdpSocket::bind("[::1]:0").unwrap().local_addr().unwrap().port();
        if let (Ok(six), Ok(four)) =
            (KeaSocket::open(Role::Dhcpv6, port), KeaSocket::open(Role::Dhcpv4, port))
        {
            return [six, four].map(Arc::new);
        }
    }
    panic!("no two free ports");
}

fn config() -> Config {
    let text = r#"{
        "Dhcp6": { "interfaces-config": { "interfaces": [ "lo" ] } },
        "Dhcp4": { "valid-lifetime": 4000, "subnet4": [ {
            "id": 1, "subnet": "10.1.0.0/16", "4o6-interface": "lo", "pools": [ { "pool": "10.1.0.10 - 10.1.255.250" } ]
        } ] },
        "Fosix": { "store": { "type": "memory" } }
    }"#;
    fosix_config::load_text("halves.json", text).config.unwrap()
}

fn half() -> Arc<Half4> {
    let settings = Settings4 { max_relay_levels: 9, offer_lifetime: 60, server_identifier: SERVER };
    let server = Server4::new(config().dhcp4.unwrap(), settings);
    let store = Arc::new(Store4::in_memory(Leases4::new(&server.pools(), 1000), None));
    Arc::new(Half4 { server, store })
}

fn read(bytes: &[u8], destination: SocketAddrV6) -> Answer {
    let packet = Packet::new_checked(bytes, 9).unwrap();
    let inner = packet.message().options().find(v6::OptionCode::DHCPV4_MSG).unwrap();
    let inner = v4::Message::new_checked(inner).unwrap();
    Answer {
        message_type: inner.message_type().unwrap(),
        address: inner.yiaddr(),
        destination,
        relays: packet.relays().len(),
        flags: packet.message().query_flags(),
    }
}

pub(crate) fn message(message_type: v6::MessageType, options: &[(v6::OptionCode, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, [0; 3]);
    for (code, data) in options {
        w.option(*code, data);
    }
    w.finish().unwrap();
    bytes
}

/// The DHCPV4-QUERY with this DHCPv4 message in it.
pub(crate) fn query(inner: &[u8]) -> Vec<u8> {
    message(v6::MessageType::DHCPV4_QUERY, &[(v6::OptionCode::DHCPV4_MSG, inner)])
}

/// The same through relays; `port` is what the outermost says of its port (RFC 8357).
pub(crate) fn relayed(levels: u8, port: Option<u16>, query: &[u8]) -> Vec<u8> {
    let mut bytes = query.to_vec();
    for hop in 0..levels {
        let inner = std::mem::take(&mut bytes);
        let mut w = Writer::new(&mut bytes);
        w.relay(v6::MessageType::RELAY_FORW, hop, "2001:db8::1".parse().unwrap(), "fe80::1".parse().unwrap());
        w.option(v6::OptionCode::INTERFACE_ID, b"port");
        w.option(v6::OptionCode::RELAY_MESSAGE, &inner);
        if let Some(port) = port.filter(|_| hop + 1 == levels) {
            w.option_u16(v6::OptionCode::RELAY_PORT, port);
        }
        w.finish().unwrap();
    }
    bytes
}

fn dhcpv4(
    client: u8,
    message_type: MessageType,
    fill: impl Fn(&mut Header<'_>),
    write: impl Fn(&mut v4::Writer<'_>),
) -> Vec<u8> {
    let mut header = Header::request(u32::from(client));
    header.hardware_type = 1;
    header.hardware_len = 6;
    header.chaddr[5] = client;
    fill(&mut header);
    let mut bytes = Vec::new();
    let mut w = v4::Writer::new(&mut bytes, &header);
    w.option_u8(OptionCode::MESSAGE_TYPE, message_type.0);
    write(&mut w);
    w.finish().unwrap();
    bytes
}

pub(crate) fn discover(client: u8) -> Vec<u8> {
    dhcpv4(client, MessageType::DISCOVER, |_| {}, |_| {})
}

pub(crate) fn request(client: u8, address: Ipv4Addr) -> Vec<u8> {
    dhcpv4(
        client,
        MessageType::REQUEST,
        |_| {},
        |w| {
            w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, address);
            w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        },
    )
}

pub(crate) fn release(client: u8, address: Ipv4Addr) -> Vec<u8> {
    dhcpv4(
        client,
        MessageType::RELEASE,
        |header| header.ciaddr = address,
        |w| {
            w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        },
    )
}
