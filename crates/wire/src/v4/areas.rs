//! The places of a message that hold options, and the walk over them.
//!
//! ```text
//! | op ... giaddr | chaddr | sname  | file    | cookie | options ...                       |
//! 0               28       44       108       236      240
//!                          `- 3rd   `- 2nd             `- 1st in the order of RFC 3396 §5
//! ```
//! `options` always does; `file` and `sname` do when option 52 says so. In each, PAD octets may stand between
//! options, and END stops the reading: what is behind it means nothing.

use core::iter::FusedIterator;

use super::OptionCode;
use crate::Error;

/// A place that may hold options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// The options field behind the cookie.
    Options,
    /// The `file` field, when it is overloaded.
    File,
    /// The `sname` field, when it is overloaded.
    Sname,
}

/// One option as it was sent; perhaps a part of a longer one (RFC 3396).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawOption<'a> {
    /// What the option is; neither PAD nor END.
    pub code: OptionCode,
    /// The data behind code and length; at most 255 octets, may be empty.
    pub data: &'a [u8],
}

/// The options of a message one by one: all areas in the order of RFC 3396 §5, each up to its END.
#[derive(Debug, Clone)]
pub struct OptionsIter<'a> {
    cursor: Cursor<'a>,
}

impl<'a> OptionsIter<'a> {
    #[inline]
    pub(super) const fn new(cursor: Cursor<'a>) -> Self {
        Self { cursor }
    }
}

impl<'a> Iterator for OptionsIter<'a> {
    type Item = RawOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.cursor.next()
    }
}

impl FusedIterator for OptionsIter<'_> {}

/// What is left of a walk over the areas; at its start, the areas themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    file: &'a [u8],
    sname: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A walk over areas that [`check`] has accepted; those not in use are empty.
    #[inline]
    pub(super) const fn new(options: &'a [u8], file: &'a [u8], sname: &'a [u8]) -> Self {
        Self { rest: options, file, sname }
    }

    /// The next option, in whichever area it is.
    #[inline]
    pub(super) fn next(&mut self) -> Option<RawOption<'a>> {
        loop {
            if let Some(option) = take_option(&mut self.rest) {
                return Some(option);
            }
            if self.file.is_empty() && self.sname.is_empty() {
                return None;
            }
            self.rest = core::mem::replace(&mut self.file, core::mem::take(&mut self.sname));
        }
    }

    /// The data of the next option with that code.
    #[inline]
    pub(super) fn next_of(&mut self, code: OptionCode) -> Option<&'a [u8]> {
        loop {
            let option = self.next()?;
            if option.code == code {
                return Some(option.data);
            }
        }
    }
}

/// Everything that stands in an area, so that it can be written again as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// That many PAD octets in a row.
    Padding(usize),
    /// An option.
    Option(RawOption<'a>),
    /// END.
    End,
    /// What is behind END, mostly zeros.
    Trailing(&'a [u8]),
}

impl Item<'_> {
    /// Appends the octets that the item was read from.
    pub fn write_to(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Padding(count) => buffer.resize(buffer.len().saturating_add(*count), OptionCode::PAD.0),
            Self::Option(option) => {
                let length = u8::try_from(option.data.len()).unwrap_or(u8::MAX);
                buffer.extend_from_slice(&[option.code.0, length]);
                buffer.extend(option.data.iter().take(usize::from(length)));
            }
            Self::End => buffer.push(OptionCode::END.0),
            Self::Trailing(bytes) => buffer.extend_from_slice(bytes),
        }
    }
}

/// The [`Item`]s of an area.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Items<'a> {
    /// The items of an area from its first octet to its last.
    pub(super) const fn new(area: &'a [u8]) -> Self {
        Self { rest: area, ended: false }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&first, behind) = self.rest.split_first()?;
        if self.ended {
            return Some(Item::Trailing(core::mem::take(&mut self.rest)));
        }
        match OptionCode(first) {
            OptionCode::PAD => {
                let other = self.rest.iter().position(|&octet| octet != OptionCode::PAD.0);
                let count = other.unwrap_or(self.rest.len());
                self.rest = self.rest.get(count..).unwrap_or_default();
                Some(Item::Padding(count))
            }
            OptionCode::END => {
                self.rest = behind;
                self.ended = true;
                Some(Item::End)
            }
            _ => take_option(&mut self.rest).map(Item::Option),
        }
    }
}

/// Which codes occur among the options of a message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Codes {
    seen: [u64; 4],
    /// Whether any code occurs more than once, so that options must be joined.
    repeated: bool,
}

impl Codes {
    /// Whether there is an option with that code.
    #[inline]
    pub(super) fn contains(&self, code: OptionCode) -> bool {
        let (word, bit) = Self::place(code);
        self.seen.get(word).is_some_and(|seen| seen & bit != 0)
    }

    /// Whether any option is in several parts.
    #[inline]
    pub(super) const fn repeated(&self) -> bool {
        self.repeated
    }

    #[inline]
    fn insert(&mut self, code: OptionCode) {
        let (word, bit) = Self::place(code);
        // All words are gone through, so that they can stay in registers.
        for (index, seen) in self.seen.iter_mut().enumerate() {
            let bit = if index == word { bit } else { 0 };
            self.repeated |= *seen & bit != 0;
            *seen |= bit;
        }
    }

    #[inline]
    const fn place(code: OptionCode) -> (usize, u64) {
        ((code.0 as usize) >> 6, 1 << (code.0 & 63))
    }
}

/// Checks that every option of the area fits, and returns the area without END and what is behind it. The codes
/// found are added to `codes`; `offset` is where the area begins in the message.
///
/// An area may end without END. RFC 2131 §4.1 demands one, but a client that forgets it has still said all it had
/// to say.
#[inline]
pub(super) fn check<'a>(area: &'a [u8], offset: usize, codes: &mut Codes) -> Result<&'a [u8], Error> {
    let mut rest = area;
    loop {
        match *rest {
            [] => return Ok(area),
            [code, ..] if code == OptionCode::END.0 => {
                return Ok(area.get(..area.len() - rest.len()).unwrap_or_default());
            }
            [code, ref behind @ ..] if code == OptionCode::PAD.0 => rest = behind,
            [code, length, ref behind @ ..] => match behind.get(usize::from(length)..) {
                Some(next) => {
                    codes.insert(OptionCode(code));
                    rest = next;
                }
                None => {
                    return Err(Error::OptionOverrun {
                        code: u16::from(code),
                        offset: offset + area.len() - rest.len(),
                        claimed: usize::from(length),
                        available: behind.len(),
                    });
                }
            },
            [_] => {
                return Err(Error::Truncated { what: "option", offset: offset + area.len() - rest.len() });
            }
        }
    }
}

/// The next option, with PAD octets in front of it skipped. `None` at END, at the end, and where an option does
/// not fit.
#[inline]
fn take_option<'a>(rest: &mut &'a [u8]) -> Option<RawOption<'a>> {
    loop {
        match **rest {
            [code, ref behind @ ..] if code == OptionCode::PAD.0 => *rest = behind,
            [code, length, ref behind @ ..] if code != OptionCode::END.0 => {
                let (data, next) = behind.split_at_checked(usize::from(length))?;
                *rest = next;
                return Some(RawOption { code: OptionCode(code), data });
            }
            _ => return None,
        }
    }
}
