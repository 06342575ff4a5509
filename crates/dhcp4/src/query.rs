//! A query as it arrives: the DHCPv6 message decoded, the DHCPv4 message in it found and checked.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_lease::HardwareAddress;
use fosix_wire::Error;
use fosix_wire::v4::{self, MessageType};
use fosix_wire::v6::{self, Packet};

use crate::Drop4;

/// A DHCPV4-QUERY as the DHCPv6 half hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The whole DHCPv6 message, its relay levels included.
    pub message: &'a [u8],
    /// The address that it came from: the client's, or the relay's nearest to us.
    pub source: Ipv6Addr,
    /// The name of the interface that it came in on.
    pub interface: &'a str,
}

/// A query that can be decoded, with a DHCPv4 request in it.
pub(crate) struct Decoded<'a> {
    pub(crate) packet: &'a Packet<'a>,
    pub(crate) message: v4::Message<'a>,
    pub(crate) message_type: MessageType,
    pub(crate) hardware: HardwareAddress,
}

/// The DHCPv4 message in a DHCPV4-QUERY.
pub(crate) fn dhcpv4_message<'a>(packet: &Packet<'a>) -> Result<&'a [u8], Drop4> {
    let outer = packet.message();
    if outer.message_type() != v6::MessageType::DHCPV4_QUERY {
        return Err(Drop4::NotAQuery);
    }
    // RFC 7341 §6.2, §9: exactly one DHCPv4 Message option.
    let mut messages = outer.options().find_all(v6::OptionCode::DHCPV4_MSG);
    // RFC 7341 §11: a DHCPV4-QUERY without the option is discarded.
    let bytes = messages.next().ok_or(Drop4::NoMessage)?;
    if messages.next().is_some() { Err(Drop4::SeveralMessages) } else { Ok(bytes) }
}

impl<'a> Decoded<'a> {
    /// The request in `bytes`, which came in `packet`, or why there is none; `seen` is told of the message type once
    /// it is known.
    pub(crate) fn new(
        packet: &'a Packet<'a>,
        bytes: &'a [u8],
        seen: impl FnOnce(Option<MessageType>),
    ) -> Result<Self, Drop4> {
        let message = v4::Message::new_checked(bytes).map_err(|error| match error {
            Error::NotDhcp => Drop4::Bootp,
            _ => Drop4::Malformed,
        })?;
        let message_type = message.message_type();
        seen(message_type);
        if message.op() != v4::BOOTREQUEST {
            return Err(Drop4::NotARequest);
        }
        let message_type = message_type.ok_or(Drop4::Bootp)?;
        // The view has checked that there are at most 16 bytes.
        let hardware =
            HardwareAddress::new(message.hardware_type(), message.chaddr()).ok_or(Drop4::Malformed)?;
        Ok(Self { packet, message, message_type, hardware })
    }

    /// An option that holds one IPv4 address.
    pub(crate) fn address(&self, code: v4::OptionCode) -> Result<Option<Ipv4Addr>, Drop4> {
        match self.message.option(code) {
            None => Ok(None),
            Some(data) => data.to_ipv4().map(Some).ok_or(Drop4::OptionLength),
        }
    }
}
