//! SIGHUP: the configuration is read again. The whole of it is checked first and applied at once between packets; on any
//! error the server stays with the old one and says why. Leases stay, and so do sockets that did not change.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use fosix_config::{Config, HookSettings, LoadOptions, StoreSettings};
use fosix_hooks::{Hooks, Point};
use fosix_link::Half4;
use tracing::{error, info, warn};

use super::half6::Shared6;
use super::link::Link;
use super::listen::Listeners;
use super::logging::Log;
use super::worker::{Parts, Worker};
use super::{Args, Server, halves, hooks, identity, sanity};
use crate::leases::{V4, V6};

/// Reads the configuration again and serves after it, or tells why not.
pub(super) fn reload(args: &Args, server: &mut Server, log: &Log) {
    use sd_notify::NotifyState;
    info!("reading the configuration again");
    // Best effort: without a supervisor that listens these do nothing.
    if let Ok(since) = NotifyState::monotonic_usec_now() {
        let _ = sd_notify::notify(&[NotifyState::Reloading, since]);
    }
    match load(args).and_then(|config| server.apply(config, log)) {
        Ok(()) => info!("the configuration was read again and is in force"),
        Err(error) => error!("the configuration stays as it was: {error:#}"),
    }
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

fn load(args: &Args) -> anyhow::Result<Config> {
    let loaded = fosix_config::load(&args.files, LoadOptions { strict: args.strict });
    let text = loaded.diagnostics.render(false);
    drop(loaded.diagnostics);
    fosix_net::give_back();
    match loaded.config {
        Some(config) => {
            if !text.is_empty() {
                warn!("{}", text.trim_end());
            }
            Ok(config)
        }
        None => bail!("it has errors\n{}", text.trim_end()),
    }
}

/// What changes with a configuration, made before anything does.
struct Next {
    shared6: Option<Arc<Shared6>>,
    half4: Option<Arc<Half4>>,
    /// `None` where it stays.
    link: Option<Link>,
    link_changed: bool,
}

impl Server {
    /// Serves after `config` from now on. On an error nothing has changed.
    fn apply(&mut self, config: Config, log: &Log) -> anyhow::Result<()> {
        let fixed = what_is_fixed(&self.config, &config);
        if !fixed.is_empty() {
            bail!("{} cannot change while the server runs: restart it, or put it back", fixed.join(", "));
        }
        let hooks6 = changed_hooks(hooks_of6(&self.config), hooks_of6(&config))?;
        let stop6 = |error| {
            hooks6.iter().for_each(Hooks::stop);
            error
        };
        let hooks4 = changed_hooks(hooks_of4(&self.config), hooks_of4(&config)).map_err(stop6)?;
        let next = self.prepare(&config, hooks6.as_ref(), hooks4.as_ref()).map_err(|error| {
            hooks4.iter().for_each(Hooks::stop);
            stop6(error)
        })?;
        // A log that cannot be changed is no reason to do without the rest.
        if let Err(error) = log.set_level(config.fosix.log.level) {
            warn!("{error:#}");
        }

        // Nothing can fail from here on. Between two packets everything is exchanged.
        let Next { shared6, half4, link, link_changed } = next;
        let mut paused: Vec<_> = self.workers.iter().map(Worker::pause).collect();
        self.exchange_pools(&config, half4.as_ref(), shared6.as_ref());
        let parts = Parts {
            shared6: shared6.as_ref(),
            half4: half4.as_ref(),
            link: link.as_ref().unwrap_or(&self.link),
            link_changed,
            book: &self.book,
        };
        for work in &mut paused {
            work.reload(&parts);
        }
        drop(paused);
        let before = std::mem::replace(&mut self.config, config);
        let before6 = std::mem::replace(&mut self.shared6, shared6);
        let before4 = std::mem::replace(&mut self.half4, half4);
        if let Some(link) = link {
            self.link = link;
        }
        for worker in &self.workers {
            worker.waker.wake();
        }
        self.look_after(&before, before6.as_deref(), before4.as_deref());
        Ok(())
    }

    /// Makes everything new that can be made beside what runs. Hooks that are `None` stay.
    fn prepare(
        &self,
        config: &Config,
        hooks6: Option<&Hooks>,
        hooks4: Option<&Hooks>,
    ) -> anyhow::Result<Next> {
        let listeners = match (&self.shared6, &config.dhcp6) {
            (Some(shared6), Some(dhcp6)) if self.config.fosix.ports.server == config.fosix.ports.server => {
                Some(shared6.listeners.reopened(&dhcp6.interfaces))
            }
            (Some(_), Some(dhcp6)) => {
                let port = config.fosix.ports.server;
                Some(Listeners::open(&dhcp6.interfaces, port, Arc::clone(&self.book))?)
            }
            _ => None,
        };
        let server_id = identity::server_duid(config, listeners.as_ref(), &self.book)?;
        let half4 = self.half4.as_ref().zip(config.dhcp4.as_ref()).map(|(half4, dhcp4)| {
            let identifier = identity::server_identifier(listeners.as_ref(), &self.book, &server_id);
            let hooks = hooks4.unwrap_or_else(|| half4.server.hooks()).clone();
            let server = halves::server4(dhcp4, config, identifier).with_hooks(hooks);
            let server = server.with_tracer(Arc::clone(half4.server.tracer()));
            Arc::new(Half4 { server, store: Arc::clone(&half4.store) })
        });
        let (link, link_changed) = self.link.reopened(config, half4.as_ref(), &self.book)?;
        let leads_somewhere = link.as_ref().unwrap_or(&self.link).leads_somewhere();
        let shared6 = self.shared6.as_ref().zip(config.dhcp6.as_ref()).zip(listeners);
        let shared6 = shared6.map(|((shared6, dhcp6), listeners)| {
            let hooks = hooks6.unwrap_or_else(|| shared6.server.hooks()).clone();
            let server = halves::server6(dhcp6, config, server_id, leads_somewhere).with_hooks(hooks);
            let server = server.with_tracer(Arc::clone(shared6.server.tracer()));
            Arc::new(Shared6 { server, store: Arc::clone(&shared6.store), listeners })
        });
        Ok(Next { shared6, half4, link, link_changed })
    }

    /// Has the stores give out what is configured now, if that is something else. It takes as long as there are leases.
    fn exchange_pools(&self, config: &Config, half4: Option<&Arc<Half4>>, shared6: Option<&Arc<Shared6>>) {
        if let (Some(shared6), Some(old), Some(new)) = (shared6, &self.config.dhcp6, &config.dhcp6) {
            let changed = fosix_dhcp6::pools(old) != fosix_dhcp6::pools(new)
                || old.rules.reservations != new.rules.reservations
                || old.rules.limits != new.rules.limits;
            let mut leases = shared6.store.lock();
            if changed {
                fosix_dhcp6::arrange(new, &mut leases);
            }
            if shared6.server.hooks().wants(Point::Leases6Committed) {
                leases.follow_changes();
            }
        }
        if let (Some(new), Some(old)) = (half4, &self.half4) {
            let changed = !new.server.arranges_as(&old.server);
            let mut leases = new.store.lock();
            if changed {
                new.server.arrange(&mut leases);
            }
            if new.server.hooks().wants(Point::Leases4Committed) {
                leases.follow_changes();
            }
        }
    }

    /// Has leases looked after as the new configuration says, and its hooks told of them.
    fn look_after(&mut self, before: &Config, before6: Option<&Shared6>, before4: Option<&Half4>) {
        if let (Some(upkeep), Some(shared6), Some(dhcp6)) =
            (&mut self.upkeep6, &self.shared6, &self.config.dhcp6)
        {
            upkeep.set_expired(dhcp6.expired_leases);
            if let Some(old) = before6.filter(|_| hooks_of6(before) != dhcp6.hooks) {
                let followers = shared6.server.hooks().followers6().map(Arc::clone).collect();
                if let Err(error) =
                    upkeep.replace_followers(&self.config.store6(), old.server.hooks(), followers)
                {
                    error!("hooks are not told of DHCPv6 leases: {error:#}");
                }
            }
            sanity::check::<V6>(&shared6.store, dhcp6, dhcp6.lease_checks, upkeep.now());
        }
        if let (Some(upkeep), Some(half4), Some(dhcp4)) = (&mut self.upkeep4, &self.half4, &self.config.dhcp4)
        {
            upkeep.set_expired(dhcp4.expired_leases);
            if let Some(old) = before4.filter(|_| hooks_of4(before) != dhcp4.hooks) {
                let followers = half4.server.hooks().followers().map(Arc::clone).collect();
                if let Err(error) =
                    upkeep.replace_followers(&self.config.store4(), old.server.hooks(), followers)
                {
                    error!("hooks are not told of DHCPv4 leases: {error:#}");
                }
            }
            sanity::check::<V4>(&half4.store, dhcp4, dhcp4.lease_checks, upkeep.now());
        }
    }
}

fn hooks_of6(config: &Config) -> &[HookSettings] {
    config.dhcp6.as_ref().map_or(&[], |dhcp6| &dhcp6.hooks)
}

fn hooks_of4(config: &Config) -> &[HookSettings] {
    config.dhcp4.as_ref().map_or(&[], |dhcp4| &dhcp4.hooks)
}

/// New hooks, where the settings of hooks have changed.
fn changed_hooks(old: &[HookSettings], new: &[HookSettings]) -> anyhow::Result<Option<Hooks>> {
    if old == new { Ok(None) } else { hooks::attach(new).map(Some).context("cannot attach the hooks") }
}

/// What differs and needs a restart.
fn what_is_fixed(old: &Config, new: &Config) -> Vec<&'static str> {
    let in_memory =
        matches!(new.store6(), StoreSettings::Memory) || matches!(new.store4(), StoreSettings::Memory);
    let hooks = |config| (hooks_of6(config), hooks_of4(config));
    let table = [
        (old.dhcp6.is_some() != new.dhcp6.is_some(), "whether there is `Dhcp6`"),
        (old.dhcp4.is_some() != new.dhcp4.is_some(), "whether there is `Dhcp4`"),
        (old.store6() != new.store6() || old.store4() != new.store4(), "where leases are kept"),
        (old.fosix.workers != new.fosix.workers, "`Fosix.workers`"),
        (old.fosix.link != new.fosix.link, "`Fosix.link`"),
        (old.fosix.offers.limit != new.fosix.offers.limit, "the limit of `Fosix.offers`"),
        (old.fosix.log.format != new.fosix.log.format, "the format of `Fosix.log`"),
        (in_memory && hooks(old) != hooks(new), "`hooks-libraries` beside leases in memory"),
    ];
    table.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect()
}
