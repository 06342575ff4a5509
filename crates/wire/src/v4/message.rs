//! A received message (RFC 2131 §2).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::areas::{self, Codes, Cursor};
use super::{
    Area, BROADCAST_FLAG, COOKIE, HEADER_LEN, Items, MessageType, OptionCode, OptionData, OptionsIter,
    ParameterRequestList,
};
use crate::Error;
use crate::octets::{array_at, u8_at, u32_at};
use crate::softwire::PortParams;

/// Where the fields of the fixed part begin.
mod field {
    pub(super) const OP: usize = 0;
    pub(super) const HTYPE: usize = 1;
    pub(super) const HLEN: usize = 2;
    pub(super) const HOPS: usize = 3;
    pub(super) const XID: usize = 4;
    pub(super) const SECS: usize = 8;
    pub(super) const FLAGS: usize = 10;
    pub(super) const CIADDR: usize = 12;
    pub(super) const YIADDR: usize = 16;
    pub(super) const SIADDR: usize = 20;
    pub(super) const GIADDR: usize = 24;
    pub(super) const CHADDR: usize = 28;
    pub(super) const SNAME: usize = 44;
    pub(super) const FILE: usize = 108;
    pub(super) const COOKIE: usize = 236;
}

/// The values of Option Overload (52), RFC 2132 §9.3, are sums of these.
mod overload {
    pub(super) const FILE: u8 = 1;
    pub(super) const SNAME: u8 = 2;
}

/// A DHCPv4 message whose fixed part and options are known to be complete.
///
/// What the data of an option means is not looked at, but for Option Overload (52): it decides where options are.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; HEADER_LEN],
    /// The areas that hold options, each up to its END.
    areas: Cursor<'a>,
    codes: Codes,
    overload: u8,
}

impl<'a> Message<'a> {
    /// Checks a message from its first octet to its last.
    ///
    /// [`Error::NotDhcp`] says that it is BOOTP, without the cookie. All other errors are the sender's mistakes: a
    /// hardware address longer than its field, an option longer than its area, an Option Overload with a value
    /// that means nothing. Options need not end with END, and anything may follow it.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(if bytes.len() < field::COOKIE {
                Error::Truncated { what: "BOOTP header", offset: 0 }
            } else {
                Error::NotDhcp
            });
        };
        if array_at(fixed, field::COOKIE) != COOKIE {
            return Err(Error::NotDhcp);
        }
        let hlen = u8_at(fixed, field::HLEN);
        if hlen > 16 {
            return Err(Error::BadValue { what: "hlen", expected: "at most 16", got: u32::from(hlen) });
        }
        let mut codes = Codes::default();
        let options = areas::check(rest, HEADER_LEN, &mut codes)?;
        let mut message = Self { bytes, fixed, areas: Cursor::new(options, &[], &[]), codes, overload: 0 };
        if codes.contains(OptionCode::OPTION_OVERLOAD) {
            message.find_overloaded(options)?;
        }
        Ok(message)
    }

    /// [`BOOTREQUEST`](super::BOOTREQUEST) from clients, [`BOOTREPLY`](super::BOOTREPLY) from servers; unchecked.
    #[inline]
    pub fn op(&self) -> u8 {
        u8_at(self.fixed, field::OP)
    }

    /// IANA's hardware type; 1 is Ethernet.
    #[inline]
    pub fn hardware_type(&self) -> u8 {
        u8_at(self.fixed, field::HTYPE)
    }

    /// The octets of the hardware address, 0 to 16.
    #[inline]
    pub fn hardware_len(&self) -> u8 {
        u8_at(self.fixed, field::HLEN)
    }

    /// How many relay agents the message has gone through.
    #[inline]
    pub fn hops(&self) -> u8 {
        u8_at(self.fixed, field::HOPS)
    }

    /// The transaction id, which the client chooses.
    #[inline]
    pub fn xid(&self) -> u32 {
        u32_at(self.fixed, field::XID)
    }

    /// Seconds since the client began.
    #[inline]
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(array_at(self.fixed, field::SECS))
    }

    /// All flags as they are.
    #[inline]
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes(array_at(self.fixed, field::FLAGS))
    }

    /// Whether the client wants its answers by broadcast.
    #[inline]
    pub fn broadcast(&self) -> bool {
        self.flags() & BROADCAST_FLAG != 0
    }

    /// The client's address, if it has one already.
    #[inline]
    pub fn ciaddr(&self) -> Ipv4Addr {
        self.address(field::CIADDR)
    }

    /// The address that the client gets: "your" address.
    #[inline]
    pub fn yiaddr(&self) -> Ipv4Addr {
        self.address(field::YIADDR)
    }

    /// The server to use next, in booting.
    #[inline]
    pub fn siaddr(&self) -> Ipv4Addr {
        self.address(field::SIADDR)
    }

    /// The address of the relay agent nearest to the client.
    #[inline]
    pub fn giaddr(&self) -> Ipv4Addr {
        self.address(field::GIADDR)
    }

    /// The client's hardware address: the octets of `chaddr` that `hlen` counts.
    #[inline]
    pub fn chaddr(&self) -> &'a [u8] {
        self.chaddr_field().get(..usize::from(self.hardware_len())).unwrap_or_default()
    }

    /// All octets of `chaddr`.
    #[inline]
    pub fn chaddr_field(&self) -> &'a [u8; 16] {
        self.part(field::CHADDR).unwrap_or(&[0; 16])
    }

    /// The server's name up to its final NUL; empty when options stand there instead.
    #[inline]
    pub fn sname(&self) -> &'a [u8] {
        if self.overload & overload::SNAME == 0 { text(self.sname_field()) } else { &[] }
    }

    /// All octets of `sname`.
    #[inline]
    pub fn sname_field(&self) -> &'a [u8; 64] {
        self.part(field::SNAME).unwrap_or(&[0; 64])
    }

    /// The boot file's name up to its final NUL; empty when options stand there instead.
    #[inline]
    pub fn file(&self) -> &'a [u8] {
        if self.overload & overload::FILE == 0 { text(self.file_field()) } else { &[] }
    }

    /// All octets of `file`.
    #[inline]
    pub fn file_field(&self) -> &'a [u8; 128] {
        self.part(field::FILE).unwrap_or(&[0; 128])
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the message is for: option 53. `None` without the option or when it is not one octet long.
    #[inline]
    pub fn message_type(&self) -> Option<MessageType> {
        self.option(OptionCode::MESSAGE_TYPE)?.to_u8().map(MessageType)
    }

    /// What the client asks for: option 55; an empty list without the option.
    #[inline]
    pub fn parameter_request_list(&self) -> ParameterRequestList<'a> {
        self.option(OptionCode::PARAMETER_REQUEST_LIST).map(ParameterRequestList::new).unwrap_or_default()
    }

    /// The address that the client's softwire has or is to have: option 109 (RFC 8539 §6.2). `None` also when it is
    /// not 16 octets long.
    #[inline]
    pub fn softwire_source_address(&self) -> Option<Ipv6Addr> {
        self.option(OptionCode::DHCP4O6_S46_SADDR)?.to_ipv6()
    }

    /// The ports of a shared address: option 159 (RFC 7618 §9), if it is there.
    #[inline]
    pub fn port_params(&self) -> Option<Result<PortParams, Error>> {
        let data = self.option(OptionCode::V4_PORTPARAMS)?;
        Some(match data.to_array::<{ PortParams::WIRE_LEN }>() {
            Some(octets) => PortParams::new_checked(&octets),
            None => Err(Error::LengthMismatch {
                what: "port parameters",
                expected: PortParams::WIRE_LEN,
                got: data.len(),
            }),
        })
    }

    /// The data of the option with that code, from wherever it stands in the message.
    ///
    /// RFC 3396 §7: options with the same code are parts of one, in the order of [`options`](Self::options).
    #[inline]
    pub fn option(&self, code: OptionCode) -> Option<OptionData<'a>> {
        if !self.codes.contains(code) {
            return None;
        }
        let mut cursor = self.areas;
        let first = cursor.next_of(code)?;
        Some(if self.codes.repeated() {
            OptionData::joined(code, first, cursor)
        } else {
            OptionData::single(code, first)
        })
    }

    /// Whether there is an option with that code.
    #[inline]
    pub fn has_option(&self, code: OptionCode) -> bool {
        self.codes.contains(code)
    }

    /// The options as they were sent, without PAD and END: those of the options field, then of `file`, then of
    /// `sname` (RFC 3396 §5).
    #[inline]
    pub const fn options(&self) -> OptionsIter<'a> {
        OptionsIter::new(self.areas)
    }

    /// Everything that stands in an area, PAD, END and what is behind it included. There is nothing in an area
    /// that holds no options.
    pub fn items(&self, area: Area) -> Items<'a> {
        Items::new(match area {
            Area::Options => self.bytes.get(HEADER_LEN..).unwrap_or_default(),
            Area::File if self.overload & overload::FILE != 0 => self.file_field(),
            Area::Sname if self.overload & overload::SNAME != 0 => self.sname_field(),
            Area::File | Area::Sname => &[],
        })
    }

    #[inline]
    fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::from(array_at::<4>(self.fixed, at))
    }

    #[inline]
    fn part<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.fixed.get(at..)?.first_chunk()
    }

    /// Checks the options in `file` and `sname`, where those hold some.
    #[cold]
    fn find_overloaded(&mut self, options: &'a [u8]) -> Result<(), Error> {
        const WHAT: &str = "Option Overload option";
        let Some(data) = self.option(OptionCode::OPTION_OVERLOAD) else { return Ok(()) };
        let Some(value) = data.to_u8() else {
            return Err(Error::LengthMismatch { what: WHAT, expected: 1, got: data.len() });
        };
        if !(1..=3).contains(&value) {
            return Err(Error::BadValue { what: WHAT, expected: "1 to 3", got: u32::from(value) });
        }
        self.overload = value;
        // An Option Overload inside these fields is an option like any other: they are read already.
        let mut file: &[u8] = &[];
        if value & overload::FILE != 0 {
            file = areas::check(self.file_field(), field::FILE, &mut self.codes)?;
        }
        let mut sname: &[u8] = &[];
        if value & overload::SNAME != 0 {
            sname = areas::check(self.sname_field(), field::SNAME, &mut self.codes)?;
        }
        self.areas = Cursor::new(options, file, sname);
        Ok(())
    }
}

/// The octets in front of the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&octet| octet == 0).next().unwrap_or_default()
}
