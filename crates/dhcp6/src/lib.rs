//! The DHCPv6 half: a message in, an answer out.
