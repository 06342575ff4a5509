//! What a server would answer, for tests.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use fosix_wire::v4::{Header, Message, MessageType, OptionCode, Writer};
use fosix_wire::v6;

use super::session::Plan;
use super::step::Step;

pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const FROM: SocketAddrV6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 547, 0, 0);

pub(super) fn plan(steps: &[Step]) -> Plan {
    Plan {
        steps: steps.to_vec(),
        address: Ipv4Addr::UNSPECIFIED,
        server: None,
        request: vec![1, 3],
        first_delay: super::retransmit::FIRST_DELAY,
        timeout: Duration::from_secs(30),
    }
}

/// A reply to `query`, with the address in `yiaddr`, and whatever `options` adds.
pub(super) fn reply(
    query: &[u8],
    message_type: MessageType,
    address: Ipv4Addr,
    options: impl FnOnce(&mut Writer<'_>),
) -> Vec<u8> {
    let query = Message::new_checked(query).unwrap();
    let mut out = Vec::new();
    let header = Header { yiaddr: address, ciaddr: query.ciaddr(), ..Header::reply_to(&query) };
    let mut writer = Writer::new(&mut out, &header);
    writer.option_u8(OptionCode::MESSAGE_TYPE, message_type.0);
    options(&mut writer);
    writer.finish().unwrap();
    out
}

/// A complete grant of `address`.
pub(super) fn grant(query: &[u8], message_type: MessageType, address: Ipv4Addr) -> Vec<u8> {
    reply(query, message_type, address, |writer| {
        writer.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
        writer.option_u32(OptionCode::LEASE_TIME, 4000);
        writer.option_ipv4(OptionCode::SUBNET_MASK, Ipv4Addr::new(255, 255, 255, 0));
    })
}

/// A DHCPV4-RESPONSE around a DHCPv4 message.
pub(super) fn response(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = v6::Writer::new(&mut out);
    writer.message(v6::MessageType::DHCPV4_RESPONSE, [0; 3]);
    writer.option(v6::OptionCode::DHCPV4_MSG, message);
    writer.finish().unwrap();
    out
}
