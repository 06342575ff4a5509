//! What can become of a datagram, each under its own name: answered, handed over, or dropped.

use fosix_policy::{Dropped, LimitedBy, Tally, counters};
use fosix_wire::v6::MessageType;

counters! {
    /// What came in, by message type; Kea's names.
    pub enum Received6 {
        /// Solicit.
        Solicit = "pkt6-solicit-received",
        /// Advertise, which only servers send.
        Advertise = "pkt6-advertise-received",
        /// Request.
        Request = "pkt6-request-received",
        /// Confirm.
        Confirm = "pkt6-confirm-received",
        /// Renew.
        Renew = "pkt6-renew-received",
        /// Rebind.
        Rebind = "pkt6-rebind-received",
        /// Reply, which only servers send.
        Reply = "pkt6-reply-received",
        /// Release.
        Release = "pkt6-release-received",
        /// Decline.
        Decline = "pkt6-decline-received",
        /// Reconfigure, which only servers send.
        Reconfigure = "pkt6-reconfigure-received",
        /// Information-request.
        InformationRequest = "pkt6-infrequest-received",
        /// DHCPV4-QUERY.
        Dhcpv4Query = "pkt6-dhcpv4-query-received",
        /// DHCPV4-RESPONSE from the network, where only servers send it.
        Dhcpv4Response = "pkt6-dhcpv4-response-received",
        /// Address registration (RFC 9686).
        AddressRegistration = "pkt6-addr-reg-inform-received",
        /// Any other type.
        Unknown = "pkt6-unknown-received",
    }
}

counters! {
    /// What was sent, by message type; Kea's names.
    pub enum Sent6 {
        /// Advertise.
        Advertise = "pkt6-advertise-sent",
        /// Reply.
        Reply = "pkt6-reply-sent",
        /// DHCPV4-RESPONSE.
        Dhcpv4Response = "pkt6-dhcpv4-response-sent",
        /// ADDR-REG-REPLY (RFC 9686).
        AddressRegistrationReply = "pkt6-addr-reg-reply-sent",
    }
}

counters! {
    /// What happened beside.
    pub enum Event6 {
        /// Queries handed over to the DHCPv4 half.
        HandedOver = "pkt6-dhcpv4-query-handed-over",
        /// Responses that came back from the DHCPv4 half.
        ResponseFromLink = "link-response-received",
        /// Responses from the DHCPv4 half that are none.
        BadResponseFromLink = "link-response-dropped",
        /// Responses that a hook kept from being sent.
        ResponseHeldByHook = "link-response-dropped-by-hook",
        /// Queries in which a client posed as the other half, and from which that was removed.
        LinkOptionsRemoved = "pkt6-link-options-removed",
        /// Answers that the system did not take.
        SendFailed = "pkt6-send-failed",
    }
}

counters! {
    /// Why a datagram was dropped.
    pub enum Drop6 {
        /// It is longer than can be received.
        Truncated = "pkt6-drop-truncated",
        /// It cannot be decoded.
        Malformed = "pkt6-drop-malformed",
        /// It has more relay levels than are accepted.
        TooManyRelays = "pkt6-drop-too-many-relays",
        /// It came to an address that is not served.
        NotServedHere = "pkt6-drop-not-served-here",
        /// Its type is one that servers send, or that is not served.
        MessageType = "pkt6-drop-message-type",
        /// It names another server.
        NotForUs = "pkt6-drop-not-for-us",
        /// The client identifier is missing, doubled, or not a DUID.
        ClientId = "pkt6-drop-client-id",
        /// The server identifier is missing, doubled, or where it must not be.
        ServerId = "pkt6-drop-server-id",
        /// An Information-request with identity associations (RFC 9915 §16.12).
        IaInInformationRequest = "pkt6-drop-ia-in-information-request",
        /// An option that the answer rests on has a wrong length.
        OptionLength = "pkt6-drop-option-length",
        /// A DHCPV4-QUERY without the DHCPv4 Message option.
        NoDhcpv4Message = "pkt6-drop-no-dhcpv4-message",
        /// A DHCPV4-QUERY with more than one DHCPv4 Message option.
        SeveralDhcpv4Messages = "pkt6-drop-several-dhcpv4-messages",
        /// A DHCPV4-QUERY, and there is no DHCPv4 half.
        NoDhcpv4Half = "pkt6-drop-no-dhcpv4-half",
        /// It came to a unicast address from a client without a relay (RFC 9915 §16).
        Unicast = "pkt6-drop-unicast",
        /// A Confirm or a registration that names no address, or a registration that names several.
        NoAddresses = "pkt6-drop-no-addresses",
        /// A Rebind without an identity association.
        NoAssociations = "pkt6-drop-no-associations",
        /// A Confirm or Rebind of a client whose link is not known here: another server may know it.
        NoSubnet = "pkt6-drop-no-subnet",
        /// A registration of an address, which is switched off.
        RegistrationOff = "pkt6-drop-registration-off",
        /// A registration with an Option Request option (RFC 9686 §4.2.1).
        RequestInRegistration = "pkt6-drop-request-in-registration",
        /// A registration of an address that it was not sent from.
        RegistrationOfAnother = "pkt6-drop-registration-of-another",
        /// A registration of an address that fits neither the client's link nor a prefix of it.
        RegistrationNotOnLink = "pkt6-drop-registration-not-on-link",
        /// A registration of an address that DHCPv6 gave out, or of more than a client may have.
        RegistrationRefused = "pkt6-drop-registration-refused",
        /// As many offers are held as may be, and their clients may be about to take them.
        OffersFull = "pkt6-drop-offers-full",
        /// There is no room on disk for what it asks for.
        StoreFull = "pkt6-drop-store-full",
        /// It begins something new, and more came in than could be served.
        Overload = "pkt6-drop-overload",
        /// Too many answers wait for the disk.
        StoreBehind = "pkt6-drop-store-behind",
        /// What was chosen for the client was refused by the lease store.
        NoFreeLease = "pkt6-drop-no-free-lease",
        /// The answer does not fit into a message.
        AnswerTooLong = "pkt6-drop-answer-too-long",
        /// More packets came than the limit of each client allows.
        RateClient = "pkt6-drop-rate-client",
        /// More packets came than the limit of a port of a relay allows.
        RateInterfaceId = "pkt6-drop-rate-interface-id",
        /// More packets came than the limit of a Remote-ID allows.
        RateRemoteId = "pkt6-drop-rate-remote-id",
        /// More packets came than the limit of a class allows.
        RateClass = "pkt6-drop-rate-class",
        /// More packets came than the limit of the subnet allows.
        RateSubnet = "pkt6-drop-rate-subnet",
        /// It is in the class DROP.
        Class = "pkt6-drop-class",
        /// A hook dropped it.
        Hook = "pkt6-drop-hook",
        /// A hook kept the answer from being sent, or left something that is none.
        HookAnswer = "pkt6-drop-hook-answer",
    }
}

impl Drop6 {
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

impl From<Dropped> for Drop6 {
    fn from(_: Dropped) -> Self {
        Self::Class
    }
}

counters! {
    /// Whose limit a lease was not given for.
    pub enum Limited6 {
        /// A lease was not given for the limit of each client.
        Client = "lease6-limit-client",
        /// A lease was not given for the limit of a port of a relay.
        InterfaceId = "lease6-limit-interface-id",
        /// A lease was not given for the limit of a Remote-ID.
        RemoteId = "lease6-limit-remote-id",
        /// A lease was not given for the limit of a class.
        Class = "lease6-limit-class",
        /// A lease was not given for the limit of the subnet.
        Subnet = "lease6-limit-subnet",
    }
}

impl From<LimitedBy> for Limited6 {
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

/// Everything that one worker's DHCPv6 half counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics6 {
    /// Datagrams that came in.
    pub datagrams: u64,
    /// Messages by type, those that cannot be decoded not among them.
    pub received: Tally<Received6>,
    /// Answers by type.
    pub sent: Tally<Sent6>,
    /// Datagrams dropped, by reason.
    pub dropped: Tally<Drop6>,
    /// Leases that limits kept from clients.
    pub limited: Tally<Limited6>,
    /// What happened beside.
    pub events: Tally<Event6>,
}

impl Statistics6 {
    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        self.datagrams += other.datagrams;
        self.received.add(&other.received);
        self.sent.add(&other.sent);
        self.dropped.add(&other.dropped);
        self.limited.add(&other.limited);
        self.events.add(&other.events);
    }

    /// Every counter with its name, Kea's sums among them.
    ///
    /// `pkt6-received` is counted by itself: it equals `pkt6-advertise-sent`, `pkt6-reply-sent`, `pkt6-addr-reg-reply-sent`,
    /// `pkt6-dhcpv4-query-handed-over`, `pkt6-receive-drop` and the answers that wait for the disk together.
    pub fn report(&self) -> Vec<(&'static str, u64)> {
        let dropped = |reasons: &[Drop6]| reasons.iter().map(|&reason| self.dropped.get(reason)).sum();
        let sums = [
            ("pkt6-received", self.datagrams),
            ("pkt6-sent", self.sent.total()),
            ("pkt6-receive-drop", self.dropped.total()),
            ("pkt6-parse-failed", dropped(&[Drop6::Truncated, Drop6::Malformed, Drop6::TooManyRelays])),
            ("pkt6-not-for-us", dropped(&[Drop6::NotForUs])),
            ("pkt6-admin-filtered", dropped(&[Drop6::Class])),
            (
                "pkt6-rfc-violation",
                dropped(&[
                    Drop6::MessageType,
                    Drop6::ClientId,
                    Drop6::ServerId,
                    Drop6::IaInInformationRequest,
                    Drop6::Unicast,
                    Drop6::NoAddresses,
                    Drop6::NoAssociations,
                    Drop6::RequestInRegistration,
                    Drop6::RegistrationOfAnother,
                    Drop6::OptionLength,
                    Drop6::NoDhcpv4Message,
                    Drop6::SeveralDhcpv4Messages,
                ]),
            ),
        ];
        let each = self
            .received
            .iter()
            .chain(self.sent.iter())
            .chain(self.dropped.iter())
            .chain(self.limited.iter())
            .chain(self.events.iter());
        sums.into_iter().chain(each).collect()
    }
}

/// The counter for a message of type `message_type`.
pub(crate) fn received(message_type: MessageType) -> Received6 {
    match message_type {
        MessageType::SOLICIT => Received6::Solicit,
        MessageType::ADVERTISE => Received6::Advertise,
        MessageType::REQUEST => Received6::Request,
        MessageType::CONFIRM => Received6::Confirm,
        MessageType::RENEW => Received6::Renew,
        MessageType::REBIND => Received6::Rebind,
        MessageType::REPLY => Received6::Reply,
        MessageType::RELEASE => Received6::Release,
        MessageType::DECLINE => Received6::Decline,
        MessageType::RECONFIGURE => Received6::Reconfigure,
        MessageType::INFORMATION_REQUEST => Received6::InformationRequest,
        MessageType::DHCPV4_QUERY => Received6::Dhcpv4Query,
        MessageType::DHCPV4_RESPONSE => Received6::Dhcpv4Response,
        MessageType::ADDR_REG_INFORM => Received6::AddressRegistration,
        _ => Received6::Unknown,
    }
}
