//! What a client asks for and how long it has been asking: Option Request, Elapsed Time (RFC 9915 §21.7, §21.9).

use super::OptionCode;
use crate::Error;

/// The Option Request option (6): the codes of the options that a client wants (RFC 9915 §21.7). The Echo
/// Request option (43) of a relay agent (RFC 4994) and S46 Priority (111, RFC 8026 §1.3) are laid out alike.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_lists_codes_in_the_clients_order() {
        let request = OptionRequest::new_checked(&[0, 88, 0, 23, 0, 88]).unwrap();
        assert_eq!(request.iter().map(|code| code.0).collect::<Vec<_>>(), [88, 23, 88]);
        assert!(request.contains(OptionCode::DHCP4_O_DHCP6_SERVER));
        assert!(!request.contains(OptionCode::DOMAIN_LIST));
        assert_eq!(request.len(), 3);
        assert!(OptionRequest::new_checked(&[]).unwrap().is_empty());
        assert!(OptionRequest::new_checked(&[0, 88, 0]).is_err());
    }

    #[test]
    fn elapsed_time_counts_hundredths() {
        assert_eq!(ElapsedTime::new_checked(&[1, 0]).unwrap().centiseconds, 256);
        assert!(ElapsedTime::new_checked(&[1]).is_err());
        assert!(ElapsedTime::new_checked(&[0, 0, 1]).is_err());
    }
}
