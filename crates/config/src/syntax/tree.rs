//! The tree that a file is parsed to.

use crate::source::Span;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    /// From its first byte to its last.
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    /// The bytes that the text stands for; UTF-8, except where an escape such as `\u00ff` made a byte of its own.
    Text(Box<[u8]>),
    List(Vec<Node>),
    Map {
        members: Vec<Member>,
        /// Something in it could not be read: what is missing may only seem to be.
        damaged: bool,
    },
    /// Something that could not be read; it has been reported.
    Damaged,
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) key: Box<str>,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, for a message: "a list", "a text".
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number with a fraction",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map { .. } => "a map",
            Self::Damaged => "something that cannot be read",
        }
    }

    /// Whether it is empty or false, and all in it: what a key with such a value asks for is nothing.
    pub(crate) fn is_inert(&self) -> bool {
        match self {
            Self::Boolean(value) => !value,
            Self::Text(bytes) => bytes.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Map { members, .. } => members.iter().all(|member| member.node.value.is_inert()),
            Self::Damaged => true,
            Self::Null | Self::Integer(_) | Self::Number(_) => false,
        }
    }
}
