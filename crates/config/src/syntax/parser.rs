//! From tokens to a tree. After an error the parser goes on at the next comma or bracket, so that one run shows all.

use std::collections::HashMap;

use super::include::Opener;
use super::lexer::{Lexer, Token};
use super::tree::{Member, Node, Value};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::source::{FileId, Sources, Span};

/// How deep lists and maps may be nested. Kea's deepest object has 9 levels; a user context may have more.
const MAX_DEPTH: usize = 64;

/// Parses a file that is open already. What cannot be read is reported, and stands in the tree as damaged.
pub(crate) fn parse(
    sources: &mut Sources,
    opener: &mut Opener<'_>,
    file: FileId,
    report: &mut Report,
) -> Node {
    let mut parser = Parser { lexer: Lexer::new(sources, opener, file), report, ahead: None };
    let (token, span) = parser.peek();
    if matches!(token, Token::End) {
        let empty = Diagnostic::error(span, "the file is empty");
        parser.report.push(empty.help("the smallest configuration is { \"Dhcp4\": {} }"));
        return Node { span, value: Value::Damaged };
    }
    let node = parser.value(0);
    let (token, span) = parser.take();
    if !matches!(token, Token::End) {
        let rest =
            Diagnostic::error(span, format!("{} behind the end of the configuration", token.describe()));
        parser.report.push(
            rest.also(
                node.span.head(),
                "the configuration begins here, and ends with the bracket that matches",
            )
            .help("remove what follows, or the bracket that closes too early"),
        );
    }
    node
}

struct Parser<'a, 'f> {
    lexer: Lexer<'a, 'f>,
    report: &'a mut Report,
    ahead: Option<(Token, Span)>,
}

/// What stands between the elements of a list or a map.
enum Separator {
    /// A comma, or an error after which the next element follows.
    Next,
    /// The closing bracket, or the end of the file.
    Closed(Span),
}

impl Parser<'_, '_> {
    fn peek(&mut self) -> (&Token, Span) {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next(self.report));
        }
        match &self.ahead {
            Some((token, span)) => (token, *span),
            None => (&Token::End, Span::default()),
        }
    }

    fn take(&mut self) -> (Token, Span) {
        match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.lexer.next(self.report),
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        let (token, span) = self.peek();
        // What may close or separate the surroundings is left to them.
        if matches!(token, Token::Comma | Token::Colon | Token::RightBrace | Token::RightBracket | Token::End)
        {
            let found = token.describe();
            self.report.push(
                Diagnostic::error(span, format!("expected a value, found {found}"))
                    .help("a value is a text, a number, true, false, null, a list in [ ] or a map in { }"),
            );
            return Node { span, value: Value::Damaged };
        }
        let (token, span) = self.take();
        let value = match token {
            Token::LeftBrace if depth < MAX_DEPTH => return self.map(span, depth),
            Token::LeftBracket if depth < MAX_DEPTH => return self.list(span, depth),
            Token::LeftBrace | Token::LeftBracket => {
                let deep =
                    Diagnostic::error(span, format!("lists and maps are nested more than {MAX_DEPTH} deep"));
                self.report
                    .push(deep.help("no configuration needs that; look for a bracket that is missing"));
                self.skip_to_separator(1);
                Value::Damaged
            }
            Token::Text(bytes) => Value::Text(bytes),
            Token::Integer(value) => Value::Integer(value),
            Token::Number(value) => Value::Number(value),
            Token::Boolean(value) => Value::Boolean(value),
            Token::Null => Value::Null,
            Token::Word(word) => {
                let help = match word.to_ascii_lowercase().as_str() {
                    known @ ("true" | "false" | "null") => format!("write {known} in lower case"),
                    "yes" | "on" => "write true".to_owned(),
                    "no" | "off" => "write false".to_owned(),
                    _ => "a text stands between double quotes".to_owned(),
                };
                let unknown =
                    Diagnostic::error(span, format!("expected a value, found `{}`", shorten(&word)));
                self.report.push(unknown.help(help));
                Value::Damaged
            }
            _ => Value::Damaged,
        };
        Node { span, value }
    }

    fn list(&mut self, open: Span, depth: usize) -> Node {
        let mut elements = Vec::new();
        let mut comma = None;
        loop {
            if let Some(close) = self.closing(&Token::RightBracket, open, comma) {
                return Node { span: open.to(close), value: Value::List(elements) };
            }
            let node = self.value(depth.saturating_add(1));
            let damaged = matches!(node.value, Value::Damaged);
            elements.push(node);
            match self.separator(&Token::RightBracket, open, damaged) {
                Separator::Next => comma = self.last_comma(),
                Separator::Closed(close) => {
                    return Node { span: open.to(close), value: Value::List(elements) };
                }
            }
        }
    }

    fn map(&mut self, open: Span, depth: usize) -> Node {
        let mut members = Vec::new();
        let errors = self.report.errors();
        let mut comma = None;
        let close = loop {
            if let Some(close) = self.closing(&Token::RightBrace, open, comma) {
                break close;
            }
            let member = self.member(depth);
            let damaged = member.as_ref().is_none_or(|member| matches!(member.node.value, Value::Damaged));
            members.extend(member);
            match self.separator(&Token::RightBrace, open, damaged) {
                Separator::Next => comma = self.last_comma(),
                Separator::Closed(close) => break close,
            }
        };
        let damaged = self.report.errors() > errors;
        self.remove_duplicates(&mut members);
        Node { span: open.to(close), value: Value::Map { members, damaged } }
    }

    /// A key, a colon and a value; `None` when there is no key.
    fn member(&mut self, depth: usize) -> Option<Member> {
        let (token, key_span) = self.take();
        let key = match token {
            Token::Text(bytes) => String::from_utf8(bytes.into_vec()).unwrap_or_else(|error| {
                self.report.push(
                    Diagnostic::error(key_span, "this key is not UTF-8 text").help("no key needs escapes"),
                );
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }),
            Token::Word(word) => {
                let bare = Diagnostic::error(
                    key_span,
                    format!("the key {} does not stand between quotes", shorten(&word)),
                );
                self.report.push(bare.help(format!("write \"{}\"", shorten(&word))));
                word.into_string()
            }
            Token::Damaged => {
                self.skip_to_separator(0);
                return None;
            }
            other => {
                let found = other.describe();
                self.report.push(
                    Diagnostic::error(key_span, format!("expected a key, found {found}"))
                        .help("a map holds members such as \"key\": value"),
                );
                let nested = usize::from(matches!(other, Token::LeftBrace | Token::LeftBracket));
                self.skip_to_separator(nested);
                return None;
            }
        };
        let (token, span) = self.peek();
        if matches!(token, Token::Colon) {
            self.take();
        } else {
            let found = token.describe();
            let separates =
                matches!(token, Token::Comma | Token::RightBrace | Token::RightBracket | Token::End);
            self.report.push(
                Diagnostic::error(
                    span,
                    format!("expected `:` and a value behind \"{}\", found {found}", shorten(&key)),
                )
                .also(key_span, "this key has no value"),
            );
            if separates {
                return Some(Member {
                    key: key.into(),
                    key_span,
                    node: Node { span, value: Value::Damaged },
                });
            }
        }
        let node = self.value(depth.saturating_add(1));
        let (token, span) = self.peek();
        if matches!(token, Token::RightBracket) && span == node.span {
            // `"key": ]`: the bracket stands where the value should, rather than that the map's own is missing.
            self.take();
        }
        Some(Member { key: key.into(), key_span, node })
    }

    /// Whether the list or map that `open` began ends here; `comma` is the one that stands before.
    fn closing(&mut self, closer: &Token, open: Span, comma: Option<Span>) -> Option<Span> {
        loop {
            let (token, span) = self.peek();
            if same(token, closer) {
                self.take();
                if let Some(comma) = comma {
                    self.report.push(
                        Diagnostic::warning(comma, "a comma with nothing behind it")
                            .help("remove it, or write what was left out"),
                    );
                }
                return Some(span);
            }
            match token {
                Token::End => {
                    self.unclosed(closer, open, span);
                    return Some(span);
                }
                Token::RightBrace | Token::RightBracket => {
                    self.unclosed(closer, open, span);
                    // The other kind of bracket closes what is around this one.
                    return Some(span);
                }
                Token::Comma => {
                    self.take();
                    self.report.push(
                        Diagnostic::error(span, "a comma with nothing before it")
                            .help("remove it, or write what was left out"),
                    );
                }
                _ => return None,
            }
        }
    }

    /// What follows an element. After a damaged one everything up to the next separator is skipped.
    fn separator(&mut self, closer: &Token, open: Span, damaged: bool) -> Separator {
        if damaged {
            self.skip_to_separator(0);
        }
        let (token, span) = self.peek();
        if same(token, closer) {
            self.take();
            return Separator::Closed(span);
        }
        match token {
            Token::Comma => Separator::Next,
            Token::End | Token::RightBrace | Token::RightBracket => {
                self.unclosed(closer, open, span);
                Separator::Closed(span)
            }
            Token::Text(_) | Token::LeftBrace | Token::LeftBracket | Token::Word(_) => {
                let found = token.describe();
                self.report.push(
                    Diagnostic::error(span, format!("expected `,` or {}, found {found}", closer.describe()))
                        .help("a comma is missing before it"),
                );
                // The element begins here: it is read as if the comma were there.
                Separator::Next
            }
            _ => {
                let found = token.describe();
                self.report.push(Diagnostic::error(
                    span,
                    format!("expected `,` or {}, found {found}", closer.describe()),
                ));
                self.take();
                self.skip_to_separator(0);
                self.separator_after_error(closer, open)
            }
        }
    }

    fn separator_after_error(&mut self, closer: &Token, open: Span) -> Separator {
        let (token, span) = self.peek();
        if same(token, closer) {
            self.take();
            return Separator::Closed(span);
        }
        if matches!(token, Token::Comma) {
            return Separator::Next;
        }
        self.unclosed(closer, open, span);
        Separator::Closed(span)
    }

    /// Takes the comma that a separator left, if it left one.
    fn last_comma(&mut self) -> Option<Span> {
        let (token, span) = self.peek();
        if matches!(token, Token::Comma) {
            self.take();
            return Some(span);
        }
        None
    }

    fn unclosed(&mut self, closer: &Token, open: Span, here: Span) {
        let closer = closer.describe();
        let (token, _) = self.peek();
        let found = token.describe();
        self.report.push(
            Diagnostic::error(here, format!("expected {closer}, found {found}"))
                .also(open, format!("this is not closed before; its {closer} is missing")),
        );
    }

    /// Skips to the next comma or closing bracket that belongs to the surroundings, from `nested` brackets inside them.
    fn skip_to_separator(&mut self, mut nested: usize) {
        loop {
            let (token, _) = self.peek();
            match token {
                Token::End => return,
                Token::LeftBrace | Token::LeftBracket => nested = nested.saturating_add(1),
                Token::RightBrace | Token::RightBracket | Token::Comma if nested == 0 => return,
                Token::RightBrace | Token::RightBracket => nested = nested.saturating_sub(1),
                _ => {}
            }
            self.take();
        }
    }

    /// Reports keys that a map has twice, and keeps the first of each.
    fn remove_duplicates(&mut self, members: &mut Vec<Member>) {
        // Most maps are small, and comparing all their keys is then quicker than hashing them.
        let few = members.len() <= 8;
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut duplicate = vec![false; members.len()];
        for ((index, member), duplicate) in members.iter().enumerate().zip(&mut duplicate) {
            let first = if few {
                let before = members.get(..index).unwrap_or(&[]);
                before.iter().find(|other| other.key == member.key).map(|other| other.key_span)
            } else {
                let first = seen.get(&*member.key).copied();
                seen.entry(&member.key).or_insert(member.key_span);
                first
            };
            if let Some(first) = first {
                self.report.push(
                    Diagnostic::error(
                        member.key_span,
                        format!("\"{}\" is given twice in one map", shorten(&member.key)),
                    )
                    .label("the second one")
                    .also(first, "the first one")
                    .help("remove one of them"),
                );
                *duplicate = true;
            }
        }
        drop(seen);
        let mut duplicate = duplicate.into_iter();
        members.retain(|_| !duplicate.next().unwrap_or(false));
    }
}

fn same(token: &Token, closer: &Token) -> bool {
    matches!(
        (token, closer),
        (Token::RightBrace, Token::RightBrace) | (Token::RightBracket, Token::RightBracket)
    )
}
