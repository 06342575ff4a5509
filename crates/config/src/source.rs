//! The texts that were read, and places in them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Which of the texts, in the order in which they were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct FileId(u32);

/// A piece of one text, in bytes; `start <= end`, both within the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub(crate) file: FileId,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) const fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// From the beginning of this one to the end of `last`; this one alone when `last` is in another text, which an
    /// include between the two brings about.
    pub(crate) fn to(self, last: Self) -> Self {
        if self.file == last.file && last.end >= self.start { Self { end: last.end, ..self } } else { self }
    }

    /// A piece of the text that stands here between quotes and has `len` bytes; the whole of it where escapes are in the way.
    pub(crate) fn within_text(self, piece: std::ops::Range<usize>, len: usize) -> Self {
        if self.end.saturating_sub(self.start) != clamp(len).saturating_add(2) {
            return self;
        }
        let at = |offset: usize| self.start.saturating_add(1).saturating_add(clamp(offset)).min(self.end);
        Self { start: at(piece.start), end: at(piece.end.max(piece.start.saturating_add(1))), ..self }
    }

    /// Its first byte.
    pub(crate) fn head(self) -> Self {
        Self { end: self.end.min(self.start.saturating_add(1)), ..self }
    }

    /// Itself, or its first byte when it is longer than one would want to see marked.
    pub(crate) fn head_if_large(self) -> Self {
        if self.end.saturating_sub(self.start) > 80 { self.head() } else { self }
    }
}

/// Where something stands, as a person counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'a> {
    /// The file's name as it was given, or as the include directive led to it.
    pub file: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// One text.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name to show.
    pub(crate) name: String,
    /// What it says.
    pub(crate) text: Arc<str>,
    /// The path that it was opened by; includes begin to look beside it.
    pub(crate) path: PathBuf,
    /// The one path of the file among all that lead to it.
    pub(crate) identity: PathBuf,
    /// The directive that brought it in.
    pub(crate) included_from: Option<Span>,
    line_starts: OnceLock<Vec<u32>>,
}

impl Source {
    /// The number of the line, from 0, that holds the byte at `offset`.
    pub(crate) fn line_of(&self, offset: u32) -> usize {
        self.line_starts().partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a line, from 0, without its end.
    pub(crate) fn line_range(&self, line: usize) -> (u32, u32) {
        let starts = self.line_starts();
        let start = starts.get(line).copied().unwrap_or(0);
        let next = starts.get(line.saturating_add(1)).copied().unwrap_or_else(|| clamp(self.text.len()));
        let text = self.slice(start, next);
        (start, start.saturating_add(clamp(text.trim_end_matches(['\n', '\r']).len())))
    }

    /// A piece of the text; empty when the bounds are not within it or split a character.
    pub(crate) fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| clamp(at).saturating_add(1))).collect()
        })
    }
}

/// All texts of one load.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Takes in a text of less than 4 GiB (the caller's bound is far below).
    pub(crate) fn add(
        &mut self,
        path: PathBuf,
        identity: PathBuf,
        text: Arc<str>,
        included_from: Option<Span>,
    ) -> FileId {
        let id = FileId(clamp(self.list.len()));
        let name = path.display().to_string();
        self.list.push(Source { name, text, path, identity, included_from, line_starts: OnceLock::new() });
        id
    }

    pub(crate) fn get(&self, file: FileId) -> Option<&Source> {
        self.list.get(file.0 as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Where a span begins.
    pub(crate) fn location(&self, span: Span) -> Location<'_> {
        let Some(source) = self.get(span.file) else { return Location { file: "", line: 1, column: 1 } };
        let line = source.line_of(span.start);
        let (start, _) = source.line_range(line);
        let column = source.slice(start, span.start).chars().count().saturating_add(1);
        Location { file: &source.name, line: line.saturating_add(1), column }
    }
}

/// An offset or a count as `u32`; the bound on what is read keeps both far below the limit.
pub(crate) fn clamp(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_before_carriage_returns() {
        let mut sources = Sources::default();
        let text = "a\r\nüü x\n";
        let file = sources.add("t".into(), PathBuf::new(), text.into(), None);
        let x = clamp(text.find('x').unwrap());
        assert_eq!(sources.location(Span::new(file, x, x + 1)), Location { file: "t", line: 2, column: 4 });
        let source = sources.get(file).unwrap();
        assert_eq!(source.line_range(0), (0, 1));
        assert_eq!(source.line_range(2), (clamp(text.len()), clamp(text.len())));
        let end = clamp(text.len());
        assert_eq!(sources.location(Span::new(file, end, end)).line, 3);
    }
}
