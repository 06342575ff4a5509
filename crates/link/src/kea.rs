//! Kea's link datagrams: a whole DHCPv6 message that carries beside its own options where the query came from.
//!
//! ```text
//! relay levels (option 9) ... | message: ... 17 = ( 2495 | ... 60000 interface | 60001 address | 60002 port ) ... 87
//! ```
//!
//! Sub-options of the Vendor-specific Information option (RFC 9915 §21.17) of ISC, in the message itself and never at
//! a relay level: 60000 the name of the interface, a text; 60001 the address of the client or of the nearest relay,
//! 16 bytes; 60002 its port, 2 bytes. The interface and the address are those of the query, both ways.

use std::net::{Ipv6Addr, SocketAddrV6};

use fosix_wire::Error;
use fosix_wire::v6::{Message, MessageType, OptionCode, Options, Packet, QueryFlags, VendorOpts, Writer};

use crate::{LinkDrop, Role, check};

/// ISC's enterprise number.
const ISC: u32 = 2495;
const INTERFACE: OptionCode = OptionCode(60000);
const ADDRESS: OptionCode = OptionCode(60001);
const PORT: OptionCode = OptionCode(60002);

/// Where a query came from, as a datagram of Kea's link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The name of the interface.
    pub interface: &'a str,
    /// The address of the client or of the nearest relay.
    pub address: Ipv6Addr,
    /// Its port, not 0.
    pub port: u16,
}

/// What was taken out of a datagram of Kea's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Where the query came from.
    pub sender: Sender<'a>,
    /// Whether it is a response with flags, which were made zero.
    pub flags_cleared: bool,
}

/// Appends `message`, a whole DHCPv6 message, with `sender` in it; on an error nothing.
///
/// An option of ISC that is there is used, others stay as they are. A new one stands before the first option of a
/// higher code, where Kea, which writes options in the order of their codes, has it too.
pub fn encode(message: &[u8], sender: Sender<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let packet = Packet::new_checked(message, fosix_wire::v6::MAX_RELAY_LEVELS)?;
    let mut w = Writer::new(out);
    rewrite(&packet, 0, &mut w, &|message, w| write_with_sender(message, sender, w));
    w.finish()
}

/// Takes the sender out of what `role` has received and appends the message without it; on an error nothing.
///
/// A DHCPV4-RESPONSE is written with all flags zero.
pub fn decode<'a>(datagram: &'a [u8], role: Role, out: &mut Vec<u8>) -> Result<Decoded<'a>, LinkDrop> {
    let packet = check::decode(datagram, role)?;
    let message = packet.message();
    let sender = read_sender(message.options())?;
    check::dhcpv4_message(&message)?;
    let mut w = Writer::new(out);
    rewrite(&packet, 0, &mut w, &|message, w| write_without_sender(message, w));
    w.finish().map_err(|_| LinkDrop::Malformed)?;
    let flags_cleared = role == Role::Dhcpv6 && message.query_flags() != QueryFlags::default();
    Ok(Decoded { sender, flags_cleared })
}

/// Writes relay level `at` (0 is the outermost) and all inside it, at most
/// [`MAX_RELAY_LEVELS`](fosix_wire::v6::MAX_RELAY_LEVELS) deep, with `write` for the message.
fn rewrite(
    packet: &Packet<'_>,
    at: usize,
    w: &mut Writer<'_>,
    write: &dyn Fn(&Message<'_>, &mut Writer<'_>),
) {
    let Some(relay) = packet.relays().get(at) else {
        write(&packet.message(), w);
        return;
    };
    w.relay(relay.message_type(), relay.hop_count(), relay.link_address(), relay.peer_address());
    for option in &relay.options() {
        match option.code {
            OptionCode::RELAY_MESSAGE => w.nested(option.code, |w| rewrite(packet, at + 1, w, write)),
            code => w.option(code, option.data),
        }
    }
}

fn write_with_sender(message: &Message<'_>, sender: Sender<'_>, w: &mut Writer<'_>) {
    let options = message.options();
    w.message(message.message_type(), message.transaction_id());
    let mut written = false;
    let reused = options.find_all(OptionCode::VENDOR_OPTS).any(|data| isc(data).is_some());
    for option in &options {
        if !written
            && option.code == OptionCode::VENDOR_OPTS
            && let Some(vendor) = isc(option.data)
        {
            write_vendor_option(vendor.options(), sender, w);
            written = true;
            continue;
        }
        if !written && !reused && option.code.0 > OptionCode::VENDOR_OPTS.0 {
            write_vendor_option(Options::default(), sender, w);
            written = true;
        }
        w.option(option.code, option.data);
    }
    if !written {
        write_vendor_option(Options::default(), sender, w);
    }
}

/// ISC's option with `others` in it, which are not of ours: those have the highest codes.
fn write_vendor_option(others: Options<'_>, sender: Sender<'_>, w: &mut Writer<'_>) {
    w.nested(OptionCode::VENDOR_OPTS, |w| {
        w.raw(&ISC.to_be_bytes());
        for other in others.iter().filter(|other| other.code.0 <= PORT.0) {
            w.option(other.code, other.data);
        }
        w.option(INTERFACE, sender.interface.as_bytes());
        w.option(ADDRESS, &sender.address.octets());
        w.option_u16(PORT, sender.port);
        for other in others.iter().filter(|other| other.code.0 > PORT.0) {
            w.option(other.code, other.data);
        }
    });
}

fn read_sender(options: Options<'_>) -> Result<Sender<'_>, LinkDrop> {
    let mut vendors = options.find_all(OptionCode::VENDOR_OPTS);
    let data = vendors.find(|data| claims_isc(data)).ok_or(LinkDrop::NoVendorOption)?;
    let options = VendorOpts::new_checked(data).map_err(|_| LinkDrop::VendorOption)?.options();
    let interface = options.find(INTERFACE).ok_or(LinkDrop::NoInterface)?;
    let interface = check::interface_name(interface)?;
    let address = options.find(ADDRESS).ok_or(LinkDrop::NoAddress)?;
    let address = <[u8; 16]>::try_from(address).map(Ipv6Addr::from).map_err(|_| LinkDrop::Address)?;
    if address.is_unspecified() || address.is_multicast() {
        return Err(LinkDrop::Address);
    }
    let port = options.find(PORT).ok_or(LinkDrop::NoPort)?;
    let port = <[u8; 2]>::try_from(port).map(u16::from_be_bytes).map_err(|_| LinkDrop::Port)?;
    if port == 0 {
        return Err(LinkDrop::Port);
    }
    Ok(Sender { interface, address, port })
}

/// Writes a message without the first of each of the three in ISC's first option, and without that option when
/// nothing is left in it.
fn write_without_sender(message: &Message<'_>, w: &mut Writer<'_>) {
    // RFC 7341 §6.4: all flags of a DHCPV4-RESPONSE are zero. Kea's DHCPv4 server copies those of the query.
    let flags = match message.message_type() {
        MessageType::DHCPV4_RESPONSE => QueryFlags::default().to_octets(),
        _ => message.transaction_id(),
    };
    w.message(message.message_type(), flags);
    let mut done = false;
    for option in &message.options() {
        match isc(option.data).filter(|_| !done && option.code == OptionCode::VENDOR_OPTS) {
            Some(vendor) => {
                done = true;
                write_rest(vendor.options(), w);
            }
            None => w.option(option.code, option.data),
        }
    }
}

fn write_rest(options: Options<'_>, w: &mut Writer<'_>) {
    let mut ours = [INTERFACE, ADDRESS, PORT].map(Some);
    let mut rest = options.iter().filter(|option| {
        let first = ours.iter_mut().find(|code| **code == Some(option.code));
        first.is_none_or(|code| code.take().is_none())
    });
    let Some(first) = rest.next() else { return };
    w.nested(OptionCode::VENDOR_OPTS, |w| {
        w.raw(&ISC.to_be_bytes());
        w.option(first.code, first.data);
        for option in rest {
            w.option(option.code, option.data);
        }
    });
}

fn isc(data: &[u8]) -> Option<VendorOpts<'_>> {
    VendorOpts::new_checked(data).ok().filter(|vendor| vendor.enterprise == ISC)
}

/// Whether a Vendor-specific Information option, well formed or not, is of ISC.
fn claims_isc(data: &[u8]) -> bool {
    data.starts_with(&ISC.to_be_bytes())
}

impl Sender<'_> {
    /// The address and port with the interface as the scope of a link-local address.
    pub(crate) fn socket_address(&self, interface_index: u32) -> SocketAddrV6 {
        let scope = if self.address.is_unicast_link_local() { interface_index } else { 0 };
        SocketAddrV6::new(self.address, self.port, 0, scope)
    }
}
