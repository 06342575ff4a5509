//! Bytes to messages and back: DHCPv6, DHCPv4, the DHCPv4-over-DHCPv6 messages and the softwire options.
//!
//! Decoding borrows: a view is a checked slice of the received datagram, made by one `new_checked` that
//! verifies every length. After that no accessor can panic, and nothing on the way allocates. Writers append
//! to a buffer that the caller lends and keeps, so that in the steady state writing does not allocate either.
//!
//! There is no I/O here, no clock and no randomness.

pub mod definition;
pub mod error;
pub mod name;
mod octets;
pub mod softwire;
pub mod text;
pub mod v4;
pub mod v6;

pub use error::Error;
