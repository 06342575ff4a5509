//! Kea's dialect of JSON: from text to a tree that knows where everything stands.

mod include;
mod lexer;
mod number;
mod parser;
mod string;
mod tree;

pub(crate) use include::Opener;
pub(crate) use parser::parse;
pub(crate) use tree::{Member, Node, Value};
