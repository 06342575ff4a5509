//! `fosix client`: a DHCPv4-over-DHCPv6 client (RFC 7341) for operators and tests.
//!
//! ```text
//! args ─► Settings                      identity, step: who asks for what
//!            │
//!         inquiry (option 88) ─► fleet ─► session ─► message4     without I/O, without a clock
//!            │                     │
//!         envelope: DHCPv6 and relay levels around the messages
//!            │
//!         channel: the socket           dissect ─► render ─► watch, report: what people see
//! ```

mod args;
mod channel;
mod dissect;
mod envelope;
mod fleet;
mod identity;
mod inquiry;
mod message4;
mod random;
mod render;
mod report;
mod retransmit;
mod session;
mod step;
#[cfg(test)]
mod testing;
mod watch;

use std::net::SocketAddrV6;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use args::{CommandLine, Settings};
use channel::{Channel, show};
pub(crate) use dissect::dissect;
use fleet::Fleet;
pub(crate) use identity::Identity;
use inquiry::Inquiry;
use random::Random;
pub(crate) use render::words;
use report::Report;
use session::Verdict;
use watch::{Detail, Watch};

/// The longest wait for a datagram: a bound only, as every wait ends with the next thing to do.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The arguments of `fosix client`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    all: Box<CommandLine>,
}

/// Runs the client. Success means that every exchange succeeded; an error that it could not begin or go on.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (json, quiet, explain) = (args.all.json, args.all.quiet, args.all.explain);
    let settings = args.all.settle()?;
    let many = settings.identities.len() > 1;
    ensure!(!(explain && many), "--explain shows one client's messages, --count means several");
    let detail = match (explain, json || quiet || many) {
        (true, _) => Detail::Octets,
        (false, true) => Detail::Silent,
        (false, false) => Detail::Words,
    };
    let mut conversation = Conversation::open(&settings, detail)?;
    if let Some(identity) = settings.identities.first() {
        conversation.watch.begin(identity)?;
    }
    let inquiry = if settings.direct { None } else { Some(conversation.inquire()?) };
    let servers = match inquiry.as_ref().map(Inquiry::outcome) {
        None => Some(vec![settings.server]),
        Some(Some(Ok(found))) => Some(fleet::destinations(&found.servers)),
        Some(_) => None,
    };
    let fleet = servers.map(|servers| conversation.query(&servers, many)).transpose()?;
    let report = Report {
        inquiry: inquiry.as_ref().and_then(Inquiry::outcome),
        inquiry_transmissions: inquiry.as_ref().map_or(0, Inquiry::transmissions),
        fleet: fleet.as_ref(),
        envelope: &settings.envelope,
        ignored: conversation.ignored,
        send_failure: conversation.send_failure.as_deref(),
        elapsed: conversation.began.elapsed(),
    };
    let text = match (json, many) {
        (true, false) => format!("{}\n", report.json_of_one()),
        (true, true) => format!("{}\n", report.json_of_many()),
        (false, false) if quiet => report.words_of_one(),
        (false, false) => format!("\n{}", report.words_of_one()),
        (false, true) => report.words_of_many(),
    };
    watch::print(&text)?;
    Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The clients' end of the wire: socket, clock and randomness for the state machines.
struct Conversation<'a> {
    settings: &'a Settings,
    channel: Channel,
    watch: Watch,
    random: Random,
    began: Instant,
    /// The datagram that is being made.
    datagram: Vec<u8>,
    ignored: u64,
    send_failure: Option<String>,
}

impl<'a> Conversation<'a> {
    fn open(settings: &'a Settings, detail: Detail) -> anyhow::Result<Self> {
        let channel = Channel::open(
            settings.source,
            settings.client_port,
            settings.server_port,
            settings.scope.clone(),
        )?;
        Ok(Self {
            settings,
            channel,
            watch: Watch { detail, scope: settings.scope.clone() },
            random: Random::from_system(),
            began: Instant::now(),
            datagram: Vec::new(),
            ignored: 0,
            send_failure: None,
        })
    }

    /// Asks for option 88, until there is an answer or the time is over.
    fn inquire(&mut self) -> anyhow::Result<Inquiry> {
        let settings = self.settings;
        let identity = settings.identities.first().context("no client")?;
        let to = self.channel.destination(settings.server)?;
        let mut inquiry = Inquiry::new(
            identity.duid.clone(),
            &settings.request6,
            self.began.elapsed(),
            settings.inquiry_delay,
            settings.plan.timeout,
            &mut self.random,
        );
        loop {
            let now = self.began.elapsed();
            if inquiry.poll(now, &mut self.random) {
                let client = identity.link_local();
                settings.envelope.wrap(client, &mut self.datagram, |writer| inquiry.write(now, writer))?;
                self.channel
                    .send(&self.datagram, to)
                    .with_context(|| format!("cannot send to {}", show(to, settings.scope.as_ref())))?;
                self.watch.sent("Information-request", to, &self.datagram, inquiry.transmissions())?;
            }
            if inquiry.outcome().is_some() {
                return Ok(inquiry);
            }
            self.channel.wait(inquiry.deadline().saturating_sub(now).min(LONGEST_WAIT))?;
            while let Some((from, datagram)) = self.channel.receive()? {
                let now = self.began.elapsed();
                let verdict = match settings.envelope.unwrap(datagram) {
                    Ok(message) => inquiry.receive(now, &message, datagram),
                    Err(reason) => {
                        self.ignored = self.ignored.saturating_add(1);
                        self.watch.ignored(from, &reason, datagram)?;
                        continue;
                    }
                };
                match (verdict, inquiry.outcome()) {
                    (Verdict::Taken, Some(Ok(found))) => self.watch.replied(from, found.after, datagram)?,
                    (Verdict::Taken, _) => self.watch.replied(from, now, datagram)?,
                    (Verdict::Ignored(reason), _) => {
                        self.ignored = self.ignored.saturating_add(1);
                        self.watch.ignored(from, reason, datagram)?;
                    }
                }
            }
        }
    }

    /// Runs the clients, until all are through.
    fn query(&mut self, servers: &[std::net::Ipv6Addr], many: bool) -> anyhow::Result<Fleet> {
        let settings = self.settings;
        let destinations = self.destinations(servers)?;
        let mut fleet = Fleet::new(
            settings.identities.iter().cloned(),
            settings.plan.clone(),
            settings.in_flight,
            !many,
            &mut self.random,
        );
        let mut message = Vec::new();
        while !fleet.is_done() {
            let now = self.began.elapsed();
            let Self { channel, datagram, watch, random, send_failure, .. } = self;
            let mut result = Ok(());
            fleet.poll(now, random, &mut message, |session, unicast, message| {
                let client = session.identity().link_local();
                let wrapped = settings
                    .envelope
                    .wrap(client, datagram, |writer| envelope::query(unicast, message, writer));
                let exchange = session.exchanges().last();
                let what = exchange.map_or_else(String::new, |exchange| exchange.step.to_string());
                let time = exchange.map_or(1, |exchange| exchange.transmissions);
                // RFC 7341 §9: a client sends to every address that it has.
                for to in &destinations {
                    if wrapped.is_err() {
                        continue;
                    }
                    match channel.send(datagram, *to) {
                        Ok(()) => {
                            if result.is_ok() {
                                result = watch.sent(&what, *to, datagram, time);
                            }
                        }
                        Err(error) => {
                            send_failure.get_or_insert_with(|| {
                                format!("to {}: {error}", show(*to, settings.scope.as_ref()))
                            });
                        }
                    }
                }
            });
            result?;
            let Some(deadline) = fleet.deadline() else { break };
            self.channel.wait(deadline.saturating_sub(now).min(LONGEST_WAIT))?;
            self.collect(&mut fleet)?;
        }
        Ok(fleet)
    }

    /// Hands the datagrams that are there to the clients.
    fn collect(&mut self, fleet: &mut Fleet) -> anyhow::Result<()> {
        while let Some((from, datagram)) = self.channel.receive()? {
            let now = self.began.elapsed();
            let unwrapped = self.settings.envelope.unwrap(datagram);
            let verdict = unwrapped.and_then(|message| fleet.receive(now, from, &message, datagram));
            let reason = match &verdict {
                Ok(Verdict::Taken) => {
                    if self.watch.detail != Detail::Silent
                        && let Some(answer) = fleet
                            .sessions()
                            .first()
                            .and_then(|session| session.exchanges().last()?.answer.as_ref())
                    {
                        self.watch.answered(answer, datagram)?;
                    }
                    continue;
                }
                Ok(Verdict::Ignored(reason)) => reason,
                Err(reason) => reason.as_str(),
            };
            self.ignored = self.ignored.saturating_add(1);
            self.watch.ignored(from, reason, datagram)?;
        }
        Ok(())
    }

    /// Where queries go.
    fn destinations(&self, servers: &[std::net::Ipv6Addr]) -> anyhow::Result<Vec<SocketAddrV6>> {
        if self.settings.relay {
            // RFC 9915 §19.1: a relay agent sends on to the servers that it is configured with.
            return Ok(vec![self.channel.destination(self.settings.server)?]);
        }
        servers.iter().map(|address| self.channel.destination(*address)).collect()
    }
}
