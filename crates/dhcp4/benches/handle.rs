//! What serving one query costs: a client that renews its lease, direct and relayed twice.

#[path = "../tests/world/mod.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the tests need more of it, and are to fail when they meet the unexpected"
)]
mod world;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fosix_dhcp4::{Outcome4, Query};

use world::{Ask, SOURCE, World};

fn renew(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dhcp4");
    let relays: [(&str, &[(&str, &str)]); 2] =
        [("direct", &[]), ("relayed twice", &[("2001:db8:1::1", "vlan7"), ("2001:db8:2::1", "")])];
    for (name, relays) in relays {
        let mut world = World::new();
        let address = world.bind(1);
        let query = World::query(&Ask::renewing(1, address), relays);
        group.bench_function(format!("renew, {name}"), |bencher| {
            bencher.iter(|| {
                world.out.clear();
                let query = Query { message: black_box(&query), source: SOURCE, interface: "vs" };
                let outcome = world.serve_query(&query);
                assert!(matches!(outcome, Outcome4::Answered(_)));
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(4));
    targets = renew
}
criterion_main!(benches);
