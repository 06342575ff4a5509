//! `fosix serve`: both halves on real sockets, until a signal says stop.

mod backlog;
mod clock;
mod control;
mod family;
mod followers;
mod half4;
mod half6;
mod halves;
mod hooks;
mod identity;
mod link;
mod listen;
mod logging;
mod reload;
mod report;
mod sanity;
mod signals;
mod store;
mod upkeep;
mod worker;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use fosix_config::{Config, LoadOptions};
use fosix_link::Half4;
use fosix_net::{AddressBook, InterfaceWatch, Poller};
use tracing::{error, info, warn};

use self::clock::Clock;
use self::half4::Work4;
use self::half6::{Shared6, Work6};
use self::link::Link;
use self::listen::Listeners;
use self::logging::Log;
use self::reload::reload;
use self::report::Totals;
use self::signals::Signals;
use self::upkeep::Upkeep;
use self::worker::{Wakers, Worker};
use crate::leases::{V4, V6};

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
    let log = Log::start(config.fosix.log)?;
    let signals = Signals::new().context("cannot take signals")?;
    let book = Arc::new(AddressBook::new().context("cannot list the network interfaces")?);
    let mut server = Server::start(config, book)?;
    server.announce();

    let result = server.attend(&signals, |server| reload(args, server, &log));
    server.finish();
    info!("fosix stopped");
    result.map(|()| ExitCode::SUCCESS)
}

/// Reads the configuration and shows everything that is to be said of it on standard error.
fn load(args: &Args) -> anyhow::Result<Config> {
    let loaded = fosix_config::load(&args.files, LoadOptions { strict: args.strict });
    let mut terminal = io::stderr().lock();
    let text = loaded.diagnostics.render(terminal.is_terminal());
    terminal.write_all(text.as_bytes()).context("cannot write to standard error")?;
    let config = loaded.config.context("the configuration has errors, nothing was started")?;
    drop(loaded.diagnostics);
    fosix_net::give_back();
    Ok(config)
}

/// Everything that runs.
struct Server {
    /// What it runs after.
    config: Config,
    book: Arc<AddressBook>,
    /// What the DHCPv6 half listens on, if it is here.
    shared6: Option<Arc<Shared6>>,
    /// The DHCPv4 half, if it is here.
    half4: Option<Arc<Half4>>,
    /// What looks after the leases of the halves that are here.
    upkeep6: Option<Upkeep<V6>>,
    upkeep4: Option<Upkeep<V4>>,
    workers: Vec<Worker>,
    /// Goes after the workers that use it.
    link: Link,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Makes the halves that are configured, opens the sockets, and starts the workers.
    fn start(config: Config, book: Arc<AddressBook>) -> anyhow::Result<Self> {
        let wakers = wakers(config.fosix.workers)?;
        let stop = Arc::new(AtomicBool::new(false));
        let listeners = match &config.dhcp6 {
            Some(dhcp6) => {
                Some(Listeners::open(&dhcp6.interfaces, config.fosix.ports.server, Arc::clone(&book))?)
            }
            None => None,
        };
        let mut clock = Clock::start();
        let open6 = config
            .dhcp6
            .as_ref()
            .map(|dhcp6| halves::open6(dhcp6, &config, &mut clock, &wakers))
            .transpose()?;
        let server_id = identity::server_duid(&config, listeners.as_ref(), &book)?;
        let (half4, upkeep4) = match &config.dhcp4 {
            Some(dhcp4) => {
                let derived = identity::server_identifier(listeners.as_ref(), &book, &server_id);
                let (half4, upkeep) = halves::half4(dhcp4, &config, derived, &mut clock, &wakers)?;
                (Some(Arc::new(half4)), Some(upkeep))
            }
            None => (None, None),
        };
        let link = Link::open(&config, half4.as_ref(), &book, &wakers)?;
        let (mut shared6, mut upkeep6) = (None, None);
        if let (Some(dhcp6), Some(listeners), Some((open, hooks))) = (&config.dhcp6, listeners, open6) {
            let store = Arc::clone(&open.store);
            let followers = hooks.followers6().map(Arc::clone).collect();
            let server = halves::server6(dhcp6, &config, server_id, link.leads_somewhere()).with_hooks(hooks);
            let settings = config.store6();
            let expired = dhcp6.expired_leases;
            upkeep6 = Some(Upkeep::start(open, &settings, expired, followers, server.tracer())?);
            shared6 = Some(Arc::new(Shared6 { server, store, listeners }));
        }
        let mut workers = Vec::new();
        for (number, wakers) in wakers.into_iter().enumerate() {
            let stop = Arc::clone(&stop);
            workers.push(match (&shared6, &half4, link.for_dhcp4(&book)) {
                (Some(shared6), _, _) => {
                    let work = Work6::new(Arc::clone(shared6), link.for_dhcp6(&book), clock);
                    Worker::start(number, work, wakers, stop)?
                }
                (None, Some(half4), Some(link)) => {
                    Worker::start(number, Work4::new(Arc::clone(half4), link, clock), wakers, stop)?
                }
                _ => bail!("there is nothing to serve"),
            });
        }
        Ok(Self { config, book, shared6, half4, upkeep6, upkeep4, workers, link, stop })
    }

    /// Says what listens where, and tells the supervisor that the server is ready.
    fn announce(&self) {
        let config = &self.config;
        let subnets4 = config.dhcp4.as_ref().map_or(0, |dhcp4| dhcp4.subnets.len());
        let subnets6 = config.dhcp6.as_ref().map_or(0, |dhcp6| dhcp6.subnets.len());
        let listening = match &self.shared6 {
            Some(shared6) => shared6.listeners.to_string(),
            None => "the link".to_owned(),
        };
        info!(
            version = env!("CARGO_PKG_VERSION"),
            listening,
            port = config.fosix.ports.server,
            subnets4,
            subnets6,
            workers = self.workers.len(),
            "fosix ready"
        );
        // Without a supervisor that listens this does nothing.
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            warn!(%error, "cannot tell the supervisor that the server is ready");
        }
    }

    /// Waits for signals and for interfaces to change, until told to stop.
    fn attend(&mut self, signals: &Signals, reload: impl Fn(&mut Self)) -> anyhow::Result<()> {
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
                if seen.reload && !seen.stop {
                    reload(self);
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
        if let (Some(shared6), Some(upkeep)) = (&self.shared6, self.upkeep6.take()) {
            upkeep.finish(shared6.server.hooks());
        }
        if let (Some(half4), Some(upkeep)) = (&self.half4, self.upkeep4.take()) {
            upkeep.finish(half4.server.hooks());
        }
        self.totals().log();
    }

    /// What everything here counted.
    fn totals(&self) -> Totals {
        let mut totals = Totals::of(&self.workers, &self.link);
        let hooks6 = self.shared6.iter().flat_map(|shared6| shared6.server.hooks().counters());
        let hooks4 = self.half4.iter().flat_map(|half4| half4.server.hooks().counters());
        for (name, count) in hooks6.chain(hooks4) {
            totals.state(name, count);
        }
        if let Some(shared6) = &self.shared6 {
            totals.state("pkt6-receive-buffer-drop", shared6.listeners.dropped());
        }
        totals
    }
}

/// The wakers of each worker.
fn wakers(configured: usize) -> anyhow::Result<Vec<Wakers>> {
    let count = match configured {
        // One processor is left to the log's thread and to the kernel's work for the network.
        0 => thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1),
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

/// How often the workers are looked after when nothing else happens.
const HEALTH_CHECK: Duration = Duration::from_secs(1);
