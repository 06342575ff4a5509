//! The pools of the DHCPv6 half, of addresses and of prefixes to delegate: which of them may be given out, and which were
//! never used.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use foldhash::quality::RandomState;

use crate::allocator::{Allocator, Picks};
use crate::entry6::Key6;
use crate::interface_id;
use crate::lazy_bitmap::LazyBitmap;
use crate::leases6::Conflict6;
use crate::pool4::ANY_SUBNET;
use crate::record6::LeaseKind6;

/// Addresses or prefixes of a pool that are counted one by one. Of a larger pool these, the lowest, are given out in
/// order, and a free one among them is always found; further ones are found by trying some of them.
const COUNTED: u64 = 1 << 24;

/// What a subnet gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRange6 {
    /// The subnet's id.
    pub subnet: u32,
    /// What it is of.
    pub kind: LeaseKind6,
    /// The lowest address; of the lowest prefix where it is of prefixes.
    pub first: Ipv6Addr,
    /// The highest address, also of the highest prefix; a range that ends before it begins holds nothing.
    pub last: Ipv6Addr,
    /// The length of each prefix, 1 to 128; 128 for addresses.
    pub prefix_len: u8,
    /// Which one is given out next.
    pub allocator: Allocator,
    /// A number by which [`Scope6::admits`] knows who may be given of it.
    pub guard: u32,
}

/// Where a client may be given addresses and prefixes, and which.
#[derive(Clone, Copy)]
pub struct Scope6<'a> {
    /// The subnet's id.
    pub subnet: u32,
    /// What is reserved for the client there.
    pub reserved: &'a [Key6],
    /// Whether the client may be given of pools with this [`PoolRange6::guard`].
    pub admits: &'a dyn Fn(u32) -> bool,
}

impl From<u32> for Scope6<'_> {
    /// All pools of a subnet, and nothing reserved.
    fn from(subnet: u32) -> Self {
        Self { subnet, reserved: &[], admits: &|_| true }
    }
}

impl PoolRange6 {
    /// The addresses from `first` to `last`.
    pub fn addresses(subnet: u32, first: Ipv6Addr, last: Ipv6Addr) -> Self {
        Self {
            subnet,
            kind: LeaseKind6::Address,
            first,
            last,
            prefix_len: 128,
            allocator: Allocator::default(),
            guard: 0,
        }
    }

    /// The prefixes of `delegated_len` bits in `prefix`/`prefix_len`; none where they are shorter than that.
    pub fn prefixes(subnet: u32, prefix: Ipv6Addr, prefix_len: u8, delegated_len: u8) -> Self {
        let behind = u128::MAX.checked_shr(prefix_len.into()).unwrap_or(0);
        let (low, high) = (u128::from(prefix) & !behind, u128::from(prefix) | behind);
        let (first, last) = if delegated_len < prefix_len { (1, 0) } else { (low, high) };
        Self {
            subnet,
            kind: LeaseKind6::Prefix,
            first: first.into(),
            last: last.into(),
            prefix_len: delegated_len.clamp(1, 128),
            allocator: Allocator::default(),
            guard: 0,
        }
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

    /// Bits behind what is given out.
    fn shift(&self) -> u32 {
        128_u32.saturating_sub(self.prefix_len.into())
    }

    /// How many there are; 2^128 counts as one less.
    fn count(&self) -> u128 {
        match u128::from(self.last).checked_sub(self.first.into()) {
            Some(span) => (span >> self.shift()).saturating_add(1),
            None => 0,
        }
    }

    /// The number of `key` in it.
    fn number_of(&self, key: Key6) -> Option<u128> {
        if key.kind != self.kind || key.prefix_len != self.prefix_len || key.address > self.last {
            return None;
        }
        let offset = u128::from(key.address).checked_sub(self.first.into())?;
        let number = offset >> self.shift();
        (number << self.shift() == offset).then_some(number)
    }

    /// The address or prefix with this number.
    fn key_of(&self, number: u128) -> Option<Key6> {
        let offset = number << self.shift();
        let address = u128::from(self.first).checked_add(offset).filter(|_| number < self.count())?;
        Some(Key6 { kind: self.kind, address: address.into(), prefix_len: self.prefix_len })
    }
}

/// All pools, found by what is in them and by subnet.
#[derive(Debug, Default)]
pub(crate) struct Pools6 {
    /// By kind and first address; those of a kind do not overlap.
    pools: Vec<Pool6>,
    /// Indexes into `pools`, in the order that the configuration gives them.
    by_subnet: HashMap<(u32, LeaseKind6), Vec<usize>, RandomState>,
    /// The subnets of what is given out by name alone and is not counted in a pool of its subnet.
    reserved: HashMap<Key6, u32, RandomState>,
}

#[derive(Debug)]
struct Pool6 {
    range: PoolRange6,
    /// Those that have a lease, also a former one, are on offer, or reserved; of the first [`COUNTED`].
    used: LazyBitmap,
    /// Those of them that are given out by name alone.
    reserved: LazyBitmap,
    /// Where the search for an unused one begins: behind the last one found. Those before it were offered in vain, and
    /// whoever they were offered to may yet ask for them.
    next: u64,
}

impl Pool6 {
    fn set_used(&mut self, number: u64) {
        if self.used.next_clear(self.next).or_else(|| self.used.next_clear(0)) == Some(number) {
            self.next = number + 1;
        }
        self.used.set(number);
    }

    /// The lowest from number `from` on that was never used and may be given out.
    fn unused_from(&self, mut from: u64) -> Option<Key6> {
        // Few steps: what is counted has few ranges of reserved identifiers.
        loop {
            let number = self.used.next_clear(from)?;
            let key = self.range.key_of(number.into())?;
            let Some(last) = reserved_until(key) else { return Some(key) };
            let behind = u128::from(last).checked_sub(key.address.into())?;
            from = number.checked_add(u64::try_from(behind).ok()?)?.checked_add(1)?;
        }
    }
}

/// Whether `key` is an address with a reserved interface identifier.
pub(crate) fn has_reserved_id(key: Key6) -> bool {
    reserved_until(key).is_some()
}

/// The last one of the reserved addresses around `key`, if it is one of them.
fn reserved_until(key: Key6) -> Option<Ipv6Addr> {
    if key.kind == LeaseKind6::Address { interface_id::reserved_until(key.address) } else { None }
}

impl Pools6 {
    /// Pools with nothing used. Ranges of the same kind must not overlap.
    pub(crate) fn new(ranges: &[PoolRange6]) -> Self {
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|&at| ranges.get(at).map(|range| (range.kind, range.first)));
        let mut by_subnet: HashMap<_, Vec<(usize, usize)>> = HashMap::new();
        let mut pools = Vec::with_capacity(ranges.len());
        for configured in order {
            let Some(&range) = ranges.get(configured) else { continue };
            by_subnet.entry((range.subnet, range.kind)).or_default().push((configured, pools.len()));
            let counted = u64::try_from(range.count()).map_or(COUNTED, |count| count.min(COUNTED));
            let [used, reserved] = [LazyBitmap::new(counted), LazyBitmap::new(counted)];
            pools.push(Pool6 { range, used, reserved, next: 0 });
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

    /// Whether `subnet` gives `key` out, of itself or by name.
    pub(crate) fn holds(&self, subnet: u32, key: Key6) -> bool {
        self.gives(subnet, key, self.find(key))
    }

    fn gives(&self, subnet: u32, key: Key6, found: Option<(&Pool6, u128)>) -> bool {
        // RFC 9915 §13.1: an address with a reserved interface identifier is not assigned.
        if has_reserved_id(key) {
            return false;
        }
        found.is_some_and(|(pool, _)| pool.range.subnet == subnet)
            || self.reserved.get(&key).is_some_and(|&of| of == subnet || of == ANY_SUBNET)
    }

    /// Whether the client of `scope` may be given `key`, which its subnet gives out.
    pub(crate) fn is_open(&self, scope: &Scope6<'_>, key: Key6) -> bool {
        self.admits(scope, key, self.find(key))
    }

    fn admits(&self, scope: &Scope6<'_>, key: Key6, found: Option<(&Pool6, u128)>) -> bool {
        scope.reserved.contains(&key)
            || found.is_some_and(|(pool, _)| (scope.admits)(pool.range.guard))
                && !self.is_given_by_name(key, found)
    }

    /// Whether the subnet of `scope` gives `key` out, and to its client.
    pub(crate) fn check(&self, scope: &Scope6<'_>, key: Key6) -> Result<(), Conflict6> {
        let found = self.find(key);
        if !self.gives(scope.subnet, key, found) {
            return Err(Conflict6::NotInPool { key });
        }
        if self.admits(scope, key, found) { Ok(()) } else { Err(Conflict6::Reserved { key }) }
    }

    /// From now on `subnet` gives `key` out by name alone.
    pub(crate) fn reserve(&mut self, subnet: u32, key: Key6) {
        match self.locate(key) {
            Some((pool, number)) if number < COUNTED => {
                pool.reserved.set(number);
                pool.set_used(number);
                if pool.range.subnet != subnet {
                    self.reserved.insert(key, subnet);
                }
            }
            _ => {
                self.reserved.insert(key, subnet);
            }
        }
    }

    pub(crate) fn is_reserved(&self, key: Key6) -> bool {
        self.is_given_by_name(key, self.find(key))
    }

    fn is_given_by_name(&self, key: Key6, found: Option<(&Pool6, u128)>) -> bool {
        match found.and_then(|(pool, number)| Some((pool, u64::try_from(number).ok()?))) {
            Some((pool, number)) if number < COUNTED => pool.reserved.contains(number),
            _ => self.reserved.contains_key(&key),
        }
    }

    /// Notes that `key` has a lease or is on offer. Says whether it is counted by itself in a pool.
    pub(crate) fn set_used(&mut self, key: Key6) -> bool {
        let Some((pool, number)) = self.locate(key).filter(|(_, number)| *number < COUNTED) else {
            return false;
        };
        pool.set_used(number);
        true
    }

    /// Notes that `key` has no lease, not even a former one, and is not on offer.
    pub(crate) fn set_unused(&mut self, key: Key6) {
        if self.is_reserved(key) {
            return;
        }
        if let Some((pool, bit)) = self.locate(key) {
            pool.used.clear(bit);
        }
    }

    /// Whether `key` is counted by itself in a pool.
    #[cfg(test)]
    pub(crate) fn is_counted(&self, key: Key6) -> bool {
        self.find(key).is_some_and(|(_, number)| number < COUNTED.into())
    }

    /// The pools of a subnet that its client may be given of, in configured order.
    pub(crate) fn of_scope(&self, scope: &Scope6<'_>, kind: LeaseKind6) -> impl Iterator<Item = usize> {
        let admits = scope.admits;
        let pools = self.by_subnet.get(&(scope.subnet, kind)).into_iter().flatten().copied();
        pools.filter(move |&at| self.pools.get(at).is_some_and(|pool| admits(pool.range.guard)))
    }

    /// How far the length of what `pool` gives out is from `wanted`: no distance first, then shorter ones (RFC 8168
    /// §3.2), the nearest first, then longer ones; all are the same where nothing is wanted.
    pub(crate) fn distance(&self, pool: usize, wanted: Option<u8>) -> u16 {
        let Some((pool, wanted)) = self.pools.get(pool).zip(wanted) else { return 0 };
        match u16::from(wanted).checked_sub(pool.range.prefix_len.into()) {
            Some(shorter) => shorter,
            None => 256 + u16::from(pool.range.prefix_len - wanted),
        }
    }

    /// One of `pool` that was never used, as its allocator has it. Counted ones only.
    pub(crate) fn unused(&self, pool: usize, picks: &Picks<'_>) -> Option<Key6> {
        let pool = self.pools.get(pool)?;
        let place = |number: u128| u64::try_from(number.checked_rem(pool.used.len().into())?).ok();
        let from = match pool.range.allocator {
            Allocator::Iterative => pool.next,
            Allocator::Random => place(picks.random())?,
            Allocator::Identity => {
                let is_free = |number: &u64| !pool.used.contains(*number);
                let own = picks.probes().filter_map(place).filter(is_free);
                let mut own = own.filter_map(|number| pool.range.key_of(number.into()));
                if let Some(key) = own.find(|key| !has_reserved_id(*key)) {
                    return Some(key);
                }
                picks.probes().find_map(place)?
            }
        };
        pool.unused_from(from).or_else(|| pool.unused_from(0))
    }

    /// Some of all of `pool`, where it has more than are counted, and does not give them out in order.
    pub(crate) fn any(&self, pool: usize, picks: &Picks<'_>) -> impl Iterator<Item = Key6> {
        let range = self.pools.get(pool).map(|pool| pool.range);
        let range =
            range.filter(|range| range.allocator != Allocator::Iterative && range.count() > COUNTED.into());
        range.into_iter().flat_map(move |range| {
            // Any spread will do for those that come after one that is taken.
            let numbers = std::iter::successors(Some(picks.random()), |number| {
                Some(number.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1))
            });
            let by_identity = range.allocator == Allocator::Identity;
            let own = picks.probes().filter(move |_| by_identity);
            let numbers = own.chain(numbers.filter(move |_| !by_identity));
            numbers.filter_map(move |number| range.key_of(number % range.count()))
        })
    }

    /// Some of `pool` that are not counted, as `seed` has it.
    pub(crate) fn uncounted(&self, pool: usize, seed: u64) -> impl Iterator<Item = Key6> {
        let range = self.pools.get(pool).map(|pool| pool.range);
        let range = range.filter(|range| range.count() > COUNTED.into());
        range.into_iter().flat_map(move |range| {
            let numbers = std::iter::successors(Some(seed), |seed| {
                // SplitMix64: any spread will do.
                Some(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
            });
            numbers.filter_map(move |seed| {
                let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let further = range.count() - u128::from(COUNTED);
                range.key_of(u128::from(COUNTED) + u128::from(mixed ^ (mixed >> 31)) % further)
            })
        })
    }

    /// The lowest used in any pool from `from` on, in the order of keys; counted ones only.
    pub(crate) fn next_used(&self, from: Key6) -> Option<Key6> {
        let (kind, address) = (from.kind, from.address);
        let at = self.pools.partition_point(|pool| (pool.range.kind, pool.range.last) < (kind, address));
        self.pools.iter().skip(at).find_map(|pool| {
            let range = &pool.range;
            let offset =
                if range.kind == kind { u128::from(address).saturating_sub(range.first.into()) } else { 0 };
            // A key in the middle of a prefix: the next one.
            let up = u128::from(offset & !(u128::MAX << range.shift()) != 0);
            let number = u64::try_from((offset >> range.shift()) + up).ok()?;
            let found = range.key_of(pool.used.next_set(number)?.into())?;
            if found >= from { Some(found) } else { range.key_of(pool.used.next_set(number + 1)?.into()) }
        })
    }

    /// The pool that `key` is in.
    pub(crate) fn pool_of(&self, key: Key6) -> Option<usize> {
        self.place_of(key).map(|(at, _)| at)
    }

    /// The pool that `key` is in, and its number there.
    fn find(&self, key: Key6) -> Option<(&Pool6, u128)> {
        let (at, number) = self.place_of(key)?;
        Some((self.pools.get(at)?, number))
    }

    fn place_of(&self, key: Key6) -> Option<(usize, u128)> {
        let after =
            self.pools.partition_point(|pool| (pool.range.kind, pool.range.first) <= (key.kind, key.address));
        let at = after.checked_sub(1)?;
        Some((at, self.pools.get(at)?.range.number_of(key)?))
    }

    fn locate(&mut self, key: Key6) -> Option<(&mut Pool6, u64)> {
        let (at, number) = self.place_of(key)?;
        Some((self.pools.get_mut(at)?, u64::try_from(number).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn prefixes_are_counted_in_their_pool() {
        let mut pools = Pools6::new(&[
            PoolRange6::prefixes(1, address("2001:db8::"), 48, 56),
            PoolRange6::addresses(1, address("2001:db8::1"), address("2001:db8::2")),
        ]);
        let lowest = |pools: &Pools6| pools.unused(1, &Picks::default());
        let prefix = |text, len| Key6::prefix(address(text), len);
        assert_eq!(lowest(&pools), Some(prefix("2001:db8::", 56)));
        pools.set_used(prefix("2001:db8::", 56));
        assert_eq!(lowest(&pools), Some(prefix("2001:db8:0:100::", 56)));
        assert!(pools.holds(1, prefix("2001:db8:0:ff00::", 56)));
        assert!(!pools.holds(1, prefix("2001:db8:0:ff00::", 60)));
        assert!(!pools.holds(1, prefix("2001:db8:1::", 56)));
        assert!(!pools.holds(2, prefix("2001:db8::", 56)));
        assert!(pools.holds(1, Key6::address(address("2001:db8::2"))));
        pools.set_used(prefix("2001:db8:0:300::", 56));
        assert_eq!(pools.next_used(prefix("2001:db8:0:100::", 56)), Some(prefix("2001:db8:0:300::", 56)));
        assert_eq!(pools.next_used(Key6::address(address("::"))), Some(prefix("2001:db8::", 56)));
        for number in 0..256 {
            let next = lowest(&pools);
            let Some(next) = next else { return assert_eq!(number, 254) };
            pools.set_used(next);
        }
    }

    #[test]
    fn no_pool_is_too_large() {
        let all = Pools6::new(&[PoolRange6::addresses(1, address("::"), Ipv6Addr::from(u128::MAX))]);
        assert_eq!(all.unused(0, &Picks::default()), Some(Key6::address(address("::1"))));
        assert!(all.holds(1, Key6::address(Ipv6Addr::from(u128::MAX - 1))));
        assert!(all.uncounted(0, 7).take(100).all(|key| all.pool_of(key) == Some(0) && !all.is_counted(key)));
        let none = Pools6::new(&[PoolRange6::prefixes(1, address("2001:db8::"), 56, 48)]);
        assert_eq!(none.unused(0, &Picks::default()), None);
    }
}
