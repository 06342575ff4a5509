//! The Relay Agent Information option (82), RFC 3046.

use core::net::Ipv4Addr;

use super::sub_options::{SubOption, SubOptions};
use crate::Error;

/// The codes of what a relay agent tells (RFC 3046 §2 and the RFCs that add to it).
pub mod sub_option {
    /// The agent's name for the circuit that the client is on (RFC 3046 §3.1).
    pub const CIRCUIT_ID: u8 = 1;
    /// The agent's name for the host at the other end of the circuit (RFC 3046 §3.2).
    pub const REMOTE_ID: u8 = 2;
    /// The subnet to take the address from (RFC 3527 §3).
    pub const LINK_SELECTION: u8 = 5;
    /// What the server is to give as its identifier (RFC 5107 §4).
    pub const SERVER_IDENTIFIER_OVERRIDE: u8 = 11;
    /// The agent uses a port of its own (RFC 8357 §4.1).
    pub const RELAY_PORT: u8 = 19;
    /// The VPN that the client is in (RFC 6607 §3.2).
    pub const VIRTUAL_SUBNET_SELECTION: u8 = 151;
    /// A server that leaves this in its answer has not understood 151 (RFC 6607 §3.3).
    pub const VIRTUAL_SUBNET_SELECTION_CONTROL: u8 = 152;
}

/// What a relay agent knows about the client.
///
/// A server echoes the option to the last octet, and as the last option of its answer (RFC 3046 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayAgentInformation<'a> {
    sub_options: SubOptions<'a>,
}

impl<'a> RelayAgentInformation<'a> {
    /// Reads the data of the option: sub-options that fill it exactly. RFC 3046 §2.0 asks for at least one; without
    /// any there is nothing in it to misunderstand.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        Ok(Self { sub_options: SubOptions::new_checked(data)? })
    }

    /// All sub-options in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = SubOption<'a>> + Clone + use<'a> {
        self.sub_options.iter()
    }

    /// The data of the first sub-option with that code; [`sub_option`] names those that are known here.
    #[inline]
    pub fn find(&self, code: u8) -> Option<&'a [u8]> {
        self.sub_options.find(code)
    }

    /// The agent's name for the client's circuit: opaque, compared as a whole.
    #[inline]
    pub fn circuit_id(&self) -> Option<&'a [u8]> {
        self.find(sub_option::CIRCUIT_ID)
    }

    /// The agent's name for the remote host: opaque, compared as a whole.
    #[inline]
    pub fn remote_id(&self) -> Option<&'a [u8]> {
        self.find(sub_option::REMOTE_ID)
    }

    /// An address in the subnet to take the client's address from, instead of that of `giaddr`. `None` also when
    /// the length is not 4.
    #[inline]
    pub fn link_selection(&self) -> Option<Ipv4Addr> {
        self.address(sub_option::LINK_SELECTION)
    }

    /// What to give as Server Identifier (54), so that the client's unicasts go to the agent. `None` also when the
    /// length is not 4.
    #[inline]
    pub fn server_identifier_override(&self) -> Option<Ipv4Addr> {
        self.address(sub_option::SERVER_IDENTIFIER_OVERRIDE)
    }

    /// Whether to answer to the UDP port that the message came from (RFC 8357 §5.1).
    #[inline]
    pub fn has_relay_port(&self) -> bool {
        self.find(sub_option::RELAY_PORT).is_some()
    }

    /// The VPN that the client is in. `None` also when the sub-option is empty.
    #[inline]
    pub fn virtual_subnet(&self) -> Option<VirtualSubnet<'a>> {
        VirtualSubnet::read(self.find(sub_option::VIRTUAL_SUBNET_SELECTION)?)
    }

    /// Whether a server that does not understand the VPN is asked to say so.
    #[inline]
    pub fn has_virtual_subnet_control(&self) -> bool {
        self.find(sub_option::VIRTUAL_SUBNET_SELECTION_CONTROL).is_some()
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.sub_options.as_bytes()
    }

    fn address(&self, code: u8) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.find(code)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets))
    }
}

/// A VPN (RFC 6607 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VirtualSubnet<'a> {
    /// Type 0: a name in ASCII.
    Name(&'a [u8]),
    /// Type 1: a VPN-ID of RFC 2685.
    VpnId([u8; 7]),
    /// Type 255: none, the global address space.
    Global,
    /// Another type, or one of the wrong length.
    Other {
        /// The type.
        vss_type: u8,
        /// What follows it.
        data: &'a [u8],
    },
}

impl<'a> VirtualSubnet<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let (&vss_type, data) = data.split_first()?;
        Some(match (vss_type, <[u8; 7]>::try_from(data)) {
            (0, _) => Self::Name(data),
            (1, Ok(id)) => Self::VpnId(id),
            (255, _) if data.is_empty() => Self::Global,
            _ => Self::Other { vss_type, data },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sub_option_is_found_by_its_meaning() {
        let data = b"\x01\x04eth1\x02\x03abc\x05\x04\x0a\x01\x00\x00\x0b\x04\x0a\x02\x00\x01\x13\x00\x97\x01\xff\x98\x00";
        let information = RelayAgentInformation::new_checked(data).unwrap();
        assert_eq!(information.circuit_id(), Some(&b"eth1"[..]));
        assert_eq!(information.remote_id(), Some(&b"abc"[..]));
        assert_eq!(information.link_selection(), Some(Ipv4Addr::new(10, 1, 0, 0)));
        assert_eq!(information.server_identifier_override(), Some(Ipv4Addr::new(10, 2, 0, 1)));
        assert!(information.has_relay_port());
        assert_eq!(information.virtual_subnet(), Some(VirtualSubnet::Global));
        assert!(information.has_virtual_subnet_control());
        assert_eq!(information.iter().count(), 7);
        assert_eq!(information.as_bytes(), data);
    }

    #[test]
    fn what_is_absent_or_of_the_wrong_length_is_not_there() {
        let information = RelayAgentInformation::new_checked(b"\x05\x03abc\x0b\x05abcde\x97\x00").unwrap();
        assert_eq!(information.link_selection(), None);
        assert_eq!(information.server_identifier_override(), None);
        assert_eq!(information.virtual_subnet(), None);
        assert_eq!(information.circuit_id(), None);
        assert!(!information.has_relay_port());
    }

    #[test]
    fn pad_and_end_mean_nothing_here() {
        // RFC 3046 §2.0: no pad sub-option, no 255 at the end.
        assert!(RelayAgentInformation::new_checked(b"\x01\x01a\xff").is_err());
        assert!(RelayAgentInformation::new_checked(b"\x01\x01a\x00").is_err());
    }

    #[test]
    fn a_vpn_is_named_numbered_or_the_global_one() {
        let table: [(&[u8], VirtualSubnet<'_>); 6] = [
            (b"\x00blue", VirtualSubnet::Name(b"blue")),
            (b"\x01abcdefg", VirtualSubnet::VpnId(*b"abcdefg")),
            (b"\xff", VirtualSubnet::Global),
            (b"\x01abc", VirtualSubnet::Other { vss_type: 1, data: b"abc" }),
            (b"\xffx", VirtualSubnet::Other { vss_type: 255, data: b"x" }),
            (b"\x02x", VirtualSubnet::Other { vss_type: 2, data: b"x" }),
        ];
        for (data, expected) in table {
            assert_eq!(VirtualSubnet::read(data), Some(expected), "{data:x?}");
        }
    }
}
