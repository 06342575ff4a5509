//! The DHCPv4 half: a message in, an answer and lease changes out.
