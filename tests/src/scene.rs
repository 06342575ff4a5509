//! The network that most tests use: a server with one link to a client.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

use fosix_wire::v4::{self, MessageType};
use fosix_wire::v6::{self, Packet, QueryFlags};
use serde_json::{Value, json};

use crate::{Customer, Fosix, Netns, Peer, Relay, dhcpv4_of, query, relayed, relays_of, reply};

/// Interface `vs` of the server, 2001:db8:1::1, is linked to `vc` of the client, 2001:db8:1::2.
#[derive(Debug)]
pub struct Scene {
    /// The server that runs.
    pub fosix: Fosix,
    /// Where it runs. There is no IPv4 address but loopback's.
    pub server: Netns,
    /// Where its clients and relays are.
    pub client: Netns,
}

/// What a client was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its address.
    pub address: Ipv4Addr,
    /// The server's name for itself (option 54).
    pub server: Ipv4Addr,
}

impl Scene {
    /// The server's address.
    pub const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
    /// The client's address.
    pub const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 2);
    /// The server's name in [`configuration`](Self::configuration).
    pub const SERVER_IDENTIFIER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    /// The network, and a server with [`configuration`](Self::configuration) in it.
    pub fn new(label: &str) -> Self {
        Self::with(label, Self::configuration())
    }

    /// The network, and a server with [`configuration`](Self::configuration) and one worker in it: whatever was sent
    /// before a query that is answered, to the same address, has then met its fate.
    pub fn in_order(label: &str) -> Self {
        Self::in_order_with(label, Self::configuration())
    }

    /// Like [`in_order`](Self::in_order) with this configuration.
    pub fn in_order_with(label: &str, mut configuration: Value) -> Self {
        configuration["Fosix"]["workers"] = json!(1);
        Self::with(label, configuration)
    }

    /// The network, and a server with this configuration in it.
    pub fn with(label: &str, configuration: Value) -> Self {
        let server = Netns::new(&format!("{label}-server"));
        let client = Netns::new(&format!("{label}-client"));
        server.link("vs", &client, "vc");
        server.add_address("vs", "2001:db8:1::1/64");
        client.add_address("vc", "2001:db8:1::2/64");
        let fosix = Fosix::start(&server, configuration);
        Self { fosix, server, client }
    }

    /// Two workers, and four subnets, 10.N.0.0/16 each: N = 1 for clients in 2001:db8:1::/64, 2 for those in 2001:db8:2::/64, 3 for
    /// those whose relay says "vlan3", 4 for all others on `vs`. Routers are 10.N.0.1.
    pub fn configuration() -> Value {
        let subnet = |number: u32, key: &str, value: &str| {
            json!({
                "id": number, "subnet": format!("10.{number}.0.0/16"), key: value,
                "pools": [ { "pool": format!("10.{number}.0.10 - 10.{number}.255.250") } ],
                "option-data": [ { "name": "routers", "data": format!("10.{number}.0.1") } ]
            })
        };
        json!({
            "Dhcp6": {
                "interfaces-config": { "interfaces": [ "vs" ] },
                "option-data": [ { "name": "dhcp4o6-server-addr", "data": "2001:db8:1::1" } ]
            },
            "Dhcp4": {
                "valid-lifetime": 4000, "renew-timer": 1000, "rebind-timer": 2000,
                "option-data": [
                    { "name": "domain-name-servers", "data": "192.0.2.53" },
                    { "name": "dhcp-server-identifier", "data": Self::SERVER_IDENTIFIER.to_string() }
                ],
                "subnet4": [
                    subnet(1, "4o6-subnet", "2001:db8:1::/64"),
                    subnet(2, "4o6-subnet", "2001:db8:2::/64"),
                    subnet(3, "4o6-interface-id", "vlan3"),
                    subnet(4, "4o6-interface", "vs")
                ]
            },
            "Fosix": { "workers": 2 }
        })
    }

    /// A socket at the client's port, from which packets come from whatever address fits.
    pub fn client_port(&self) -> Peer {
        Peer::bind(&self.client, v6::CLIENT_PORT)
    }

    /// A socket at the relays' port.
    pub fn relay_port(&self) -> Peer {
        Peer::bind(&self.client, v6::SERVER_PORT)
    }

    /// The server's address and port.
    pub fn unicast(&self) -> SocketAddrV6 {
        SocketAddrV6::new(Self::SERVER, v6::SERVER_PORT, 0, 0)
    }

    /// Has a good client served, and checks that `peer` gets its two answers and nothing else.
    pub fn still_answers(&self, peer: &Peer) {
        acquire(peer, &Customer::new(0xffff), &[], self.unicast(), self.unicast());
        assert_eq!(peer.receive_now(), None, "an answer that should not be");
    }

    /// Sends a good query and takes answers, which must be whole, until its own has come.
    pub fn catch_up(&self, peer: &Peer) {
        let marker = Customer::new(0xaaaa);
        peer.send(&query(QueryFlags::default(), &marker.discover()), self.unicast());
        loop {
            let answer = peer.receive();
            let packet = Packet::new_checked(&answer.bytes, v6::MAX_RELAY_LEVELS).expect("a whole answer");
            let inner = packet.message().options().find(v6::OptionCode::DHCPV4_MSG);
            let inner = inner.map(|inner| v4::Message::new_checked(inner).expect("a whole answer"));
            if inner.is_some_and(|inner| inner.xid() == marker.xid) {
                return;
            }
        }
    }

    /// The servers' and relays' group on the client's link.
    pub fn multicast(&self) -> SocketAddrV6 {
        let group = v6::ALL_DHCP_RELAY_AGENTS_AND_SERVERS;
        SocketAddrV6::new(group, v6::SERVER_PORT, 0, self.client.index("vc"))
    }
}

/// Runs DISCOVER, OFFER, REQUEST, ACK from `peer` through `relays` (the outermost first), checks every answer, and
/// gives the lease. `from` is what every answer must come from.
pub fn acquire(
    peer: &Peer,
    customer: &Customer,
    relays: &[Relay],
    destination: SocketAddrV6,
    from: SocketAddrV6,
) -> Lease {
    let ask = |message: &[u8]| {
        let answer = peer.exchange(&relayed(relays, &query(QueryFlags::default(), message)), destination);
        assert_eq!(answer.source, from, "where the answer comes from");
        assert_eq!(relays_of(&answer.bytes), relays, "the relay levels of the answer");
        dhcpv4_of(&answer.bytes)
    };
    let bytes = ask(&customer.discover());
    let offer = reply(&bytes, MessageType::OFFER);
    let lease = lease_of(&offer, customer);
    let bytes = ask(&customer.select(lease.address, lease.server));
    assert_eq!(lease_of(&reply(&bytes, MessageType::ACK), customer), lease, "the offer and what came of it");
    lease
}

/// The lease in an OFFER or ACK, which must be meant for `customer` and have all that belongs in it.
pub fn lease_of(message: &v4::Message<'_>, customer: &Customer) -> Lease {
    assert_eq!(message.xid(), customer.xid);
    assert_eq!(message.chaddr(), customer.hardware_address);
    let option = |code| message.option(code).unwrap_or_else(|| panic!("no option {code:?} in {message:?}"));
    let client_id: Vec<u8> = option(v4::OptionCode::CLIENT_IDENTIFIER).bytes().collect();
    assert_eq!(client_id, customer.client_id, "RFC 6842 §3");
    assert_eq!(option(v4::OptionCode::LEASE_TIME).to_u32(), Some(4000));
    assert_eq!(option(v4::OptionCode::RENEWAL_TIME).to_u32(), Some(1000));
    assert_eq!(option(v4::OptionCode::REBINDING_TIME).to_u32(), Some(2000));
    assert_eq!(option(v4::OptionCode::SUBNET_MASK).to_ipv4(), Some(Ipv4Addr::new(255, 255, 0, 0)));
    let address = message.yiaddr();
    let [ten, subnet, ..] = address.octets();
    assert_eq!(option(v4::OptionCode::ROUTER).to_ipv4(), Some(Ipv4Addr::new(ten, subnet, 0, 1)));
    assert_eq!(option(v4::OptionCode::DOMAIN_NAME_SERVER).to_ipv4(), Some(Ipv4Addr::new(192, 0, 2, 53)));
    let server = option(v4::OptionCode::SERVER_IDENTIFIER).to_ipv4().expect("four octets");
    Lease { address, server }
}

impl Lease {
    /// The number of the subnet of [`Scene::configuration`] that it is from.
    pub fn subnet(&self) -> u8 {
        self.address.octets()[1]
    }
}
