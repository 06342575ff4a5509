//! How it went: in words for a person, and as one JSON object for a program.

mod json;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use fosix_wire::text;
use fosix_wire::v4::{Message, MessageType, OptionCode};
use fosix_wire::v6;

use super::envelope::Envelope;
use super::fleet::Fleet;
use super::inquiry::{Failure, Found};
use super::session::Session;
use super::step::Step;
use super::watch::milliseconds;

/// All that is known at the end.
#[derive(Debug)]
pub(super) struct Report<'a> {
    /// How asking for option 88 went; `None` when nobody was asked.
    pub(super) inquiry: Option<&'a Result<Found, Failure>>,
    pub(super) inquiry_transmissions: u32,
    /// The clients; `None` when there was nowhere to send queries to.
    pub(super) fleet: Option<&'a Fleet>,
    pub(super) envelope: &'a Envelope,
    /// Datagrams that answered nothing.
    pub(super) ignored: u64,
    /// The first datagram that the system refused to send, with the reason.
    pub(super) send_failure: Option<&'a str>,
    pub(super) elapsed: Duration,
}

impl Report<'_> {
    /// Whether every client got everything, and nobody what another has.
    pub(super) fn is_success(&self) -> bool {
        self.fleet
            .is_some_and(|fleet| fleet.duplicates().is_empty() && fleet.sessions().iter().all(succeeded))
    }

    /// A few lines for one client.
    pub(super) fn words_of_one(&self) -> String {
        let result = match (self.fleet.and_then(|fleet| fleet.sessions().first()), self.inquiry) {
            (Some(session), _) => self.conclusion(session),
            (None, Some(Err(failure))) => format!("Failed: {failure}."),
            (None, _) => "Failed.".to_owned(),
        };
        let sending =
            self.send_failure.map(|failure| format!("Sending failed: {failure}.\n")).unwrap_or_default();
        format!("{sending}{result}\n")
    }

    /// A few lines for many clients.
    pub(super) fn words_of_many(&self) -> String {
        let (Some(fleet), Some(figures)) = (self.fleet, self.figures()) else { return self.words_of_one() };
        let mut out = format!(
            "{} clients in {:.2} s: {} bound, {} failed, {} duplicate addresses, {} retransmissions\n",
            figures.clients,
            self.elapsed.as_secs_f64(),
            figures.bound,
            figures.failed,
            fleet.duplicates().len(),
            figures.retransmissions,
        );
        // Writing to a String cannot fail.
        if let Some([least, median, most_99, most]) = figures.times {
            let _ = writeln!(
                out,
                "time for a client's exchanges: least {}, median {}, 99 % within {}, most {}",
                milliseconds(least),
                milliseconds(median),
                milliseconds(most_99),
                milliseconds(most)
            );
        }
        for (reason, count) in &figures.failures {
            let _ = writeln!(out, "{count} failed: {reason}");
        }
        for duplicate in fleet.duplicates().iter().take(10) {
            let mac = |index| {
                fleet
                    .sessions()
                    .get(index)
                    .map_or_else(String::new, |session: &Session| text::hex(&session.identity().mac))
            };
            let (one, other) = duplicate.clients;
            let _ =
                writeln!(out, "duplicate: {} given to {} and {}", duplicate.holding.0, mac(one), mac(other));
        }
        if let Some(failure) = self.send_failure {
            let _ = writeln!(out, "sending failed: {failure}");
        }
        out
    }

    fn conclusion(&self, session: &Session) -> String {
        let lease = self.lease(session);
        let last = session.exchanges().last().map(|exchange| exchange.step);
        match (session.outcome(), last, lease) {
            (Some(Err(failure)), _, _) => format!("Failed: {failure}."),
            (None, _, _) => "Not finished.".to_owned(),
            (Some(Ok(())), Some(Step::Release), _) => "Released; a server does not answer that.".to_owned(),
            (Some(Ok(())), Some(Step::Decline), _) => "Declined; a server does not answer that.".to_owned(),
            (Some(Ok(())), _, Some(lease)) => lease.words(),
            (Some(Ok(())), _, None) => "Configured.".to_owned(),
        }
    }

    /// What the last DHCPACK for a lease says.
    fn lease(&self, session: &Session) -> Option<Lease> {
        let (address, _) = session.holding()?;
        let answer = session.exchanges().iter().rev().find_map(|exchange| match exchange.step {
            Step::Request | Step::Reboot | Step::Renew | Step::Rebind => exchange.answer.as_ref(),
            _ => None,
        })?;
        let message = self.envelope.unwrap(&answer.datagram).ok()?;
        let inner = message.options().find(v6::OptionCode::DHCPV4_MSG)?;
        let inner = Message::new_checked(inner).ok()?;
        let seconds = |code| inner.option(code).and_then(|option| option.to_u32());
        Some(Lease {
            address,
            prefix_len: inner
                .option(OptionCode::SUBNET_MASK)
                .and_then(|option| option.to_ipv4())
                .map(|mask| mask.to_bits().leading_ones()),
            lease_time: seconds(OptionCode::LEASE_TIME),
            renewal_time: seconds(OptionCode::RENEWAL_TIME),
            rebinding_time: seconds(OptionCode::REBINDING_TIME),
            server: inner.option(OptionCode::SERVER_IDENTIFIER).and_then(|option| option.to_ipv4()),
        })
    }

    fn figures(&self) -> Option<Figures> {
        let sessions = self.fleet?.sessions();
        let mut figures = Figures { clients: sessions.len(), ..Figures::default() };
        let mut times = Vec::new();
        for session in sessions {
            figures.retransmissions = figures.retransmissions.saturating_add(retransmissions(session));
            match session.outcome() {
                Some(Ok(())) => {}
                Some(Err(failure)) => figures.fail(failure.to_string()),
                None => figures.fail("not finished".to_owned()),
            }
            if granted(session) {
                figures.bound = figures.bound.saturating_add(1);
            }
            times.extend(duration(session));
        }
        times.sort_unstable();
        let at =
            |percent: usize| times.get(times.len().saturating_sub(1).saturating_mul(percent) / 100).copied();
        figures.times = match (at(0), at(50), at(99), at(100)) {
            (Some(least), Some(median), Some(most_99), Some(most)) => Some([least, median, most_99, most]),
            _ => None,
        };
        Some(figures)
    }
}

/// Many clients in numbers.
#[derive(Debug, Default)]
struct Figures {
    clients: usize,
    /// Clients that were given a lease, also when they gave it back.
    bound: usize,
    failed: usize,
    failures: BTreeMap<String, usize>,
    retransmissions: u32,
    /// The least, the median, the 99th percentile and the most of the successful clients' times.
    times: Option<[Duration; 4]>,
}

impl Figures {
    fn fail(&mut self, reason: String) {
        self.failed = self.failed.saturating_add(1);
        let count = self.failures.entry(reason).or_default();
        *count = count.saturating_add(1);
    }
}

struct Lease {
    address: Ipv4Addr,
    prefix_len: Option<u32>,
    lease_time: Option<u32>,
    renewal_time: Option<u32>,
    rebinding_time: Option<u32>,
    server: Option<Ipv4Addr>,
}

impl Lease {
    fn words(&self) -> String {
        let length = self.prefix_len.map(|length| format!("/{length}")).unwrap_or_default();
        let time =
            self.lease_time.map(|time| format!(" for {}", text::describe_seconds(time))).unwrap_or_default();
        let server = self.server.map(|server| format!(", by server {server}")).unwrap_or_default();
        format!("Bound to {}{length}{time}{server}.", self.address)
    }
}

fn succeeded(session: &Session) -> bool {
    session.outcome().is_some_and(Result::is_ok)
}

fn granted(session: &Session) -> bool {
    session.exchanges().iter().any(|exchange| {
        exchange.step != Step::Inform
            && exchange.answer.as_ref().is_some_and(|answer| answer.message_type == MessageType::ACK)
    })
}

fn retransmissions(session: &Session) -> u32 {
    session.exchanges().iter().map(|exchange| exchange.transmissions.saturating_sub(1)).sum()
}

/// From the first message to the last answer, of a client that succeeded.
fn duration(session: &Session) -> Option<Duration> {
    if !succeeded(session) {
        return None;
    }
    let first = session.exchanges().first()?.began;
    let last = session.exchanges().iter().rev().find_map(|exchange| {
        exchange.answer.as_ref().map(|answer| exchange.began.saturating_add(answer.after))
    })?;
    Some(last.saturating_sub(first))
}
