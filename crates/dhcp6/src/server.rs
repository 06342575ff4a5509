//! The DHCPv6 half as a whole: its configuration made ready for packets, and the way of a datagram through it.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::ops::Range;

use fosix_config::Dhcp6;
use fosix_hooks::{Context, Hooks, Query6};
use fosix_policy::EffectiveOptions;
use fosix_wire::v6::{self, MessageType, OptionCode, Packet};
use tracing::debug;

use crate::outcome::{self, Drop6, Event6, Sent6, Statistics6};
use crate::query::{self, Datagram, Origin};
use crate::subnet::SubnetSelector;
use crate::{answer, hooked, process, sanitize};

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
}

/// The DHCPv6 half.
#[derive(Debug)]
pub struct Server6 {
    settings: Settings6,
    selector: SubnetSelector,
    /// In the order of the configuration's subnets.
    subnet_options: Vec<EffectiveOptions>,
    global_options: EffectiveOptions,
    /// In the order of the configuration's subnets, which ascend.
    pub(crate) subnet_ids: Vec<u32>,
    pub(crate) hooks: Hooks,
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
    /// An answer is among the effects.
    Answered(Sent6),
    /// The DHCPv4 half is to serve it.
    HandedOver(HandOver<'a>),
    /// It was dropped.
    Dropped(Drop6),
}

impl Server6 {
    /// Makes a configuration ready for packets.
    pub fn new(config: &Dhcp6, settings: Settings6) -> Self {
        let merged =
            config.subnets.iter().map(|subnet| EffectiveOptions::merge(&[&subnet.options, &config.options]));
        Self {
            subnet_options: merged.collect(),
            global_options: EffectiveOptions::merge(&[&config.options]),
            selector: SubnetSelector::new(&config.subnets),
            subnet_ids: config.subnets.iter().map(|subnet| subnet.id.0).collect(),
            hooks: Hooks::default(),
            settings,
        }
    }

    /// The same half with these hooks attached.
    #[must_use]
    pub fn with_hooks(self, hooks: Hooks) -> Self {
        Self { hooks, ..self }
    }

    /// Serves one datagram, and counts what happened.
    pub fn handle<'a>(&self, datagram: &Datagram<'a>, effects: &mut Effects6) -> Outcome6<'a> {
        effects.statistics.datagrams += 1;
        let mut context = Context::new();
        let outcome = self.receive(datagram, &mut context, effects).unwrap_or_else(Outcome6::Dropped);
        match &outcome {
            Outcome6::Answered(sent) => effects.statistics.sent.count(*sent),
            Outcome6::HandedOver(_) => effects.statistics.events.count(Event6::HandedOver),
            Outcome6::Dropped(reason) => effects.statistics.dropped.count(*reason),
        }
        debug!(
            outcome = %Summary(&outcome), packet = %Description(datagram.bytes),
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
        let response = effects.bytes.get(bytes.clone()).and_then(|bytes| {
            // What the other half puts back was accepted as a query: the limit was checked then.
            Packet::new_checked(bytes, v6::MAX_RELAY_LEVELS).ok()
        });
        let answer = response.and_then(|packet| {
            let is_response = packet.message().message_type() == MessageType::DHCPV4_RESPONSE;
            is_response.then(|| self.address(&packet, origin, bytes))
        });
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
    fn receive<'a>(
        &self,
        datagram: &Datagram<'a>,
        context: &mut Context,
        effects: &mut Effects6,
    ) -> Result<Outcome6<'a>, Drop6> {
        match self.buffer6_receive(datagram, context)? {
            None => self.accept(datagram, context, effects),
            Some(changed) => {
                let changed = Datagram { bytes: &changed, ..*datagram };
                self.accept(&changed, context, effects).map(|outcome| outcome.detached(datagram.interface))
            }
        }
    }

    fn accept<'a>(
        &self,
        datagram: &Datagram<'a>,
        context: &mut Context,
        effects: &mut Effects6,
    ) -> Result<Outcome6<'a>, Drop6> {
        let packet = query::decode(datagram.bytes, self.settings.max_relay_levels)?;
        effects.statistics.received.count(outcome::received(packet.message().message_type()));
        query::check_server(&packet.message(), &self.settings.server_id)?;
        let Some(changed) = self.pkt6_receive(datagram, context)? else {
            return self.serve(&packet, datagram, context, effects);
        };
        let packet = query::decode(&changed, self.settings.max_relay_levels)?;
        query::check_server(&packet.message(), &self.settings.server_id)?;
        let outcome = self.serve(&packet, datagram, context, effects)?;
        Ok(outcome.detached(datagram.interface))
    }

    fn serve<'a>(
        &self,
        packet: &Packet<'a>,
        datagram: &Datagram<'a>,
        context: &mut Context,
        effects: &mut Effects6,
    ) -> Result<Outcome6<'a>, Drop6> {
        let message = packet.message();
        query::check_client(&message)?;
        if message.message_type() == MessageType::DHCPV4_QUERY {
            return self.hand_over(packet, datagram, effects).map(Outcome6::HandedOver);
        }
        let query = Query6 { packet, arrival: hooked::arrival(datagram) };
        let subnet = self.selector.select(packet.relays(), query.arrival.source, datagram.interface);
        let subnet = self.subnet6_select(&query, subnet, context)?;
        let verdict = process::process(&message)?;
        let options = subnet.and_then(|at| self.subnet_options.get(at)).unwrap_or(&self.global_options);
        let start = effects.bytes.len();
        answer::write(packet, &verdict, &self.settings.server_id, options, &mut effects.bytes)
            .map_err(|_| Drop6::AnswerTooLong)?;
        let mut answer = self.address(packet, &datagram.origin, start..effects.bytes.len());
        self.pkt6_send(&query, &mut answer, context, &mut effects.bytes)?;
        self.buffer6_send(&mut answer, context, &mut effects.bytes)?;
        effects.answers.push(answer);
        Ok(Outcome6::Answered(verdict.sent))
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
            Self::Dropped(reason) => Outcome6::Dropped(reason),
        }
    }
}

/// An outcome in one word or two for a log line.
struct Summary<'a, 'b>(&'a Outcome6<'b>);

impl fmt::Display for Summary<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Outcome6::Answered(sent) => write!(f, "answered {sent:?}"),
            Outcome6::HandedOver(_) => f.write_str("handed over"),
            Outcome6::Dropped(reason) => write!(f, "dropped {reason:?}"),
        }
    }
}

/// What a datagram is, for a log line: its type, client identifier and relays, the one nearest the client first.
struct Description<'a>(&'a [u8]);

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packet = match Packet::new_checked(self.0, v6::MAX_RELAY_LEVELS) {
            Ok(packet) => packet,
            Err(error) => return write!(f, "{} bytes: {error}", self.0.len()),
        };
        write!(f, "{}", packet.message().message_type())?;
        if let Some(duid) = packet.message().options().find(OptionCode::CLIENT_ID) {
            f.write_str(" duid ")?;
            for byte in duid {
                write!(f, "{byte:02x}")?;
            }
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
