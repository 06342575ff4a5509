//! The DHCPv6 half as a whole: its configuration made ready for packets, and the way of a datagram through it.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::ops::Range;
use std::sync::Arc;

use fosix_config::{Dhcp6, FqdnPolicy, MacSource, ReservedLease, Subnet6};
use fosix_expression::Classes;
use fosix_hooks::{Context, Hooks, Query6};
use fosix_lease::{Key6, Leases6, Timestamp};
use fosix_policy::{
    CounterName as _, EffectiveOptions, Explanation, Guards, Rules, Topic, Traced, Tracer, not_dropped,
};
use fosix_wire::v6::{self, MessageType, OptionCode, Packet};
use smallvec::SmallVec;
use tracing::debug;

use crate::client::{self, view};
use crate::commit::Commit6;
use crate::outcome::{self, Drop6, Event6, Sent6, Statistics6};
use crate::plan::Plan;
use crate::process::{Exchange, Work};
use crate::query::{self, Datagram, Origin};
use crate::scopes::{self, SubnetScopes};
use crate::subnet::SubnetSelector;
use crate::{answer, hooked, sanitize};

/// What the half needs to know beside its own part of the configuration.
#[derive(Debug, Clone)]
pub struct Settings6 {
    /// The server's DUID, 3 to 130 bytes.
    pub server_id: Vec<u8>,
    /// Relay levels that a message may have, 1 to 32.
    pub max_relay_levels: usize,
    /// The port of servers and relays; 547.
    pub server_port: u16,
    /// The port of clients; 546.
    pub client_port: u16,
    /// Whether answers go to the port that the query came from, whatever the two say.
    pub reply_to_source_port: bool,
    /// Whether there is a DHCPv4 half to hand queries over to.
    pub has_dhcpv4_half: bool,
    /// Seconds for which what was advertised is kept from others.
    pub offer_lifetime: u32,
}

/// The DHCPv6 half.
#[derive(Debug)]
pub struct Server6 {
    pub(crate) settings: Settings6,
    selector: SubnetSelector,
    /// The configuration's subnets, which ascend by id.
    pub(crate) subnets: Vec<Subnet6>,
    /// In the order of `subnets`.
    pub(crate) scopes: Vec<SubnetScopes>,
    pub(crate) global_options: EffectiveOptions,
    pub(crate) rules: Rules<Box<[ReservedLease]>>,
    /// Those of pools.
    pub(crate) guards: Guards,
    /// In the order of `subnets`.
    pub(crate) subnet_ids: Vec<u32>,
    pub(crate) decline_probation_period: u32,
    pub(crate) mac_sources: Vec<MacSource>,
    pub(crate) relay_supplied_options: Vec<u16>,
    pub(crate) allow_address_registration: bool,
    pub(crate) fqdn: FqdnPolicy,
    pub(crate) hooks: Hooks,
    tracer: Arc<Tracer>,
}

/// Leases that are at hand when they are needed: whoever has them locked may wait with that until then.
pub trait LeaseAccess {
    /// The leases.
    fn leases(&mut self) -> &mut Leases6;
}

impl LeaseAccess for Leases6 {
    fn leases(&mut self) -> &mut Leases6 {
        self
    }
}

/// What the half wants done: buffers that the caller lends and empties.
#[derive(Debug, Default)]
pub struct Effects6 {
    /// The bytes of all answers, one behind the other.
    pub bytes: Vec<u8>,
    /// The answers, in order.
    pub answers: Vec<Answer>,
    /// What was counted.
    pub statistics: Statistics6,
    /// What is planned for the message in hand.
    plan: Plan,
    /// What its client would like.
    hints: Vec<Key6>,
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where its bytes are in [`Effects6::bytes`].
    pub bytes: Range<usize>,
    /// Where it goes.
    pub destination: SocketAddrV6,
    /// The address that it comes from; `None` leaves the choice to the kernel.
    pub source: Option<Ipv6Addr>,
    /// The interface that it must leave by; 0 leaves the choice to routing.
    pub interface_index: u32,
}

/// A DHCPV4-QUERY for the DHCPv4 half.
#[derive(Debug)]
pub struct HandOver<'a> {
    /// The whole message with its relay levels, free of what only the other half may say.
    pub message: Cow<'a, [u8]>,
    /// Where it came from; goes back with the response to [`Server6::respond`].
    pub origin: Origin,
    /// The name of the interface that it came in on.
    pub interface: &'a str,
}

/// What became of a datagram.
#[derive(Debug)]
pub enum Outcome6<'a> {
    /// An answer is the last of the effects; it was counted and may be sent.
    Answered(Sent6),
    /// An answer is the last of the effects, to be sent once every change of the leases so far is durable. Whoever sends
    /// it counts it.
    Promised(Sent6),
    /// Like that, and hooks want to know of the changes once they are durable: [`Server6::commit`] does the rest then.
    Committing(Box<Commit6>),
    /// The DHCPv4 half is to serve it.
    HandedOver(HandOver<'a>),
    /// It was dropped.
    Dropped(Drop6),
}

/// What one datagram is served with.
struct Turn<'a> {
    now: Timestamp,
    leases: &'a mut dyn LeaseAccess,
    context: Context,
    effects: &'a mut Effects6,
    /// The classes that the message is in so far.
    classes: Classes,
    why: &'a mut Explanation,
}

impl Server6 {
    /// Makes a configuration ready for packets.
    pub fn new(config: &Dhcp6, settings: Settings6) -> Self {
        Self {
            scopes: scopes::prepare(config),
            global_options: EffectiveOptions::merge(&[&config.options]),
            selector: SubnetSelector::new(&config.subnets),
            subnet_ids: config.subnets.iter().map(|subnet| subnet.id.0).collect(),
            subnets: config.subnets.clone(),
            rules: Rules::new(config.rules.clone()),
            guards: scopes::guards(config),
            decline_probation_period: config.decline_probation_period,
            mac_sources: config.mac_sources.clone(),
            relay_supplied_options: config.relay_supplied_options.clone(),
            allow_address_registration: config.allow_address_registration,
            fqdn: config.fqdn.clone(),
            hooks: Hooks::default(),
            tracer: Arc::default(),
            settings,
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

    /// The server's DUID.
    pub fn server_id(&self) -> &[u8] {
        &self.settings.server_id
    }

    /// The attached hooks.
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// Serves one datagram at `now`: may append an answer to the effects, changes leases, and counts what happened.
    ///
    /// A server with hooks at [`Point::Leases6Committed`](fosix_hooks::Point::Leases6Committed) needs leases whose
    /// changes are kept ([`Leases6::follow_changes`]) until this returns.
    pub fn handle<'a>(
        &self,
        now: Timestamp,
        leases: &mut dyn LeaseAccess,
        datagram: &Datagram<'a>,
        effects: &mut Effects6,
    ) -> Outcome6<'a> {
        if !self.tracer.follows(datagram.bytes) {
            return self.handle_explained(now, leases, datagram, effects, &mut Explanation::default());
        }
        let (count, mut why) = (effects.answers.len(), Explanation::wanted());
        let outcome = self.handle_explained(now, leases, datagram, effects, &mut why);
        let answer = effects.answers.get(count).and_then(|answer| effects.bytes.get(answer.bytes.clone()));
        self.tracer.tell(&Traced {
            bytes: datagram.bytes.to_vec(),
            source: *datagram.origin.source.ip(),
            interface: datagram.interface.to_owned(),
            steps: why.into_steps(),
            result: outcome.to_string(),
            answer: answer.unwrap_or_default().to_vec(),
            lost: 0,
        });
        outcome
    }

    /// The same, with what is decided on the way told to `why`.
    pub fn handle_explained<'a>(
        &self,
        now: Timestamp,
        leases: &mut dyn LeaseAccess,
        datagram: &Datagram<'a>,
        effects: &mut Effects6,
        why: &mut Explanation,
    ) -> Outcome6<'a> {
        effects.statistics.datagrams += 1;
        let mut turn =
            Turn { now, leases, context: Context::new(), effects, classes: Classes::default(), why };
        let outcome = self.receive(datagram, &mut turn).unwrap_or_else(Outcome6::Dropped);
        match &outcome {
            Outcome6::Answered(sent) => effects.statistics.sent.count(*sent),
            Outcome6::Promised(_) | Outcome6::Committing(_) => {}
            Outcome6::HandedOver(_) => effects.statistics.events.count(Event6::HandedOver),
            Outcome6::Dropped(reason) => effects.statistics.dropped.count(*reason),
        }
        debug!(
            %outcome, packet = %Description(datagram.bytes),
            source = %datagram.origin.source, destination = %datagram.origin.destination,
            interface = datagram.interface,
            "DHCPv6 datagram served"
        );
        outcome
    }

    /// Counts a datagram that was dropped before this half saw it.
    pub fn drop_unseen(&self, reason: Drop6, source: SocketAddrV6, statistics: &mut Statistics6) {
        statistics.datagrams += 1;
        statistics.dropped.count(reason);
        debug!(%source, ?reason, "datagram dropped unseen");
    }

    /// Sends the response that the DHCPv4 half wrote into [`Effects6::bytes`] at `bytes` to where `origin` says.
    pub fn respond(&self, origin: &Origin, bytes: Range<usize>, effects: &mut Effects6) {
        effects.statistics.events.count(Event6::ResponseFromLink);
        let response = effects.bytes.get(bytes.clone()).unwrap_or_default();
        let answer = {
            let mut packet = Packet::default();
            // What the other half puts back was accepted as a query: the limit was checked then.
            let is_response = packet.read(response, v6::MAX_RELAY_LEVELS).is_ok()
                && packet.message().message_type() == MessageType::DHCPV4_RESPONSE;
            is_response.then(|| self.address(&packet, origin, bytes))
        };
        let Some(mut answer) = answer else {
            effects.statistics.events.count(Event6::BadResponseFromLink);
            return;
        };
        // The query is not at hand: nothing that hooks kept of it is either.
        match self.buffer6_send(&mut answer, &mut Context::new(), &mut effects.bytes) {
            Ok(()) => {
                effects.answers.push(answer);
                effects.statistics.sent.count(Sent6::Dhcpv4Response);
            }
            Err(_) => effects.statistics.events.count(Event6::ResponseHeldByHook),
        }
    }

    /// Takes a datagram through the points before it is served.
    fn receive<'a>(&self, datagram: &Datagram<'a>, turn: &mut Turn<'_>) -> Result<Outcome6<'a>, Drop6> {
        match self.buffer6_receive(datagram, &mut turn.context)? {
            None => self.accept(datagram, turn),
            Some(changed) => {
                let changed = Datagram { bytes: &changed, ..*datagram };
                self.accept(&changed, turn).map(|outcome| outcome.detached(datagram.interface))
            }
        }
    }

    fn accept<'a>(&self, datagram: &Datagram<'a>, turn: &mut Turn<'_>) -> Result<Outcome6<'a>, Drop6> {
        let mut packet = Packet::default();
        query::decode(&mut packet, datagram.bytes, self.settings.max_relay_levels)?;
        let message = packet.message();
        turn.effects.statistics.received.count(outcome::received(message.message_type()));
        if let Err(reason) = query::check_server(&message, &self.settings.server_id) {
            if reason == Drop6::NotForUs && message.message_type() == MessageType::REQUEST {
                // The client takes what another server advertised.
                let client = message.options().find(OptionCode::CLIENT_ID);
                turn.leases.leases().withdraw_offers(client.unwrap_or_default());
            }
            return Err(reason);
        }
        self.classify(&packet, datagram, &mut turn.classes, turn.why);
        let Some(changed) = self.pkt6_receive(datagram, &mut turn.context)? else {
            return self.serve(&packet, datagram, turn);
        };
        let mut packet = Packet::default();
        query::decode(&mut packet, &changed, self.settings.max_relay_levels)?;
        query::check_server(&packet.message(), &self.settings.server_id)?;
        let outcome = self.serve(&packet, datagram, turn)?;
        Ok(outcome.detached(datagram.interface))
    }

    fn serve<'a>(
        &self,
        packet: &Packet<'a>,
        datagram: &Datagram<'a>,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome6<'a>, Drop6> {
        let message = packet.message();
        query::check_client(&message)?;
        not_dropped(&turn.classes)?;
        self.classify_early(packet, datagram, &mut turn.classes, turn.why)?;
        self.check_rates(turn.now, packet, datagram, &turn.classes)?;
        if message.message_type() == MessageType::DHCPV4_QUERY {
            return self.hand_over(packet, datagram, turn.effects).map(Outcome6::HandedOver);
        }
        query::check_destination(packet, &datagram.origin)?;
        let query = Query6 { packet, arrival: hooked::arrival(datagram) };
        let select = |admits: &dyn Fn(usize) -> bool| {
            self.selector.select(packet.relays(), query.arrival.source, datagram.interface, admits)
        };
        let selected = select(&|at| self.admits(at, &turn.classes));
        let subnet = self.subnet6_select(&query, selected, &mut turn.context)?;
        turn.why.add(Topic::Subnet, || self.why_subnet(&query, select(&|_| true), selected, subnet));
        if let Some(subnet) = subnet.and_then(|at| self.subnet(at)) {
            self.check_rate_of(turn.now, subnet.id(), datagram)?;
        }
        let link = subnet.map_or(&[][..], |at| self.link(at));
        let none = Classes::default();
        let flex_id = self.rules.flex_id(&view(packet, datagram, &none), &turn.classes);
        let duid = message.options().find(OptionCode::CLIENT_ID).unwrap_or_default();
        let replaced =
            flex_id.as_deref().filter(|_| self.rules.flex_id_replaces()).map(client::replaced_duid);
        let hosts = self.hosts(packet, datagram, link, flex_id.as_deref(), &mut turn.classes, turn.why)?;
        let exchange = Exchange {
            server: self,
            packet,
            message,
            duid: replaced.as_deref().unwrap_or(duid),
            link,
            arrival: query.arrival,
            destination: datagram.origin.destination,
            classes: std::mem::take(&mut turn.classes),
            hosts,
        };
        self.answer(&exchange, datagram.origin, turn)
    }

    /// Plans, writes and does what a message leads to.
    fn answer<'a>(
        &self,
        exchange: &Exchange<'_>,
        origin: Origin,
        turn: &mut Turn<'_>,
    ) -> Result<Outcome6<'a>, Drop6> {
        let Effects6 { bytes, answers, plan, hints, statistics } = &mut *turn.effects;
        let leases = turn.leases.leases();
        let changes_before = leases.changes().len();
        let (now, context, why) = (turn.now, &mut turn.context, &mut *turn.why);
        let mut work = Work { now, leases, plan, hints, context, limited: SmallVec::new(), why };
        let planned = exchange.plan(&mut work);
        work.limited.iter().for_each(|&by| statistics.limited.count(by.into()));
        planned?;
        let start = bytes.len();
        // The answer is written first: when it cannot be, nothing was granted.
        answer::write(exchange, work.plan, bytes, work.why).map_err(|_| Drop6::AnswerTooLong)?;
        exchange.carry_out(&mut work)?;
        let mut answer = self.address(exchange.packet, &origin, start..bytes.len());
        if let Some(commit) = Commit6::of(exchange, origin, changes_before, &mut work) {
            answers.push(answer);
            return Ok(Outcome6::Committing(Box::new(commit)));
        }
        let sent = work.plan.sent;
        let query = exchange.query();
        self.pkt6_send(&query, &mut answer, &mut turn.context, bytes)?;
        self.buffer6_send(&mut answer, &mut turn.context, bytes)?;
        answers.push(answer);
        Ok(if rests_on_leases(sent, exchange.message.message_type()) {
            Outcome6::Promised(sent)
        } else {
            Outcome6::Answered(sent)
        })
    }

    fn hand_over<'a>(
        &self,
        packet: &Packet<'a>,
        datagram: &Datagram<'a>,
        effects: &mut Effects6,
    ) -> Result<HandOver<'a>, Drop6> {
        // RFC 7341 §11: without the DHCPv4 Message option a query is discarded; §6.2: there is exactly one.
        match packet.message().options().count(OptionCode::DHCPV4_MSG) {
            0 => return Err(Drop6::NoDhcpv4Message),
            1 => {}
            _ => return Err(Drop6::SeveralDhcpv4Messages),
        }
        if !self.settings.has_dhcpv4_half {
            return Err(Drop6::NoDhcpv4Half);
        }
        let message = sanitize::without_link_options(packet).map_err(|_| Drop6::Malformed)?;
        if let Cow::Owned(_) = message {
            effects.statistics.events.count(Event6::LinkOptionsRemoved);
        }
        Ok(HandOver { message, origin: datagram.origin, interface: datagram.interface })
    }

    /// Where an answer with the relay levels of `packet` goes.
    fn address(&self, packet: &Packet<'_>, origin: &Origin, bytes: Range<usize>) -> Answer {
        let source_port = origin.source.port();
        let port = match packet.relays().first() {
            _ if self.settings.reply_to_source_port => source_port,
            None => self.settings.client_port,
            // RFC 8357 §5.2: to the port that the relay sent from, if it says so.
            Some(outermost) if outermost.relay_source_port().is_some() => source_port,
            // RFC 9915 §7.2.
            Some(_) => self.settings.server_port,
        };
        let mut destination = origin.source;
        destination.set_port(port);
        let direct = packet.relays().is_empty();
        let on_link = direct || destination.ip().is_unicast_link_local();
        // RFC 7341 §11: a direct answer leaves by the interface that the query came in on. It comes from the address
        // that the query went to; where that was a multicast group, from the interface's link-local address. A relay
        // behind other routers cannot be answered from there.
        let source = match origin.destination {
            group if group.is_multicast() => origin.link_local.filter(|_| on_link),
            // Nobody knows: from the interface's link-local address where only that can be, else the kernel's choice.
            Ipv6Addr::UNSPECIFIED => origin.link_local.filter(|_| destination.ip().is_unicast_link_local()),
            address => Some(address),
        };
        Answer {
            bytes,
            destination,
            source,
            interface_index: if on_link { origin.interface_index } else { 0 },
        }
    }
}

impl Outcome6<'_> {
    /// The same, without borrowing from bytes that are gone soon.
    fn detached(self, interface: &str) -> Outcome6<'_> {
        match self {
            Self::HandedOver(HandOver { message, origin, .. }) => {
                Outcome6::HandedOver(HandOver { message: message.into_owned().into(), origin, interface })
            }
            Self::Answered(sent) => Outcome6::Answered(sent),
            Self::Promised(sent) => Outcome6::Promised(sent),
            Self::Committing(commit) => Outcome6::Committing(commit),
            Self::Dropped(reason) => Outcome6::Dropped(reason),
        }
    }
}

/// Whether an answer says something of leases that must not be forgotten afterwards.
fn rests_on_leases(sent: Sent6, to: MessageType) -> bool {
    // An Advertise promises nothing, and these two are answered from the configuration alone.
    sent != Sent6::Advertise && !matches!(to, MessageType::INFORMATION_REQUEST | MessageType::CONFIRM)
}

impl fmt::Display for Outcome6<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(sent) | Self::Promised(sent) => {
                write!(f, "answered with {}", answer::message_type(*sent))
            }
            Self::Committing(_) => f.write_str("answered, unless hooks object"),
            Self::HandedOver(_) => f.write_str("handed over to the DHCPv4 half"),
            Self::Dropped(reason) => write!(f, "dropped: {}", reason.in_words()),
        }
    }
}

/// What a datagram is, for a log line: its type, client identifier and relays, the one nearest the client first.
pub(crate) struct Description<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packet = match Packet::new_checked(self.0, v6::MAX_RELAY_LEVELS) {
            Ok(packet) => packet,
            Err(error) => return write!(f, "{} bytes: {error}", self.0.len()),
        };
        write!(f, "{}", packet.message().message_type())?;
        if let Some(duid) = packet.message().options().find(OptionCode::CLIENT_ID) {
            write!(f, " duid {}", Hex(duid))?;
        }
        for relay in packet.relays().iter().rev() {
            write!(f, " via {}", relay.link_address())?;
            if let Some(id) = relay.interface_id() {
                write!(f, " \"{}\"", id.escape_ascii())?;
            }
        }
        Ok(())
    }
}

/// Bytes as a log line has them: `0003000102`.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
