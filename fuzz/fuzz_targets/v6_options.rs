//! Any octets through every view of a DHCPv6 option.

#![no_main]

#[path = "../../crates/wire/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::v6_options::run(data));
