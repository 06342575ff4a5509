//! `fosix serve`: both halves on real sockets, until a signal says stop.

mod clock;
mod control;
mod followers;
mod half4;
mod half6;
mod hooks;
mod identity;
mod link;
mod listen;
mod logging;
mod report;
mod sanity;
mod signals;
mod store;
mod worker;

use std::io::{self, IsTerminal as _, Write as _};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use fosix_config::{Config, Dhcp4, Dhcp6, LoadOptions, StoreSettings};
use fosix_dhcp4::{Server4, Settings4};
use fosix_dhcp6::{Server6, Settings6};
use fosix_hooks::Point;
use fosix_lease::Leases4;
use fosix_link::Half4;
use fosix_net::{AddressBook, InterfaceWatch, Poller};
use tracing::{error, info, warn};

use self::clock::Clock;
use self::control::Control;
use self::followers::Followers;
use self::half4::Work4;
use self::half6::{Shared6, Work6};
use self::link::Link;
use self::listen::Listeners;
use self::report::Totals;
use self::signals::Signals;
use self::store::Caretaker;
use self::worker::{Wakers, Worker};

/// What `fosix serve` takes on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration files: Kea's JSON with `Dhcp6`, `Dhcp4` and `Fosix` in one file or in several
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Treat a known Kea key that is not supported as an error, also where a warning would do
    #[arg(long)]
    strict: bool,
}

pub(crate) use self::clock::wall as wall_clock;
pub(crate) use self::store::options as store_options;

/// Runs the server; returns when it was told to stop.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    logging::start(config.fosix.log)?;
    let signals = Signals::new().context("cannot take signals")?;
    let book = Arc::new(AddressBook::new().context("cannot list the network interfaces")?);
    let mut server = Server::start(&config, &book)?;
    server.announce(&config);

    let result = server.attend(&signals);
    server.finish();
    info!("fosix stopped");
    result.map(|()| ExitCode::SUCCESS)
}

/// Reads the configuration and shows everything that is to be said of it.
fn load(args: &Args) -> anyhow::Result<Config> {
    let loaded = fosix_config::load(&args.files, LoadOptions { strict: args.strict });
    let mut terminal = io::stderr().lock();
    let text = loaded.diagnostics.render(terminal.is_terminal());
    terminal.write_all(text.as_bytes()).context("cannot write to standard error")?;
    loaded.config.context("the configuration has errors, nothing was started")
}

/// Everything that runs.
struct Server {
    /// What the DHCPv6 half listens on, if it is here.
    shared6: Option<Arc<Shared6>>,
    /// The DHCPv4 half, if it is here.
    half4: Option<Arc<Half4>>,
    /// What looks after its leases.
    upkeep: Option<Upkeep>,
    workers: Vec<Worker>,
    /// Goes after the workers that use it.
    link: Link,
    stop: Arc<AtomicBool>,
}

/// What looks after the leases of the DHCPv4 half.
struct Upkeep {
    caretaker: Caretaker,
    followers: Followers,
    /// Removed before the store is given up.
    control: Option<Control>,
}

impl Server {
    /// Makes the halves that are configured, opens the sockets, and starts the workers.
    fn start(config: &Config, book: &Arc<AddressBook>) -> anyhow::Result<Self> {
        let wakers = wakers(config.fosix.workers)?;
        let stop = Arc::new(AtomicBool::new(false));
        let listeners = match &config.dhcp6 {
            Some(dhcp6) => {
                Some(Listeners::open(&dhcp6.interfaces, config.fosix.ports.server, Arc::clone(book))?)
            }
            None => None,
        };
        let duid = config.dhcp6.as_ref().map(|dhcp6| &dhcp6.server_id.duid);
        let server_id = identity::server_duid(duid, listeners.as_ref(), book);
        let mut clock = Clock::start();
        let (half4, upkeep) = match &config.dhcp4 {
            Some(dhcp4) => {
                let derived = identity::server_identifier(listeners.as_ref(), book, &server_id);
                let (half4, upkeep) = half4(dhcp4, config, derived, &mut clock, &wakers)?;
                (Some(Arc::new(half4)), Some(upkeep))
            }
            None => (None, None),
        };
        let link = Link::open(config, half4.as_ref(), book, &wakers)?;
        let shared6 = config.dhcp6.as_ref().zip(listeners).map(|(dhcp6, listeners)| {
            let server = server6(dhcp6, config, server_id, link.leads_somewhere());
            Arc::new(Shared6 { server, listeners })
        });
        let mut workers = Vec::new();
        for (number, wakers) in wakers.into_iter().enumerate() {
            let stop = Arc::clone(&stop);
            workers.push(match (&shared6, &half4, link.for_dhcp4(book)) {
                (Some(shared6), _, _) => {
                    let work = Work6::new(Arc::clone(shared6), link.for_dhcp6(book), clock);
                    Worker::start(number, work, wakers, stop)?
                }
                (None, Some(half4), Some(link)) => {
                    Worker::start(number, Work4::new(Arc::clone(half4), link, clock), wakers, stop)?
                }
                _ => bail!("there is nothing to serve"),
            });
        }
        Ok(Self { shared6, half4, upkeep, workers, link, stop })
    }

    /// Says what listens where, and tells the supervisor that the server is ready.
    fn announce(&self, config: &Config) {
        let subnets = config.dhcp4.as_ref().map_or(0, |dhcp4| dhcp4.subnets.len());
        let listening = match &self.shared6 {
            Some(shared6) => shared6.listeners.to_string(),
            None => "the link".to_owned(),
        };
        info!(
            version = env!("CARGO_PKG_VERSION"),
            listening,
            port = config.fosix.ports.server,
            subnets4 = subnets,
            workers = self.workers.len(),
            "fosix ready"
        );
        // Without a supervisor that listens this does nothing.
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            warn!(%error, "cannot tell the supervisor that the server is ready");
        }
    }

    /// Waits for signals and for interfaces to change, until told to stop.
    fn attend(&self, signals: &Signals) -> anyhow::Result<()> {
        const SIGNALS: u64 = 0;
        const INTERFACES: u64 = 1;
        let watch = InterfaceWatch::new().context("cannot watch the network interfaces")?;
        let mut poller = Poller::new()?;
        poller.add(signals, SIGNALS)?;
        poller.add(&watch, INTERFACES)?;
        loop {
            let ready = poller.wait(Some(HEALTH_CHECK))?.to_vec();
            if ready.contains(&INTERFACES) && watch.changed()? {
                self.update_listeners();
            }
            if ready.contains(&SIGNALS) {
                let seen = signals.take();
                if seen.report {
                    self.totals().log();
                }
                if seen.stop {
                    info!("stopping");
                    // Best effort: the supervisor sees the process end in any case.
                    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
                    return Ok(());
                }
            }
            if let Some(worker) = self.workers.iter().find(|worker| worker.has_ended()) {
                error!(worker = worker.number, "a worker has ended");
                bail!("a worker has ended, see the log");
            }
            if self.link.has_ended() {
                bail!("the link to the other half has ended, see the log");
            }
        }
    }

    fn update_listeners(&self) {
        if self.shared6.as_ref().is_some_and(|shared6| shared6.listeners.update()) {
            for worker in &self.workers {
                worker.waker.wake();
            }
        }
    }

    /// Stops the workers, and logs what was counted.
    fn finish(&mut self) {
        self.stop.store(true, Ordering::Release);
        for worker in &self.workers {
            worker.waker.wake();
        }
        self.workers.iter().for_each(Worker::finish);
        if let (Some(half4), Some(upkeep)) = (&self.half4, self.upkeep.take()) {
            let last = half4.store.lock().staging().sequence();
            half4.store.wait_durable(last);
            upkeep.followers.finish(HOOKS_PATIENCE, || half4.server.hooks().stop());
            drop(upkeep.control);
            upkeep.caretaker.finish();
        }
        self.totals().log();
    }

    /// What everything here counted.
    fn totals(&self) -> Totals {
        let mut totals = Totals::of(&self.workers, &self.link);
        for (name, count) in self.half4.iter().flat_map(|half4| half4.server.hooks().counters()) {
            totals.state(name, count);
        }
        totals
    }
}

fn server6(dhcp6: &Dhcp6, config: &Config, server_id: Vec<u8>, has_dhcpv4_half: bool) -> Server6 {
    let fosix = &config.fosix;
    info!(duid = %identity::hex(&server_id), "server DUID");
    let settings = Settings6 {
        server_id,
        max_relay_levels: fosix.max_relay_levels,
        server_port: fosix.ports.server,
        client_port: fosix.ports.client,
        reply_to_source_port: fosix.ports.reply_to_source_port,
        has_dhcpv4_half,
    };
    Server6::new(dhcp6, settings)
}

/// The DHCPv4 half, with its leases open and looked after. `clock` goes on from what they know.
fn half4(
    dhcp4: &Dhcp4,
    config: &Config,
    server_identifier: Ipv4Addr,
    clock: &mut Clock,
    wakers: &[Wakers],
) -> anyhow::Result<(Half4, Upkeep)> {
    let fosix = &config.fosix;
    info!(address = %dhcp4.server_identifier.unwrap_or(server_identifier), "server identifier (option 54)");
    let settings = Settings4 {
        max_relay_levels: fosix.max_relay_levels,
        offer_lifetime: fosix.offers.lifetime,
        server_identifier,
    };
    let server = Server4::new(dhcp4.clone(), settings).with_hooks(hooks::attach(&dhcp4.hooks)?);
    let hooks: Vec<_> = server.hooks().followers().map(Arc::clone).collect();
    let mut leases = Leases4::new(&server.pools(), fosix.offers.limit);
    if server.hooks().wants(Point::Leases4Committed) {
        leases.follow_changes();
    }
    let settings = config.store4();
    let durable: Vec<_> = wakers.iter().map(|wakers| Arc::clone(&wakers.durable)).collect();
    let wake = move || durable.iter().for_each(|waker| waker.wake());
    let mut open = store::open(&settings, leases, *clock, !hooks.is_empty(), wake)?;
    *clock = open.clock;
    sanity::check(&open.store, dhcp4, clock.now());
    let directory = match &settings {
        StoreSettings::Journal(journal) => journal.directory.join("dhcp4"),
        _ => PathBuf::new(),
    };
    let upkeep = Upkeep {
        followers: Followers::start(&mut open, &directory, hooks)?,
        caretaker: Caretaker::start(&open, dhcp4.expired_leases)?,
        control: match &settings {
            StoreSettings::Journal(_) => {
                Some(Control::start(&directory, Arc::clone(&open.store), open.clock)?)
            }
            _ => None,
        },
    };
    Ok((Half4 { server, store: open.store }, upkeep))
}

/// The wakers of each worker.
fn wakers(configured: usize) -> anyhow::Result<Vec<Wakers>> {
    let count = match configured {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    (0..count).map(|_| Ok(Wakers::new()?)).collect()
}

/// Has every worker look at what changed.
fn wake(wakers: &[Wakers]) {
    for wakers in wakers {
        wakers.change.wake();
    }
}

/// How long hooks may take, when the server stops, for what happened to leases before.
const HOOKS_PATIENCE: Duration = Duration::from_secs(10);

/// How often the workers are looked after when nothing else happens.
const HEALTH_CHECK: Duration = Duration::from_secs(1);
