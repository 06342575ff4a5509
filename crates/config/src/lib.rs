//! Kea's configuration files, and what Fosix adds, to one validated configuration.

mod diagnostic;
mod files;
mod json;
mod keys;
mod load;
mod model;
mod path;
mod read;
mod render;
mod source;
mod syntax;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use load::{LoadOptions, Loaded, load, load_memory, load_text};
pub use model::*;
pub use source::{Location, Span};
