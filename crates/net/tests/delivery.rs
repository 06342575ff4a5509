//! What arrives: once each, with the addresses that it was sent from and to, whatever its size.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::collections::HashMap;
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fosix_net::{AddressBook, Poller, ReceiveBatch, SendBatch, UdpSocket6, Waker};
use fosix_tests::{Netns, PATIENCE};

const PORT: u16 = 5547;
const LINK_SCOPED: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const SITE_SCOPED: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 1, 3);

/// A server with two links to a client: `va` and `vb` at the server are `ca` and `cb` at the client.
fn network(label: &str) -> (Netns, Netns) {
    let server = Netns::new(&format!("{label}-server"));
    let client = Netns::new(&format!("{label}-client"));
    server.link("va", &client, "ca");
    server.link("vb", &client, "cb");
    server.add_address("va", "2001:db8:a::1/64");
    client.add_address("ca", "2001:db8:a::2/64");
    (server, client)
}

/// A datagram as its receiver saw it.
#[derive(Debug, PartialEq)]
struct Seen {
    bytes: Vec<u8>,
    source: SocketAddrV6,
    destination: Ipv6Addr,
    interface_index: u32,
}

/// Waits for the next datagrams on any of the sockets; empty when none comes within the bound.
fn receive(sockets: &[&UdpSocket6]) -> Vec<Seen> {
    receive_within(sockets, PATIENCE)
}

fn receive_within(sockets: &[&UdpSocket6], patience: Duration) -> Vec<Seen> {
    let mut poller = Poller::new().unwrap();
    for (socket, token) in sockets.iter().zip(0..) {
        poller.add_shared(socket, token).unwrap();
    }
    let ready = poller.wait(Some(patience)).unwrap().to_vec();
    let mut batch = ReceiveBatch::new(64);
    let mut seen = Vec::new();
    for token in ready {
        batch.receive(sockets[usize::try_from(token).unwrap()]).unwrap();
        seen.extend(batch.iter().map(|received| {
            assert!(!received.truncated);
            Seen {
                bytes: received.bytes.to_vec(),
                source: received.source,
                destination: received.destination,
                interface_index: received.interface_index,
            }
        }));
    }
    seen
}

#[test]
fn each_multicast_datagram_is_received_once_by_two_workers() {
    const COUNT: u32 = 1000;
    let (server, client) = network("once");
    let [va, vb] = ["va", "vb"].map(|interface| server.index(interface));
    let sockets = server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        let mut sockets = Vec::new();
        for interface in [va, vb] {
            for group in [LINK_SCOPED, SITE_SCOPED] {
                sockets.push(unicast.bind_multicast(group, interface).unwrap());
            }
        }
        sockets.push(unicast);
        sockets
    });

    let seen = Mutex::new(HashMap::<(u32, Ipv6Addr, u32), usize>::new());
    let received = AtomicUsize::new(0);
    let expected = 4 * COUNT as usize;
    let stop = Waker::new().unwrap();
    let worker = || {
        let mut poller = Poller::new().unwrap();
        for (socket, token) in sockets.iter().zip(0..) {
            poller.add_shared(socket, token).unwrap();
        }
        poller.add(&stop, u64::MAX).unwrap();
        let mut batch = ReceiveBatch::new(64);
        loop {
            let ready = poller.wait(Some(PATIENCE)).unwrap();
            assert!(!ready.is_empty(), "received {} of {expected}", received.load(Ordering::SeqCst));
            // Told to stop, with all that is expected received: what is there now is too much.
            if ready == [u64::MAX] {
                return;
            }
            for token in ready.iter().filter(|token| **token != u64::MAX) {
                let count = batch.receive(&sockets[usize::try_from(*token).unwrap()]).unwrap();
                let mut seen = seen.lock().unwrap();
                for datagram in batch.iter() {
                    let number = u32::from_be_bytes(datagram.bytes.try_into().unwrap());
                    *seen.entry((number, datagram.destination, datagram.interface_index)).or_default() += 1;
                }
                if received.fetch_add(count, Ordering::SeqCst) + count >= expected {
                    stop.wake();
                }
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
        client.run(|| {
            let socket = UdpSocket6::bind_unicast(0).unwrap();
            let mut batch = SendBatch::new(64);
            for number in 0..COUNT {
                for interface in ["ca", "cb"].map(|interface| client.index(interface)) {
                    for group in [LINK_SCOPED, SITE_SCOPED] {
                        let destination = SocketAddrV6::new(group, PORT, 0, 0);
                        batch.push(&number.to_be_bytes(), destination, None, interface);
                    }
                }
                if batch.is_full() {
                    assert_eq!(batch.send(&socket).failed(), 0);
                }
            }
            assert_eq!(batch.send(&socket).failed(), 0);
        });
    });

    let seen = seen.into_inner().unwrap();
    assert_eq!(seen.len(), expected);
    assert!(seen.values().all(|times| *times == 1), "some datagrams were received more than once");
    for interface in [va, vb] {
        for group in [LINK_SCOPED, SITE_SCOPED] {
            assert!((0..COUNT).all(|number| seen.contains_key(&(number, group, interface))));
        }
    }
}

#[test]
fn unicast_to_an_address_that_was_added_later_is_received_and_known() {
    let (server, client) = network("later");
    let (socket, book) =
        server.run(|| (UdpSocket6::bind_unicast(PORT).unwrap(), AddressBook::new().unwrap()));
    let address: Ipv6Addr = "2001:db8:a::77".parse().unwrap();
    let (va, vb) = (server.index("va"), server.index("vb"));

    server.add_address("va", "2001:db8:a::77/64");
    client.run(|| UdpSocket::bind("[::]:0").unwrap().send_to(b"later", (address, PORT)).unwrap());
    let seen = receive(&[&socket]);
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].destination, seen[0].interface_index), (address, va));
    server.run(|| {
        // Told of a change: no need to wait until the rate allows another look.
        book.refresh().unwrap();
        assert!(book.has_address("va", address) && book.has_address_at(va, address));
        assert!(!book.has_address("vb", address) && !book.has_address_at(vb, address));
        assert_eq!(book.name_of(va).as_deref(), Some("va"));
    });
}

#[test]
fn addresses_and_interface_are_those_of_the_datagram() {
    let (server, client) = network("addresses");
    let (va, ca) = (server.index("va"), client.index("ca"));
    let (unicast, multicast) = server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        let multicast = unicast.bind_multicast(LINK_SCOPED, va).unwrap();
        (unicast, multicast)
    });
    let client_link_local = client.link_local("ca");
    let server_link_local = server.link_local("va");
    let client_global: Ipv6Addr = "2001:db8:a::2".parse().unwrap();
    let server_global: Ipv6Addr = "2001:db8:a::1".parse().unwrap();
    let sender = client.run(|| UdpSocket6::bind_unicast(0).unwrap());
    let port = sender.local_port().unwrap();

    for (destination, source) in [
        (LINK_SCOPED, client_link_local),
        (LINK_SCOPED, client_global),
        (server_link_local, client_link_local),
        (server_global, client_global),
        (server_global, client_link_local),
    ] {
        let mut batch = SendBatch::new(1);
        batch.push(b"x", SocketAddrV6::new(destination, PORT, 0, 0), Some(source), ca);
        assert_eq!(batch.send(&sender).sent, 1);
        let scope = if source.is_unicast_link_local() { va } else { 0 };
        let expected = Seen {
            bytes: b"x".to_vec(),
            source: SocketAddrV6::new(source, port, 0, scope),
            destination,
            interface_index: va,
        };
        assert_eq!(receive(&[&unicast, &multicast]), [expected], "{source} to {destination}");
    }
}

#[test]
fn a_datagram_of_60_000_bytes_goes_both_ways() {
    let (server, client) = network("large");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    let sender = client.run(|| UdpSocket6::bind_unicast(0).unwrap());
    let bytes: Vec<u8> = (0..60_000u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
    let mut batch = SendBatch::new(1);
    batch.push(&bytes, "[2001:db8:a::1]:5547".parse().unwrap(), None, 0);
    assert_eq!(batch.send(&sender).sent, 1);
    let seen = receive(&[&socket]);
    assert_eq!(seen.len(), 1);
    assert!(seen[0].bytes == bytes);

    batch.push(&seen[0].bytes, seen[0].source, Some(seen[0].destination), seen[0].interface_index);
    assert_eq!(batch.send(&socket).sent, 1);
    let seen = receive(&[&sender]);
    assert_eq!((seen.len(), seen[0].source), (1, "[2001:db8:a::1]:5547".parse().unwrap()));
    assert!(seen[0].bytes == bytes);
}

#[test]
fn an_empty_datagram_is_a_datagram() {
    let (server, client) = network("empty");
    let socket = server.run(|| UdpSocket6::bind_unicast(PORT).unwrap());
    client.run(|| UdpSocket::bind("[::]:0").unwrap().send_to(b"", "[2001:db8:a::1]:5547").unwrap());
    let seen = receive(&[&socket]);
    assert_eq!((seen.len(), seen[0].bytes.len()), (1, 0));
}

#[test]
fn what_others_on_the_machine_join_is_not_received() {
    let (server, client) = network("others");
    let (va, vb) = (server.index("va"), server.index("vb"));
    let (unicast, multicast, _other) = server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        let multicast = unicast.bind_multicast(LINK_SCOPED, va).unwrap();
        let other = UdpSocket::bind("[::]:0").unwrap();
        other.join_multicast_v6(&LINK_SCOPED, vb).unwrap();
        other.join_multicast_v6(&SITE_SCOPED, va).unwrap();
        (unicast, multicast, other)
    });
    let sender = client.run(|| UdpSocket6::bind_unicast(0).unwrap());
    let mut batch = SendBatch::new(3);
    batch.push(b"other interface", SocketAddrV6::new(LINK_SCOPED, PORT, 0, 0), None, client.index("cb"));
    batch.push(b"other group", SocketAddrV6::new(SITE_SCOPED, PORT, 0, 0), None, client.index("ca"));
    batch.push(b"ours", SocketAddrV6::new(LINK_SCOPED, PORT, 0, 0), None, client.index("ca"));
    assert_eq!(batch.send(&sender).sent, 3);
    let seen = receive(&[&unicast, &multicast]);
    assert_eq!(seen.iter().map(|seen| seen.bytes.as_slice()).collect::<Vec<_>>(), [b"ours"]);
    assert_eq!(receive_within(&[&unicast, &multicast], Duration::ZERO), []);
}
