//! The two halves, made of the configuration, and their leases opened.

use std::hash::{BuildHasher as _, RandomState};
use std::net::Ipv4Addr;
use std::sync::Arc;

use fosix_config::{Config, Dhcp4, Dhcp6};
use fosix_dhcp4::{Server4, Settings4};
use fosix_dhcp6::{Server6, Settings6};
use fosix_hooks::{Hooks, Point};
use fosix_lease::{Leases4, Leases6};
use fosix_link::Half4;
use tracing::info;

use super::clock::Clock;
use super::store::{self, OpenStore};
use super::upkeep::Upkeep;
use super::worker::Wakers;
use super::{hooks, identity, sanity};
use crate::leases::{V4, V6};

/// The DHCPv6 half as `dhcp6` describes it.
pub(super) fn server6(dhcp6: &Dhcp6, config: &Config, server_id: Vec<u8>, has_dhcpv4_half: bool) -> Server6 {
    let fosix = &config.fosix;
    info!(duid = %identity::hex(&server_id), "server DUID");
    let settings = Settings6 {
        server_id,
        max_relay_levels: fosix.max_relay_levels,
        server_port: fosix.ports.server,
        client_port: fosix.ports.client,
        reply_to_source_port: fosix.ports.reply_to_source_port,
        has_dhcpv4_half,
        offer_lifetime: fosix.offers.lifetime,
    };
    Server6::new(dhcp6, settings)
}

/// The leases of the DHCPv6 half, open, and its hooks. `clock` goes on from what they know.
pub(super) fn open6(
    dhcp6: &Dhcp6,
    config: &Config,
    clock: &mut Clock,
    wakers: &[Wakers],
) -> anyhow::Result<(OpenStore<V6>, Hooks)> {
    let hooks = hooks::attach(&dhcp6.hooks)?;
    let mut leases = Leases6::new(&[], config.fosix.offers.limit);
    fosix_dhcp6::arrange(dhcp6, &mut leases);
    leases.seed(RandomState::new().hash_one(0));
    if hooks.wants(Point::Leases6Committed) {
        leases.follow_changes();
    }
    let followed = hooks.followers6().next().is_some();
    let open = store::open::<V6>(&config.store6(), leases, *clock, followed, wake_durable(wakers))?;
    *clock = open.clock;
    sanity::check::<V6>(&open.store, dhcp6, dhcp6.lease_checks, clock.now());
    Ok((open, hooks))
}

/// The DHCPv4 half as `dhcp4` describes it.
pub(super) fn server4(dhcp4: &Dhcp4, config: &Config, server_identifier: Ipv4Addr) -> Server4 {
    info!(address = %dhcp4.server_identifier.unwrap_or(server_identifier), "server identifier (option 54)");
    let settings = Settings4 {
        max_relay_levels: config.fosix.max_relay_levels,
        offer_lifetime: config.fosix.offers.lifetime,
        server_identifier,
    };
    Server4::new(dhcp4.clone(), settings)
}

/// The DHCPv4 half, with its leases open and looked after. `clock` goes on from what they know.
pub(super) fn half4(
    dhcp4: &Dhcp4,
    config: &Config,
    server_identifier: Ipv4Addr,
    clock: &mut Clock,
    wakers: &[Wakers],
) -> anyhow::Result<(Half4, Upkeep<V4>)> {
    let server = server4(dhcp4, config, server_identifier).with_hooks(hooks::attach(&dhcp4.hooks)?);
    let followers: Vec<_> = server.hooks().followers().map(Arc::clone).collect();
    let mut leases = Leases4::new(&[], config.fosix.offers.limit);
    leases.seed(RandomState::new().hash_one(0));
    server.arrange(&mut leases);
    if server.hooks().wants(Point::Leases4Committed) {
        leases.follow_changes();
    }
    let settings = config.store4();
    let open = store::open::<V4>(&settings, leases, *clock, !followers.is_empty(), wake_durable(wakers))?;
    *clock = open.clock;
    sanity::check::<V4>(&open.store, dhcp4, dhcp4.lease_checks, clock.now());
    let store = Arc::clone(&open.store);
    let upkeep = Upkeep::start(open, &settings, dhcp4.expired_leases, followers, server.tracer())?;
    Ok((Half4 { server, store }, upkeep))
}

/// Has every worker tell what has become durable.
fn wake_durable(wakers: &[Wakers]) -> impl Fn() + Send + Sync + 'static {
    let durable: Vec<_> = wakers.iter().map(|wakers| Arc::clone(&wakers.durable)).collect();
    move || durable.iter().for_each(|waker| waker.wake())
}
