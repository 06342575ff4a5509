//! Who a client is: hardware address, DUID, IAID.

/// A client's identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `chaddr`, of Ethernet's kind.
    pub(crate) mac: [u8; 6],
    /// The DUID, in DHCPv6 and in the DHCPv4 client identifier alike.
    pub(crate) duid: Vec<u8>,
    /// The identity association in the DHCPv4 client identifier.
    pub(crate) iaid: u32,
}

impl Identity {
    /// The client with this hardware address, and a DUID made of it unless one is given.
    pub(crate) fn new(mac: [u8; 6], duid: Option<&[u8]>, iaid: u32) -> Self {
        let duid = duid.map_or_else(|| link_layer_duid(mac), <[u8]>::to_vec);
        Self { mac, duid, iaid }
    }

    /// The client that is `index` further: the hardware address counted on, and a DUID made of it.
    pub(crate) fn nth(mac: [u8; 6], iaid: u32, index: u32) -> Self {
        let [_, _, mac @ ..] = as_number(mac).wrapping_add(index.into()).to_be_bytes();
        Self::new(mac, None, iaid)
    }

    /// RFC 4361 §6.1: the type 255, the IAID, the DUID.
    pub(crate) fn client_identifier(&self) -> Vec<u8> {
        let mut octets = vec![255];
        octets.extend(self.iaid.to_be_bytes());
        octets.extend_from_slice(&self.duid);
        octets
    }

    /// The link-local address that an interface with this hardware address makes for itself (RFC 4291 appendix A).
    pub(crate) fn link_local(&self) -> std::net::Ipv6Addr {
        let mac = as_number(self.mac);
        let identifier = ((mac >> 24 << 40) | (0xfffe << 24) | (mac & 0xff_ffff)) ^ (2 << 56);
        (0xfe80 << 112 | u128::from(identifier)).into()
    }
}

fn as_number(mac: [u8; 6]) -> u64 {
    mac.iter().fold(0, |number, octet| (number << 8) | u64::from(*octet))
}

/// DUID-LL (RFC 9915 §11.4) of an Ethernet address.
fn link_layer_duid(mac: [u8; 6]) -> Vec<u8> {
    let mut duid = vec![0, 3, 0, 1];
    duid.extend(mac);
    duid
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xff];

    #[test]
    fn the_client_identifier_is_type_iaid_and_duid() {
        let identity = Identity::new(MAC, None, 7);
        assert_eq!(identity.client_identifier(), [255, 0, 0, 0, 7, 0, 3, 0, 1, 2, 0, 0, 0, 0, 0xff]);
        assert_eq!(Identity::new(MAC, Some(&[0, 4]), 1).client_identifier(), [255, 0, 0, 0, 1, 0, 4]);
    }

    #[test]
    fn each_client_has_its_own_address_and_duid() {
        let next = Identity::nth(MAC, 1, 1);
        assert_eq!(next.mac, [2, 0, 0, 0, 1, 0]);
        assert_eq!(next.duid, [0, 3, 0, 1, 2, 0, 0, 0, 1, 0]);
        assert_eq!(Identity::nth(MAC, 1, 0), Identity::new(MAC, None, 1));
    }

    #[test]
    fn the_link_local_address_comes_from_the_hardware_address() {
        assert_eq!(Identity::nth(MAC, 1, 0).link_local().to_string(), "fe80::ff:fe00:ff");
    }
}
