//! Findings for people: the message, the line with a mark under the place, and what to do.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Source, Sources, Span};

/// Marks that are at most this many lines apart are shown in one piece of the text.
const JOINED_LINES: usize = 8;
/// A line longer than this, in bytes, is shown only around its mark.
const LONG_LINE: usize = 4000;
/// How much of a long line is shown before and behind a mark, in bytes.
const CONTEXT: usize = 80;

impl Diagnostics {
    /// All findings, each with its place in the text, and a last line that counts them. With `colour` the text holds
    /// the escape sequences of terminals.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for diagnostic in self {
            text.push_str(&renderer.render(&[group(&self.sources, diagnostic)]));
            text.push_str("\n\n");
        }
        let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Notice]
            .into_iter()
            .map(|severity| (severity, self.count(severity)))
            .filter(|&(_, count)| count > 0)
            .map(|(severity, count)| format!("{count} {severity}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if !counts.is_empty() {
            text.push_str(&counts.join(", "));
            let total: usize =
                [Severity::Error, Severity::Warning, Severity::Notice].map(|s| self.count(s)).iter().sum();
            let hidden = total.saturating_sub(self.list.len());
            if hidden > 0 {
                // Writing to a String cannot fail.
                let _ = write!(text, " ({hidden} of them not shown)");
            }
            text.push('\n');
        }
        text
    }
}

fn group<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE.with_name(Some("notice")),
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    let first = diagnostic.primary.map(|span| Mark { span, label: &diagnostic.label, primary: true });
    let others = diagnostic.secondary.iter().map(|(span, label)| Mark { span: *span, label, primary: false });
    for piece in pieces(sources, first.into_iter().chain(others)) {
        group = piece.add_to(group, sources);
    }
    if let Some(from) =
        diagnostic.primary.and_then(|span| sources.get(span.file)).and_then(|file| file.included_from)
    {
        let from = sources.location(from);
        let text = format!("this file is included from {}:{}:{}", from.file, from.line, from.column);
        group = group.element(Level::NOTE.message(text));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// A place to mark.
struct Mark<'a> {
    span: Span,
    label: &'a str,
    primary: bool,
}

/// Marks that are shown in one piece of a text.
struct Piece<'a> {
    source: &'a Source,
    lines: Range<usize>,
    marks: Vec<Mark<'a>>,
}

/// Puts marks together that are near each other. The piece with the primary mark comes first.
fn pieces<'a>(sources: &'a Sources, marks: impl Iterator<Item = Mark<'a>>) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    for mark in marks {
        let Some(source) = sources.get(mark.span.file) else { continue };
        let line = source.line_of(mark.span.start);
        let near = pieces.iter_mut().find(|piece| {
            std::ptr::eq(piece.source, source)
                && line.saturating_add(JOINED_LINES) >= piece.lines.start
                && line <= piece.lines.end.saturating_add(JOINED_LINES)
        });
        if let Some(piece) = near {
            piece.lines = piece.lines.start.min(line)..piece.lines.end.max(line.saturating_add(1));
            piece.marks.push(mark);
        } else {
            pieces.push(Piece { source, lines: line..line.saturating_add(1), marks: vec![mark] });
        }
    }
    pieces
}

impl<'a> Piece<'a> {
    fn add_to(self, group: Group<'a>, sources: &'a Sources) -> Group<'a> {
        let (start, _) = self.source.line_range(self.lines.start);
        let (_, end) = self.source.line_range(self.lines.end.saturating_sub(1));
        let text = self.source.slice(start, end);
        if text.len() > LONG_LINE {
            return self.add_shortened(group, sources);
        }
        let mut snippet =
            Snippet::source(text).line_start(self.lines.start.saturating_add(1)).path(&self.source.name);
        for mark in &self.marks {
            snippet = snippet.annotation(annotation(mark, self.source, start, text));
        }
        group.element(snippet)
    }

    /// For a file that is one long line: the surroundings of each mark, with the place in the file told apart.
    fn add_shortened(self, mut group: Group<'a>, sources: &'a Sources) -> Group<'a> {
        for mark in &self.marks {
            let place = sources.location(mark.span);
            group = group
                .element(Origin::path(&self.source.name).line(place.line).char_column(place.column))
                .element(around(mark, self.source, place.line));
        }
        group
    }
}

fn around<'a>(mark: &Mark<'a>, source: &'a Source, line: usize) -> Element<'a> {
    let (line_start, line_end) = source.line_range(line.saturating_sub(1));
    let boundary = |mut at: usize| {
        while at < source.text.len() && !source.text.is_char_boundary(at) {
            at = at.saturating_add(1);
        }
        crate::source::clamp(at)
    };
    let start = boundary((mark.span.start as usize).saturating_sub(CONTEXT)).max(line_start);
    let end = boundary((mark.span.start as usize).saturating_add(2 * CONTEXT)).min(line_end);
    let text = source.slice(start, end.max(start));
    let annotation = annotation(mark, source, start, text);
    Snippet::source(text).line_start(line).annotation(annotation).into()
}

/// The annotation for a mark in `text`, which begins at byte `start` of its source. It ends with the mark's first line,
/// and covers whole characters.
fn annotation<'a>(
    mark: &Mark<'a>,
    source: &Source,
    start: u32,
    text: &str,
) -> annotate_snippets::Annotation<'a> {
    let (_, line_end) = source.line_range(source.line_of(mark.span.start));
    let offset = |at: u32| (at.saturating_sub(start) as usize).min(text.len());
    let mut from = offset(mark.span.start);
    let mut to = offset(mark.span.end.min(line_end)).max(from);
    while !text.is_char_boundary(from) {
        from = from.saturating_sub(1);
    }
    while !text.is_char_boundary(to) {
        to = to.saturating_add(1);
    }
    let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(from..to);
    if mark.label.is_empty() { annotation } else { annotation.label(mark.label) }
}
