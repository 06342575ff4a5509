//! Any content in the files of a store.

#![no_main]

#[path = "../../crates/lease/tests/exercise_store/mod.rs"]
mod exercise_store;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise_store::run(data));
