//! The DHCPv6 half: a message in, an answer out.
//!
//! It answers Information-request and tells clients where to send DHCPv4 (option 88), and it hands every
//! DHCPV4-QUERY over to the DHCPv4 half. What comes back is a whole DHCPV4-RESPONSE with its relay levels, and
//! [`Origin`] travels along with it; so nothing is remembered here between the two. Addresses and prefixes are
//! not assigned yet: requests for them are answered as by a server that has none.
//!
//! ```text
//! datagram ──► query.rs      decode, may it be served
//!               ├─► sanitize.rs   a DHCPV4-QUERY without what only the other half may say ──► HandOver
//!               └─► subnet.rs, process.rs, answer.rs   everything else ──► Reply
//! response ──► server.rs     where the answer goes
//! at each point on the way: hooked.rs
//! ```

mod answer;
mod duid;
mod hooked;
mod outcome;
mod process;
mod query;
mod sanitize;
mod server;
mod subnet;

pub use duid::{LinkLayerAddress, server_duid};
pub use outcome::{Drop6, Event6, Received6, Sent6, Statistics6};
pub use query::{Datagram, Origin};
pub use server::{Answer, Effects6, HandOver, Outcome6, Server6, Settings6};
