//! Sub-options: the options of a space become part of the body of each option that holds that space.

use std::collections::{HashMap, HashSet};

use fosix_wire::definition::Universe;

use super::definitions::Definitions;
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::OptionValue;
use crate::source::Span;

/// How deep options may hold options.
const MAX_DEPTH: usize = 4;

/// An option as it is written, before its sub-options are added.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) space: String,
    pub(super) value: OptionValue,
    /// The space of its sub-options.
    pub(super) holds: Option<String>,
    /// The whole map.
    pub(super) span: Span,
    /// Where its data stand, for problems with them.
    pub(super) data_span: Span,
}

impl Written {
    /// Whether it goes into a message, or a vendor's option of it, itself.
    pub(super) fn stands_alone(&self, definitions: &Definitions) -> bool {
        self.value.vendor.is_some() || self.space == definitions.top()
    }
}

/// The options of one list, by the space that they are in, with the bodies of spaces that are made already.
pub(super) struct Spaces<'a> {
    definitions: &'a Definitions,
    by_space: HashMap<&'a str, Vec<&'a Written>>,
    /// `None` while a body is being made: whoever needs it then is part of itself.
    bodies: HashMap<&'a str, Option<Vec<u8>>>,
}

impl<'a> Spaces<'a> {
    pub(super) fn new(definitions: &'a Definitions, written: &'a [Written]) -> Self {
        let mut by_space: HashMap<&str, Vec<&Written>> = HashMap::new();
        for option in written {
            by_space.entry(&option.space).or_default().push(option);
        }
        Self { definitions, by_space, bodies: HashMap::new() }
    }

    /// The data of an option of the outermost space, with its sub-options behind them.
    pub(super) fn complete(&mut self, option: &'a Written, report: &mut Report) -> Vec<u8> {
        self.body(option, MAX_DEPTH, report)
    }

    /// Options of spaces that no option of the list holds: they go nowhere.
    pub(super) fn unused(&self, written: &'a [Written]) -> Vec<&'a Written> {
        let alone = |option: &&Written| option.stands_alone(self.definitions);
        let mut next: Vec<&str> =
            written.iter().filter(alone).filter_map(|option| option.holds.as_deref()).collect();
        let mut held = HashSet::new();
        while let Some(space) = next.pop() {
            if held.insert(space) {
                let inner = self.by_space.get(space).into_iter().flatten();
                next.extend(inner.filter_map(|option| option.holds.as_deref()));
            }
        }
        written.iter().filter(|option| !alone(option) && !held.contains(option.space.as_str())).collect()
    }

    fn body(&mut self, option: &'a Written, depth: usize, report: &mut Report) -> Vec<u8> {
        let mut body = option.value.data.clone();
        let Some(space) = option.holds.as_deref() else { return body };
        let Some((space, inner)) = self.by_space.get_key_value(space) else { return body };
        let (space, inner) = (*space, inner.clone());
        if depth == 0 {
            report.push(
                Diagnostic::error(
                    option.span.head(),
                    format!("options are held in options more than {MAX_DEPTH} deep"),
                )
                .help("no client would read that"),
            );
            return body;
        }
        if !self.bodies.contains_key(space) {
            self.bodies.insert(space, None);
            let mut made = Vec::new();
            for option in inner.into_iter().filter(|option| !option.value.never_send) {
                let data = self.body(option, depth.saturating_sub(1), report);
                if !self.append(&mut made, option, &data, report) {
                    break;
                }
            }
            self.bodies.insert(space, Some(made));
        }
        let Some(Some(sub_options)) = self.bodies.get(space) else {
            report.push(
                Diagnostic::error(
                    option.span.head(),
                    format!("the option space {} is part of itself", shorten(space)),
                )
                .help("look at `encapsulate` of the definitions: their spaces hold each other"),
            );
            return body;
        };
        if body.len().saturating_add(sub_options.len()) > usize::from(u16::MAX) {
            report.push(too_long(option));
            return body;
        }
        body.extend_from_slice(sub_options);
        body
    }

    /// Adds an option with its code and length; `false` when no more fits.
    fn append(&self, out: &mut Vec<u8>, option: &Written, data: &[u8], report: &mut Report) -> bool {
        let code = option.value.code;
        let header = match self.definitions.universe {
            // Sub-options have one octet of length, and are not split as options are (RFC 3396 §4).
            Universe::V4 => {
                u8::try_from(code).ok().zip(u8::try_from(data.len()).ok()).map(|(code, len)| vec![code, len])
            }
            Universe::V6 => {
                u16::try_from(data.len()).ok().map(|len| [code.to_be_bytes(), len.to_be_bytes()].concat())
            }
        };
        let Some(header) = header else {
            let max = if self.definitions.universe == Universe::V4 { 255 } else { u16::MAX };
            let message = format!("a sub-option holds at most {max} bytes, this one has {}", data.len());
            report.push(Diagnostic::error(option.data_span, message).help("shorten it"));
            return true;
        };
        if out.len().saturating_add(header.len()).saturating_add(data.len()) > usize::from(u16::MAX) {
            report.push(too_long(option));
            return false;
        }
        out.extend_from_slice(&header);
        out.extend_from_slice(data);
        true
    }
}

fn too_long(option: &Written) -> Diagnostic {
    Diagnostic::error(option.span.head(), "with its sub-options this option has more than 65535 bytes")
        .help("no message has room for that")
}
