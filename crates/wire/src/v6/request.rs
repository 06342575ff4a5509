//! What a client asks for and how long it has been asking: Option Request, Elapsed Time (RFC 9915 §21.7, §21.9).

use super::OptionCode;
use crate::Error;

/// The Option Request option (6): the codes of the options that a client wants (RFC 9915 §21.7). The Echo
/// Request option (43) of a relay agent (RFC 4994 §4) and S46 Priority (111, RFC 8026 §1.4) are laid out alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionRequest<'a> {
    codes: &'a [[u8; 2]],
}

impl<'a> OptionRequest<'a> {
    /// Reads the data of the option: two octets for each code.
    #[inline]
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        match data.as_chunks() {
            (codes, []) => Ok(Self { codes }),
            _ => Err(Error::BadLength {
                what: "Option Request option",
                expected: "a multiple of 2",
                got: data.len(),
            }),
        }
    }

    /// The codes in the order of the client, repetitions included.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = OptionCode> + use<'a> {
        self.codes.iter().map(|code| OptionCode(u16::from_be_bytes(*code)))
    }

    /// Whether the client asks for that option.
    #[inline]
    pub fn contains(&self, code: OptionCode) -> bool {
        self.codes.contains(&code.0.to_be_bytes())
    }

    /// How many codes there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

/// The Elapsed Time option (8): how long the client has been at it (RFC 9915 §21.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElapsedTime {
    /// Hundredths of a second; 65535 is that or longer.
    pub centiseconds: u16,
}

impl ElapsedTime {
    /// Reads the data of the option: two octets.
    #[inline]
    pub fn new_checked(data: &[u8]) -> Result<Self, Error> {
        match data.try_into() {
            Ok(octets) => Ok(Self { centiseconds: u16::from_be_bytes(octets) }),
            Err(_) => {
                Err(Error::LengthMismatch { what: "Elapsed Time option", expected: 2, got: data.len() })
            }
        }
    }
}
