//! Any octets through every view of a DHCPv4 message, and written again.

#![no_main]

#[path = "../../crates/wire/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::v4_message::run(data));
