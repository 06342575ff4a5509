//! The Port Set Identifier (RFC 7597 §5.1).

use core::fmt;

use crate::Error;

/// A port set's number among those of one address: the value right-justified, and how many bits it has.
///
/// No bits at all is the whole address: all its ports, shared with nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Psid {
    len: u8,
    value: u16,
}

impl Psid {
    /// No PSID: the address is not shared.
    pub const NONE: Self = Self { len: 0, value: 0 };

    /// The PSID `value` of `len` bits: `len` is 0 to 16, and `value` fits in that many bits.
    pub const fn new(value: u16, len: u8) -> Result<Self, Error> {
        if len > 16 {
            return Err(Error::BadValue { what: "PSID length", expected: "at most 16", got: len as u32 });
        }
        if value as u32 >= 1 << len {
            return Err(Error::BadValue {
                what: "PSID",
                expected: "no longer than its length in bits",
                got: value as u32,
            });
        }
        Ok(Self { len, value })
    }

    /// The value, right-justified: 0 to 2^length - 1.
    pub const fn value(self) -> u16 {
        self.value
    }

    /// The number of bits, 0 to 16 (`k` in RFC 7597).
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether there are no bits, so that one holder has the whole address.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// How many holders can share the address: 2^length.
    pub const fn sharing_ratio(self) -> u32 {
        1 << self.len
    }

    /// The 16 bits of the wire: the value in the first bits, zeros behind it.
    pub(super) fn left_justified(self) -> u16 {
        // A shift by 16 happens only for no bits at all, where the value is 0.
        self.value.checked_shl(16 - u32::from(self.len)).unwrap_or(0)
    }

    /// The PSID of `len` bits in the first bits of `field`. Bits that are set behind them are an error: whoever
    /// puts the value at the right end would otherwise be given other ports than it means.
    pub(super) fn from_left_justified(field: u16, len: u8) -> Result<Self, Error> {
        if len == 0 {
            // RFC 7598 §4.5: the PSID field is to be ignored.
            return Ok(Self::NONE);
        }
        let value = field.checked_shr(16_u32.saturating_sub(len.into())).unwrap_or(0);
        let psid = Self::new(value, len)?;
        if psid.left_justified() != field {
            return Err(Error::BadValue {
                what: "PSID field",
                expected: "left-justified, with zeros behind the PSID",
                got: field.into(),
            });
        }
        Ok(psid)
    }
}

impl fmt::Display for Psid {
    /// Value and length, as in `52/8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.value, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_psid_stands_at_the_left_on_the_wire() {
        for (value, len, field) in
            [(0x34, 8, 0x3400), (5, 6, 0x1400), (0, 0, 0), (0xffff, 16, 0xffff), (1, 1, 0x8000), (1, 16, 1)]
        {
            let psid = Psid::new(value, len).unwrap();
            assert_eq!(psid.left_justified(), field, "{psid}");
            assert_eq!(Psid::from_left_justified(field, len), Ok(psid), "{psid}");
        }
    }

    #[test]
    fn a_psid_fits_its_length() {
        assert!(Psid::new(0, 17).is_err());
        assert!(Psid::new(1, 0).is_err());
        assert!(Psid::new(256, 8).is_err());
        assert!(Psid::new(255, 8).is_ok());
        assert_eq!(Psid::new(255, 8).unwrap().sharing_ratio(), 256);
    }

    #[test]
    fn a_right_justified_field_is_refused() {
        assert!(Psid::from_left_justified(0x0034, 8).is_err());
        assert!(Psid::from_left_justified(0x3401, 8).is_err());
        assert!(Psid::from_left_justified(0, 17).is_err());
    }

    #[test]
    fn without_a_length_the_field_is_ignored() {
        assert_eq!(Psid::from_left_justified(0xabcd, 0), Ok(Psid::NONE));
    }
}
