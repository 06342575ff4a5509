//! The message types of DHCPv6 (RFC 9915 §7.3 and the RFCs that add to it).

use core::fmt;

/// The first octet of a DHCPv6 message. Values without a name are kept: a relay agent forwards them (RFC 7283).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageType(pub u8);

macro_rules! message_types {
    ($($(#[$doc:meta])* $constant:ident = $value:literal, $name:literal;)+) => {
        impl MessageType {
            $($(#[$doc])* pub const $constant: Self = Self($value);)+

            /// The name that the type's RFC gives it, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)+
                    _ => None,
                }
            }

            /// Every named type, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

message_types! {
    /// A client looks for servers (RFC 9915 §7.3).
    SOLICIT = 1, "SOLICIT";
    /// A server answers a Solicit (RFC 9915 §7.3).
    ADVERTISE = 2, "ADVERTISE";
    /// A client asks one server for leases (RFC 9915 §7.3).
    REQUEST = 3, "REQUEST";
    /// A client asks whether its addresses still fit the link (RFC 9915 §7.3).
    CONFIRM = 4, "CONFIRM";
    /// A client extends its leases with the server that gave them (RFC 9915 §7.3).
    RENEW = 5, "RENEW";
    /// A client extends its leases with any server (RFC 9915 §7.3).
    REBIND = 6, "REBIND";
    /// A server's answer (RFC 9915 §7.3).
    REPLY = 7, "REPLY";
    /// A client gives leases back (RFC 9915 §7.3).
    RELEASE = 8, "RELEASE";
    /// A client found addresses in use by others (RFC 9915 §7.3).
    DECLINE = 9, "DECLINE";
    /// A server asks a client to come back (RFC 9915 §7.3).
    RECONFIGURE = 10, "RECONFIGURE";
    /// A client asks for configuration without leases (RFC 9915 §7.3).
    INFORMATION_REQUEST = 11, "INFORMATION-REQUEST";
    /// A relay agent's message towards servers (RFC 9915 §9.1).
    RELAY_FORW = 12, "RELAY-FORW";
    /// A server's message towards a relay agent (RFC 9915 §9.2).
    RELAY_REPL = 13, "RELAY-REPL";
    /// A question about leases (RFC 5007).
    LEASEQUERY = 14, "LEASEQUERY";
    /// The answer to one (RFC 5007).
    LEASEQUERY_REPLY = 15, "LEASEQUERY-REPLY";
    /// The last message of a bulk leasequery (RFC 5460).
    LEASEQUERY_DONE = 16, "LEASEQUERY-DONE";
    /// One binding of a bulk leasequery (RFC 5460).
    LEASEQUERY_DATA = 17, "LEASEQUERY-DATA";
    /// A request to send Reconfigure to clients (RFC 6977).
    RECONFIGURE_REQUEST = 18, "RECONFIGURE-REQUEST";
    /// The answer to one (RFC 6977).
    RECONFIGURE_REPLY = 19, "RECONFIGURE-REPLY";
    /// A client's DHCPv4 message inside DHCPv6 (RFC 7341 §6).
    DHCPV4_QUERY = 20, "DHCPV4-QUERY";
    /// A server's DHCPv4 message inside DHCPv6 (RFC 7341 §6).
    DHCPV4_RESPONSE = 21, "DHCPV4-RESPONSE";
    /// A request for a stream of lease changes (RFC 7653).
    ACTIVELEASEQUERY = 22, "ACTIVELEASEQUERY";
    /// A request to protect that stream with TLS (RFC 7653).
    STARTTLS = 23, "STARTTLS";
    /// A client registers an address that it made itself (RFC 9686 §4.2).
    ADDR_REG_INFORM = 36, "ADDR-REG-INFORM";
    /// The server's acknowledgement of one (RFC 9686 §4.3).
    ADDR_REG_REPLY = 37, "ADDR-REG-REPLY";
}

impl MessageType {
    /// Whether this is a Relay-forward or Relay-reply message, which have a format of their own (RFC 9915 §9).
    pub const fn is_relay(self) -> bool {
        matches!(self, Self::RELAY_FORW | Self::RELAY_REPL)
    }

    /// Whether three octets of flags stand where other messages have the transaction id (RFC 7341 §6.2).
    pub const fn has_query_flags(self) -> bool {
        matches!(self, Self::DHCPV4_QUERY | Self::DHCPV4_RESPONSE)
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "message type {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_shows_its_rfc_name_or_its_number() {
        assert_eq!(MessageType::DHCPV4_QUERY.to_string(), "DHCPV4-QUERY");
        assert_eq!(MessageType(36).to_string(), "ADDR-REG-INFORM");
        assert_eq!(MessageType(200).to_string(), "message type 200");
    }

    #[test]
    fn only_relay_messages_have_the_relay_format_and_only_4o6_messages_flags() {
        for number in 0..=u8::MAX {
            assert_eq!(MessageType(number).is_relay(), number == 12 || number == 13, "{number}");
            assert_eq!(MessageType(number).has_query_flags(), number == 20 || number == 21, "{number}");
        }
    }
}
