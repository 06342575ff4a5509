//! What the server listens on: one socket for unicast, and two for each interface with multicast.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv6Addr;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use fosix_config::InterfaceSpec;
use fosix_net::{AddressBook, Interface, UdpSocket6};
use fosix_wire::v6::{ALL_DHCP_RELAY_AGENTS_AND_SERVERS, ALL_DHCP_SERVERS};
use tracing::{info, warn};

/// The groups that a server is a member of (RFC 9915 §7.1).
const GROUPS: [Ipv6Addr; 2] = [ALL_DHCP_RELAY_AGENTS_AND_SERVERS, ALL_DHCP_SERVERS];

/// The sockets, and what is served of what they receive.
pub(super) struct Listeners {
    specs: Vec<InterfaceSpec>,
    book: Arc<AddressBook>,
    /// Everything that is sent to an address of the machine; all answers leave by it.
    pub(super) unicast: Arc<UdpSocket6>,
    /// The sockets of each interface, by its index.
    multicast: RwLock<HashMap<u32, Multicast>>,
}

/// The sockets of one interface.
#[derive(Clone)]
struct Multicast {
    name: Arc<str>,
    sockets: Vec<Arc<UdpSocket6>>,
}

impl Listeners {
    /// Opens the sockets for `specs`. An interface that does not exist yet is listened on when it comes.
    pub(super) fn open(specs: &[InterfaceSpec], port: u16, book: Arc<AddressBook>) -> anyhow::Result<Self> {
        let unicast = UdpSocket6::bind_unicast(port).context("cannot listen")?;
        let listeners =
            Self { specs: specs.to_vec(), book, unicast: Arc::new(unicast), multicast: RwLock::default() };
        listeners.update();
        for spec in specs {
            if let InterfaceSpec::Interface(name) | InterfaceSpec::Address(name, _) = spec
                && listeners.book.index_of(name).is_none()
            {
                warn!(interface = name, "the interface does not exist; it is served once it does");
            }
        }
        Ok(listeners)
    }

    /// The same for other `specs`: sockets of what is still listened on stay, others are opened or go.
    pub(super) fn reopened(&self, specs: &[InterfaceSpec]) -> Self {
        let known = self.multicast.read().unwrap_or_else(PoisonError::into_inner).clone();
        let listeners = Self {
            specs: specs.to_vec(),
            book: Arc::clone(&self.book),
            unicast: Arc::clone(&self.unicast),
            multicast: RwLock::new(known),
        };
        listeners.update();
        listeners
    }

    /// Opens sockets for interfaces that have come, and closes those of interfaces that have gone; says whether
    /// anything changed.
    pub(super) fn update(&self) -> bool {
        let interfaces = match self.book.refresh() {
            Ok(interfaces) => interfaces,
            Err(error) => {
                warn!(%error, "cannot list the network interfaces; those known before are served");
                return false;
            }
        };
        let mut multicast = self.multicast.write().unwrap_or_else(PoisonError::into_inner);
        let before = multicast.len();
        multicast.retain(|&index, known| {
            let interface = interfaces.by_index(index).filter(|interface| interface.name == known.name);
            match interface {
                None => info!(interface = %known.name, "the interface is gone"),
                Some(interface) if !self.wants_multicast(interface) => {
                    info!(interface = %known.name, "no longer listening for multicast");
                }
                Some(_) => return true,
            }
            false
        });
        let mut changed = multicast.len() != before;
        for interface in interfaces.iter().filter(|interface| self.wants_multicast(interface)) {
            if multicast.contains_key(&interface.index) {
                continue;
            }
            let sockets =
                GROUPS.map(|group| self.unicast.bind_multicast(group, interface.index).map(Arc::new));
            match sockets.into_iter().collect::<Result<Vec<_>, _>>() {
                Ok(sockets) => {
                    info!(interface = %interface.name, "listening for multicast");
                    let name = Arc::clone(&interface.name);
                    multicast.insert(interface.index, Multicast { name, sockets });
                    changed = true;
                }
                Err(error) => warn!(interface = %interface.name, %error, "cannot listen for multicast"),
            }
        }
        changed
    }

    /// Every socket, the one for unicast first.
    pub(super) fn sockets(&self) -> Vec<Arc<UdpSocket6>> {
        let multicast = self.multicast.read().unwrap_or_else(PoisonError::into_inner);
        let joined = multicast.values().flat_map(|known| known.sockets.iter().cloned());
        std::iter::once(Arc::clone(&self.unicast)).chain(joined).collect()
    }

    /// Datagrams that the kernel dropped before they were read, of the sockets that are open now.
    pub(super) fn dropped(&self) -> u64 {
        let queues = self.sockets().into_iter().filter_map(|socket| socket.receive_queue().ok());
        queues.map(|queue| u64::from(queue.dropped)).sum()
    }

    /// Whether a datagram to `destination` that came in on this interface is for this server.
    pub(super) fn serves(&self, destination: Ipv6Addr, interface_index: u32) -> bool {
        // Only the sockets of interfaces with multicast receive any.
        destination.is_multicast()
            || self.specs.iter().any(|spec| match spec {
                InterfaceSpec::All => true,
                InterfaceSpec::Interface(name) if destination.is_unicast_link_local() => {
                    // The same link-local address may be in use on several interfaces.
                    self.book.index_of(name) == Some(interface_index)
                }
                InterfaceSpec::Interface(name) => self.book.has_address(name, destination),
                InterfaceSpec::Address(_, address) => *address == destination,
            })
    }

    /// Whether the configuration names this interface, or all.
    pub(super) fn names_interface(&self, name: &str) -> bool {
        self.specs.iter().any(|spec| match spec {
            InterfaceSpec::All => true,
            InterfaceSpec::Interface(one) | InterfaceSpec::Address(one, _) => one == name,
        })
    }

    /// Which addresses belong to which interface.
    pub(super) fn book(&self) -> &AddressBook {
        &self.book
    }

    fn wants_multicast(&self, interface: &Interface) -> bool {
        self.specs.iter().any(|spec| match spec {
            InterfaceSpec::All => interface.multicast || interface.loopback,
            InterfaceSpec::Interface(name) => **name == *interface.name,
            InterfaceSpec::Address(..) => false,
        })
    }
}

impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [link, site] = GROUPS;
        for (at, spec) in self.specs.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match spec {
                InterfaceSpec::All => write!(f, "{comma}every interface ({link}, {site}, every address)")?,
                InterfaceSpec::Interface(name) => write!(f, "{comma}{name} ({link}, {site}, every address)")?,
                InterfaceSpec::Address(name, address) => write!(f, "{comma}{name} ({address})")?,
            }
        }
        if self.specs.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}
