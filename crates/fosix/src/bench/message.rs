//! The datagrams of clients, made by patching a few octets of templates, and what an answer says.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, ensure};
use fosix_wire::v4::{self, Header};
use fosix_wire::v6::{
    self, IaAddress, IaNa, IaPd, IaPrefix, MessageType, OptionCode, Packet, QueryFlags, Writer,
};

use super::args::{Kind, Settings, Way};

/// What a client is offered or holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    V4(Ipv4Addr),
    /// An address, and the prefix that begins there.
    V6(Ipv6Addr, Ipv6Addr),
}

/// What a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    Discover,
    Select,
    Renew,
    Release,
}

/// What an answer says to whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The client's number.
    pub(super) client: u32,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Offer(Lease),
    Ack(Lease),
    /// A refusal, and how it was put.
    Refused(String),
    /// The query itself: of an echo.
    Echo,
}

/// Stand for a client's number, its leases and its relay in templates: each is found there by its octets.
const CLIENT: u32 = 0xa1_b2_c3_d4;
const ADDRESS4: Ipv4Addr = Ipv4Addr::from_bits(0xe5_f6_07_18);
const ADDRESS6: Ipv6Addr = Ipv6Addr::new(0xe5f6, 0x0718, 0x293a, 0x4b5c, 1, 2, 3, 4);
const PREFIX6: Ipv6Addr = Ipv6Addr::new(0xe5f6, 0x0718, 0x293a, 0x4b5c, 5, 6, 7, 8);
const LINK: Ipv6Addr = Ipv6Addr::new(0xe5f6, 0x0718, 0x293a, 0x4b5c, 9, 10, 11, 12);
const GIADDR: Ipv4Addr = Ipv4Addr::from_bits(0xe5_f6_07_19);
const RELAY: u32 = 0xd4_c3_b2_a2;
/// The prefix length that clients ask for is the server's choice.
const PREFIX_LEN: u8 = 56;

/// A datagram with the places of what differs from client to client.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    client: Vec<usize>,
    /// Transaction id of 24 bits (DHCPv6).
    transaction: Option<usize>,
    address4: Vec<usize>,
    address6: Vec<usize>,
    prefix6: Vec<usize>,
    link: Vec<usize>,
    giaddr: Vec<usize>,
    relay: Vec<usize>,
}

/// Everything that clients say.
#[derive(Debug)]
pub(super) struct Messages {
    kind: Kind,
    relays: Option<(u32, Ipv6Addr)>,
    echo: bool,
    discover: Template,
    /// What names the server: made once its name is known.
    rest: Option<[Template; 3]>,
}

impl Messages {
    pub(super) fn new(settings: &Settings) -> anyhow::Result<Self> {
        let relays = (settings.way == Way::Relayed).then_some((settings.relays, settings.link_address));
        let discover = template(settings.kind, relays.is_some(), Say::Discover, &[])?;
        let rest =
            if settings.echo { Some(rest(settings.kind, relays.is_some(), &[192, 0, 2, 1])?) } else { None };
        Ok(Self { kind: settings.kind, relays, echo: settings.echo, discover, rest })
    }

    /// Appends what `client` says of `lease` to `out`; nothing where the server's name is not known yet.
    pub(super) fn write(&self, say: Say, client: u32, lease: Lease, out: &mut Vec<u8>) {
        let template = match (say, &self.rest) {
            (Say::Discover, _) => &self.discover,
            (Say::Select, Some([select, _, _])) => select,
            (Say::Renew, Some([_, renew, _])) => renew,
            (Say::Release, Some([_, _, release])) => release,
            (_, None) => return,
        };
        let start = out.len();
        out.extend_from_slice(&template.bytes);
        let Some(bytes) = out.get_mut(start..) else { return };
        put(bytes, &template.client, &client.to_be_bytes());
        if let Some(at) = template.transaction {
            let [_, high, middle, low] = client.to_be_bytes();
            put(bytes, &[at], &[high, middle, low]);
        }
        match lease {
            Lease::V4(address) => put(bytes, &template.address4, &address.octets()),
            Lease::V6(address, prefix) => {
                put(bytes, &template.address6, &address.octets());
                put(bytes, &template.prefix6, &prefix.octets());
            }
        }
        if let Some((count, first)) = self.relays {
            let relay = client % count;
            put(bytes, &template.relay, &relay.to_be_bytes());
            match self.kind {
                Kind::FourOverSix | Kind::Dhcp6 => {
                    put(bytes, &template.link, &link_address(first, relay).octets());
                }
                Kind::Dhcp4 => put(bytes, &template.giaddr, &giaddr(first, relay).octets()),
            }
        }
    }

    /// What `bytes` answer, checked: it is for the client that it says, through its relay, and says what it has to.
    pub(super) fn read(&mut self, bytes: &[u8]) -> anyhow::Result<Answer> {
        if self.kind == Kind::Dhcp4 {
            return self.read_relayed4(bytes);
        }
        let packet = Packet::new_checked(bytes, 2)?;
        let answer = match self.kind {
            Kind::Dhcp6 => self.read6(&packet)?,
            _ => self.read_response(&packet)?,
        };
        if let (Some((count, first)), false) = (self.relays, self.echo) {
            let [relay] = packet.relays() else { anyhow::bail!("{} relay levels", packet.relays().len()) };
            let number = answer.client % count;
            ensure!(relay.message_type() == MessageType::RELAY_REPL, "not a Relay-reply");
            ensure!(relay.link_address() == link_address(first, number), "another relay's link-address");
            ensure!(
                relay.interface_id().is_some_and(|id| id.ends_with(&number.to_be_bytes())),
                "another relay's Interface-Id"
            );
        }
        Ok(answer)
    }

    fn read_response(&mut self, packet: &Packet<'_>) -> anyhow::Result<Answer> {
        let outer = packet.message();
        let inner = outer.options().find(OptionCode::DHCPV4_MSG).context("no DHCPv4 message in it")?;
        // RFC 7341 §6.2: its flags are ignored. Kea sends those of the query back.
        ensure!(self.echo || outer.message_type() == MessageType::DHCPV4_RESPONSE, "not a DHCPV4-RESPONSE");
        self.read4(&v4::Message::new_checked(inner)?)
    }

    fn read_relayed4(&mut self, bytes: &[u8]) -> anyhow::Result<Answer> {
        let message = v4::Message::new_checked(bytes)?;
        let answer = self.read4(&message)?;
        if let (Some((count, first)), false) = (self.relays, self.echo) {
            let number = answer.client % count;
            ensure!(message.giaddr() == giaddr(first, number), "another relay's giaddr");
            let information = message.option(v4::OptionCode::RELAY_AGENT_INFORMATION);
            // RFC 3046 §2.2: it comes back unaltered.
            ensure!(
                information.is_some_and(|data| data.bytes().eq(relay_information(number))),
                "without the relay's information, or with another's"
            );
        }
        Ok(answer)
    }

    fn read4(&mut self, message: &v4::Message<'_>) -> anyhow::Result<Answer> {
        let client = message.xid();
        if self.echo {
            return Ok(Answer { client, what: What::Echo });
        }
        ensure!(message.op() == v4::BOOTREPLY, "not a BOOTREPLY");
        ensure!(message.chaddr().ends_with(&client.to_be_bytes()), "another client's hardware address");
        let identifier = message.option(v4::OptionCode::CLIENT_IDENTIFIER);
        // ISC dhcpd does not know of RFC 6842 unless it is told.
        let is_own = match identifier {
            Some(data) => data.bytes().eq(identifier4(client)),
            None => self.kind == Kind::Dhcp4,
        };
        ensure!(is_own, "without the client's identifier, or with another's");
        let address = message.yiaddr();
        let what = match message.message_type() {
            Some(v4::MessageType::OFFER) => What::Offer(Lease::V4(address)),
            Some(v4::MessageType::ACK) => What::Ack(Lease::V4(address)),
            Some(v4::MessageType::NAK) => What::Refused("DHCPNAK".to_owned()),
            other => anyhow::bail!("of type {other:?}"),
        };
        if self.rest.is_none() {
            let server = message.option(v4::OptionCode::SERVER_IDENTIFIER).and_then(|data| data.to_ipv4());
            let server = server.context("an answer without a server identifier")?;
            self.rest = Some(rest(self.kind, self.relays.is_some(), &server.octets())?);
        }
        Ok(Answer { client, what })
    }

    fn read6(&mut self, packet: &Packet<'_>) -> anyhow::Result<Answer> {
        let message = packet.message();
        let [high, middle, low] = message.transaction_id();
        let client = u32::from_be_bytes([0, high, middle, low]);
        if self.echo {
            return Ok(Answer { client, what: What::Echo });
        }
        let options = message.options();
        let duid = options.find(OptionCode::CLIENT_ID).context("without a client identifier")?;
        ensure!(duid == duid6(client), "another client's identifier");
        let server = options.find(OptionCode::SERVER_ID).context("without a server identifier")?;
        if self.rest.is_none() {
            self.rest = Some(rest(self.kind, self.relays.is_some(), server)?);
        }
        let lease = lease6(options);
        let what = match (message.message_type(), lease) {
            (MessageType::ADVERTISE, Some(lease)) => What::Offer(lease),
            (MessageType::REPLY, Some(lease)) => What::Ack(lease),
            (kind, None) => What::Refused(format!("{kind} without an address and a prefix")),
            (kind, _) => anyhow::bail!("of type {kind}"),
        };
        Ok(Answer { client, what })
    }
}

fn lease6(options: v6::Options<'_>) -> Option<Lease> {
    let ia = IaNa::new_checked(options.find(OptionCode::IA_NA)?).ok()?;
    let address = IaAddress::new_checked(ia.options.find(OptionCode::IA_ADDR)?).ok()?;
    let ia = IaPd::new_checked(options.find(OptionCode::IA_PD)?).ok()?;
    let prefix = IaPrefix::new_checked(ia.options.find(OptionCode::IA_PREFIX)?).ok()?;
    let is_given = address.valid_lifetime > 0 && prefix.valid_lifetime > 0;
    is_given.then_some(Lease::V6(address.address, prefix.prefix))
}

/// The link-address of a relay: each has a prefix of 64 bits of its own.
fn link_address(first: Ipv6Addr, relay: u32) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(first).wrapping_add(u128::from(relay) << 64))
}

/// The address of a relay of DHCPv4, one behind the other from the IPv4-mapped address `first` on.
fn giaddr(first: Ipv6Addr, relay: u32) -> Ipv4Addr {
    let [.., a, b, c, d] = first.octets();
    Ipv4Addr::from_bits(u32::from_be_bytes([a, b, c, d]).wrapping_add(relay))
}

/// RFC 3046 §2.0: a circuit identifier, `port` and the relay's number.
fn relay_information(relay: u32) -> impl Iterator<Item = u8> {
    [1, 8].into_iter().chain(*b"port").chain(relay.to_be_bytes())
}

fn put(bytes: &mut [u8], places: &[usize], value: &[u8]) {
    for &at in places {
        if let Some(place) = bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    }
}

/// RFC 4361: 255, IAID, DUID-LL over Ethernet.
fn identifier4(client: u32) -> impl Iterator<Item = u8> {
    [255, 0, 0, 0, 1].into_iter().chain(duid6(client))
}

fn duid6(client: u32) -> [u8; 10] {
    let [a, b, c, d] = client.to_be_bytes();
    [0, 3, 0, 1, 2, 0xf0, a, b, c, d]
}

fn rest(kind: Kind, relayed: bool, server: &[u8]) -> anyhow::Result<[Template; 3]> {
    let of = |say| template(kind, relayed, say, server);
    Ok([of(Say::Select)?, of(Say::Renew)?, of(Say::Release)?])
}

fn template(kind: Kind, relayed: bool, say: Say, server: &[u8]) -> anyhow::Result<Template> {
    let mut message = Vec::new();
    match kind {
        Kind::FourOverSix => write_query(say, server, &mut message)?,
        Kind::Dhcp6 => write6(say, server, &mut message)?,
        Kind::Dhcp4 => write4(say, server, relayed, &mut message)?,
    }
    let mut bytes = Vec::new();
    let mut transaction = (kind == Kind::Dhcp6).then_some(1);
    if relayed && kind != Kind::Dhcp4 {
        let mut w = Writer::new(&mut bytes);
        let peer = Ipv6Addr::from(0xfe80_u128 << 112 | u128::from(CLIENT));
        w.relay(MessageType::RELAY_FORW, 0, LINK, peer);
        w.option(OptionCode::INTERFACE_ID, &[b"port".as_slice(), &RELAY.to_be_bytes()].concat());
        w.option(OptionCode::RELAY_MESSAGE, &message);
        w.finish()?;
        transaction = transaction.map(|at| at + bytes.len() - message.len());
    } else {
        bytes = message;
    }
    let all = |value: &[u8]| -> Vec<usize> {
        let windows = bytes.windows(value.len()).enumerate();
        windows.filter(|(_, window)| *window == value).map(|(at, _)| at).collect()
    };
    Ok(Template {
        client: all(&CLIENT.to_be_bytes()),
        transaction,
        address4: all(&ADDRESS4.octets()),
        address6: all(&ADDRESS6.octets()),
        prefix6: all(&PREFIX6.octets()),
        link: all(&LINK.octets()),
        giaddr: all(&GIADDR.octets()),
        relay: all(&RELAY.to_be_bytes()),
        bytes,
    })
}

fn write4(say: Say, server: &[u8], relayed: bool, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut chaddr = [0; 16];
    for (place, octet) in chaddr.iter_mut().zip([2, 0xf0].into_iter().chain(CLIENT.to_be_bytes())) {
        *place = octet;
    }
    let ciaddr = if holds(say) { ADDRESS4 } else { Ipv4Addr::UNSPECIFIED };
    let (hops, giaddr) = if relayed { (1, GIADDR) } else { (0, Ipv4Addr::UNSPECIFIED) };
    let header =
        Header { hardware_type: 1, hardware_len: 6, hops, ciaddr, giaddr, chaddr, ..Header::request(CLIENT) };
    let mut w = v4::Writer::new(out, &header);
    let message_type = match say {
        Say::Discover => v4::MessageType::DISCOVER,
        Say::Select | Say::Renew => v4::MessageType::REQUEST,
        Say::Release => v4::MessageType::RELEASE,
    };
    w.option_u8(v4::OptionCode::MESSAGE_TYPE, message_type.0);
    w.option(v4::OptionCode::CLIENT_IDENTIFIER, &identifier4(CLIENT).collect::<Vec<u8>>());
    if say == Say::Select {
        w.option(v4::OptionCode::REQUESTED_IP_ADDRESS, &ADDRESS4.octets());
    }
    if matches!(say, Say::Select | Say::Release) {
        w.option(v4::OptionCode::SERVER_IDENTIFIER, server);
    }
    if say != Say::Release {
        w.option(v4::OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6, 15, 26, 51, 54, 58, 59]);
    }
    if relayed {
        let information: Vec<u8> = relay_information(RELAY).collect();
        w.option(v4::OptionCode::RELAY_AGENT_INFORMATION, &information);
    }
    Ok(w.finish()?)
}

/// Whether the client has its address when it says that.
fn holds(say: Say) -> bool {
    matches!(say, Say::Renew | Say::Release)
}

fn write_query(say: Say, server: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut inner = Vec::new();
    write4(say, server, false, &mut inner)?;
    let mut w = Writer::new(out);
    // RFC 7341 §8: what would have been unicast has the flag.
    let flags = if holds(say) { QueryFlags::UNICAST } else { QueryFlags::default() };
    w.message(MessageType::DHCPV4_QUERY, flags.to_octets());
    w.option(OptionCode::DHCPV4_MSG, &inner);
    Ok(w.finish()?)
}

fn write6(say: Say, server: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut w = Writer::new(out);
    let message_type = match say {
        Say::Discover => MessageType::SOLICIT,
        Say::Select => MessageType::REQUEST,
        Say::Renew => MessageType::RENEW,
        Say::Release => MessageType::RELEASE,
    };
    w.message(message_type, [0; 3]);
    w.option(OptionCode::CLIENT_ID, &duid6(CLIENT));
    if say != Say::Discover {
        w.option(OptionCode::SERVER_ID, server);
    }
    let named = say != Say::Discover;
    for code in [OptionCode::IA_NA, OptionCode::IA_PD] {
        w.nested(code, |w| {
            w.raw(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
            if named && code == OptionCode::IA_NA {
                w.nested(OptionCode::IA_ADDR, |w| {
                    w.raw(&ADDRESS6.octets());
                    w.raw(&[0; 8]);
                });
            } else if named {
                w.nested(OptionCode::IA_PREFIX, |w| {
                    w.raw(&[0; 8]);
                    w.raw(&[PREFIX_LEN]);
                    w.raw(&PREFIX6.octets());
                });
            }
        });
    }
    w.option(OptionCode::ELAPSED_TIME, &[0, 0]);
    w.option(OptionCode::ORO, &[0, 23, 0, 24, 0, 82]);
    Ok(w.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Lease = Lease::V4(Ipv4Addr::UNSPECIFIED);

    fn messages(kind: Kind, relays: Option<(u32, Ipv6Addr)>) -> Messages {
        let relayed = relays.is_some();
        let discover = template(kind, relayed, Say::Discover, &[]).unwrap();
        let rest = rest(kind, relayed, &[192, 0, 2, 1]).unwrap();
        Messages { kind, relays, echo: false, discover, rest: Some(rest) }
    }

    #[test]
    fn a_clients_messages_differ_from_anothers_where_they_should() {
        let messages = messages(Kind::FourOverSix, Some((4, "2001:db8:1::9".parse().unwrap())));
        let lease = Lease::V4(Ipv4Addr::new(10, 1, 2, 3));
        let mut bytes = Vec::new();
        messages.write(Say::Select, 0x0102_0307, lease, &mut bytes);
        let packet = Packet::new_checked(&bytes, 1).unwrap();
        let relay = packet.relays()[0];
        assert_eq!(relay.link_address().to_string(), "2001:db8:1:3::9");
        assert_eq!(relay.interface_id().unwrap(), b"port\x00\x00\x00\x03");
        let inner = packet.message().options().find(OptionCode::DHCPV4_MSG).unwrap();
        let message = v4::Message::new_checked(inner).unwrap();
        assert_eq!((message.xid(), message.chaddr()), (0x0102_0307, &[2, 0xf0, 1, 2, 3, 7][..]));
        let requested = message.option(v4::OptionCode::REQUESTED_IP_ADDRESS).unwrap().to_ipv4();
        assert_eq!(requested, Some(Ipv4Addr::new(10, 1, 2, 3)));
        let identifier = message.option(v4::OptionCode::CLIENT_IDENTIFIER).unwrap();
        assert!(identifier.bytes().eq(identifier4(0x0102_0307)));
    }

    #[test]
    fn each_relay_of_dhcpv4_has_its_address_and_its_information() {
        let relays = Some((4, Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped()));
        let mut messages = messages(Kind::Dhcp4, relays);
        let mut bytes = Vec::new();
        messages.write(Say::Renew, 0x0102_0307, Lease::V4(Ipv4Addr::new(10, 1, 2, 3)), &mut bytes);
        let message = v4::Message::new_checked(&bytes).unwrap();
        assert_eq!((message.giaddr(), message.hops()), (Ipv4Addr::new(192, 0, 2, 5), 1));
        assert_eq!((message.xid(), message.ciaddr()), (0x0102_0307, Ipv4Addr::new(10, 1, 2, 3)));
        let information = message.option(v4::OptionCode::RELAY_AGENT_INFORMATION).unwrap();
        assert!(information.bytes().eq(*b"\x01\x08port\0\0\0\x03"));
        assert!(messages.read(&bytes).unwrap_err().to_string().contains("BOOTREPLY"));
    }

    #[test]
    fn dhcpv6_clients_are_told_apart_by_24_bits_and_their_duid() {
        let messages = messages(Kind::Dhcp6, None);
        let lease = Lease::V6("2001:db8::5".parse().unwrap(), "2001:db8:7::".parse().unwrap());
        let mut bytes = Vec::new();
        messages.write(Say::Renew, 0x0002_0307, lease, &mut bytes);
        let packet = Packet::new_checked(&bytes, 1).unwrap();
        let message = packet.message();
        assert_eq!((message.message_type(), message.transaction_id()), (MessageType::RENEW, [2, 3, 7]));
        assert_eq!(message.options().find(OptionCode::CLIENT_ID).unwrap(), duid6(0x0002_0307));
        let ia = IaPd::new_checked(message.options().find(OptionCode::IA_PD).unwrap()).unwrap();
        let prefix = IaPrefix::new_checked(ia.options.find(OptionCode::IA_PREFIX).unwrap()).unwrap();
        assert_eq!(prefix.prefix.to_string(), "2001:db8:7::");
    }

    #[test]
    fn an_answer_to_another_client_is_an_error() {
        let mut messages = messages(Kind::FourOverSix, None);
        let mut query = Vec::new();
        messages.write(Say::Discover, 7, ANY, &mut query);
        assert!(messages.read(&query).unwrap_err().to_string().contains("DHCPV4-RESPONSE"));
        messages.echo = true;
        assert_eq!(messages.read(&query).unwrap(), Answer { client: 7, what: What::Echo });
    }
}
