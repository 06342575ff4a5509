//! Kea's configuration files, and what Fosix adds, to one validated configuration.

mod model;

pub use model::*;
