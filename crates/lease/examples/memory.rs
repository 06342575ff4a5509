//! What a DHCPv4 lease costs: bytes in memory, time for a grant and a renewal, the longest single one, and the time to
//! read all of them back.
//!
//! `cargo run --release -p fosix-lease --example memory [LEASES] [RELAYS]`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it is run by hand, and reports")]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use fosix_lease::{ClientIdentity, Grant4, HardwareAddress, Leases4, PoolRange4, RelayHop, Timestamp};

const SUBNET: u32 = 1;
const START: u64 = 1_800_000_000;
const FIRST: u32 = 0x0a00_0000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>().unwrap());
    let count = arguments.next().unwrap_or(1_000_000);
    let relays = arguments.next().unwrap_or(0);
    let last = Ipv4Addr::from(FIRST + count - 1);
    let pool = PoolRange4::new(SUBNET, FIRST.into(), last);

    let before = resident();
    let (mut leases, took) = timed(|| Leases4::new(&[pool], 10_000));
    println!("empty: {} KiB, made in {took:?}", (resident() - before) / 1024);

    let mut all = Times::default();
    for number in 0..count {
        let client = client(number);
        let grant = grant(number, relays);
        let now = Timestamp(START + u64::from(number) / 1000);
        let (chosen, choosing) = timed(|| leases.choose(&client, SUBNET, None, now).unwrap());
        let (result, granting) = timed(|| leases.grant(Grant4 { address: chosen, ..grant }, now));
        result.unwrap();
        all.add(choosing + granting);
    }
    all.tell("choose and grant");
    let bytes = resident() - before;
    println!("{count} leases: {} MiB resident, {} bytes a lease", bytes >> 20, bytes / u64::from(count));

    let now = Timestamp(START + u64::from(count) / 1000 + 100);
    let mut all = Times::default();
    for step in 0..count.min(2_000_000) {
        // Here and there, as clients come.
        let number = step.wrapping_mul(2_654_435_761) % count;
        let client = client(number);
        let grant = grant(number, relays);
        let (result, took) = timed(|| {
            let address = leases.held_by(&client, SUBNET, now).unwrap().address();
            leases.grant(Grant4 { address, ..grant }, now)
        });
        result.unwrap();
        all.add(took);
    }
    all.tell("look up and renew");

    let stranger = ClientIdentity::Identifier([7; 9][..].into());
    let (none, took) = timed(|| leases.choose(&stranger, SUBNET, None, now));
    println!("a full pool: {none:?} in {took:?}");
    let gone = client(count / 3);
    let address = leases.held_by(&gone, SUBNET, now).unwrap().address();
    assert!(leases.release(address, &gone, now));
    let (found, took) = timed(|| leases.choose(&stranger, SUBNET, None, now));
    assert_eq!(found, Some(address));
    println!("the one free address: {took:?}");

    let mut records: Vec<u8> = Vec::with_capacity(usize::try_from(u64::from(count) * 120).unwrap());
    let (mut cursor, mut slices) = (Some(0), Times::default());
    while let Some(from) = cursor {
        let (next, took) = timed(|| {
            leases.slice(from, 1024, &mut |lease| {
                records.extend_from_slice(&u16::try_from(lease.body.len()).unwrap().to_le_bytes());
                records.extend_from_slice(&lease.sequence.to_le_bytes());
                records.extend_from_slice(lease.body);
            })
        });
        slices.add(took);
        cursor = next;
    }
    slices.tell("slices of 1024 for a snapshot");
    drop(leases);

    let before = resident();
    let mut leases = Leases4::new(&[pool], 10_000);
    leases.reserve(usize::try_from(count).unwrap());
    let started = thread_time();
    let mut rest = &records[..];
    while let Some((len, behind)) = rest.split_first_chunk() {
        let (sequence, behind) = behind.split_first_chunk().unwrap();
        let (body, behind) = behind.split_at(usize::from(u16::from_le_bytes(*len)));
        leases.replay_put(body, u64::from_le_bytes(*sequence)).unwrap();
        rest = behind;
    }
    let read = thread_time().saturating_sub(started);
    let violations = leases.finish_replay(now).len();
    println!(
        "replayed in {read:?} + {:?}, {violations} violations, {} bytes a lease",
        thread_time().saturating_sub(started + read),
        (resident().saturating_sub(before)) / u64::from(count)
    );
    drop(leases);

    // At the end: memory that it gives back would be taken again without being seen above.
    let mut few = None;
    let thousands = count.min(1_000_000);
    let counted = allocation_counter::measure(|| {
        let mut leases = Leases4::new(&[pool], 10_000);
        for number in 0..thousands {
            let address = (FIRST + number).into();
            leases.grant(Grant4 { address, ..grant(number, relays) }, Timestamp(START)).unwrap();
        }
        few = Some(leases);
    });
    println!("{thousands} leases: {} bytes a lease allocated", counted.bytes_current / i64::from(thousands));
    drop(few);
}

/// Clients with an identifier of 18 bytes, as RFC 4361 has it: 0xff, IAID, and a DUID-LL with time.
fn client(number: u32) -> ClientIdentity {
    let mut id = [0xff; 18];
    id[14..].copy_from_slice(&number.to_be_bytes());
    ClientIdentity::Identifier(id[..].into())
}

fn grant(number: u32, relays: u32) -> Grant4 {
    let [a, b, c, d] = number.to_be_bytes();
    let source = Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(number) << 64);
    let hop = RelayHop {
        link_address: source,
        interface_id: b"vlan-100".as_slice().into(),
        remote_id: Box::default(),
    };
    Grant4 {
        classes: Box::default(),
        address: Ipv4Addr::UNSPECIFIED,
        client: client(number),
        hardware: HardwareAddress::new(1, &[2, 0, a, b, c, d]).unwrap(),
        source,
        softwire: Some(source),
        relay_path: (0..relays).map(|_| hop.clone()).collect(),
        subnet: SUBNET,
        hostname: Box::default(),
        valid_lifetime: 86_400,
    }
}

#[derive(Default)]
struct Times {
    count: u32,
    total: Duration,
    /// With the number of the operation.
    longest: Vec<(Duration, u32)>,
}

impl Times {
    fn add(&mut self, one: Duration) {
        self.count += 1;
        self.total += one;
        self.longest.push((one, self.count));
        if self.longest.len() >= 10_000 {
            self.keep_longest();
        }
    }

    fn keep_longest(&mut self) {
        self.longest.sort_unstable_by(|a, b| b.cmp(a));
        self.longest.truncate(20);
    }

    fn tell(mut self, what: &str) {
        self.keep_longest();
        let average = self.total / self.count.max(1);
        println!("{what}: {average:?} each, the longest {:?}", self.longest.get(..8).unwrap_or_default());
    }
}

/// With the CPU time that it took: on a busy machine the wall clock tells of others.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = thread_time();
    let result = work();
    (result, thread_time().saturating_sub(start))
}

fn thread_time() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap()
}

/// Resident bytes of this process.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
