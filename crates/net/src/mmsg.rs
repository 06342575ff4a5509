//! recvmmsg(2) and sendmmsg(2): many datagrams in one system call. The system calls and nothing more.
//!
//! The kernel's headers hold pointers to buffers. They are built on the stack for each call, out of references that
//! the caller lends for its duration, so that no pointer outlives what it points to and no type here needs more
//! than the compiler's own word on being sent between threads.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::{AsRawFd as _, BorrowedFd};

use crate::MAX_BATCH;
use crate::control::{CONTROL_BYTES, ControlBuffer, PACKET_INFO_SPACE, PacketInfo, SEGMENTED_SPACE};

/// What the kernel fills in about one received datagram.
#[derive(Clone, Copy)]
pub(crate) struct ReceiveSlot {
    name: libc::sockaddr_in6,
    control: ControlBuffer,
    control_length: usize,
    length: usize,
    flags: libc::c_int,
}

impl ReceiveSlot {
    pub(crate) const EMPTY: Self = Self {
        name: to_sockaddr(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0)),
        control: ControlBuffer::EMPTY,
        control_length: 0,
        length: 0,
        flags: 0,
    };

    /// Bytes of the datagram that are in the buffer.
    pub(crate) const fn length(&self) -> usize {
        self.length
    }

    /// Where the datagram came from; the scope is set for a link-local address.
    pub(crate) const fn source(&self) -> SocketAddrV6 {
        from_sockaddr(&self.name)
    }

    /// The address that it was sent to and the interface that it came in on.
    pub(crate) fn packet_info(&self) -> Option<PacketInfo> {
        self.control.0.get(..self.control_length).and_then(PacketInfo::parse)
    }

    /// Whether the datagram or its control data did not fit.
    pub(crate) const fn truncated(&self) -> bool {
        self.flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0
    }
}

/// One datagram to send, or several of one length to the same place, but for the bytes.
#[derive(Clone, Copy)]
pub(crate) struct SendSlot {
    name: libc::sockaddr_in6,
    control: ControlBuffer,
    control_length: usize,
}

impl SendSlot {
    pub(crate) fn new(destination: SocketAddrV6, info: PacketInfo) -> Self {
        Self { name: to_sockaddr(destination), control: info.encode(), control_length: PACKET_INFO_SPACE }
    }

    /// The kernel cuts the bytes into datagrams of `segment` bytes, of which the last one may be shorter.
    pub(crate) fn segmented(destination: SocketAddrV6, info: PacketInfo, segment: u16) -> Self {
        Self {
            name: to_sockaddr(destination),
            control: info.encode_segmented(segment),
            control_length: SEGMENTED_SPACE,
        }
    }
}

/// Which of a socket's queues is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// What others have sent.
    Received,
    /// What was sent from the socket and did not arrive (IPV6_RECVERR).
    Errors,
}

impl Queue {
    const fn flag(self) -> libc::c_int {
        match self {
            Self::Received => 0,
            Self::Errors => libc::MSG_ERRQUEUE,
        }
    }
}

/// Receives datagrams into `buffers` and `slots`, one into each pair, until there are no more of either or none is
/// waiting. How many were received; at most [`MAX_BATCH`] at a time. Never blocks.
pub(crate) fn receive_many<'b>(
    socket: BorrowedFd<'_>,
    buffers: impl Iterator<Item = &'b mut [u8]>,
    slots: &mut [ReceiveSlot],
    queue: Queue,
) -> io::Result<usize> {
    let mut vectors = [EMPTY_VECTOR; MAX_BATCH];
    // SAFETY: `mmsghdr` is a C structure of integers and raw pointers; all zero is a value of it.
    let mut headers: [libc::mmsghdr; MAX_BATCH] = unsafe { std::mem::zeroed() };
    let mut count = 0;
    for (((header, vector), slot), buffer) in
        headers.iter_mut().zip(&mut vectors).zip(slots.iter_mut()).zip(buffers)
    {
        vector.iov_base = buffer.as_mut_ptr().cast();
        vector.iov_len = buffer.len();
        header.msg_hdr.msg_name = (&raw mut slot.name).cast();
        header.msg_hdr.msg_namelen = NAME_LENGTH;
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = (&raw mut slot.control).cast();
        header.msg_hdr.msg_controllen = CONTROL_BYTES as _;
        count += 1;
    }
    // SAFETY: recvmmsg(2) reads and writes the `count` first elements of the array, and through each header at most
    // `msg_namelen` bytes at `msg_name`, `msg_controllen` at `msg_control` and `iov_len` at `iov_base`. These are
    // the sizes of what the pointers were made from just above: distinct elements of arrays that this function owns
    // or borrows exclusively, and that live until it returns. The kernel keeps none of the pointers. A null timeout
    // is allowed. Every bit pattern is a valid value of the bytes, integers and `sockaddr_in6` written to.
    let received = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            (libc::MSG_DONTWAIT | queue.flag()) as _,
            std::ptr::null_mut(),
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    for (slot, header) in slots.iter_mut().zip(&headers).take(received) {
        slot.length = header.msg_len as usize;
        slot.control_length = header.msg_hdr.msg_controllen as _;
        slot.flags = header.msg_hdr.msg_flags;
    }
    Ok(received)
}

/// Sends `datagrams` in order and says how many were sent; at most [`MAX_BATCH`] at a time. Never blocks.
///
/// When a datagram cannot be sent those before it count; when it is the first, its error is returned. Without a slot
/// a datagram goes to whom the socket is connected to.
pub(crate) fn send_many<'b>(
    socket: BorrowedFd<'_>,
    datagrams: impl Iterator<Item = (Option<&'b SendSlot>, &'b [u8])>,
) -> io::Result<usize> {
    let mut vectors = [EMPTY_VECTOR; MAX_BATCH];
    // SAFETY: as in `receive_many`.
    let mut headers: [libc::mmsghdr; MAX_BATCH] = unsafe { std::mem::zeroed() };
    let mut count = 0;
    for ((header, vector), (slot, bytes)) in headers.iter_mut().zip(&mut vectors).zip(datagrams) {
        vector.iov_base = bytes.as_ptr().cast_mut().cast();
        vector.iov_len = bytes.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        // Otherwise name and control data stay null pointers with lengths of zero.
        if let Some(slot) = slot {
            header.msg_hdr.msg_name = (&raw const slot.name).cast_mut().cast();
            header.msg_hdr.msg_namelen = NAME_LENGTH;
            header.msg_hdr.msg_control = (&raw const slot.control).cast_mut().cast();
            header.msg_hdr.msg_controllen = slot.control_length as _;
        }
        count += 1;
    }
    // SAFETY: sendmmsg(2) reads the `count` first elements of the array, writes only their `msg_len`, and reads
    // through each header `msg_namelen`, `msg_controllen` (a slot's own, at most `CONTROL_BYTES`) and `iov_len` bytes; it writes through none of these
    // pointers, which is why they may come from shared references. All of it is initialised, has the sizes given,
    // and is borrowed until this function returns. The kernel copies the data and keeps none of the pointers.
    let sent =
        unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, libc::MSG_DONTWAIT as _) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

const EMPTY_VECTOR: libc::iovec = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };

#[expect(clippy::cast_possible_truncation, reason = "28 bytes")]
const NAME_LENGTH: libc::socklen_t = size_of::<libc::sockaddr_in6>() as libc::socklen_t;

#[expect(clippy::cast_possible_truncation, reason = "AF_INET6 is 10")]
const fn to_sockaddr(address: SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
        sin6_scope_id: address.scope_id(),
    }
}

const fn from_sockaddr(address: &libc::sockaddr_in6) -> SocketAddrV6 {
    SocketAddrV6::new(
        Ipv6Addr::from_bits(u128::from_be_bytes(address.sin6_addr.s6_addr)),
        u16::from_be(address.sin6_port),
        0,
        address.sin6_scope_id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_the_kernel_form() {
        let address = SocketAddrV6::new("fe80::1:2".parse().unwrap(), 547, 0, 7);
        assert_eq!(from_sockaddr(&to_sockaddr(address)), address);
    }
}
