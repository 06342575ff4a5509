//! What a key takes, and what becomes of it.

use super::Spec;

/// One key of a map.
#[derive(Debug)]
pub(crate) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) status: Status,
    /// What an operator should know: why it is not supported, or how it differs from Kea.
    pub(super) note: &'static str,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It does here what it does in Kea.
    Supported,
    /// It depends on the value, or a part is supported; whoever reads it says so.
    Partly,
    /// It has no effect, and a warning says so.
    Ignored,
    /// An error: leaving it out would change who gets what.
    Refused,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Boolean,
    /// A whole number between two bounds, both included.
    Integer(i64, i64),
    /// A number, whole or not.
    Number,
    Text,
    /// A text whose escapes may be bytes that are no UTF-8.
    Bytes,
    /// One of these texts, in upper or lower case.
    OneOf(&'static [&'static str]),
    TextList,
    Map(&'static Spec),
    /// A list of maps.
    List(&'static Spec),
    /// A map of anything: it is not looked at.
    AnyMap,
    /// Anything: it is not looked at.
    Any,
}

impl Shape {
    /// A number that fits 32 bits without a sign.
    pub(super) const U32: Self = Self::Integer(0, u32::MAX as i64);
    /// A UDP port, 0 included.
    pub(super) const PORT: Self = Self::Integer(0, u16::MAX as i64);

    /// What a value must be, for a message: "a whole number".
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer(..) => "a whole number",
            Self::Number => "a number",
            Self::Text | Self::Bytes | Self::OneOf(_) => "a text",
            Self::TextList => "a list of texts",
            Self::Map(_) | Self::AnyMap => "a map",
            Self::List(_) => "a list of maps",
            Self::Any => "any value",
        }
    }
}

pub(super) const fn supported(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, status: Status::Supported, note: "" }
}

/// Supported, with something that an operator who comes from Kea should know.
pub(super) const fn noted(name: &'static str, shape: Shape, note: &'static str) -> Key {
    Key { name, shape, status: Status::Supported, note }
}

pub(super) const fn partly(name: &'static str, shape: Shape, note: &'static str) -> Key {
    Key { name, shape, status: Status::Partly, note }
}

pub(super) const fn ignored(name: &'static str, shape: Shape, note: &'static str) -> Key {
    Key { name, shape, status: Status::Ignored, note }
}

pub(super) const fn refused(name: &'static str, shape: Shape, note: &'static str) -> Key {
    Key { name, shape, status: Status::Refused, note }
}
