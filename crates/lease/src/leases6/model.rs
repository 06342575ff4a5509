//! Random histories of [`super::Leases6`]: after each step its records, its indexes and its lists agree, nothing has two
//! holders, and what was recorded gives the same leases again.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use fosix_journal::{Kind, Salt, decode};
use proptest::prelude::*;

use super::*;
use crate::quota::CountBy;
use crate::{DnsUpdated, Grant6, HardwareAddress, Lease6, RelayHop, cause};

const SUBNET: u32 = 7;
const SALT: Salt = Salt(3);

/// An address, or one of the prefixes in the same pool, or one that holds several of them.
#[derive(Debug, Clone, Copy)]
enum What {
    Address(u8),
    Prefix(u8),
    Long(u8),
}

#[derive(Debug, Clone)]
enum Step {
    Solicit { client: u8, iaid: u32, what: What },
    Request { client: u8, iaid: u32, what: What, relays: usize, lifetime: u32 },
    Register { client: u8, what: What },
    Release { client: u8, iaid: u32, what: What },
    Decline { client: u8, iaid: u32, what: What },
    Withdraw { client: u8 },
    Import { client: u8, iaid: u32, what: What, state: u8, ago: u64 },
    Remove { what: What },
    Exclude { what: What },
    Pools { size: u8 },
    Pass { seconds: u64 },
    Reclaim { limit: usize },
    Forget { limit: usize },
    Hold { seconds: Option<u32> },
    Room { room: bool },
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => (1u8..8).prop_map(What::Address),
        4 => (0u8..6).prop_map(What::Prefix),
        1 => (0u8..3).prop_map(What::Long),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let client = || (0u8..4, 0u32..2, what());
    prop_oneof![
        4 => client().prop_map(|(client, iaid, what)| Step::Solicit { client, iaid, what }),
        8 => (client(), 0usize..3, 1u32..200).prop_map(|((client, iaid, what), relays, lifetime)| {
            Step::Request { client, iaid, what, relays, lifetime }
        }),
        1 => client().prop_map(|(client, _, what)| Step::Register { client, what }),
        2 => client().prop_map(|(client, iaid, what)| Step::Release { client, iaid, what }),
        1 => client().prop_map(|(client, iaid, what)| Step::Decline { client, iaid, what }),
        1 => (0u8..4).prop_map(|client| Step::Withdraw { client }),
        2 => (client(), 0u8..5, 0u64..150).prop_map(|((client, iaid, what), state, ago)| {
            Step::Import { client, iaid, what, state, ago }
        }),
        1 => what().prop_map(|what| Step::Remove { what }),
        1 => what().prop_map(|what| Step::Exclude { what }),
        1 => (1u8..9).prop_map(|size| Step::Pools { size }),
        4 => (1u64..100).prop_map(|seconds| Step::Pass { seconds }),
        2 => (0usize..4).prop_map(|limit| Step::Reclaim { limit }),
        1 => (0usize..4).prop_map(|limit| Step::Forget { limit }),
        1 => prop::option::of(0u32..200).prop_map(|seconds| Step::Hold { seconds }),
        1 => any::<bool>().prop_map(|room| Step::Room { room }),
    ]
}

fn address(last: u8) -> Ipv6Addr {
    Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(last))
}

impl What {
    fn key(self) -> Key6 {
        let prefix =
            |number: u8, shift| Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(number) << shift);
        match self {
            Self::Address(last) => Key6::address(address(last)),
            Self::Prefix(number) => Key6::prefix(prefix(number, 72), 56),
            Self::Long(number) => Key6::prefix(prefix(number, 73), 55),
        }
    }
}

fn association(duid: &[u8], iaid: u32, key: Key6) -> Association<'_> {
    Association { duid, iaid, kind: key.kind }
}

fn hardware(client: u8) -> Option<HardwareAddress> {
    HardwareAddress::new(1, &[2, 0, 0, 0, 0, client / 2]).filter(|_| client > 0)
}

fn pools(size: u8) -> [PoolRange6; 3] {
    [
        PoolRange6::addresses(SUBNET, address(1), address(size.min(4))),
        PoolRange6::prefixes(SUBNET, address(0), 54, 56),
        PoolRange6::addresses(SUBNET, address(5), address(size.max(4))),
    ]
}

fn grant(client: u8, iaid: u32, key: Key6, relays: usize, valid_lifetime: u32) -> Grant6 {
    let hop = RelayHop {
        link_address: address(200),
        interface_id: Box::from([client; 9]),
        remote_id: Box::default(),
    };
    Grant6 {
        classes: ["one".into()].into(),
        kind: key.kind,
        address: key.address,
        prefix_len: key.prefix_len,
        duid: Box::from([0, 3, client]),
        iaid,
        hardware: hardware(client),
        source: address(client),
        relay_path: vec![hop; relays].into(),
        subnet: SUBNET,
        hostname: Box::default(),
        preferred_lifetime: valid_lifetime / 2,
        valid_lifetime,
    }
}

fn lease(client: u8, iaid: u32, key: Key6, state: u8, last: u64) -> Lease6 {
    Lease6 {
        kind: key.kind,
        address: key.address,
        prefix_len: key.prefix_len,
        duid: Box::from([0, 3, client]),
        iaid,
        hardware: hardware(client),
        source: address(client),
        relay_path: Box::default(),
        subnet: SUBNET,
        pool_id: 0,
        classes: Box::default(),
        hostname: Box::default(),
        dns: DnsUpdated::default(),
        user_context: None,
        state: LeaseState::from_number(state).unwrap(),
        preferred_lifetime: 50,
        valid_lifetime: 100,
        last_transaction: Timestamp(last),
        since: Timestamp(last),
    }
}

/// A store, and what was recorded of it.
struct World {
    leases: Leases6,
    now: u64,
    records: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut leases = Leases6::new(&pools(6), 3);
        leases.count_by(CountBy::ALL);
        leases.set_staging(Staging::recorded(SALT, 0));
        leases.staging_mut().set_room(usize::MAX);
        Self { leases, now: 1000, records: Vec::new() }
    }

    fn take(&mut self, step: &Step) {
        let now = Timestamp(self.now);
        let before = self.all();
        let leases = &mut self.leases;
        match *step {
            Step::Solicit { client, iaid, what } => {
                let duid = [0, 3, client];
                let who = association(&duid, iaid, what.key());
                if let Some(chosen) = leases.choose(who, SUBNET, &[what.key()], None, now) {
                    assert_eq!(leases.check(chosen, who, SUBNET, now), Ok(()));
                    leases.offer(chosen, who, 30, now);
                    assert_eq!(leases.choose(who, SUBNET, &[what.key()], None, now), Some(chosen));
                }
            }
            Step::Request { client, iaid, what, relays, lifetime } => {
                let (key, duid) = (what.key(), [0, 3, client]);
                let taken = before.iter().any(|(other, lease)| {
                    let own = lease.state == LeaseState::Assigned
                        && *lease.duid == duid
                        && lease.iaid == iaid
                        && *other == key;
                    lease.is_active(now) && !own && other.overlaps(key)
                });
                if leases.grant(grant(client, iaid, key, relays, lifetime), now).is_ok() {
                    assert!(!taken);
                    let mut held = leases.held_by(association(&duid, iaid, key), SUBNET, now);
                    let lease = held.find(|lease| lease.key() == key).unwrap();
                    assert_eq!(lease.expires(), Some(now.plus(lifetime)));
                }
            }
            Step::Register { client, what } => {
                let key = what.key();
                let leased = before
                    .get(&key)
                    .is_some_and(|lease| lease.is_active(now) && lease.state != LeaseState::Registered);
                if leases.register(grant(client, 0, key, 0, 100), now).is_ok() {
                    assert!(!leased);
                    assert_eq!(leases.get(key).unwrap().state(), LeaseState::Registered);
                }
            }
            Step::Release { client, iaid, what } => {
                if leases.release(what.key(), &[0, 3, client], iaid, now) {
                    assert!(leases.get(what.key()).is_none_or(|lease| lease.expires() == Some(now)));
                }
            }
            Step::Decline { client, iaid, what } => {
                leases.decline(what.key(), &[0, 3, client], iaid, 150, now);
            }
            Step::Withdraw { client } => leases.withdraw_offers(&[0, 3, client]),
            Step::Import { client, iaid, what, state, ago } => {
                let lease = lease(client, iaid, what.key(), state, self.now - ago);
                if leases.put_lease(&lease, cause::IMPORTED, now).is_ok() {
                    assert_eq!(leases.get(what.key()).unwrap().to_lease(), lease);
                }
            }
            Step::Remove { what } => {
                if leases.remove(what.key(), now) {
                    assert!(leases.get(what.key()).is_none());
                }
            }
            Step::Exclude { what } => leases.exclude(SUBNET, what.key()),
            Step::Pools { size } => leases.set_pools(&pools(size)),
            Step::Pass { seconds } => self.now += seconds,
            Step::Reclaim { limit } => assert!(leases.reclaim(now, limit) <= limit),
            Step::Forget { limit } => assert!(leases.forget_former(now, limit) <= limit),
            Step::Hold { seconds } => leases.set_hold_reclaimed_time(seconds),
            Step::Room { room } => leases.staging_mut().set_room(if room { usize::MAX } else { 0 }),
        }
        self.records.append(self.leases.staging_mut().bytes_mut());
    }

    fn all(&self) -> BTreeMap<Key6, Lease6> {
        self.leases.iter().map(|lease| (lease.key(), lease.to_lease())).collect()
    }

    fn check(&self) {
        let all = self.all();
        assert_eq!(all.len() as u64, self.leases.counts().total());
        assert_eq!(all, recorded(&self.records));
        self.check_indexes();
        self.check_lists();
        self.leases.check_quotas();
    }

    fn check_indexes(&self) {
        let leases = &self.leases;
        for lease in leases.iter() {
            let key = lease.key();
            assert_eq!(leases.get(key).map(LeaseRef6::to_lease), Some(lease.to_lease()));
            assert!(leases.by_duid(lease.duid()).any(|found| found.key() == key));
            let mut found = leases.table.of_association(lease.duid(), lease.iaid());
            assert_eq!(found.any(|(_, found)| found.key() == key), lease.state() != LeaseState::Registered);
        }
        let last = Key6::prefix(Ipv6Addr::from(u128::MAX), 128);
        let mut in_order = Vec::new();
        let mut from = Some(Key6::default());
        while let Some(first) = from {
            from = leases.in_range(first, last, 2, |lease| in_order.push(lease.key()));
        }
        assert!(in_order.is_sorted());
        assert_eq!(in_order.len() as u64, leases.counts().total());
    }

    fn check_lists(&self) {
        let leases = &self.leases;
        for (slot, entry) in leases.table.entries.iter_from(0) {
            let on_offer = leases.offers.holds(entry.key());
            let may_be_unlinked = if entry.state.keeps_others_away() {
                entry.end().is_none()
            } else {
                on_offer && leases.former_list(entry.key()) != 0
            };
            assert!(entry.links.is_linked() || may_be_unlinked, "{slot} {entry:?}");
        }
        for list in 0..leases.former.count() {
            for slot in leases.former.iter(&leases.table.entries, list) {
                let entry = leases.table.entries.get(slot).unwrap();
                assert!(!entry.state.keeps_others_away());
                assert_eq!(leases.former_list(entry.key()), list);
                assert!(list == 0 || !leases.offers.holds(entry.key()));
            }
        }
    }
}

/// What the records say, in a plain map.
fn recorded(mut bytes: &[u8]) -> BTreeMap<Key6, Lease6> {
    let mut all = BTreeMap::new();
    while !bytes.is_empty() {
        let (frame, taken) = decode(bytes, SALT).unwrap();
        if frame.kind == Kind::Put {
            let lease = Lease6::decode(frame.body).unwrap();
            all.insert(Key6::of(&lease), lease);
        } else {
            all.remove(&Key6::decode(frame.body).unwrap());
        }
        bytes = &bytes[taken..];
    }
    all
}

/// A store that reads a snapshot, and the log behind it.
fn replayed(snapshot: &[(u64, Vec<u8>)], mut log: &[u8], after: u64, now: u64) -> Leases6 {
    let mut leases = Leases6::new(&pools(6), 3);
    leases.count_by(CountBy::ALL);
    leases.reserve(snapshot.len());
    for (sequence, body) in snapshot {
        leases.replay_put(body, *sequence).unwrap();
    }
    while !log.is_empty() {
        let (frame, taken) = decode(log, SALT).unwrap();
        match frame.kind {
            _ if frame.sequence <= after => {}
            Kind::Put => leases.replay_put(frame.body, frame.sequence).unwrap(),
            _ => leases.replay_delete(frame.body, frame.sequence).unwrap(),
        }
        log = &log[taken..];
    }
    assert_eq!(leases.finish_replay(Timestamp(now)), []);
    leases
}

fn no_two_hold_the_same(world: &World) {
    let now = Timestamp(world.now);
    let active: Vec<_> = world.leases.iter().filter(|lease| lease.is_active(now)).collect();
    for (at, one) in active.iter().enumerate() {
        for other in &active[at + 1..] {
            assert!(!one.key().overlaps(other.key()), "{} {}", one.key(), other.key());
        }
    }
}

proptest! {
    #[test]
    fn every_history_holds_what_was_promised(steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new();
        for step in &steps {
            // A shorter prefix cannot be put over leases in pools: prefixes of pools must not overlap others.
            if matches!(step, Step::Import { what: What::Long(_), .. } | Step::Exclude { what: What::Long(_) }) {
                continue;
            }
            world.take(step);
            world.check();
            no_two_hold_the_same(&world);
        }
    }

    #[test]
    fn records_give_the_same_leases(
        steps in prop::collection::vec(step(), 1..100),
        begin in 0usize..100,
        further in prop::collection::vec(step(), 0..20),
    ) {
        let mut world = World::new();
        let (mut snapshot, mut cursor, mut after) = (Vec::new(), Some(0), None);
        let allowed = |step: &&Step| {
            !matches!(step, Step::Import { what: What::Long(_), .. } | Step::Exclude { what: What::Long(_) })
        };
        for (number, step) in steps.iter().filter(allowed).enumerate() {
            if number >= begin && let Some(from) = cursor {
                // A slice at a time, with changes in between.
                after = after.or_else(|| Some(world.leases.staging().sequence()));
                cursor = world.leases.slice(from, 2, &mut |lease| snapshot.push((lease.sequence, lease.body.to_vec())));
            }
            world.take(step);
        }
        let want = world.all();
        let from_log = replayed(&[], &world.records, 0, world.now);
        prop_assert_eq!(from_log.iter().map(|l| (l.key(), l.to_lease())).collect::<BTreeMap<_, _>>(), want.clone());
        while let Some(from) = cursor {
            after = after.or_else(|| Some(world.leases.staging().sequence()));
            cursor = world.leases.slice(from, 2, &mut |lease| snapshot.push((lease.sequence, lease.body.to_vec())));
        }
        let leases = replayed(&snapshot, &world.records, after.unwrap_or(0), world.now);
        prop_assert_eq!(leases.iter().map(|l| (l.key(), l.to_lease())).collect::<BTreeMap<_, _>>(), want);
        // It goes on as a store does.
        world.leases = leases;
        world.leases.set_staging(Staging::recorded(SALT, 1_000_000));
        world.leases.staging_mut().set_room(usize::MAX);
        world.check();
        for step in further.iter().filter(allowed) {
            world.take(step);
            world.check();
        }
    }
}

#[test]
fn a_prefix_in_another_is_told_of() {
    let mut leases = Leases6::new(&pools(6), 3);
    leases.count_by(CountBy::ALL);
    for what in [What::Prefix(0), What::Prefix(1), What::Long(0), What::Prefix(2)] {
        let mut body = Vec::new();
        lease(1, 1, what.key(), 0, 5).encode(&mut body);
        leases.replay_put(&body, 1).unwrap();
    }
    let one = What::Long(0).key();
    let want = [What::Prefix(0), What::Prefix(1)].map(|what| Violation6 { one, other: what.key() });
    assert_eq!(leases.finish_replay(Timestamp(10)), want);
}

#[test]
fn beyond_what_is_counted_a_free_one_is_found_by_trying() {
    let mut leases = Leases6::new(&[PoolRange6::addresses(SUBNET, address(0), Ipv6Addr::from(u128::MAX))], 3);
    for number in 0..1u32 << 24 {
        leases.pools.set_used(Key6::address(Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(number))));
    }
    let who = association(&[0, 3, 1], 1, Key6::default());
    let chosen = leases.choose(who, SUBNET, &[], None, Timestamp(5)).unwrap();
    assert!(!leases.pools.is_counted(chosen));
    leases.grant(grant(1, 1, chosen, 0, 100), Timestamp(5)).unwrap();
    let mut found = Vec::new();
    leases.in_range(Key6::default(), Key6::prefix(address(0), 128), 1 << 25, |lease| found.push(lease.key()));
    assert_eq!(found, [chosen]);
}

#[test]
fn a_renewal_allocates_nothing() {
    let mut world = World::new();
    let key = What::Address(1).key();
    for round in 0..3u32 {
        let grant = grant(1, 1, key, 1, 100 + round);
        world.leases.staging_mut().bytes_mut().clear();
        world.leases.staging_mut().bytes_mut().reserve(1000);
        let info = allocation_counter::measure(|| {
            let who = association(&grant.duid, 1, key);
            assert_eq!(world.leases.choose(who, SUBNET, &[], None, Timestamp(1001)), Some(key));
            world.leases.grant(grant, Timestamp(1001)).unwrap();
        });
        if round > 0 {
            assert_eq!(info.count_total, 0);
        }
    }
}
