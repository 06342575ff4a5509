//! Why a text is no value for an option.

use core::fmt;

use crate::definition::FieldType;

/// Why the text of an option's value was refused. Fields are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// A field's text is not a value of the field's type.
    Field {
        /// Which field.
        field: usize,
        /// The type that the field has.
        kind: FieldType,
        /// The values that are accepted.
        expected: Expected,
        /// The text that stands there.
        got: String,
    },
    /// There is nothing between two commas, or after the last one.
    EmptyField {
        /// Which field.
        field: usize,
    },
    /// The option needs a value and the text is empty.
    NoValue {
        /// The type of the value.
        kind: FieldType,
    },
    /// A record has more fields than the text gives values.
    TooFewFields {
        /// How many fields the record has.
        expected: usize,
        /// How many values the text gives.
        got: usize,
    },
    /// The text gives more values than the option takes. A comma inside a text must be written as `\,`.
    TooManyFields {
        /// How many values the option takes.
        expected: usize,
        /// How many the text gives.
        got: usize,
    },
    /// The option has no value of its own, and the text gives one.
    NotEmpty {
        /// The text that stands there.
        got: String,
    },
    /// The text is not octets in hexadecimal.
    Hex {
        /// The text that stands there.
        got: String,
    },
}

/// What a field accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Said in words.
    Words(&'static str),
    /// A number between two bounds, both included.
    Number {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Number { min, max } => write!(f, "a number from {min} to {max}"),
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { field, kind, expected, got } => {
                write!(f, "field {field} ({kind}): expected {expected}, got \"{got}\"")
            }
            Self::EmptyField { field } => {
                write!(f, "field {field} is empty: expected a value between the commas")
            }
            Self::NoValue { kind } => write!(f, "expected a value of type {kind}, got nothing"),
            Self::TooFewFields { expected, got } => {
                write!(f, "expected {expected} fields, separated by commas, got {got}")
            }
            Self::TooManyFields { expected: 1, got } => {
                write!(
                    f,
                    "expected one value, got {got}; a comma inside a text needs a backslash before it (\"\\\\,\" in JSON)"
                )
            }
            Self::TooManyFields { expected, got } => {
                write!(
                    f,
                    "expected {expected} fields, got {got}; a comma inside a text needs a backslash before it (\"\\\\,\" in JSON)"
                )
            }
            Self::NotEmpty { got } => {
                write!(f, "expected no value: the option has none of its own, got \"{got}\"")
            }
            Self::Hex { got } => write!(
                f,
                "expected octets in hexadecimal, such as \"0a:0b\", \"0a 0b\", \"0x0a0b\" or \"0a0b\", or a text in \
                 single quotes, got \"{got}\""
            ),
        }
    }
}

impl core::error::Error for TextError {}
