//! What a client does, one exchange after the other.

use std::fmt;

use fosix_wire::v4::MessageType;

/// One exchange of a client with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// DHCPDISCOVER, for an offer.
    Discover,
    /// DHCPREQUEST in SELECTING: takes the offer.
    Request,
    /// DHCPREQUEST in INIT-REBOOT: an address held before.
    Reboot,
    /// DHCPREQUEST in RENEWING.
    Renew,
    /// DHCPREQUEST in REBINDING.
    Rebind,
    /// DHCPINFORM.
    Inform,
    /// DHCPDECLINE: the address is in use by somebody else.
    Decline,
    /// DHCPRELEASE.
    Release,
}

impl Step {
    /// The DHCPv4 message that the step sends.
    pub(super) const fn sends(self) -> MessageType {
        match self {
            Self::Discover => MessageType::DISCOVER,
            Self::Request | Self::Reboot | Self::Renew | Self::Rebind => MessageType::REQUEST,
            Self::Inform => MessageType::INFORM,
            Self::Decline => MessageType::DECLINE,
            Self::Release => MessageType::RELEASE,
        }
    }

    /// Whether a server answers.
    pub(super) const fn has_answer(self) -> bool {
        !matches!(self, Self::Decline | Self::Release)
    }

    /// RFC 7341 §8: whether RFC 2131 would have the message sent by unicast. A DHCPINFORM is (RFC 2131 §4.4.3) when the
    /// server is known.
    pub(super) const fn unicast(self, server_known: bool) -> bool {
        match self {
            // RFC 2131 §4.4.4: a DHCPDECLINE is broadcast.
            Self::Discover | Self::Request | Self::Reboot | Self::Rebind | Self::Decline => false,
            Self::Renew | Self::Release => true,
            Self::Inform => server_known,
        }
    }
}

impl fmt::Display for Step {
    /// What the client wants, as part of a sentence: "no answer to DHCPREQUEST (renewing)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self {
            Self::Request => " (selecting)",
            Self::Reboot => " (init-reboot)",
            Self::Renew => " (renewing)",
            Self::Rebind => " (rebinding)",
            Self::Discover | Self::Inform | Self::Decline | Self::Release => "",
        };
        write!(f, "{}{state}", self.sends())
    }
}
