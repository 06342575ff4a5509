//! Domain names: wire format to text and back (RFC 1035 §3.1), bounded.
