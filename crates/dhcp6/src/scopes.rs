//! The subnets made ready for packets: what shares a link with what, and the options of each scope merged.

use std::net::Ipv6Addr;

use fosix_config::{Dhcp6, FqdnPolicy, OptionValue, PdPool, Subnet6};
use fosix_lease::{Key6, LeaseKind6, PoolRange6};
use fosix_policy::EffectiveOptions;
use fosix_wire::softwire::Ipv6Prefix;
use fosix_wire::v6::{Writer, write_excluded_prefix};

use crate::plan::Plan;
use crate::process::Exchange;
use crate::server::Server6;

/// A subnet with what its clients get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subnet<'a> {
    pub(crate) config: &'a Subnet6,
    scopes: &'a SubnetScopes,
}

/// What is prepared of one subnet.
#[derive(Debug)]
pub(crate) struct SubnetScopes {
    /// The places of the subnets of its link: itself, then the others of its shared network.
    link: Box<[usize]>,
    options: EffectiveOptions,
    /// The pools with options of their own.
    pools: Vec<PoolScope>,
}

#[derive(Debug)]
struct PoolScope {
    kind: LeaseKind6,
    first: Ipv6Addr,
    last: Ipv6Addr,
    own: Vec<OptionValue>,
    merged: EffectiveOptions,
}

/// The pools of all subnets, as the lease store wants them.
pub fn pools(config: &Dhcp6) -> Vec<PoolRange6> {
    let of_subnet = |subnet: &Subnet6| {
        let addresses = subnet.pools.iter().map(|pool| {
            let range = PoolRange6::addresses(subnet.id.0, pool.first, pool.last);
            range.with_allocator(allocator(subnet.allocator))
        });
        let prefixes = subnet.pd_pools.iter().map(|pool| {
            let (prefix, len) = (pool.prefix.network(), pool.prefix.prefix_len());
            let range = PoolRange6::prefixes(subnet.id.0, prefix, len, pool.delegated_len);
            range.with_allocator(allocator(subnet.pd_allocator))
        });
        addresses.chain(prefixes).collect::<Vec<_>>()
    };
    config.subnets.iter().flat_map(of_subnet).collect()
}

fn allocator(configured: fosix_config::Allocator) -> fosix_lease::Allocator {
    match configured {
        fosix_config::Allocator::Iterative => fosix_lease::Allocator::Iterative,
        fosix_config::Allocator::Random => fosix_lease::Allocator::Random,
    }
}

/// What is prepared of each subnet of `config`, in its order.
pub(crate) fn prepare(config: &Dhcp6) -> Vec<SubnetScopes> {
    let place = |at: usize, subnet: &Subnet6| {
        let others = config.subnets.iter().enumerate().filter(|(other, candidate)| {
            *other != at
                && subnet.shared_network.is_some()
                && candidate.shared_network == subnet.shared_network
        });
        [at].into_iter().chain(others.map(|(other, _)| other)).collect()
    };
    let each = config.subnets.iter().enumerate();
    each.map(|(at, subnet)| SubnetScopes {
        link: place(at, subnet),
        options: EffectiveOptions::merge(&[&subnet.options, &config.options]),
        pools: pool_scopes(subnet, config),
    })
    .collect()
}

fn pool_scopes(subnet: &Subnet6, config: &Dhcp6) -> Vec<PoolScope> {
    let scope = |kind, first, last, own: &Vec<OptionValue>| PoolScope {
        kind,
        first,
        last,
        own: own.clone(),
        merged: EffectiveOptions::merge(&[own, &subnet.options, &config.options]),
    };
    let of_addresses =
        subnet.pools.iter().map(|pool| scope(LeaseKind6::Address, pool.first, pool.last, &pool.options));
    let of_prefixes = subnet
        .pd_pools
        .iter()
        .map(|pool| scope(LeaseKind6::Prefix, pool.prefix.network(), pool.prefix.broadcast(), &pool.options));
    of_addresses.chain(of_prefixes).filter(|pool| !pool.own.is_empty()).collect()
}

impl Subnet<'_> {
    /// The subnet's id, as the lease store knows it.
    pub(crate) fn id(&self) -> u32 {
        self.config.id.0
    }

    /// Whether one of its pools has `key`.
    pub(crate) fn gives(&self, key: Key6) -> bool {
        match key.kind {
            LeaseKind6::Address => {
                self.config.pools.iter().any(|pool| (pool.first..=pool.last).contains(&key.address))
            }
            LeaseKind6::Prefix => pd_pool(self.config, key).is_some(),
        }
    }
}

fn pd_pool(subnet: &Subnet6, key: Key6) -> Option<&PdPool> {
    let mut pools = subnet.pd_pools.iter();
    pools.find(|pool| pool.delegated_len == key.prefix_len && pool.prefix.contains(&key.address))
}

impl Server6 {
    /// The subnet at that place of the configuration.
    pub(crate) fn subnet(&self, at: usize) -> Option<Subnet<'_>> {
        Some(Subnet { config: self.subnets.get(at)?, scopes: self.scopes.get(at)? })
    }

    /// The places of the subnets that share the link of the one at `at`, itself first.
    pub(crate) fn link(&self, at: usize) -> &[usize] {
        self.scopes.get(at).map_or(&[], |scopes| &scopes.link)
    }

    /// Calls `write` with the options for whoever gets what is planned: of its pools, then of its subnet, then the global
    /// ones.
    pub(crate) fn with_options(
        &self,
        exchange: &Exchange<'_>,
        plan: &Plan,
        write: impl FnOnce(&EffectiveOptions),
    ) {
        let subnet = plan.usable().find_map(|lease| self.subnet(lease.subnet?)).or_else(|| exchange.subnet());
        let Some(subnet) = subnet else { return write(&self.global_options) };
        let pools = || {
            plan.usable().filter_map(|lease| {
                let scopes = self.subnet(lease.subnet?)?.scopes;
                scopes.pools.iter().find(|pool| {
                    pool.kind == lease.key.kind && (pool.first..=pool.last).contains(&lease.key.address)
                })
            })
        };
        let Some(first) = pools().next() else { return write(&subnet.scopes.options) };
        if pools().all(|pool| std::ptr::eq(pool, first)) {
            return write(&first.merged);
        }
        let own = pools().map(|pool| pool.own.as_slice());
        let outer = [subnet.config.options.as_slice(), &self.options];
        let scopes: Vec<&[OptionValue]> = own.chain(outer).collect();
        write(&EffectiveOptions::merge(&scopes));
    }

    /// Appends the Prefix Exclude option (RFC 6603 §4.2) of a delegated prefix, if its pool has a prefix to keep out.
    pub(crate) fn write_excluded(&self, key: Key6, out: &mut Vec<u8>) {
        let pool = self.subnets.iter().find_map(|subnet| pd_pool(subnet, key));
        let Some((pool, excluded)) = pool.and_then(|pool| Some((pool, pool.excluded?))) else { return };
        // It is configured for the first prefix of the pool; in the others it lies at the same place.
        let behind = u128::MAX.checked_shr(key.prefix_len.into()).unwrap_or(0);
        let inner = u128::from(excluded.network()) & behind;
        let address = Ipv6Addr::from(u128::from(key.address) | inner);
        let prefixes = (
            Ipv6Prefix::new(key.address, pool.delegated_len),
            Ipv6Prefix::new(address, excluded.prefix_len()),
        );
        if let (Ok(delegated), Ok(excluded)) = prefixes {
            let mut w = Writer::new(out);
            write_excluded_prefix(&mut w, delegated, excluded);
            // What cannot be written is left out: the buffer is as it was.
            let _ = w.finish();
        }
    }

    /// What names are made of for the client.
    pub(crate) fn fqdn_policy(&self, exchange: &Exchange<'_>) -> &FqdnPolicy {
        let subnet = exchange.link.first().and_then(|&at| self.subnets.get(at));
        subnet.map_or(&self.fqdn, |subnet| &subnet.fqdn)
    }
}
