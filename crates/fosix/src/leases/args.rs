//! What `fosix leases` takes on the command line.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use fosix_lease::LeaseState;

use super::filter::{Filter, state_named};
use super::json::unhex;

/// What `fosix leases` takes on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store's directory, as `Fosix.store.directory` gives it
    #[arg(long, short = 'd', default_value = "/var/lib/fosix", global = true)]
    pub(super) directory: PathBuf,
    /// The leases of the DHCPv6 half instead of those of the DHCPv4 half
    #[arg(short = '6', long = "dhcp6", global = true)]
    pub(super) dhcp6: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List leases, of a running server or of a stopped one
    List {
        #[command(flatten)]
        which: Which,
        /// How they are written
        #[arg(long, short = 'f', value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show everything that is known of the leases of an address or a client
    Show {
        /// An address; or a client identifier, DUID or hardware address in hexadecimal
        which: String,
    },
    /// Write the leases as a lease file of Kea's
    Export {
        /// The file; it must not exist yet
        file: PathBuf,
        /// The version of Kea that is to read it
        #[arg(long, value_enum, default_value_t = Kea::V3)]
        kea: Kea,
    },
    /// Take leases over from a lease file of Kea's, with what Kea's cleanup left beside it
    Import {
        /// The file, such as /var/lib/kea/kea-leases4.csv
        file: PathBuf,
        /// Take over what can be taken, although there are rows that cannot
        #[arg(long)]
        keep_going: bool,
    },
    /// Look whether the files of the store are whole
    Check,
    /// Make a damaged store usable again with what is readable; the damaged files are kept beside it
    Repair,
    /// Count leases by state and subnet
    Stats,
}

/// Which leases.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Of this address, or of the prefix that it is in
    #[arg(long, short = 'a')]
    address: Option<IpAddr>,
    /// Of this client: a client identifier, DUID or hardware address in hexadecimal
    #[arg(long, short = 'c', value_parser = parse_hex)]
    client: Option<std::sync::Arc<[u8]>>,
    /// Of this subnet, by its id
    #[arg(long, short = 's')]
    subnet: Option<u32>,
    /// In this state: assigned, declined, expired, released or registered
    #[arg(long, value_parser = parse_state)]
    state: Option<LeaseState>,
    /// With this softwire source address
    #[arg(long, short = 'w')]
    softwire: Option<Ipv6Addr>,
}

/// How leases are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// One JSON object a line.
    Json,
    /// As Kea's lease file.
    Csv,
}

/// A version of Kea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kea {
    /// 2.2
    #[value(name = "2.2")]
    V2,
    /// 2.4 and later
    #[value(name = "3")]
    V3,
}

impl Which {
    pub(super) fn filter(&self) -> Filter {
        Filter {
            address: self.address,
            client: self.client.as_deref().map(<[u8]>::to_vec),
            subnet: self.subnet,
            state: self.state,
            softwire: self.softwire,
        }
    }
}

fn parse_hex(text: &str) -> Result<std::sync::Arc<[u8]>, String> {
    unhex(text).map(Into::into).map_err(|error| error.to_string())
}

fn parse_state(text: &str) -> Result<LeaseState, String> {
    state_named(text).ok_or_else(|| "use assigned, declined, expired, released or registered".to_owned())
}
