//! What an expression takes from messages: options, relay levels, what vendors say, and fields.

use std::ops::Range;

use crate::lexer::Token;
use crate::parser::{Node, Parser};
use crate::{Container, Field, Form, Half, Place, SyntaxError, Test, Value};

/// Options inside of options.
const MOST_NESTED: usize = 8;

impl Parser<'_, '_> {
    /// `option[12]`, `option[12].option[1]` with `.hex`, `.text` or `.exists` behind it.
    pub(crate) fn option(&mut self, container: Container) -> Result<Node, SyntaxError> {
        let mut codes = vec![self.code(container)?];
        loop {
            self.expect(".")?;
            let at = self.place();
            match self.next() {
                Token::Word("option") if codes.len() < MOST_NESTED => codes.push(self.sub_code()?),
                Token::Word("option") => {
                    return Err(SyntaxError::new(
                        at,
                        format!("options are nested {MOST_NESTED} deep at most"),
                    ));
                }
                token => {
                    let place = Place::Option(container, codes.into());
                    return form(place, &token, at);
                }
            }
        }
    }

    pub(crate) fn relay6(&mut self) -> Result<Node, SyntaxError> {
        self.expect("[")?;
        let at = self.place();
        let level = self.integer()?;
        let level = i8::try_from(level).ok().filter(|level| (-32..32).contains(level));
        let level = level.ok_or_else(|| {
            SyntaxError::new(at, "relay levels are numbered from 0 to 31, or from -1 to -32")
        })?;
        self.expect("]")?;
        self.expect(".")?;
        let at = self.place();
        match self.next() {
            Token::Word("linkaddr") => Ok(Node::Value(Value::Field(Field::LinkAddress(level)))),
            Token::Word("peeraddr") => Ok(Node::Value(Value::Field(Field::PeerAddress(level)))),
            Token::Word("option") => self.option(Container::Relay6(level)),
            _ => Err(SyntaxError::new(at, "option[..], linkaddr or peeraddr is expected here")),
        }
    }

    pub(crate) fn vendor(&mut self) -> Result<Node, SyntaxError> {
        let enterprise = self.enterprise()?;
        self.expect(".")?;
        let at = self.place();
        match self.next() {
            Token::Word("enterprise") => Ok(Node::Value(Value::Field(Field::VendorEnterprise))),
            Token::Word("exists") => Ok(Node::Test(Test::Exists(Place::Vendor(enterprise, None)))),
            Token::Word("option") => {
                let code = self.sub_code()?;
                self.expect(".")?;
                let at = self.place();
                let token = self.next();
                form(Place::Vendor(enterprise, Some(code)), &token, at)
            }
            _ => Err(SyntaxError::new(at, "option[..], exists or enterprise is expected here")),
        }
    }

    pub(crate) fn vendor_class(&mut self) -> Result<Node, SyntaxError> {
        let enterprise = self.enterprise()?;
        self.expect(".")?;
        let at = self.place();
        match self.next() {
            Token::Word("enterprise") => Ok(Node::Value(Value::Field(Field::VendorClassEnterprise))),
            Token::Word("exists") => Ok(Node::Test(Test::Exists(Place::VendorClass(enterprise, 0)))),
            Token::Word("data") => {
                let mut which = 0;
                if *self.peek() == Token::Symbol("[") {
                    self.next();
                    let at = self.place();
                    let number = self.integer()?;
                    which = usize::try_from(number)
                        .map_err(|_| SyntaxError::new(at, "data is numbered from 0 on"))?;
                    self.expect("]")?;
                }
                Ok(Node::Value(Value::Data(Place::VendorClass(enterprise, which), Form::Octets)))
            }
            _ => Err(SyntaxError::new(at, "data, data[..], exists or enterprise is expected here")),
        }
    }

    /// `[4491]`, `[*]` or `[0]` for any, or nothing.
    fn enterprise(&mut self) -> Result<Option<u32>, SyntaxError> {
        if *self.peek() != Token::Symbol("[") {
            return Ok(None);
        }
        self.next();
        let number = if *self.peek() == Token::Symbol("*") {
            self.next();
            0
        } else {
            let at = self.place();
            let number = self.integer()?;
            u32::try_from(number).map_err(|_| SyntaxError::new(at, "an enterprise number is not negative"))?
        };
        self.expect("]")?;
        Ok(Some(number).filter(|&number| number != 0))
    }

    pub(crate) fn field(&mut self, word: &str, at: Range<usize>) -> Result<Node, SyntaxError> {
        if word == "pkt4" {
            self.only_in(Half::V4, word, at)?;
        }
        self.expect(".")?;
        let at = self.place();
        let token = self.next();
        let name = if let Token::Word(name) = token { name } else { "" };
        let field = match (word, name) {
            ("pkt", "iface") => Field::Interface,
            ("pkt", "src") => Field::Source,
            ("pkt", "dst") => Field::Destination,
            ("pkt", "len") => Field::Length,
            ("pkt4", "mac") => Field::HardwareAddress,
            ("pkt4", "hlen") => Field::HardwareLength,
            ("pkt4", "htype") => Field::HardwareType,
            ("pkt4", "ciaddr") => Field::ClientAddress,
            ("pkt4", "giaddr") => Field::GatewayAddress,
            ("pkt4", "yiaddr") => Field::YourAddress,
            ("pkt4", "siaddr") => Field::ServerAddress,
            ("pkt4", "msgtype") => Field::MessageType4,
            ("pkt4", "transid") => Field::TransactionId4,
            ("pkt6", "msgtype") => Field::MessageType6,
            ("pkt6", "transid") => Field::TransactionId6,
            ("pkt6", "duid") => Field::Duid,
            _ => {
                let known = match word {
                    "pkt" => "iface, src, dst or len",
                    "pkt4" => "mac, hlen, htype, ciaddr, giaddr, yiaddr, siaddr, msgtype or transid",
                    _ => "msgtype, transid or duid",
                };
                return Err(SyntaxError::new(at, format!("{known} is expected behind {word}.")));
            }
        };
        Ok(Node::Value(Value::Field(field)))
    }

    pub(crate) fn only_in(&self, half: Half, word: &str, at: Range<usize>) -> Result<(), SyntaxError> {
        if self.language.half == half {
            return Ok(());
        }
        Err(SyntaxError::new(at, format!("{word} is there in expressions of the DHCPv4 half only")))
    }

    /// `[12]` or `[host-name]`, of options in `container`.
    fn code(&mut self, container: Container) -> Result<u16, SyntaxError> {
        let half = match container {
            Container::Message => Some(self.language.half),
            Container::Message6 | Container::Relay6(_) => Some(Half::V6),
            Container::Relay4 => None,
        };
        self.bracketed(half)
    }

    /// `[1]` of an option inside of another.
    fn sub_code(&mut self) -> Result<u16, SyntaxError> {
        self.bracketed(None)
    }

    /// The code of an option; names are known where there is a half that they are of.
    fn bracketed(&mut self, half: Option<Half>) -> Result<u16, SyntaxError> {
        self.expect("[")?;
        let at = self.place();
        let code = match self.next() {
            Token::Integer(number) => {
                let most = if half == Some(Half::V4) { 254 } else { 65_535 };
                let code = u16::try_from(number).ok().filter(|code| *code <= most);
                code.ok_or_else(|| SyntaxError::new(at, format!("codes of options here are 0 to {most}")))?
            }
            Token::Word(name) => {
                let code = half.and_then(|half| (self.language.option_code)(half, name));
                code.ok_or_else(|| {
                    SyntaxError::new(
                        at,
                        format!("no option here is called {name}; its code can be given instead"),
                    )
                })?
            }
            _ => return Err(SyntaxError::new(at, "the code or the name of an option is expected here")),
        };
        self.expect("]")?;
        Ok(code)
    }
}

/// What is wanted of the data in `place`.
fn form(place: Place, token: &Token<'_>, at: Range<usize>) -> Result<Node, SyntaxError> {
    match token {
        Token::Word("hex") => Ok(Node::Value(Value::Data(place, Form::Octets))),
        Token::Word("text") => Ok(Node::Value(Value::Data(place, Form::Text))),
        Token::Word("exists") => Ok(Node::Test(Test::Exists(place))),
        _ => Err(SyntaxError::new(at, "hex, text, exists or option[..] is expected behind the point")),
    }
}
