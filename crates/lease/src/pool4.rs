//! The address pools of the DHCPv4 half: which addresses of which subnet may be given out, and which are free.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use crate::Timestamp;
use crate::bitmap::Bitmap;

/// A range of addresses that a subnet gives out, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRange4 {
    /// The subnet's id.
    pub subnet: u32,
    /// The lowest address.
    pub first: Ipv4Addr,
    /// The highest address; a range that ends before it begins holds nothing.
    pub last: Ipv4Addr,
}

/// All pools, found by address and by subnet.
#[derive(Debug, Default)]
pub(crate) struct Pools4 {
    /// By first address; they do not overlap.
    pools: Vec<Pool4>,
    /// Indexes into `pools`, in the order that the configuration gives them.
    by_subnet: HashMap<u32, Vec<usize>>,
}

#[derive(Debug)]
struct Pool4 {
    range: PoolRange4,
    /// Addresses that have a lease, also a former one, or are on offer.
    used: Bitmap,
    /// Free addresses with a former lease, the one that has been free longest first.
    former: BTreeSet<(Timestamp, Ipv4Addr)>,
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
            let used = Bitmap::new(size.saturating_sub(u64::from(u32::from(range.first))));
            pools.push(Pool4 { range, used, former: BTreeSet::new() });
        }
        let by_subnet = by_subnet
            .into_iter()
            .map(|(subnet, mut found)| {
                found.sort_unstable();
                (subnet, found.into_iter().map(|(_, at)| at).collect())
            })
            .collect();
        Self { pools, by_subnet }
    }

    /// Whether `subnet` gives `address` out.
    pub(crate) fn holds(&self, subnet: u32, address: Ipv4Addr) -> bool {
        self.position(address)
            .and_then(|at| self.pools.get(at))
            .is_some_and(|pool| pool.range.subnet == subnet)
    }

    /// Notes that `address` has a lease or is on offer, and is not free.
    pub(crate) fn take(&mut self, address: Ipv4Addr, free_since: Option<Timestamp>) {
        let Some((pool, bit)) = self.locate(address) else { return };
        pool.used.set(bit);
        if let Some(since) = free_since {
            pool.former.remove(&(since, address));
        }
    }

    /// Notes that `address` is free, and keeps a former lease since `free_since`, or nothing at all.
    pub(crate) fn give_back(&mut self, address: Ipv4Addr, free_since: Option<Timestamp>) {
        let Some((pool, bit)) = self.locate(address) else { return };
        match free_since {
            Some(since) => {
                pool.used.set(bit);
                pool.former.insert((since, address));
            }
            None => pool.used.clear(bit),
        }
    }

    /// An address of `subnet` that nobody needs: one that was never leased, else the one free the longest.
    pub(crate) fn find_free(&self, subnet: u32) -> Option<Ipv4Addr> {
        let pools = || {
            let indexes = self.by_subnet.get(&subnet).into_iter().flatten();
            indexes.filter_map(|&at| self.pools.get(at))
        };
        let unused = pools().find_map(|pool| {
            let offset = u32::try_from(pool.used.first_clear()?).ok()?;
            u32::from(pool.range.first).checked_add(offset).map(Ipv4Addr::from)
        });
        unused.or_else(|| {
            let oldest = pools().filter_map(|pool| pool.former.first()).min();
            oldest.map(|&(_, address)| address)
        })
    }

    fn position(&self, address: Ipv4Addr) -> Option<usize> {
        let after = self.pools.partition_point(|pool| pool.range.first <= address);
        let at = after.checked_sub(1)?;
        (address <= self.pools.get(at)?.range.last).then_some(at)
    }

    fn locate(&mut self, address: Ipv4Addr) -> Option<(&mut Pool4, u64)> {
        let at = self.position(address)?;
        let pool = self.pools.get_mut(at)?;
        let bit = u32::from(address).checked_sub(u32::from(pool.range.first))?;
        Some((pool, u64::from(bit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(subnet: u32, first: [u8; 4], last: [u8; 4]) -> PoolRange4 {
        PoolRange4 { subnet, first: first.into(), last: last.into() }
    }

    #[test]
    fn addresses_come_from_the_pools_of_the_subnet_in_configured_order() {
        let mut pools = Pools4::new(&[
            range(1, [10, 0, 0, 9], [10, 0, 0, 9]),
            range(2, [10, 0, 0, 5], [10, 0, 0, 5]),
            range(1, [10, 0, 0, 1], [10, 0, 0, 1]),
        ]);
        assert_eq!(pools.find_free(1), Some([10, 0, 0, 9].into()));
        pools.take([10, 0, 0, 9].into(), None);
        assert_eq!(pools.find_free(1), Some([10, 0, 0, 1].into()));
        pools.take([10, 0, 0, 1].into(), None);
        assert_eq!(pools.find_free(1), None);
        assert_eq!(pools.find_free(3), None);
        assert!(pools.holds(2, [10, 0, 0, 5].into()));
        assert!(!pools.holds(1, [10, 0, 0, 5].into()));
    }

    #[test]
    fn the_address_free_longest_is_found_when_none_is_unused() {
        let mut pools = Pools4::new(&[range(1, [10, 0, 0, 1], [10, 0, 0, 3])]);
        for (last, since) in [(1, 300), (2, 100), (3, 200)] {
            pools.take([10, 0, 0, last].into(), None);
            pools.give_back([10, 0, 0, last].into(), Some(Timestamp(since)));
        }
        assert_eq!(pools.find_free(1), Some([10, 0, 0, 2].into()));
        pools.take([10, 0, 0, 2].into(), Some(Timestamp(100)));
        assert_eq!(pools.find_free(1), Some([10, 0, 0, 3].into()));
    }

    #[test]
    fn the_whole_of_ipv4_is_a_pool_that_can_be_counted() {
        let pools = Pools4::new(&[range(1, [255, 255, 255, 255], [255, 255, 255, 255])]);
        assert_eq!(pools.find_free(1), Some([255, 255, 255, 255].into()));
    }
}
