//! The socket of a client, or of the relay agent that it plays.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail};
use fosix_net::{Interfaces, Poller};
use socket2::{Domain, Protocol, Socket, Type};

/// The largest datagram that UDP can carry.
const MAX_DATAGRAM: usize = 65_535;
/// Room for the answers to many clients at once.
const RECEIVE_BUFFER: usize = 8 << 20;

/// A UDP socket with the interface it speaks on.
pub(super) struct Channel {
    socket: UdpSocket,
    poller: Poller,
    scope: Option<Scope>,
    port: u16,
    buffer: Vec<u8>,
}

/// An interface of this machine.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) name: String,
    pub(super) index: u32,
    pub(super) link_local: Option<Ipv6Addr>,
    /// The Ethernet address, when it has one.
    pub(super) mac: Option<[u8; 6]>,
}

impl Scope {
    pub(super) fn of(name: &str) -> anyhow::Result<Self> {
        let interfaces = Interfaces::snapshot().context("cannot list the network interfaces")?;
        let Some(interface) = interfaces.by_name(name) else {
            let names: Vec<_> = interfaces.iter().map(|interface| interface.name.to_string()).collect();
            bail!("there is no interface {name}; there are {}", names.join(", "));
        };
        if !interface.up {
            bail!("interface {name} is down");
        }
        let mac = (interface.hardware_type == 1)
            .then(|| <[u8; 6]>::try_from(interface.hardware_address.as_slice()).ok())
            .flatten();
        Ok(Self { name: name.to_owned(), index: interface.index, link_local: interface.link_local(), mac })
    }
}

impl Channel {
    /// Binds `port` (0: any) on `source`, or on every address. Datagrams go to `server_port`.
    pub(super) fn open(
        source: Option<Ipv6Addr>,
        port: u16,
        server_port: u16,
        scope: Option<Scope>,
    ) -> anyhow::Result<Self> {
        let socket =
            Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP)).context("cannot open a socket")?;
        socket.set_only_v6(true)?;
        // The kernel may grant less; retransmission makes up for what is lost.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let scope_id = scope.as_ref().map_or(0, |scope| scope.index);
        if scope_id != 0 {
            socket.set_multicast_if_v6(scope_id)?;
        }
        let local = source.unwrap_or(Ipv6Addr::UNSPECIFIED);
        let local_scope = if is_link_scoped(local) { scope_id } else { 0 };
        let address = SocketAddr::V6(SocketAddrV6::new(local, port, 0, local_scope));
        if let Err(error) = socket.bind(&address.into()) {
            let advice = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    ": another DHCPv6 client may have it; --client-port chooses another"
                }
                io::ErrorKind::PermissionDenied => {
                    ": ports below 1024 need root; --client-port 0 takes any, for servers that answer to it"
                }
                _ => "",
            };
            return Err(error).with_context(|| format!("cannot bind port {port} of {local}{advice}"));
        }
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from(socket);
        let poller = Poller::new()?;
        poller.add(&socket, 0)?;
        Ok(Self { socket, poller, scope, port: server_port, buffer: vec![0; MAX_DATAGRAM] })
    }

    /// Where a datagram to `address` goes. An error when the address needs an interface and there is none, or none
    /// that can send to it.
    pub(super) fn destination(&self, address: Ipv6Addr) -> anyhow::Result<SocketAddrV6> {
        if !is_link_scoped(address) {
            return Ok(SocketAddrV6::new(address, self.port, 0, 0));
        }
        let Some(scope) = &self.scope else {
            bail!("{address} is an address on a link: --interface must say which");
        };
        // RFC 7341 §9: to a multicast address, the source must be link-local; Linux takes it when there is one.
        if scope.link_local.is_none() {
            bail!("interface {} has no link-local address to send from", scope.name);
        }
        Ok(SocketAddrV6::new(address, self.port, 0, scope.index))
    }

    pub(super) fn send(&self, datagram: &[u8], to: SocketAddrV6) -> io::Result<()> {
        loop {
            match self.socket.send_to(datagram, to) {
                Ok(_) => return Ok(()),
                Err(error) => match error.kind() {
                    // Refused was an earlier datagram, as an ICMPv6 message has told since.
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused => {}
                    // A full queue is a lost datagram, and those are sent again.
                    io::ErrorKind::WouldBlock => return Ok(()),
                    _ => return Err(error),
                },
            }
        }
    }

    /// The next datagram that is there, without waiting.
    pub(super) fn receive(&mut self) -> io::Result<Option<(SocketAddrV6, &[u8])>> {
        loop {
            match self.socket.recv_from(&mut self.buffer) {
                Ok((length, SocketAddr::V6(from))) => {
                    return Ok(Some((from, self.buffer.get(..length).unwrap_or_default())));
                }
                Ok((_, SocketAddr::V4(_))) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Ok(None),
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused => {}
                    _ => return Err(error),
                },
            }
        }
    }

    /// Waits until there may be a datagram, or for `timeout`.
    pub(super) fn wait(&mut self, timeout: Duration) -> io::Result<()> {
        self.poller.wait(Some(timeout)).map(|_| ())
    }
}

/// Whether the address means something only together with an interface.
pub(super) const fn is_link_scoped(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    address.is_unicast_link_local() || (first & 0xff00 == 0xff00 && matches!(first & 0xf, 1 | 2))
}

/// An address with its interface, where it has one: `fe80::1%eth0`.
pub(super) fn show(address: SocketAddrV6, scope: Option<&Scope>) -> String {
    match scope {
        Some(scope) if address.scope_id() == scope.index => format!("{}%{}", address.ip(), scope.name),
        _ if address.scope_id() != 0 => format!("{}%{}", address.ip(), address.scope_id()),
        _ => address.ip().to_string(),
    }
}
