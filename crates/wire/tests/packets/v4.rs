//! DHCPv4 messages as clients, relay agents and servers send them: seeds for fuzzing, input for tests and benchmarks.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::v4::{
    BOOTREPLY, BROADCAST_FLAG, ClientFqdn, FqdnFlags, FqdnName, Header, Item, MessageType, OptionCode,
    RawOption, Route, SERVER_RCODE, Writer, write_domain_search, write_node_specific,
};
use fosix_wire::{name, v6};

/// A DUID-LLT of an Ethernet interface.
pub const DUID: &[u8] = &[0, 1, 0, 1, 0x2c, 0x10, 0x5e, 0x80, 2, 0, 0, 0, 0, 1];
/// The client's softwire source address.
pub const SOFTWIRE_SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, 1);
/// The address that the client has or wants.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
/// The server's name.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// What a relay agent puts in option 82: circuit, host, link, server identifier, port, VPN.
pub const RELAY_AGENT_INFORMATION: &[u8] =
    b"\x01\x09eth 1/1/7\x02\x0cline no 4711\x05\x04\xc0\x00\x02\x00\x0b\x04\xc0\x00\x02\x02\x13\x00\x97\x05\x00blue\x98\x00";

/// The header of a message from the one client of all examples, on Ethernet.
pub fn request() -> Header<'static> {
    let mut header = Header::request(0x3903_f326);
    header.hardware_type = 1;
    header.hardware_len = 6;
    header.chaddr[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    header
}

/// The header of the server's answer.
pub fn reply() -> Header<'static> {
    Header { op: BOOTREPLY, yiaddr: ADDRESS, siaddr: SERVER, ..request() }
}

/// Writes a message into a new buffer.
pub fn message(header: &Header<'_>, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out, header);
    write(&mut w);
    assert_eq!(w.finish(), Ok(()));
    out
}

/// Puts a message together from a header and the items of its options area.
pub fn raw(header: &Header<'_>, items: &[Item<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(header.write_to(&mut out), Ok(()));
    for item in items {
        item.write_to(&mut out);
    }
    out
}

/// An option as an item.
pub const fn part(code: OptionCode, data: &[u8]) -> Item<'_> {
    Item::Option(RawOption { code, data })
}

/// A DHCPDISCOVER of 300 octets with the options that ISC's dhclient sends, and a client identifier.
pub fn discover_dhclient() -> Vec<u8> {
    message(&request(), |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
        w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, ADDRESS);
        w.option(OptionCode::HOST_NAME, b"host");
        w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42]);
        w.option(OptionCode::CLIENT_IDENTIFIER, &[1, 2, 0, 0, 0, 0, 1]);
        w.pad_to(300);
    })
}

/// One as dhcpcd sends it: with IAID and DUID, Rapid Commit, vendor class and a size limit.
pub fn discover_dhcpcd() -> Vec<u8> {
    message(&request(), |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
        write_client_identifier(w);
        w.option(OptionCode::RAPID_COMMIT, &[]);
        w.option_u16(OptionCode::MAXIMUM_MESSAGE_SIZE, 1472);
        w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, b"dhcpcd-10.0.6:Linux-6.1.0:x86_64:GenuineIntel");
        w.option(OptionCode::HOST_NAME, b"host");
        w.option_u8(OptionCode::FORCERENEW_NONCE_CAPABLE, 1);
        w.option(
            OptionCode::PARAMETER_REQUEST_LIST,
            &[1, 121, 33, 3, 6, 12, 15, 26, 28, 42, 51, 54, 58, 59, 108, 114, 119],
        );
    })
}

/// One as Windows sends it: broadcast flag, client identifier of type 1, the vendor's own codes asked for.
pub fn discover_windows() -> Vec<u8> {
    message(&Header { flags: BROADCAST_FLAG, secs: 4, ..request() }, |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
        w.option(OptionCode::CLIENT_IDENTIFIER, &[1, 2, 0, 0, 0, 0, 1]);
        w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, ADDRESS);
        w.option(OptionCode::HOST_NAME, b"DESKTOP-4711");
        w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, b"MSFT 5.0");
        w.option(
            OptionCode::PARAMETER_REQUEST_LIST,
            &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
        );
    })
}

/// Its DHCPREQUEST: with the name in ASCII.
pub fn request_windows() -> Vec<u8> {
    message(&Header { flags: BROADCAST_FLAG, ..request() }, |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::REQUEST.0);
        w.option(OptionCode::CLIENT_IDENTIFIER, &[1, 2, 0, 0, 0, 0, 1]);
        w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, ADDRESS);
        w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        w.option(OptionCode::HOST_NAME, b"DESKTOP-4711");
        w.option(OptionCode::CLIENT_FQDN, b"\x00\x00\x00DESKTOP-4711");
        w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, b"MSFT 5.0");
        w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6, 15, 43, 119, 121]);
    })
}

/// A booting machine's DHCPDISCOVER: architecture, UUID, user class.
pub fn discover_pxe() -> Vec<u8> {
    message(&request(), |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
        w.option_u16(OptionCode::MAXIMUM_MESSAGE_SIZE, 1260);
        w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, b"PXEClient:Arch:00007:UNDI:003016");
        w.option_u16(OptionCode::CLIENT_SYSTEM, 7);
        w.option(OptionCode::CLIENT_NDI, &[1, 3, 16]);
        w.option(OptionCode::CLIENT_MACHINE_IDENTIFIER, &[0x11; 17]);
        w.option(OptionCode::USER_CLASS, b"\x04boot\x03two");
        w.option(OptionCode::VENDOR_IDENTIFYING_VENDOR_CLASS, b"\x00\x00\x7e\xd9\x07\x06router");
    })
}

/// The same client behind a relay agent.
pub fn discover_relayed() -> Vec<u8> {
    let header = Header { giaddr: Ipv4Addr::new(192, 0, 2, 2), hops: 1, ..request() };
    message(&header, |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
        write_client_identifier(w);
        w.option_ipv4(OptionCode::SUBNET_SELECTION, Ipv4Addr::new(192, 0, 2, 0));
        w.option_u8(OptionCode::AUTO_CONFIGURE, 1);
        w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6, 159]);
        w.option(OptionCode::RELAY_AGENT_INFORMATION, RELAY_AGENT_INFORMATION);
    })
}

/// A softwire client's DHCPREQUEST: source address (109) and ports (159), RFC 8539 §5, RFC 7618 §6.
pub fn request_softwire() -> Vec<u8> {
    message(&Header::request(0x3903_f327), |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::REQUEST.0);
        write_client_identifier(w);
        w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, ADDRESS);
        w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        w.option_ipv6(OptionCode::DHCP4O6_S46_SADDR, SOFTWIRE_SOURCE);
        w.option(OptionCode::V4_PORTPARAMS, &[0, 8, 0x34, 0]);
        w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6, 159]);
    })
}

/// The server's DHCPOFFER with the usual options.
pub fn write_offer(buffer: &mut Vec<u8>, header: &Header<'_>, client_identifier: &[u8]) -> bool {
    let mut w = Writer::new(buffer, header);
    w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::OFFER.0);
    w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
    w.option_u32(OptionCode::LEASE_TIME, 3600);
    w.option_u32(OptionCode::RENEWAL_TIME, 1800);
    w.option_u32(OptionCode::REBINDING_TIME, 3150);
    w.option_ipv4(OptionCode::SUBNET_MASK, Ipv4Addr::new(255, 255, 255, 0));
    w.option_ipv4(OptionCode::ROUTER, SERVER);
    w.option(OptionCode::DOMAIN_NAME_SERVER, &[192, 0, 2, 53, 198, 51, 100, 53]);
    w.option(OptionCode::DOMAIN_NAME, b"example.org");
    w.option(OptionCode::CLIENT_IDENTIFIER, client_identifier);
    w.finish().is_ok()
}

/// That DHCPOFFER as it is sent.
pub fn offer() -> Vec<u8> {
    let mut out = Vec::new();
    assert!(write_offer(&mut out, &reply(), &client_identifier()));
    out
}

/// A DHCPACK with the longer options: names, routes, resolvers, vendors' options, the client's name.
pub fn ack_rich() -> Vec<u8> {
    let mut search = Vec::new();
    for name in ["eng.example.org.", "sales.example.org.", "example.org."] {
        assert!(name::encode(name, &mut search).is_ok());
    }
    let names = name::Names::new_checked(&search);
    let fqdn = name::Name::new_checked(b"\x04host\x07example\x03org\x00").map(|name| ClientFqdn {
        flags: FqdnFlags::SERVER.with(FqdnFlags::ENCODED),
        rcodes: [SERVER_RCODE; 2],
        name: FqdnName::Wire(name),
    });
    let header = Header { sname: b"boot.example.org", file: b"/boot/image", ..reply() };
    message(&header, |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::ACK.0);
        w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        w.option_with(OptionCode::DOMAIN_SEARCH, |buffer| {
            write_domain_search(names.iter().flat_map(name::Names::iter), buffer);
        });
        w.option_with(OptionCode::CLASSLESS_STATIC_ROUTE, |buffer| {
            for (octets, prefix_len) in [([10, 0, 0, 0], 8), ([0, 0, 0, 0], 0)] {
                Route { destination: octets.into(), prefix_len, router: SERVER }.write_to(buffer);
            }
        });
        w.option_with(OptionCode::CLIENT_FQDN, |buffer| fqdn.iter().for_each(|fqdn| fqdn.write_to(buffer)));
        w.option(
            OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION,
            b"\x00\x00\x7e\xd9\x07\x01\x01a\x02\x02bc",
        );
        w.option(OptionCode::V4_DNR, b"\x00\x11\x00\x64\x05\x03dot\x00\x04\xc0\x00\x02\x35\x00\x01\x00\x00");
        w.option(OptionCode::CAPTIVE_PORTAL, b"https://portal.example.org/api");
        w.option_u32(OptionCode::IPV6_ONLY_PREFERRED, 1800);
        w.option_ipv6(OptionCode::DHCP4O6_S46_SADDR, SOFTWIRE_SOURCE);
        w.option(OptionCode::V4_PORTPARAMS, &[0, 8, 0x34, 0]);
        w.option(OptionCode::RELAY_AGENT_INFORMATION, RELAY_AGENT_INFORMATION);
    })
}

/// A DHCPACK with an option of 600 octets, in three parts.
pub fn ack_long() -> Vec<u8> {
    let long: Vec<u8> = (0..600_u16).map(|number| number.to_be_bytes()[1]).collect();
    message(&reply(), |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::ACK.0);
        w.option(OptionCode::VENDOR_SPECIFIC_INFORMATION, &long);
        w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
    })
}

/// Options in two parts each, with others between, and PAD octets.
pub fn discover_split() -> Vec<u8> {
    let identifier = client_identifier();
    let (front, back) = identifier.split_at(7);
    raw(
        &request(),
        &[
            part(OptionCode::MESSAGE_TYPE, &[1]),
            part(OptionCode::CLIENT_IDENTIFIER, front),
            part(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3]),
            Item::Padding(3),
            part(OptionCode::CLIENT_IDENTIFIER, back),
            part(OptionCode::REQUESTED_IP_ADDRESS, &[192, 0]),
            part(OptionCode::PARAMETER_REQUEST_LIST, &[6, 159]),
            part(OptionCode::REQUESTED_IP_ADDRESS, &[2, 100]),
            Item::End,
            Item::Trailing(&[0; 5]),
        ],
    )
}

/// A message whose `file` and `sname` hold options as `value` says, and whose options are split over all of them.
pub fn overloaded(value: u8) -> Vec<u8> {
    let mut file = Vec::new();
    for item in [part(OptionCode::HOST_NAME, b"-file"), part(OptionCode::OPTION_OVERLOAD, &[0]), Item::End] {
        item.write_to(&mut file);
    }
    let mut sname = Vec::new();
    for item in [Item::Padding(2), part(OptionCode::HOST_NAME, b"-sname"), Item::End] {
        item.write_to(&mut sname);
    }
    raw(
        &Header { file: &file, sname: &sname, ..request() },
        &[
            part(OptionCode::OPTION_OVERLOAD, &[value]),
            part(OptionCode::MESSAGE_TYPE, &[1]),
            part(OptionCode::HOST_NAME, b"options"),
            Item::End,
        ],
    )
}

/// RFC 4361: the client's identifier.
pub fn client_identifier() -> Vec<u8> {
    let mut out = Vec::new();
    if let Ok(duid) = v6::Duid::new_checked(DUID) {
        write_node_specific(1, duid, &mut out);
    }
    out
}

fn write_client_identifier(w: &mut Writer<'_>) {
    w.option(OptionCode::CLIENT_IDENTIFIER, &client_identifier());
}

/// A message of a type with nothing but the client's identifier and address.
fn short(message_type: MessageType) -> Vec<u8> {
    message(&Header { ciaddr: ADDRESS, ..request() }, |w| {
        w.option_u8(OptionCode::MESSAGE_TYPE, message_type.0);
        write_client_identifier(w);
        w.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        w.option(OptionCode::MESSAGE, b"because");
    })
}

/// A message that ends with its last option, without END.
pub fn without_end() -> Vec<u8> {
    raw(&request(), &[part(OptionCode::MESSAGE_TYPE, &[1]), part(OptionCode::HOST_NAME, b"host")])
}

/// Plain BOOTP: a vendor field without the cookie.
pub fn bootp() -> Vec<u8> {
    let mut out = raw(&request(), &[]);
    out.truncate(236);
    out.extend_from_slice(&[0; 64]);
    out
}

/// The seeds: fuzz target, name of the file, content.
pub fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = vec![
        ("v4_message", "discover-dhclient", discover_dhclient()),
        ("v4_message", "discover-dhcpcd", discover_dhcpcd()),
        ("v4_message", "discover-windows", discover_windows()),
        ("v4_message", "discover-pxe", discover_pxe()),
        ("v4_message", "discover-relayed", discover_relayed()),
        ("v4_message", "discover-split", discover_split()),
        ("v4_message", "overloaded-file", overloaded(1)),
        ("v4_message", "overloaded-sname", overloaded(2)),
        ("v4_message", "overloaded-both", overloaded(3)),
        ("v4_message", "overloaded-wrongly", overloaded(4)),
        ("v4_message", "request-windows", request_windows()),
        ("v4_message", "request-softwire", request_softwire()),
        ("v4_message", "offer", offer()),
        ("v4_message", "ack-rich", ack_rich()),
        ("v4_message", "ack-long", ack_long()),
        ("v4_message", "nak", short(MessageType::NAK)),
        ("v4_message", "decline", short(MessageType::DECLINE)),
        ("v4_message", "release", short(MessageType::RELEASE)),
        ("v4_message", "inform", short(MessageType::INFORM)),
        ("v4_message", "without-end", without_end()),
        ("v4_message", "bootp", bootp()),
        ("v4_options", "relay-agent-information", RELAY_AGENT_INFORMATION.to_vec()),
        ("v4_options", "client-identifier", client_identifier()),
        ("v4_options", "client-identifier-ethernet", vec![1, 2, 0, 0, 0, 0, 1]),
        ("v4_options", "fqdn-ascii", b"\x00\x00\x00DESKTOP-4711".to_vec()),
        ("v4_options", "user-class", b"\x04boot\x03two".to_vec()),
        ("v4_options", "vendor-class", b"\x00\x00\x7e\xd9\x07\x06router".to_vec()),
        ("v4_options", "port-params", vec![0, 8, 0x34, 0]),
        ("v4_options", "softwire-source-address", SOFTWIRE_SOURCE.octets().to_vec()),
    ];
    let codes = [
        ("domain-search", OptionCode::DOMAIN_SEARCH),
        ("routes", OptionCode::CLASSLESS_STATIC_ROUTE),
        ("fqdn", OptionCode::CLIENT_FQDN),
        ("vendor-information", OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION),
        ("encrypted-dns", OptionCode::V4_DNR),
    ];
    let ack = ack_rich();
    if let Ok(ack) = fosix_wire::v4::Message::new_checked(&ack) {
        for (name, code) in codes {
            seeds.push((
                "v4_options",
                name,
                ack.option(code).into_iter().flat_map(|data| data.bytes()).collect(),
            ));
        }
    }
    seeds
}
