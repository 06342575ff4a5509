//! Options by which relay agents tell of a client: Remote-ID, link-layer address, supplied options.

use super::Options;
use crate::Error;

/// The Remote-ID option (37): a relay agent's name for the client's line (RFC 4649 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteId<'a> {
    /// The vendor whose kind of name it is, by IANA private enterprise number.
    pub enterprise: u32,
    /// The name; opaque.
    pub remote_id: &'a [u8],
}

impl<'a> RemoteId<'a> {
    /// Reads the data of the option: at least four octets.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((enterprise, remote_id)) = data.split_first_chunk() else {
            return Err(Error::Truncated { what: "Remote-ID option", offset: data.len() });
        };
        Ok(Self { enterprise: u32::from_be_bytes(*enterprise), remote_id })
    }
}

/// The Client Link-Layer Address option (79), RFC 6939 §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLinkLayerAddress<'a> {
    /// IANA's hardware type; 1 is Ethernet.
    pub hardware_type: u16,
    /// The source address of the client's frame.
    pub address: &'a [u8],
}

impl<'a> ClientLinkLayerAddress<'a> {
    /// Reads the data of the option: at least two octets.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((hardware_type, address)) = data.split_first_chunk() else {
            return Err(Error::Truncated { what: "Client Link-Layer Address option", offset: data.len() });
        };
        Ok(Self { hardware_type: u16::from_be_bytes(*hardware_type), address })
    }
}

/// The Relay-Supplied Options option (66): options that a relay agent offers for the client (RFC 6422 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelaySuppliedOptions<'a> {
    /// The options. A server hands on only those that are allowed there (RFC 6422 §5).
    pub options: Options<'a>,
}

impl<'a> RelaySuppliedOptions<'a> {
    /// Reads the data of the option: options.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        Ok(Self { options: Options::new_checked(data)? })
    }
}
