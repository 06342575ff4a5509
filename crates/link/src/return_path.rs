//! Where the answer to a query goes, kept until there is one.

use std::net::Ipv6Addr;
use std::sync::Arc;

use crate::own::{Connection, Head};

/// Where an answer goes, on the link that the query came in on.
#[derive(Debug)]
pub struct ReturnPath(pub(crate) Way);

#[derive(Debug)]
pub(crate) enum Way {
    /// What Kea's link has a response carry.
    Kea { address: Ipv6Addr, port: u16, interface: Arc<str> },
    /// Our own link.
    Own { connection: Arc<Connection>, head: Head },
}
