//! The message types of DHCPv4: the values of option 53 (RFC 2132 §9.6 and the RFCs that add to it).

use core::fmt;

/// What a message is for. Values without a name are kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageType(pub u8);

macro_rules! message_types {
    ($($(#[$doc:meta])+ $constant:ident = $value:literal, $name:literal;)+) => {
        impl MessageType {
            $($(#[$doc])+ pub const $constant: Self = Self($value);)+

            /// The name in the RFC that defines the type, if one does.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)+
                    _ => None,
                }
            }
        }
    };
}

message_types! {
    /// A client looks for servers (RFC 2131 §3.1).
    DISCOVER = 1, "DHCPDISCOVER";
    /// A server offers an address (RFC 2131 §3.1).
    OFFER = 2, "DHCPOFFER";
    /// A client takes an offer, confirms or extends a lease (RFC 2131 §4.3.2).
    REQUEST = 3, "DHCPREQUEST";
    /// A client found its address in use by another (RFC 2131 §4.3.3).
    DECLINE = 4, "DHCPDECLINE";
    /// A server grants (RFC 2131 §3.1).
    ACK = 5, "DHCPACK";
    /// A server refuses (RFC 2131 §3.1).
    NAK = 6, "DHCPNAK";
    /// A client gives its address back (RFC 2131 §4.3.4).
    RELEASE = 7, "DHCPRELEASE";
    /// A client asks for configuration without an address (RFC 2131 §4.3.5).
    INFORM = 8, "DHCPINFORM";
    /// A server asks a client to come back (RFC 3203).
    FORCERENEW = 9, "DHCPFORCERENEW";
    /// A question about a lease (RFC 4388).
    LEASEQUERY = 10, "DHCPLEASEQUERY";
    /// The answer: an address of ours that nobody has (RFC 4388).
    LEASEUNASSIGNED = 11, "DHCPLEASEUNASSIGNED";
    /// The answer: nothing is known (RFC 4388).
    LEASEUNKNOWN = 12, "DHCPLEASEUNKNOWN";
    /// The answer: a lease (RFC 4388).
    LEASEACTIVE = 13, "DHCPLEASEACTIVE";
    /// A question about many leases (RFC 6926).
    BULKLEASEQUERY = 14, "DHCPBULKLEASEQUERY";
    /// The end of the answers to one (RFC 6926).
    LEASEQUERYDONE = 15, "DHCPLEASEQUERYDONE";
    /// A request for a stream of lease changes (RFC 7724).
    ACTIVELEASEQUERY = 16, "DHCPACTIVELEASEQUERY";
    /// What became of such a request (RFC 7724).
    LEASEQUERYSTATUS = 17, "DHCPLEASEQUERYSTATUS";
    /// A request to protect the stream with TLS (RFC 7724).
    TLS = 18, "DHCPTLS";
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
        assert_eq!(MessageType::DISCOVER.to_string(), "DHCPDISCOVER");
        assert_eq!(MessageType(18).to_string(), "DHCPTLS");
        assert_eq!(MessageType(0).to_string(), "message type 0");
        assert_eq!(MessageType(19).to_string(), "message type 19");
    }
}
