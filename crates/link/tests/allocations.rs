//! In the steady state no packet allocates: counted over both halves and the link between them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod workload;

use std::net::Ipv4Addr;

use workload::{Ask, BATCH, World, batch};

/// Serves a batch and says how often that allocated.
fn allocations(world: &mut World, batch: &[Vec<u8>]) -> u64 {
    allocation_counter::measure(|| world.serve(batch)).count_total
}

fn dora(world: &mut World, first: u32) -> u64 {
    let discovers = batch(first, &[Ipv4Addr::UNSPECIFIED; BATCH], |_| Ask::Discover);
    let offers = allocations(world, &discovers);
    let requests = batch(first, &world.answers, Ask::Select);
    offers + allocations(world, &requests)
}

#[test]
fn known_clients_cause_no_allocation() {
    let mut world = World::new(false);
    dora(&mut world, 1);
    // Buffers have their size now.
    dora(&mut world, 1);
    assert_eq!(dora(&mut world, 1), 0, "from a DHCPDISCOVER on");
    let renewals = batch(1, &world.answers, Ask::Renew);
    assert_eq!(allocations(&mut world, &renewals), 0, "renewals");
}

#[test]
fn new_clients_cause_allocations_only_as_tables_grow() {
    let mut world = World::new(false);
    let step = u32::try_from(BATCH).unwrap();
    for first in (1..20_000).step_by(BATCH) {
        dora(&mut world, first);
    }
    let of_batches: Vec<u64> = (20_033..40_000).step_by(BATCH).map(|first| dora(&mut world, first)).collect();
    let total: u64 = of_batches.iter().sum();
    let exchanges = u64::from(step) * u64::try_from(of_batches.len()).unwrap();
    assert!(total * 4 < exchanges, "{total} for {exchanges} clients");
    assert_eq!(world.store.lock().iter().count(), 40_000, "each has a lease of its own");
    assert!(of_batches.contains(&0), "most batches cause none: {of_batches:?}");
}
