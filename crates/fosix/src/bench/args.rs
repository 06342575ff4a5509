//! The command line of `fosix bench load`.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use fosix_net::Interfaces;

/// What the clients speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// DHCPv4 over DHCPv6 (RFC 7341)
    #[value(name = "4o6")]
    FourOverSix,
    /// DHCPv6: an address and a prefix each
    Dhcp6,
    /// DHCPv4 over IPv4, through relays: --way relayed, each --source one of them
    Dhcp4,
}

/// What each of them does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// Get a lease: four messages, each time another client
    Dora,
    /// Get a lease first, which is not measured, then renew it
    Renew,
    /// The first two of the four messages
    Discover,
    /// New clients, renewals and releases as --mix says
    Mixed,
}

/// How their messages come to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Way {
    /// From the clients to the server's address
    Unicast,
    /// From the clients to ff02::1:2
    Multicast,
    /// Through relays
    Relayed,
}

/// `fosix bench load`
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// The server's address
    #[arg(long, value_name = "ADDRESS")]
    server: Option<IpAddr>,
    /// The interface that it is reached by: for multicast and link-local addresses
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// What the clients speak
    #[arg(long, value_enum, default_value = "4o6")]
    kind: Kind,
    /// What each client does
    #[arg(long, value_enum, default_value = "dora")]
    scenario: Scenario,
    /// How messages come to the server
    #[arg(long, value_enum, default_value = "unicast")]
    way: Way,
    /// Relays that the clients are spread over, with link-addresses from --link-address on
    #[arg(long, default_value_t = 1, value_name = "N")]
    relays: u32,
    /// The link-address of the first relay; each further one adds 2^64
    #[arg(long, default_value = "2001:db8:1::9", value_name = "ADDRESS")]
    link_address: Ipv6Addr,
    /// Source addresses that messages are sent from: so many, from --source on, which this machine must have
    #[arg(long, default_value_t = 1, value_name = "N")]
    sources: u32,
    /// The first source address
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Different clients
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    clients: u32,
    /// Exchanges under way at a time (closed loop)
    #[arg(long, default_value_t = 512, value_name = "N")]
    in_flight: u32,
    /// Exchanges begun a second (open loop), whatever becomes of them; latency counts from when each was due
    #[arg(long, value_name = "R")]
    rate: Option<u32>,
    /// All clients begin within so many seconds, and ask again as RFC 2131 §4.1 has it until all are bound
    #[arg(long, value_name = "SECONDS", conflicts_with = "rate")]
    avalanche: Option<u32>,
    /// Of 100 exchanges with --scenario mixed: new clients, renewals, releases, and clients that go without a word
    #[arg(long, default_value = "20:70:10:0", value_name = "NEW:RENEW:RELEASE:GONE")]
    mix: String,
    /// Seconds before measuring begins
    #[arg(long, default_value_t = 1.0, value_name = "S")]
    warm_up: f64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 5.0, value_name = "S")]
    duration: f64,
    /// Seconds after which a message that was not answered is lost and sent again
    #[arg(long, default_value_t = 1.0, value_name = "S")]
    timeout: f64,
    /// Processes whose CPU time and memory are told, by commas
    #[arg(long, value_delimiter = ',', value_name = "PID")]
    pid: Vec<u32>,
    /// The server is `fosix bench echo`: what comes back is taken for the answer
    #[arg(long)]
    echo: bool,
    /// Losses in 1000 messages that are still a success; without it any number is
    #[arg(long, value_name = "N")]
    max_loss: Option<u32>,
    /// Numbers of clients begin here, so that a second run has others
    #[arg(long, default_value_t = 1, value_name = "N")]
    first_client: u32,
    /// The port of clients; relays always use 547, with --kind dhcp4 67
    #[arg(long, default_value_t = 546, value_name = "PORT")]
    client_port: u16,
    /// The port of the server [default: 547, with --kind dhcp4 67]
    #[arg(long, value_name = "PORT")]
    server_port: Option<u16>,
    /// A name for the report
    #[arg(long, default_value = "", value_name = "TEXT")]
    label: String,
    /// Write the whole result there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with plots there
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Say nothing while it runs
    #[arg(long)]
    quiet: bool,
}

/// How exchanges begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// So many at a time.
    Closed(u32),
    /// So many a second.
    Open(u32),
    /// All within that time.
    Avalanche(Duration),
}

/// The command line, checked. Addresses of IPv4 are IPv4-mapped ones.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) server: Ipv6Addr,
    /// 0 without an interface.
    pub(super) interface_index: u32,
    pub(super) kind: Kind,
    pub(super) scenario: Scenario,
    pub(super) way: Way,
    pub(super) relays: u32,
    /// Of the first relay.
    pub(super) link_address: Ipv6Addr,
    pub(super) sources: Vec<Option<Ipv6Addr>>,
    pub(super) clients: u32,
    pub(super) first_client: u32,
    pub(super) pace: Pace,
    /// New, renew, release, gone; together 100.
    pub(super) mix: [u32; 4],
    pub(super) warm_up: Duration,
    pub(super) duration: Duration,
    pub(super) timeout: Duration,
    pub(super) pids: Vec<u32>,
    pub(super) echo: bool,
    pub(super) max_loss: Option<u32>,
    pub(super) own_port: u16,
    pub(super) server_port: u16,
    pub(super) label: String,
    pub(super) json: Option<PathBuf>,
    pub(super) html: Option<PathBuf>,
    pub(super) quiet: bool,
}

impl Load {
    /// Checks the command line.
    pub(super) fn settle(self) -> anyhow::Result<Settings> {
        const ALL_SERVERS: Ipv6Addr = fosix_wire::v6::ALL_DHCP_RELAY_AGENTS_AND_SERVERS;
        ensure!(
            self.kind != Kind::Dhcp4 || self.way == Way::Relayed && self.source.is_some(),
            "--kind dhcp4 needs --way relayed and --source: the address of the first relay, which answers come back to"
        );
        ensure!(
            self.kind != Kind::Dhcp4 || self.relays == 1,
            "--relays is for DHCPv6: with --kind dhcp4 each of the --sources is a relay"
        );
        let address = |name: &str, address: IpAddr| match (address, self.kind) {
            (IpAddr::V4(address), Kind::Dhcp4) => Ok(address.to_ipv6_mapped()),
            (IpAddr::V6(address), Kind::FourOverSix | Kind::Dhcp6) => Ok(address),
            (_, Kind::Dhcp4) => bail!("{name} {address} is no IPv4 address, which --kind dhcp4 is about"),
            _ => bail!("{name} {address} is no IPv6 address, which all kinds but dhcp4 are about"),
        };
        let server = match (self.server, self.way) {
            (Some(server), _) => address("--server", server)?,
            (None, Way::Multicast) => ALL_SERVERS,
            (None, _) => bail!("--server is needed: the address that messages are sent to"),
        };
        let needs_interface = server.is_multicast() || server.is_unicast_link_local();
        ensure!(
            !needs_interface || self.interface.is_some(),
            "--interface is needed to reach {server}: multicast and link-local addresses are on every link"
        );
        let interface_index = match &self.interface {
            Some(name) => {
                let interfaces = Interfaces::snapshot().context("cannot list the network interfaces")?;
                interfaces.by_name(name).with_context(|| format!("there is no interface {name}"))?.index
            }
            None => 0,
        };
        ensure!(self.clients > 0, "--clients must be at least 1");
        ensure!(self.relays > 0 && self.sources > 0, "--relays and --sources must be at least 1");
        let last = self.first_client.checked_add(self.clients);
        // The transaction id of DHCPv6, which tells clients apart here, has 24 bits.
        let most = if self.kind == Kind::Dhcp6 { 1 << 24 } else { u32::MAX };
        ensure!(last.is_some_and(|last| last <= most), "there are at most {most} clients of this kind");
        ensure!(
            self.sources == 1 || self.source.is_some(),
            "--sources {} needs --source: the first of the addresses",
            self.sources
        );
        let first_source = self.source.map(|source| address("--source", source)).transpose()?;
        let sources = match first_source {
            None => vec![None],
            Some(first) => (0..self.sources)
                .map(|number| Some(Ipv6Addr::from(u128::from(first).wrapping_add(number.into()))))
                .collect(),
        };
        let (relays, link_address, relay_port) = match (self.kind, first_source) {
            (Kind::Dhcp4, Some(first)) => (self.sources, first, 67),
            _ => (self.relays, self.link_address, 547),
        };
        let pace = match (self.rate, self.avalanche) {
            (Some(rate), _) => {
                ensure!(rate > 0, "--rate must be at least 1");
                Pace::Open(rate)
            }
            (None, Some(seconds)) => {
                ensure!(self.scenario == Scenario::Dora, "--avalanche is for --scenario dora");
                Pace::Avalanche(Duration::from_secs(seconds.into()))
            }
            (None, None) => {
                ensure!(self.in_flight > 0, "--in-flight must be at least 1");
                Pace::Closed(self.in_flight.min(self.clients))
            }
        };
        let seconds = |name: &str, value: f64| {
            Duration::try_from_secs_f64(value).with_context(|| format!("{name} must be a number of seconds"))
        };
        Ok(Settings {
            server,
            interface_index,
            kind: self.kind,
            scenario: self.scenario,
            way: self.way,
            relays,
            link_address,
            sources,
            clients: self.clients,
            first_client: self.first_client,
            pace,
            mix: mix(&self.mix)?,
            warm_up: seconds("--warm-up", self.warm_up)?,
            duration: seconds("--duration", self.duration)?,
            timeout: seconds("--timeout", self.timeout)?,
            pids: self.pid,
            echo: self.echo,
            max_loss: self.max_loss,
            own_port: if self.way == Way::Relayed { relay_port } else { self.client_port },
            server_port: self.server_port.unwrap_or(relay_port),
            label: self.label,
            json: self.json,
            html: self.html,
            quiet: self.quiet,
        })
    }
}

fn mix(text: &str) -> anyhow::Result<[u32; 4]> {
    let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
    let parts = match parts.as_deref() {
        Some(&[new, renew, release]) => [new, renew, release, 0],
        Some(&[new, renew, release, gone]) => [new, renew, release, gone],
        _ => bail!("--mix {text} is not like 20:70:10 or 20:70:5:5"),
    };
    let sum = parts.iter().try_fold(0_u32, |sum, &part| sum.checked_add(part));
    ensure!(sum == Some(100), "the parts of --mix {text} are not 100 together");
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_mix_make_100() {
        assert_eq!(mix("20:70:10").unwrap(), [20, 70, 10, 0]);
        assert_eq!(mix("20:60:15:5").unwrap(), [20, 60, 15, 5]);
        for bad in ["", "100", "20:70", "20:70:11", "a:b:c", "1:2:3:95", "1:2:3:4:90", "4294967295:101:0"] {
            assert!(mix(bad).is_err(), "{bad}");
        }
    }
}
