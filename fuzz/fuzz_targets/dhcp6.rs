//! Any sequence of datagrams at the whole DHCPv6 half.

#![no_main]

#[path = "../../crates/dhcp6/tests/exercise/mod.rs"]
mod exercise;
#[path = "../../crates/dhcp6/tests/world/mod.rs"]
#[allow(dead_code)]
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    const MILLION: usize = 1_000_000;
    static SERVED: AtomicUsize = AtomicUsize::new(0);
    let served = exercise::run(data);
    let before = SERVED.fetch_add(served, Ordering::Relaxed);
    // An execution is a whole conversation: how many datagrams that makes is told now and then.
    if before / MILLION < (before + served) / MILLION {
        eprintln!("{} million datagrams", (before + served) / MILLION);
    }
});
