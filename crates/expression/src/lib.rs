//! Expressions over received messages, in Kea's language: tests of client classes, and texts made of what was received.
//!
//! ```text
//! text ──► lexer ──► parser, places ──► Condition or Template ──► evaluate, over a View of the messages
//! ```
//! An expression is read once, when the configuration is; its errors tell where in it they are. Evaluating one allocates nothing once its
//! [`Scratch`] has grown to what it needs.
//!
//! Beyond Kea, an expression of the DHCPv4 half sees the DHCPv6 message that the query came in, too: `relay6[..]`, `option6[..]`, `pkt6.*` and
//! `pkt6.duid`.

mod bundle;
mod evaluate;
mod lexer;
mod parser;
mod places;
mod view;

use std::fmt;
use std::ops::Range;

use regex::bytes::Regex;

pub use bundle::{Bundle, Candidates, Memo};
pub use evaluate::{EvaluationError, Scratch};
pub use view::{Classes, View};

/// Which half an expression is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// `option[..]` is an option of the DHCPv4 message.
    V4,
    /// `option[..]` is an option of the DHCPv6 message.
    V6,
}

/// What an expression is read with.
#[derive(Clone, Copy)]
pub struct Language<'l> {
    /// Which half it is of.
    pub half: Half,
    /// The code of the option with a name, of either half: each has names of its own.
    pub option_code: &'l dyn Fn(Half, &str) -> Option<u16>,
    /// The number of a client class, of those that an expression may ask for.
    pub class: &'l dyn Fn(&str) -> Option<u16>,
}

/// An expression that is true or false, such as the test of a client class. Two are the same if their texts are.
#[derive(Debug, Clone)]
pub struct Condition {
    text: Box<str>,
    test: Test,
}

/// An expression that makes a text, such as the name of a spawned class or the value of an option. Two are the same if
/// their texts are.
#[derive(Debug, Clone)]
pub struct Template {
    text: Box<str>,
    value: Value,
}

/// Why an expression cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Octets of the expression, from its beginning.
    pub span: Range<usize>,
    /// What is wrong there.
    pub message: String,
}

impl Condition {
    /// Reads a condition.
    pub fn parse(text: &str, language: Language<'_>) -> Result<Self, SyntaxError> {
        parser::condition(text, language).map(|test| Self { text: text.into(), test })
    }

    /// Whether it holds.
    pub fn holds(&self, view: &View<'_>, scratch: &mut Scratch) -> Result<bool, EvaluationError> {
        scratch.clear();
        evaluate::test(&self.test, view, scratch)
    }

    /// Whether it asks for the class with this number.
    pub fn asks_for(&self, class: u16) -> bool {
        self.test.asks_for(class)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str, language: Language<'_>) -> Result<Self, SyntaxError> {
        parser::template(text, language).map(|value| Self { text: text.into(), value })
    }

    /// The octets that it makes.
    pub fn octets<'s>(
        &'s self,
        view: &View<'s>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [u8], EvaluationError> {
        scratch.clear();
        let made = evaluate::value(&self.value, view, scratch)?;
        Ok(made.octets(scratch))
    }

    /// Whether it asks for the class with this number.
    pub fn asks_for(&self, class: u16) -> bool {
        self.value.asks_for(class)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl SyntaxError {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    /// The expression with a line below it that points to the place.
    pub fn pointing_into(&self, text: &str) -> String {
        let before = text.get(..self.span.start).map_or(0, |before| before.chars().count());
        let at = text.get(self.span.clone()).map_or(1, |at| at.chars().count().max(1));
        format!("{}\n{:before$}{}", text.replace(['\n', '\t'], " "), "", "^".repeat(at))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.span.start + 1)
    }
}

impl std::error::Error for SyntaxError {}

/// What is true or false.
#[derive(Debug, Clone)]
enum Test {
    Equal(Value, Value),
    Exists(Place),
    Member(u16),
    /// The whole value has to match.
    Match(Regex, Value),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// What is octets.
#[derive(Debug, Clone)]
enum Value {
    Literal(Box<[u8]>),
    Data(Place, Form),
    Field(Field),
    Substring { of: Box<Self>, start: i64, length: Option<i64> },
    Concat(Box<Self>, Box<Self>),
    IfElse(Box<Test>, Box<Self>, Box<Self>),
    HexString { of: Box<Self>, separator: Box<Self> },
    Split { of: Box<Self>, delimiters: Box<Self>, field: i64 },
    Lower(Box<Self>),
    Upper(Box<Self>),
    AddressToText(Box<Self>),
    IntegerToText { octets: usize, signed: bool, of: Box<Self> },
}

/// Where data stands that may not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// An option, and one inside of it, and so on.
    Option(Container, Box<[u16]>),
    /// The options of a vendor (17; 125 of DHCPv4), of any where there is no number, or one of them.
    Vendor(Option<u32>, Option<u16>),
    /// The class data of a vendor (16; 124 of DHCPv4), of any where there is no number, and which of them.
    VendorClass(Option<u32>, usize),
}

/// What options are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    /// The message of the half that the expression is of.
    Message,
    /// The DHCPv6 message.
    Message6,
    /// Option 82.
    Relay4,
    /// A relay level: from the server's side from 0 on, from the client's from -1 on.
    Relay6(i8),
}

/// How data is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Octets,
    Text,
}

/// What is not in an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Interface,
    Source,
    Destination,
    Length,
    HardwareAddress,
    HardwareLength,
    HardwareType,
    ClientAddress,
    GatewayAddress,
    YourAddress,
    ServerAddress,
    MessageType4,
    TransactionId4,
    MessageType6,
    TransactionId6,
    Duid,
    LinkAddress(i8),
    PeerAddress(i8),
    VendorEnterprise,
    VendorClassEnterprise,
}

impl Test {
    fn asks_for(&self, class: u16) -> bool {
        match self {
            Self::Member(asked) => *asked == class,
            Self::Not(test) => test.asks_for(class),
            Self::And(one, other) | Self::Or(one, other) => one.asks_for(class) || other.asks_for(class),
            Self::Equal(one, other) => one.asks_for(class) || other.asks_for(class),
            Self::Match(_, value) => value.asks_for(class),
            Self::Exists(_) => false,
        }
    }
}

impl Value {
    /// Whether it is the same for a message whatever classes that belongs to.
    fn rests_on_the_message(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Data(..) | Self::Field(_) => true,
            Self::Substring { of, .. }
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::AddressToText(of)
            | Self::IntegerToText { of, .. } => of.rests_on_the_message(),
            Self::Concat(one, other) => one.rests_on_the_message() && other.rests_on_the_message(),
            Self::IfElse(..) => false,
            Self::HexString { of, separator: with } | Self::Split { of, delimiters: with, .. } => {
                of.rests_on_the_message() && with.rests_on_the_message()
            }
        }
    }

    fn asks_for(&self, class: u16) -> bool {
        match self {
            Self::Literal(_) | Self::Data(..) | Self::Field(_) => false,
            Self::Substring { of, .. }
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::AddressToText(of)
            | Self::IntegerToText { of, .. } => of.asks_for(class),
            Self::Concat(one, other) => one.asks_for(class) || other.asks_for(class),
            Self::IfElse(test, one, other) => {
                test.asks_for(class) || one.asks_for(class) || other.asks_for(class)
            }
            Self::HexString { of, separator: with } | Self::Split { of, delimiters: with, .. } => {
                of.asks_for(class) || with.asks_for(class)
            }
        }
    }
}
