//! What can become of a message on a link, each under its own name.

use fosix_policy::{Tally, counters};

counters! {
    /// Why a message from the other half was dropped.
    pub enum LinkDrop {
        /// It is longer than can be received.
        Truncated = "link-drop-truncated",
        /// Our own link: the frame around the message cannot be decoded, or is not one that this half receives.
        Frame = "link-drop-frame",
        /// The DHCPv6 message cannot be decoded.
        Malformed = "link-drop-malformed",
        /// It is not a DHCPV4-RESPONSE, or to a DHCPv4 half not a DHCPV4-QUERY.
        MessageType = "link-drop-message-type",
        /// Kea's link: there is no Vendor-specific Information option of ISC.
        NoVendorOption = "link-drop-no-vendor-option",
        /// Kea's link: ISC's Vendor-specific Information option cannot be decoded.
        VendorOption = "link-drop-vendor-option-malformed",
        /// Kea's link: no sub-option 60000.
        NoInterface = "link-drop-no-interface",
        /// The interface's name cannot be one.
        Interface = "link-drop-interface-malformed",
        /// There is no such interface.
        UnknownInterface = "link-drop-interface-unknown",
        /// Kea's link: no sub-option 60001.
        NoAddress = "link-drop-no-address",
        /// The address has a wrong length or is nobody's.
        Address = "link-drop-address-malformed",
        /// Kea's link: no sub-option 60002.
        NoPort = "link-drop-no-port",
        /// The port has a wrong length or is 0.
        Port = "link-drop-port-malformed",
        /// There is no option 87.
        NoDhcpv4Message = "link-drop-no-dhcpv4-message",
        /// There is more than one option 87.
        SeveralDhcpv4Messages = "link-drop-several-dhcpv4-messages",
        /// What option 87 holds is too short for a DHCPv4 message.
        ShortDhcpv4Message = "link-drop-short-dhcpv4-message",
    }
}

counters! {
    /// Why a message did not get to the other half.
    pub enum LinkLoss {
        /// Kea's link: nobody listened.
        Refused = "link-lost-refused",
        /// Kea's link: not sent, since one just before it was refused.
        PeerAway = "link-lost-peer-away",
        /// Our own link: there is no connection.
        NotConnected = "link-lost-not-connected",
        /// Our own link: the connection ended before there was an answer.
        ConnectionEnded = "link-lost-connection-ended",
        /// Our own link: too many queries were waiting for their answers.
        TooManyInFlight = "link-lost-too-many-in-flight",
        /// The other half does not read fast enough.
        SocketFull = "link-lost-socket-full",
        /// It is too long for the link.
        TooLong = "link-lost-too-long",
        /// The system did not take it for yet another reason.
        SendFailed = "link-lost-send-failed",
    }
}

counters! {
    /// What happened beside.
    pub enum LinkEvent {
        /// Responses whose flags were not zero and were made so (RFC 7341 §6.4).
        FlagsCleared = "link-response-flags-cleared",
        /// Our own link: queries of which the DHCPv4 half said that no answer is due.
        NoAnswer = "link-no-answer-received",
        /// Our own link: queries that were not waited for any longer.
        Unanswered = "link-unanswered",
        /// Our own link: responses that came within a millisecond.
        Within1Ms = "link-latency-within-1ms",
        /// Our own link: responses that took longer, but at most 10 milliseconds.
        Within10Ms = "link-latency-within-10ms",
        /// Our own link: responses that took longer, but at most 100 milliseconds.
        Within100Ms = "link-latency-within-100ms",
        /// Our own link: responses that took longer, but at most a second.
        Within1S = "link-latency-within-1s",
        /// Our own link: responses that took longer than a second.
        Over1S = "link-latency-over-1s",
        /// How often the other half was there, at the start or again.
        PeerCame = "link-peer-came",
        /// How often the other half went away.
        PeerWent = "link-peer-went",
        /// Our own link: connections refused, by user or because of what they said first.
        ConnectionRefused = "link-connection-refused",
    }
}

/// Everything that one worker's link counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Messages for the other half.
    pub submitted: u64,
    /// Messages that did not get there, by reason.
    pub lost: Tally<LinkLoss>,
    /// Messages from the other half.
    pub received: u64,
    /// Messages from the other half that were dropped, by reason.
    pub dropped: Tally<LinkDrop>,
    /// What happened beside.
    pub events: Tally<LinkEvent>,
}

impl LinkStatistics {
    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        self.submitted += other.submitted;
        self.lost.add(&other.lost);
        self.received += other.received;
        self.dropped.add(&other.dropped);
        self.events.add(&other.events);
    }

    /// Every counter with its name.
    ///
    /// What was for the other half is `link-sent` and all `link-lost-*` together; `link-received` is what was given
    /// to this half and all `link-drop-*` together.
    pub fn report(&self) -> Vec<(&'static str, u64)> {
        let sums = [
            // A refusal is known after the message was counted as sent.
            ("link-sent", self.submitted.saturating_sub(self.lost.total())),
            ("link-lost", self.lost.total()),
            ("link-received", self.received),
            ("link-drop", self.dropped.total()),
        ];
        let each = self.lost.iter().chain(self.dropped.iter()).chain(self.events.iter());
        sums.into_iter().chain(each).collect()
    }
}

/// Which half this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It sends queries and receives responses.
    Dhcpv6,
    /// It receives queries and sends responses.
    Dhcpv4,
}

impl Role {
    /// The other half in words.
    pub(crate) const fn peer(self) -> &'static str {
        match self {
            Self::Dhcpv6 => "the DHCPv4 half",
            Self::Dhcpv4 => "the DHCPv6 half",
        }
    }
}
