//! The link between the DHCPv6 half and the DHCPv4 half.
//!
//! What crosses it is a whole DHCPv6 message each way, relay levels included, together with where the query came
//! from. Nothing is remembered between the two, so that either half can start anew at any time.

mod direct;

pub use direct::exchange;
