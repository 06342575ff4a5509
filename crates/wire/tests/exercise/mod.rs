//! What the fuzz targets run and the corpus test replays: every accessor of every view, and what must hold of it.
//!
//! Each module has one `run`, which takes any octets and fails an assertion when an invariant does not hold. The
//! targets in `fuzz/` include this file by its path.

#![allow(dead_code, unreachable_pub, reason = "each program that includes this file uses a part of it")]

pub mod name;
pub mod s46;
pub mod text;
pub mod v4_message;
pub mod v4_options;
pub mod v6_options;
pub mod v6_packet;

use std::fmt::{self, Write as _};

/// A function of this module, by the name of its fuzz target.
pub type Target = (&'static str, fn(&[u8]));

/// All of them; each has a corpus in `fuzz/corpus/`.
pub const TARGETS: &[Target] = &[
    ("name", name::run),
    ("s46", s46::run),
    ("text", text::run),
    ("v4_message", v4_message::run),
    ("v4_options", v4_options::run),
    ("v6_options", v6_options::run),
    ("v6_packet", v6_packet::run),
];

/// Runs the target of that name.
pub fn run(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    assert!(found.is_some(), "no target {target}");
    if let Some((_, run)) = found {
        run(data);
    }
}

/// Runs every target over the same octets.
pub fn run_all(data: &[u8]) {
    for (_, run) in TARGETS {
        run(data);
    }
}

/// Formats `value` as `Display` does, without keeping the text.
pub fn show(value: impl fmt::Display) {
    struct Sink(usize);
    impl fmt::Write for Sink {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.wrapping_add(text.len());
            Ok(())
        }
    }
    let mut sink = Sink(0);
    assert!(write!(sink, "{value}").is_ok());
    std::hint::black_box(sink.0);
}

/// Looks at every item.
pub fn drain<T>(items: impl IntoIterator<Item = T>) {
    for item in items {
        std::hint::black_box(item);
    }
}

/// The value; an error is formatted as it would be logged.
pub fn shown<T>(result: Result<T, fosix_wire::Error>) -> Option<T> {
    result.inspect_err(|error| show(error)).ok()
}
