//! The load itself: sends what is planned, takes what comes, checks and counts it.

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fosix_net::{MAX_BATCH, ReceiveBatch, SendBatch, UdpSocket6};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::args::{Kind, Pace, Scenario, Settings};
use super::clients::{Clients, Step};
use super::deadlines::{Deadlines, Waiting};
use super::ledger::Ledger;
use super::measure::{Measured, Second};
use super::message::{Answer, Lease, Messages, Say, What};
use super::plan::{Begin, Turns, microseconds};
use super::report::Report;

/// How long an avalanche may take: the waits of RFC 2131 §4.1, and more.
const LONGEST_AVALANCHE: Duration = Duration::from_secs(300);
/// How long is waited for the last answers.
const SETTLE: Duration = Duration::from_millis(300);

/// Messages that are sent between two looks for answers.
const MOST_IN_A_TURN: usize = 4 * MAX_BATCH;

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Clients get the leases that they are going to renew.
    Bind,
    WarmUp,
    Measure,
    /// Nothing new begins.
    Settle,
}

struct Run<'a> {
    settings: &'a Settings,
    messages: Messages,
    clients: Clients,
    ledger: Ledger,
    turns: Turns,
    deadlines: Deadlines,
    socket: UdpSocket6,
    received: ReceiveBatch,
    outgoing: SendBatch,
    /// The datagram that is being made.
    datagram: Vec<u8>,
    begun: Instant,
    phase: Phase,
    in_flight: u32,
    /// Exchanges that were due so far, with an open loop.
    due: u64,
    opened_us: u64,
    measured: Measured,
    bound: u32,
    /// Milliseconds from the start of an avalanche until each hundredth of the clients was bound.
    bound_at_ms: Vec<u64>,
    used_up: bool,
    failed_sends: u64,
}

/// Runs it and reports. Success means that no answer was wrong, and not more lost than may be.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut run = Run::new(settings)?;
    run.run()?;
    let report =
        Report::new(settings, &run.measured, &run.ledger, &run.bound_at_ms, run.used_up, run.failed_sends);
    io::stdout().lock().write_all(report.text().as_bytes())?;
    report.save(settings)?;
    let is_right = run.ledger.errors() == 0;
    let lost_per_mille = run.measured.lost * 1000 / run.measured.sent.max(1);
    let is_enough = settings.max_loss.is_none_or(|most| lost_per_mille <= most.into());
    let everybody = !matches!(settings.pace, Pace::Avalanche(_)) || run.bound == settings.clients;
    ensure!(run.measured.sent > 0, "nothing was sent: is the server's name not learnt, or no client left?");
    Ok(if is_right && is_enough && everybody { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings) -> anyhow::Result<Self> {
        let socket = match settings.kind {
            Kind::FourOverSix | Kind::Dhcp6 => UdpSocket6::bind_unicast(settings.own_port)?,
            Kind::Dhcp4 => UdpSocket6::bind_ipv4(settings.own_port)?,
        };
        let speak6 = settings.kind == Kind::Dhcp6;
        let turns = Turns::new(settings);
        Ok(Self {
            settings,
            messages: Messages::new(settings)?,
            clients: Clients::new(settings.clients, speak6),
            ledger: Ledger::new(settings.clients, speak6),
            phase: if turns.bind_first > 0 { Phase::Bind } else { Phase::WarmUp },
            turns,
            deadlines: Deadlines::new(settings),
            socket,
            received: ReceiveBatch::new(MAX_BATCH),
            // Each client sends for itself.
            outgoing: SendBatch::new(MAX_BATCH).apart(),
            datagram: Vec::new(),
            begun: Instant::now(),
            in_flight: 0,
            due: 0,
            opened_us: 0,
            measured: Measured::begin(&settings.pids),
            bound: 0,
            bound_at_ms: Vec::new(),
            used_up: false,
            failed_sends: 0,
        })
    }

    fn run(&mut self) -> anyhow::Result<()> {
        if let Pace::Avalanche(within) = self.settings.pace {
            for at in 0..self.clients.len() {
                self.deadlines.begins(at, within);
            }
            self.measure();
        }
        if self.phase == Phase::WarmUp && self.settings.warm_up.is_zero() {
            self.open();
            self.measure();
        }
        let mut changed = Instant::now();
        loop {
            self.begin_what_is_due();
            self.send_again();
            self.flush();
            self.wait()?;
            self.take_answers()?;
            if let Some(second) = self.measured.tick(&self.settings.pids) {
                self.show(second)?;
            }
            let before = self.phase;
            self.next_phase(changed);
            if self.phase != before {
                changed = Instant::now();
            }
            if self.phase == Phase::Settle && (self.in_flight == 0 || changed.elapsed() > SETTLE) {
                return Ok(());
            }
        }
    }

    fn next_phase(&mut self, since: Instant) {
        let settings = self.settings;
        let avalanche = matches!(settings.pace, Pace::Avalanche(_));
        let over = match self.phase {
            Phase::Bind => self.bound >= self.turns.bind_first && self.in_flight == 0,
            Phase::WarmUp => since.elapsed() >= settings.warm_up,
            Phase::Measure if avalanche => {
                self.bound == settings.clients || self.begun.elapsed() > LONGEST_AVALANCHE
            }
            Phase::Measure => {
                self.measured.began.elapsed() >= settings.duration || (self.used_up && self.in_flight == 0)
            }
            Phase::Settle => false,
        };
        if !over {
            return;
        }
        match self.phase {
            Phase::Bind => {
                self.phase = Phase::WarmUp;
                self.open();
            }
            Phase::WarmUp => self.measure(),
            Phase::Measure => {
                self.measured.end(&settings.pids);
                self.phase = Phase::Settle;
            }
            Phase::Settle => {}
        }
    }

    /// An open loop begins to count what is due.
    fn open(&mut self) {
        self.due = 0;
        self.opened_us = self.now_us();
    }

    fn measure(&mut self) {
        self.phase = Phase::Measure;
        self.measured = Measured::begin(&self.settings.pids);
    }

    fn now_us(&self) -> u64 {
        microseconds(self.begun.elapsed())
    }

    /// Waits until an answer comes or something is due, to the microsecond.
    fn wait(&mut self) -> anyhow::Result<()> {
        let pause = Timespec::try_from(self.pause()).context("a pause that is too long")?;
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&pause)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("cannot wait for answers"),
        }
    }

    fn pause(&mut self) -> Duration {
        let now = self.now_us();
        let mut pause = self.deadlines.next_in(now);
        if let (Pace::Open(rate), Phase::WarmUp | Phase::Measure) = (self.settings.pace, self.phase) {
            let next = self.opened_us + self.due * 1_000_000 / u64::from(rate);
            pause = pause.min(next.saturating_sub(now));
        }
        Duration::from_micros(pause)
    }

    fn begin_what_is_due(&mut self) {
        match (self.phase, self.settings.pace) {
            (Phase::Settle, _) | (_, Pace::Avalanche(_)) => {}
            (Phase::Bind, pace) => {
                let limit = if let Pace::Closed(limit) = pace { limit } else { 512 };
                while self.in_flight < limit {
                    let Some(begin) = self.turns.next_to_bind() else { return };
                    self.begin(begin, self.now_us());
                }
            }
            (_, Pace::Closed(limit)) => {
                // A release has no answer: it must not go on for ever within one turn.
                let mut most = limit;
                while self.in_flight < limit && most > 0 {
                    most -= 1;
                    let Some(begin) = self.turns.next(&self.clients) else { return self.use_up() };
                    self.begin(begin, self.now_us());
                }
            }
            (_, Pace::Open(rate)) => {
                let now = self.now_us();
                for _ in 0..MOST_IN_A_TURN {
                    let due = self.opened_us + self.due * 1_000_000 / u64::from(rate);
                    if due > now {
                        return;
                    }
                    self.due += 1;
                    let Some(begin) = self.turns.next(&self.clients) else { return self.use_up() };
                    self.begin(begin, due);
                }
            }
        }
    }

    /// No client is left that could begin: of new ones each comes once.
    fn use_up(&mut self) {
        self.used_up |= self.settings.scenario == Scenario::Dora;
    }

    fn begin(&mut self, begin: Begin, due_us: u64) {
        let (at, step) = match begin {
            Begin::Discover(at) => (at, Step::Discover),
            Begin::Renew(at) => (at, Step::Renew),
            Begin::Release(at) => return self.release(at),
            Begin::Go(at) => return self.give_up(at),
        };
        let measured = self.phase == Phase::Measure;
        let Some(client) = self.clients.get_mut(at) else { return };
        (client.due_us, client.step, client.tries, client.measured) = (due_us, step, 0, measured);
        self.in_flight += 1;
        self.send(at);
    }

    fn release(&mut self, at: u32) {
        let lease = self.lease(at);
        self.write(Say::Release, at, lease);
        self.give_up(at);
        if self.phase == Phase::Measure {
            self.measured.silent += 1;
        }
    }

    /// The client has no lease any more. The server may not know, but from now on another client may get what it had.
    fn give_up(&mut self, at: u32) {
        let lease = self.lease(at);
        match lease {
            Lease::V4(address) => self.ledger.take4(address),
            Lease::V6(address, prefix) => {
                self.ledger.take6(address);
                self.ledger.take6(prefix);
            }
        }
        if let Some(client) = self.clients.get_mut(at) {
            (client.bound, client.address) = (false, Ipv4Addr::UNSPECIFIED);
        }
    }

    fn lease(&self, at: u32) -> Lease {
        match self.settings.kind {
            Kind::FourOverSix | Kind::Dhcp4 => {
                Lease::V4(self.clients.get(at).map_or(Ipv4Addr::UNSPECIFIED, |client| client.address))
            }
            Kind::Dhcp6 => {
                let (address, prefix) = self.clients.lease6(at);
                Lease::V6(address, prefix)
            }
        }
    }

    /// Sends what the client is about, for the first time or again.
    fn send(&mut self, at: u32) {
        let now = self.now_us();
        let Some(client) = self.clients.get_mut(at) else { return };
        client.tries = client.tries.saturating_add(1);
        client.sent_after_us = u32::try_from(now.saturating_sub(client.due_us)).unwrap_or(u32::MAX);
        let (step, tries) = (client.step, client.tries);
        let say = match step {
            Step::Idle => return,
            Step::Discover => Say::Discover,
            Step::Select => Say::Select,
            Step::Renew => Say::Renew,
        };
        self.deadlines.sent(at, tries, now);
        let lease = self.lease(at);
        self.write(say, at, lease);
    }

    fn write(&mut self, say: Say, at: u32, lease: Lease) {
        let number = self.settings.first_client.wrapping_add(at);
        self.datagram.clear();
        self.messages.write(say, number, lease, &mut self.datagram);
        let settings = self.settings;
        let scope = if settings.server.is_multicast() || settings.server.is_unicast_link_local() {
            settings.interface_index
        } else {
            0
        };
        let destination = SocketAddrV6::new(settings.server, settings.server_port, 0, scope);
        let source = settings.sources.get(number as usize % settings.sources.len().max(1)).copied().flatten();
        self.outgoing.push(&self.datagram, destination, source, scope);
        if self.phase == Phase::Measure {
            self.measured.sent += 1;
        }
        if self.outgoing.is_full() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.outgoing.is_empty() {
            self.failed_sends += self.outgoing.send(&self.socket).failed() as u64;
        }
    }

    /// Has clients begin whose time has come, and send again who got no answer. Not too many in one turn: answers have to be
    /// taken, too.
    fn send_again(&mut self) {
        let now = self.now_us();
        for _ in 0..MOST_IN_A_TURN {
            let (at, sent_us) = match self.deadlines.over(now) {
                None => return,
                Some(Waiting::ToBegin(at, due_us)) => {
                    if let Some(client) = self.clients.get_mut(at) {
                        (client.due_us, client.step, client.measured) = (due_us, Step::Discover, true);
                        self.in_flight += 1;
                        self.send(at);
                    }
                    continue;
                }
                Some(Waiting::ForAnswer(at, sent_us)) => (at, sent_us),
            };
            let measured = self.phase == Phase::Measure;
            let Some(client) = self.clients.get_mut(at) else { continue };
            // It has its answer, or has sent something since.
            let last = client.due_us.saturating_add(client.sent_after_us.into());
            if client.step == Step::Idle || last != sent_us || self.phase == Phase::Settle {
                continue;
            }
            if measured {
                self.measured.lost();
            }
            self.send(at);
        }
    }

    fn take_answers(&mut self) -> anyhow::Result<()> {
        // What comes while this is worked on is for the next turn: something has to be sent, too.
        for _ in 0..4 {
            if self.received.receive(&self.socket).context("cannot receive")? == 0 {
                return Ok(());
            }
            let received = std::mem::take(&mut self.received);
            for datagram in received.iter() {
                match self.messages.read(datagram.bytes) {
                    Ok(answer) => self.take(answer),
                    Err(error) => self.ledger.wrong(|| format!("an answer that is none: {error:#}")),
                }
            }
            let is_full = received.is_full();
            self.received = received;
            if !is_full {
                return Ok(());
            }
        }
        Ok(())
    }

    fn take(&mut self, answer: Answer) {
        let at = answer.client.wrapping_sub(self.settings.first_client);
        let now = self.now_us();
        let Some(&client) = self.clients.get(at) else {
            return self
                .ledger
                .wrong(|| format!("an answer to client {}, which there is not", answer.client));
        };
        let what = match (answer.what, client.step) {
            (What::Echo, Step::Discover) => What::Offer(self.lease(at)),
            (What::Echo, _) => What::Ack(self.lease(at)),
            (what, _) => what,
        };
        let whole = now.saturating_sub(client.due_us);
        let pair = whole.saturating_sub(client.sent_after_us.into());
        match (what, client.step) {
            (What::Offer(lease), Step::Discover) => {
                self.hold(at, lease);
                if client.measured && self.phase == Phase::Measure {
                    self.measured.first.record(if client.tries > 1 { whole } else { pair.max(1) });
                }
                if self.settings.scenario == Scenario::Discover {
                    return self.complete(at, whole);
                }
                if let Some(client) = self.clients.get_mut(at) {
                    (client.step, client.tries) = (Step::Select, 0);
                }
                self.send(at);
            }
            (What::Ack(lease), Step::Select | Step::Renew) => {
                let kept = self.settings.echo || client.step == Step::Select || lease == self.lease(at);
                if !kept {
                    let held = self.lease(at);
                    self.ledger
                        .wrong(|| format!("client {} renewed {held:?} and got {lease:?}", answer.client));
                }
                self.hold(at, lease);
                if !self.settings.echo {
                    match lease {
                        Lease::V4(address) => self.ledger.give4(address, answer.client),
                        Lease::V6(address, prefix) => {
                            self.ledger.give6(address, answer.client);
                            self.ledger.give6(prefix, answer.client);
                        }
                    }
                }
                if client.measured && self.phase == Phase::Measure {
                    self.measured.second.record(pair.max(1));
                }
                if !client.bound {
                    self.bind(at);
                }
                self.complete(at, whole);
            }
            // The answer to what was sent twice comes twice.
            (What::Offer(_) | What::Ack(_) | What::Echo, _) => {}
            // RFC 2131 §3.1: whoever is refused what it was offered begins again. With so many that start at once it may be that
            // an offer was forgotten before its client came back to it.
            (What::Refused(_), Step::Select) if matches!(self.settings.pace, Pace::Avalanche(_)) => {
                self.measured.refused += 1;
                if let Some(client) = self.clients.get_mut(at) {
                    (client.step, client.tries) = (Step::Discover, 0);
                }
                self.send(at);
            }
            (What::Refused(how), _) => {
                self.ledger.wrong(|| format!("client {} was refused: {how}", answer.client));
                self.complete(at, whole);
            }
        }
    }

    fn hold(&mut self, at: u32, lease: Lease) {
        match lease {
            Lease::V4(address) => {
                if let Some(client) = self.clients.get_mut(at) {
                    client.address = address;
                }
            }
            Lease::V6(address, prefix) => self.clients.set_lease6(at, (address, prefix)),
        }
        let is_nothing = match lease {
            Lease::V4(address) => address.is_unspecified(),
            Lease::V6(address, _) => address == Ipv6Addr::UNSPECIFIED,
        };
        if is_nothing && !self.settings.echo {
            self.ledger.wrong(|| "an answer that gives nothing".to_owned());
        }
    }

    fn bind(&mut self, at: u32) {
        if let Some(client) = self.clients.get_mut(at) {
            client.bound = true;
        }
        self.bound += 1;
        if matches!(self.settings.pace, Pace::Avalanche(_)) {
            let hundredths = u64::from(self.bound) * 100 / u64::from(self.settings.clients);
            while (self.bound_at_ms.len() as u64) < hundredths {
                self.bound_at_ms.push(self.now_us() / 1000);
            }
        }
    }

    fn complete(&mut self, at: u32, whole_us: u64) {
        let measuring = self.phase == Phase::Measure;
        let Some(client) = self.clients.get_mut(at) else { return };
        let counts = client.measured && measuring;
        (client.step, client.tries) = (Step::Idle, 0);
        self.in_flight = self.in_flight.saturating_sub(1);
        if counts {
            self.measured.completed(whole_us);
        }
    }

    /// One line a second, over itself on a terminal.
    fn show(&self, second: Second) -> anyhow::Result<()> {
        let mut err = io::stderr().lock();
        if self.settings.quiet || !err.is_terminal() {
            return Ok(());
        }
        let what = match self.phase {
            Phase::Bind => "binding",
            Phase::WarmUp => "warming up",
            Phase::Measure => "measuring",
            Phase::Settle => "ending",
        };
        write!(
            err,
            "\r\x1b[K{what}: {} exchanges/s, {} in flight, p99 {} us, {} lost, {} bound, {} wrong",
            second.exchanges,
            self.in_flight,
            second.p99_us,
            second.lost,
            self.clients.bound(),
            self.ledger.errors()
        )?;
        Ok(err.flush()?)
    }
}
