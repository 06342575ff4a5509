//! DHCPv6: messages, relay levels and options (RFC 9915).

/// How deep options may stand inside options: a bound on the work that one message can ask for.
pub const MAX_OPTION_DEPTH: usize = 4;
