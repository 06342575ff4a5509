//! The DHCPv6 half: a message in, an answer out.
//!
//! It gives addresses and delegates prefixes (RFC 9915), answers who asks for parameters alone, and hands every
//! DHCPV4-QUERY over to the DHCPv4 half. What comes back is a whole DHCPV4-RESPONSE with its relay levels, and
//! [`Origin`] travels along with it; so nothing is remembered here between the two.
//!
//! ```text
//! datagram ──► query.rs      decode, may it be served
//!               ├─► sanitize.rs   a DHCPV4-QUERY without what only the other half may say ──► HandOver
//!               ├─► client.rs     who is it: its classes, what is reserved for it (reserved.rs)
//!               └─► subnet.rs     which link the client is on
//!                   process.rs    by message: assign.rs, extend.rs, end.rs, register.rs make a plan (plan.rs)
//!                   answer.rs     the plan as bytes, with the options of scopes.rs
//!                   process.rs    the plan carried out: leases change ──► Answered, Promised, Committing
//! response ──► server.rs     where the answer goes
//! at each point on the way: hooked.rs; once changes are durable: commit.rs
//! ```

mod answer;
mod assign;
mod associations;
mod client;
mod commit;
mod duid;
mod end;
mod extend;
mod fqdn;
mod hooked;
mod limits;
mod outcome;
mod plan;
mod process;
mod query;
mod register;
mod reserved;
mod sanitize;
mod scopes;
mod server;
mod subnet;
mod why;

pub use commit::Commit6;
pub use duid::{LinkLayerAddress, duid_fits, server_duid};
pub use outcome::{Drop6, Event6, Limited6, Received6, Sent6, Statistics6};
pub use query::{Datagram, Origin, begins_exchange};
pub use scopes::{arrange, pools};
pub use server::{Answer, Effects6, HandOver, LeaseAccess, Outcome6, Server6, Settings6};
