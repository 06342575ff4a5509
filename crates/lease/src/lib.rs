//! Who holds what until when: lease records, their indexes, address pools, expiry.
//!
//! A [`Leases4`] is the whole lease state of the DHCPv4 half, a [`Leases6`] that of the DHCPv6 half; they are built alike.
//! They have no clock: `now` is an argument of every operation that depends on it, and what counts as expired follows
//! from that argument alone. They enforce that an address has one holder; their callers cannot break that, only be
//! refused. Every change is staged as a record for the journal.
//!
//! ```text
//!  by address   by client   by softwire                          indexes of slot numbers, in pages that split
//!        ╲          │          ╱
//!         ▼         ▼         ▼
//!   entries  ┌──────────┬──────────┬──────────┬ ─ ─              48 bytes each (DHCPv6: 72), in chunks
//!            └────┬─────┴────┬─────┴──────────┘
//!                 │          ▼
//!                 │        fields                                 the rest of a lease, as it is in its record
//!                 ├─────► wheel    active ones, by when they are to be looked at
//!                 └─────► former   ended ones of each pool, the one free longest first
//!
//!   pools    [first, last] ── bitmap of addresses that have an entry: the first unused one in a few steps
//! ```
//!
//! No operation copies much, whatever there is: everything grows in small pieces, lists have their links in the entries,
//! and what clients can make long (the leases of one client) is limited.
//!
//! Leases from and to Kea's files are in [`kea_csv`].

pub mod kea_csv;

mod allocator;
mod arena;
mod bitmap;
mod changes;
mod chunks;
mod client;
mod counts;
mod entry4;
mod entry6;
mod fields;
mod held;
mod index;
mod interface_id;
mod lazy_bitmap;
mod leases4;
mod leases6;
mod links;
mod offers;
mod pending;
mod pool4;
mod pool6;
mod quota;
mod random;
mod record;
mod record6;
#[cfg(test)]
mod samples;
mod store;
mod table4;
mod table6;
mod time;
mod wheel;

pub use allocator::Allocator;
pub use changes::{Change, Change4, Change6, ChangeKind, LeaseEvent, LeaseEvent4, LeaseEvent6, cause};
pub use client::{BadIdentity, ClientIdentity, HardwareAddress};
pub use counts::Counts;
pub use entry4::{Key4, LeaseRef4};
pub use entry6::{Key6, LeaseRef6};
pub use fields::{BodyError, Relay};
pub use held::Held;
pub use leases4::{Conflict, Leases4, Snapped, Violation4};
pub use leases6::{Association, Conflict6, Leases6, Violation6};
pub use pool4::{PoolRange4, Scope4};
pub use pool6::{PoolRange6, Scope6};
pub use quota::{CountBy, Shares, port, remote_id};
pub use record::{Grant4, Lease4, LeaseState, RelayHop, SoftwireSource};
pub use record6::{DnsUpdated, Grant6, Lease6, LeaseKind6};
pub use store::{Guard, Kept, Opened, Store, Store4, Store6};
pub use time::Timestamp;
