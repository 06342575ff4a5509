//! The subnets made ready for packets: what shares a link with what, and the options of each scope merged.

use std::net::Ipv6Addr;

use fosix_config::{ClassNumber, Dhcp6, FqdnPolicy, OptionValue, PdPool, Subnet6};
use fosix_expression::Classes;
use fosix_lease::{Key6, LeaseKind6, Leases6, PoolRange6};
use fosix_policy::{ClientOptions, EffectiveOptions, Guards, Limiter};
use fosix_wire::softwire::Ipv6Prefix;
use fosix_wire::v6::{Writer, write_excluded_prefix};
use smallvec::SmallVec;

use crate::plan::Plan;
use crate::process::Exchange;
use crate::reserved::key_of;
use crate::server::Server6;

/// A subnet with what its clients get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subnet<'a> {
    /// Its place in the configuration.
    pub(crate) at: usize,
    pub(crate) config: &'a Subnet6,
    scopes: &'a SubnetScopes,
}

/// What is prepared of one subnet.
#[derive(Debug)]
pub(crate) struct SubnetScopes {
    /// The places of the subnets of its link: itself, then the others of its shared network.
    link: Box<[usize]>,
    own: EffectiveOptions,
    /// With the global ones.
    merged: EffectiveOptions,
    /// The pools with options of their own.
    pools: Vec<PoolScope>,
}

#[derive(Debug)]
struct PoolScope {
    kind: LeaseKind6,
    first: Ipv6Addr,
    last: Ipv6Addr,
    own: EffectiveOptions,
    /// With those of the subnet and the global ones.
    merged: EffectiveOptions,
}

/// The pools of all subnets, as the lease store wants them.
pub fn pools(config: &Dhcp6) -> Vec<PoolRange6> {
    let guards = guards(config);
    let of_subnet = |subnet: &Subnet6| {
        let addresses = subnet.pools.iter().map(|pool| {
            let range = PoolRange6::addresses(subnet.id.0, pool.first, pool.last);
            range.with_allocator(allocator(subnet.allocator)).with_guard(guards.number(&pool.guard))
        });
        let prefixes = subnet.pd_pools.iter().map(|pool| {
            let (prefix, len) = (pool.prefix.network(), pool.prefix.prefix_len());
            let range = PoolRange6::prefixes(subnet.id.0, prefix, len, pool.delegated_len);
            range.with_allocator(allocator(subnet.pd_allocator)).with_guard(guards.number(&pool.guard))
        });
        addresses.chain(prefixes).collect::<Vec<_>>()
    };
    config.subnets.iter().flat_map(of_subnet).collect()
}

/// The guards of all pools.
pub(crate) fn guards(config: &Dhcp6) -> Guards {
    Guards::new(config.subnets.iter().flat_map(|subnet| {
        let addresses = subnet.pools.iter().map(|pool| &pool.guard);
        addresses.chain(subnet.pd_pools.iter().map(|pool| &pool.guard))
    }))
}

/// Has `leases` give out what is configured, from now on: the pools, and what is reserved by name alone. It takes as long as
/// there are leases and reservations.
pub fn arrange(config: &Dhcp6, leases: &mut Leases6) {
    leases.set_pools(&pools(config));
    leases.count_by(Limiter::new(&config.rules.limits, &config.rules.classes).counts_by());
    let mut by_address: Vec<&Subnet6> = config.subnets.iter().collect();
    by_address.sort_by_key(|subnet| subnet.prefix.network());
    // What is reserved everywhere belongs to the subnet that it lies in, if it is an address.
    let subnet_with = |address: Ipv6Addr| {
        let behind = by_address.partition_point(|subnet| subnet.prefix.network() <= address);
        let subnet = by_address.get(behind.checked_sub(1)?)?;
        subnet.prefix.contains(&address).then_some(subnet.id.0)
    };
    for (subnet, host) in config.rules.reservations.iter() {
        for reserved in &host.reserved {
            let found = || reserved.prefix_len.is_none().then(|| subnet_with(reserved.address)).flatten();
            let subnet = subnet.map(|subnet| subnet.0).or_else(found);
            leases.exclude(subnet.unwrap_or(0), key_of(reserved));
        }
    }
}

fn allocator(configured: fosix_config::Allocator) -> fosix_lease::Allocator {
    match configured {
        fosix_config::Allocator::Identity => fosix_lease::Allocator::Identity,
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
        own: EffectiveOptions::merge(&[&subnet.options]),
        merged: EffectiveOptions::merge(&[&subnet.options, &config.options]),
        pools: pool_scopes(subnet, config),
    })
    .collect()
}

fn pool_scopes(subnet: &Subnet6, config: &Dhcp6) -> Vec<PoolScope> {
    let scope = |kind, first, last, own: &Vec<OptionValue>| PoolScope {
        kind,
        first,
        last,
        own: EffectiveOptions::merge(&[own]),
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

impl Subnet<'_> {
    /// The pool that `key` is of, for an explanation: `, pool 2001:db8::1 - 2001:db8::9`.
    pub(crate) fn pool_text(&self, key: Key6) -> String {
        let pool = match key.kind {
            LeaseKind6::Address => {
                let mut pools = self.config.pools.iter();
                let pool = pools.find(|pool| (pool.first..=pool.last).contains(&key.address));
                pool.map(|pool| format!(", pool {} - {}", pool.first, pool.last))
            }
            LeaseKind6::Prefix => pd_pool(self.config, key).map(|pool| format!(", pool {}", pool.prefix)),
        };
        pool.unwrap_or_else(|| ", in no pool".to_owned())
    }
}

fn pd_pool(subnet: &Subnet6, key: Key6) -> Option<&PdPool> {
    let mut pools = subnet.pd_pools.iter();
    pools.find(|pool| pool.delegated_len == key.prefix_len && pool.prefix.contains(&key.address))
}

impl Server6 {
    /// The subnet at that place of the configuration.
    pub(crate) fn subnet(&self, at: usize) -> Option<Subnet<'_>> {
        Some(Subnet { at, config: self.subnets.get(at)?, scopes: self.scopes.get(at)? })
    }

    /// The places of the subnets that share the link of the one at `at`, itself first.
    pub(crate) fn link(&self, at: usize) -> &[usize] {
        self.scopes.get(at).map_or(&[], |scopes| &scopes.link)
    }

    /// The options for whoever gets what is planned, is in `classes` and has options of `own`: these, those of its pools, of its
    /// subnet, of its classes, then the global ones.
    pub(crate) fn options<'a>(
        &'a self,
        exchange: &Exchange<'_>,
        plan: &Plan,
        classes: &Classes,
        own: Option<&'a EffectiveOptions>,
    ) -> ClientOptions<'a> {
        let mut options = ClientOptions::default();
        let mut of_classes = ClientOptions::default();
        self.rules.classifier().push_options(classes, &mut of_classes);
        if let Some(own) = own {
            options.push(own);
        }
        let Some(subnet) = self.subnet_of(exchange, plan) else {
            options.extend(of_classes);
            options.push(&self.global_options);
            return options;
        };
        let mut pools: SmallVec<[&PoolScope; 4]> = SmallVec::new();
        for lease in plan.usable() {
            let scopes = lease.subnet.and_then(|at| self.scopes.get(at));
            let pool = scopes.and_then(|scopes| {
                scopes.pools.iter().find(|pool| {
                    pool.kind == lease.key.kind && (pool.first..=pool.last).contains(&lease.key.address)
                })
            });
            if let Some(pool) = pool
                && !pools.iter().any(|known| std::ptr::eq(*known, pool))
            {
                pools.push(pool);
            }
        }
        match (&*pools, of_classes.is_empty()) {
            ([], true) => options.push(&subnet.scopes.merged),
            ([only], true) => options.push(&only.merged),
            _ => {
                pools.iter().for_each(|pool| options.push(&pool.own));
                options.push(&subnet.scopes.own);
                options.extend(of_classes);
                options.push(&self.global_options);
            }
        }
        options
    }

    /// The subnet whose options an answer has: that of the first lease, else the one that was selected.
    pub(crate) fn subnet_of<'a>(&'a self, exchange: &Exchange<'_>, plan: &Plan) -> Option<Subnet<'a>> {
        plan.usable()
            .find_map(|lease| self.subnet(lease.subnet?))
            .or_else(|| self.subnet(*exchange.link.first()?))
    }

    /// The classes that the pools, the subnets and the shared networks of what is planned list, in this order.
    pub(crate) fn additional_classes(
        &self,
        exchange: &Exchange<'_>,
        plan: &Plan,
    ) -> SmallVec<[ClassNumber; 8]> {
        let mut listed: SmallVec<[ClassNumber; 8]> = SmallVec::new();
        for lease in plan.usable() {
            let Some(subnet) = lease.subnet.and_then(|at| self.subnets.get(at)) else { continue };
            let key = lease.key;
            match key.kind {
                LeaseKind6::Address => {
                    let mut pools = subnet.pools.iter();
                    let pool = pools.find(|pool| (pool.first..=pool.last).contains(&key.address));
                    listed.extend(pool.into_iter().flat_map(|pool| &pool.additional_classes).copied());
                }
                LeaseKind6::Prefix => {
                    let pool = pd_pool(subnet, key);
                    listed.extend(pool.into_iter().flat_map(|pool| &pool.additional_classes).copied());
                }
            }
        }
        let subnet = self.subnet_of(exchange, plan);
        listed.extend(subnet.into_iter().flat_map(|subnet| &subnet.config.additional_classes).copied());
        listed
    }

    /// Appends the Prefix Exclude option (RFC 6603 §4.2) of a delegated prefix, if its pool or the client's reservation has a
    /// prefix to keep out.
    pub(crate) fn write_excluded(&self, exchange: &Exchange<'_>, key: Key6, out: &mut Vec<u8>) {
        if let Some(excluded) = exchange.reserved_excluded(key.address) {
            return write_exclude(key, excluded.network(), excluded.prefix_len(), out);
        }
        let pool = self.subnets.iter().find_map(|subnet| pd_pool(subnet, key));
        let Some(excluded) = pool.and_then(|pool| pool.excluded) else { return };
        // It is configured for the first prefix of the pool; in the others it lies at the same place.
        let behind = u128::MAX.checked_shr(key.prefix_len.into()).unwrap_or(0);
        let inner = u128::from(excluded.network()) & behind;
        let address = Ipv6Addr::from(u128::from(key.address) | inner);
        write_exclude(key, address, excluded.prefix_len(), out);
    }

    /// What names are made of for the client.
    pub(crate) fn fqdn_policy(&self, exchange: &Exchange<'_>) -> &FqdnPolicy {
        let subnet = exchange.link.first().and_then(|&at| self.subnets.get(at));
        subnet.map_or(&self.fqdn, |subnet| &subnet.fqdn)
    }
}

fn write_exclude(delegated: Key6, excluded: Ipv6Addr, len: u8, out: &mut Vec<u8>) {
    let prefixes = (Ipv6Prefix::new(delegated.address, delegated.prefix_len), Ipv6Prefix::new(excluded, len));
    if let (Ok(delegated), Ok(excluded)) = prefixes {
        let mut w = Writer::new(out);
        write_excluded_prefix(&mut w, delegated, excluded);
        // What cannot be written is left out: the buffer is as it was.
        let _ = w.finish();
    }
}
