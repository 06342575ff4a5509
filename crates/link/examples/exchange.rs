//! What full exchanges of DHCPv4 over DHCPv6 cost without the kernel's part: from a received datagram to the bytes of its
//! answer, both halves in this process, leases in memory or in a log in a temporary directory.
//!
//! ```text
//! exchange dora|renew|discover COUNT [journal]
//! ```
//! Prints nanoseconds and allocations for each exchange. Under callgrind, with `--toggle-collect='*workload::served*'`, it
//! counts instructions.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring, and its only output")]

#[path = "../tests/workload/mod.rs"]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "it is to fail when it meets the unexpected")]
mod workload;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use workload::{Ask, BATCH, World, batch};

/// What was measured so far.
#[derive(Default)]
struct Measured {
    time: Duration,
    allocations: u64,
}

impl Measured {
    fn serve(&mut self, world: &mut World, batch: &[Vec<u8>]) {
        let begun = Instant::now();
        self.allocations += allocation_counter::measure(|| world.serve(batch)).count_total;
        self.time += begun.elapsed();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let what = args.get(1).map_or("dora", String::as_str);
    let count: u32 = args.get(2).map_or(100_000, |count| count.parse().unwrap());
    let mut world = World::new(args.get(3).is_some_and(|word| word == "journal"));
    let mut measured = Measured::default();
    let mut served = 0;
    for first in (1..=count).step_by(BATCH) {
        served += u32::try_from(BATCH).unwrap();
        let discovers = batch(first, &[Ipv4Addr::UNSPECIFIED; BATCH], |_| Ask::Discover);
        if what == "renew" {
            world.serve(&discovers);
            let requests = batch(first, &world.answers, Ask::Select);
            world.serve(&requests);
            let renewals = batch(first, &world.answers, Ask::Renew);
            measured.serve(&mut world, &renewals);
            continue;
        }
        measured.serve(&mut world, &discovers);
        if what != "discover" {
            let requests = batch(first, &world.answers, Ask::Select);
            measured.serve(&mut world, &requests);
        }
    }
    println!(
        "{what}: {} ns, {:.2} allocations for each of {served}; {} leases",
        (measured.time / served).as_nanos(),
        f64::from(u32::try_from(measured.allocations).unwrap()) / f64::from(served),
        world.store.lock().iter().count()
    );
}
