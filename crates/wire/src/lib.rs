//! Bytes to messages and back: DHCPv6, DHCPv4, the DHCPv4-over-DHCPv6 messages and the softwire options.
