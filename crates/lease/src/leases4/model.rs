//! Random histories of [`super::Leases4`]: after each step its records, its indexes and its lists agree, nothing has two
//! holders, and what was recorded gives the same leases again.

use std::collections::BTreeMap;

use fosix_journal::{Kind, Salt, decode};
use fosix_wire::softwire::PortParams;
use proptest::prelude::*;

use super::*;
use crate::quota::CountBy;
use crate::samples::lease4;
use crate::{Grant4, HardwareAddress, Lease4, RelayHop, SoftwireSource, cause};

const SUBNET: u32 = 7;
const SALT: Salt = Salt(3);

#[derive(Debug, Clone)]
enum Step {
    Discover { client: u8, hint: u8 },
    Request { client: u8, address: u8, softwire: Option<u8>, relays: usize, lifetime: u32 },
    Release { client: u8, address: u8 },
    Decline { client: u8, address: u8 },
    Withdraw { client: u8 },
    Import { address: u8, psid: Option<(u8, u8)>, client: u8, softwire: Option<u8>, state: u8, ago: u64 },
    Remove { address: u8, psid: Option<(u8, u8)> },
    Exclude { address: u8 },
    Pools { size: u8 },
    Pass { seconds: u64 },
    Reclaim { limit: usize },
    Forget { limit: usize },
    Hold { seconds: Option<u32> },
    Room { room: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let (clients, addresses) = (0u8..6, 1u8..10);
    let softwire = prop::option::of(0u8..4);
    let psid = prop_oneof![2 => Just(None), 1 => (1u8..3, 0u8..2).prop_map(Some)];
    prop_oneof![
        4 => (clients.clone(), addresses.clone()).prop_map(|(client, hint)| Step::Discover { client, hint }),
        8 => (clients.clone(), addresses.clone(), softwire.clone(), 0usize..3, 1u32..200).prop_map(
            |(client, address, softwire, relays, lifetime)| {
                Step::Request { client, address, softwire, relays, lifetime }
            }
        ),
        2 => (clients.clone(), addresses.clone()).prop_map(|(client, address)| Step::Release { client, address }),
        1 => (clients.clone(), addresses.clone()).prop_map(|(client, address)| Step::Decline { client, address }),
        1 => clients.clone().prop_map(|client| Step::Withdraw { client }),
        2 => (addresses.clone(), psid.clone(), clients, softwire, 0u8..5, 0u64..150).prop_map(
            |(address, psid, client, softwire, state, ago)| {
                Step::Import { address, psid, client, softwire, state, ago }
            }
        ),
        1 => (addresses.clone(), psid).prop_map(|(address, psid)| Step::Remove { address, psid }),
        1 => addresses.clone().prop_map(|address| Step::Exclude { address }),
        1 => (1u8..9).prop_map(|size| Step::Pools { size }),
        4 => (1u64..100).prop_map(|seconds| Step::Pass { seconds }),
        2 => (0usize..4).prop_map(|limit| Step::Reclaim { limit }),
        1 => (0usize..4).prop_map(|limit| Step::Forget { limit }),
        1 => prop::option::of(0u32..200).prop_map(|seconds| Step::Hold { seconds }),
        1 => any::<bool>().prop_map(|room| Step::Room { room }),
    ]
}

fn address(last: u8) -> Ipv4Addr {
    [10, 0, 0, last].into()
}

fn client(number: u8) -> ClientIdentity {
    let identifier = [0xff, number];
    ClientIdentity::new(number.is_multiple_of(2).then_some(&identifier[..]), hardware(number)).unwrap()
}

/// Some clients say that they have the same one.
fn hardware(number: u8) -> HardwareAddress {
    HardwareAddress::new(1, &[2, 0, 0, 0, 0, number.min(4)]).unwrap()
}

fn softwire(number: u8) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(number) + 1)
}

fn key(last: u8, psid: Option<(u8, u8)>) -> Key4 {
    let port_set = psid.map(|(len, psid)| PortParams::new(0, len, psid.into()).unwrap());
    Key4 { address: address(last), port_set }
}

fn pools(size: u8) -> [PoolRange4; 2] {
    let range = |first, last| PoolRange4::new(SUBNET, address(first), address(last));
    [range(1, size.min(4)), range(5, size.max(4))]
}

/// A store, and what was recorded of it.
struct World {
    leases: Leases4,
    now: u64,
    records: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut leases = Leases4::new(&pools(6), 3);
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
            Step::Discover { client: number, hint } => {
                if let Some(chosen) = leases.choose(&client(number), SUBNET, Some(address(hint)), now) {
                    assert_eq!(leases.check(chosen, &client(number), SUBNET, now), Ok(()));
                    leases.offer(chosen, &client(number), 30, now);
                    let again = leases.choose(&client(number), SUBNET, Some(address(hint)), now);
                    assert_eq!(again, Some(chosen));
                }
            }
            Step::Request { client: number, address: last, softwire: wire, relays, lifetime } => {
                let hop = RelayHop {
                    link_address: softwire(9),
                    interface_id: Box::from([number; 9]),
                    remote_id: Box::default(),
                };
                let grant = Grant4 {
                    classes: ["one".into()].into(),
                    address: address(last),
                    client: client(number),
                    hardware: hardware(number),
                    source: softwire(number),
                    softwire: wire.map(softwire),
                    relay_path: vec![hop; relays].into(),
                    subnet: SUBNET,
                    hostname: Box::default(),
                    valid_lifetime: lifetime,
                };
                let held = |lease: &Lease4| lease.is_active(now) && lease.client != client(number);
                let taken = before.values().any(|lease| lease.address == address(last) && held(lease));
                let wire_taken = before.values().any(|lease| {
                    wire.is_some()
                        && lease.softwire.map(|softwire| softwire.address) == wire.map(softwire)
                        && lease.state == LeaseState::Assigned
                        && held(lease)
                });
                match leases.grant(grant, now) {
                    Ok(()) => {
                        assert!(!taken && !wire_taken);
                        let lease = leases.held_by(&client(number), SUBNET, now).unwrap();
                        assert_eq!(lease.address(), address(last));
                        assert_eq!(lease.expires(), Some(now.plus(lifetime)));
                        if wire.is_some() {
                            assert_eq!(lease.softwire().map(|softwire| softwire.address), wire.map(softwire));
                        }
                    }
                    Err(Conflict::SoftwireHeld { .. }) => assert!(wire_taken),
                    Err(_) => {}
                }
            }
            Step::Release { client: number, address: last } => {
                if leases.release(address(last), &client(number), now) {
                    let left = leases.get(address(last));
                    assert!(left.is_none_or(|lease| {
                        lease.state() == LeaseState::Released && lease.expires() == Some(now)
                    }));
                }
            }
            Step::Decline { client: number, address: last } => {
                leases.decline(address(last), &client(number), 150, now);
            }
            Step::Withdraw { client: number } => leases.withdraw_offer(&client(number)),
            Step::Import { address: last, psid, client: number, softwire: wire, state, ago } => {
                let lease = Lease4 {
                    port_set: key(last, psid).port_set,
                    client: client(number),
                    hardware: hardware(number),
                    softwire: wire.map(|wire| SoftwireSource { address: softwire(wire), changed: now }),
                    state: LeaseState::from_number(state).unwrap(),
                    valid_lifetime: 100,
                    last_transaction: Timestamp(self.now - ago),
                    ..lease4(last, number)
                };
                if leases.put_lease(&lease, cause::IMPORTED, now).is_ok() {
                    assert_eq!(leases.get_key(key(last, psid)).unwrap().to_lease(), lease);
                }
            }
            Step::Remove { address: last, psid } => {
                if leases.remove(key(last, psid), now) {
                    assert!(leases.get_key(key(last, psid)).is_none());
                }
            }
            Step::Exclude { address: last } => leases.exclude(SUBNET, address(last)),
            Step::Pools { size } => leases.set_pools(&pools(size)),
            Step::Pass { seconds } => self.now += seconds,
            Step::Reclaim { limit } => assert!(leases.reclaim(now, limit) <= limit),
            Step::Forget { limit } => assert!(leases.forget_former(now, limit) <= limit),
            Step::Hold { seconds } => leases.set_hold_reclaimed_time(seconds),
            Step::Room { room } => leases.staging_mut().set_room(if room { usize::MAX } else { 0 }),
        }
        self.records.append(self.leases.staging_mut().bytes_mut());
    }

    fn all(&self) -> BTreeMap<Key4, Lease4> {
        self.leases.iter().map(|lease| (lease.key(), lease.to_lease())).collect()
    }

    fn check(&self) {
        let all = self.all();
        assert_eq!(all.len() as u64, self.leases.counts().total());
        assert_eq!(all, recorded(&self.records));
        self.check_holders(&all);
        self.check_indexes();
        self.check_lists();
        self.leases.check_quotas();
    }

    fn check_holders(&self, all: &BTreeMap<Key4, Lease4>) {
        let now = Timestamp(self.now);
        let active: Vec<_> = all.iter().filter(|(_, lease)| lease.is_active(now)).collect();
        for (at, (key, lease)) in active.iter().enumerate() {
            for (other_key, other) in &active[at + 1..] {
                assert!(!key.overlaps(**other_key), "{lease:?} {other:?}");
                let both = [lease, other].iter().all(|lease| lease.state == LeaseState::Assigned);
                let wire = |lease: &Lease4| lease.softwire.map(|softwire| softwire.address);
                assert!(!both || wire(lease).is_none() || wire(lease) != wire(other), "{lease:?} {other:?}");
            }
        }
    }

    fn check_indexes(&self) {
        let leases = &self.leases;
        for lease in leases.iter() {
            assert_eq!(leases.get_key(lease.key()).map(LeaseRef4::to_lease), Some(lease.to_lease()));
            assert!(leases.by_client(&lease.client()).any(|found| found.key() == lease.key()));
            let wires = lease.softwire().filter(|_| lease.state() == LeaseState::Assigned);
            if let Some(softwire) = wires {
                let mut found = leases.table.of_softwire(softwire.address.octets());
                assert!(found.any(|(_, found)| found.key() == lease.key()));
            }
        }
        let mut in_order = Vec::new();
        let mut from = Some(Ipv4Addr::UNSPECIFIED);
        while let Some(first) = from {
            from = leases.in_range(first, Ipv4Addr::BROADCAST, 2, |lease| in_order.push(lease.address()));
        }
        assert!(in_order.is_sorted());
        assert_eq!(in_order.len() as u64, leases.counts().total());
    }

    fn check_lists(&self) {
        let leases = &self.leases;
        for (slot, entry) in leases.table.entries.iter_from(0) {
            let on_offer = leases.offers.holds(entry.address);
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
                assert!(list == 0 || !leases.offers.holds(entry.address));
            }
        }
    }
}

/// What the records say, in a plain map.
fn recorded(mut bytes: &[u8]) -> BTreeMap<Key4, Lease4> {
    let mut all = BTreeMap::new();
    while !bytes.is_empty() {
        let (frame, taken) = decode(bytes, SALT).unwrap();
        if frame.kind == Kind::Put {
            let lease = Lease4::decode(frame.body).unwrap();
            all.insert(Key4 { address: lease.address, port_set: lease.port_set }, lease);
        } else {
            all.remove(&Key4::decode(frame.body).unwrap());
        }
        bytes = &bytes[taken..];
    }
    all
}

/// A store that reads a snapshot, and the log behind it.
fn replayed(snapshot: &[(u64, Vec<u8>)], mut log: &[u8], after: u64, now: u64) -> (Leases4, Vec<Violation4>) {
    let mut leases = Leases4::new(&pools(6), 3);
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
    let violations = leases.finish_replay(Timestamp(now));
    (leases, violations)
}

proptest! {
    #[test]
    fn every_history_holds_what_was_promised(steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
    }

    #[test]
    fn records_give_the_same_leases(
        steps in prop::collection::vec(step(), 1..100),
        begin in 0usize..100,
        snapshot_from in 0usize..100,
        further in prop::collection::vec(step(), 0..20),
    ) {
        let mut world = World::new();
        let (mut snapshot, mut cursor, mut after) = (Vec::new(), Some(0), None);
        for (number, step) in steps.iter().enumerate() {
            if number >= snapshot_from.min(begin) && let Some(from) = cursor {
                // A slice at a time, with changes in between.
                after = after.or_else(|| Some(world.leases.staging().sequence()));
                cursor = world.leases.slice(from, 2, &mut |lease| snapshot.push((lease.sequence, lease.body.to_vec())));
            }
            world.take(step);
        }
        let want = world.all();
        let (from_log, violations) = replayed(&[], &world.records, 0, world.now);
        prop_assert_eq!(violations, []);
        prop_assert_eq!(from_log.iter().map(|l| (l.key(), l.to_lease())).collect::<BTreeMap<_, _>>(), want.clone());
        while let Some(from) = cursor {
            after = after.or_else(|| Some(world.leases.staging().sequence()));
            cursor = world.leases.slice(from, 2, &mut |lease| snapshot.push((lease.sequence, lease.body.to_vec())));
        }
        let (leases, violations) = replayed(&snapshot, &world.records, after.unwrap_or(0), world.now);
        prop_assert_eq!(violations, []);
        prop_assert_eq!(leases.iter().map(|l| (l.key(), l.to_lease())).collect::<BTreeMap<_, _>>(), want);
        // It goes on as a store does.
        world.leases = leases;
        world.leases.set_staging(Staging::recorded(SALT, 1_000_000));
        world.leases.staging_mut().set_room(usize::MAX);
        world.check();
        for step in &further {
            world.take(step);
            world.check();
        }
    }
}

#[test]
fn leases_that_contradict_each_other_are_told_of() {
    let mut leases = Leases4::new(&pools(6), 3);
    leases.count_by(CountBy::ALL);
    let wire = Some(SoftwireSource { address: softwire(1), changed: Timestamp(0) });
    let half = |psid| PortParams::new(0, 1, psid).ok();
    let put = |leases: &mut Leases4, lease: Lease4| {
        let mut body = Vec::new();
        lease.encode(&mut body);
        leases.replay_put(&body, 1).unwrap();
    };
    put(&mut leases, Lease4 { softwire: wire, ..lease4(1, 1) });
    put(&mut leases, Lease4 { softwire: wire, ..lease4(2, 2) });
    put(&mut leases, Lease4 { port_set: half(0), ..lease4(3, 3) });
    put(&mut leases, Lease4 { port_set: half(1), ..lease4(3, 4) });
    put(&mut leases, lease4(3, 5));
    let (one, low, high, whole) = (key(1, None), key(3, Some((1, 0))), key(3, Some((1, 1))), key(3, None));
    let violations = leases.finish_replay(Timestamp(10));
    assert_eq!(violations.len(), 3);
    assert!(violations.contains(&Violation4 { one: low, other: whole, of_softwire: false }));
    assert!(violations.contains(&Violation4 { one: high, other: whole, of_softwire: false }));
    let wires = violations.iter().find(|violation| violation.of_softwire).unwrap();
    let mut keys = [wires.one, wires.other];
    keys.sort();
    assert_eq!(keys, [one, key(2, None)]);
}

#[test]
fn a_renewal_allocates_nothing() {
    let mut world = World::new();
    world.take(&Step::Request { client: 2, address: 1, softwire: Some(1), relays: 1, lifetime: 100 });
    let grant = |now| Grant4 {
        classes: Box::default(),
        address: address(1),
        client: client(2),
        hardware: hardware(2),
        source: softwire(1),
        softwire: Some(softwire(1)),
        relay_path: Box::from([RelayHop {
            link_address: softwire(9),
            interface_id: Box::from([2; 9]),
            remote_id: Box::default(),
        }]),
        subnet: SUBNET,
        hostname: Box::default(),
        valid_lifetime: 100 + now,
    };
    for now in 0..3u32 {
        let grant = grant(now);
        world.leases.staging_mut().bytes_mut().clear();
        world.leases.staging_mut().bytes_mut().reserve(1000);
        let info = allocation_counter::measure(|| {
            world.leases.choose(&grant.client, SUBNET, None, Timestamp(1001)).unwrap();
            world.leases.grant(grant, Timestamp(1001)).unwrap();
        });
        if now > 0 {
            assert_eq!(info.count_total, 0);
        }
    }
}

#[test]
fn former_leases_of_one_client_do_not_pile_up() {
    let pool = PoolRange4::new(SUBNET, address(1), address(100));
    let mut leases = Leases4::new(&[pool], 3);
    for last in 1..=100 {
        let grant = Grant4 {
            classes: Box::default(),
            address: address(last),
            client: client(1),
            hardware: hardware(1),
            source: softwire(1),
            softwire: None,
            relay_path: Box::default(),
            subnet: SUBNET,
            hostname: Box::default(),
            valid_lifetime: 100,
        };
        leases.grant(grant, Timestamp(1000 + u64::from(last))).unwrap();
    }
    assert!(leases.counts().total() <= 20, "{:?}", leases.counts());
    assert_eq!(leases.held_by(&client(1), SUBNET, Timestamp(1101)).unwrap().address(), address(100));
}
