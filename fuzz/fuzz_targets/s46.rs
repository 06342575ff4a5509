//! Any octets through port parameters, S46 options and containers.

#![no_main]

#[path = "../../crates/wire/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::s46::run(data));
