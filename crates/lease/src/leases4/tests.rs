//! Tests of [`super::Leases4`]: its rules one by one, and random histories against what was promised.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::{ChangeKind, Grant4, HardwareAddress};

const SUBNET: u32 = 7;
/// The holder of a declined address.
const NOBODY: u8 = 255;

fn client(number: u8) -> ClientIdentity {
    ClientIdentity::new(None, hardware(number)).unwrap()
}

fn hardware(number: u8) -> HardwareAddress {
    HardwareAddress::new(1, &[2, 0, 0, 0, 0, number]).unwrap()
}

fn address(last: u8) -> Ipv4Addr {
    [10, 0, 0, last].into()
}

fn leases(size: u8) -> Leases4 {
    Leases4::new(&[PoolRange4::new(SUBNET, address(1), address(size))], 100)
}

fn grant(number: u8, address: Ipv4Addr, valid_lifetime: u32) -> Grant4 {
    Grant4 {
        classes: Box::default(),
        address,
        client: client(number),
        hardware: hardware(number),
        source: Ipv6Addr::LOCALHOST,
        softwire: None,
        relay_path: Box::default(),
        subnet: SUBNET,
        hostname: Box::default(),
        valid_lifetime,
    }
}

fn choose(leases: &mut Leases4, number: u8, now: u64) -> Option<Ipv4Addr> {
    leases.choose(&client(number), SUBNET, None, Timestamp(now))
}

fn is_on_offer_to_another(leases: &Leases4, address: Ipv4Addr, number: u8, now: u64) -> bool {
    leases.offers.is_to_another(address.into(), owner(&client(number)), Timestamp(now))
}

#[test]
fn a_client_that_asks_again_is_offered_the_same_address() {
    let mut leases = leases(10);
    let first = choose(&mut leases, 1, 0).unwrap();
    leases.offer(first, &client(1), 60, Timestamp(0));
    assert_eq!(choose(&mut leases, 1, 1), Some(first));
    assert_ne!(choose(&mut leases, 2, 1), Some(first));
}

#[test]
fn a_released_address_is_kept_for_its_client_while_others_are_free() {
    let mut leases = leases(3);
    leases.grant(grant(1, address(2), 1000), Timestamp(0)).unwrap();
    assert!(leases.release(address(2), &client(1), Timestamp(10)));
    assert_eq!(choose(&mut leases, 2, 20), Some(address(1)));
    leases.grant(grant(2, address(1), 1000), Timestamp(20)).unwrap();
    assert_eq!(choose(&mut leases, 3, 20), Some(address(3)));
    assert_eq!(choose(&mut leases, 1, 20), Some(address(2)));
    leases.grant(grant(3, address(3), 1000), Timestamp(20)).unwrap();
    assert_eq!(choose(&mut leases, 4, 20), Some(address(2)), "now somebody else needs it");
}

#[test]
fn an_expired_address_is_free_even_before_it_was_reclaimed() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), 100), Timestamp(0)).unwrap();
    assert_eq!(choose(&mut leases, 2, 99), None);
    assert_eq!(choose(&mut leases, 2, 100), Some(address(1)));
    leases.grant(grant(2, address(1), 100), Timestamp(100)).unwrap();
    assert_eq!(
        leases.grant(grant(1, address(1), 100), Timestamp(150)),
        Err(Conflict::Held { address: address(1) })
    );
}

#[test]
fn an_address_on_offer_is_not_offered_to_another_also_when_its_former_lease_is_reclaimed_meanwhile() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), 100), Timestamp(0)).unwrap();
    // Client 2 asks for the address by name after it expired and before it was reclaimed.
    assert_eq!(leases.choose(&client(2), SUBNET, Some(address(1)), Timestamp(100)), Some(address(1)));
    leases.offer(address(1), &client(2), 60, Timestamp(100));
    assert_eq!(leases.reclaim(Timestamp(110), 10), 1);
    assert_eq!(choose(&mut leases, 3, 110), None);
    assert_eq!(choose(&mut leases, 3, 160), Some(address(1)), "the offer has lapsed");
}

#[test]
fn a_client_that_returns_late_is_offered_its_address_and_nobody_else_meanwhile() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), 100), Timestamp(0)).unwrap();
    // It has ended, and nothing has reclaimed it yet.
    assert_eq!(choose(&mut leases, 1, 100), Some(address(1)));
    leases.offer(address(1), &client(1), 60, Timestamp(100));
    assert_eq!(choose(&mut leases, 2, 101), None);
}

#[test]
fn a_declined_address_rests_until_its_probation_ends() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), 1000), Timestamp(0)).unwrap();
    assert!(!leases.decline(address(1), &client(2), 500, Timestamp(1)), "it is not client 2's to decline");
    assert!(leases.decline(address(1), &client(1), 500, Timestamp(1)));
    assert_eq!(choose(&mut leases, 1, 2), None);
    assert_eq!(
        leases.grant(grant(1, address(1), 9), Timestamp(2)),
        Err(Conflict::Held { address: address(1) })
    );
    assert_eq!(choose(&mut leases, 2, 501), Some(address(1)));
}

#[test]
fn a_client_has_one_address_in_a_subnet() {
    let mut leases = leases(10);
    leases.grant(grant(1, address(4), 1000), Timestamp(0)).unwrap();
    leases.grant(grant(1, address(5), 1000), Timestamp(5)).unwrap();
    assert_eq!(leases.held_by(&client(1), SUBNET, Timestamp(6)).unwrap().address(), address(5));
    assert_eq!(leases.get(address(4)).unwrap().state(), LeaseState::Released);
    leases.grant(grant(2, address(4), 1000), Timestamp(7)).unwrap();
}

#[test]
fn an_address_outside_the_pools_is_never_granted() {
    let mut leases = leases(10);
    let outside = address(11);
    assert_eq!(
        leases.grant(grant(1, outside, 9), Timestamp(0)),
        Err(Conflict::NotInPool { address: outside })
    );
    let other_subnet = Grant4 { subnet: 8, ..grant(1, address(1), 9) };
    assert_eq!(leases.grant(other_subnet, Timestamp(0)), Err(Conflict::NotInPool { address: address(1) }));
}

#[test]
fn an_infinite_lease_never_ends() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), u32::MAX), Timestamp(0)).unwrap();
    assert_eq!(leases.reclaim(Timestamp(u64::MAX), 10), 0);
    assert_eq!(choose(&mut leases, 2, u64::MAX), None);
}

#[test]
fn a_withdrawn_offer_frees_its_address() {
    let mut leases = leases(1);
    leases.offer(address(1), &client(1), 60, Timestamp(0));
    assert_eq!(choose(&mut leases, 2, 0), None);
    leases.withdraw_offer(&client(1));
    assert_eq!(choose(&mut leases, 2, 0), Some(address(1)));
}

#[derive(Debug, Clone)]
enum Step {
    Discover { client: u8, hint: Option<u8> },
    Request { client: u8, address: u8, lifetime: u32 },
    Release { client: u8, address: u8 },
    Decline { client: u8, address: u8 },
    Pass { seconds: u64 },
    Reclaim,
}

fn step() -> impl Strategy<Value = Step> {
    let (clients, addresses) = (0u8..8, 0u8..8);
    prop_oneof![
        (clients.clone(), prop::option::of(addresses.clone()))
            .prop_map(|(client, hint)| Step::Discover { client, hint }),
        (clients.clone(), addresses.clone(), 1u32..200)
            .prop_map(|(client, address, lifetime)| Step::Request { client, address, lifetime }),
        (clients.clone(), addresses.clone()).prop_map(|(client, address)| Step::Release { client, address }),
        (clients, addresses).prop_map(|(client, address)| Step::Decline { client, address }),
        (1u64..100).prop_map(|seconds| Step::Pass { seconds }),
        Just(Step::Reclaim),
    ]
}

proptest! {
    /// A plain map says who was promised what; the store must never contradict it.
    #[test]
    fn no_history_gives_an_address_to_two_clients(steps in prop::collection::vec(step(), 1..300)) {
        let mut leases = leases(6);
        let mut promised: HashMap<Ipv4Addr, (u8, u64)> = HashMap::new();
        let mut now = 1000u64;
        let probation = 150u32;
        for step in steps {
            match step {
                Step::Discover { client: number, hint } => {
                    let hint = hint.map(address);
                    let chosen = leases.choose(&client(number), SUBNET, hint, Timestamp(now));
                    let free = (1..=6).map(address).filter(|one| promised.get(one).is_none_or(|&(_, end)| end <= now));
                    if let Some(chosen) = chosen {
                        let holder = promised.get(&chosen).filter(|&&(_, end)| now < end);
                        prop_assert!(holder.is_none_or(|&(holder, _)| holder == number));
                        leases.offer(chosen, &client(number), 30, Timestamp(now));
                        prop_assert_eq!(leases.choose(&client(number), SUBNET, hint, Timestamp(now)), Some(chosen));
                    } else {
                        // Only offers to others may stand in the way of a free address.
                        for one in free {
                            prop_assert!(is_on_offer_to_another(&leases, one, number, now));
                        }
                    }
                }
                Step::Request { client: number, address: last, lifetime } => {
                    if leases.grant(grant(number, address(last), lifetime), Timestamp(now)).is_ok() {
                        let before = promised.get(&address(last)).filter(|&&(_, end)| now < end);
                        prop_assert!(before.is_none_or(|&(holder, _)| holder == number), "{before:?}");
                        promised.retain(|_, &mut (holder, _)| holder != number);
                        promised.insert(address(last), (number, now + u64::from(lifetime)));
                    }
                }
                Step::Release { client: number, address: last } => {
                    let held = promised.get(&address(last)).is_some_and(|&(holder, end)| holder == number && now < end);
                    prop_assert_eq!(leases.release(address(last), &client(number), Timestamp(now)), held);
                    if held {
                        promised.remove(&address(last));
                    }
                }
                Step::Decline { client: number, address: last } => {
                    let held = promised.get(&address(last)).is_some_and(|&(holder, end)| holder == number && now < end);
                    prop_assert_eq!(leases.decline(address(last), &client(number), probation, Timestamp(now)), held);
                    if held {
                        promised.insert(address(last), (NOBODY, now + u64::from(probation)));
                    }
                }
                Step::Pass { seconds } => now += seconds,
                Step::Reclaim => {
                    leases.reclaim(Timestamp(now), 2);
                }
            }
            for (&one, &(holder, end)) in promised.iter().filter(|&(_, &(holder, _))| holder != NOBODY) {
                let held = leases.held_by(&client(holder), SUBNET, Timestamp(now)).map(LeaseRef4::address);
                prop_assert_eq!(held, (now < end).then_some(one));
            }
        }
    }
}

/// What was kept of each change: its kind, when, the address, and the holder.
fn changes(leases: &mut Leases4) -> Vec<(ChangeKind, u64, Ipv4Addr, ClientIdentity)> {
    let taken = leases.take_changes();
    taken.iter().map(|c| (c.kind, c.at.0, c.lease.address, c.lease.client.clone())).collect()
}

#[test]
fn every_change_is_told_once_and_in_order() {
    let mut leases = leases(3);
    leases.follow_changes();
    leases.grant(grant(1, address(1), 100), Timestamp(0)).unwrap();
    leases.grant(grant(1, address(1), 100), Timestamp(50)).unwrap();
    leases.grant(grant(1, address(2), 100), Timestamp(60)).unwrap();
    leases.release(address(2), &client(1), Timestamp(70));
    leases.grant(grant(2, address(3), 100), Timestamp(80)).unwrap();
    leases.decline(address(3), &client(2), 500, Timestamp(90));
    leases.grant(grant(3, address(1), 100), Timestamp(100)).unwrap();
    leases.reclaim(Timestamp(1000), 10);
    let expected = [
        (ChangeKind::Assigned, 0, address(1), client(1)),
        (ChangeKind::Renewed, 50, address(1), client(1)),
        (ChangeKind::Released, 60, address(1), client(1)),
        (ChangeKind::Assigned, 60, address(2), client(1)),
        (ChangeKind::Released, 70, address(2), client(1)),
        (ChangeKind::Assigned, 80, address(3), client(2)),
        (ChangeKind::Declined, 90, address(3), client(2)),
        (ChangeKind::Assigned, 100, address(1), client(3)),
        (ChangeKind::Expired, 200, address(1), client(3)),
        (ChangeKind::Recovered, 590, address(3), client(2)),
    ];
    assert_eq!(changes(&mut leases), expected);
    assert!(leases.take_changes().is_empty());
}

#[test]
fn an_end_that_nobody_noticed_is_told_before_the_next_holder() {
    let mut leases = leases(1);
    leases.follow_changes();
    leases.grant(grant(1, address(1), 100), Timestamp(0)).unwrap();
    leases.grant(grant(2, address(1), 100), Timestamp(150)).unwrap();
    let expected = [
        (ChangeKind::Assigned, 0, address(1), client(1)),
        (ChangeKind::Expired, 100, address(1), client(1)),
        (ChangeKind::Assigned, 150, address(1), client(2)),
    ];
    assert_eq!(changes(&mut leases), expected);
}

#[test]
fn a_lease_knows_since_when_it_is_held_without_a_break() {
    let mut leases = leases(1);
    let since = |leases: &Leases4| leases.get(address(1)).unwrap().since().0;
    leases.grant(grant(1, address(1), 100), Timestamp(10)).unwrap();
    leases.grant(grant(1, address(1), 100), Timestamp(60)).unwrap();
    assert_eq!(since(&leases), 10);
    leases.grant(grant(1, address(1), 100), Timestamp(500)).unwrap();
    assert_eq!(since(&leases), 500, "it had expired in between");
}

#[test]
fn nothing_is_kept_while_nobody_follows() {
    let mut leases = leases(1);
    leases.grant(grant(1, address(1), 100), Timestamp(10)).unwrap();
    assert!(leases.take_changes().is_empty());
}

/// How many of the clients that have so many parts in 1,000 of a pool are given what they had after all was lost, when they
/// come in another order and ask for nothing: parts in 1,000.
fn given_again(load: u32) -> u32 {
    const SIZE: u32 = 10_000;
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    let pool = PoolRange4::new(SUBNET, first.into(), (first + SIZE - 1).into());
    let pool = pool.with_allocator(crate::Allocator::Identity);
    let count = SIZE * load / 1000;
    let given = |numbers: &mut dyn Iterator<Item = u32>| {
        let mut leases = Leases4::new(&[pool], 1000);
        let mut given = std::collections::BTreeMap::new();
        for number in numbers {
            let id = [&[0, 3, 0, 1, 2, 0][..], &number.to_be_bytes()].concat();
            let client = ClientIdentity::new(Some(&id), HardwareAddress::default()).unwrap();
            let address = leases.choose(&client, SUBNET, None, Timestamp(0)).unwrap();
            leases.grant(Grant4 { client, ..grant(1, address, 1000) }, Timestamp(0)).unwrap();
            given.insert(number, address);
        }
        given
    };
    let before = given(&mut (0..count));
    let after = given(&mut (0..count).rev());
    let same = before.iter().filter(|(number, address)| after.get(number) == Some(address)).count();
    u32::try_from(same).unwrap() * 1000 / count
}

#[test]
fn who_a_client_is_says_what_it_is_given_after_a_loss_of_everything() {
    let figures = [10, 100, 250, 500, 750, 900, 1000].map(|load| (load, given_again(load)));
    let at_least = [970, 890, 750, 540, 350, 250, 180];
    for ((load, same), at_least) in figures.into_iter().zip(at_least) {
        assert!(same >= at_least, "at {load}: {same}");
    }
}
