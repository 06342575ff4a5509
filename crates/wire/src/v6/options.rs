//! A run of options: code, length, data, one after another (RFC 9915 §21.1).

use super::OptionCode;
use crate::Error;

/// Octets of an option's code and length together.
pub(super) const HEADER_LEN: usize = 4;

/// Options as they stand in a message, a relay message or another option, in the order of the sender.
///
/// Every option is known to fit; what the data of each means is not looked at. The typed views do that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options<'a> {
    bytes: &'a [u8],
}

/// One option as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawOption<'a> {
    /// What the option is.
    pub code: OptionCode,
    /// The data behind code and length; at most 65535 octets, may be empty.
    pub data: &'a [u8],
}

impl<'a> Options<'a> {
    /// Checks that the options fill `bytes` exactly: no option longer than what is left, no loose octets behind.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match split_option(rest) {
                Some((_, behind)) => rest = behind,
                None => return Err(explain(bytes, rest)),
            }
        }
        Ok(Self { bytes })
    }

    /// The same without looking, for `bytes` that [`new_checked`](Self::new_checked) has accepted before.
    #[inline]
    pub(super) const fn from_checked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The options in the order in which they stand.
    #[inline]
    pub fn iter(&self) -> OptionsIter<'a> {
        OptionsIter { rest: self.bytes }
    }

    /// The data of the first option with that code.
    #[inline]
    pub fn find(&self, code: OptionCode) -> Option<&'a [u8]> {
        self.iter().find(|option| option.code == code).map(|option| option.data)
    }

    /// The data of every option with that code, in order.
    #[inline]
    pub fn find_all(&self, code: OptionCode) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.iter().filter(move |option| option.code == code).map(|option| option.data)
    }

    /// How many options have that code.
    #[inline]
    pub fn count(&self, code: OptionCode) -> usize {
        self.iter().filter(|option| option.code == code).count()
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The octets, as received.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> IntoIterator for Options<'a> {
    type Item = RawOption<'a>;
    type IntoIter = OptionsIter<'a>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &Options<'a> {
    type Item = RawOption<'a>;
    type IntoIter = OptionsIter<'a>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The options of [`Options`], one by one.
#[derive(Debug, Clone)]
pub struct OptionsIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for OptionsIter<'a> {
    type Item = RawOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (option, rest) = split_option(self.rest)?;
        self.rest = rest;
        Some(option)
    }
}

/// The first option and what is behind it; `None` at the end, and where an option does not fit.
#[inline]
fn split_option(bytes: &[u8]) -> Option<(RawOption<'_>, &[u8])> {
    let (&[code_high, code_low, length_high, length_low], rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    let (data, rest) = rest.split_at_checked(length)?;
    Some((RawOption { code: OptionCode(u16::from_be_bytes([code_high, code_low])), data }, rest))
}

/// Says why `rest`, the end of `bytes`, does not begin with an option.
#[cold]
fn explain(bytes: &[u8], rest: &[u8]) -> Error {
    let offset = bytes.len() - rest.len();
    match rest.split_first_chunk::<HEADER_LEN>() {
        Some((&[code_high, code_low, length_high, length_low], data)) => Error::OptionOverrun {
            code: u16::from_be_bytes([code_high, code_low]),
            offset,
            claimed: usize::from(u16::from_be_bytes([length_high, length_low])),
            available: data.len(),
        },
        None => Error::Truncated { what: "option code and length", offset },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = &[0, 8, 0, 2, 0, 0, 0xea, 0x60, 0, 1, 7, 0, 14, 0, 0, 0xea, 0x60, 0, 0];

    #[test]
    fn options_keep_order_repetition_and_unknown_codes() {
        let options = Options::new_checked(BYTES).unwrap();
        let seen: Vec<_> = options.iter().map(|option| (option.code.0, option.data)).collect();
        assert_eq!(seen, [(8, &[0, 0][..]), (60000, &[7]), (14, &[]), (60000, &[])]);
        assert_eq!(options.find(OptionCode(60000)), Some(&[7][..]));
        assert_eq!(options.find_all(OptionCode(60000)).collect::<Vec<_>>(), [&[7][..], &[]]);
        assert_eq!(options.count(OptionCode(60000)), 2);
        assert_eq!(options.find(OptionCode::ORO), None);
        assert_eq!(options.as_bytes(), BYTES);
        assert!(Options::default().is_empty() && !options.is_empty());
    }

    #[test]
    fn an_option_that_does_not_fit_is_named_with_its_place() {
        let overrun = Error::OptionOverrun { code: 60000, offset: 6, claimed: 1, available: 0 };
        assert_eq!(Options::new_checked(&BYTES[..10]), Err(overrun));
        let truncated = Error::Truncated { what: "option code and length", offset: 6 };
        for end in 7..10 {
            assert_eq!(Options::new_checked(&BYTES[..end]), Err(truncated));
        }
    }

    #[test]
    fn the_longest_option_fits() {
        let mut bytes = vec![0, 1, 0xff, 0xff];
        bytes.resize(4 + 65535, 0);
        assert_eq!(Options::new_checked(&bytes).unwrap().find(OptionCode(1)).unwrap().len(), 65535);
        bytes.pop();
        assert!(Options::new_checked(&bytes).is_err());
    }
}
