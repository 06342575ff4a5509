//! A DHCPv4 client's messages, and what carries them over IPv6: DHCPV4-QUERY, and relays around it.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::v4::{self, Header};
use fosix_wire::v6::{self, MessageType, OptionCode, Packet, QueryFlags, Writer};

/// A client of a certain number, which its hardware address and its client identifier are made of.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Ethernet.
    pub hardware_address: [u8; 6],
    /// As RFC 4361 asks for: type 255, IAID, DUID.
    pub client_id: Vec<u8>,
    /// The transaction id of all its messages.
    pub xid: u32,
}

/// One level of relaying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Relays that it had passed before.
    pub hop_count: u8,
    /// The link that the client is on, for the server.
    pub link_address: Ipv6Addr,
    /// Who the relay got it from.
    pub peer_address: Ipv6Addr,
    /// Option 18.
    pub interface_id: Option<Vec<u8>>,
    /// Option 135 (RFC 8357).
    pub source_port: Option<u16>,
}

impl Customer {
    /// The client of this number.
    pub fn new(number: u32) -> Self {
        let [a, b, c, d] = number.to_be_bytes();
        let hardware_address = [2, 0, a, b, c, d];
        let mut client_id = vec![255, 0, 0, 0, 1];
        // DUID-LL over Ethernet.
        client_id.extend([0, 3, 0, 1]);
        client_id.extend(hardware_address);
        Self { hardware_address, client_id, xid: 0x4000_0000 | number }
    }

    /// DHCPDISCOVER.
    pub fn discover(&self) -> Vec<u8> {
        self.message(v4::MessageType::DISCOVER, Ipv4Addr::UNSPECIFIED, &[])
    }

    /// DHCPREQUEST that takes `address` from the server that offered it.
    pub fn select(&self, address: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
        self.message(
            v4::MessageType::REQUEST,
            Ipv4Addr::UNSPECIFIED,
            &[
                (v4::OptionCode::REQUESTED_IP_ADDRESS, &address.octets()),
                (v4::OptionCode::SERVER_IDENTIFIER, &server.octets()),
            ],
        )
    }

    /// DHCPREQUEST of a client that has started again and remembers `address`.
    pub fn init_reboot(&self, address: Ipv4Addr) -> Vec<u8> {
        let requested = (v4::OptionCode::REQUESTED_IP_ADDRESS, &address.octets()[..]);
        self.message(v4::MessageType::REQUEST, Ipv4Addr::UNSPECIFIED, &[requested])
    }

    /// DHCPREQUEST that renews or rebinds `address`.
    pub fn renew(&self, address: Ipv4Addr) -> Vec<u8> {
        self.message(v4::MessageType::REQUEST, address, &[])
    }

    /// DHCPRELEASE.
    pub fn release(&self, address: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
        let server = (v4::OptionCode::SERVER_IDENTIFIER, &server.octets()[..]);
        self.message(v4::MessageType::RELEASE, address, &[server])
    }

    /// DHCPDECLINE.
    pub fn decline(&self, address: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
        self.message(
            v4::MessageType::DECLINE,
            Ipv4Addr::UNSPECIFIED,
            &[
                (v4::OptionCode::REQUESTED_IP_ADDRESS, &address.octets()),
                (v4::OptionCode::SERVER_IDENTIFIER, &server.octets()),
            ],
        )
    }

    /// DHCPINFORM of a client that has `address` from elsewhere.
    pub fn inform(&self, address: Ipv4Addr) -> Vec<u8> {
        self.message(v4::MessageType::INFORM, address, &[])
    }

    /// Any message, with these options beside the message type, the client identifier and the list of what it asks
    /// for: subnet mask, router, DNS servers.
    pub fn message(
        &self,
        message_type: v4::MessageType,
        ciaddr: Ipv4Addr,
        options: &[(v4::OptionCode, &[u8])],
    ) -> Vec<u8> {
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&self.hardware_address);
        let header =
            Header { hardware_type: 1, hardware_len: 6, ciaddr, chaddr, ..Header::request(self.xid) };
        let mut bytes = Vec::new();
        let mut w = v4::Writer::new(&mut bytes, &header);
        w.option_u8(v4::OptionCode::MESSAGE_TYPE, message_type.0);
        w.option(v4::OptionCode::CLIENT_IDENTIFIER, &self.client_id);
        for (code, data) in options {
            w.option(*code, data);
        }
        w.option(v4::OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6]);
        w.finish().expect("a message that can be written");
        bytes
    }
}

/// A DHCPV4-QUERY with one DHCPv4 message in it.
pub fn query(flags: QueryFlags, message: &[u8]) -> Vec<u8> {
    query_with(flags, &[(OptionCode::DHCPV4_MSG, message)])
}

/// A DHCPV4-QUERY with these options.
pub fn query_with(flags: QueryFlags, options: &[(OptionCode, &[u8])]) -> Vec<u8> {
    message6(MessageType::DHCPV4_QUERY, flags.to_octets(), options)
}

/// A DHCPv6 message with these options.
pub fn message6(
    message_type: MessageType,
    transaction_id: [u8; 3],
    options: &[(OptionCode, &[u8])],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, transaction_id);
    for (code, data) in options {
        w.option(*code, data);
    }
    w.finish().expect("a message that can be written");
    bytes
}

/// What `relays` make of a message, the outermost (nearest the server) first.
pub fn relayed(relays: &[Relay], message: &[u8]) -> Vec<u8> {
    relays.iter().rev().fold(message.to_vec(), |inner, relay| relay.forward(&inner))
}

impl Relay {
    /// A relay with nothing but its addresses.
    pub fn new(hop_count: u8, link_address: Ipv6Addr, peer_address: Ipv6Addr) -> Self {
        Self { hop_count, link_address, peer_address, interface_id: None, source_port: None }
    }

    /// The Relay-forward around `inner`.
    pub fn forward(&self, inner: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.relay(MessageType::RELAY_FORW, self.hop_count, self.link_address, self.peer_address);
        if let Some(id) = &self.interface_id {
            w.option(OptionCode::INTERFACE_ID, id);
        }
        w.option(OptionCode::RELAY_MESSAGE, inner);
        if let Some(port) = self.source_port {
            w.option_u16(OptionCode::RELAY_PORT, port);
        }
        w.finish().expect("a message that can be written");
        bytes
    }
}

/// The relay levels of an answer, the outermost first, each checked to be a Relay-reply with nothing else in it.
pub fn relays_of(answer: &[u8]) -> Vec<Relay> {
    let packet = Packet::new_checked(answer, v6::MAX_RELAY_LEVELS).expect("an answer that can be decoded");
    let level = |relay: &v6::RelayMessage<'_>| {
        assert_eq!(relay.message_type(), MessageType::RELAY_REPL);
        let known = [OptionCode::INTERFACE_ID, OptionCode::RELAY_MESSAGE, OptionCode::RELAY_PORT];
        for option in relay.options() {
            assert!(known.contains(&option.code), "a Relay-reply with option {:?}", option.code);
        }
        Relay {
            hop_count: relay.hop_count(),
            link_address: relay.link_address(),
            peer_address: relay.peer_address(),
            interface_id: relay.interface_id().map(<[u8]>::to_vec),
            source_port: relay.relay_source_port(),
        }
    };
    packet.relays().iter().map(level).collect()
}

/// The DHCPv4 message of an answer, relayed or not, which is checked to be a proper DHCPV4-RESPONSE: all flags zero
/// (RFC 7341 §6.4), the DHCPv4 message in it once, and nothing else.
pub fn dhcpv4_of(answer: &[u8]) -> Vec<u8> {
    let packet = Packet::new_checked(answer, v6::MAX_RELAY_LEVELS).expect("an answer that can be decoded");
    let message = packet.message();
    assert_eq!(message.message_type(), MessageType::DHCPV4_RESPONSE);
    assert_eq!(message.transaction_id(), [0; 3], "the flags of a DHCPV4-RESPONSE");
    let codes: Vec<_> = message.options().iter().map(|option| option.code).collect();
    assert_eq!(codes, [OptionCode::DHCPV4_MSG]);
    message.options().find(OptionCode::DHCPV4_MSG).expect("just seen").to_vec()
}

/// A DHCPv4 message, as an answer must be: one that can be decoded, a BOOTREPLY of the given type.
pub fn reply(bytes: &[u8], message_type: v4::MessageType) -> v4::Message<'_> {
    let message = v4::Message::new_checked(bytes).expect("an answer that can be decoded");
    assert_eq!(message.op(), v4::BOOTREPLY);
    assert_eq!(message.message_type(), Some(message_type), "the type of {message:?}");
    message
}
