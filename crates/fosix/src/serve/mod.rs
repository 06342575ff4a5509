//! `fosix serve`: both halves on real sockets, until a signal says stop.

mod half4;
mod half6;
mod hooks;
mod identity;
mod link;
mod listen;
mod logging;
mod report;
mod signals;
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
use fosix_link::Half4;
use fosix_net::{AddressBook, InterfaceWatch, Poller, Waker};
use tracing::{error, info, warn};

use self::half4::Work4;
use self::half6::{Shared6, Work6};
use self::link::Link;
use self::listen::Listeners;
use self::report::Totals;
use self::signals::Signals;
use self::worker::Worker;

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

/// Runs the server; returns when it was told to stop.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    logging::start(config.fosix.log)?;
    let signals = Signals::new().context("cannot take signals")?;
    let book = Arc::new(AddressBook::new().context("cannot list the network interfaces")?);
    let server = Server::start(&config, &book)?;
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
    workers: Vec<Worker>,
    /// Goes after the workers that use it.
    link: Link,
    stop: Arc<AtomicBool>,
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
        let half4 = match &config.dhcp4 {
            Some(dhcp4) => {
                let derived = identity::server_identifier(listeners.as_ref(), book, &server_id);
                Some(Arc::new(half4(dhcp4, config, derived)?))
            }
            None => None,
        };
        let link = Link::open(config, half4.as_ref(), book, &wakers)?;
        let shared6 = config.dhcp6.as_ref().zip(listeners).map(|(dhcp6, listeners)| {
            let server = server6(dhcp6, config, server_id, link.leads_somewhere());
            Arc::new(Shared6 { server, listeners })
        });
        let mut workers = Vec::new();
        for (number, waker) in wakers.into_iter().enumerate() {
            let stop = Arc::clone(&stop);
            workers.push(match (&shared6, &half4, link.for_dhcp4(book)) {
                (Some(shared6), _, _) => {
                    let work = Work6::new(Arc::clone(shared6), link.for_dhcp6(book));
                    Worker::start(number, work, waker, stop)?
                }
                (None, Some(half4), Some(link)) => {
                    Worker::start(number, Work4::new(Arc::clone(half4), link), waker, stop)?
                }
                _ => bail!("there is nothing to serve"),
            });
        }
        Ok(Self { shared6, half4, workers, link, stop })
    }

    /// Says what listens where, and tells the supervisor that the server is ready.
    fn announce(&self, config: &Config) {
        let subnets = config.dhcp4.as_ref().map_or(0, |dhcp4| dhcp4.subnets.len());
        if config.dhcp4.is_some() && config.fosix.store == StoreSettings::Memory {
            warn!(
                "leases are kept in memory only: they are NOT durable, a restart forgets every one of them"
            );
        }
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
            if let Some(half4) = &self.half4 {
                // Hooks that follow leases learn of ends also while nobody asks for anything.
                drop(half4.leases(worker::now()));
            }
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
    fn finish(&self) {
        self.stop.store(true, Ordering::Release);
        for worker in &self.workers {
            worker.waker.wake();
        }
        self.workers.iter().for_each(Worker::finish);
        if let Some(half4) = &self.half4 {
            half4.server.hooks().stop();
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

fn half4(dhcp4: &Dhcp4, config: &Config, server_identifier: Ipv4Addr) -> anyhow::Result<Half4> {
    let fosix = &config.fosix;
    info!(address = %dhcp4.server_identifier.unwrap_or(server_identifier), "server identifier (option 54)");
    let settings = Settings4 {
        max_relay_levels: fosix.max_relay_levels,
        offer_lifetime: fosix.offers.lifetime,
        server_identifier,
    };
    let server = Server4::new(dhcp4.clone(), settings).with_hooks(hooks::attach(&dhcp4.hooks)?);
    Ok(Half4::new(server, fosix.offers.limit))
}

/// A waker for each worker.
fn wakers(configured: usize) -> anyhow::Result<Vec<Arc<Waker>>> {
    let count = match configured {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    (0..count).map(|_| Ok(Arc::new(Waker::new()?))).collect()
}

/// Has every worker look at what changed.
fn wake(wakers: &[Arc<Waker>]) {
    for waker in wakers {
        waker.wake();
    }
}

/// How often the workers are looked after when nothing else happens.
const HEALTH_CHECK: Duration = Duration::from_secs(1);
