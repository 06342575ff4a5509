//! Status codes and the option that carries them (RFC 9915 §21.13).

use core::fmt;

use crate::Error;

/// The result that a server reports for a message or for an option in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode(pub u16);

macro_rules! status_codes {
    ($($(#[$doc:meta])* $constant:ident = $value:literal, $name:literal;)+) => {
        impl StatusCode {
            $($(#[$doc])* pub const $constant: Self = Self($value);)+

            /// The name that the code's RFC gives it, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)+
                    _ => None,
                }
            }
        }
    };
}

status_codes! {
    /// It worked; also what the absence of the option means (RFC 9915 §21.13).
    SUCCESS = 0, "Success";
    /// It failed for a reason that has no code (RFC 9915 §21.13).
    UNSPEC_FAIL = 1, "UnspecFail";
    /// No address is left for the identity association (RFC 9915 §21.13).
    NO_ADDRS_AVAIL = 2, "NoAddrsAvail";
    /// The server knows of no such binding (RFC 9915 §21.13).
    NO_BINDING = 3, "NoBinding";
    /// The address does not fit the client's link (RFC 9915 §21.13).
    NOT_ON_LINK = 4, "NotOnLink";
    /// Obsolete: the client is to use multicast (RFC 9915 §21.13).
    USE_MULTICAST = 5, "UseMulticast";
    /// No prefix is left for the identity association (RFC 9915 §21.13).
    NO_PREFIX_AVAIL = 6, "NoPrefixAvail";
    /// The leasequery's type is unknown (RFC 5007).
    UNKNOWN_QUERY_TYPE = 7, "UnknownQueryType";
    /// The leasequery is malformed (RFC 5007).
    MALFORMED_QUERY = 8, "MalformedQuery";
    /// The server has no configuration for the queried link (RFC 5007).
    NOT_CONFIGURED = 9, "NotConfigured";
    /// The requester may not ask that (RFC 5007).
    NOT_ALLOWED = 10, "NotAllowed";
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "status {}", self.0),
        }
    }
}

/// The Status Code option (13): a code, and words for the user (RFC 9915 §21.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusCodeOption<'a> {
    /// The result.
    pub code: StatusCode,
    /// UTF-8 for the end user, as sent and unchecked; may be empty.
    pub message: &'a [u8],
}

impl<'a> StatusCodeOption<'a> {
    /// Reads the data of the option; at least two octets.
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((code, message)) = data.split_first_chunk() else {
            return Err(Error::Truncated { what: "Status Code option", offset: data.len() });
        };
        Ok(Self { code: StatusCode(u16::from_be_bytes(*code)), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_code_and_perhaps_words() {
        let option = StatusCodeOption::new_checked(b"\0\x02full").unwrap();
        assert_eq!((option.code, option.message), (StatusCode::NO_ADDRS_AVAIL, &b"full"[..]));
        assert_eq!(StatusCodeOption::new_checked(&[0, 0]).unwrap().code, StatusCode::SUCCESS);
        assert!(StatusCodeOption::new_checked(&[0]).is_err());
        assert_eq!(StatusCode(4).to_string(), "NotOnLink");
        assert_eq!(StatusCode(999).to_string(), "status 999");
    }
}
