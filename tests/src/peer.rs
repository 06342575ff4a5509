//! A client's or relay's socket.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::thread;
use std::time::Instant;

use crate::{Netns, PATIENCE};

/// A UDP socket over IPv6 in a namespace, of the standard library: an independent witness of what the server sends.
#[derive(Debug)]
pub struct Peer {
    socket: UdpSocket,
}

/// A datagram that a [`Peer`] received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// What was in it.
    pub bytes: Vec<u8>,
    /// Who sent it.
    pub source: SocketAddrV6,
}

impl Peer {
    /// Binds `[::]:port`; port 0 is any that is free.
    pub fn bind(netns: &Netns, port: u16) -> Self {
        Self::bind_to(netns, SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0))
    }

    /// Binds an address, which everything that is sent comes from.
    pub fn bind_to(netns: &Netns, address: SocketAddrV6) -> Self {
        let end = Instant::now() + PATIENCE;
        let socket = loop {
            match netns.run(|| UdpSocket::bind(address)) {
                Ok(socket) => break socket,
                // A program that another test of this process is about to start has a copy of every socket, also of
                // one that was closed meanwhile, until it begins.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                    thread::yield_now();
                }
                Err(error) => panic!("cannot bind {address} in {}: {error}", netns.name()),
            }
        };
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout that can be set");
        Self { socket }
    }

    /// The port that it is bound to.
    pub fn port(&self) -> u16 {
        self.socket.local_addr().expect("a bound socket").port()
    }

    /// Sends to an address; the scope id of a link-local or multicast one is the interface's index.
    pub fn send(&self, bytes: &[u8], destination: SocketAddrV6) {
        self.socket
            .send_to(bytes, destination)
            .unwrap_or_else(|error| panic!("cannot send {} bytes to {destination}: {error}", bytes.len()));
    }

    /// The next datagram; fails if none comes.
    pub fn receive(&self) -> Datagram {
        self.receive_into().unwrap_or_else(|error| panic!("no datagram came: {error}"))
    }

    /// A datagram that has come already.
    pub fn receive_now(&self) -> Option<Datagram> {
        self.socket.set_nonblocking(true).expect("a socket that need not block");
        let datagram = self.receive_into();
        self.socket.set_nonblocking(false).expect("a socket that can block");
        match datagram {
            Ok(datagram) => Some(datagram),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("cannot receive: {error}"),
        }
    }

    /// Sends, and receives the next datagram.
    pub fn exchange(&self, bytes: &[u8], destination: SocketAddrV6) -> Datagram {
        self.send(bytes, destination);
        self.receive()
    }

    fn receive_into(&self) -> io::Result<Datagram> {
        let mut bytes = vec![0; 65_535];
        let (length, source) = self.socket.recv_from(&mut bytes)?;
        bytes.truncate(length);
        let SocketAddr::V6(source) = source else { panic!("{source} sent to an IPv6 socket") };
        Ok(Datagram { bytes, source })
    }
}

impl Datagram {
    /// The address of the sender.
    pub fn address(&self) -> IpAddr {
        IpAddr::V6(*self.source.ip())
    }
}
