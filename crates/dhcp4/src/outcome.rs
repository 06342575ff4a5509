//! What can become of a query, each under its own name: answered, silence that an RFC asks for, or dropped.

use fosix_policy::{Dropped, LimitedBy, Tally, counters};
use fosix_wire::v4::MessageType;

counters! {
    /// What came in, by message type; Kea's names.
    pub enum Received4 {
        /// DHCPDISCOVER.
        Discover = "pkt4-discover-received",
        /// DHCPREQUEST.
        Request = "pkt4-request-received",
        /// DHCPDECLINE.
        Decline = "pkt4-decline-received",
        /// DHCPRELEASE.
        Release = "pkt4-release-received",
        /// DHCPINFORM.
        Inform = "pkt4-inform-received",
        /// DHCPOFFER, which only servers send.
        Offer = "pkt4-offer-received",
        /// DHCPACK, which only servers send.
        Ack = "pkt4-ack-received",
        /// DHCPNAK, which only servers send.
        Nak = "pkt4-nak-received",
        /// A message type that is not served, or none.
        Unknown = "pkt4-unknown-received",
    }
}

counters! {
    /// What was answered, by message type; Kea's names.
    pub enum Sent4 {
        /// DHCPOFFER.
        Offer = "pkt4-offer-sent",
        /// DHCPACK.
        Ack = "pkt4-ack-sent",
        /// DHCPNAK.
        Nak = "pkt4-nak-sent",
    }
}

counters! {
    /// Why a query that was served gets no answer.
    pub enum Silence4 {
        /// DHCPRELEASE has none (RFC 2131 §4.3.4).
        Release = "pkt4-no-answer-release",
        /// DHCPDECLINE has none (RFC 2131 §4.3.3).
        Decline = "pkt4-no-answer-decline",
        /// A DHCPREQUEST that takes another server's offer (RFC 2131 §3.1, step 4).
        OtherServer = "pkt4-no-answer-other-server",
        /// INIT-REBOOT of a client without a record (RFC 2131 §4.3.2).
        UnknownClient = "pkt4-no-answer-unknown-client",
        /// REBINDING of an address that this server does not give out, and it is not authoritative.
        OtherServersAddress = "pkt4-no-answer-other-servers-address",
    }
}

counters! {
    /// Why a query was dropped.
    pub enum Drop4 {
        /// The DHCPv6 message around it cannot be decoded.
        QueryMalformed = "pkt4-drop-query-malformed",
        /// What carries it is not a DHCPV4-QUERY.
        NotAQuery = "pkt4-drop-not-a-query",
        /// There is no option 87 in the DHCPV4-QUERY.
        NoMessage = "pkt4-drop-no-message",
        /// There is more than one option 87 in the DHCPV4-QUERY.
        SeveralMessages = "pkt4-drop-several-messages",
        /// The DHCPv4 message cannot be decoded.
        Malformed = "pkt4-drop-malformed",
        /// A plain BOOTP message: no magic cookie, or no message type.
        Bootp = "pkt4-drop-bootp",
        /// Its op field is not BOOTREQUEST.
        NotARequest = "pkt4-drop-not-a-request",
        /// A message type that clients do not send or that is not served.
        MessageType = "pkt4-drop-message-type",
        /// Neither a client identifier nor a hardware address tells who sent it.
        NoIdentity = "pkt4-drop-no-identity",
        /// An option that it rests on has a wrong length.
        OptionLength = "pkt4-drop-option-length",
        /// A DHCPDISCOVER with a server identifier (RFC 2131 §4.4.1, table 5).
        ServerIdInDiscover = "pkt4-drop-server-id-in-discover",
        /// It names another server.
        NotForUs = "pkt4-drop-not-for-us",
        /// It does not say which address it is about.
        NoAddress = "pkt4-drop-no-address",
        /// No subnet's 4o6 keys match it.
        NoSubnet = "pkt4-drop-no-subnet",
        /// The subnet has no free address.
        NoFreeAddress = "pkt4-drop-no-free-address",
        /// As many offers are held as may be, and their clients may be about to take them.
        OffersFull = "pkt4-drop-offers-full",
        /// The store has no room for another change.
        StoreFull = "pkt4-drop-store-full",
        /// Too many answers wait for the store already.
        StoreBehind = "pkt4-drop-store-behind",
        /// The answer does not fit into a message.
        AnswerTooLong = "pkt4-drop-answer-too-long",
        /// More packets came than the limit of each client allows.
        RateClient = "pkt4-drop-rate-client",
        /// More packets came than the limit of a port of a relay allows.
        RateInterfaceId = "pkt4-drop-rate-interface-id",
        /// More packets came than the limit of a Remote-ID allows.
        RateRemoteId = "pkt4-drop-rate-remote-id",
        /// More packets came than the limit of a class allows.
        RateClass = "pkt4-drop-rate-class",
        /// More packets came than the limit of the subnet allows.
        RateSubnet = "pkt4-drop-rate-subnet",
        /// The client may have no more leases, or those that it shares a limit with may not.
        LeaseLimit = "pkt4-drop-lease-limit",
        /// It is in the class DROP.
        Class = "pkt4-drop-class",
        /// A hook dropped it.
        Hook = "pkt4-drop-hook",
        /// A hook kept the answer from being sent, or left something that is none.
        HookAnswer = "pkt4-drop-hook-answer",
    }
}

impl Drop4 {
    /// More packets came than a limit allows.
    pub(crate) fn of_rate(by: LimitedBy) -> Self {
        match by {
            LimitedBy::Client => Self::RateClient,
            LimitedBy::InterfaceId => Self::RateInterfaceId,
            LimitedBy::RemoteId => Self::RateRemoteId,
            LimitedBy::Class => Self::RateClass,
            LimitedBy::Subnet => Self::RateSubnet,
        }
    }
}

impl From<Dropped> for Drop4 {
    fn from(_: Dropped) -> Self {
        Self::Class
    }
}

counters! {
    /// Whose limit a lease was not given for.
    pub enum Limited4 {
        /// A lease was not given for the limit of each client.
        Client = "lease4-limit-client",
        /// A lease was not given for the limit of a port of a relay.
        InterfaceId = "lease4-limit-interface-id",
        /// A lease was not given for the limit of a Remote-ID.
        RemoteId = "lease4-limit-remote-id",
        /// A lease was not given for the limit of a class.
        Class = "lease4-limit-class",
        /// A lease was not given for the limit of the subnet.
        Subnet = "lease4-limit-subnet",
    }
}

impl From<LimitedBy> for Limited4 {
    fn from(by: LimitedBy) -> Self {
        match by {
            LimitedBy::Client => Self::Client,
            LimitedBy::InterfaceId => Self::InterfaceId,
            LimitedBy::RemoteId => Self::RemoteId,
            LimitedBy::Class => Self::Class,
            LimitedBy::Subnet => Self::Subnet,
        }
    }
}

/// Everything that one worker's DHCPv4 half counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics4 {
    /// Queries by message type, those without a readable message not among them.
    pub received: Tally<Received4>,
    /// Answers by message type.
    pub sent: Tally<Sent4>,
    /// Queries that ask for no answer.
    pub silence: Tally<Silence4>,
    /// Queries dropped, by reason.
    pub dropped: Tally<Drop4>,
    /// Leases that limits kept from clients.
    pub limited: Tally<Limited4>,
}

impl Statistics4 {
    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        self.received.add(&other.received);
        self.sent.add(&other.sent);
        self.silence.add(&other.silence);
        self.dropped.add(&other.dropped);
        self.limited.add(&other.limited);
    }

    /// Every counter with its name, Kea's sums among them.
    ///
    /// `pkt4-received` is counted by itself: it equals `pkt4-sent`, all `pkt4-no-answer-*`, `pkt4-receive-drop` and the
    /// answers that wait to be sent together.
    pub fn report(&self, queries: u64) -> Vec<(&'static str, u64)> {
        let dropped = |reasons: &[Drop4]| reasons.iter().map(|&reason| self.dropped.get(reason)).sum();
        let sums = [
            ("pkt4-received", queries),
            ("pkt4-sent", self.sent.total()),
            ("pkt4-receive-drop", self.dropped.total()),
            ("pkt4-parse-failed", dropped(&[Drop4::QueryMalformed, Drop4::Malformed])),
            ("pkt4-not-for-us", dropped(&[Drop4::NotForUs])),
            ("pkt4-admin-filtered", dropped(&[Drop4::Class])),
            (
                "pkt4-rfc-violation",
                dropped(&[
                    Drop4::NotAQuery,
                    Drop4::NoMessage,
                    Drop4::SeveralMessages,
                    Drop4::Bootp,
                    Drop4::NotARequest,
                    Drop4::MessageType,
                    Drop4::NoIdentity,
                    Drop4::OptionLength,
                    Drop4::ServerIdInDiscover,
                    Drop4::NoAddress,
                ]),
            ),
        ];
        let each = self
            .received
            .iter()
            .chain(self.sent.iter())
            .chain(self.silence.iter())
            .chain(self.dropped.iter())
            .chain(self.limited.iter());
        sums.into_iter().chain(each).collect()
    }
}

/// The counter for a message of type `message_type`.
pub(crate) fn received(message_type: Option<MessageType>) -> Received4 {
    match message_type {
        Some(MessageType::DISCOVER) => Received4::Discover,
        Some(MessageType::REQUEST) => Received4::Request,
        Some(MessageType::DECLINE) => Received4::Decline,
        Some(MessageType::RELEASE) => Received4::Release,
        Some(MessageType::INFORM) => Received4::Inform,
        Some(MessageType::OFFER) => Received4::Offer,
        Some(MessageType::ACK) => Received4::Ack,
        Some(MessageType::NAK) => Received4::Nak,
        _ => Received4::Unknown,
    }
}
