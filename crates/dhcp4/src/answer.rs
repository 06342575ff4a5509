//! The answer on the wire: OFFER, ACK or NAK inside a DHCPV4-RESPONSE, with every relay level put back.

use std::net::Ipv4Addr;

use fosix_policy::EffectiveOptions;
use fosix_wire::Error;
use fosix_wire::v4::{self, Header, MessageType, OptionCode};
use fosix_wire::v6::{self, Packet, QueryFlags, Writer, write_relay_reply};

use crate::outcome::Sent4;
use crate::process::Exchange;
use crate::server::Subnet;

/// What the answer says.
pub(crate) struct Answer {
    pub(crate) sent: Sent4,
    /// The address that the client is offered or given, and for how many seconds.
    lease: Option<(Ipv4Addr, u32)>,
    /// Why it is refused (option 56).
    refusal: Option<&'static str>,
}

impl Answer {
    /// An offer or an acknowledgement of `address` for `valid_lifetime` seconds.
    pub(crate) fn lease(sent: Sent4, address: Ipv4Addr, valid_lifetime: u32) -> Self {
        Self { sent, lease: Some((address, valid_lifetime)), refusal: None }
    }

    /// An acknowledgement with parameters only (RFC 2131 §4.3.5).
    pub(crate) fn parameters() -> Self {
        Self { sent: Sent4::Ack, lease: None, refusal: None }
    }

    /// A DHCPNAK.
    pub(crate) fn refusal(why: &'static str) -> Self {
        Self { sent: Sent4::Nak, lease: None, refusal: Some(why) }
    }
}

/// Appends the whole DHCPV4-RESPONSE to `out`, or leaves `out` as it is where it does not fit.
pub(crate) fn write(exchange: &Exchange<'_>, answer: &Answer, out: &mut Vec<u8>) -> Result<(), Error> {
    wrap(exchange.decoded.packet, out, |buffer| write_message(exchange, answer, buffer))
}

/// Appends a DHCPV4-RESPONSE to `query` with the message that `write` appends in it.
pub(crate) fn wrap(
    query: &Packet<'_>,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut w = Writer::new(out);
    // RFC 7341 §11: to a relay the answer goes inside Relay-reply (RFC 9915 §19.3).
    write_relay_reply(query.relays(), &mut w, |w| {
        // RFC 7341 §6.4: all flags of a DHCPV4-RESPONSE are zero.
        w.message(v6::MessageType::DHCPV4_RESPONSE, QueryFlags::default().to_octets());
        w.nested(v6::OptionCode::DHCPV4_MSG, |w| w.append(write));
    });
    w.finish()
}

fn write_message(exchange: &Exchange<'_>, answer: &Answer, buffer: &mut Vec<u8>) -> Result<(), Error> {
    let request = &exchange.decoded.message;
    let server = exchange.server;
    let address = answer.lease.map_or_else(|| request.ciaddr(), |(address, _)| address);
    let subnet = exchange.subnet_of(address);

    // RFC 2131 §4.3.1, table 3: hops and secs are zero; xid, flags, giaddr and chaddr are the client's.
    let mut header = Header::reply_to(request);
    if answer.sent == Sent4::Ack {
        header.ciaddr = request.ciaddr();
    }
    if answer.refusal.is_none() {
        let (next_server, sname, file) = match &subnet {
            Some(s) => (s.config.next_server, &s.config.server_hostname, &s.config.boot_file_name),
            None => {
                (server.config.next_server, &server.config.server_hostname, &server.config.boot_file_name)
            }
        };
        header.siaddr = next_server.unwrap_or(Ipv4Addr::UNSPECIFIED);
        header.sname = sname.as_bytes();
        header.file = file.as_bytes();
    }
    if let Some((address, _)) = answer.lease {
        header.yiaddr = address;
    }

    let mut w = v4::Writer::new(buffer, &header);
    w.option_u8(OptionCode::MESSAGE_TYPE, message_type(answer.sent).0);
    let configured = subnet.and_then(|subnet| subnet.config.server_identifier);
    let identifier =
        configured.or(server.config.server_identifier).unwrap_or(server.settings.server_identifier);
    w.option_ipv4(OptionCode::SERVER_IDENTIFIER, identifier);
    if let (Some((_, lifetime)), Some(subnet)) = (answer.lease, &subnet) {
        w.option_u32(OptionCode::LEASE_TIME, lifetime);
        let (t1, t2) = subnet.timers().tee_times(lifetime);
        if let Some(t1) = t1 {
            w.option_u32(OptionCode::RENEWAL_TIME, t1);
        }
        if let Some(t2) = t2 {
            w.option_u32(OptionCode::REBINDING_TIME, t2);
        }
    }
    if let Some(why) = answer.refusal {
        w.option(OptionCode::MESSAGE, why.as_bytes());
    } else {
        write_configured(exchange, subnet, answer, &mut w);
    }
    write_echoed(exchange, &mut w);
    w.finish()
}

/// The configured options that the client asks for or gets unasked.
fn write_configured(
    exchange: &Exchange<'_>,
    subnet: Option<Subnet<'_>>,
    answer: &Answer,
    w: &mut v4::Writer<'_>,
) {
    let request = &exchange.decoded.message;
    let options = match &subnet {
        Some(subnet) => subnet.options(answer.lease.map_or_else(|| request.ciaddr(), |(address, _)| address)),
        None => &exchange.server.global_options,
    };
    // RFC 2132 §3.3: the subnet mask comes before the router. It is sent always, asked for or not.
    match (options.get(u16::from(OptionCode::SUBNET_MASK.0)), &subnet) {
        (Some(configured), _) => w.option(OptionCode::SUBNET_MASK, configured),
        (None, Some(subnet)) => w.option_ipv4(OptionCode::SUBNET_MASK, subnet.config.prefix.netmask()),
        (None, None) => {}
    }
    let limit = size_limit(exchange);
    let mut add = |code: u8, data: &[u8]| {
        // An option of more than 255 bytes goes out in pieces of 255 with a header each (RFC 3396 §5).
        let encoded = data.len() + 2 * data.len().div_ceil(255).max(1);
        if w.len() + encoded <= limit {
            w.option(OptionCode(code), data);
        }
    };
    let requested = request.parameter_request_list();
    for (code, data) in options.select(requested.iter().map(|code| u16::from(code.0))) {
        match u8::try_from(code) {
            Ok(code) if !is_servers_own(OptionCode(code)) => add(code, data),
            _ => {}
        }
    }
    let wants_vendor = requested.contains(OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION);
    if let Some(body) = vendor_information(options, wants_vendor) {
        add(OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION.0, &body);
    }
}

/// What goes back as it came.
fn write_echoed(exchange: &Exchange<'_>, w: &mut v4::Writer<'_>) {
    let request = &exchange.decoded.message;
    // RFC 6842 §3: the client identifier, unaltered, in every answer to a message that has one.
    if exchange.server.config.echo_client_id {
        write_copy(request, OptionCode::CLIENT_IDENTIFIER, w);
    }
    // RFC 3046 §2.2: the relay agent information, unaltered, as the last option.
    write_copy(request, OptionCode::RELAY_AGENT_INFORMATION, w);
}

fn write_copy(request: &v4::Message<'_>, code: OptionCode, w: &mut v4::Writer<'_>) {
    if let Some(data) = request.option(code) {
        w.option_with(code, |buffer| data.write_to(buffer));
    }
}

/// Vendor-identifying vendor information (RFC 3925 §4) of every enterprise that has options configured.
fn vendor_information(options: &EffectiveOptions, wanted: bool) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for enterprise in options.enterprises() {
        let mut data = Vec::new();
        for option in options.vendor(enterprise).filter(|option| wanted || option.always_send) {
            // Codes and lengths of this space have one byte; the configuration has checked them.
            let (Ok(code), Ok(len)) = (u8::try_from(option.code), u8::try_from(option.data.len())) else {
                continue;
            };
            data.extend_from_slice(&[code, len]);
            data.extend_from_slice(&option.data);
        }
        if let (Ok(len), false) = (u8::try_from(data.len()), data.is_empty()) {
            body.extend_from_slice(&enterprise.to_be_bytes());
            body.push(len);
            body.extend_from_slice(&data);
        }
    }
    (!body.is_empty()).then_some(body)
}

/// The most bytes that a message may have before the echoed options.
///
/// RFC 2132 §9.10: the client says what it takes as a whole datagram, at least 576 bytes. Without it there is no
/// limit: inside DHCPv6 the message is in no IPv4 datagram.
fn size_limit(exchange: &Exchange<'_>) -> usize {
    const IP_AND_UDP_HEADERS: usize = 28;
    const LEAST: usize = 576;
    let said =
        exchange.decoded.message.option(OptionCode::MAXIMUM_MESSAGE_SIZE).and_then(|data| data.to_u16());
    said.map_or(usize::MAX, |said| usize::from(said).max(LEAST) - IP_AND_UDP_HEADERS)
}

/// Options that the server writes itself or that only clients and relays send: never taken from the configuration.
fn is_servers_own(code: OptionCode) -> bool {
    matches!(
        code,
        OptionCode::PAD
            | OptionCode::SUBNET_MASK
            | OptionCode::REQUESTED_IP_ADDRESS
            | OptionCode::LEASE_TIME
            | OptionCode::OPTION_OVERLOAD
            | OptionCode::MESSAGE_TYPE
            | OptionCode::SERVER_IDENTIFIER
            | OptionCode::PARAMETER_REQUEST_LIST
            | OptionCode::MESSAGE
            | OptionCode::MAXIMUM_MESSAGE_SIZE
            | OptionCode::RENEWAL_TIME
            | OptionCode::REBINDING_TIME
            | OptionCode::CLIENT_IDENTIFIER
            | OptionCode::RELAY_AGENT_INFORMATION
            | OptionCode::SUBNET_SELECTION
            | OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION
            | OptionCode::END
    )
}

fn message_type(sent: Sent4) -> MessageType {
    match sent {
        Sent4::Offer => MessageType::OFFER,
        Sent4::Ack => MessageType::ACK,
        Sent4::Nak => MessageType::NAK,
    }
}
