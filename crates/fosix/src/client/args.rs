//! The command line of `fosix client`, and what it means.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use fosix_wire::definition::{self, DHCP4, DHCP6};
use fosix_wire::text;
use fosix_wire::v6::{
    ALL_DHCP_RELAY_AGENTS_AND_SERVERS, ALL_DHCP_SERVERS, CLIENT_PORT, MAX_RELAY_LEVELS, SERVER_PORT,
};

use super::channel::{Scope, is_link_scoped};
use super::envelope::{Envelope, Level};
use super::identity::Identity;
use super::retransmit;
use super::session::Plan;
use super::step::Step;

#[cfg(test)]
mod tests;

/// What may stand on the command line.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct CommandLine {
    /// The network interface to speak on
    #[arg(short, long, value_name = "NAME")]
    interface: Option<String>,
    /// Send to this server by unicast, instead of to all on the link by multicast; fe80::1%eth0 is understood
    #[arg(short, long, value_name = "ADDRESS")]
    server: Option<String>,
    /// The server's UDP port
    #[arg(long, value_name = "PORT", default_value_t = SERVER_PORT)]
    port: u16,
    /// The own UDP port; 0 takes any, which needs a server that answers to it [default: 546, as a relay any]
    #[arg(long, value_name = "PORT")]
    client_port: Option<u16>,
    /// The own IPv6 address to send from [default: what the system chooses]
    #[arg(long, value_name = "ADDRESS")]
    source: Option<Ipv6Addr>,
    /// Send the queries without asking for their address (option 88) first, as with a --server on another machine,
    /// which would not answer that by unicast (RFC 9915)
    #[arg(long)]
    direct: bool,

    /// Play a relay agent too: what the client says goes to --server in Relay-forward
    #[arg(long, help_heading = "As a relay agent")]
    relay: bool,
    /// The relay agent's link-address; again for each further relay level [default: ::]
    #[arg(long, value_name = "ADDRESS", requires = "relay", help_heading = "As a relay agent")]
    link_address: Vec<Ipv6Addr>,
    /// The relay agent's Interface-ID, a text or 0x and hexadecimal digits; again for each further relay level
    #[arg(long, value_name = "ID", requires = "relay", help_heading = "As a relay agent")]
    interface_id: Vec<String>,
    /// The number of relay agents in a row
    #[arg(long, value_name = "N", requires = "relay", help_heading = "As a relay agent")]
    relay_levels: Option<usize>,

    /// The hardware address; with --count, that of the first client [default: the interface's]
    #[arg(long, value_name = "MAC", value_parser = parse_mac, help_heading = "Who the client is")]
    mac: Option<[u8; 6]>,
    /// The DUID, in hexadecimal [default: a DUID-LL of the hardware address]
    #[arg(long, value_name = "HEX", help_heading = "Who the client is")]
    duid: Option<String>,
    /// The IAID in the DHCPv4 client identifier
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Who the client is")]
    iaid: u32,
    /// Be that many clients at once, each with an identity of its own
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Who the client is")]
    count: u32,
    /// The most clients that wait for answers at one time
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Who the client is")]
    in_flight: usize,

    /// Begin with this lease instead of a DHCPDISCOVER; without a further action, confirm it as after a reboot
    #[arg(long, value_name = "ADDRESS", help_heading = "What it does, once it has a lease")]
    address: Option<Ipv4Addr>,
    /// The server that gave --address, by its identifier (option 54)
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "address",
        help_heading = "What it does, once it has a lease"
    )]
    server_id: Option<Ipv4Addr>,
    /// Extend the lease with the server that gave it
    #[arg(long, help_heading = "What it does, once it has a lease")]
    renew: bool,
    /// Extend the lease with any server
    #[arg(long, help_heading = "What it does, once it has a lease")]
    rebind: bool,
    /// Ask for configuration only
    #[arg(long, help_heading = "What it does, once it has a lease")]
    inform: bool,
    /// Say that somebody else uses the address
    #[arg(long, conflicts_with = "release", help_heading = "What it does, once it has a lease")]
    decline: bool,
    /// Give the lease back
    #[arg(long, help_heading = "What it does, once it has a lease")]
    release: bool,
    /// The DHCPv4 options to ask for, by name or code
    #[arg(
        long,
        value_name = "OPTION",
        value_delimiter = ',',
        help_heading = "What it does, once it has a lease"
    )]
    request: Vec<String>,
    /// The DHCPv6 options to ask for besides dhcp4o6-server-addr, by name or code
    #[arg(
        long,
        value_name = "OPTION",
        value_delimiter = ',',
        help_heading = "What it does, once it has a lease"
    )]
    request6: Vec<String>,

    /// How long to try in each exchange
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, help_heading = "Time")]
    timeout: f64,
    /// The first delay before sending again [default: 4000 as RFC 2131, and 1000 for the Information-request]
    #[arg(long, value_name = "MILLISECONDS", help_heading = "Time")]
    fast_retransmit: Option<u64>,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Show every message octet by octet, with what each means
    #[arg(long, conflicts_with_all = ["json", "quiet"], help_heading = "Output")]
    pub(super) explain: bool,
    /// Print the result only
    #[arg(short, long, help_heading = "Output")]
    pub(super) quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  fosix client --interface eth0                          ask on the link, as a customer's router does
  fosix client --server 2001:db8::1 --explain            ask one server, and show every octet
  fosix client --server 2001:db8::1 --relay --link-address 2001:db8:1::1 --interface-id port7
  fosix client --server 2001:db8::1 --count 10000 --release

The exit status is 0 when every exchange succeeded, 1 when one did not, 2 for a wrong command line.";

/// The command line, checked and completed.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) scope: Option<Scope>,
    pub(super) server: Ipv6Addr,
    pub(super) server_port: u16,
    pub(super) client_port: u16,
    pub(super) source: Option<Ipv6Addr>,
    pub(super) direct: bool,
    pub(super) relay: bool,
    pub(super) envelope: Envelope,
    pub(super) identities: Vec<Identity>,
    pub(super) in_flight: usize,
    pub(super) plan: Plan,
    pub(super) request6: Vec<u16>,
    pub(super) inquiry_delay: Duration,
}

impl CommandLine {
    /// Checks the arguments against each other and against the machine. Errors are the user's to mend.
    pub(super) fn settle(self) -> anyhow::Result<Settings> {
        let (server, zone) = self.server()?;
        let name = match (&self.interface, zone) {
            (Some(one), Some(other)) if *one != other => {
                bail!("--server says interface {other}, --interface says {one}")
            }
            (interface, zone) => interface.clone().or(zone),
        };
        let scope = name.as_deref().map(Scope::of).transpose()?;
        let Some(server) = server else {
            bail!("say where to ask: --interface for multicast, --server for one server, or both");
        };
        ensure!(
            scope.is_some() || !is_link_scoped(server),
            "{server} is an address on a link: --interface must say which"
        );
        let client_port = self.client_port.unwrap_or(if self.relay { 0 } else { CLIENT_PORT });
        let timeout = Duration::try_from_secs_f64(self.timeout).context("--timeout is no length of time")?;
        let delay = self.fast_retransmit.map(|millis| Duration::from_millis(millis.max(1)));
        Ok(Settings {
            identities: self.identities(scope.as_ref())?,
            envelope: self.envelope(client_port)?,
            scope,
            server,
            server_port: self.port,
            client_port,
            source: self.source,
            // RFC 9915 §16: a server does not accept Information-request by unicast, unless a relay sends it.
            direct: self.direct || !(self.relay || server.is_multicast() || server.is_loopback()),
            relay: self.relay,
            in_flight: self.in_flight,
            plan: Plan {
                steps: self.steps()?,
                address: self.address.unwrap_or(Ipv4Addr::UNSPECIFIED),
                server: self.server_id,
                request: self.request()?,
                first_delay: delay.unwrap_or(retransmit::FIRST_DELAY),
                timeout,
            },
            request6: codes(DHCP6, &self.request6, &[23, 24])?,
            inquiry_delay: delay.unwrap_or(super::inquiry::FIRST_DELAY),
        })
    }

    /// The address to ask, and the interface that it names.
    fn server(&self) -> anyhow::Result<(Option<Ipv6Addr>, Option<String>)> {
        let Some(text) = &self.server else {
            let group = if self.relay { ALL_DHCP_SERVERS } else { ALL_DHCP_RELAY_AGENTS_AND_SERVERS };
            return Ok((self.interface.is_some().then_some(group), None));
        };
        let (address, zone) = match text.split_once('%') {
            Some((address, zone)) => (address, Some(zone.to_owned())),
            None => (text.as_str(), None),
        };
        let address = address.parse().with_context(|| format!("--server {text}: not an IPv6 address"))?;
        Ok((Some(address), zone))
    }

    fn identities(&self, scope: Option<&Scope>) -> anyhow::Result<Vec<Identity>> {
        ensure!(self.count > 0, "--count 0 leaves nothing to do");
        if let Some(duid) = &self.duid {
            ensure!(self.count == 1, "--duid is one client's: with --count each has its own");
            let duid = text::encode_hex(duid).with_context(|| "--duid")?;
            // RFC 9915 §11.1: a type of two octets, and at most 128 behind it.
            ensure!(
                (3..=130).contains(&duid.len()),
                "--duid has {} octets, 3 to 130 are possible",
                duid.len()
            );
            return Ok(vec![Identity::new(self.mac(scope), Some(&duid), self.iaid)]);
        }
        let mac = self.mac(scope);
        Ok((0..self.count).map(|index| Identity::nth(mac, self.iaid, index)).collect())
    }

    fn mac(&self, scope: Option<&Scope>) -> [u8; 6] {
        let own = if self.count == 1 { scope.and_then(|scope| scope.mac) } else { None };
        // Locally administered, so that no device has it.
        self.mac.or(own).unwrap_or([0x02, 0xf0, 0x51, 0, 0, 1])
    }

    fn envelope(&self, client_port: u16) -> anyhow::Result<Envelope> {
        if !self.relay {
            return Ok(Envelope::default());
        }
        let given = self.link_address.len().max(self.interface_id.len());
        let count = self.relay_levels.unwrap_or_else(|| given.max(1));
        ensure!(
            (1..=MAX_RELAY_LEVELS).contains(&count),
            "--relay-levels {count}: 1 to {MAX_RELAY_LEVELS} are possible"
        );
        ensure!(given <= count, "more relay levels are described than --relay-levels {count} says");
        let mut levels: Vec<Level> = Vec::new();
        for index in 0..count {
            let interface_id = self.interface_id.get(index).map(|id| octets(id)).transpose()?;
            let link = self.link_address.get(index).copied().unwrap_or(Ipv6Addr::UNSPECIFIED);
            // RFC 9915 §19.1.2: the peer of a further relay agent is the one before.
            let peer = levels.last().map(|level| level.link);
            levels.push(Level { link, peer, interface_id });
        }
        Ok(Envelope { levels, own_port: client_port != SERVER_PORT })
    }

    fn steps(&self) -> anyhow::Result<Vec<Step>> {
        let mut steps = if self.address.is_some() { Vec::new() } else { vec![Step::Discover, Step::Request] };
        let actions = [
            (self.renew, Step::Renew),
            (self.rebind, Step::Rebind),
            (self.inform, Step::Inform),
            (self.decline, Step::Decline),
            (self.release, Step::Release),
        ];
        steps.extend(actions.iter().filter(|(wanted, _)| *wanted).map(|(_, step)| *step));
        if steps.is_empty() {
            steps.push(Step::Reboot);
        }
        // RFC 2131 table 5: both messages name the server.
        ensure!(
            self.address.is_none() || self.server_id.is_some() || !(self.decline || self.release),
            "--release and --decline of an --address need the --server-id that gave it"
        );
        ensure!(
            self.address.is_none() || self.count == 1,
            "--address is one client's lease, --count means several"
        );
        Ok(steps)
    }

    fn request(&self) -> anyhow::Result<Vec<u8>> {
        // RFC 3442: classless routes are asked for before routers.
        let usual = [1, 121, 3, 6, 15, 26, 28, 42, 51, 58, 59, 119];
        codes(DHCP4, &self.request, &usual)?
            .into_iter()
            .map(|code| {
                u8::try_from(code).with_context(|| format!("--request {code}: DHCPv4 has codes up to 255"))
            })
            .collect()
    }
}

/// The codes that names or numbers stand for; `usual` when there are none.
fn codes(space: &str, options: &[String], usual: &[u16]) -> anyhow::Result<Vec<u16>> {
    if options.is_empty() {
        return Ok(usual.to_vec());
    }
    options
        .iter()
        .map(|option| {
            option
                .parse()
                .ok()
                .or_else(|| definition::by_name(space, option).map(|definition| definition.code))
                .with_context(|| format!("{space} has no option \"{option}\""))
        })
        .collect()
}

fn octets(text: &str) -> anyhow::Result<Vec<u8>> {
    if text.starts_with("0x") {
        text::encode_hex(text).with_context(|| "--interface-id")
    } else {
        Ok(text.as_bytes().to_vec())
    }
}

fn parse_mac(text: &str) -> Result<[u8; 6], String> {
    let octets = text::encode_hex(&text.replace('-', ":")).map_err(|error| error.to_string())?;
    octets.try_into().map_err(|_| "expected six octets, such as 02:00:00:00:00:01".to_owned())
}
