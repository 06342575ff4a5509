//! What is said about a configuration: one finding, and the list of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::source::{Location, Sources, Span};
use crate::syntax::Node;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but something will not be as the file says.
    Warning,
    /// Worth knowing.
    Notice,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        })
    }
}

/// One finding: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; `None` for what concerns no place in a file (such as a file that cannot be read).
    pub primary: Option<Span>,
    /// What to write under the mark; may be empty.
    pub label: String,
    /// Other places that belong to it, each with what to write there.
    pub secondary: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The place as a path, such as `Dhcp4.subnet4[3].pools[0]`; empty outside of any object.
    pub path: String,
}

impl Diagnostic {
    pub(crate) fn error(at: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, Some(at), message.into())
    }

    pub(crate) fn warning(at: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Some(at), message.into())
    }

    pub(crate) fn notice(at: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, Some(at), message.into())
    }

    /// An error that no place in a file can be shown for.
    pub(crate) fn elsewhere(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, None, message.into())
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn also(mut self, at: Span, label: impl Into<String>) -> Self {
        self.secondary.push((at, label.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn new(severity: Severity, primary: Option<Span>, message: String) -> Self {
        Self {
            severity,
            message,
            primary,
            label: String::new(),
            secondary: Vec::new(),
            help: None,
            path: String::new(),
        }
    }
}

/// Everything that was found, with the texts that it was found in.
#[derive(Debug, Default)]
pub struct Diagnostics {
    pub(crate) list: Vec<Diagnostic>,
    pub(crate) sources: Sources,
    counts: [usize; 3],
}

impl Diagnostics {
    /// The findings by file and place; at most 200 of each severity.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are of a severity, those beyond the limit included.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts.get(severity as usize).copied().unwrap_or(0)
    }

    /// Whether the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Where a finding's primary mark begins.
    pub fn location(&self, diagnostic: &Diagnostic) -> Option<Location<'_>> {
        diagnostic.primary.map(|span| self.sources.location(span))
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Collects findings while the files are read.
#[derive(Debug)]
pub(crate) struct Report {
    list: Vec<Diagnostic>,
    counts: [usize; 3],
    strict: bool,
    /// Findings that many places share, by what they are about: how often, and where in `list` the first one is.
    repeated: HashMap<String, (usize, Option<usize>)>,
}

impl Report {
    /// The findings of each severity that are kept; the rest is only counted.
    pub(crate) const LIMIT: usize = 200;
    /// How many of the findings about one and the same key are kept.
    const REPEATS: usize = 10;

    pub(crate) fn new(strict: bool) -> Self {
        Self { list: Vec::new(), counts: [0; 3], strict, repeated: HashMap::new() }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if let Some(count) = self.counts.get_mut(diagnostic.severity as usize) {
            *count = count.saturating_add(1);
            if *count <= Self::LIMIT {
                self.list.push(diagnostic);
            }
        }
    }

    /// A finding that a large file may give rise to in every subnet: `topic` names what it is about, and only the
    /// first few of a topic are kept. Errors are all pushed, whatever their topic.
    pub(crate) fn push_repeated(&mut self, topic: &str, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            return self.push(diagnostic);
        }
        let (count, first) = self.repeated.entry(topic.to_owned()).or_default();
        *count = count.saturating_add(1);
        if *count > Self::REPEATS {
            if let Some(total) = self.counts.get_mut(diagnostic.severity as usize) {
                *total = total.saturating_add(1);
            }
            return;
        }
        let kept = self.list.len();
        let is_first = *count == 1;
        if is_first {
            *first = Some(kept);
        }
        self.push(diagnostic);
        if is_first && self.list.len() == kept {
            self.repeated.insert(topic.to_owned(), (1, None));
        }
    }

    /// Something that Kea does and Fosix does not: a warning, or an error where everything must be honoured.
    pub(crate) fn unsupported(&mut self, topic: &str, mut diagnostic: Diagnostic) {
        if self.strict {
            diagnostic.severity = Severity::Error;
        }
        self.push_repeated(topic, diagnostic);
    }

    /// Whether further findings of this severity are only counted: what only helps a reader need not be looked for.
    pub(crate) fn is_full(&self, severity: Severity) -> bool {
        self.counts.get(severity as usize).is_some_and(|&count| count >= Self::LIMIT)
    }

    pub(crate) fn errors(&self) -> usize {
        self.counts.first().copied().unwrap_or(0)
    }

    /// The findings in the order of their places, each with its path in the trees.
    pub(crate) fn finish(mut self, sources: Sources, roots: &[Node]) -> Diagnostics {
        for (count, first) in self.repeated.values() {
            let more = count.saturating_sub(Self::REPEATS);
            if let (true, Some(diagnostic)) = (more > 0, first.and_then(|at| self.list.get_mut(at))) {
                let note = format!("the same holds at {more} more places that are not shown");
                diagnostic.help = Some(match diagnostic.help.take() {
                    Some(help) => format!("{help}; {note}"),
                    None => note,
                });
            }
        }
        self.list.sort_by_key(|diagnostic| (diagnostic.primary, diagnostic.severity));
        crate::path::fill_in(&mut self.list, roots);
        Diagnostics { list: self.list, sources, counts: self.counts }
    }
}

/// A text from a file as part of a message: its beginning, where it is long, and with a code in place of each character
/// that cannot be seen.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    const MAX_CHARACTERS: usize = 60;
    let end = text.char_indices().nth(MAX_CHARACTERS).map(|(end, _)| end);
    let unseen = |character: char| character.is_control() || (character.is_whitespace() && character != ' ');
    let start = end.and_then(|end| text.get(..end)).unwrap_or(text);
    if end.is_none() && !start.contains(unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(start.len());
    for character in start.chars() {
        if unseen(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if end.is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let mut sources = Sources::default();
        let file = sources.add("t".into(), PathBuf::new(), "text".into(), None);
        let mut report = Report::new(false);
        for _ in 0..Report::LIMIT + 5 {
            report.push(Diagnostic::error(Span::new(file, 0, 1), "wrong"));
        }
        for _ in 0..15 {
            report
                .unsupported("key", Diagnostic::warning(Span::new(file, 1, 2), "ignored").help("remove it"));
        }
        let diagnostics = report.finish(sources, &[]);
        assert_eq!(diagnostics.count(Severity::Error), Report::LIMIT + 5);
        assert_eq!(diagnostics.count(Severity::Warning), 15);
        assert_eq!(diagnostics.iter().count(), Report::LIMIT + Report::REPEATS);
        let help = diagnostics.iter().find_map(|diagnostic| diagnostic.help.as_deref()).unwrap();
        assert_eq!(help, "remove it; the same holds at 5 more places that are not shown");
    }

    #[test]
    fn texts_in_messages_are_short_and_can_be_seen() {
        assert_eq!(shorten("a b"), "a b");
        assert_eq!(shorten("a\u{a0}\tb"), "a\\u{a0}\\u{9}b");
        assert_eq!(shorten(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
    }

    #[test]
    fn strict_makes_an_error_of_what_is_not_supported() {
        let mut sources = Sources::default();
        let file = sources.add("t".into(), PathBuf::new(), "text".into(), None);
        let mut report = Report::new(true);
        report.unsupported("key", Diagnostic::warning(Span::new(file, 1, 2), "ignored"));
        assert!(report.finish(sources, &[]).has_errors());
    }
}
