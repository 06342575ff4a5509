//! `fosix serve`: both halves on real sockets, until a signal says stop.

mod hooks;
mod identity;
mod listen;
mod logging;
mod report;
mod signals;
mod worker;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use fosix_config::{Config, LoadOptions, StoreSettings};
use fosix_dhcp4::{Server4, Settings4};
use fosix_dhcp6::{Server6, Settings6};
use fosix_lease::Leases4;
use fosix_net::{AddressBook, InterfaceWatch, Poller};
use tracing::{error, info, warn};

use self::listen::Listeners;
use self::report::Totals;
use self::signals::Signals;
use self::worker::{Shared, Worker};

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
    let shared = Arc::new(build(&config, book)?);
    let workers = start_workers(&shared, config.fosix.workers)?;
    announce(&config, &shared, workers.len());

    let result = attend(&signals, &shared, &workers);
    shared.stop.store(true, Ordering::Release);
    wake(&workers);
    for worker in &workers {
        worker.finish();
    }
    shared.hooks.stop();
    Totals::of(&workers).log(&shared.hooks);
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

/// Makes both halves and opens the sockets.
fn build(config: &Config, book: Arc<AddressBook>) -> anyhow::Result<Shared> {
    let Some(dhcp6) = &config.dhcp6 else {
        bail!("no `Dhcp6` in the configuration: the DHCPv4 half cannot be reached without the DHCPv6 half");
    };
    let fosix = &config.fosix;
    let listeners = Listeners::open(&dhcp6.interfaces, fosix.ports.server, book)?;
    let server_id = identity::server_duid(&dhcp6.server_id.duid, &listeners);
    let settings6 = Settings6 {
        server_id: server_id.clone(),
        max_relay_levels: fosix.max_relay_levels,
        server_port: fosix.ports.server,
        client_port: fosix.ports.client,
        reply_to_source_port: fosix.ports.reply_to_source_port,
        has_dhcpv4_half: config.dhcp4.is_some(),
    };
    info!(duid = %identity::hex(&server_id), "server DUID");
    let hooks = hooks::attach(config.dhcp4.as_ref().map_or(&[], |dhcp4| &dhcp4.hooks))?;
    let dhcp4 = config.dhcp4.as_ref().map(|dhcp4| {
        let server_identifier = identity::server_identifier(&listeners, &server_id);
        info!(address = %dhcp4.server_identifier.unwrap_or(server_identifier), "server identifier (option 54)");
        let settings4 = Settings4 {
            max_relay_levels: fosix.max_relay_levels,
            offer_lifetime: fosix.offers.lifetime,
            server_identifier,
        };
        Server4::new(dhcp4.clone(), settings4).with_hooks(hooks.clone())
    });
    let pools = dhcp4.as_ref().map(Server4::pools).unwrap_or_default();
    Ok(Shared {
        dhcp6: Server6::new(dhcp6, settings6),
        leases: Mutex::new(Leases4::new(&pools, fosix.offers.limit)),
        dhcp4,
        hooks,
        listeners,
        stop: AtomicBool::new(false),
    })
}

fn start_workers(shared: &Arc<Shared>, configured: usize) -> anyhow::Result<Vec<Worker>> {
    let count = match configured {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    (0..count).map(|number| Worker::start(number, Arc::clone(shared))).collect()
}

/// Says what listens where, and tells the supervisor that the server is ready.
fn announce(config: &Config, shared: &Shared, workers: usize) {
    let subnets = config.dhcp4.as_ref().map_or(0, |dhcp4| dhcp4.subnets.len());
    if config.fosix.store == StoreSettings::Memory {
        warn!("leases are kept in memory only: they are NOT durable, a restart forgets every one of them");
    }
    info!(
        version = env!("CARGO_PKG_VERSION"),
        listening = %shared.listeners, port = config.fosix.ports.server,
        subnets4 = subnets, workers, "fosix ready"
    );
    // Without a supervisor that listens this does nothing.
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        warn!(%error, "cannot tell the supervisor that the server is ready");
    }
}

/// Waits for signals and for interfaces to change, until told to stop.
fn attend(signals: &Signals, shared: &Shared, workers: &[Worker]) -> anyhow::Result<()> {
    const SIGNALS: u64 = 0;
    const INTERFACES: u64 = 1;
    let watch = InterfaceWatch::new().context("cannot watch the network interfaces")?;
    let mut poller = Poller::new()?;
    poller.add(signals, SIGNALS)?;
    poller.add(&watch, INTERFACES)?;
    loop {
        let ready = poller.wait(Some(HEALTH_CHECK))?.to_vec();
        // Those that follow leases learn of ends also while nobody asks for anything.
        shared.reclaim();
        if ready.contains(&INTERFACES) && watch.changed()? && shared.listeners.update() {
            wake(workers);
        }
        if ready.contains(&SIGNALS) {
            let seen = signals.take();
            if seen.report {
                Totals::of(workers).log(&shared.hooks);
            }
            if seen.stop {
                info!("stopping");
                // Best effort: the supervisor sees the process end in any case.
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
                return Ok(());
            }
        }
        if let Some(worker) = workers.iter().find(|worker| worker.has_ended()) {
            error!(worker = worker.number, "a worker has ended");
            bail!("a worker has ended, see the log");
        }
    }
}

/// Has every worker look at what changed.
fn wake(workers: &[Worker]) {
    for worker in workers {
        worker.waker.wake();
    }
}

/// How often the workers are looked after when nothing else happens.
const HEALTH_CHECK: Duration = Duration::from_secs(1);
