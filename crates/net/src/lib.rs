//! Sockets, batches of datagrams and interfaces: the one crate that may contain unsafe code.
