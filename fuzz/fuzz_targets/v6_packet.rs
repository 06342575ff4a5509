//! Any datagram through every view of a DHCPv6 packet.

#![no_main]

#[path = "../../crates/wire/tests/exercise/mod.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::v6_packet::run(data));
