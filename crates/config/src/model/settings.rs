//! What Kea has no key for: the `Fosix` object, and the few settings that both halves share.

use std::path::PathBuf;

/// What a `Fosix` object says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FosixSettings {
    /// Where leases are kept.
    pub store: StoreSettings,
    /// The UDP ports.
    pub ports: Ports,
    /// What is logged, and how.
    pub log: LogSettings,
    /// Relay levels that are accepted around a message, 1 to 32.
    pub max_relay_levels: usize,
    /// How offers are held.
    pub offers: OfferSettings,
    /// Packet threads; 0 is one for each CPU.
    pub workers: usize,
    /// The link to the other half, when that is another process; `None` leaves it to `dhcp4o6-port`.
    pub link: Option<LinkSettings>,
}

/// The Unix socket between the two halves when each has a process of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSettings {
    /// Where the socket is: an absolute path of at most 107 bytes.
    pub path: PathBuf,
    /// The user that the other half runs as, a name or a number; `None` is the user that this one runs as.
    pub user: Option<String>,
}

impl Default for FosixSettings {
    fn default() -> Self {
        Self {
            store: StoreSettings::default(),
            ports: Ports::default(),
            log: LogSettings::default(),
            max_relay_levels: 9,
            offers: OfferSettings::default(),
            workers: 0,
            link: None,
        }
    }
}

/// Where leases are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StoreSettings {
    /// In memory alone: a restart forgets every lease.
    #[default]
    Memory,
}

/// The UDP ports of the DHCPv6 half, none of them 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The server's and the relays' port: 547.
    pub server: u16,
    /// The clients' port: 546.
    pub client: u16,
    /// Whether a direct answer goes to the port that the query came from instead of `client`.
    pub reply_to_source_port: bool,
}

impl Default for Ports {
    fn default() -> Self {
        Self { server: 547, client: 546, reply_to_source_port: false }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogSettings {
    /// The least important events that are still logged.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
}

/// How much is logged; each level contains those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// What stops the server or a part of it.
    Error,
    /// What an operator should look at.
    Warn,
    /// Starts, stops and changes of state.
    #[default]
    Info,
    /// Every packet.
    Debug,
    /// Every step of every packet.
    Trace,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How offers (DHCPOFFER without a lease yet) are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferSettings {
    /// Seconds for which an offered address is kept for its client.
    pub lifetime: u32,
    /// Offers held at a time; beyond it the oldest is forgotten.
    pub limit: usize,
}

impl Default for OfferSettings {
    fn default() -> Self {
        Self { lifetime: 60, limit: 100_000 }
    }
}

/// What is done with a lease that does not fit its subnet; `sanity-checks` in Kea's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaseChecks {
    /// Nothing.
    None,
    /// It is logged.
    #[default]
    Warn,
    /// It is given the id of the subnet that it lies in; without one it stays as it is.
    Fix,
    /// It is given the id of the subnet that it lies in; without one it is deleted.
    FixDelete,
    /// It is deleted.
    Delete,
}
