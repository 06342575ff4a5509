//! The DHCPv4 half: a message in, an answer and lease changes out.
//!
//! It serves DHCPv4 inside DHCPV4-QUERY messages (RFC 7341). [`Server4::handle`] takes a query as the DHCPv6
//! half hands it over and writes the whole DHCPV4-RESPONSE, relay levels included, so that whoever carries it
//! needs to remember nothing. There is no socket and no clock here.
//!
//! ```text
//! Query ──► query.rs    decode, may it be served
//!             ├─► client.rs    who is it: its classes, what is reserved for it
//!             └─► subnet.rs    which subnet: the most specific of the 4o6 keys
//!                   └─► process.rs   DISCOVER, REQUEST …: what RFC 2131 says, lease changes
//!                         └─► answer.rs   OFFER, ACK or NAK inside a DHCPV4-RESPONSE
//! at each point on the way: hooked.rs; what is left to do once changes are durable: commit.rs
//! ```

mod answer;
mod client;
mod commit;
mod hooked;
mod identifier;
mod limits;
mod outcome;
mod process;
mod query;
mod server;
mod subnet;
mod why;

pub use commit::Commit4;
pub use identifier::derived_server_identifier;
pub use outcome::{Drop4, Limited4, Received4, Sent4, Silence4, Statistics4};
pub use query::Query;
pub use server::{Outcome4, Served4, Server4, Settings4};
pub use subnet::SubnetSelector;
