//! Any bytes as configuration files, with one that includes another.

#![no_main]

#[path = "../../crates/config/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::run(data));
