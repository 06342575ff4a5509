//! A server with one subnet, its leases, a clock, and clients that ask.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use fosix_config::{
    ClientRules, Dhcp4, Guard, LeaseChecks, Lifetime, OptionValue, Pool4, ReservationModes, Selector4o6,
    Subnet4, SubnetId, Timers,
};
use fosix_dhcp4::{Outcome4, Query, Served4, Server4, Settings4, Statistics4};
use fosix_lease::{Leases4, Timestamp};
use fosix_wire::v4::{Header, Message, MessageType, OptionCode, Writer};
use fosix_wire::v6::{self, Packet, QueryFlags};

/// The server's name.
pub(crate) const OURS: Ipv4Addr = Ipv4Addr::new(169, 254, 7, 7);
/// Where queries come from.
pub(crate) const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x99);

pub(crate) struct World {
    pub(crate) server: Server4,
    pub(crate) leases: Leases4,
    pub(crate) statistics: Statistics4,
    pub(crate) now: u64,
    pub(crate) out: Vec<u8>,
}

/// A client's message and how it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) message_type: MessageType,
    pub(crate) op: u8,
    pub(crate) unicast: bool,
    pub(crate) interface: &'static str,
    pub(crate) identifier: Option<Vec<u8>>,
    pub(crate) hardware: Vec<u8>,
    pub(crate) ciaddr: Ipv4Addr,
    pub(crate) giaddr: Ipv4Addr,
    pub(crate) hops: u8,
    pub(crate) requested_address: Option<Ipv4Addr>,
    pub(crate) server: Option<Ipv4Addr>,
    pub(crate) lease_time: Option<u32>,
    pub(crate) max_size: Option<u16>,
    pub(crate) requested: Vec<u8>,
    pub(crate) relay_information: Option<Vec<u8>>,
    pub(crate) vendor_class: Option<&'static str>,
    /// The client identifier of the DHCPv6 message around it.
    pub(crate) duid: Option<Vec<u8>>,
}

impl Ask {
    fn new(client: u8, message_type: MessageType) -> Self {
        Self {
            message_type,
            op: 1,
            unicast: false,
            interface: "vs",
            identifier: Some(vec![0, client]),
            hardware: vec![2, 0, 0, 0, 0, client],
            ciaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            hops: 0,
            requested_address: None,
            server: None,
            lease_time: None,
            max_size: None,
            requested: vec![1, 3, 6],
            relay_information: None,
            vendor_class: None,
            duid: None,
        }
    }

    pub(crate) fn discover(client: u8) -> Self {
        Self::new(client, MessageType::DISCOVER)
    }

    pub(crate) fn selecting(client: u8, address: Ipv4Addr) -> Self {
        let request = Self::new(client, MessageType::REQUEST);
        Self { server: Some(OURS), requested_address: Some(address), ..request }
    }

    pub(crate) fn init_reboot(client: u8, address: Ipv4Addr) -> Self {
        Self { requested_address: Some(address), ..Self::new(client, MessageType::REQUEST) }
    }

    pub(crate) fn renewing(client: u8, address: Ipv4Addr) -> Self {
        Self { ciaddr: address, unicast: true, ..Self::new(client, MessageType::REQUEST) }
    }

    pub(crate) fn release(client: u8, address: Ipv4Addr) -> Self {
        let release = Self::new(client, MessageType::RELEASE);
        Self { ciaddr: address, server: Some(OURS), unicast: true, ..release }
    }

    pub(crate) fn decline(client: u8, address: Ipv4Addr) -> Self {
        let decline = Self::new(client, MessageType::DECLINE);
        Self { requested_address: Some(address), server: Some(OURS), ..decline }
    }

    pub(crate) fn inform(client: u8, address: Ipv4Addr) -> Self {
        Self { ciaddr: address, unicast: true, ..Self::new(client, MessageType::INFORM) }
    }

    /// The DHCPv4 message.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut header = Header::request(0x1234_5678);
        header.op = self.op;
        header.hops = self.hops;
        header.ciaddr = self.ciaddr;
        header.giaddr = self.giaddr;
        header.hardware_type = 1;
        header.hardware_len = u8::try_from(self.hardware.len()).unwrap();
        header.chaddr[..self.hardware.len()].copy_from_slice(&self.hardware);
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes, &header);
        w.option_u8(OptionCode::MESSAGE_TYPE, self.message_type.0);
        if let Some(identifier) = &self.identifier {
            w.option(OptionCode::CLIENT_IDENTIFIER, identifier);
        }
        if let Some(address) = self.requested_address {
            w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, address);
        }
        if let Some(server) = self.server {
            w.option_ipv4(OptionCode::SERVER_IDENTIFIER, server);
        }
        if let Some(seconds) = self.lease_time {
            w.option_u32(OptionCode::LEASE_TIME, seconds);
        }
        if let Some(bytes) = self.max_size {
            w.option_u16(OptionCode::MAXIMUM_MESSAGE_SIZE, bytes);
        }
        if let Some(class) = self.vendor_class {
            w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, class.as_bytes());
        }
        w.option(OptionCode::PARAMETER_REQUEST_LIST, &self.requested);
        if let Some(information) = &self.relay_information {
            w.option(OptionCode::RELAY_AGENT_INFORMATION, information);
        }
        w.finish().unwrap();
        bytes
    }
}

/// The DHCPv4 message of an answer.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn view(&self) -> Message<'_> {
        Message::new_checked(&self.bytes).unwrap()
    }

    pub(crate) fn message_type(&self) -> MessageType {
        self.view().message_type().unwrap()
    }

    pub(crate) fn yiaddr(&self) -> Ipv4Addr {
        self.view().yiaddr()
    }

    pub(crate) fn ciaddr(&self) -> Ipv4Addr {
        self.view().ciaddr()
    }

    pub(crate) fn data(&self, code: OptionCode) -> Option<Vec<u8>> {
        self.view().option(code).map(|data| data.bytes().collect())
    }

    pub(crate) fn number(&self, code: OptionCode) -> Option<u32> {
        self.view().option(code).map(|data| data.to_u32().unwrap())
    }

    pub(crate) fn address(&self, code: OptionCode) -> Option<Ipv4Addr> {
        self.view().option(code).map(|data| data.to_ipv4().unwrap())
    }

    /// The codes of the options, in their order.
    pub(crate) fn codes(&self) -> Vec<u8> {
        self.view().options().map(|option| option.code.0).collect()
    }
}

pub(crate) fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&config())
    }

    pub(crate) fn authoritative() -> Self {
        let mut config = config();
        config.authoritative = true;
        config.subnets[0].authoritative = true;
        Self::with(&config)
    }

    /// A world with one address.
    pub(crate) fn tiny() -> Self {
        let mut config = config();
        config.subnets[0].pools.truncate(1);
        config.subnets[0].pools[0].last = config.subnets[0].pools[0].first;
        Self::with(&config)
    }

    /// The half that a text configures, as the file of an operator would.
    pub(crate) fn configured(text: &str) -> Self {
        Self::with(&fosix_config::load_text("fosix.json", text).config.unwrap().dhcp4.unwrap())
    }

    fn with(config: &Dhcp4) -> Self {
        let settings = Settings4 { max_relay_levels: 9, offer_lifetime: 60, server_identifier: OURS };
        let server = Server4::new(config.clone(), settings);
        let mut leases = Leases4::new(&[], 1000);
        server.arrange(&mut leases);
        Self { server, leases, statistics: Statistics4::default(), now: 1_000_000, out: Vec::new() }
    }

    pub(crate) fn pool() -> RangeInclusive<Ipv4Addr> {
        address("10.0.0.10")..=address("10.0.0.150")
    }

    /// The address that `client` holds after four messages.
    pub(crate) fn bind(&mut self, client: u8) -> Ipv4Addr {
        let offered = self.answer(&Ask::discover(client)).yiaddr();
        let ack = self.answer(&Ask::selecting(client, offered));
        assert_eq!((ack.message_type(), ack.yiaddr()), (MessageType::ACK, offered));
        offered
    }

    pub(crate) fn answer(&mut self, ask: &Ask) -> Answer {
        self.answer_by(ask, &[])
    }

    /// What is in the response to a query through relays.
    pub(crate) fn answer_by(&mut self, ask: &Ask, relays: &[(&str, &str)]) -> Answer {
        let bytes = self.relayed(ask, relays);
        let packet = Packet::new_checked(&bytes, 9).unwrap();
        let inner = packet.message().options().find(v6::OptionCode::DHCPV4_MSG).unwrap();
        Answer { bytes: inner.to_vec() }
    }

    /// The whole response to a query through relays, given from the client outward.
    pub(crate) fn relayed(&mut self, ask: &Ask, relays: &[(&str, &str)]) -> Vec<u8> {
        let query = Self::query(ask, relays);
        let outcome = self.serve(&query, ask.interface);
        assert!(matches!(outcome, Outcome4::Answered(_)), "{outcome:?}");
        std::mem::take(&mut self.out)
    }

    pub(crate) fn outcome(&mut self, ask: &Ask) -> Outcome4 {
        let query = Self::query(ask, &[]);
        let outcome = self.serve(&query, ask.interface);
        assert_eq!(matches!(outcome, Outcome4::Answered(_)), !self.out.is_empty());
        self.out.clear();
        outcome
    }

    pub(crate) fn raw(&mut self, query: &[u8]) -> Outcome4 {
        self.serve(query, "vs")
    }

    fn serve(&mut self, message: &[u8], interface: &str) -> Outcome4 {
        let query = Query { message, source: SOURCE, interface };
        self.serve_query(&query)
    }

    /// Serves a query to its end, with every change durable at once.
    pub(crate) fn serve_query(&mut self, query: &Query<'_>) -> Outcome4 {
        let start = self.out.len();
        let now = Timestamp(self.now);
        let served = self.server.handle(now, &mut self.leases, query, &mut self.out, &mut self.statistics);
        self.leases.take_changes();
        let outcome = match served {
            Served4::Done(outcome) => outcome,
            Served4::Committing(commit) => {
                self.server.commit(*commit, &mut self.out, start, &mut self.statistics)
            }
        };
        if let Outcome4::Answered(sent) = outcome {
            self.statistics.sent.count(sent);
        }
        outcome
    }

    pub(crate) fn query(ask: &Ask, relays: &[(&str, &str)]) -> Vec<u8> {
        let flags = if ask.unicast { QueryFlags::UNICAST } else { QueryFlags::default() };
        let mut bytes = Vec::new();
        let mut w = v6::Writer::new(&mut bytes);
        w.message(v6::MessageType::DHCPV4_QUERY, flags.to_octets());
        if let Some(duid) = &ask.duid {
            w.option(v6::OptionCode::CLIENT_ID, duid);
        }
        w.option(v6::OptionCode::DHCPV4_MSG, &ask.message());
        w.finish().unwrap();
        for (hop, (link, id)) in relays.iter().enumerate() {
            let inner = std::mem::take(&mut bytes);
            let mut w = v6::Writer::new(&mut bytes);
            let hop = u8::try_from(hop).unwrap();
            w.relay(v6::MessageType::RELAY_FORW, hop, link.parse().unwrap(), SOURCE);
            if !id.is_empty() {
                w.option(v6::OptionCode::INTERFACE_ID, id.as_bytes());
            }
            w.option(v6::OptionCode::RELAY_MESSAGE, &inner);
            w.finish().unwrap();
        }
        bytes
    }
}

fn config() -> Dhcp4 {
    let timers = Timers {
        valid_lifetime: Lifetime { min: 1000, default: 4000, max: 8000 },
        renew: Some(1000),
        rebind: Some(2000),
        calculate_tee_times: false,
        t1_percent: 0.5,
        t2_percent: 0.875,
        cache: fosix_config::Cache::default(),
    };
    let option = |code, data: &[u8]| OptionValue { code, data: data.to_vec(), ..OptionValue::default() };
    let pool = |first, last, options| Pool4 {
        first: address(first),
        last: address(last),
        options,
        guard: Guard::default(),
        additional_classes: Vec::new(),
    };
    let subnet = Subnet4 {
        id: SubnetId(1),
        prefix: "10.0.0.0/24".parse().unwrap(),
        pools: vec![
            pool("10.0.0.10", "10.0.0.99", vec![]),
            pool("10.0.0.100", "10.0.0.150", vec![option(15, b"pool.example")]),
        ],
        options: vec![option(3, &[10, 0, 0, 1]), option(15, b"subnet.example"), option(224, &[7; 400])],
        timers,
        authoritative: false,
        match_client_id: true,
        next_server: None,
        server_hostname: String::new(),
        boot_file_name: String::new(),
        server_identifier: None,
        selector: Selector4o6 { interface: Some("vs".into()), interface_id: None, prefix: None },
        allocator: fosix_config::Allocator::Iterative,
        offer_lifetime: None,
        shared_network: None,
        guard: Guard::default(),
        network_guard: Guard::default(),
        additional_classes: Vec::new(),
        reservation_modes: ReservationModes::default(),
    };
    Dhcp4 {
        options: vec![option(6, &[192, 0, 2, 53])],
        subnets: vec![subnet],
        timers,
        authoritative: false,
        match_client_id: true,
        echo_client_id: true,
        next_server: None,
        server_hostname: String::new(),
        boot_file_name: String::new(),
        server_identifier: None,
        decline_probation_period: 86_400,
        lease_checks: LeaseChecks::Warn,
        expired_leases: fosix_config::ExpiredLeases::default(),
        persist: true,
        dhcp4o6_port: 0,
        hooks: Vec::new(),
        rules: ClientRules::default(),
    }
}
