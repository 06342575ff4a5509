//! Paths such as `Dhcp4.subnet4[3].pools[0]` for findings: looked up once, when all findings are known.

use std::fmt::Write as _;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::{Member, Node, Value};

/// Gives each finding the path of the innermost value or key that its primary mark begins in.
pub(crate) fn fill_in(diagnostics: &mut [Diagnostic], roots: &[Node]) {
    let mut wanted: Vec<(FileId, u32, usize)> = diagnostics
        .iter()
        .enumerate()
        .filter_map(|(index, diagnostic)| diagnostic.primary.map(|span| (span.file, span.start, index)))
        .collect();
    wanted.sort_unstable();
    let mut search = Search { wanted, diagnostics, steps: Vec::new() };
    for root in roots {
        search.node(root);
    }
}

enum Step<'t> {
    Key(&'t str),
    Index(usize),
}

struct Search<'d, 't> {
    /// The places that are looked for, in order, each with its finding.
    wanted: Vec<(FileId, u32, usize)>,
    diagnostics: &'d mut [Diagnostic],
    steps: Vec<Step<'t>>,
}

impl<'t> Search<'_, 't> {
    fn node(&mut self, node: &'t Node) {
        self.claim(node.span);
        match &node.value {
            Value::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.steps.push(Step::Index(index));
                    self.node(element);
                    self.steps.pop();
                }
            }
            Value::Map { members, .. } => {
                for Member { key, key_span, node } in members {
                    self.steps.push(Step::Key(key));
                    self.claim(*key_span);
                    self.node(node);
                    self.steps.pop();
                }
            }
            _ => {}
        }
    }

    /// Gives the present path to the findings within `span`. Inner values come later and so have the last word.
    fn claim(&mut self, span: Span) {
        let from = self.wanted.partition_point(|&(file, start, _)| (file, start) < (span.file, span.start));
        let within = self.wanted.get(from..).unwrap_or(&[]).iter();
        let within = within.take_while(|&&(file, start, _)| file == span.file && start < span.end);
        let found: Vec<usize> = within.map(|&(_, _, index)| index).collect();
        if found.is_empty() || self.steps.is_empty() {
            return;
        }
        let path = self.path();
        for index in found {
            if let Some(diagnostic) = self.diagnostics.get_mut(index) {
                diagnostic.path.clone_from(&path);
            }
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                // Writing to a String cannot fail.
                Step::Index(index) => drop(write!(path, "[{index}]")),
            }
        }
        path
    }
}
