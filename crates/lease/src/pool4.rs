//! The address pools of the DHCPv4 half: which addresses of which subnet may be given out, and which were never used.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use foldhash::quality::RandomState;

use crate::allocator::{Allocator, Picks};
use crate::lazy_bitmap::LazyBitmap;

/// The id of no subnet: what is reserved there belongs to whichever one its client is in.
pub(crate) const ANY_SUBNET: u32 = 0;

/// A range of addresses that a subnet gives out, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRange4 {
    /// The subnet's id.
    pub subnet: u32,
    /// The lowest address.
    pub first: Ipv4Addr,
    /// The highest address; a range that ends before it begins holds nothing.
    pub last: Ipv4Addr,
    /// Which one is given out next.
    pub allocator: Allocator,
    /// A number by which [`Scope4::admits`] knows who may be given of it.
    pub guard: u32,
}

impl PoolRange4 {
    /// The addresses from `first` to `last`, for everybody.
    pub fn new(subnet: u32, first: Ipv4Addr, last: Ipv4Addr) -> Self {
        Self { subnet, first, last, allocator: Allocator::default(), guard: 0 }
    }

    /// The same, given out in that way.
    #[must_use]
    pub fn with_allocator(self, allocator: Allocator) -> Self {
        Self { allocator, ..self }
    }

    /// The same, for whom `guard` admits.
    #[must_use]
    pub fn with_guard(self, guard: u32) -> Self {
        Self { guard, ..self }
    }
}

/// Where a client may be given an address, and which.
#[derive(Clone, Copy)]
pub struct Scope4<'a> {
    /// The subnet's id.
    pub subnet: u32,
    /// The address that is reserved for the client there.
    pub reserved: Option<Ipv4Addr>,
    /// Whether the client may be given of pools with this [`PoolRange4::guard`].
    pub admits: &'a dyn Fn(u32) -> bool,
}

impl From<u32> for Scope4<'_> {
    /// All pools of a subnet, and nothing reserved.
    fn from(subnet: u32) -> Self {
        Self { subnet, reserved: None, admits: &|_| true }
    }
}

/// All pools, found by address and by subnet.
#[derive(Debug, Default)]
pub(crate) struct Pools4 {
    /// By first address; they do not overlap.
    pools: Vec<Pool4>,
    /// Indexes into `pools`, in the order that the configuration gives them.
    by_subnet: HashMap<u32, Vec<usize>, RandomState>,
    /// The subnets of addresses that are given out by name alone and that no pool of their subnet has.
    reserved: HashMap<u32, u32, RandomState>,
}

#[derive(Debug)]
struct Pool4 {
    range: PoolRange4,
    /// Addresses that have a lease, also a former one, are on offer, or reserved.
    used: LazyBitmap,
    /// Those of them that are given out by name alone.
    reserved: LazyBitmap,
    /// Where the search for an unused one begins: behind the last one found. Those before it were offered in vain, and
    /// whoever they were offered to may yet ask for them.
    next: u64,
}

impl Pool4 {
    /// An unused one, as the allocator has it.
    fn unused_for(&self, picks: &Picks<'_>) -> Option<u64> {
        let place = |number: u128| u64::try_from(number.checked_rem(self.used.len().into())?).ok();
        let from = match self.range.allocator {
            Allocator::Iterative => return self.unused(),
            Allocator::Random => place(picks.random())?,
            Allocator::Identity => {
                let mut own = picks.probes().filter_map(place);
                if let Some(free) = own.find(|&bit| !self.used.contains(bit)) {
                    return Some(free);
                }
                picks.probes().find_map(place)?
            }
        };
        self.used.next_clear(from).or_else(|| self.used.next_clear(0))
    }

    /// The lowest unused from `next` on, else from the beginning.
    fn unused(&self) -> Option<u64> {
        self.used.next_clear(self.next).or_else(|| self.used.next_clear(0))
    }

    /// The place of an address of the pool.
    fn bit(&self, address: Ipv4Addr) -> u64 {
        u64::from(u32::from(address).saturating_sub(u32::from(self.range.first)))
    }

    fn set_used(&mut self, bit: u64) {
        if self.unused() == Some(bit) {
            self.next = bit + 1;
        }
        self.used.set(bit);
    }
}

impl Pools4 {
    /// Pools with every address unused. The ranges must not overlap.
    pub(crate) fn new(ranges: &[PoolRange4]) -> Self {
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|&at| ranges.get(at).map(|range| range.first));
        let mut by_subnet: HashMap<u32, Vec<(usize, usize)>> = HashMap::new();
        let mut pools = Vec::with_capacity(ranges.len());
        for configured in order {
            let Some(&range) = ranges.get(configured) else { continue };
            by_subnet.entry(range.subnet).or_default().push((configured, pools.len()));
            let size = u64::from(u32::from(range.last)) + 1;
            let size = size.saturating_sub(u64::from(u32::from(range.first)));
            let [used, reserved] = [LazyBitmap::new(size), LazyBitmap::new(size)];
            pools.push(Pool4 { range, used, reserved, next: 0 });
        }
        let by_subnet = by_subnet
            .into_iter()
            .map(|(subnet, mut found)| {
                found.sort_unstable();
                (subnet, found.into_iter().map(|(_, at)| at).collect())
            })
            .collect();
        Self { pools, by_subnet, reserved: HashMap::default() }
    }

    pub(crate) fn count(&self) -> usize {
        self.pools.len()
    }

    /// Whether `subnet` gives `address` out, of itself or by name.
    pub(crate) fn holds(&self, subnet: u32, address: Ipv4Addr) -> bool {
        let pool = self.pool_of(address).and_then(|at| self.pools.get(at));
        pool.is_some_and(|pool| pool.range.subnet == subnet)
            || self.reserved.get(&address.into()).is_some_and(|&of| of == subnet || of == ANY_SUBNET)
    }

    /// Whether the client of `scope` may be given `address`, which its subnet gives out.
    pub(crate) fn is_open(&self, scope: &Scope4<'_>, address: Ipv4Addr) -> bool {
        if scope.reserved == Some(address) {
            return true;
        }
        let pool = self.pool_of(address).and_then(|at| self.pools.get(at));
        pool.is_some_and(|pool| (scope.admits)(pool.range.guard)) && !self.is_reserved(address)
    }

    /// From now on `subnet` gives `address` out by name alone.
    pub(crate) fn reserve(&mut self, subnet: u32, address: Ipv4Addr) {
        match self.locate(address) {
            Some((pool, bit)) => {
                pool.reserved.set(bit);
                pool.set_used(bit);
                if pool.range.subnet != subnet {
                    self.reserved.insert(address.into(), subnet);
                }
            }
            None => {
                self.reserved.insert(address.into(), subnet);
            }
        }
    }

    pub(crate) fn is_reserved(&self, address: Ipv4Addr) -> bool {
        match self.pool_of(address).and_then(|at| self.pools.get(at)) {
            Some(pool) => pool.reserved.contains(pool.bit(address)),
            None => self.reserved.contains_key(&address.into()),
        }
    }

    /// Notes that `address` has a lease or is on offer.
    pub(crate) fn set_used(&mut self, address: Ipv4Addr) {
        if let Some((pool, bit)) = self.locate(address) {
            pool.set_used(bit);
        }
    }

    /// Notes that `address` has no lease, not even a former one, and is not on offer.
    pub(crate) fn set_unused(&mut self, address: Ipv4Addr) {
        if self.is_reserved(address) {
            return;
        }
        if let Some((pool, bit)) = self.locate(address) {
            pool.used.clear(bit);
        }
    }

    /// The pools of a subnet that its client may be given of, in configured order.
    pub(crate) fn of_scope(&self, scope: &Scope4<'_>) -> impl Iterator<Item = usize> {
        let admits = scope.admits;
        let pools = self.by_subnet.get(&scope.subnet).into_iter().flatten().copied();
        pools.filter(move |&at| self.pools.get(at).is_some_and(|pool| admits(pool.range.guard)))
    }

    /// An address of the scope that was never used, in the first pool that has one, as its allocator has it.
    pub(crate) fn next_unused(&self, scope: &Scope4<'_>, picks: &Picks<'_>) -> Option<Ipv4Addr> {
        let mut pools = self.of_scope(scope).filter_map(|at| self.pools.get(at));
        pools.find_map(|pool| {
            let offset = u32::try_from(pool.unused_for(picks)?).ok()?;
            u32::from(pool.range.first).checked_add(offset).map(Ipv4Addr::from)
        })
    }

    /// The lowest used address in any pool from `from` on.
    pub(crate) fn next_used(&self, from: Ipv4Addr) -> Option<Ipv4Addr> {
        let at = self.pools.partition_point(|pool| pool.range.last < from);
        self.pools.iter().skip(at).find_map(|pool| {
            let first = u32::from(pool.range.first);
            let offset = pool.used.next_set(u32::from(from).saturating_sub(first).into())?;
            first.checked_add(u32::try_from(offset).ok()?).map(Ipv4Addr::from)
        })
    }

    /// The pool that `address` is in.
    pub(crate) fn pool_of(&self, address: Ipv4Addr) -> Option<usize> {
        let after = self.pools.partition_point(|pool| pool.range.first <= address);
        let at = after.checked_sub(1)?;
        (address <= self.pools.get(at)?.range.last).then_some(at)
    }

    fn locate(&mut self, address: Ipv4Addr) -> Option<(&mut Pool4, u64)> {
        let at = self.pool_of(address)?;
        let pool = self.pools.get_mut(at)?;
        let bit = pool.bit(address);
        Some((pool, bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(subnet: u32, first: [u8; 4], last: [u8; 4]) -> PoolRange4 {
        PoolRange4::new(subnet, first.into(), last.into())
    }

    #[test]
    fn addresses_come_from_the_pools_of_the_subnet_in_configured_order() {
        let mut pools = Pools4::new(&[
            range(1, [10, 0, 0, 9], [10, 0, 0, 9]),
            range(2, [10, 0, 0, 5], [10, 0, 0, 5]),
            range(1, [10, 0, 0, 1], [10, 0, 0, 1]),
        ]);
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, 9].into()));
        pools.set_used([10, 0, 0, 9].into());
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, 1].into()));
        pools.set_used([10, 0, 0, 1].into());
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), None);
        assert_eq!(pools.next_unused(&3.into(), &Picks::default()), None);
        assert!(pools.holds(2, [10, 0, 0, 5].into()));
        assert!(!pools.holds(1, [10, 0, 0, 5].into()));
        assert_eq!(pools.next_used([10, 0, 0, 2].into()), Some([10, 0, 0, 9].into()));
        assert_eq!(pools.next_used([10, 0, 0, 10].into()), None);
    }

    #[test]
    fn what_was_offered_in_vain_is_the_last_to_be_offered_again() {
        let mut pools = Pools4::new(&[range(1, [10, 0, 0, 1], [10, 0, 0, 3])]);
        for last in [1, 2, 3] {
            assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, last].into()));
            pools.set_used([10, 0, 0, last].into());
            pools.set_unused([10, 0, 0, 1].into());
        }
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, 1].into()));
        pools.set_used([10, 0, 0, 1].into());
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), None);
    }

    #[test]
    fn a_reserved_address_is_given_out_by_name_alone() {
        let mut pools = Pools4::new(&[range(1, [10, 0, 0, 1], [10, 0, 0, 2])]);
        pools.reserve(1, [10, 0, 0, 1].into());
        pools.reserve(1, [10, 0, 0, 99].into());
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, 2].into()));
        pools.set_unused([10, 0, 0, 1].into());
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([10, 0, 0, 2].into()));
        assert!(pools.holds(1, [10, 0, 0, 1].into()));
        assert!(pools.holds(1, [10, 0, 0, 99].into()));
        assert!(!pools.holds(2, [10, 0, 0, 99].into()));
    }

    #[test]
    fn the_whole_of_ipv4_is_a_pool_that_can_be_counted() {
        let pools = Pools4::new(&[range(1, [255, 255, 255, 255], [255, 255, 255, 255])]);
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([255, 255, 255, 255].into()));
        let pools = Pools4::new(&[range(1, [0; 4], [255; 4])]);
        assert_eq!(pools.next_unused(&1.into(), &Picks::default()), Some([0; 4].into()));
    }
}
