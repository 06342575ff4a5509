//! Sockets and interfaces that come and go while a server runs.

use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};

use fosix_net::{AddressBook, BindError, InterfaceWatch, Poller, ReceiveBatch, SendBatch, UdpSocket6};
use fosix_tests::{Netns, PATIENCE};

const PORT: u16 = 5547;
const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const SITE_GROUP: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 1, 3);

#[test]
fn a_second_server_on_the_port_is_refused() {
    let server = Netns::new("second");
    let peer = Netns::new("second-peer");
    server.link("vs", &peer, "vp");
    let vs = server.index("vs");
    server.run(|| {
        let refused = || match UdpSocket6::bind_unicast(PORT) {
            Err(BindError::InUse { address }) => assert_eq!(address.port(), PORT),
            other => panic!("{other:?}"),
        };
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        refused();
        let multicast = [GROUP, SITE_GROUP].map(|group| unicast.bind_multicast(group, vs).unwrap());
        refused();
        drop(unicast);
        // What is left of a server keeps others away too.
        refused();
        drop(multicast);
    });
}

#[test]
fn foreign_sockets_cannot_share_the_port_with_a_server() {
    let server = Netns::new("foreign");
    let peer = Netns::new("foreign-peer");
    server.link("vs", &peer, "vp");
    let vs = server.index("vs");
    server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        let _multicast = unicast.bind_multicast(GROUP, vs).unwrap();
        for address in [Ipv6Addr::UNSPECIFIED, Ipv6Addr::LOCALHOST, GROUP] {
            let foreign = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::DGRAM, None).unwrap();
            foreign.set_only_v6(true).unwrap();
            foreign.set_reuse_address(true).unwrap();
            let address = SocketAddrV6::new(address, PORT, 0, if address == GROUP { vs } else { 0 });
            let error = foreign.bind(&address.into()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EADDRINUSE), "{address}");
        }
    });
}

#[test]
fn a_server_finds_the_port_taken_by_a_socket_on_one_address() {
    let server = Netns::new("taken");
    server.run(|| {
        let _other = UdpSocket::bind((Ipv6Addr::LOCALHOST, PORT)).unwrap();
        let error = UdpSocket6::bind_unicast(PORT).unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }));
        assert_eq!(
            error.to_string(),
            "UDP port 5547 is in use: another DHCP server, relay or client runs on this machine \
             (`ss -ulnp sport = :5547` shows it)"
        );
    });
}

#[test]
fn an_interface_that_is_not_there_is_named_in_the_error() {
    let server = Netns::new("absent");
    server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        for index in [0, 9999] {
            for group in [GROUP, SITE_GROUP] {
                let error = unicast.bind_multicast(group, index).unwrap_err();
                assert_eq!(error.to_string(), format!("no interface has index {index}"));
            }
        }
    });
}

#[test]
fn an_interface_that_goes_and_comes_back_does_not_stop_a_worker() {
    const UNICAST: u64 = 1;
    const MULTICAST: u64 = 2;
    let server = Netns::new("vanish-server");
    let client = Netns::new("vanish-client");
    server.link("vs", &client, "vc");
    server.link("wt", &client, "wc");
    server.add_address("wt", "2001:db8:2::1/64");
    client.add_address("wc", "2001:db8:2::2/64");
    let old_index = server.index("vs");
    let (unicast, multicast, watch, book) = server.run(|| {
        let unicast = UdpSocket6::bind_unicast(PORT).unwrap();
        let multicast = unicast.bind_multicast(GROUP, old_index).unwrap();
        (unicast, multicast, InterfaceWatch::new().unwrap(), AddressBook::new().unwrap())
    });
    let mut poller = Poller::new().unwrap();
    poller.add_shared(&unicast, UNICAST).unwrap();
    poller.add_shared(&multicast, MULTICAST).unwrap();
    let mut batch = ReceiveBatch::new(64);
    let peer = client.link_local("vc");
    let server_link_local = server.link_local("vs");

    assert!(!watch.changed().unwrap());
    server.delete("vs");
    assert!(watch.changed().unwrap());
    // Inside: what the book does not know it asks the system of the calling thread.
    server.run(|| {
        book.refresh().unwrap();
        assert_eq!((book.name_of(old_index), book.interfaces().by_name("vs")), (None, None));
    });

    // Nothing hangs or is reported without end, and answers that were on their way fail alone.
    for socket in [&unicast, &multicast] {
        let _ = batch.receive(socket);
        assert_eq!(batch.receive(socket).unwrap(), 0);
    }
    assert_eq!(poller.wait(Some(std::time::Duration::ZERO)).unwrap(), [] as [u64; 0]);
    let witness = client.run(|| UdpSocket::bind("[::]:0").unwrap());
    witness.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = witness.local_addr().unwrap().port();
    let other = SocketAddrV6::new("2001:db8:2::2".parse().unwrap(), port, 0, 0);
    let mut answers = SendBatch::new(64);
    answers.push(b"lost", SocketAddrV6::new(peer, port, 0, old_index), Some(server_link_local), old_index);
    answers.push(b"goes", other, None, 0);
    let report = answers.send(&unicast);
    assert_eq!((report.sent, report.failed()), (1, 1), "{report:?}");
    assert_eq!(report.failures[0].errno, libc::ENODEV);
    assert_eq!(witness.recv_from(&mut [0; 10]).unwrap().0, 4);

    // It comes back under its name with another index: the new socket serves it beside the old.
    server.link("vs", &client, "vc");
    assert!(watch.changed().unwrap());
    let new_index = server.run(|| {
        book.refresh().unwrap();
        book.index_of("vs").unwrap()
    });
    assert_ne!(new_index, old_index);
    let again = server.run(|| unicast.bind_multicast(GROUP, new_index).unwrap());
    poller.add_shared(&again, MULTICAST + 1).unwrap();
    client.run(|| {
        let socket = UdpSocket6::bind_unicast(0).unwrap();
        let mut batch = SendBatch::new(1);
        batch.push(b"back", SocketAddrV6::new(GROUP, PORT, 0, 0), None, client.index("vc"));
        assert_eq!(batch.send(&socket).sent, 1);
    });
    assert_eq!(poller.wait(Some(PATIENCE)).unwrap(), [MULTICAST + 1]);
    assert_eq!(batch.receive(&again).unwrap(), 1);
    assert_eq!(batch.iter().next().unwrap().interface_index, new_index);
}

#[test]
fn a_watch_tells_of_addresses_that_come_and_go() {
    let server = Netns::new("watch");
    let peer = Netns::new("watch-peer");
    server.link("vs", &peer, "vp");
    let (watch, book) = server.run(|| (InterfaceWatch::new().unwrap(), AddressBook::new().unwrap()));
    let mut poller = Poller::new().unwrap();
    poller.add(&watch, 1).unwrap();
    let address: Ipv6Addr = "2001:db8::5".parse().unwrap();
    assert!(!watch.changed().unwrap());

    for (present, change) in
        [(true, Netns::add_address as fn(&Netns, &str, &str)), (false, Netns::remove_address)]
    {
        change(&server, "vs", "2001:db8::5/64");
        assert_eq!(poller.wait(Some(PATIENCE)).unwrap(), [1]);
        assert!(watch.changed().unwrap());
        let seen = server.run(|| book.refresh().unwrap());
        assert_eq!(seen.by_name("vs").unwrap().has(address), present);
    }
}
