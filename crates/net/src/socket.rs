//! UDP sockets over IPv6: one for every address of the machine, one for each group on each interface.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

use socket2::{Domain, Protocol, Socket, Type};

/// A UDP socket over IPv6 that never blocks and tells for each datagram where it was sent to and came in.
#[derive(Debug)]
pub struct UdpSocket6 {
    socket: Socket,
    cuts: bool,
}

/// Why a socket could not be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another socket has the port, most likely another DHCPv6 server, relay or client of this machine.
    #[error(
        "UDP port {} is in use: another DHCP server, relay or client runs on this machine \
         (`ss -ulnp sport = :{}` shows it)", .address.port(), .address.port()
    )]
    InUse {
        /// What was to be bound.
        address: SocketAddrV6,
    },
    /// Ports below 1024 need the capability CAP_NET_BIND_SERVICE.
    #[error("no permission to bind UDP port {}: it needs root or CAP_NET_BIND_SERVICE", .address.port())]
    NoPermission {
        /// What was to be bound.
        address: SocketAddrV6,
    },
    /// There is no such interface, or it went away meanwhile.
    #[error("no interface has index {interface_index}")]
    NoInterface {
        /// The index that was asked for.
        interface_index: u32,
    },
    /// Anything else that the system had to say.
    #[error("cannot bind [{}%{}]:{}: {source}", .address.ip(), .address.scope_id(), .address.port())]
    System {
        /// What was to be bound.
        address: SocketAddrV6,
        /// What the system said.
        source: io::Error,
    },
}

impl UdpSocket6 {
    /// Binds `[::]:port`, port 0 for one that is free: every unicast address of the machine, also those that it gets
    /// later, and no multicast.
    ///
    /// This is also the guard against a second server: as long as any other socket has the port, on whatever
    /// address and with whatever options, it fails with [`BindError::InUse`].
    pub fn bind_unicast(port: u16) -> Result<Self, BindError> {
        let address = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
        let wrap = |error| BindError::new(address, error);
        let socket = open().map_err(wrap)?;
        socket.bind(&address.into()).map_err(wrap)?;
        Ok(Self { cuts: cuts(&socket), socket })
    }

    /// Binds `port` for every IPv4 address of the machine. All addresses of its datagrams are IPv4-mapped ones (`::ffff:192.0.2.1`,
    /// RFC 4291 §2.5.5.2), and what is sent has to name its source.
    pub fn bind_ipv4(port: u16) -> Result<Self, BindError> {
        let address = SocketAddrV6::new(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), port, 0, 0);
        let wrap = |error| BindError::new(address, error);
        let socket = open().map_err(wrap)?;
        socket.set_only_v6(false).map_err(wrap)?;
        socket.bind(&address.into()).map_err(wrap)?;
        Ok(Self { cuts: cuts(&socket), socket })
    }

    /// Binds `group` itself on one interface, at the port of this socket, which comes from
    /// [`bind_unicast`](Self::bind_unicast), and joins it there.
    ///
    /// The socket gets what is sent to that group on that interface and nothing else. No other socket gets that,
    /// so each datagram is received once, however many workers share the socket.
    pub fn bind_multicast(&self, group: Ipv6Addr, interface_index: u32) -> Result<Self, BindError> {
        let Some(interface) = NonZeroU32::new(interface_index) else {
            return Err(BindError::NoInterface { interface_index });
        };
        let address = |port: u16| SocketAddrV6::new(group, port, 0, interface_index);
        let port = self.local_port().map_err(|error| BindError::new(address(0), error))?;
        let wrap = |error| BindError::new(address(port), error);

        let socket = open().map_err(wrap)?;
        // The scope id binds ff02::/16 to the interface but not ff05::/16, and membership is not asked for by
        // interface on delivery: without this a site-scoped datagram would be received once for every interface.
        socket.bind_device_by_index_v6(Some(interface)).map_err(wrap)?;
        {
            // Linux lets two sockets have a port, one of them at the wildcard address, when both allow it while the
            // second is bound. They do for that moment only: at any other, no foreign socket can get at the port.
            let _shared = Shared::new(&self.socket, &socket).map_err(wrap)?;
            socket.bind(&address(port).into()).map_err(wrap)?;
        }
        socket.join_multicast_v6(&group, interface_index).map_err(wrap)?;
        Ok(Self { cuts: cuts(&socket), socket })
    }

    /// The port that the socket is bound to.
    pub fn local_port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.as_socket_ipv6().map_or(0, |address| address.port()))
    }

    /// Whether the kernel cuts what is sent into several datagrams when it is asked to.
    pub(crate) fn cuts(&self) -> bool {
        self.cuts
    }

    /// Bytes that may wait in the kernel to be received, its own overhead included. Asked for is
    /// [`RECEIVE_BUFFER_BYTES`](Self::RECEIVE_BUFFER_BYTES); without CAP_NET_ADMIN the sysctl `net.core.rmem_max`
    /// limits it.
    pub fn receive_buffer_bytes(&self) -> io::Result<usize> {
        self.socket.recv_buffer_size()
    }

    /// What waits to be received.
    pub fn receive_queue(&self) -> io::Result<ReceiveQueue> {
        receive_queue(&self.socket)
    }

    /// The receive buffer that every socket asks for: the kernel doubles it for its overhead, and a short datagram
    /// takes about 1 KiB of it, so that some 16,000 can wait.
    pub const RECEIVE_BUFFER_BYTES: usize = 8 << 20;
}

/// What waits in the kernel to be received from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveQueue {
    /// Bytes that wait, the kernel's overhead included. It may count up to a quarter of the room too many.
    pub waiting: usize,
    /// Bytes that may wait.
    pub room: usize,
    /// Datagrams that the kernel has dropped since the socket was opened, nearly always for lack of room; it begins anew after
    /// 4,294,967,295.
    pub dropped: u32,
}

impl AsFd for UdpSocket6 {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl BindError {
    pub(crate) fn new(address: SocketAddrV6, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EADDRINUSE) => Self::InUse { address },
            Some(libc::EACCES) => Self::NoPermission { address },
            Some(libc::ENODEV) => Self::NoInterface { interface_index: address.scope_id() },
            _ => Self::System { address, source: error },
        }
    }
}

/// A socket with every option set that is common to all.
fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
    socket.set_only_v6(true)?;
    // Otherwise a socket also gets what is sent to groups that others on this machine have joined.
    socket.set_multicast_all_v6(false)?;
    set_receive_packet_info(&socket)?;
    set_receive_buffer(&socket)?;
    Ok(socket)
}

/// Asks for [`UdpSocket6::RECEIVE_BUFFER_BYTES`].
pub(crate) fn set_receive_buffer(socket: &Socket) -> io::Result<()> {
    // FORCE passes by the limit of the sysctl, with CAP_NET_ADMIN. Without it the limit is what there is.
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, UdpSocket6::RECEIVE_BUFFER_BYTES)
        .is_err()
    {
        socket.set_recv_buffer_size(UdpSocket6::RECEIVE_BUFFER_BYTES)?;
    }
    Ok(())
}

/// Whether the kernel cuts what is sent into datagrams when it is asked to (UDP_SEGMENT, Linux 4.18): an older one would
/// pass over that and send all of it as one.
fn cuts(socket: &Socket) -> bool {
    let off: libc::c_int = 0;
    set_integer(socket, libc::SOL_UDP, libc::UDP_SEGMENT, off).is_ok()
}

/// Asks for the destination address and interface of every datagram (ipv6(7), RFC 3542 §6.1).
fn set_receive_packet_info(socket: &Socket) -> io::Result<()> {
    switch_on(socket, libc::IPV6_RECVPKTINFO)
}

/// Switches an option of ipv6(7) on that takes an integer as a truth value.
pub(crate) fn switch_on(socket: &Socket, option: libc::c_int) -> io::Result<()> {
    set_integer(socket, libc::IPPROTO_IPV6, option, 1)
}

/// Sets an option that takes an integer.
fn set_integer(
    socket: &Socket,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    #[expect(clippy::cast_possible_truncation, reason = "4 bytes")]
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: setsockopt(2) reads `length` bytes at the pointer, which are those of an integer that lives on; the
    // kernel refuses what is too short for an option. The descriptor is open as long as `socket` is borrowed.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks for the state of a socket's buffers (SO_MEMINFO, Linux 4.12).
fn receive_queue(socket: &Socket) -> io::Result<ReceiveQueue> {
    // The kernel's SK_MEMINFO_*: 0 is what waits to be received, 1 the room for it, 8 what was dropped.
    let mut values = [0u32; 9];
    #[expect(clippy::cast_possible_truncation, reason = "36 bytes")]
    let mut length = size_of_val(&values) as libc::socklen_t;
    // SAFETY: getsockopt(2) writes at most `length` bytes at the pointer, which are those of an array of integers that lives on.
    // The descriptor is open as long as `socket` is borrowed.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            (&raw mut values).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let [waiting, room, .., dropped] = values;
    let bytes = |value| usize::try_from(value).unwrap_or(usize::MAX);
    Ok(ReceiveQueue { waiting: bytes(waiting), room: bytes(room), dropped })
}

/// Two sockets that allow each other the same port, until this is dropped.
struct Shared<'a>([&'a Socket; 2]);

impl<'a> Shared<'a> {
    fn new(first: &'a Socket, second: &'a Socket) -> io::Result<Self> {
        let shared = Self([first, second]);
        shared.set(true)?;
        Ok(shared)
    }

    fn set(&self, on: bool) -> io::Result<()> {
        self.0.iter().try_for_each(|socket| socket.set_reuse_address(on))
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        // It cannot fail for an open socket; if it did, the wildcard bind of a second server would still.
        let _ = self.set(false);
    }
}
