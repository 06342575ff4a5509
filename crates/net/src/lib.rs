//! Sockets, batches of datagrams and interfaces: the one crate that may contain unsafe code.
//!
//! A server binds one wildcard socket ([`UdpSocket6::bind_unicast`]) for everything that is sent to an address of
//! the machine, and for each interface one socket per multicast group ([`UdpSocket6::bind_multicast`]). All workers
//! share them: each has its own [`Poller`], [`ReceiveBatch`] and [`SendBatch`], and the kernel hands every datagram
//! to exactly one of them. Answers leave through the wildcard socket, with the source address and the interface
//! that the caller names.
//!
//! [`AddressBook`] tells which addresses belong to which interface now, and [`InterfaceWatch`] tells when that
//! changes. Two processes of one machine speak through a [`LoopbackSocket`] or a [`SeqPacket`], in batches too
//! ([`FrameBatch`]). Nothing here knows DHCP: ports and groups are arguments.

mod address_book;
mod control;
mod frames;
mod ifaddrs;
mod interfaces;
mod loopback;
mod memory;
mod mmsg;
mod poller;
mod receive;
mod send;
mod seqpacket;
mod socket;
mod watch;

pub use address_book::AddressBook;
pub use frames::FrameBatch;
pub use interfaces::{Interface, Interfaces};
pub use loopback::LoopbackSocket;
pub use memory::give_back;
pub use poller::{Poller, Waker};
pub use receive::{ReceiveBatch, Received};
pub use send::{SendBatch, SendFailure, SendReport};
pub use seqpacket::{PeerCredentials, SeqPacket, SeqPacketListener};
pub use socket::{BindError, ReceiveQueue, UdpSocket6};
pub use watch::InterfaceWatch;

/// Slots of the largest batch: what one system call receives or sends at most.
pub const MAX_BATCH: usize = 64;

/// Everything here can be handed to another thread, and what is shared by several.
const _: fn() = || {
    fn movable<T: Send>() {}
    fn shareable<T: Send + Sync>() {}
    movable::<(Poller, ReceiveBatch, SendBatch, FrameBatch)>();
    shareable::<(UdpSocket6, Waker, AddressBook, InterfaceWatch, LoopbackSocket, SeqPacket, SeqPacketListener)>(
    );
};
