//! The answer on the wire: OFFER, ACK or NAK inside a DHCPV4-RESPONSE, with every relay level put back.

use std::net::Ipv4Addr;

use fosix_expression::Classes;
use fosix_policy::{ClientOptions, EffectiveOptions, Explanation, Topic, details, host_options, option_text};
use fosix_wire::Error;
use fosix_wire::definition::DHCP4;
use fosix_wire::v4::{self, Header, MessageType, OptionCode};
use fosix_wire::v6::{self, Packet, QueryFlags, Writer, write_relay_reply};
use smallvec::SmallVec;

use crate::client::view;
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
pub(crate) fn write(
    exchange: &Exchange<'_>,
    answer: &Answer,
    out: &mut Vec<u8>,
    why: &mut Explanation,
) -> Result<(), Error> {
    wrap(exchange.decoded.packet, out, |buffer| write_message(exchange, answer, buffer, why))
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

fn write_message(
    exchange: &Exchange<'_>,
    answer: &Answer,
    buffer: &mut Vec<u8>,
    why: &mut Explanation,
) -> Result<(), Error> {
    let request = &exchange.decoded.message;
    let server = exchange.server;
    let address = answer.lease.map_or_else(|| request.ciaddr(), |(address, _)| address);
    let subnet = exchange.subnet_of(address);
    let classes = final_classes(exchange, subnet, address, why);

    // RFC 2131 §4.3.1, table 3: hops and secs are zero; xid, flags, giaddr and chaddr are the client's.
    let mut header = Header::reply_to(request);
    if answer.sent == Sent4::Ack {
        header.ciaddr = request.ciaddr();
    }
    if answer.refusal.is_none() {
        let fields = fixed_fields(exchange, subnet, &classes);
        header.siaddr = fields.next_server.unwrap_or(Ipv4Addr::UNSPECIFIED);
        header.sname = fields.server_hostname.as_bytes();
        header.file = fields.boot_file_name.as_bytes();
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
        write_configured(exchange, subnet, address, &classes, &mut w, why);
    }
    write_echoed(exchange, &mut w);
    w.finish()
}

/// The classes that count for an answer: those of the query, and what the pool, the subnet and the shared network list.
fn final_classes(
    exchange: &Exchange<'_>,
    subnet: Option<Subnet<'_>>,
    address: Ipv4Addr,
    why: &mut Explanation,
) -> Classes {
    let mut classes = exchange.classes.clone();
    let Some(subnet) = subnet else { return classes };
    let of_pool = subnet.pool(address).into_iter().flat_map(|pool| &pool.additional_classes);
    let mut listed = of_pool.chain(&subnet.config.additional_classes).copied().peekable();
    if listed.peek().is_some() {
        let none = Classes::default();
        let view = view(exchange.decoded, exchange.arrival, &none);
        exchange.server.rules.classifier().additional(listed, &view, &mut classes, why);
    }
    classes
}

/// What goes into the fields of a message that are no options.
struct FixedFields<'a> {
    next_server: Option<Ipv4Addr>,
    server_hostname: &'a str,
    boot_file_name: &'a str,
}

/// Each as the reservation has it, else the first class that has it, else the subnet.
fn fixed_fields<'a>(
    exchange: &'a Exchange<'_>,
    subnet: Option<Subnet<'a>>,
    classes: &'a Classes,
) -> FixedFields<'a> {
    let config = &exchange.server.config;
    let host = details(exchange.host(subnet.as_ref()));
    let members = || exchange.server.rules.classifier().members(classes);
    let text = |of_host: &'a str, of_class: Option<&'a str>, of_subnet: &'a str| match of_class {
        _ if !of_host.is_empty() => of_host,
        Some(of_class) => of_class,
        None => of_subnet,
    };
    let (next_server, server_hostname, boot_file_name) = match subnet {
        Some(Subnet { config: subnet, .. }) => {
            (subnet.next_server, subnet.server_hostname.as_str(), subnet.boot_file_name.as_str())
        }
        None => (config.next_server, config.server_hostname.as_str(), config.boot_file_name.as_str()),
    };
    let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    FixedFields {
        next_server: host
            .and_then(|host| host.next_server)
            .or_else(|| members().find_map(|class| class.next_server))
            .or(next_server),
        server_hostname: text(
            host.map_or("", |host| &host.server_hostname),
            members().find_map(|class| some(&class.server_hostname)),
            server_hostname,
        ),
        boot_file_name: text(
            host.map_or("", |host| &host.boot_file_name),
            members().find_map(|class| some(&class.boot_file_name)),
            boot_file_name,
        ),
    }
}

/// The configured options that the client asks for or gets unasked.
fn write_configured(
    exchange: &Exchange<'_>,
    subnet: Option<Subnet<'_>>,
    address: Ipv4Addr,
    classes: &Classes,
    w: &mut v4::Writer<'_>,
    why: &mut Explanation,
) {
    let request = &exchange.decoded.message;
    let host = details(exchange.host(subnet.as_ref()));
    let own: Option<EffectiveOptions> =
        host.filter(|host| !host.options.is_empty()).map(|host| host_options(&host.options));
    let options = exchange.server.options(subnet, address, classes, own.as_ref());
    let none = Classes::default();
    let seen = view(exchange.decoded, exchange.arrival, &none);
    let decisions = exchange.server.rules.flex_options(&seen, classes, why);
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
        let fits = w.len() + encoded <= limit;
        if fits {
            w.option(OptionCode(code), data);
        }
        fits
    };
    let requested = request.parameter_request_list();
    let hostname = host.map_or("", |host| &host.hostname);
    let names_client = !hostname.is_empty()
        && (requested.contains(OptionCode::HOST_NAME) || request.option(OptionCode::HOST_NAME).is_some());
    if names_client {
        add(OptionCode::HOST_NAME.0, hostname.as_bytes());
        why.add(Topic::Option, || format!("host-name (12) {hostname}, from the reservation"));
    }
    let mut sent: SmallVec<[u16; 16]> = SmallVec::new();
    for (code, data) in options.select(requested.iter().map(|code| u16::from(code.0))) {
        match u8::try_from(code) {
            Ok(short) if !is_servers_own(OptionCode(short)) && !decisions.displaces(code) => {
                if names_client && OptionCode(short) == OptionCode::HOST_NAME {
                    continue;
                }
                let fits = add(short, data);
                sent.push(code);
                why.add(Topic::Option, || {
                    let place = exchange.scope_of(subnet, address, classes, code);
                    let note = if fits { "" } else { ", left out: the client takes no longer message" };
                    format!("{}, {place}{note}", option_text(DHCP4, code, data))
                });
            }
            _ => {}
        }
    }
    for (code, data) in decisions.additions(&sent) {
        if let Ok(code) = u8::try_from(code)
            && !is_servers_own(OptionCode(code))
        {
            add(code, data);
        }
    }
    let wants_vendor = requested.contains(OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION);
    if let Some(body) = vendor_information(&options, wants_vendor) {
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
fn vendor_information(options: &ClientOptions<'_>, wanted: bool) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for enterprise in options.enterprises() {
        let mut data = Vec::new();
        for (option, _) in options.vendor(enterprise).filter(|(_, always)| wanted || *always) {
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

pub(crate) fn message_type(sent: Sent4) -> MessageType {
    match sent {
        Sent4::Offer => MessageType::OFFER,
        Sent4::Ack => MessageType::ACK,
        Sent4::Nak => MessageType::NAK,
    }
}
