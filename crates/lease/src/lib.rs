//! Who holds what until when: lease records, their indexes, address pools, expiry.
//!
//! A [`Leases4`] is the whole lease state of the DHCPv4 half. It has no clock: `now` is an argument of every
//! operation that depends on it, and what counts as expired follows from that argument alone. It enforces that
//! an address has one holder; its callers cannot break that, only be refused.
//!
//! ```text
//!              by_address            by_client (seeded hash)
//!                  │                        │
//!                  ▼                        ▼
//!   entries  ┌───────────┬───────────┬───────────┬ ─ ─      one entry for each address that was ever
//!            │ lease     │ lease     │ lease     │          leased or is on offer
//!            │ offer     │ offer     │ offer     │
//!            └─────┬─────┴─────┬─────┴───────────┘
//!                  │           │
//!       due (by time)      former, per pool (longest free first)
//!
//!   pools    [first, last] ── bitmap of addresses that have an entry: the first unused one in a few steps
//! ```
//!
//! Leases from and to Kea's files are in [`kea_csv`].

pub mod kea_csv;

mod arena;
mod bitmap;
mod changes;
mod chunks;
mod client;
mod counts;
mod entry4;
mod entry6;
mod fields;
mod index;
mod lazy_bitmap;
mod leases4;
mod leases6;
mod links;
mod offers;
mod pool4;
mod pool6;
mod record;
mod record6;
#[cfg(test)]
mod samples;
mod store;
mod table4;
mod table6;
mod time;
mod wheel;

pub use changes::{Change4, ChangeKind4, LeaseEvent4, cause};
pub use client::{BadIdentity, ClientIdentity, HardwareAddress};
pub use counts::Counts;
pub use entry4::{Key4, LeaseRef4};
pub use entry6::{Key6, LeaseRef6};
pub use fields::{BodyError, Relay};
pub use leases4::{Conflict, Leases4, Snapped, Violation4};
pub use leases6::{Association, Conflict6, Leases6, Violation6};
pub use pool4::PoolRange4;
pub use pool6::PoolRange6;
pub use record::{Grant4, Lease4, LeaseState, RelayHop, SoftwireSource};
pub use record6::{DnsUpdated, Grant6, Lease6, LeaseKind6};
pub use store::{Guard, Kept, Opened, Store, Store4, Store6};
pub use time::Timestamp;
