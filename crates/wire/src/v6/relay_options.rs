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
    /// Reads the data of the option: at least five octets.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        match data.split_first_chunk() {
            // RFC 4649 §3: the minimum is five octets, so that there is a name.
            Some((enterprise, remote_id @ [_, ..])) => {
                Ok(Self { enterprise: u32::from_be_bytes(*enterprise), remote_id })
            }
            _ => Err(Error::BadLength { what: "Remote-ID option", expected: "at least 5", got: data.len() }),
        }
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

/// The Relay-Supplied Options option (66): options that a relay agent offers for the client (RFC 6422 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelaySuppliedOptions<'a> {
    /// The options. A server hands on only those that are allowed there (RFC 6422 §6).
    pub options: Options<'a>,
}

impl<'a> RelaySuppliedOptions<'a> {
    /// Reads the data of the option: options.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        Ok(Self { options: Options::new_checked(data)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_id_has_an_enterprise_and_a_name() {
        let expected = RemoteId { enterprise: 9, remote_id: b"line" };
        assert_eq!(RemoteId::new_checked(b"\0\0\0\x09line"), Ok(expected));
        assert!(RemoteId::new_checked(b"\0\0\0\x09").is_err());
        assert!(RemoteId::new_checked(b"").is_err());
    }

    #[test]
    fn a_link_layer_address_has_a_type() {
        let expected = ClientLinkLayerAddress { hardware_type: 1, address: &[2, 0, 0, 0, 0, 1] };
        assert_eq!(ClientLinkLayerAddress::new_checked(&[0, 1, 2, 0, 0, 0, 0, 1]), Ok(expected));
        assert!(ClientLinkLayerAddress::new_checked(&[0]).is_err());
    }

    #[test]
    fn supplied_options_must_fit() {
        let supplied = RelaySuppliedOptions::new_checked(&[0, 65, 0, 1, 0]).unwrap();
        assert_eq!(supplied.options.count(super::super::OptionCode::ERP_LOCAL_DOMAIN_NAME), 1);
        assert!(RelaySuppliedOptions::new_checked(&[0, 65, 0, 2, 0]).is_err());
    }
}
