//! Being told when interfaces or addresses change.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

/// A source for a [`Poller`](crate::Poller) that has input when an interface or an address came, went or changed.
///
/// It tells that something changed, not what: look at the interfaces then. No change is missed, since the kernel
/// reports one that it had no room to tell of as an error, which counts as a change here.
#[derive(Debug)]
pub struct InterfaceWatch {
    socket: OwnedFd,
}

impl InterfaceWatch {
    /// Begins to watch.
    pub fn new() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Protocol 0 is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(Self { socket })
    }

    /// Whether anything changed since this was last asked. Does not wait.
    pub fn changed(&self) -> io::Result<bool> {
        let mut changed = false;
        for _ in 0..MESSAGES {
            // What does not fit is cut off: the content does not matter.
            match recv(&self.socket, &mut [0u8; 64], RecvFlags::empty()) {
                Ok(_) | Err(Errno::NOBUFS) => changed = true,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(changed)
    }
}

impl AsFd for InterfaceWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// rtnetlink(7).
const GROUPS: u32 = (libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR).cast_unsigned();

/// Messages that one look reads at most; those left over are another change.
const MESSAGES: usize = 4096;
