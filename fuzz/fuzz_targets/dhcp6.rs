//! Any sequence of datagrams at the whole DHCPv6 half.

#![no_main]

#[path = "../../crates/dhcp6/tests/exercise/mod.rs"]
mod exercise;
#[path = "../../crates/dhcp6/tests/world/mod.rs"]
#[allow(dead_code)]
mod world;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::run(data));
