//! Who a DHCPv4 client is: its client identifier, else its hardware address.

use std::fmt;

use smallvec::SmallVec;

/// A link-layer address with its hardware type (RFC 2131 §2: `htype`, `hlen`, `chaddr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HardwareAddress {
    hardware_type: u8,
    len: u8,
    octets: [u8; 16],
}

impl HardwareAddress {
    /// `octets` of the given ARP hardware type (1 is Ethernet); `None` when there are more than 16 of them.
    pub fn new(hardware_type: u8, octets: &[u8]) -> Option<Self> {
        let mut padded = [0; 16];
        padded.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Self { hardware_type, len: u8::try_from(octets.len()).ok()?, octets: padded })
    }

    /// The ARP hardware type.
    pub fn hardware_type(&self) -> u8 {
        self.hardware_type
    }

    /// The address itself, 0 to 16 bytes.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it tells nobody apart: no octet, or only zeros.
    pub fn is_unset(&self) -> bool {
        self.octets().iter().all(|&octet| octet == 0)
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, self.octets())
    }
}

/// What tells one client from another.
///
/// RFC 2131 §4.2: the client identifier where there is one, otherwise the hardware type and address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientIdentity {
    /// Option 61, 2 to 255 bytes. As long as they are in use (RFC 4361, a DUID of 27 bytes at most) nothing is allocated for it.
    Identifier(SmallVec<[u8; 32]>),
    /// `htype` and `chaddr`, not all zeros; without an octet where nobody is known, as in a lease that was declined.
    Hardware(HardwareAddress),
}

/// Why a client cannot be told from others. The client, or what relays for it, is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadIdentity {
    /// Neither a client identifier nor a hardware address other than zeros.
    #[error("neither a client identifier nor a hardware address that is not all zeros")]
    Missing,
    /// Option 61 is shorter than 2 or longer than 255 bytes (RFC 2132 §9.14).
    #[error("a client identifier of {len} bytes; 2 to 255 are allowed")]
    IdentifierLength {
        /// Its length in bytes.
        len: usize,
    },
}

impl ClientIdentity {
    /// The identity that a message's client identifier (option 61) and hardware address give.
    pub fn new(identifier: Option<&[u8]>, hardware: HardwareAddress) -> Result<Self, BadIdentity> {
        match identifier {
            Some(id) if (2..=255).contains(&id.len()) => Ok(Self::Identifier(SmallVec::from_slice(id))),
            Some(id) => Err(BadIdentity::IdentifierLength { len: id.len() }),
            None if hardware.is_unset() => Err(BadIdentity::Missing),
            None => Ok(Self::Hardware(hardware)),
        }
    }

    /// The client identifier, if the identity is one.
    pub fn identifier(&self) -> Option<&[u8]> {
        match self {
            Self::Identifier(id) => Some(id),
            Self::Hardware(_) => None,
        }
    }
}

impl ClientIdentity {
    pub(crate) fn as_identity_ref(&self) -> IdentityRef<'_> {
        match self {
            Self::Identifier(id) => IdentityRef::Identifier(id),
            Self::Hardware(address) => IdentityRef::Hardware(address.hardware_type(), address.octets()),
        }
    }
}

/// A [`ClientIdentity`] whose bytes are elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum IdentityRef<'a> {
    Identifier(&'a [u8]),
    Hardware(u8, &'a [u8]),
}

impl IdentityRef<'_> {
    pub(crate) fn to_identity(self) -> ClientIdentity {
        match self {
            Self::Identifier(id) => ClientIdentity::Identifier(id.into()),
            Self::Hardware(hardware_type, octets) => {
                ClientIdentity::Hardware(HardwareAddress::new(hardware_type, octets).unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier(id) => {
                f.write_str("id ")?;
                write_hex(f, id)
            }
            Self::Hardware(address) => write!(f, "hw {address}"),
        }
    }
}

/// Writes bytes as `01:23:ab`.
fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            f.write_str(":")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ethernet(octets: &[u8]) -> HardwareAddress {
        HardwareAddress::new(1, octets).unwrap()
    }

    #[test]
    fn the_identifier_comes_before_the_hardware_address() {
        let identity = ClientIdentity::new(Some(&[0xff, 1]), ethernet(&[2, 0, 0, 0, 0, 1])).unwrap();
        assert_eq!(identity.identifier(), Some(&[0xff, 1][..]));
        assert_eq!(identity.to_string(), "id ff:01");
    }

    #[test]
    fn a_client_that_nothing_tells_apart_is_refused() {
        assert_eq!(ClientIdentity::new(None, ethernet(&[0; 6])), Err(BadIdentity::Missing));
        assert_eq!(ClientIdentity::new(None, ethernet(&[])), Err(BadIdentity::Missing));
        assert_eq!(
            ClientIdentity::new(Some(&[1]), ethernet(&[2; 6])),
            Err(BadIdentity::IdentifierLength { len: 1 })
        );
    }

    #[test]
    fn hardware_addresses_of_different_types_are_different_clients() {
        let other = HardwareAddress::new(6, &[2; 6]).unwrap();
        assert_ne!(ClientIdentity::new(None, ethernet(&[2; 6])), ClientIdentity::new(None, other));
        assert!(HardwareAddress::new(1, &[0; 17]).is_none());
    }
}
