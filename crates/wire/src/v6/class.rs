//! Who made the client and who uses it: User Class, Vendor Class, Vendor-specific Information (RFC 9915 §21.15 to
//! §21.17).

use super::Options;
use crate::Error;

/// The User Class option (15): one or more opaque classes (RFC 9915 §21.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserClass<'a> {
    classes: Counted<'a>,
}

impl<'a> UserClass<'a> {
    /// Reads the data of the option: classes, each behind its length of two octets; at least one.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        // RFC 9915 §21.15: MUST contain one or more.
        if data.is_empty() {
            return Err(Error::Truncated { what: "User Class option", offset: 0 });
        }
        Ok(Self { classes: Counted::new_checked(data, "User Class option")? })
    }

    /// The classes in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.classes.iter()
    }
}

/// The Vendor Class option (16): opaque details of the hardware (RFC 9915 §21.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorClass<'a> {
    /// The vendor's IANA private enterprise number.
    pub enterprise: u32,
    classes: Counted<'a>,
}

impl<'a> VendorClass<'a> {
    /// Reads the data of the option: the number, then items, each behind its length of two octets.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (enterprise, rest) = split_enterprise(data, "Vendor Class option")?;
        let classes = Counted::new_checked(rest, "Vendor Class option").map_err(|error| error.shifted(4))?;
        Ok(Self { enterprise, classes })
    }

    /// The items in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.classes.iter()
    }
}

/// The Vendor-specific Information option (17): options whose meaning is the vendor's (RFC 9915 §21.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorOpts<'a> {
    /// The vendor's IANA private enterprise number.
    pub enterprise: u32,
    options: Options<'a>,
}

impl<'a> VendorOpts<'a> {
    /// Reads the data of the option: the number, then options with codes of the vendor's own.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let (enterprise, rest) = split_enterprise(data, "Vendor-specific Information option")?;
        let options = Options::new_checked(rest).map_err(|error| error.shifted(4))?;
        Ok(Self { enterprise, options })
    }

    /// The vendor's options; their codes are not those of [`OptionCode`](super::OptionCode)'s names.
    #[inline]
    pub const fn options(&self) -> Options<'a> {
        self.options
    }
}

/// The vendor's number in front, and what follows it.
#[inline]
fn split_enterprise<'a>(data: &'a [u8], what: &'static str) -> Result<(u32, &'a [u8]), Error> {
    match data.split_first_chunk() {
        Some((enterprise, rest)) => Ok((u32::from_be_bytes(*enterprise), rest)),
        None => Err(Error::Truncated { what, offset: data.len() }),
    }
}

/// Items one after another, each behind its length of two octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted<'a> {
    bytes: &'a [u8],
}

impl<'a> Counted<'a> {
    #[inline]
    pub(super) fn new_checked(bytes: &'a [u8], what: &'static str) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match split_item(rest) {
                Some((_, behind)) => rest = behind,
                None => return Err(Error::Truncated { what, offset: bytes.len() - rest.len() }),
            }
        }
        Ok(Self { bytes })
    }

    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            let (item, behind) = split_item(rest)?;
            rest = behind;
            Some(item)
        })
    }
}

#[inline]
fn split_item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::OptionCode;

    #[test]
    fn classes_stand_behind_their_lengths() {
        let class = UserClass::new_checked(b"\0\x02ab\0\0\0\x01c").unwrap();
        assert_eq!(class.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        let class = VendorClass::new_checked(b"\0\0\x09\xbf\0\x02ab").unwrap();
        assert_eq!((class.enterprise, class.iter().collect::<Vec<_>>()), (2495, vec![&b"ab"[..]]));
        assert_eq!(VendorClass::new_checked(&[0, 0, 0, 1]).unwrap().iter().count(), 0);
    }

    #[test]
    fn vendor_options_are_options() {
        let vendor = VendorOpts::new_checked(b"\0\0\x09\xbf\xea\x60\0\x02lo").unwrap();
        assert_eq!(vendor.enterprise, 2495);
        assert_eq!(vendor.options().find(OptionCode(60000)), Some(&b"lo"[..]));
    }

    #[test]
    fn lengths_are_checked_and_errors_tell_their_place() {
        let truncated = |what, offset| Error::Truncated { what, offset };
        assert_eq!(UserClass::new_checked(b""), Err(truncated("User Class option", 0)));
        assert_eq!(UserClass::new_checked(b"\0\0\0\x02a"), Err(truncated("User Class option", 2)));
        assert_eq!(VendorClass::new_checked(&[0, 0, 0]), Err(truncated("Vendor Class option", 3)));
        assert_eq!(VendorClass::new_checked(&[0, 0, 0, 1, 0]), Err(truncated("Vendor Class option", 4)));
        let error = Error::OptionOverrun { code: 1, offset: 4, claimed: 1, available: 0 };
        assert_eq!(VendorOpts::new_checked(&[0, 0, 0, 9, 0, 1, 0, 1]), Err(error));
    }
}
