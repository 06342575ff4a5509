//! `fosix explain`: says without a running server what a client would be answered, and why.
//!
//! ```text
//! arguments ──► describe.rs, a message made of flags ──┐
//!          └──► packet.rs, digits, a dump, a capture ──┴──► the halves, as the files describe them ──► show.rs
//! ```

mod args;
mod describe;
mod packet;
mod show;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use fosix_config::{Config, LoadOptions};
use fosix_dhcp4::{Query, Server4, Settings4, Statistics4};
use fosix_dhcp6::{Datagram, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_lease::{Leases4, Leases6, Timestamp};
use fosix_policy::{Explanation, Step, Topic};
use fosix_wire::v4::{Message, OptionCode};
use fosix_wire::v6::{self, Packet};

pub(crate) use args::Args;
pub(crate) use packet::Received;
pub(crate) use show::show;

use crate::leases::{Family, V4, V6, leases_in};
use crate::serve;

/// Offers that are held while something is explained.
const OFFERS: usize = 100;

/// What became of one message.
pub(crate) struct Told {
    /// What was decided, in order.
    pub(crate) steps: Vec<Step>,
    /// What became of it in the end.
    pub(crate) outcome: String,
    /// The answer, if there is one.
    pub(crate) answer: Vec<u8>,
}

/// Explains what is asked for, on standard output. Success means that every message would be answered.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let loaded = fosix_config::load(&args.files, LoadOptions::default());
    let Some(config) = loaded.config else {
        bail!("the configuration has errors\n{}", loaded.diagnostics.render(false).trim_end());
    };
    let mut world = World::new(config, args.directory.as_deref())?;
    let received = match &args.query {
        Some(query) => packet::read(query, args)?,
        None => describe::messages(args, &world.config)?,
    };
    let mut all_answered = true;
    for (number, received) in received.iter().enumerate() {
        let told = world.explain(received);
        all_answered &= !told.answer.is_empty();
        show(received, &told, number > 0, args.json)?;
    }
    Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A server as the files describe it, with leases that nobody else sees.
struct World {
    config: Config,
    leases4: Leases4,
    leases6: Leases6,
    now: Timestamp,
}

impl World {
    fn new(config: Config, directory: Option<&Path>) -> anyhow::Result<Self> {
        let now = serve::wall_clock();
        let (mut leases4, mut leases6) = (Leases4::new(&[], OFFERS), Leases6::new(&[], OFFERS));
        if let Some(dhcp4) = &config.dhcp4 {
            server4(dhcp4, &config, Ipv4Addr::UNSPECIFIED).arrange(&mut leases4);
            take_leases::<V4>(directory, &mut leases4, now)?;
        }
        if let Some(dhcp6) = &config.dhcp6 {
            fosix_dhcp6::arrange(dhcp6, &mut leases6);
            take_leases::<V6>(directory, &mut leases6, now)?;
        }
        Ok(Self { config, leases4, leases6, now })
    }

    fn explain(&mut self, received: &Received) -> Told {
        let mut why = Explanation::wanted();
        let Some(dhcp6) = &self.config.dhcp6 else {
            // The other half is another process: what it would hand over is told of.
            return self.explain4(&received.bytes, received, why);
        };
        let settings = Settings6 {
            server_id: server_id_of(&received.bytes),
            max_relay_levels: self.config.fosix.max_relay_levels,
            server_port: self.config.fosix.ports.server,
            client_port: self.config.fosix.ports.client,
            reply_to_source_port: self.config.fosix.ports.reply_to_source_port,
            has_dhcpv4_half: true,
            offer_lifetime: self.config.fosix.offers.lifetime,
        };
        let server = Server6::new(dhcp6, settings);
        let origin = Origin {
            source: received.source,
            destination: received.destination,
            interface_index: 1,
            link_local: None,
        };
        let datagram = Datagram { bytes: &received.bytes, origin, interface: &received.interface };
        let mut effects = Effects6::default();
        let outcome = server.handle_explained(self.now, &mut self.leases6, &datagram, &mut effects, &mut why);
        if let Outcome6::HandedOver(query) = outcome {
            why.add(Topic::Outcome, || "handed over to the DHCPv4 half".to_owned());
            let message = query.message.into_owned();
            return self.explain4(&message, received, why);
        }
        let outcome = outcome.to_string();
        Told { steps: why.into_steps(), outcome, answer: effects.bytes }
    }

    fn explain4(&mut self, message: &[u8], received: &Received, mut why: Explanation) -> Told {
        let Some(dhcp4) = &self.config.dhcp4 else {
            return Told {
                steps: why.into_steps(),
                outcome: "no file has a `Dhcp4` object: give that of the other half, too".to_owned(),
                answer: Vec::new(),
            };
        };
        let identifier = server_identifier_of(message).or(dhcp4.server_identifier);
        let server = server4(dhcp4, &self.config, identifier.unwrap_or(Ipv4Addr::new(192, 0, 0, 8)));
        let query = Query { message, source: *received.source.ip(), interface: &received.interface };
        let mut answer = Vec::new();
        let mut statistics = Statistics4::default();
        let served = server.handle_explained(
            self.now,
            &mut self.leases4,
            &query,
            &mut answer,
            &mut statistics,
            &mut why,
        );
        Told { steps: why.into_steps(), outcome: served.to_string(), answer }
    }
}

fn server4(dhcp4: &fosix_config::Dhcp4, config: &Config, server_identifier: Ipv4Addr) -> Server4 {
    let settings = Settings4 {
        max_relay_levels: config.fosix.max_relay_levels,
        offer_lifetime: config.fosix.offers.lifetime,
        server_identifier,
    };
    Server4::new(dhcp4.clone(), settings)
}

/// Has `leases` know what a server has on disk.
fn take_leases<F: Family>(
    directory: Option<&Path>,
    leases: &mut F::Leases,
    now: Timestamp,
) -> anyhow::Result<()> {
    let Some(directory) = directory.filter(|directory| directory.join(F::FOLDER).exists()) else {
        return Ok(());
    };
    leases_in::<F>(directory, |lease| {
        F::put(leases, lease, now).map_err(anyhow::Error::msg).context("a lease of the store does not fit")
    })
}

/// The server identifier that a message names: it was meant for the server that is explained.
fn server_id_of(bytes: &[u8]) -> Vec<u8> {
    let packet = Packet::new_checked(bytes, v6::MAX_RELAY_LEVELS).ok();
    let named = packet
        .and_then(|packet| packet.message().options().find(v6::OptionCode::SERVER_ID).map(<[u8]>::to_vec));
    // RFC 9915 §11.4: a DUID-LL.
    named.unwrap_or_else(|| vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 1])
}

fn server_identifier_of(message: &[u8]) -> Option<Ipv4Addr> {
    let packet = Packet::new_checked(message, v6::MAX_RELAY_LEVELS).ok()?;
    let inner = packet.message().options().find(v6::OptionCode::DHCPV4_MSG)?;
    Message::new_checked(inner).ok()?.option(OptionCode::SERVER_IDENTIFIER)?.to_ipv4()
}
