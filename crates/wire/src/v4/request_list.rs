//! The Parameter Request List option (55), RFC 2132 §9.8.

use super::{OptionCode, OptionData};

/// The options that a client asks for, in the order of its preference. Without the option it asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParameterRequestList<'a> {
    codes: Option<OptionData<'a>>,
}

impl<'a> ParameterRequestList<'a> {
    /// Reads the data of the option. Any octets are codes.
    #[inline]
    pub const fn new(data: OptionData<'a>) -> Self {
        Self { codes: Some(data) }
    }

    /// The codes in the order of the client, repetitions included.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = OptionCode> + Clone + use<'a> {
        self.codes.map(|data| data.bytes()).unwrap_or_default().map(OptionCode)
    }

    /// Whether the client asks for that option.
    #[inline]
    pub fn contains(&self, code: OptionCode) -> bool {
        self.codes.is_some_and(|data| match data.contiguous() {
            Some(codes) => codes.contains(&code.0),
            None => data.fragments().any(|part| part.contains(&code.0)),
        })
    }

    /// How many codes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.codes.map_or(0, |data| data.len())
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
