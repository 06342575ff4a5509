//! The DHCPv4 half as a whole: its configuration made ready for packets, and the way of a query through it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use fosix_config::{Allocator, Dhcp4, Host, OptionValue, Pool4, Subnet4, Timers};
use fosix_expression::Classes;
use fosix_hooks::{Arrival, Context, Hooks};
use fosix_lease::{Leases4, PoolRange4, Timestamp};
use fosix_policy::{
    ClientOptions, CounterName as _, EffectiveOptions, Explanation, Guards, Hosts, Rules, Topic, Traced,
    Tracer, not_dropped,
};
use fosix_wire::v6::Packet;
use tracing::debug;

use crate::answer;
use crate::client::{identify, view};
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
    global_options: EffectiveOptions,
    pub(crate) rules: Rules<Option<Ipv4Addr>>,
    /// Those of pools.
    pub(crate) guards: Guards,
    selector: SubnetSelector,
    /// The places of the subnets by their first address.
    by_address: BTreeMap<Ipv4Addr, usize>,
    /// Every name that this server goes by, in ascending order.
    identifiers: Vec<Ipv4Addr>,
    /// In the order of `config.subnets`, which ascend.
    pub(crate) subnet_ids: Vec<u32>,
    pub(crate) hooks: Hooks,
    tracer: Arc<Tracer>,
}

/// The merged options of one subnet and of those of its pools that have options of their own.
#[derive(Debug)]
struct SubnetScopes {
    /// The places of the subnets that its clients are given addresses of: itself, then the others of its shared network.
    link: Box<[usize]>,
    options: Layers,
    pools: Vec<(Pool4, Layers)>,
}

/// The options of some scopes.
#[derive(Debug)]
struct Layers {
    /// Their own.
    own: EffectiveOptions,
    /// With the global ones.
    merged: EffectiveOptions,
}

impl Layers {
    fn new(scopes: &[&[OptionValue]], global: &[OptionValue]) -> Self {
        let all: Vec<&[OptionValue]> = scopes.iter().copied().chain([global]).collect();
        Self { own: EffectiveOptions::merge(scopes), merged: EffectiveOptions::merge(&all) }
    }
}

/// What is reserved for one client.
pub(crate) type Hosts4<'a> = Hosts<'a, Option<Ipv4Addr>>;
/// One reservation.
pub(crate) type Host4 = Host<Option<Ipv4Addr>>;

/// A subnet with what its clients get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subnet<'a> {
    /// Its place in the configuration.
    pub(crate) at: usize,
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

impl fmt::Display for Served4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(Outcome4::Answered(sent)) => {
                write!(f, "answered with {}", answer::message_type(*sent))
            }
            Self::Done(Outcome4::Silent(reason)) => write!(f, "no answer is due: {}", reason.in_words()),
            Self::Done(Outcome4::Dropped(reason)) => write!(f, "dropped: {}", reason.in_words()),
            Self::Committing(_) => f.write_str("answered, unless hooks object"),
        }
    }
}

impl Server4 {
    /// Makes a configuration ready for packets.
    pub fn new(config: Dhcp4, settings: Settings4) -> Self {
        let places = config.subnets.iter().enumerate();
        let scopes = places.map(|(at, subnet)| SubnetScopes::new(at, subnet, &config)).collect();
        let configured = config.subnets.iter().map(|subnet| subnet.server_identifier);
        let configured = configured.chain([config.server_identifier, Some(settings.server_identifier)]);
        let identifiers: BTreeSet<Ipv4Addr> = configured.flatten().collect();
        Self {
            scopes,
            global_options: EffectiveOptions::merge(&[&config.options]),
            rules: Rules::new(config.rules.clone()),
            guards: Guards::new(pools_of(&config).map(|(_, pool)| &pool.guard)),
            selector: SubnetSelector::new(config.subnets.iter().map(|subnet| &subnet.selector)),
            by_address: config
                .subnets
                .iter()
                .enumerate()
                .map(|(at, subnet)| (subnet.prefix.network(), at))
                .collect(),
            identifiers: identifiers.into_iter().collect(),
            subnet_ids: config.subnets.iter().map(|subnet| subnet.id.0).collect(),
            hooks: Hooks::default(),
            tracer: Arc::default(),
            settings,
            config,
        }
    }

    /// The same half with these hooks attached.
    #[must_use]
    pub fn with_hooks(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// The same half, of which others are told whose clients they follow.
    #[must_use]
    pub fn with_tracer(self, tracer: Arc<Tracer>) -> Self {
        Self { tracer, ..self }
    }

    /// Who follows which client.
    pub fn tracer(&self) -> &Arc<Tracer> {
        &self.tracer
    }

    /// The attached hooks.
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// The pools of all subnets, as the lease store wants them.
    pub fn pools(&self) -> Vec<PoolRange4> {
        let range = |(subnet, pool): (&Subnet4, &Pool4)| {
            let range = PoolRange4::new(subnet.id.0, pool.first, pool.last);
            let allocator = match subnet.allocator {
                Allocator::Iterative => fosix_lease::Allocator::Iterative,
                Allocator::Random => fosix_lease::Allocator::Random,
                Allocator::Identity => fosix_lease::Allocator::Identity,
            };
            range.with_guard(self.guards.number(&pool.guard)).with_allocator(allocator)
        };
        pools_of(&self.config).map(range).collect()
    }

    /// Has `leases` give out what is configured, from now on: the pools, and what is reserved by name alone. It takes as long
    /// as there are leases and reservations.
    pub fn arrange(&self, leases: &mut Leases4) {
        leases.set_pools(&self.pools());
        leases.count_by(self.rules.limiter().counts_by());
        for (subnet, host) in self.rules.config().reservations.iter() {
            let Some(address) = host.reserved else { continue };
            // What is reserved everywhere belongs to the subnet that it lies in.
            let subnet = subnet.map(|subnet| subnet.0).or_else(|| self.subnet_with(address));
            leases.exclude(subnet.unwrap_or(0), address);
        }
    }

    /// Whether `other` gives out the same.
    pub fn arranges_as(&self, other: &Self) -> bool {
        self.pools() == other.pools()
            && self.rules.limiter().counts_by() == other.rules.limiter().counts_by()
            && self.rules.config().reservations == other.rules.config().reservations
    }

    fn subnet_with(&self, address: Ipv4Addr) -> Option<u32> {
        self.by_address.range(..=address).next_back().and_then(|(_, &at)| {
            let subnet = self.config.subnets.get(at)?;
            subnet.prefix.contains(&address).then_some(subnet.id.0)
        })
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
        if !self.tracer.follows(query.message) {
            return self.handle_explained(
                now,
                leases,
                query,
                answer,
                statistics,
                &mut Explanation::default(),
            );
        }
        let (start, mut why) = (answer.len(), Explanation::wanted());
        let served = self.handle_explained(now, leases, query, answer, statistics, &mut why);
        self.tracer.tell(&Traced {
            bytes: query.message.to_vec(),
            source: query.source,
            interface: query.interface.to_owned(),
            steps: why.into_steps(),
            result: served.to_string(),
            answer: answer.get(start..).unwrap_or_default().to_vec(),
            lost: 0,
        });
        served
    }

    /// The same, with what is decided on the way told to `why`.
    pub fn handle_explained(
        &self,
        now: Timestamp,
        leases: &mut Leases4,
        query: &Query<'_>,
        answer: &mut Vec<u8>,
        statistics: &mut Statistics4,
        why: &mut Explanation,
    ) -> Served4 {
        let start = answer.len();
        let served = self.serve(now, leases, query, answer, statistics, why);
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
        why: &mut Explanation,
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
        let mut classes = Classes::default();
        if let Ok(decoded) = &decoded {
            self.classify(decoded, arrival, &mut classes, why);
        }
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
            .and_then(|decoded| self.exchange(now, decoded, arrival, classes, &mut context, why));
        let served = match &exchange {
            Err(reason) => Served4::Done(Outcome4::Dropped(*reason)),
            Ok(exchange) => {
                let start = answer.len();
                let changes_before = leases.changes().len();
                let mut work = Work {
                    now,
                    leases,
                    out: answer,
                    start,
                    context: &mut context,
                    changes_before,
                    limited: None,
                    why,
                };
                let served = process::process(exchange, &mut work);
                if let Some(by) = work.limited {
                    statistics.limited.count(by.into());
                }
                served
            }
        };
        debug!(
            %served,
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
        now: Timestamp,
        decoded: &'a Decoded<'a>,
        arrival: Arrival<'a>,
        mut classes: Classes,
        context: &mut Context,
        why: &mut Explanation,
    ) -> Result<Exchange<'a>, Drop4> {
        not_dropped(&classes)?;
        self.classify_early(decoded, arrival, &mut classes, why)?;
        self.check_rates(now, decoded, arrival, &classes)?;
        let admits = |at: usize| self.admits(at, &classes);
        let selected =
            self.selector.select(decoded.packet.relays(), arrival.source, arrival.interface, &admits);
        let at = self.subnet4_select(decoded, arrival, selected, context)?;
        let subnet = at.and_then(|at| self.subnet(at));
        if let Some(subnet) = &subnet {
            self.check_rate_of(now, subnet, decoded, arrival)?;
        }
        why.add(Topic::Subnet, || self.why_subnet(decoded, arrival, selected, subnet));
        let link = at.and_then(|at| self.scopes.get(at)).map_or(&[][..], |scopes| &scopes.link);
        let none = Classes::default();
        let flex_id = self.rules.flex_id(&view(decoded, arrival, &none), &classes);
        let hosts = self.hosts(decoded, arrival, link, flex_id.as_deref(), &mut classes, why)?;
        let by_identifier =
            subnet.map_or(self.config.match_client_id, |subnet| subnet.config.match_client_id);
        let replacement = flex_id.as_deref().filter(|_| self.rules.flex_id_replaces());
        let client = identify(decoded, by_identifier, replacement)?;
        Ok(Exchange { server: self, decoded, subnet, link, client, arrival, classes, hosts })
    }

    /// The subnet at that place of the configuration.
    pub(crate) fn subnet(&self, at: usize) -> Option<Subnet<'_>> {
        Some(Subnet { at, config: self.config.subnets.get(at)?, scopes: self.scopes.get(at)? })
    }

    /// The subnet that a query would belong to if its classes did not matter.
    pub(crate) fn selector_match(&self, decoded: &Decoded<'_>, arrival: Arrival<'_>) -> Option<usize> {
        self.selector.select(decoded.packet.relays(), arrival.source, arrival.interface, &|_| true)
    }

    /// Whether who is in `classes` may use the subnet at that place.
    pub(crate) fn admits(&self, at: usize, classes: &Classes) -> bool {
        self.config
            .subnets
            .get(at)
            .is_some_and(|subnet| subnet.guard.admits(classes) && subnet.network_guard.admits(classes))
    }

    /// The options for whoever has `address` in `subnet`, is in `classes`, and has options of its own.
    pub(crate) fn options<'a>(
        &'a self,
        subnet: Option<Subnet<'a>>,
        address: Ipv4Addr,
        classes: &Classes,
        own: Option<&'a EffectiveOptions>,
    ) -> ClientOptions<'a> {
        let mut options = ClientOptions::default();
        let mut of_classes = ClientOptions::default();
        self.rules.classifier().push_options(classes, &mut of_classes);
        if let Some(own) = own {
            options.push(own);
        }
        match subnet.map(|subnet| subnet.layers(address)) {
            Some(layers) if of_classes.is_empty() => options.push(&layers.merged),
            layers => {
                if let Some(layers) = layers {
                    options.push(&layers.own);
                }
                options.extend(of_classes);
                options.push(&self.global_options);
            }
        }
        options
    }

    /// Whether `address` is a name of this server.
    pub(crate) fn is_ours(&self, address: Ipv4Addr) -> bool {
        self.identifiers.binary_search(&address).is_ok()
    }
}

/// The pools of all subnets, in the order of the configuration.
fn pools_of(config: &Dhcp4) -> impl Iterator<Item = (&Subnet4, &Pool4)> {
    config.subnets.iter().flat_map(|subnet| subnet.pools.iter().map(move |pool| (subnet, pool)))
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
        let merged = |pool: &Pool4| Layers::new(&[&pool.options, &subnet.options], &config.options);
        Self {
            link: [at].into_iter().chain(others.map(|(other, _)| other)).collect(),
            options: Layers::new(&[&subnet.options], &config.options),
            pools: own.map(|pool| (pool.clone(), merged(pool))).collect(),
        }
    }
}

impl<'a> Subnet<'a> {
    /// The options for whoever has `address`: of its pool and of the subnet.
    fn layers(&self, address: Ipv4Addr) -> &'a Layers {
        let mut pools = self.scopes.pools.iter();
        let pool = pools.find(|(pool, _)| (pool.first..=pool.last).contains(&address));
        pool.map_or(&self.scopes.options, |(_, options)| options)
    }

    /// The pool that has `address`.
    pub(crate) fn pool(&self, address: Ipv4Addr) -> Option<&'a Pool4> {
        self.config.pools.iter().find(|pool| (pool.first..=pool.last).contains(&address))
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
pub(crate) struct RelayPath<'a, 'b>(pub(crate) &'a Packet<'b>);

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
