//! A server with its leases and a clock, the messages of clients, and what they are answered.

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_config::Dhcp6;
use fosix_dhcp6::{Datagram, Drop6, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_journal::{Salt, Staging};
use fosix_lease::{Key6, LeaseState, Leases6, Timestamp};
use fosix_wire::v6::{
    IaAddress, IaNa, IaPd, IaPrefix, MessageType, OptionCode, Options, Packet, StatusCode, StatusCodeOption,
    Writer,
};

pub(crate) const SERVER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 9];
pub(crate) const SALT: Salt = Salt(0x6006);
/// When a world begins.
pub(crate) const START: u64 = 1_000_000;
pub(crate) const INTERFACE: &str = "vs";

/// Two subnets of their own, on the interface and behind relays, each with addresses and prefixes.
pub(crate) const CONFIGURATION: &str = r#"{ "Dhcp6": {
    "interfaces-config": { "interfaces": [ "vs" ] },
    "preferred-lifetime": 3000, "valid-lifetime": 4000, "renew-timer": 1000, "rebind-timer": 1600,
    "option-data": [
        { "name": "dns-servers", "data": "2001:db8::53" },
        { "name": "domain-search", "data": "example.org" },
        { "name": "solmax-rt", "data": "120" },
        { "name": "inf-max-rt", "data": "90" },
        { "name": "information-refresh-time", "data": "700" },
        { "name": "dhcp4o6-server-addr", "data": "2001:db8::1" },
        { "name": "preference", "data": "7" }
    ],
    "subnet6": [
        { "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs",
          "pools": [ { "pool": "2001:db8:1::100 - 2001:db8:1::1ff" } ],
          "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 40, "delegated-len": 56 } ] },
        { "id": 2, "subnet": "2001:db8:2::/64", "interface-id": "port 2",
          "pools": [ { "pool": "2001:db8:2::100 - 2001:db8:2::1ff" } ],
          "pd-pools": [ { "prefix": "2001:db8:2000::", "prefix-len": 40, "delegated-len": 56 } ],
          "option-data": [ { "name": "dns-servers", "data": "2001:db8:2::53" } ] }
    ]
} }"#;

pub(crate) struct World {
    pub(crate) server: Server6,
    pub(crate) leases: Leases6,
    pub(crate) effects: Effects6,
    pub(crate) now: u64,
    /// What was staged for the log.
    pub(crate) records: Vec<u8>,
}

/// What became of a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer, and where it goes.
    Answered(Reply, SocketAddrV6),
    HandedOver,
    Dropped(Drop6),
}

/// The configuration in `text`, as an operator's file would have it.
pub(crate) fn configuration(text: &str) -> Dhcp6 {
    let loaded = fosix_config::load_text("fosix.json", text);
    let found = loaded.diagnostics.render(false);
    loaded.config.unwrap_or_else(|| panic!("{found}")).dhcp6.unwrap()
}

/// A half that serves after `config`.
pub(crate) fn server(config: &Dhcp6) -> Server6 {
    let settings = Settings6 {
        server_id: SERVER.to_vec(),
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: false,
        has_dhcpv4_half: true,
        offer_lifetime: 60,
    };
    Server6::new(config, settings)
}

/// Leases that are recorded, and have room for that.
pub(crate) fn leases(config: &Dhcp6) -> Leases6 {
    let mut leases = Leases6::new(&[], 100);
    fosix_dhcp6::arrange(config, &mut leases);
    leases.set_staging(Staging::recorded(SALT, 0));
    leases.staging_mut().set_room(usize::MAX);
    leases
}

impl World {
    pub(crate) fn new() -> Self {
        Self::configured(CONFIGURATION)
    }

    pub(crate) fn configured(text: &str) -> Self {
        let config = configuration(text);
        Self {
            server: server(&config),
            leases: leases(&config),
            effects: Effects6::default(),
            now: START,
            records: Vec::new(),
        }
    }

    /// The configuration of [`CONFIGURATION`] with more keys in it, or other ones.
    pub(crate) fn with(keys: &str) -> Self {
        let mut config: serde_json::Value = serde_json::from_str(CONFIGURATION).unwrap();
        let more: serde_json::Value = serde_json::from_str(keys).unwrap();
        merge(&mut config["Dhcp6"], more);
        Self::configured(&config.to_string())
    }

    pub(crate) fn receive(&mut self, bytes: &[u8], origin: Origin) -> Outcome {
        serve(&self.server, &mut self.leases, self.now, (bytes, origin), &mut self.effects, &mut self.records)
    }

    pub(crate) fn outcome(&mut self, ask: &Ask) -> Outcome {
        self.receive(&ask.bytes(), ask.origin)
    }

    /// The answer to a message that gets one.
    pub(crate) fn answer(&mut self, ask: &Ask) -> Reply {
        match self.outcome(ask) {
            Outcome::Answered(reply, _) => reply,
            outcome => panic!("{outcome:?} to {ask:?}"),
        }
    }

    /// Why a message gets no answer. It has changed nothing then.
    pub(crate) fn drop_of(&mut self, ask: &Ask) -> Drop6 {
        let before = self.leases.staging().sequence();
        match self.outcome(ask) {
            Outcome::Dropped(reason) => {
                assert_eq!(self.leases.staging().sequence(), before, "what is dropped changes nothing");
                reason
            }
            outcome => panic!("{outcome:?} to {ask:?}"),
        }
    }

    /// Gets the client an address in IA_NA 1 and a prefix in IA_PD 2.
    pub(crate) fn bind(&mut self, client: u8) -> (Key6, Key6) {
        self.bind_as(&Ask::solicit(client))
    }

    /// Goes on from a Solicit to what its client is given in IA_NA 1 and IA_PD 2.
    pub(crate) fn bind_as(&mut self, solicit: &Ask) -> (Key6, Key6) {
        let advertise = self.answer(solicit);
        assert_eq!(advertise.kind(), MessageType::ADVERTISE);
        let (address, prefix) = (advertise.address(), advertise.prefix());
        let request = Ask { kind: MessageType::REQUEST, ..solicit.clone() }.without(OptionCode::IA_NA);
        let request = request.without(OptionCode::IA_PD).for_server().na(1, &[address]).pd(2, &[prefix]);
        let reply = self.answer(&request);
        assert_eq!((reply.address(), reply.prefix()), (address, prefix));
        (address, prefix)
    }

    /// The state of the lease of `key`, if it is on record.
    pub(crate) fn state(&self, key: Key6) -> Option<LeaseState> {
        self.leases.get(key).map(fosix_lease::LeaseRef6::state)
    }
}

/// Has one datagram served.
pub(crate) fn serve(
    server: &Server6,
    leases: &mut Leases6,
    now: u64,
    (bytes, origin): (&[u8], Origin),
    effects: &mut Effects6,
    records: &mut Vec<u8>,
) -> Outcome {
    effects.bytes.clear();
    effects.answers.clear();
    let datagram = Datagram { bytes, origin, interface: INTERFACE };
    let outcome = match server.handle(Timestamp(now), leases, &datagram, effects) {
        Outcome6::Answered(_) => None,
        Outcome6::Promised(sent) => {
            // Whoever sends it counts it.
            effects.statistics.sent.count(sent);
            None
        }
        Outcome6::HandedOver(_) => Some(Outcome::HandedOver),
        Outcome6::Dropped(reason) => Some(Outcome::Dropped(reason)),
        outcome @ Outcome6::Committing(_) => panic!("{outcome:?} without hooks"),
    };
    records.append(leases.staging_mut().bytes_mut());
    outcome.unwrap_or_else(|| {
        let answer = effects.answers.last().unwrap();
        Outcome::Answered(Reply(effects.bytes[answer.bytes.clone()].to_vec()), answer.destination)
    })
}

fn merge(into: &mut serde_json::Value, more: serde_json::Value) {
    match more {
        serde_json::Value::Object(keys) if into.is_object() => {
            for (key, value) in keys {
                merge(&mut into[key], value);
            }
        }
        value => *into = value,
    }
}

/// A client's message, and how it comes.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) kind: MessageType,
    pub(crate) transaction: [u8; 3],
    pub(crate) options: Vec<(OptionCode, Vec<u8>)>,
    /// The relays that it comes through, the one nearest the client first.
    pub(crate) relays: Vec<Level>,
    pub(crate) origin: Origin,
}

/// What a relay puts around a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) link: Ipv6Addr,
    pub(crate) peer: Ipv6Addr,
    pub(crate) options: Vec<(OptionCode, Vec<u8>)>,
}

impl Ask {
    /// A message of the client of that number, with nothing but its identifier, by multicast.
    pub(crate) fn new(kind: MessageType, client: u8) -> Self {
        Self {
            kind,
            transaction: [1, 2, client],
            options: vec![(OptionCode::CLIENT_ID, duid(client))],
            relays: Vec::new(),
            origin: direct(client),
        }
    }

    /// A Solicit with IA_NA 1 and IA_PD 2.
    pub(crate) fn solicit(client: u8) -> Self {
        Self::new(MessageType::SOLICIT, client).na(1, &[]).pd(2, &[])
    }

    /// A message to this server about what its client holds in IA_NA 1 and IA_PD 2.
    pub(crate) fn about(kind: MessageType, client: u8, (address, prefix): (Key6, Key6)) -> Self {
        let ask = Self::new(kind, client).na(1, &[address]).pd(2, &[prefix]);
        let named = [MessageType::REQUEST, MessageType::RENEW, MessageType::RELEASE, MessageType::DECLINE];
        if named.contains(&kind) { ask.for_server() } else { ask }
    }

    pub(crate) fn with(mut self, code: OptionCode, data: &[u8]) -> Self {
        self.options.push((code, data.to_vec()));
        self
    }

    pub(crate) fn without(mut self, code: OptionCode) -> Self {
        self.options.retain(|(known, _)| *known != code);
        self
    }

    pub(crate) fn for_server(self) -> Self {
        self.with(OptionCode::SERVER_ID, &SERVER)
    }

    pub(crate) fn oro(self, codes: &[u16]) -> Self {
        let data: Vec<u8> = codes.iter().flat_map(|code| code.to_be_bytes()).collect();
        self.with(OptionCode::ORO, &data)
    }

    pub(crate) fn na(self, iaid: u32, addresses: &[Key6]) -> Self {
        self.with(OptionCode::IA_NA, &association(iaid, addresses))
    }

    pub(crate) fn pd(self, iaid: u32, prefixes: &[Key6]) -> Self {
        self.with(OptionCode::IA_PD, &association(iaid, prefixes))
    }

    /// Through one more relay, further from the client, with that link-address.
    pub(crate) fn relayed(mut self, link: &str, options: &[(OptionCode, &[u8])]) -> Self {
        let options = options.iter().map(|(code, data)| (*code, data.to_vec())).collect();
        let peer = if self.relays.is_empty() { *self.origin.source.ip() } else { address("2001:db8:77::1") };
        self.relays.push(Level { link: address(link), peer, options });
        self.origin = Origin {
            source: SocketAddrV6::new(address("2001:db8:77::2"), 547, 0, 0),
            destination: address("2001:db8::1"),
            ..self.origin
        };
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(self.kind, self.transaction);
        for (code, data) in &self.options {
            w.option(*code, data);
        }
        w.finish().unwrap();
        for (hop, level) in (0..).zip(&self.relays) {
            let inner = std::mem::take(&mut bytes);
            let mut w = Writer::new(&mut bytes);
            w.relay(MessageType::RELAY_FORW, hop, level.link, level.peer);
            for (code, data) in &level.options {
                w.option(*code, data);
            }
            w.option(OptionCode::RELAY_MESSAGE, &inner);
            w.finish().unwrap();
        }
        bytes
    }
}

/// IAID, T1, T2 and what the client names, as the data of an IA_NA or IA_PD.
pub(crate) fn association(iaid: u32, keys: &[Key6]) -> Vec<u8> {
    let mut data = [iaid.to_be_bytes(), [0; 4], [0; 4]].concat();
    for key in keys {
        let mut w = Writer::new(&mut data);
        if key.prefix_len == 128 && key.kind == fosix_lease::LeaseKind6::Address {
            w.nested(OptionCode::IA_ADDR, |w| {
                w.raw(&key.address.octets());
                w.raw(&[0; 8]);
            });
        } else {
            w.nested(OptionCode::IA_PREFIX, |w| {
                w.raw(&[0; 8]);
                w.raw(&[key.prefix_len]);
                w.raw(&key.address.octets());
            });
        }
        w.finish().unwrap();
    }
    data
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply(pub(crate) Vec<u8>);

/// An identity association of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Association {
    pub(crate) is_prefixes: bool,
    pub(crate) iaid: u32,
    pub(crate) t1: u32,
    pub(crate) t2: u32,
    /// Each with its preferred and its valid lifetime.
    pub(crate) leases: Vec<(Key6, u32, u32)>,
    pub(crate) status: Option<StatusCode>,
}

impl Reply {
    pub(crate) fn packet(&self) -> Packet<'_> {
        Packet::new_checked(&self.0, 32).unwrap()
    }

    pub(crate) fn kind(&self) -> MessageType {
        self.packet().message().message_type()
    }

    /// The data of an option, which must not be there twice.
    pub(crate) fn option(&self, code: OptionCode) -> Option<Vec<u8>> {
        let mut all = self.all(code);
        assert!(all.len() <= 1, "{code} is there {} times", all.len());
        all.pop()
    }

    pub(crate) fn all(&self, code: OptionCode) -> Vec<Vec<u8>> {
        self.packet().message().options().find_all(code).map(<[u8]>::to_vec).collect()
    }

    pub(crate) fn codes(&self) -> Vec<u16> {
        self.packet().message().options().iter().map(|option| option.code.0).collect()
    }

    /// The status of the whole message.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        status(self.packet().message().options())
    }

    pub(crate) fn associations(&self) -> Vec<Association> {
        let packet = self.packet();
        let options = packet.message().options();
        options
            .iter()
            .filter_map(|option| match option.code {
                OptionCode::IA_NA => {
                    let ia = IaNa::new_checked(option.data).unwrap();
                    let leases = ia.options.find_all(OptionCode::IA_ADDR).map(|data| {
                        let lease = IaAddress::new_checked(data).unwrap();
                        (Key6::address(lease.address), lease.preferred_lifetime, lease.valid_lifetime)
                    });
                    Some(Association {
                        is_prefixes: false,
                        iaid: ia.iaid,
                        t1: ia.t1,
                        t2: ia.t2,
                        leases: leases.collect(),
                        status: status(ia.options),
                    })
                }
                OptionCode::IA_PD => {
                    let ia = IaPd::new_checked(option.data).unwrap();
                    let leases = ia.options.find_all(OptionCode::IA_PREFIX).map(|data| {
                        let lease = IaPrefix::new_checked(data).unwrap();
                        let key = Key6::prefix(lease.prefix, lease.prefix_len);
                        (key, lease.preferred_lifetime, lease.valid_lifetime)
                    });
                    Some(Association {
                        is_prefixes: true,
                        iaid: ia.iaid,
                        t1: ia.t1,
                        t2: ia.t2,
                        leases: leases.collect(),
                        status: status(ia.options),
                    })
                }
                _ => None,
            })
            .collect()
    }

    pub(crate) fn ia_na(&self, iaid: u32) -> Association {
        self.association(false, iaid)
    }

    pub(crate) fn ia_pd(&self, iaid: u32) -> Association {
        self.association(true, iaid)
    }

    fn association(&self, is_prefixes: bool, iaid: u32) -> Association {
        let mut all = self.associations().into_iter();
        all.find(|ia| (ia.is_prefixes, ia.iaid) == (is_prefixes, iaid))
            .unwrap_or_else(|| panic!("no association {iaid} in {:?}", self.associations()))
    }

    /// The only address of IA_NA 1.
    pub(crate) fn address(&self) -> Key6 {
        let [(key, _, _)] = self.ia_na(1).leases[..] else { panic!("{:?}", self.associations()) };
        key
    }

    /// The only prefix of IA_PD 2.
    pub(crate) fn prefix(&self) -> Key6 {
        let [(key, _, _)] = self.ia_pd(2).leases[..] else { panic!("{:?}", self.associations()) };
        key
    }
}

fn status(options: Options<'_>) -> Option<StatusCode> {
    options.find(OptionCode::STATUS_CODE).map(|data| StatusCodeOption::new_checked(data).unwrap().code)
}

/// The DUID of the client of that number.
pub(crate) fn duid(client: u8) -> Vec<u8> {
    vec![0, 3, 0, 1, 2, 0, 0, 0, 0, client]
}

pub(crate) fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

/// `2001:db8::1` is an address, `2001:db8::/56` a prefix.
pub(crate) fn key(text: &str) -> Key6 {
    match text.split_once('/') {
        Some((prefix, len)) => Key6::prefix(address(prefix), len.parse().unwrap()),
        None => Key6::address(address(text)),
    }
}

/// From the client of that number itself, by multicast.
pub(crate) fn direct(client: u8) -> Origin {
    let source = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, client.into());
    Origin {
        source: SocketAddrV6::new(source, 546, 0, 0),
        destination: address("ff02::1:2"),
        interface_index: 7,
        link_local: Some(address("fe80::5")),
    }
}
