//! Loading: from the paths of files to one configuration, and everything that was found on the way.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics, Report};
use crate::files::{Disk, Files, Memory};
use crate::keys;
use crate::model::{Config, Limits};
use crate::read::{self, Object};
use crate::source::Sources;
use crate::syntax::{self, Member, Node, Opener, Value};

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
    let config = interpret(&roots, &mut report);
    let config = (report.errors() == 0).then_some(config);
    Loaded { config, diagnostics: report.finish(sources, &roots) }
}

/// The configuration that the trees of all files give together.
fn interpret(roots: &[Node], report: &mut Report) -> Config {
    for root in roots {
        if !matches!(root.value, Value::Map { .. } | Value::Damaged) {
            let found = root.value.describe();
            report.push(
                Diagnostic::error(
                    root.span.head_if_large(),
                    format!("a configuration is a map, not {found}"),
                )
                .help("the smallest one is { \"Dhcp4\": {} }"),
            );
        }
        keys::check(root, &keys::ROOT, report);
    }
    let dhcp6_object = the_one("Dhcp6", roots, report);
    let dhcp4_object = the_one("Dhcp4", roots, report);
    let fosix_object = the_one("Fosix", roots, report);
    let mut dhcp6 = dhcp6_object.as_ref().map(|object| read::dhcp6(object, report));
    let mut dhcp4 = dhcp4_object.as_ref().map(|object| read::dhcp4(object, report));
    let Limits { client, interface_id, remote_id, .. } = read::limits_of_each(fosix_object.as_ref(), report);
    let of_halves = dhcp6.iter_mut().map(|half| &mut half.rules.limits);
    for limits in of_halves.chain(dhcp4.iter_mut().map(|half| &mut half.rules.limits)) {
        (limits.client, limits.interface_id, limits.remote_id) = (client, interface_id, remote_id);
    }
    let level = read::level_of_loggers(dhcp6_object.into_iter().chain(dhcp4_object));
    let fosix = read::settings(fosix_object.as_ref(), level, report);
    if let (Some(dhcp6), Some(dhcp4)) = (&dhcp6_object, &dhcp4_object) {
        read::check_halves(dhcp6, dhcp4, fosix_object.as_ref(), report);
    }
    if let (Some(dhcp6), Some(dhcp4), Some(at)) = (&dhcp6, &dhcp4, &dhcp6_object) {
        read::check_servers_are_told(dhcp6, dhcp4, at, report);
    }
    if dhcp6.is_none() && dhcp4.is_none() && report.errors() == 0 {
        let at = roots.first().map(|root| root.span.head());
        let told = match at {
            Some(at) => Diagnostic::error(at, "there is nothing to serve"),
            None => Diagnostic::elsewhere("there is nothing to serve"),
        };
        report.push(told.help("a configuration has a `Dhcp6` object, a `Dhcp4` object, or both"));
    }
    Config { dhcp6, dhcp4, fosix }
}

/// The object of this name among all files; a second one is reported.
fn the_one<'t>(key: &str, roots: &'t [Node], report: &mut Report) -> Option<Object<'t>> {
    let mut found: Option<&Member> = None;
    for member in roots.iter().filter_map(Object::new).filter_map(|root| root.member(key)) {
        match found {
            Some(first) => report.push(
                Diagnostic::error(member.key_span, format!("a second file has \"{key}\""))
                    .also(first.key_span, "the first one")
                    .help("give each object in one file only; others can be included"),
            ),
            None => found = Some(member),
        }
    }
    found.and_then(|member| Object::new(&member.node))
}
