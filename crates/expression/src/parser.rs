//! From the text of an expression to what is evaluated. Or binds the least, then and, not, ==, +.

use std::ops::Range;

use regex::bytes::RegexBuilder;

use crate::lexer::{Spanned, Token, tokens};
use crate::{Container, Half, Language, SyntaxError, Test, Value};

/// Parentheses, functions and negations inside of each other.
const MOST_DEEP: usize = 64;
/// What a regular expression may take in memory, in octets.
const REGEX_LIMIT: usize = 1 << 20;

pub(crate) fn condition(text: &str, language: Language<'_>) -> Result<Test, SyntaxError> {
    let (node, span) = whole(text, language)?;
    node.into_test(span)
}

pub(crate) fn template(text: &str, language: Language<'_>) -> Result<Value, SyntaxError> {
    let (node, span) = whole(text, language)?;
    node.into_value(span)
}

fn whole(text: &str, language: Language<'_>) -> Result<(Node, Range<usize>), SyntaxError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, language };
    let node = parser.any()?;
    match parser.peek() {
        Token::End => Ok((node, 0..text.len())),
        _ => Err(parser.unexpected("the expression should end here")),
    }
}

/// What a part of an expression is.
pub(crate) enum Node {
    Test(Test),
    Value(Value),
}

impl Node {
    fn into_test(self, span: Range<usize>) -> Result<Test, SyntaxError> {
        match self {
            Self::Test(test) => Ok(test),
            Self::Value(_) => Err(SyntaxError::new(
                span,
                "this is a text, and something that is true or false is needed: compare it with ==",
            )),
        }
    }

    fn into_value(self, span: Range<usize>) -> Result<Value, SyntaxError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Test(_) => Err(SyntaxError::new(
                span,
                "this is true or false, and a text is needed: ifelse(.., 'a', 'b') makes one of it",
            )),
        }
    }
}

pub(crate) struct Parser<'t, 'l> {
    tokens: Vec<Spanned<'t>>,
    at: usize,
    depth: usize,
    pub(crate) language: Language<'l>,
}

impl<'t> Parser<'t, '_> {
    fn any(&mut self) -> Result<Node, SyntaxError> {
        self.deeper(|parser| {
            parser.binary("or", |parser| parser.binary("and", Self::negated, Test::And), Test::Or)
        })
    }

    /// Operands with `word` between them, from the left.
    fn binary(
        &mut self,
        word: &str,
        operand: impl Fn(&mut Self) -> Result<Node, SyntaxError>,
        make: impl Fn(Box<Test>, Box<Test>) -> Test,
    ) -> Result<Node, SyntaxError> {
        let begin = self.place();
        let mut node = operand(self)?;
        while *self.peek() == Token::Word(word) {
            let left = node.into_test(begin.start..self.behind())?;
            self.next();
            let from = self.place();
            let right = operand(self)?.into_test(from.start..self.behind())?;
            node = Node::Test(make(Box::new(left), Box::new(right)));
        }
        Ok(node)
    }

    fn negated(&mut self) -> Result<Node, SyntaxError> {
        if *self.peek() != Token::Word("not") {
            return self.compared();
        }
        self.next();
        let from = self.place();
        let operand = self.deeper(Self::negated)?;
        let test = operand.into_test(from.start..self.behind())?;
        Ok(Node::Test(Test::Not(Box::new(test))))
    }

    fn compared(&mut self) -> Result<Node, SyntaxError> {
        let begin = self.place();
        let node = self.sum()?;
        if *self.peek() != Token::Symbol("==") {
            return Ok(node);
        }
        let left = node.into_value(begin.start..self.behind())?;
        self.next();
        let from = self.place();
        let right = self.sum()?.into_value(from.start..self.behind())?;
        Ok(Node::Test(Test::Equal(left, right)))
    }

    fn sum(&mut self) -> Result<Node, SyntaxError> {
        let begin = self.place();
        let mut node = self.primary()?;
        while *self.peek() == Token::Symbol("+") {
            let left = node.into_value(begin.start..self.behind())?;
            self.next();
            let from = self.place();
            let right = self.primary()?.into_value(from.start..self.behind())?;
            node = Node::Value(Value::Concat(Box::new(left), Box::new(right)));
        }
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, SyntaxError> {
        let literal = |octets: &[u8]| Ok(Node::Value(Value::Literal(octets.into())));
        let at = self.place();
        match self.next() {
            Token::Text(text) => literal(text.as_bytes()),
            Token::Hex(octets) | Token::Address(octets) => literal(&octets),
            // As four octets; a negative one as its complement.
            Token::Integer(number) => {
                let [.., a, b, c, d] = number.to_be_bytes();
                literal(&[a, b, c, d])
            }
            Token::Symbol("(") => {
                let node = self.any()?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Word(word) => self.word(word, at),
            _ => {
                self.at = self.at.saturating_sub(1);
                Err(self.unexpected("a text, a number, an address, option[..] or the like is expected here"))
            }
        }
    }

    fn word(&mut self, word: &str, at: Range<usize>) -> Result<Node, SyntaxError> {
        let value = |value| Ok(Node::Value(value));
        match word {
            "option" => self.option(Container::Message),
            "option6" => {
                self.only_in(Half::V4, word, at)?;
                self.option(Container::Message6)
            }
            "relay4" => {
                self.only_in(Half::V4, word, at)?;
                self.option(Container::Relay4)
            }
            "relay6" => self.relay6(),
            "vendor" => self.vendor(),
            "vendor-class" => self.vendor_class(),
            "pkt" | "pkt4" | "pkt6" => self.field(word, at),
            "known" => self.member("KNOWN", at).map(Node::Test),
            "unknown" => {
                let known = self.member("KNOWN", at)?;
                Ok(Node::Test(Test::Not(Box::new(known))))
            }
            "member" => {
                self.expect("(")?;
                let (name, at) = self.text("the name of a class")?;
                let test = self.member(name, at)?;
                self.expect(")")?;
                Ok(Node::Test(test))
            }
            "match" => self.matches(),
            "substring" => {
                let of = self.first_argument()?;
                let start = self.integer_argument()?;
                self.expect(",")?;
                let length = if *self.peek() == Token::Word("all") {
                    self.next();
                    None
                } else {
                    Some(self.integer()?)
                };
                self.expect(")")?;
                value(Value::Substring { of, start, length })
            }
            "concat" => {
                let one = self.first_argument()?;
                let other = self.last_argument()?;
                value(Value::Concat(one, other))
            }
            "ifelse" => {
                self.expect("(")?;
                let from = self.place();
                let test = self.any()?.into_test(from.start..self.behind())?;
                let one = self.argument()?;
                let other = self.last_argument()?;
                value(Value::IfElse(Box::new(test), one, other))
            }
            "hexstring" => {
                let of = self.first_argument()?;
                let separator = self.last_argument()?;
                value(Value::HexString { of, separator })
            }
            "split" => {
                let of = self.first_argument()?;
                let delimiters = self.argument()?;
                let field = self.integer_argument()?;
                self.expect(")")?;
                value(Value::Split { of, delimiters, field })
            }
            "lcase" => value(Value::Lower(self.only_argument()?)),
            "ucase" => value(Value::Upper(self.only_argument()?)),
            "addrtotext" => value(Value::AddressToText(self.only_argument()?)),
            "int8totext" | "int16totext" | "int32totext" | "uint8totext" | "uint16totext"
            | "uint32totext" => {
                let octets = if word.contains('8') {
                    1
                } else if word.contains("16") {
                    2
                } else {
                    4
                };
                let of = self.only_argument()?;
                value(Value::IntegerToText { octets, signed: !word.starts_with('u'), of })
            }
            _ => {
                Err(SyntaxError::new(at, format!("{word} is no word of expressions; a text stands in '..'")))
            }
        }
    }

    fn member(&self, name: &str, at: Range<usize>) -> Result<Test, SyntaxError> {
        let number = (self.language.class)(name);
        let number = number
            .ok_or_else(|| SyntaxError::new(at, format!("no class before this one is called {name:?}")))?;
        Ok(Test::Member(number))
    }

    fn matches(&mut self) -> Result<Node, SyntaxError> {
        self.expect("(")?;
        let (pattern, at) = self.text("a regular expression")?;
        let whole =
            RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(REGEX_LIMIT).unicode(false).build();
        let whole =
            whole.map_err(|error| SyntaxError::new(at, format!("this is no regular expression: {error}")))?;
        let value = self.last_argument()?;
        Ok(Node::Test(Test::Match(whole, *value)))
    }

    fn first_argument(&mut self) -> Result<Box<Value>, SyntaxError> {
        self.expect("(")?;
        let from = self.place();
        self.any()?.into_value(from.start..self.behind()).map(Box::new)
    }

    fn argument(&mut self) -> Result<Box<Value>, SyntaxError> {
        self.expect(",")?;
        let from = self.place();
        self.any()?.into_value(from.start..self.behind()).map(Box::new)
    }

    fn last_argument(&mut self) -> Result<Box<Value>, SyntaxError> {
        let argument = self.argument()?;
        self.expect(")")?;
        Ok(argument)
    }

    fn only_argument(&mut self) -> Result<Box<Value>, SyntaxError> {
        let argument = self.first_argument()?;
        self.expect(")")?;
        Ok(argument)
    }

    fn integer_argument(&mut self) -> Result<i64, SyntaxError> {
        self.expect(",")?;
        self.integer()
    }

    pub(crate) fn integer(&mut self) -> Result<i64, SyntaxError> {
        let at = self.place();
        match self.next() {
            Token::Integer(number) => Ok(number),
            _ => Err(SyntaxError::new(at, "a number is expected here")),
        }
    }

    fn text(&mut self, what: &str) -> Result<(&'t str, Range<usize>), SyntaxError> {
        let at = self.place();
        match self.next() {
            Token::Text(text) => Ok((text, at)),
            _ => Err(SyntaxError::new(at, format!("{what} in '..' is expected here"))),
        }
    }

    pub(crate) fn expect(&mut self, symbol: &'static str) -> Result<(), SyntaxError> {
        if *self.peek() == Token::Symbol(symbol) {
            self.next();
            return Ok(());
        }
        Err(self.unexpected(&format!("{symbol} is expected here")))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.depth += 1;
        if self.depth > MOST_DEEP {
            return Err(self.unexpected(&format!("expressions are nested {MOST_DEEP} deep at most")));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn unexpected(&self, why: &str) -> SyntaxError {
        let end = if *self.peek() == Token::End { ", where the expression ends" } else { "" };
        SyntaxError::new(self.place(), format!("{why}{end}"))
    }

    pub(crate) fn peek(&self) -> &Token<'t> {
        self.tokens.get(self.at).map_or(&Token::End, |spanned| &spanned.token)
    }

    /// Where the next token stands.
    pub(crate) fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).or_else(|| self.tokens.last()).map_or(0..0, |spanned| spanned.span.clone())
    }

    /// Where the last token ended.
    fn behind(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |spanned| spanned.span.end)
    }

    pub(crate) fn next(&mut self) -> Token<'t> {
        let token = self.peek().clone();
        self.at += 1;
        token
    }
}
