//! Loading: from the paths of files to one configuration, and everything that was found on the way.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Report};
use crate::files::{Disk, Files, Memory};
use crate::model::Config;
use crate::source::Sources;
use crate::syntax::{self, Opener};

/// How to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadOptions {
    /// Whether something that Kea does and Fosix does not is an error even where it could be left out.
    pub strict: bool,
}

/// The outcome of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; `None` when there is any error.
    pub config: Option<Config>,
    /// What was found, with the texts to show it in.
    pub diagnostics: Diagnostics,
}

/// Reads files that together hold at most one `Dhcp4`, one `Dhcp6` and one `Fosix` object. Never panics, whatever they
/// contain; every problem is among the diagnostics.
pub fn load(paths: &[PathBuf], options: LoadOptions) -> Loaded {
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    load_with(&Disk, &paths, options)
}

/// Reads one text, which can include nothing; `name` stands for it in messages.
pub fn load_text(name: &str, text: &str) -> Loaded {
    load_memory(&[(name, text.as_bytes())], &[name], LoadOptions::default())
}

/// Reads files that exist in memory alone: `given` are the names among `files` that a caller of [`load`] would give,
/// the others can be included.
pub fn load_memory(files: &[(&str, &[u8])], given: &[&str], options: LoadOptions) -> Loaded {
    let given: Vec<&Path> = given.iter().map(Path::new).collect();
    load_with(&Memory(files), &given, options)
}

fn load_with(files: &dyn Files, paths: &[&Path], options: LoadOptions) -> Loaded {
    let mut sources = Sources::default();
    let mut report = Report::new(options.strict);
    let mut roots = Vec::new();
    let mut opener = Opener::new(files);
    for path in paths {
        match opener.open(&mut sources, path) {
            Ok(file) => roots.push(syntax::parse(&mut sources, &mut opener, file, &mut report)),
            Err(diagnostic) => report.push(*diagnostic),
        }
    }
    Loaded { config: None, diagnostics: report.finish(sources) }
}
