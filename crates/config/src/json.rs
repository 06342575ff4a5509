//! Findings for programs: a list of JSON objects.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;

impl Diagnostics {
    /// A JSON list with an object for each finding: `severity`, `file`, `line`, `column` (both from 1; null where no
    /// place can be shown), `message`, `label`, `help`, `path` and, in `related`, the other places that belong to it.
    pub fn to_json(&self) -> String {
        let list: Vec<Value> = self.iter().map(|diagnostic| self.object(diagnostic)).collect();
        // Nothing in such a value can fail to be written.
        serde_json::to_string_pretty(&Value::Array(list)).unwrap_or_default()
    }

    fn object(&self, diagnostic: &Diagnostic) -> Value {
        let at = self.location(diagnostic);
        let related: Vec<Value> =
            diagnostic.secondary.iter().map(|(span, label)| self.related(*span, label)).collect();
        json!({
            "severity": diagnostic.severity.to_string(),
            "file": at.map(|at| at.file),
            "line": at.map(|at| at.line),
            "column": at.map(|at| at.column),
            "message": diagnostic.message,
            "label": diagnostic.label,
            "help": diagnostic.help,
            "path": diagnostic.path,
            "related": related,
        })
    }

    fn related(&self, span: Span, label: &str) -> Value {
        let at = self.sources.location(span);
        json!({ "file": at.file, "line": at.line, "column": at.column, "label": label })
    }
}
