//! Port parameters: the offset and the PSID that make a port set (RFC 7597 §5.1, RFC 7598 §4.5, RFC 7618).

use core::fmt;

use super::{PortSet, Psid};
use crate::Error;
use crate::v6::{OptionCode, Writer};

/// Which ports of an address a holder has.
///
/// Offset and PSID length are at most 16 together, for both are bits of one port number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortParams {
    offset: u8,
    psid: Psid,
}

impl PortParams {
    /// The whole address: no PSID.
    pub const FULL_ADDRESS: Self = Self { offset: 0, psid: Psid::NONE };
    /// The octets of the wire form.
    pub const WIRE_LEN: usize = 4;

    /// The port set with PSID offset `offset` (0 to 15), and the PSID `psid`, right-justified, of `psid_len` bits (0
    /// to 16; 0 is the whole address).
    pub const fn new(offset: u8, psid_len: u8, psid: u16) -> Result<Self, Error> {
        match Psid::new(psid, psid_len) {
            Ok(psid) => Self::with_psid(offset, psid),
            Err(error) => Err(error),
        }
    }

    /// The same from a PSID that is one already.
    pub const fn with_psid(offset: u8, psid: Psid) -> Result<Self, Error> {
        if offset > 15 {
            return Err(Error::BadValue { what: "PSID offset", expected: "at most 15", got: offset as u32 });
        }
        if offset + psid.len() > 16 {
            return Err(Error::BadValue {
                what: "PSID offset and PSID length together",
                expected: "at most 16",
                got: (offset + psid.len()) as u32,
            });
        }
        Ok(Self { offset, psid })
    }

    /// Reads the wire form: the data of S46_PORTPARAMS (DHCPv6 option 93), or of OPTION_V4_PORTPARAMS (DHCPv4 option
    /// 159, RFC 7618), which is the same.
    pub fn new_checked(data: &[u8]) -> Result<Self, Error> {
        let Ok([offset, psid_len, high, low]) = <[u8; Self::WIRE_LEN]>::try_from(data) else {
            return Err(Error::LengthMismatch {
                what: "port parameters",
                expected: Self::WIRE_LEN,
                got: data.len(),
            });
        };
        let psid = Psid::from_left_justified(u16::from_be_bytes([high, low]), psid_len)?;
        Self::with_psid(offset, psid)
    }

    /// The wire form.
    pub fn to_octets(self) -> [u8; Self::WIRE_LEN] {
        let [high, low] = self.psid.left_justified().to_be_bytes();
        [self.offset, self.psid.len(), high, low]
    }

    /// Writes S46_PORTPARAMS (93), which stands inside S46_RULE or S46_V4V6BIND (RFC 7598 §4.5).
    pub fn write(self, w: &mut Writer<'_>) {
        w.option(OptionCode::S46_PORTPARAMS, &self.to_octets());
    }

    /// The number of port bits in front of the PSID, 0 to 15 (`a` in RFC 7597).
    pub const fn offset(self) -> u8 {
        self.offset
    }

    /// The PSID.
    pub const fn psid(self) -> Psid {
        self.psid
    }

    /// The number of bits of the PSID, 0 to 16 (`k` in RFC 7597).
    pub const fn psid_len(self) -> u8 {
        self.psid.len()
    }

    /// Whether this is the whole address and not a share of it.
    pub const fn is_full_address(self) -> bool {
        self.psid.is_empty()
    }

    /// The ports.
    pub const fn port_set(self) -> PortSet {
        PortSet::new(self)
    }
}

impl fmt::Display for PortParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full_address() {
            f.write_str("all ports")
        } else {
            write!(f, "PSID {} of {} bits, offset {}", self.psid.value(), self.psid.len(), self.offset)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_that_of_the_rfcs() {
        for (offset, psid_len, psid, wire) in [
            (0, 8, 0x34, [0, 8, 0x34, 0]),
            (0, 6, 5, [0, 6, 0x14, 0]),
            (6, 8, 0x34, [6, 8, 0x34, 0]),
            (0, 0, 0, [0, 0, 0, 0]),
            (0, 16, 0xffff, [0, 16, 0xff, 0xff]),
        ] {
            let params = PortParams::new(offset, psid_len, psid).unwrap();
            assert_eq!(params.to_octets(), wire);
            assert_eq!(PortParams::new_checked(&wire), Ok(params));
        }
    }

    #[test]
    fn offset_and_psid_share_sixteen_bits() {
        assert!(PortParams::new(15, 1, 1).is_ok());
        assert!(PortParams::new(15, 2, 1).is_err());
        assert!(PortParams::new(16, 0, 0).is_err());
        assert!(PortParams::new(255, 16, 0).is_err());
        assert!(PortParams::new_checked(&[6, 11, 0, 0]).is_err());
        assert!(PortParams::new_checked(&[16, 0, 0, 0]).is_err());
        assert!(PortParams::new_checked(&[0, 255, 0, 0]).is_err());
    }

    #[test]
    fn another_length_is_refused() {
        assert!(PortParams::new_checked(&[0, 8, 0x34]).is_err());
        assert!(PortParams::new_checked(&[0, 8, 0x34, 0, 0]).is_err());
    }

    #[test]
    fn a_share_is_described_in_words() {
        assert_eq!(PortParams::new(6, 8, 52).unwrap().to_string(), "PSID 52 of 8 bits, offset 6");
        assert_eq!(PortParams::FULL_ADDRESS.to_string(), "all ports");
    }
}
