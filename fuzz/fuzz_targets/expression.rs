//! Any text as an expression, over any octets as a message.

#![no_main]

#[path = "../../crates/expression/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::run(data));
