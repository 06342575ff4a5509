//! Any datagram at the DHCPv4 half's port of Kea's link.

#![no_main]

#[path = "../../crates/link/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::kea_query(data));
