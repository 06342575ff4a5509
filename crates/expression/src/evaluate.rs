//! What an expression makes of a message.

use std::fmt;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use fosix_wire::text::describe_option;
use fosix_wire::v6::OptionCode;
use fosix_wire::{definition, v4};

use crate::view::{Found, inner};
use crate::{Container, Field, Form, Half, Place, Test, Value, View};

/// Octets that all texts which are made on the way may have together.
const MOST_MADE: usize = 1 << 17;

/// Room for texts that are made on the way, kept from one evaluation to the next.
#[derive(Debug, Default)]
pub struct Scratch(Vec<u8>);

/// Why an expression has no value for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationError {
    /// A text that is made is too long.
    TooLong,
    /// `addrtotext` of what is no address.
    NoAddress {
        /// Its octets.
        length: usize,
    },
    /// `int16totext` or the like of a number of another length.
    NoNumber {
        /// Its octets.
        length: usize,
        /// Those that it should have.
        expected: usize,
    },
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a text is longer than {MOST_MADE} octets"),
            Self::NoAddress { length } => write!(f, "addrtotext takes 4 or 16 octets, and has {length}"),
            Self::NoNumber { length, expected } => {
                write!(f, "a number of {expected} octets is to be shown as text, and it has {length}")
            }
        }
    }
}

impl std::error::Error for EvaluationError {}

/// Octets: as they stand in a message or an expression, or made.
#[derive(Debug, Clone)]
pub(crate) enum Made<'m> {
    Here(&'m [u8]),
    Scratch(Range<usize>),
}

impl<'m> Made<'m> {
    pub(crate) fn octets<'s>(&self, scratch: &'s Scratch) -> &'s [u8]
    where
        'm: 's,
    {
        match self {
            Self::Here(octets) => octets,
            Self::Scratch(range) => scratch.0.get(range.clone()).unwrap_or_default(),
        }
    }
}

impl Scratch {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds what `write` writes.
    fn make<'m>(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<Made<'m>, EvaluationError> {
        let start = self.0.len();
        write(&mut self.0);
        if self.0.len() > MOST_MADE {
            Err(EvaluationError::TooLong)
        } else {
            Ok(Made::Scratch(start..self.0.len()))
        }
    }

    /// Adds a copy of `made`.
    fn append(&mut self, made: &Made<'_>) {
        match made {
            Made::Here(octets) => self.0.extend_from_slice(octets),
            Made::Scratch(range) => {
                let end = range.end.min(self.0.len());
                self.0.extend_from_within(range.start.min(end)..end);
            }
        }
    }
}

pub(crate) fn test(test: &Test, view: &View<'_>, scratch: &mut Scratch) -> Result<bool, EvaluationError> {
    Ok(match test {
        Test::Equal(one, other) => {
            let one = value(one, view, scratch)?;
            let other = value(other, view, scratch)?;
            one.octets(scratch) == other.octets(scratch)
        }
        Test::Exists(place) => exists(place, view),
        Test::Member(class) => view.classes.contains(*class),
        Test::Match(regex, of) => {
            let of = value(of, view, scratch)?;
            regex.is_match(of.octets(scratch))
        }
        Test::Not(operand) => !self::test(operand, view, scratch)?,
        Test::And(one, other) => self::test(one, view, scratch)? && self::test(other, view, scratch)?,
        Test::Or(one, other) => self::test(one, view, scratch)? || self::test(other, view, scratch)?,
    })
}

fn half(view: &View<'_>) -> Half {
    if view.is_v4() { Half::V4 } else { Half::V6 }
}

pub(crate) fn exists(place: &Place, view: &View<'_>) -> bool {
    let is_there = |data: &[u8]| match place {
        // A class option without class data is there all the same.
        Place::VendorClass(enterprise, _) if view.is_v4() => {
            crate::view::vendor4(data, *enterprise).is_some()
        }
        Place::VendorClass(enterprise, _) => is_enterprise(data, *enterprise),
        _ => inner(place, half(view), data).is_some(),
    };
    match view.find(place) {
        None => false,
        Some(Found::Whole(data)) => is_there(data),
        Some(Found::Parts(parts)) => is_there(&joined(parts)),
    }
}

fn is_enterprise(data: &[u8], enterprise: Option<u32>) -> bool {
    let found = data.first_chunk().map(|number| u32::from_be_bytes(*number));
    found.is_some_and(|found| enterprise.is_none_or(|enterprise| enterprise == found))
}

/// An option of DHCPv4 that came in parts, which few are.
fn joined(parts: v4::OptionData<'_>) -> Vec<u8> {
    let mut joined = Vec::with_capacity(parts.len());
    parts.write_to(&mut joined);
    joined
}

pub(crate) fn value<'m>(
    value: &'m Value,
    view: &View<'m>,
    scratch: &mut Scratch,
) -> Result<Made<'m>, EvaluationError> {
    match value {
        Value::Literal(octets) => Ok(Made::Here(octets)),
        Value::Data(place, form) => data(place, *form, view, scratch),
        Value::Field(field) => of_field(*field, view, scratch),
        Value::Substring { of, start, length } => {
            let of = self::value(of, view, scratch)?;
            Ok(substring(of, *start, *length))
        }
        Value::Concat(one, other) => {
            let one = self::value(one, view, scratch)?;
            let other = self::value(other, view, scratch)?;
            let start = scratch.0.len();
            scratch.append(&one);
            scratch.append(&other);
            let end = scratch.0.len();
            scratch.make(|_| ()).map(|_| Made::Scratch(start..end))
        }
        Value::IfElse(condition, one, other) => {
            let chosen = if test(condition, view, scratch)? { one } else { other };
            self::value(chosen, view, scratch)
        }
        Value::HexString { of, separator } => {
            let of = self::value(of, view, scratch)?;
            let separator = self::value(separator, view, scratch)?;
            let start = scratch.0.len();
            for at in 0..of.octets(scratch).len() {
                let octet = of.octets(scratch).get(at).copied().unwrap_or_default();
                if at > 0 {
                    scratch.append(&separator);
                }
                // Writing to a Vec does not fail.
                let _ = write!(scratch.0, "{octet:02x}");
                scratch.make(|_| ())?;
            }
            Ok(Made::Scratch(start..scratch.0.len()))
        }
        Value::Split { of, delimiters, field } => {
            let of = self::value(of, view, scratch)?;
            let delimiters = self::value(delimiters, view, scratch)?;
            let range = split(of.octets(scratch), delimiters.octets(scratch), *field);
            Ok(part(of, range))
        }
        Value::Lower(of) => cased(of, u8::to_ascii_lowercase, view, scratch),
        Value::Upper(of) => cased(of, u8::to_ascii_uppercase, view, scratch),
        Value::AddressToText(of) => {
            let of = self::value(of, view, scratch)?;
            let octets = of.octets(scratch);
            let text = match (octets.len(), octets.first_chunk::<4>(), octets.first_chunk::<16>()) {
                (0, ..) => String::new(),
                (4, Some(octets), _) => Ipv4Addr::from(*octets).to_string(),
                (16, _, Some(octets)) => Ipv6Addr::from(*octets).to_string(),
                (length, ..) => return Err(EvaluationError::NoAddress { length }),
            };
            scratch.make(|out| out.extend_from_slice(text.as_bytes()))
        }
        Value::IntegerToText { octets, signed, of } => {
            let of = self::value(of, view, scratch)?;
            let found = of.octets(scratch);
            if found.is_empty() {
                return Ok(Made::Here(&[]));
            }
            if found.len() != *octets {
                return Err(EvaluationError::NoNumber { length: found.len(), expected: *octets });
            }
            let unsigned = found.iter().fold(0_i64, |number, octet| number << 8 | i64::from(*octet));
            let bits = 8 * found.len();
            let is_negative = *signed && unsigned >> (bits - 1) == 1;
            let number = if is_negative { unsigned - (1 << bits) } else { unsigned };
            // Writing to a Vec does not fail.
            scratch.make(|out| {
                let _ = write!(out, "{number}");
            })
        }
    }
}

fn cased<'m>(
    of: &'m Value,
    change: impl Fn(&u8) -> u8,
    view: &View<'m>,
    scratch: &mut Scratch,
) -> Result<Made<'m>, EvaluationError> {
    let of = value(of, view, scratch)?;
    let start = scratch.0.len();
    scratch.append(&of);
    for octet in scratch.0.iter_mut().skip(start) {
        *octet = change(octet);
    }
    let end = scratch.0.len();
    scratch.make(|_| ()).map(|_| Made::Scratch(start..end))
}

fn data<'m>(
    place: &Place,
    form: Form,
    view: &View<'m>,
    scratch: &mut Scratch,
) -> Result<Made<'m>, EvaluationError> {
    let made = match view.find(place) {
        None => return Ok(Made::Here(&[])),
        Some(Found::Whole(data)) => match inner(place, half(view), data) {
            Some(data) => Made::Here(data),
            None => return Ok(Made::Here(&[])),
        },
        Some(Found::Parts(parts)) => {
            let joined = joined(parts);
            let data = inner(place, half(view), &joined).unwrap_or_default();
            scratch.make(|out| out.extend_from_slice(data))?
        }
    };
    match form {
        Form::Octets => Ok(made),
        Form::Text => as_text(place, made, view, scratch),
    }
}

/// A text as it is, anything else in words.
fn as_text<'m>(
    place: &Place,
    made: Made<'m>,
    view: &View<'m>,
    scratch: &mut Scratch,
) -> Result<Made<'m>, EvaluationError> {
    let space = match place {
        Place::Option(Container::Message6 | Container::Relay6(_), codes) if codes.len() == 1 => "dhcp6",
        Place::Option(Container::Message, codes) if codes.len() == 1 => {
            if view.is_v4() {
                "dhcp4"
            } else {
                "dhcp6"
            }
        }
        _ => return Ok(made),
    };
    let code = match place {
        Place::Option(_, codes) => codes.first().copied().unwrap_or_default(),
        _ => 0,
    };
    let kind = definition::by_code(space, code).map(|definition| definition.kind);
    if matches!(kind, None | Some(definition::FieldType::String | definition::FieldType::Binary)) {
        return Ok(made);
    }
    let text = describe_option(space, code, made.octets(scratch));
    scratch.make(|out| out.extend_from_slice(text.as_bytes()))
}

fn of_field<'m>(field: Field, view: &View<'m>, scratch: &mut Scratch) -> Result<Made<'m>, EvaluationError> {
    if let Some(number) = view.number(field) {
        return scratch.make(|out| out.extend_from_slice(&number.to_be_bytes()));
    }
    let mut address6 = |address: Ipv6Addr| scratch.make(|out| out.extend_from_slice(&address.octets()));
    let address4 = match field {
        Field::Interface => return Ok(Made::Here(view.interface.as_bytes())),
        Field::Source => return address6(view.source),
        Field::Destination => return address6(view.destination),
        Field::LinkAddress(level) => {
            return view.relay(level).map_or(Ok(Made::Here(&[])), |relay| address6(relay.link_address()));
        }
        Field::PeerAddress(level) => {
            return view.relay(level).map_or(Ok(Made::Here(&[])), |relay| address6(relay.peer_address()));
        }
        Field::Duid => {
            let duid = view.packet.message().options().find(OptionCode::CLIENT_ID);
            return Ok(Made::Here(duid.unwrap_or_default()));
        }
        Field::HardwareAddress => {
            return Ok(Made::Here(view.message4.map(v4::Message::chaddr).unwrap_or_default()));
        }
        Field::VendorEnterprise => return enterprise(&Place::Vendor(None, None), view, scratch),
        Field::VendorClassEnterprise => return enterprise(&Place::VendorClass(None, 0), view, scratch),
        Field::ClientAddress => view.message4.map(v4::Message::ciaddr),
        Field::GatewayAddress => view.message4.map(v4::Message::giaddr),
        Field::YourAddress => view.message4.map(v4::Message::yiaddr),
        Field::ServerAddress => view.message4.map(v4::Message::siaddr),
        // Numbers, of a message that has none.
        _ => None,
    };
    match address4 {
        Some(address) => scratch.make(|out| out.extend_from_slice(&address.octets())),
        None => Ok(Made::Here(&[])),
    }
}

/// The number that vendor options of DHCPv4 and of DHCPv6 alike begin with.
fn enterprise<'m>(
    place: &Place,
    view: &View<'m>,
    scratch: &mut Scratch,
) -> Result<Made<'m>, EvaluationError> {
    match view.find(place) {
        Some(Found::Whole(data)) => Ok(Made::Here(data.get(..4).unwrap_or_default())),
        Some(Found::Parts(parts)) => {
            let joined = joined(parts);
            scratch.make(|out| out.extend_from_slice(joined.get(..4).unwrap_or_default()))
        }
        None => Ok(Made::Here(&[])),
    }
}

/// A part of it, without a copy.
fn part(of: Made<'_>, range: Range<usize>) -> Made<'_> {
    match of {
        Made::Here(octets) => Made::Here(octets.get(range).unwrap_or_default()),
        Made::Scratch(whole) => {
            let at = |offset: usize| whole.start.saturating_add(offset).min(whole.end);
            Made::Scratch(at(range.start)..at(range.end))
        }
    }
}

/// From `start` on, which counts from the end where it is negative; a negative length goes towards the beginning.
fn substring(of: Made<'_>, start: i64, length: Option<i64>) -> Made<'_> {
    let whole = match &of {
        Made::Here(octets) => octets.len(),
        Made::Scratch(range) => range.len(),
    };
    let whole = i64::try_from(whole).unwrap_or(i64::MAX);
    let start = if start < 0 { whole + start } else { start };
    if start < 0 || start >= whole {
        return Made::Here(&[]);
    }
    let (from, to) = match length {
        None => (start, whole),
        Some(length) if length < 0 => (start.saturating_add(length).max(0), start),
        Some(length) => (start, start.saturating_add(length).min(whole)),
    };
    let at = |position: i64| usize::try_from(position).unwrap_or(0);
    part(of, at(from)..at(to))
}

/// Where the field with this number is, counted from 1, between octets that are among `delimiters`.
fn split(of: &[u8], delimiters: &[u8], field: i64) -> Range<usize> {
    if delimiters.is_empty() {
        return 0..of.len();
    }
    let Some(before) = field.checked_sub(1).and_then(|before| usize::try_from(before).ok()) else {
        return 0..0;
    };
    let mut start = 0;
    for (number, field) in of.split(|octet| delimiters.contains(octet)).enumerate() {
        if number == before {
            return start..start + field.len();
        }
        start += field.len() + 1;
    }
    0..0
}
