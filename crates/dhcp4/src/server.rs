//! The DHCPv4 half as a whole: its configuration made ready for packets, and the way of a query through it.

use std::collections::HashSet;
use std::fmt;
use std::net::Ipv4Addr;

use fosix_config::{Dhcp4, Pool4, Subnet4, Timers};
use fosix_hooks::{Arrival, Context, Hooks};
use fosix_lease::{Leases4, PoolRange4, Timestamp};
use fosix_policy::EffectiveOptions;
use fosix_wire::v6::Packet;
use tracing::debug;

use crate::commit::Commit4;
use crate::outcome::{self, Drop4, Sent4, Silence4, Statistics4};
use crate::process::{self, Exchange, Work};
use crate::query::{self, Decoded, Query};
use crate::subnet::SubnetSelector;

/// What the half needs to know beside its own part of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Settings4 {
    /// Relay levels that a query may have, 1 to 32.
    pub max_relay_levels: usize,
    /// Seconds for which an offered address is kept from others.
    pub offer_lifetime: u32,
    /// The server identifier (option 54) where none is configured. Over 4o6 it is only a name.
    pub server_identifier: Ipv4Addr,
}

/// The DHCPv4 half.
#[derive(Debug)]
pub struct Server4 {
    pub(crate) settings: Settings4,
    pub(crate) config: Dhcp4,
    /// In the order of `config.subnets`.
    scopes: Vec<SubnetScopes>,
    pub(crate) global_options: EffectiveOptions,
    selector: SubnetSelector,
    /// Every name that this server goes by.
    identifiers: HashSet<Ipv4Addr>,
    /// In the order of `config.subnets`, which ascend.
    pub(crate) subnet_ids: Vec<u32>,
    pub(crate) hooks: Hooks,
}

/// The merged options of one subnet and of those of its pools that have options of their own.
#[derive(Debug)]
struct SubnetScopes {
    /// The places of the subnets that its clients are given addresses of: itself, then the others of its shared network.
    link: Box<[usize]>,
    options: EffectiveOptions,
    pools: Vec<(Pool4, EffectiveOptions)>,
}

/// A subnet with what its clients get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subnet<'a> {
    pub(crate) config: &'a Subnet4,
    scopes: &'a SubnetScopes,
}

/// How far a query was served.
#[derive(Debug)]
pub enum Served4 {
    /// To its end. An answer other than an offer is to be sent once every change of the leases so far is durable.
    Done(Outcome4),
    /// Hooks want to know of its changes once they are durable: [`Server4::commit`] does the rest then.
    Committing(Box<Commit4>),
}

/// What became of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome4 {
    /// A DHCPV4-RESPONSE was appended to the buffer.
    Answered(Sent4),
    /// It was served, and no answer is due.
    Silent(Silence4),
    /// It was dropped.
    Dropped(Drop4),
}

impl Server4 {
    /// Makes a configuration ready for packets.
    pub fn new(config: Dhcp4, settings: Settings4) -> Self {
        let places = config.subnets.iter().enumerate();
        let scopes = places.map(|(at, subnet)| SubnetScopes::new(at, subnet, &config)).collect();
        let configured = config.subnets.iter().map(|subnet| subnet.server_identifier);
        let configured = configured.chain([config.server_identifier, Some(settings.server_identifier)]);
        Self {
            scopes,
            global_options: EffectiveOptions::merge(&[&config.options]),
            selector: SubnetSelector::new(config.subnets.iter().map(|subnet| &subnet.selector)),
            identifiers: configured.flatten().collect(),
            subnet_ids: config.subnets.iter().map(|subnet| subnet.id.0).collect(),
            hooks: Hooks::default(),
            settings,
            config,
        }
    }

    /// The same half with these hooks attached.
    #[must_use]
    pub fn with_hooks(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// The attached hooks.
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// The pools of all subnets, as the lease store wants them.
    pub fn pools(&self) -> Vec<PoolRange4> {
        let of_subnet = |subnet: &Subnet4| {
            let subnet_id = subnet.id.0;
            let range =
                move |pool: &Pool4| PoolRange4 { subnet: subnet_id, first: pool.first, last: pool.last };
            subnet.pools.iter().map(range).collect::<Vec<_>>()
        };
        self.config.subnets.iter().flat_map(of_subnet).collect()
    }

    /// Serves one query at `now`: appends the whole DHCPV4-RESPONSE to `answer` or leaves it as it is, changes
    /// `leases`, and counts what happened. An answer is counted by whoever sends it: [`Statistics4::sent`].
    ///
    /// A server with hooks at [`Point::Leases4Committed`](fosix_hooks::Point::Leases4Committed) needs leases whose
    /// changes are kept ([`Leases4::follow_changes`]) until this returns.
    pub fn handle(
        &self,
        now: Timestamp,
        leases: &mut Leases4,
        query: &Query<'_>,
        answer: &mut Vec<u8>,
        statistics: &mut Statistics4,
    ) -> Served4 {
        let start = answer.len();
        let served = self.serve(now, leases, query, answer, statistics);
        if let Served4::Done(outcome) = served {
            count(outcome, start, answer, statistics);
        }
        served
    }

    /// Counts a query that is dropped without a look at it.
    pub fn drop_unseen(&self, reason: Drop4, query: &Query<'_>, statistics: &mut Statistics4) {
        statistics.dropped.count(reason);
        debug!(?reason, source = %query.source, interface = query.interface, "DHCPv4 query dropped unseen");
    }

    fn serve(
        &self,
        now: Timestamp,
        leases: &mut Leases4,
        query: &Query<'_>,
        answer: &mut Vec<u8>,
        statistics: &mut Statistics4,
    ) -> Served4 {
        let mut packet = Packet::default();
        if let Err(error) = packet.read(query.message, self.settings.max_relay_levels) {
            debug!(source = %query.source, interface = query.interface, %error, "query dropped: malformed");
            return Served4::Done(Outcome4::Dropped(Drop4::QueryMalformed));
        }
        let relays = RelayPath(&packet);
        let arrival = Arrival { source: query.source, interface: query.interface };
        let mut context = Context::new();
        let message = query::dhcpv4_message(&packet)
            .and_then(|bytes| self.buffer4_receive(bytes, &arrival, &mut context));
        let decoded = message.as_deref().map_err(|&reason| reason).and_then(|bytes| {
            Decoded::new(&packet, bytes, |seen| statistics.received.count(outcome::received(seen)))
        });
        let changed = decoded.as_ref().map_err(|&reason| reason);
        let changed =
            changed.and_then(|decoded| self.pkt4_receive(decoded.message.as_bytes(), &arrival, &mut context));
        let decoded = match &changed {
            Ok(None) => decoded,
            Ok(Some(changed)) => Decoded::new(&packet, changed, |_| ()),
            Err(reason) => Err(*reason),
        };
        let exchange = decoded
            .as_ref()
            .map_err(|&reason| reason)
            .and_then(|decoded| self.exchange(decoded, arrival, &mut context));
        let served = match &exchange {
            Err(reason) => Served4::Done(Outcome4::Dropped(*reason)),
            Ok(exchange) => {
                let start = answer.len();
                let changes_before = leases.changes().len();
                let mut work =
                    Work { now, leases, out: answer, start, context: &mut context, changes_before };
                process::process(exchange, &mut work)
            }
        };
        debug!(
            ?served,
            kind = decoded.as_ref().ok().map(|decoded| display(decoded.message_type)),
            client = exchange.as_ref().ok().map(|exchange| display(&exchange.client)),
            subnet = exchange.as_ref().ok().and_then(|exchange| exchange.subnet).map(|subnet| subnet.id()),
            source = %query.source, interface = query.interface, %relays,
            "DHCPv4 query served"
        );
        served
    }

    /// Who asks, and in which subnet; or why the message is not served.
    fn exchange<'a>(
        &'a self,
        decoded: &'a Decoded<'a>,
        arrival: Arrival<'a>,
        context: &mut Context,
    ) -> Result<Exchange<'a>, Drop4> {
        let at = self.selector.select(decoded.packet.relays(), arrival.source, arrival.interface);
        let at = self.subnet4_select(decoded, arrival, at, context)?;
        let subnet = at.and_then(|at| self.subnet(at));
        let by_identifier =
            subnet.map_or(self.config.match_client_id, |subnet| subnet.config.match_client_id);
        let client = process::identify(decoded, by_identifier)?;
        let link = at.and_then(|at| self.scopes.get(at)).map_or(&[][..], |scopes| &scopes.link);
        Ok(Exchange { server: self, decoded, subnet, link, client, arrival })
    }

    /// The subnet at that place of the configuration.
    pub(crate) fn subnet(&self, at: usize) -> Option<Subnet<'_>> {
        Some(Subnet { config: self.config.subnets.get(at)?, scopes: self.scopes.get(at)? })
    }

    /// Whether `address` is a name of this server.
    pub(crate) fn is_ours(&self, address: Ipv4Addr) -> bool {
        self.identifiers.contains(&address)
    }
}

/// Counts what became of a query that gets no answer; only an answer stays in `answer` from `start` on.
pub(crate) fn count(outcome: Outcome4, start: usize, answer: &mut Vec<u8>, statistics: &mut Statistics4) {
    match outcome {
        Outcome4::Answered(_) => return,
        Outcome4::Silent(reason) => statistics.silence.count(reason),
        Outcome4::Dropped(reason) => statistics.dropped.count(reason),
    }
    answer.truncate(start);
}

impl SubnetScopes {
    fn new(at: usize, subnet: &Subnet4, config: &Dhcp4) -> Self {
        let others = config.subnets.iter().enumerate().filter(|(other, candidate)| {
            *other != at
                && subnet.shared_network.is_some()
                && candidate.shared_network == subnet.shared_network
        });
        let own = subnet.pools.iter().filter(|pool| !pool.options.is_empty());
        let merged =
            |pool: &Pool4| EffectiveOptions::merge(&[&pool.options, &subnet.options, &config.options]);
        Self {
            link: [at].into_iter().chain(others.map(|(other, _)| other)).collect(),
            options: EffectiveOptions::merge(&[&subnet.options, &config.options]),
            pools: own.map(|pool| (pool.clone(), merged(pool))).collect(),
        }
    }
}

impl<'a> Subnet<'a> {
    /// The options for whoever has `address`.
    pub(crate) fn options(&self, address: Ipv4Addr) -> &'a EffectiveOptions {
        let mut pools = self.scopes.pools.iter();
        let pool = pools.find(|(pool, _)| (pool.first..=pool.last).contains(&address));
        pool.map_or(&self.scopes.options, |(_, options)| options)
    }

    /// The subnet's id, as the lease store knows it.
    pub(crate) fn id(&self) -> u32 {
        self.config.id.0
    }

    pub(crate) fn timers(&self) -> &'a Timers {
        &self.config.timers
    }
}

/// The relays of a packet for a log line, the one nearest the client first: `2001:db8::1 "vlan7"`.
struct RelayPath<'a, 'b>(&'a Packet<'b>);

impl fmt::Display for RelayPath<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, relay) in self.0.relays().iter().rev().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{}", relay.link_address())?;
            if let Some(id) = relay.interface_id() {
                write!(f, " \"{}\"", id.escape_ascii())?;
            }
        }
        Ok(())
    }
}
