//! Any frame of our own link.

#![no_main]

#[path = "../../crates/link/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::link_frame(data));
