//! `<?include "file"?>`: finding the file, and the bounds that keep includes from going on for ever.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::source::{FileId, Sources, Span, clamp};

/// How deep includes may be nested: as in Kea.
const MAX_DEPTH: usize = 10;
/// How many files may be opened in one load, each inclusion counted.
const MAX_FILES: usize = 10_000;
/// How many bytes all of them may have together; offsets into a single one fit `u32` many times over.
const MAX_BYTES: u64 = 1 << 30;

/// Opens files for one load, within its bounds.
pub(crate) struct Opener<'a> {
    files: &'a dyn Files,
    bytes: u64,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self { files, bytes: 0 }
    }

    /// Opens a file that was named by the caller of the load.
    pub(crate) fn open(&mut self, sources: &mut Sources, path: &Path) -> Result<FileId, Box<Diagnostic>> {
        self.add(sources, path, None).map_err(|problem| match problem {
            Problem::Unreadable(why) => {
                Box::new(Diagnostic::elsewhere(format!("cannot read {}: {why}", path.display())))
            }
            Problem::NotUtf8(span) => not_utf8(span),
        })
    }

    /// Opens what the directive at `at` names, while `open` (innermost last) is being read.
    pub(super) fn include(
        &mut self,
        sources: &mut Sources,
        at: Span,
        path: Result<&str, &'static str>,
        open: &[FileId],
    ) -> Result<(FileId, Arc<str>), Box<Diagnostic>> {
        let error = |message: String, help: &str| Err(Box::new(Diagnostic::error(at, message).help(help)));
        let path = match path {
            Ok(path) => path,
            Err(why) => return error(why.to_owned(), "an include is written <?include \"file\"?>"),
        };
        if open.len() > MAX_DEPTH {
            return error(
                format!("includes are nested more than {MAX_DEPTH} deep"),
                "include the file from one of the outer files instead",
            );
        }
        if sources.len() >= MAX_FILES {
            return error(format!("more than {MAX_FILES} files are included"), "join some of them");
        }
        let found = self.find(sources, open.last().copied(), path);
        let identity = self.files.identity(&found);
        let opened = |file: &FileId| sources.get(*file).is_some_and(|source| source.identity == identity);
        if let Some(file) = open.iter().copied().find(opened) {
            let name = sources.get(file).map_or("", |source| &source.name);
            return error(
                format!("{name} includes itself"),
                "remove the include, or the one that leads back to it",
            );
        }
        match self.add(sources, &found, Some(at)) {
            Ok(file) => {
                let text = sources.get(file).map(|source| Arc::clone(&source.text)).unwrap_or_default();
                Ok((file, text))
            }
            Err(Problem::Unreadable(why)) => error(
                format!("cannot read {}: {why}", found.display()),
                "a path is taken from the folder of the file that includes it, then from the working directory",
            ),
            Err(Problem::NotUtf8(span)) => Err(not_utf8(span)),
        }
    }

    /// Beside the including file; else, as Kea does, from the working directory.
    fn find(&self, sources: &Sources, from: Option<FileId>, path: &str) -> PathBuf {
        let folder = from.and_then(|file| sources.get(file)).and_then(|source| source.path.parent());
        let beside = folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path));
        let as_given = PathBuf::from(path);
        if !self.files.exists(&beside) && self.files.exists(&as_given) { as_given } else { beside }
    }

    fn add(&mut self, sources: &mut Sources, path: &Path, from: Option<Span>) -> Result<FileId, Problem> {
        let bytes = self.files.read(path, from.is_some()).map_err(Problem::Unreadable)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > MAX_BYTES {
            let limit = MAX_BYTES >> 20;
            return Err(Problem::Unreadable(format!("all files together have more than {limit} MiB")));
        }
        let identity = self.files.identity(path);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(sources.add(path.to_owned(), identity, text.into(), from)),
            Err(error) => {
                let at = clamp(error.utf8_error().valid_up_to());
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = sources.add(path.to_owned(), identity, text.into(), from);
                // The replacement character there has three bytes.
                Err(Problem::NotUtf8(Span::new(file, at, at.saturating_add(3))))
            }
        }
    }
}

enum Problem {
    Unreadable(String),
    NotUtf8(Span),
}

fn not_utf8(at: Span) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(at, "the file is not UTF-8 text")
            .label("this byte does not belong in UTF-8")
            .help("save the file as UTF-8; a single byte above 7f in a text is written \\u0080 to \\u00ff"),
    )
}

/// The directive at the start of `text`, which begins with `<?`: its length, and the path that it names.
pub(super) fn directive(text: &str) -> (usize, Result<&str, &'static str>) {
    let line = text.lines().next().unwrap_or("");
    let Some(end) = line.find("?>") else {
        return (line.len().max(2), Err("this directive has no end (?>) on its line"));
    };
    let len = end.saturating_add(2);
    let inner = line.get(2..end).unwrap_or("").trim();
    let Some(name) = inner.strip_prefix("include") else {
        return (len, Err("the only directive is include"));
    };
    let name = name.trim();
    // A path is taken as it stands: Kea knows no escapes here.
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some("") => (len, Err("the include names no file")),
        Some(path) if !path.contains('"') => (len, Ok(path)),
        _ => (len, Err("the file's name does not stand between double quotes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives() {
        assert_eq!(directive("<?include \"a.json\"?> rest"), (20, Ok("a.json")));
        assert_eq!(directive("<? include  \"a b\" ?>"), (20, Ok("a b")));
        assert!(directive("<?include a?>").1.is_err());
        assert!(directive("<?include \"\"?>").1.is_err());
        assert!(directive("<?import \"a\"?>").1.is_err());
        assert_eq!(directive("<?include \"a\"\n?>").0, 13);
        assert_eq!(directive("<?").0, 2);
    }
}
