//! The command line of `fosix explain`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// The arguments of `fosix explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files that make one configuration together: at most one Dhcp6, one Dhcp4 and one Fosix object
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// A message that was received: hexadecimal digits, or a file with them, with a dump, or with a capture (pcap, pcapng)
    #[arg(short, long, value_name = "PACKET", required_unless_present = "client")]
    pub(super) query: Option<String>,
    /// A client that is described instead: its hardware address or its DUID, in hexadecimal
    #[arg(short, long, value_name = "ID", conflicts_with = "query")]
    pub(super) client: Option<String>,
    /// Look at the leases that a server has in this directory, too [default: none are held]
    #[arg(short, long, value_name = "DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
    /// Print JSON, an object for each message
    #[arg(long)]
    pub(super) json: bool,

    /// The interface that the message came in on [default: the first that the configuration names]
    #[arg(short, long, value_name = "NAME", help_heading = "How it came")]
    pub(super) interface: Option<String>,
    /// The address that it came from [default: as in the capture, else the client's link-local one, or the relay's]
    #[arg(long, value_name = "ADDRESS", help_heading = "How it came")]
    pub(super) source: Option<Ipv6Addr>,
    /// The address that it was sent to [default: as in the capture, else ff02::1:2]
    #[arg(long, value_name = "ADDRESS", help_heading = "How it came")]
    pub(super) destination: Option<Ipv6Addr>,
    /// Which message of a capture, counted from 1 [default: all that are for a server]
    #[arg(short, long, value_name = "N", help_heading = "How it came")]
    pub(super) number: Option<usize>,
    /// A relay that it came through, by its link-address, the one nearest the client first; again for each further one
    #[arg(long, value_name = "ADDRESS", requires = "client", help_heading = "How it came")]
    pub(super) link_address: Vec<Ipv6Addr>,
    /// The Interface-ID of the relay nearest the client, a text or 0x and hexadecimal digits; again for each further one
    #[arg(long, value_name = "ID", requires = "client", help_heading = "How it came")]
    pub(super) interface_id: Vec<String>,
    /// The remote-id of the relay nearest the client, behind an enterprise number of 0; likewise
    #[arg(long, value_name = "ID", requires = "client", help_heading = "How it came")]
    pub(super) remote_id: Vec<String>,

    /// What the client says: solicit, request, renew, rebind, information-request, discover or inform
    /// [default: solicit, and discover in a DHCPV4-QUERY, as far as the files have the half]
    #[arg(short, long, value_name = "TYPE", requires = "client", help_heading = "What it says")]
    pub(super) message: Vec<String>,
    /// Its vendor class (option 60 of DHCPv4; data of option 16 of DHCPv6)
    #[arg(long, value_name = "TEXT", requires = "client", help_heading = "What it says")]
    pub(super) vendor_class: Option<String>,
    /// The enterprise number of the vendor class in DHCPv6
    #[arg(long, value_name = "NUMBER", default_value_t = 0, help_heading = "What it says")]
    pub(super) enterprise: u32,
    /// Its client identifier in DHCPv4, in hexadecimal [default: RFC 4361's, made of the DUID]
    #[arg(long, value_name = "HEX", requires = "client", help_heading = "What it says")]
    pub(super) client_id: Option<String>,
    /// The number of its identity associations, also in its client identifier
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "What it says")]
    pub(super) iaid: u32,
    /// An option of the message: its code, =, and hexadecimal digits or 'a text'
    #[arg(short, long, value_name = "CODE=DATA", requires = "client", help_heading = "What it says")]
    pub(super) option: Vec<String>,
    /// The IPv4 address that it asks for
    #[arg(long, value_name = "ADDRESS", requires = "client", help_heading = "What it says")]
    pub(super) address: Option<Ipv4Addr>,
    /// The options that it asks for, by code [default: all that are configured]
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        requires = "client",
        help_heading = "What it says"
    )]
    pub(super) request: Vec<u16>,
}

const EXAMPLES: &str = "\
Examples:
  fosix explain fosix.json --client 02:00:00:00:00:01
  fosix explain fosix.json --client 02:00:00:00:00:01 --link-address 2001:db8:1::1 --interface-id port7
  fosix explain fosix.json --query capture.pcap --number 3 --directory /var/lib/fosix
  fosix explain fosix.json --query 01:10:08:74:00:01:00:0a:...

The exit status is 0 when every message would be answered, 1 when one would not.";
