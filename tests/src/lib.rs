//! Tests across processes and network namespaces, against real peers: the tools that those tests share.
//!
//! - [`Netns`]: a network namespace with links to others, gone when it is dropped.
//! - [`Process`]: a program that runs beside the test, whose output can be waited for.
//! - [`Fosix`]: the server under test, with its configuration and its counters.
//! - [`Capture`]: what went over an interface, as tcpdump saw it and tshark understands it.
//!
//! - [`Customer`], [`Relay`], [`Peer`]: a client's messages, what relays make of them, and a socket to send them from.
//! - [`Scene`]: the network and the server that most tests use.
//! - [`Halves`], [`Kea`]: the same network for two halves with a link between them, some of them Kea's.
//! - [`Scene6`], [`Dhclient`], [`Dhcpcd`], [`Networkd`]: the network for the DHCPv6 half's own leases, and clients on it.
//! - [`Subscriber`]: a DHCPv6 client's own messages.
//! - [`Fleet`], [`Fleet6`]: many clients at once that keep a ledger of what they were told; [`leases`]: the command about leases.
//!
//! They need root and the programs that they call. Where these are missing a test fails and says so; none is ever
//! skipped. Nothing here sleeps: whatever is waited for announces itself, and every wait ends after [`PATIENCE`].
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a tool for tests reports by panicking, as the tests do"
)]

use std::time::Duration;

mod capture;
mod customer;
mod dhclient;
mod dhcpcd;
mod dhcrelay;
mod fleet;
mod fleet6;
mod halves;
mod leases;
mod netns;
mod networkd;
mod peer;
mod process;
mod scene;
mod scene6;
mod script;
mod server;
mod subscriber;

pub use capture::{Capture, CaptureFile, Dissection};
pub use customer::{Customer, Relay, dhcpv4_of, message6, query, query_with, relayed, relays_of, reply};
pub use dhclient::{Dhclient, DhclientRun};
pub use dhcpcd::{Dhcpcd, DhcpcdRun};
pub use dhcrelay::dhcrelay;
pub use fleet::{Fleet, Held};
pub use fleet6::Fleet6;
pub use halves::{Halves, Kea, Link};
pub use leases::{leases, leases_command, leases_listed, leases_listed6, leases_output};
pub use netns::Netns;
pub use networkd::Networkd;
pub use peer::{Datagram, Peer};
pub use process::{Process, run_to_end};
pub use scene::{Lease, Scene, acquire, lease_of};
pub use scene6::{Granted, Scene6, global_addresses, granted_by_client};
pub use script::{Script, ScriptCall};
pub use server::{Counters, Fosix, program};
pub use subscriber::{Answer, Holding, Subscriber, answer_of};

/// How long to wait for something that should come at once: far longer than it takes on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(30);
