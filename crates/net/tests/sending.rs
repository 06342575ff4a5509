//! What is sent: from the address and interface that was asked for, and whatever becomes of its neighbours.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::time::Instant;

use fosix_net::{SendBatch, UdpSocket6};
use fosix_tests::{Netns, PATIENCE};

const PORT: u16 = 5547;

fn network(label: &str) -> (Netns, Netns) {
    let server = Netns::new(&format!("{label}-server"));
    let client = Netns::new(&format!("{label}-client"));
    server.link("vs", &client, "vc");
    server.add_address("vs", "2001:db8::1/64");
    server.add_address("vs", "2001:db8::1:1/64");
    client.add_address("vc", "2001:db8::2/64");
    (server, client)
}

/// A socket of the standard library at the client, as an independent witness.
fn witness(client: &Netns) -> (UdpSocket, u16) {
    let socket = client.run(|| UdpSocket::bind("[::]:0").unwrap());
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[test]
fn the_source_address_is_the_one_that_was_asked_for() {
    let (server, client) = network("source");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let (witness, port) = witness(&client);
    let (vs, vc) = (server.index("vs"), client.index("vc"));
    let server_link_local = server.link_local("vs");
    let client_link_local = client.link_local("vc");
    let client_global: Ipv6Addr = "2001:db8::2".parse().unwrap();
    let first: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let second: Ipv6Addr = "2001:db8::1:1".parse().unwrap();

    for (destination, source) in [
        (client_global, first),
        (client_global, second),
        (client_global, server_link_local),
        (client_link_local, server_link_local),
        (client_link_local, first),
        (client_link_local, second),
    ] {
        let mut batch = SendBatch::new(1);
        batch.push(b"x", SocketAddrV6::new(destination, port, 0, 0), Some(source), vs);
        let report = batch.send(&socket);
        assert_eq!((report.sent, report.failed()), (1, 0), "{source} to {destination}");
        let scope = if source.is_unicast_link_local() { vc } else { 0 };
        let (_, from) = witness.recv_from(&mut [0; 10]).unwrap();
        assert_eq!(from, SocketAddrV6::new(source, PORT, 0, scope).into(), "{source} to {destination}");
    }
}

#[test]
fn datagrams_that_cannot_be_sent_do_not_stop_the_others() {
    let (server, client) = network("errors");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let (witness, port) = witness(&client);
    let good = SocketAddrV6::new("2001:db8::2".parse().unwrap(), port, 0, 0);
    let unreachable = SocketAddrV6::new("2001:db8:ffff::1".parse().unwrap(), port, 0, 0);
    let link_local = SocketAddrV6::new(client.link_local("vc"), port, 0, 0);
    let foreign: Ipv6Addr = "2001:db8::9".parse().unwrap();
    let too_long = vec![0; 65_535];
    let no_interface = 9999;

    let mut batch = SendBatch::new(64);
    batch.push(&[0], unreachable, None, 0);
    for number in 1..=100 {
        batch.push(&[number], good, None, 0);
        if number % 10 == 0 {
            batch.push(&[0], unreachable, None, 0);
            batch.push(&[0], good, Some(foreign), 0);
            batch.push(&too_long, good, None, 0);
            batch.push(&[0], link_local, None, no_interface);
        }
    }
    let report = batch.send(&socket);
    assert_eq!((report.sent, report.failed()), (100, 41));
    assert!(batch.is_empty());
    let count =
        |errno| report.failures.iter().find(|failure| failure.errno == errno).map(|failure| failure.count);
    let by_cause = [libc::ENETUNREACH, libc::EINVAL, libc::EMSGSIZE, libc::ENODEV].map(count);
    assert_eq!(by_cause, [Some(11), Some(10), Some(10), Some(10)], "{:?}", report.failures);
    assert_eq!(report.failures[0].first_destination, unreachable);
    for number in 1..=100 {
        let mut buffer = [0; 10];
        let (length, _) = witness.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[..length], [number]);
    }
}

#[test]
fn datagrams_of_any_lengths_to_one_place_arrive_whole_and_in_order() {
    let (server, client) = network("lengths");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let witnesses = [witness(&client), witness(&client)];
    let source: Ipv6Addr = "2001:db8::1:1".parse().unwrap();
    // Longer and shorter ones behind such of one length, more of one length than the kernel takes together, none at all, and what
    // no link takes undivided.
    let runs =
        [(300, 66), (299, 1), (300, 3), (301, 2), (0, 2), (1, 66), (1232, 8), (1233, 2), (4000, 1), (300, 1)];
    let lengths = || runs.iter().flat_map(|&(length, count)| std::iter::repeat_n(length, count)).enumerate();
    let bytes = |number: usize, length: usize| -> Vec<u8> {
        (0..length).map(|at| u8::try_from((number * 7 + at) % 251).unwrap()).collect()
    };
    for alternate in [false, true] {
        let to = |number: usize| usize::from(alternate && number % 5 == 4);
        let mut batch = SendBatch::new(64);
        for (number, length) in lengths() {
            let place = SocketAddrV6::new("2001:db8::2".parse().unwrap(), witnesses[to(number)].1, 0, 0);
            batch.push(&bytes(number, length), place, Some(source), 0);
        }
        assert_eq!(batch.len(), lengths().count());
        let report = batch.send(&socket);
        assert_eq!((report.sent, report.failed()), (lengths().count(), 0), "{:?}", report.failures);
        assert!(batch.is_empty());
        for (number, length) in lengths() {
            let mut buffer = [0; 5000];
            let (received, from) = witnesses[to(number)]
                .0
                .recv_from(&mut buffer)
                .unwrap_or_else(|error| panic!("datagram {number}, {alternate}: {error}"));
            assert_eq!(buffer[..received], bytes(number, length), "datagram {number}");
            assert_eq!(from, SocketAddrV6::new(source, PORT, 0, 0).into());
        }
    }
}

#[test]
fn each_datagram_to_a_place_that_cannot_be_reached_is_counted() {
    let (server, client) = network("each");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let (witness, port) = witness(&client);
    let unreachable = SocketAddrV6::new("2001:db8:ffff::1".parse().unwrap(), port, 0, 0);
    let good = SocketAddrV6::new("2001:db8::2".parse().unwrap(), port, 0, 0);
    let mut batch = SendBatch::new(64);
    for number in 0..40 {
        batch.push(&[number], if number < 20 { unreachable } else { good }, None, 0);
    }
    let report = batch.send(&socket);
    assert_eq!((report.sent, report.failed()), (20, 20));
    assert_eq!((report.failures[0].errno, report.failures[0].count), (libc::ENETUNREACH, 20));
    for number in 20..40 {
        let mut buffer = [0; 10];
        let (length, _) = witness.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[..length], [number]);
    }
}

#[test]
fn a_socket_that_stays_full_is_given_up_on() {
    let (server, client) = network("full");
    // Lets through next to nothing, and keeps what waits, so that the socket's send buffer fills.
    fosix_tests::run_to_end(
        server
            .command("tc")
            .args(["qdisc", "add", "dev", "vs", "root", "tbf"])
            .args(["rate", "8kbit", "burst", "2kb", "limit", "100mb"]),
    );
    let (_witness, port) = witness(&client);
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let destination = SocketAddrV6::new("2001:db8::2".parse().unwrap(), port, 0, 0);
    let mut batch = SendBatch::new(64);
    for _ in 0..5000 {
        batch.push(&[0; 1000], destination, None, 0);
    }
    let start = Instant::now();
    let report = batch.send(&socket);
    assert!(start.elapsed() < PATIENCE);
    assert!(report.sent > 0);
    assert_eq!(report.sent + report.failed(), 5000);
    assert_eq!(report.failures[0].errno, libc::EAGAIN, "{:?}", report.failures);
}
