//! What the RFCs ask of a DHCPv6 server, sentence by sentence: docs/conformance.md names the test of each.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod assignment;
mod end;
mod extension;
mod information;
mod options;
mod prefixes;
mod registration;
mod relays;
mod table;
mod validation;
#[path = "../world/mod.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod world;
