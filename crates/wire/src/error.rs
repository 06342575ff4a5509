//! What can be wrong with bytes that claim to be a DHCP message, or with values that are to become one.

use core::fmt;

/// Why bytes were refused, or could not be written.
///
/// Offsets count octets from the start of the slice that was given to the function that failed. `what` names the
/// field, option or message in the words of its RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end before the named part does. The sender, or something on the way, cut the message short.
    Truncated {
        /// The part that is incomplete.
        what: &'static str,
        /// Where the part begins.
        offset: usize,
    },
    /// An option says that it is longer than what is left of the area it stands in.
    OptionOverrun {
        /// The option's code.
        code: u16,
        /// Where the option's code stands.
        offset: usize,
        /// The length that the option claims for its data.
        claimed: usize,
        /// The octets that are there.
        available: usize,
    },
    /// The named part has a fixed length, and this is another one.
    LengthMismatch {
        /// The part.
        what: &'static str,
        /// The length that its definition demands.
        expected: usize,
        /// The length that it has.
        got: usize,
    },
    /// The length of the named part is none that its definition allows.
    BadLength {
        /// The part.
        what: &'static str,
        /// The lengths that are allowed, in words: "a multiple of 16".
        expected: &'static str,
        /// The length that it has.
        got: usize,
    },
    /// A field holds a value outside its range.
    BadValue {
        /// The field.
        what: &'static str,
        /// The values that are allowed, in words: "at most 128".
        expected: &'static str,
        /// The value that it holds.
        got: u32,
    },
    /// A message of another type was expected here.
    UnexpectedMessageType {
        /// The types that are accepted here, in words.
        expected: &'static str,
        /// The type that the message has.
        got: u8,
    },
    /// A DHCPv4 message without the magic cookie of RFC 2131 §3: plain BOOTP (RFC 951).
    NotDhcp,
    /// More levels of Relay-forward or Relay-reply than the caller accepts.
    TooManyRelayLevels {
        /// The number of levels accepted.
        limit: usize,
    },
    /// Relay-forward and Relay-reply messages inside one another: no relay agent makes that.
    MixedRelayLevels {
        /// The level, counted from the outermost as 0, whose type differs from the outermost one.
        level: usize,
    },
    /// An option that must be there is not.
    MissingOption {
        /// The message or container that lacks it.
        what: &'static str,
        /// The code of the missing option.
        code: u16,
    },
    /// An option that may occur once occurs again.
    RepeatedOption {
        /// The message or container that repeats it.
        what: &'static str,
        /// The code of the repeated option.
        code: u16,
    },
    /// An option stands where its RFC does not permit it.
    ForbiddenOption {
        /// The message or container that holds it.
        what: &'static str,
        /// The code of the option.
        code: u16,
    },
    /// Options inside options, deeper than [`crate::v6::MAX_OPTION_DEPTH`].
    NestedTooDeep {
        /// The number of levels accepted.
        limit: usize,
    },
    /// A domain name that RFC 1035 §3.1 does not permit.
    BadName {
        /// What is wrong with it, in words.
        reason: &'static str,
        /// Where, in octets from the start of the bytes or of the text.
        offset: usize,
    },
    /// More data than the length field of an option can count; nothing was written.
    OptionTooLong {
        /// The option's code.
        code: u16,
        /// The octets that its data would have.
        length: usize,
    },
}

impl Error {
    /// The same error as seen from a slice that begins `by` octets earlier.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        match &mut self {
            Self::Truncated { offset, .. }
            | Self::OptionOverrun { offset, .. }
            | Self::BadName { offset, .. } => *offset = offset.saturating_add(by),
            _ => {}
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { what, offset } => {
                write!(f, "{what} at octet {offset} is cut short")
            }
            Self::OptionOverrun { code, offset, claimed, available } => write!(
                f,
                "option {code} at octet {offset} claims {claimed} octets of data, {available} are left"
            ),
            Self::LengthMismatch { what, expected, got } => {
                write!(f, "{what} is {got} octets long, must be {expected}")
            }
            Self::BadLength { what, expected, got } => {
                write!(f, "{what} is {got} octets long, must be {expected}")
            }
            Self::BadValue { what, expected, got } => write!(f, "{what} is {got}, must be {expected}"),
            Self::UnexpectedMessageType { expected, got } => {
                write!(f, "message type {got} where {expected} is expected")
            }
            Self::NotDhcp => f.write_str("no DHCP magic cookie at octet 236: a BOOTP message"),
            Self::TooManyRelayLevels { limit } => write!(f, "more than {limit} relay levels"),
            Self::MixedRelayLevels { level } => {
                write!(f, "relay level {level} mixes Relay-forward and Relay-reply")
            }
            Self::MissingOption { what, code } => write!(f, "{what} lacks option {code}"),
            Self::RepeatedOption { what, code } => write!(f, "{what} has option {code} more than once"),
            Self::ForbiddenOption { what, code } => write!(f, "{what} must not hold option {code}"),
            Self::NestedTooDeep { limit } => write!(f, "options nested more than {limit} levels deep"),
            Self::BadName { reason, offset } => write!(f, "domain name: {reason} at octet {offset}"),
            Self::OptionTooLong { code, length } => {
                write!(f, "option {code} would hold {length} octets, more than its length field can count")
            }
        }
    }
}

impl core::error::Error for Error {}
