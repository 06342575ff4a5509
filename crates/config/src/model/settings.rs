//! What Kea has no key for: the `Fosix` object, and the few settings that both halves share.

use std::path::PathBuf;

/// What a `Fosix` object says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FosixSettings {
    /// Where leases are kept, where that is said here; see [`Config::store4`](super::Config::store4).
    pub store: Option<StoreSettings>,
    /// The UDP ports.
    pub ports: Ports,
    /// What is logged, and how.
    pub log: LogSettings,
    /// Relay levels that are accepted around a message, 1 to 32.
    pub max_relay_levels: usize,
    /// How offers are held.
    pub offers: OfferSettings,
    /// Packet threads; 0 is one less than there are CPUs, at least one.
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

impl FosixSettings {
    pub(super) fn store_of(&self, persist: bool) -> StoreSettings {
        match &self.store {
            Some(store) => store.clone(),
            None if persist => StoreSettings::Journal(JournalSettings::default()),
            None => StoreSettings::Memory,
        }
    }
}

impl Default for FosixSettings {
    fn default() -> Self {
        Self {
            store: None,
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreSettings {
    /// In memory alone: a restart forgets every lease.
    Memory,
    /// On disk, each change before a client is told of it.
    Journal(JournalSettings),
}

/// The store on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalSettings {
    /// The directory that holds a folder for each half.
    pub directory: PathBuf,
    /// When a client is told of a lease.
    pub durability: Durability,
    /// Bytes that a half's folder may take; `None` is no limit.
    pub disk_budget: Option<u64>,
    /// Seconds in which nothing is reclaimed after a start that finds over 20 % of the leases ended.
    pub reclaim_hold: u32,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("/var/lib/fosix"),
            durability: Durability::default(),
            disk_budget: None,
            reclaim_hold: 300,
        }
    }
}

/// When a client is told of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Once it is on stable storage.
    #[default]
    Sync,
    /// Once it was handed to the operating system, which has it on stable storage about a second later.
    Async,
}

/// What becomes of leases that have ended; `expired-leases-processing` in Kea's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiredLeases {
    /// Seconds between two rounds of reclaiming; 0 is never.
    pub reclaim_wait: u32,
    /// Leases that a round reclaims at most; 0 is no limit.
    pub max_reclaim_leases: u32,
    /// Milliseconds that a round takes at most; 0 is no limit.
    pub max_reclaim_time: u32,
    /// Rounds in a row that may leave ended leases behind before a warning.
    pub unwarned_cycles: u32,
    /// Seconds between two rounds of forgetting; 0 is never.
    pub flush_wait: u32,
    /// Seconds for which a reclaimed lease is kept for its former holder.
    pub hold: u32,
}

impl Default for ExpiredLeases {
    fn default() -> Self {
        Self {
            reclaim_wait: 1,
            max_reclaim_leases: 0,
            max_reclaim_time: 0,
            unwarned_cycles: 5,
            flush_wait: 25,
            hold: 3600,
        }
    }
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
