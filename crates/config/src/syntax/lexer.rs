//! Tokens, over all files that include each other.

use std::sync::Arc;

use super::include::{self, Opener};
use super::number::{Number, number};
use super::string::{end_of_string, unescape};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::source::{FileId, Sources, Span, clamp};

/// A piece of syntax.
#[derive(Debug)]
pub(super) enum Token {
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Colon,
    Comma,
    Text(Box<[u8]>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Null,
    /// A word that is none of the above; not yet reported.
    Word(Box<str>),
    /// Something that cannot be read; it has been reported.
    Damaged,
    /// The end of everything.
    End,
}

impl Token {
    /// What it is, for a message: "`}`", "a text".
    pub(super) fn describe(&self) -> String {
        match self {
            Self::LeftBrace => "`{`".into(),
            Self::RightBrace => "`}`".into(),
            Self::LeftBracket => "`[`".into(),
            Self::RightBracket => "`]`".into(),
            Self::Colon => "`:`".into(),
            Self::Comma => "`,`".into(),
            Self::Text(_) => "a text".into(),
            Self::Integer(_) | Self::Number(_) => "a number".into(),
            Self::Boolean(_) => "a boolean".into(),
            Self::Null => "null".into(),
            Self::Word(word) => format!("`{}`", shorten(word)),
            Self::Damaged => "something that cannot be read".into(),
            Self::End => "the end of the file".into(),
        }
    }
}

/// A file that is being read.
struct Frame {
    file: FileId,
    text: Arc<str>,
    at: usize,
}

/// Gives the tokens of a file and of those that it includes, one after the other.
pub(super) struct Lexer<'a, 'f> {
    frames: Vec<Frame>,
    sources: &'a mut Sources,
    opener: &'a mut Opener<'f>,
}

impl<'a, 'f> Lexer<'a, 'f> {
    pub(super) fn new(sources: &'a mut Sources, opener: &'a mut Opener<'f>, file: FileId) -> Self {
        let text = sources.get(file).map(|source| Arc::clone(&source.text)).unwrap_or_default();
        // A byte order mark says nothing about UTF-8, and editors put it there unasked.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { frames: vec![Frame { file, text, at }], sources, opener }
    }

    /// The next token; after the end, [`Token::End`] for ever.
    pub(super) fn next(&mut self, report: &mut Report) -> (Token, Span) {
        loop {
            let Some(frame) = self.frames.last_mut() else { return self.end() };
            let (file, start) = (frame.file, frame.at);
            let rest = frame.text.get(start..).unwrap_or("");
            let span = |len: usize| Span::new(file, clamp(start), clamp(start.saturating_add(len)));
            let Some(first) = rest.bytes().next() else {
                if self.frames.len() == 1 {
                    return (Token::End, span(0));
                }
                self.frames.pop();
                continue;
            };
            let (token, len) = match first {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    frame.at = start
                        .saturating_add(rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len());
                    continue;
                }
                b'#' | b'/' if first == b'#' || rest.starts_with("//") => {
                    frame.at = start.saturating_add(line_len(rest));
                    continue;
                }
                b'/' if rest.starts_with("/*") => {
                    let end = rest.get(2..).and_then(|comment| comment.find("*/"));
                    if end.is_none() {
                        report.push(
                            Diagnostic::error(span(2), "this comment has no end")
                                .label("begins here")
                                .help("close it with */"),
                        );
                    }
                    frame.at = start.saturating_add(end.map_or(rest.len(), |end| end.saturating_add(4)));
                    continue;
                }
                b'<' if rest.starts_with("<?") => {
                    let (len, path) = include::directive(rest);
                    let (at, path) = (span(len), path.map(str::to_owned));
                    frame.at = start.saturating_add(len);
                    self.include(at, path.as_deref().map_err(|why| *why), report);
                    continue;
                }
                b'{' => (Token::LeftBrace, 1),
                b'}' => (Token::RightBrace, 1),
                b'[' => (Token::LeftBracket, 1),
                b']' => (Token::RightBracket, 1),
                b':' => (Token::Colon, 1),
                b',' => (Token::Comma, 1),
                b'"' => text_token(rest, &span, start, file, report),
                _ => word_token(rest, &span, report),
            };
            frame.at = start.saturating_add(len);
            return (token, span(len));
        }
    }

    /// The place behind the last byte of the outermost file.
    fn end(&self) -> (Token, Span) {
        (Token::End, Span::new(self.frames.first().map_or_else(Default::default, |frame| frame.file), 0, 0))
    }

    /// Goes on with the file that a directive names.
    fn include(&mut self, at: Span, path: Result<&str, &'static str>, report: &mut Report) {
        let open: Vec<FileId> = self.frames.iter().map(|frame| frame.file).collect();
        match self.opener.include(self.sources, at, path, &open) {
            Ok((file, text)) => {
                let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
                self.frames.push(Frame { file, text, at: start });
            }
            Err(diagnostic) => report.push(*diagnostic),
        }
    }
}

fn line_len(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn text_token(
    rest: &str,
    span: &impl Fn(usize) -> Span,
    start: usize,
    file: FileId,
    report: &mut Report,
) -> (Token, usize) {
    let end = match end_of_string(rest) {
        Ok(end) => end,
        Err(end) => {
            let whole = rest.get(..end).unwrap_or("").trim_end();
            report.push(
                Diagnostic::error(span(1), "this text has no end")
                    .label("begins here")
                    .help("close it with \" on the same line; a line break within a text is written \\n"),
            );
            return (Token::Damaged, whole.len().max(1));
        }
    };
    let inner = rest.get(1..end.saturating_sub(1)).unwrap_or("");
    let (bytes, errors) = unescape(inner);
    if errors.is_empty() {
        return (Token::Text(bytes), end);
    }
    for error in errors {
        let offset = |at: usize| clamp(start.saturating_add(1).saturating_add(at));
        let at = Span::new(file, offset(error.start), offset(error.end));
        report.push(Diagnostic::error(at, error.message).help(error.help));
    }
    (Token::Damaged, end)
}

fn word_token(rest: &str, span: &impl Fn(usize) -> Span, report: &mut Report) -> (Token, usize) {
    let is_end = |character: char| {
        matches!(character, '{' | '}' | '[' | ']' | ':' | ',' | '"' | '#' | '/' | '<')
            || character.is_whitespace()
    };
    let first_len = rest.chars().next().map_or(1, char::len_utf8);
    let len = rest
        .char_indices()
        .skip(1)
        .find(|&(_, character)| is_end(character))
        .map_or(rest.len(), |(at, _)| at)
        .max(first_len);
    let word = rest.get(..len).unwrap_or("");
    let zeros = |report: &mut Report| {
        report.push(
            Diagnostic::warning(span(len), format!("{} has leading zeros", shorten(word)))
                .help("it is read as decimal"),
        );
    };
    let token = match word {
        "true" => Token::Boolean(true),
        "false" => Token::Boolean(false),
        "null" => Token::Null,
        _ if !word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) => {
            Token::Word(word.into())
        }
        _ => match number(word) {
            Number::Integer(value, leading) => {
                if leading {
                    zeros(report);
                }
                Token::Integer(value)
            }
            Number::Real(value, leading) => {
                if leading {
                    zeros(report);
                }
                Token::Number(value)
            }
            Number::TooLarge => {
                report.push(
                    Diagnostic::error(span(len), format!("{} is beyond what a number can be", shorten(word)))
                        .help("whole numbers go from -9223372036854775808 to 9223372036854775807"),
                );
                Token::Damaged
            }
            Number::Malformed => {
                report.push(
                    Diagnostic::error(span(len), format!("{} is not a number", shorten(word)))
                        .help("a text such as an address stands between double quotes"),
                );
                Token::Damaged
            }
        },
    };
    (token, len)
}
