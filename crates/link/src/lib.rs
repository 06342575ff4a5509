//! The link between the DHCPv6 half and the DHCPv4 half.
