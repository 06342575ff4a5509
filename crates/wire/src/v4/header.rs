//! The fixed part of a message to be written (RFC 2131 §2).

use core::net::Ipv4Addr;

use super::{BOOTREPLY, BOOTREQUEST, COOKIE, HEADER_LEN, Message};
use crate::Error;

/// The octets of the `chaddr` field.
const CHADDR_LEN: usize = 16;
/// The octets of the `sname` field.
const SNAME_LEN: usize = 64;
/// The octets of the `file` field.
const FILE_LEN: usize = 128;

/// The fields in front of the options. Those of [`Default`] are all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// [`BOOTREQUEST`] or [`BOOTREPLY`].
    pub op: u8,
    /// IANA's hardware type; 1 is Ethernet.
    pub hardware_type: u8,
    /// How many octets of `chaddr` are the hardware address, at most 16.
    pub hardware_len: u8,
    /// Relay agents on the way so far.
    pub hops: u8,
    /// The transaction id, which the client chooses.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// [`BROADCAST_FLAG`](super::BROADCAST_FLAG); the other bits are zero.
    pub flags: u16,
    /// The client's address, if it has one and can answer ARP for it.
    pub ciaddr: Ipv4Addr,
    /// The address that the client gets: "your" address.
    pub yiaddr: Ipv4Addr,
    /// The server to use next, in booting.
    pub siaddr: Ipv4Addr,
    /// The relay agent's address.
    pub giaddr: Ipv4Addr,
    /// The client's hardware address and what fills the field.
    pub chaddr: [u8; CHADDR_LEN],
    /// The server's name, at most 64 octets, or the options that stand there.
    pub sname: &'a [u8],
    /// The boot file's name, at most 128 octets, or the options that stand there.
    pub file: &'a [u8],
}

impl Default for Header<'_> {
    #[inline]
    fn default() -> Self {
        Self {
            op: 0,
            hardware_type: 0,
            hardware_len: 0,
            hops: 0,
            xid: 0,
            secs: 0,
            flags: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            chaddr: [0; CHADDR_LEN],
            sname: &[],
            file: &[],
        }
    }
}

impl<'a> Header<'a> {
    /// The header of a client's message: BOOTREQUEST with that transaction id, all else zero.
    pub fn request(xid: u32) -> Self {
        Self { op: BOOTREQUEST, xid, ..Self::default() }
    }

    /// The header of the answer to a message: BOOTREPLY with the fields that a server copies (RFC 2131 §4.3.1,
    /// table 3), all else zero.
    #[inline]
    pub fn reply_to(message: &Message<'_>) -> Self {
        Self {
            op: BOOTREPLY,
            hardware_type: message.hardware_type(),
            hardware_len: message.hardware_len(),
            xid: message.xid(),
            flags: message.flags(),
            giaddr: message.giaddr(),
            chaddr: *message.chaddr_field(),
            ..Self::default()
        }
    }

    /// The header of a message, to the last octet.
    pub fn of(message: &Message<'a>) -> Self {
        Self {
            op: message.op(),
            hops: message.hops(),
            secs: message.secs(),
            ciaddr: message.ciaddr(),
            yiaddr: message.yiaddr(),
            siaddr: message.siaddr(),
            sname: message.sname_field(),
            file: message.file_field(),
            ..Self::reply_to(message)
        }
    }

    /// Appends the header and the cookie, [`HEADER_LEN`] octets. Nothing is written when a field is too long.
    #[inline]
    pub fn write_to(&self, buffer: &mut Vec<u8>) -> Result<(), Error> {
        if usize::from(self.hardware_len) > CHADDR_LEN {
            return Err(Error::BadValue {
                what: "hlen",
                expected: "at most 16",
                got: u32::from(self.hardware_len),
            });
        }
        let sname = SNAME_LEN.checked_sub(self.sname.len()).ok_or(Error::BadLength {
            what: "sname",
            expected: "at most 64",
            got: self.sname.len(),
        })?;
        let file = FILE_LEN.checked_sub(self.file.len()).ok_or(Error::BadLength {
            what: "file",
            expected: "at most 128",
            got: self.file.len(),
        })?;
        buffer.reserve(HEADER_LEN);
        buffer.extend_from_slice(&[self.op, self.hardware_type, self.hardware_len, self.hops]);
        buffer.extend_from_slice(&self.xid.to_be_bytes());
        buffer.extend_from_slice(&self.secs.to_be_bytes());
        buffer.extend_from_slice(&self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            buffer.extend_from_slice(&address.octets());
        }
        buffer.extend_from_slice(&self.chaddr);
        buffer.extend_from_slice(self.sname);
        buffer.resize(buffer.len() + sname, 0);
        buffer.extend_from_slice(self.file);
        buffer.resize(buffer.len() + file, 0);
        buffer.extend_from_slice(&COOKIE);
        Ok(())
    }
}
