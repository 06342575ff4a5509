//! What a datagram costs in batches of several sizes, over the loopback: sent, received, and both.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark; criterion's macros make undocumented items"
)]

use std::hint::black_box;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fosix_net::{ReceiveBatch, SendBatch, UdpSocket6};

/// A DHCPV4-QUERY with a DHCPDISCOVER inside is about as long.
const PAYLOAD: [u8; 300] = [7; 300];

fn batches(c: &mut Criterion) {
    let sender = UdpSocket6::bind_unicast(0).unwrap();
    let receiver = UdpSocket6::bind_unicast(0).unwrap();
    let destination = SocketAddrV6::new(Ipv6Addr::LOCALHOST, receiver.local_port().unwrap(), 0, 0);
    let mut outgoing = SendBatch::new(64);
    let mut incoming = ReceiveBatch::new(64);

    // Sends `size` datagrams and receives them; the time that each half took.
    let mut round = |size: u64| {
        let start = Instant::now();
        for _ in 0..size {
            outgoing.push(&PAYLOAD, destination, Some(Ipv6Addr::LOCALHOST), 0);
        }
        assert_eq!(outgoing.send(&sender).failed(), 0);
        let sent = Instant::now();
        let mut left = size;
        while left > 0 {
            incoming.receive(&receiver).unwrap();
            for received in incoming.iter() {
                // A server reads all of it.
                black_box(received.bytes.iter().fold(received.interface_index, |sum, b| sum + u32::from(*b)));
                left -= 1;
            }
        }
        (sent - start, sent.elapsed())
    };

    for size in [1, 8, 32, 64] {
        let mut group = c.benchmark_group(format!("batch of {size}"));
        group.throughput(Throughput::Elements(size));
        let mut measure = |name: &str, part: fn((Duration, Duration)) -> Duration| {
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|rounds| (0..rounds).map(|_| part(round(size))).sum());
            });
        };
        measure("send", |(send, _)| send);
        measure("receive", |(_, receive)| receive);
        group.finish();
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
