//! A UDP socket on ::1 that speaks with one other port of the machine and with nobody else.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, Socket, Type};

use crate::mmsg::{Queue, ReceiveSlot, receive_many};
use crate::socket::{set_receive_buffer, switch_on};
use crate::{BindError, MAX_BATCH};

/// A UDP socket that is bound to one port of ::1 and connected to another; it never blocks.
///
/// What comes from any other port is not received. UDP does not tell whether somebody listens, but on the loopback
/// interface the kernel knows and does not limit how often it says so: each message that nobody took comes back in
/// the socket's error queue, which [`refusals`](Self::refusals) counts.
#[derive(Debug)]
pub struct LoopbackSocket {
    socket: Socket,
    port: u16,
}

impl LoopbackSocket {
    /// Binds `[::1]:port` and connects it to `[::1]:peer_port`.
    pub fn connect(port: u16, peer_port: u16) -> Result<Self, BindError> {
        let address = |port: u16| SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0);
        let open = || {
            let socket = Socket::new(Domain::IPV6, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
            socket.set_only_v6(true)?;
            set_receive_buffer(&socket)?;
            switch_on(&socket, libc::IPV6_RECVERR)?;
            socket.bind(&address(port).into())?;
            socket.connect(&address(peer_port).into())?;
            Ok(socket)
        };
        let socket = open().map_err(|error| BindError::new(address(port), error))?;
        Ok(Self { socket, port })
    }

    /// The port that it is bound to.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How many messages nobody took since the last time that this was asked, of all that were sent from the socket.
    pub fn refusals(&self) -> io::Result<usize> {
        let mut refused = 0;
        loop {
            let mut slots = [ReceiveSlot::EMPTY; MAX_BATCH];
            let mut buffers = [[0_u8; 1]; MAX_BATCH];
            let buffers = buffers.iter_mut().map(<[u8; 1]>::as_mut_slice);
            match receive_many(self.socket.as_fd(), buffers, &mut slots, Queue::Errors) {
                Ok(errors) => {
                    refused += errors;
                    if errors < MAX_BATCH {
                        return Ok(refused);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(refused),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for LoopbackSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::{FrameBatch, ReceiveBatch};

    /// Two ports that were free a moment ago.
    fn ports() -> [u16; 2] {
        let sockets = [(); 2].map(|()| UdpSocket::bind("[::1]:0").unwrap());
        sockets.map(|socket| socket.local_addr().unwrap().port())
    }

    fn send(socket: &LoopbackSocket, messages: u8) {
        let mut batch = FrameBatch::new();
        for message in 0..messages {
            let written = batch.push(|buffer| {
                buffer.push(message);
                Ok::<_, ()>(())
            });
            written.unwrap();
        }
        while !batch.is_empty() {
            // An error is that of a message before.
            let _ = batch.send(socket, 1);
        }
    }

    #[test]
    fn every_message_that_nobody_took_is_counted_once() {
        let [port, peer_port] = ports();
        let socket = LoopbackSocket::connect(port, peer_port).unwrap();
        send(&socket, 200);
        let mut refused = 0;
        let mut poller = crate::Poller::new().unwrap();
        poller.add(&socket, 1).unwrap();
        while refused < 200 {
            assert_ne!(poller.wait(Some(std::time::Duration::from_secs(10))).unwrap(), [] as [u64; 0]);
            refused += socket.refusals().unwrap();
        }
        assert_eq!((refused, socket.refusals().unwrap()), (200, 0));

        let peer = LoopbackSocket::connect(peer_port, port).unwrap();
        send(&socket, 3);
        let mut received = ReceiveBatch::new(8);
        assert_eq!(received.receive(&peer).unwrap(), 3);
        assert!(received.iter().map(|message| message.bytes).eq([[0], [1], [2]]));
        assert_eq!(socket.refusals().unwrap(), 0);
    }

    #[test]
    fn nobody_but_the_other_port_is_heard() {
        let [port, peer_port] = ports();
        let socket = LoopbackSocket::connect(port, peer_port).unwrap();
        let stranger = UdpSocket::bind("[::1]:0").unwrap();
        assert!(stranger.send_to(b"hello", ("::1", port)).is_ok());
        let peer = LoopbackSocket::connect(peer_port, port).unwrap();
        send(&peer, 1);
        let mut received = ReceiveBatch::new(8);
        assert_eq!(received.receive(&socket).unwrap(), 1);
        assert!(received.iter().map(|message| message.bytes).eq([[0]]));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let [port, peer_port] = ports();
        let _first = LoopbackSocket::connect(port, peer_port).unwrap();
        assert!(
            matches!(LoopbackSocket::connect(port, peer_port), Err(BindError::InUse { address }) if address.port() == port)
        );
    }
}
