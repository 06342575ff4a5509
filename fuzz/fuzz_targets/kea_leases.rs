//! Any bytes as lease files of Kea's, of both families.

#![no_main]

#[path = "../../crates/lease/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::run(data));
