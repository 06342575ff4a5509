//! Who made the client and who uses it: User Class (77, RFC 3004), Vendor-Identifying Vendor Class and Information
//! (124 and 125, RFC 3925).

use super::sub_options::{Counted, SubOptions, split_counted};
use crate::Error;

/// The User Class option (77): opaque classes (RFC 3004 §4).
///
/// Some clients send bare text without lengths. That is an error here, or classes that nobody meant: compare such
/// options as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserClass<'a> {
    classes: Counted<'a>,
}

impl<'a> UserClass<'a> {
    /// Reads the data of the option: one or more classes, none of them empty.
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "User Class option";
        if data.is_empty() {
            return Err(Error::Truncated { what: WHAT, offset: 0 });
        }
        let classes = Counted::new_checked(data, WHAT)?;
        // RFC 3004 §4: the length MUST be non-zero.
        if classes.iter().any(<[u8]>::is_empty) {
            return Err(Error::BadLength { what: "user class", expected: "1 to 255", got: 0 });
        }
        Ok(Self { classes })
    }

    /// The classes in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.classes.iter()
    }
}

/// What one vendor says, in an option that may hold words of several (RFC 3925 §3, §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorData<'a> {
    /// The vendor's IANA private enterprise number.
    pub enterprise: u32,
    /// At most 255 octets.
    pub data: &'a [u8],
}

impl<'a> VendorData<'a> {
    /// The data as that of Vendor-Identifying Vendor Class (124): opaque details of the hardware (RFC 3925 §3).
    pub fn classes(&self) -> Result<impl Iterator<Item = &'a [u8]> + Clone + use<'a>, Error> {
        Ok(Counted::new_checked(self.data, "vendor class data")?.iter())
    }

    /// The data as that of Vendor-Identifying Vendor-Specific Information (125): options with codes of the vendor's
    /// own (RFC 3925 §4).
    pub fn options(&self) -> Result<SubOptions<'a>, Error> {
        SubOptions::new_checked(self.data)
    }
}

/// The data of Vendor-Identifying Vendor Class (124) or Vendor-Specific Information (125), RFC 3925, all parts
/// joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorIdentifying<'a> {
    bytes: &'a [u8],
}

impl<'a> VendorIdentifying<'a> {
    /// Reads the data of the option: enterprise numbers, each with data behind one octet of length. What the data of
    /// each means is looked at by [`VendorData`].
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            let what = "vendor-identifying data";
            (_, rest) = split_vendor(rest).ok_or(Error::Truncated { what, offset })?;
        }
        Ok(Self { bytes })
    }

    /// What each vendor says, in order.
    pub fn iter(&self) -> impl Iterator<Item = VendorData<'a>> + Clone + use<'a> {
        let first = split_vendor(self.bytes);
        core::iter::successors(first, |(_, rest)| split_vendor(rest)).map(|(vendor, _)| vendor)
    }

    /// The data of the first entry with that enterprise number. RFC 3925 §3, §4: there SHOULD be one.
    pub fn find(&self, enterprise: u32) -> Option<VendorData<'a>> {
        self.iter().find(|vendor| vendor.enterprise == enterprise)
    }
}

fn split_vendor(bytes: &[u8]) -> Option<(VendorData<'_>, &[u8])> {
    let (enterprise, behind) = bytes.split_first_chunk()?;
    let (data, rest) = split_counted(behind)?;
    Some((VendorData { enterprise: u32::from_be_bytes(*enterprise), data }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_classes_stand_behind_their_lengths() {
        let classes = UserClass::new_checked(b"\x02ab\x01c").unwrap();
        assert_eq!(classes.iter().collect::<Vec<_>>(), [&b"ab"[..], b"c"]);
        for bad in [&b""[..], b"\x00", b"\x01a\x00", b"\x02a", b"iPXE"] {
            assert!(UserClass::new_checked(bad).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn each_vendor_has_its_own_data() {
        let data = b"\x00\x00\x0d\xe9\x06\x01\x01a\x02\x01b\x00\x00\x09\xbf\x00";
        let option = VendorIdentifying::new_checked(data).unwrap();
        let enterprises: Vec<_> = option.iter().map(|vendor| vendor.enterprise).collect();
        assert_eq!(enterprises, [3561, 2495]);
        let options = option.find(3561).unwrap().options().unwrap();
        assert_eq!(options.find(2), Some(&b"b"[..]));
        assert!(option.find(2495).unwrap().options().unwrap().is_empty());
        assert!(option.find(1).is_none());
    }

    #[test]
    fn vendor_classes_stand_behind_their_lengths() {
        let option = VendorIdentifying::new_checked(b"\x00\x00\x00\x01\x05\x03foo\x00").unwrap();
        let vendor = option.find(1).unwrap();
        assert_eq!(vendor.classes().unwrap().collect::<Vec<_>>(), [&b"foo"[..], b""]);
        let cut = VendorData { enterprise: 1, data: b"\x03fo" };
        assert!(cut.classes().is_err());
    }

    #[test]
    fn a_vendor_cut_short_is_refused() {
        for (data, offset) in [(&b"\0\0\0"[..], 0), (b"\0\0\0\x01\x02a", 0), (b"\0\0\0\x01\0\0", 5)] {
            let what = "vendor-identifying data";
            let expected = Err(Error::Truncated { what, offset });
            assert_eq!(VendorIdentifying::new_checked(data), expected, "{data:x?}");
        }
    }
}
