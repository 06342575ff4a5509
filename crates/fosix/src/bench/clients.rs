//! What each client is about, in a few bytes: millions of them fit into bounded memory.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Idle,
    /// An Offer or Advertise.
    Discover,
    /// An ACK or Reply to what it chose.
    Select,
    /// An ACK or Reply to a renewal.
    Renew,
}

/// One client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    /// Microseconds since the start at which its exchange was due.
    pub(super) due_us: u64,
    /// Microseconds after that at which its last message was sent.
    pub(super) sent_after_us: u32,
    /// The IPv4 address that it was offered or holds; 0.0.0.0 is none.
    pub(super) address: Ipv4Addr,
    pub(super) step: Step,
    /// Messages that it sent without an answer.
    pub(super) tries: u8,
    /// Whether the exchange began after the warm-up.
    pub(super) measured: bool,
    /// Whether it holds a lease.
    pub(super) bound: bool,
}

impl Client {
    const NEW: Self = Self {
        due_us: 0,
        sent_after_us: 0,
        address: Ipv4Addr::UNSPECIFIED,
        step: Step::Idle,
        tries: 0,
        measured: false,
        bound: false,
    };
}

/// All clients; a client is its place here.
#[derive(Debug)]
pub(super) struct Clients {
    list: Vec<Client>,
    /// Address and prefix of each; empty where they speak DHCPv4.
    leases6: Vec<(Ipv6Addr, Ipv6Addr)>,
}

impl Clients {
    pub(super) fn new(count: u32, speak6: bool) -> Self {
        let count = count as usize;
        let none = (Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
        Self { list: vec![Client::NEW; count], leases6: if speak6 { vec![none; count] } else { Vec::new() } }
    }

    pub(super) fn get(&self, at: u32) -> Option<&Client> {
        self.list.get(at as usize)
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Client> {
        self.list.get_mut(at as usize)
    }

    pub(super) fn lease6(&self, at: u32) -> (Ipv6Addr, Ipv6Addr) {
        self.leases6.get(at as usize).copied().unwrap_or((Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED))
    }

    pub(super) fn set_lease6(&mut self, at: u32, lease: (Ipv6Addr, Ipv6Addr)) {
        if let Some(place) = self.leases6.get_mut(at as usize) {
            *place = lease;
        }
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn bound(&self) -> usize {
        self.list.iter().filter(|client| client.bound).count()
    }
}

const _: () = assert!(size_of::<Client>() <= 24);
