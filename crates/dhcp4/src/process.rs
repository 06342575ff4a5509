//! What RFC 2131 §4.3 has a server do with each message of a client.

use std::net::Ipv4Addr;

use fosix_hooks::{Arrival, Context, Proposal4};
use fosix_lease::{BadIdentity, ClientIdentity, Conflict, Grant4, LeaseRef4, Leases4, RelayHop, Timestamp};
use fosix_wire::v4::{MessageType, OptionCode};

use crate::answer::{self, Answer};
use crate::commit::Commit4;
use crate::hooked::Decision;
use crate::outcome::{Drop4, Sent4, Silence4};
use crate::query::Decoded;
use crate::server::{Outcome4, Served4, Server4, Subnet};

/// One query of one client, with everything that is known before it is served.
pub(crate) struct Exchange<'a> {
    pub(crate) server: &'a Server4,
    pub(crate) decoded: &'a Decoded<'a>,
    /// The subnet that the query belongs to.
    pub(crate) subnet: Option<Subnet<'a>>,
    /// The places of the subnets that its client is given addresses of: that one, then the others of its shared network.
    pub(crate) link: &'a [usize],
    pub(crate) client: ClientIdentity,
    /// Where the query came from.
    pub(crate) arrival: Arrival<'a>,
}

/// What an exchange works with and on.
pub(crate) struct Work<'a> {
    pub(crate) now: Timestamp,
    pub(crate) leases: &'a mut Leases4,
    /// The answer goes behind what is in it.
    pub(crate) out: &'a mut Vec<u8>,
    /// Where in `out` the answer begins.
    pub(crate) start: usize,
    /// What hooks keep for this query.
    pub(crate) context: &'a mut Context,
    /// Changes of the leases that others made.
    pub(crate) changes_before: usize,
}

/// What a DHCPREQUEST is sent for (RFC 2131 §4.3.2, table 4).
enum RequestState {
    /// To take the offer of the server that it names.
    Selecting { server: Ipv4Addr, address: Ipv4Addr },
    /// To have an address confirmed that it remembers.
    InitReboot { address: Ipv4Addr },
    /// To extend its lease, asking the server that gave it.
    Renewing { address: Ipv4Addr },
    /// To extend its lease, asking any server.
    Rebinding { address: Ipv4Addr },
}

/// Who sent a message: by client identifier, else by hardware address.
pub(crate) fn identify(decoded: &Decoded<'_>, by_identifier: bool) -> Result<ClientIdentity, Drop4> {
    let mut joined = [0; 255];
    let identifier = match decoded.message.option(OptionCode::CLIENT_IDENTIFIER) {
        Some(data) => Some(data.join(&mut joined).ok_or(Drop4::OptionLength)?),
        None => None,
    };
    let identifier = identifier.filter(|_| by_identifier || decoded.hardware.is_unset());
    ClientIdentity::new(identifier, decoded.hardware).map_err(|error| match error {
        BadIdentity::IdentifierLength { .. } => Drop4::OptionLength,
        _ => Drop4::NoIdentity,
    })
}

/// Serves the exchange: changes leases and appends the answer, if one is due.
pub(crate) fn process(exchange: &Exchange<'_>, work: &mut Work<'_>) -> Served4 {
    let result = match exchange.decoded.message_type {
        MessageType::DISCOVER => exchange.discover(work),
        MessageType::REQUEST => exchange.request(work),
        MessageType::DECLINE => exchange.decline(work),
        MessageType::RELEASE => exchange.release(work),
        MessageType::INFORM => exchange.inform(work),
        _ => Err(Drop4::MessageType),
    };
    if let Some(commit) = Commit4::of(exchange, result, work) {
        return Served4::Committing(Box::new(commit));
    }
    let sent = result.and_then(|outcome| exchange.send(outcome, work.out, work.start, work.context));
    Served4::Done(sent.unwrap_or_else(Outcome4::Dropped))
}

impl Exchange<'_> {
    /// RFC 2131 §4.3.1.
    fn discover(&self, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        // RFC 2131 §4.4.1, table 5: a DHCPDISCOVER has no server identifier.
        if self.decoded.message.option(OptionCode::SERVER_IDENTIFIER).is_some() {
            return Err(Drop4::ServerIdInDiscover);
        }
        let requested = self.decoded.address(OptionCode::REQUESTED_IP_ADDRESS)?;
        if self.link.is_empty() {
            return Err(Drop4::NoSubnet);
        }
        if !work.leases.can_grant() {
            return Err(Drop4::StoreFull);
        }
        let (address, subnet) = self.choose(requested, work).ok_or(Drop4::NoFreeAddress)?;
        let mut proposal = Proposal4::new(address, subnet.id(), true, self.lifetime(&subnet)?);
        self.lease4_select(&mut proposal, work.context)?;
        self.write(&Answer::lease(Sent4::Offer, address, proposal.valid_lifetime), work)?;
        self.lease4_offer(&proposal, work.context)?;
        work.leases.offer(address, &self.client, self.server.settings.offer_lifetime, work.now);
        Ok(Outcome4::Answered(Sent4::Offer))
    }

    /// What the client should be offered, and the subnet that it is of: subnets that the client knows come first, then the
    /// one that it belongs to, then the others of its shared network.
    fn choose(&self, requested: Option<Ipv4Addr>, work: &mut Work<'_>) -> Option<(Ipv4Addr, Subnet<'_>)> {
        let now = work.now;
        if let [only] = self.link {
            let subnet = self.server.subnet(*only)?;
            return work
                .leases
                .choose(&self.client, subnet.id(), requested, now)
                .map(|address| (address, subnet));
        }
        for familiar in [true, false] {
            for subnet in self.link.iter().filter_map(|&at| self.server.subnet(at)) {
                let knows = requested.is_some_and(|address| subnet.config.prefix.contains(&address))
                    || work.leases.known(&self.client, subnet.id(), now).is_some();
                if knows == familiar
                    && let Some(address) = work.leases.choose(&self.client, subnet.id(), requested, now)
                {
                    return Some((address, subnet));
                }
            }
        }
        None
    }

    /// The subnet of the client's shared network that has `address`; the one that the query belongs to where none has.
    pub(crate) fn subnet_of(&self, address: Ipv4Addr) -> Option<Subnet<'_>> {
        let mut subnets = self.link.iter().filter_map(|&at| self.server.subnet(at));
        subnets.find(|subnet| subnet.config.prefix.contains(&address)).or(self.subnet)
    }

    /// RFC 2131 §4.3.2.
    fn request(&self, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        let state = self.request_state()?;
        match state {
            RequestState::Selecting { server, .. } if !self.server.is_ours(server) => {
                // RFC 2131 §3.1, step 4: the others learn from it that their offer was declined.
                work.leases.withdraw_offer(&self.client);
                Ok(Outcome4::Silent(Silence4::OtherServer))
            }
            RequestState::InitReboot { address } => self.init_reboot(address, work),
            RequestState::Selecting { address, .. } | RequestState::Renewing { address } => {
                match self.subnet_of(address) {
                    Some(subnet) => self.grant(&subnet, address, work),
                    None => self.refuse("no subnet serves this client", work),
                }
            }
            RequestState::Rebinding { address } => {
                // Any server may be asked: one that alone decides here refuses what it does not give out, one among
                // others leaves the answer to them.
                match self.subnet_of(address) {
                    Some(subnet) if subnet.config.authoritative => self.grant(&subnet, address, work),
                    Some(subnet) => match work.leases.check(address, &self.client, subnet.id(), work.now) {
                        Err(Conflict::NotInPool { .. }) => {
                            Ok(Outcome4::Silent(Silence4::OtherServersAddress))
                        }
                        _ => self.grant(&subnet, address, work),
                    },
                    None => Ok(Outcome4::Silent(Silence4::OtherServersAddress)),
                }
            }
        }
    }

    /// RFC 2131 §4.3.2, table 4: the fields tell the state. Renewing and rebinding differ in how a client would have
    /// sent the message over IPv4, which RFC 7341 §6.3 carries in the U flag.
    fn request_state(&self) -> Result<RequestState, Drop4> {
        let server = self.decoded.address(OptionCode::SERVER_IDENTIFIER)?;
        let requested = self.decoded.address(OptionCode::REQUESTED_IP_ADDRESS)?;
        let held = Some(self.decoded.message.ciaddr()).filter(|address| !address.is_unspecified());
        match (server, requested, held) {
            // Some clients renew with the server identifier left in; the address says what they mean.
            (Some(server), requested, held) => {
                let address = requested.or(held).ok_or(Drop4::NoAddress)?;
                Ok(RequestState::Selecting { server, address })
            }
            (None, _, Some(address)) if self.decoded.packet.message().query_flags().unicast() => {
                Ok(RequestState::Renewing { address })
            }
            (None, _, Some(address)) => Ok(RequestState::Rebinding { address }),
            (None, Some(address), None) => Ok(RequestState::InitReboot { address }),
            (None, None, None) => Err(Drop4::NoAddress),
        }
    }

    fn init_reboot(&self, address: Ipv4Addr, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        let Some(subnet) = self.subnet_of(address) else {
            if self.server.config.authoritative {
                return self.refuse("no subnet serves this client", work);
            }
            return Ok(Outcome4::Silent(Silence4::UnknownClient));
        };
        // RFC 2131 §4.3.2: a DHCPNAK if the address is on the wrong network.
        if !subnet.config.prefix.contains(&address) {
            return self.refuse("the address is not of this network", work);
        }
        let mut subnets = self.link.iter().filter_map(|&at| self.server.subnet(at));
        let known = subnets.find_map(|subnet| work.leases.known(&self.client, subnet.id(), work.now));
        match known.map(LeaseRef4::address) {
            Some(known) if known == address => self.grant(&subnet, address, work),
            Some(_) => self.refuse("the client has another address", work),
            // RFC 2131 §4.3.2: without a record of the client the server MUST remain silent. An authoritative one
            // knows that nobody else has a record either.
            None if subnet.config.authoritative => self.refuse("the client has no lease", work),
            None => Ok(Outcome4::Silent(Silence4::UnknownClient)),
        }
    }

    /// Gives the client the address it asks for, or refuses it.
    fn grant(&self, subnet: &Subnet<'_>, address: Ipv4Addr, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        if let Err(conflict) = work.leases.check(address, &self.client, subnet.id(), work.now) {
            return self.refuse(reason(conflict), work);
        }
        let mut proposal = Proposal4::new(address, subnet.id(), false, self.lifetime(subnet)?);
        let decision = if work.leases.can_grant() {
            self.ask_about_grant(&mut proposal, work)?
        } else {
            // Nothing can be promised that is not on disk: whoever holds the address is told what is left of its lease.
            proposal.valid_lifetime = self.what_is_left(address, work).ok_or(Drop4::StoreFull)?;
            Decision::Keep
        };
        if decision == Decision::Refuse {
            return self.refuse("the address is not given to this client", work);
        }
        let valid_lifetime = proposal.valid_lifetime;
        // The answer is written first: when it cannot be, nothing was granted.
        self.write(&Answer::lease(Sent4::Ack, address, valid_lifetime), work)?;
        if decision == Decision::Keep {
            return Ok(Outcome4::Answered(Sent4::Ack));
        }
        let grant = Grant4 {
            address,
            client: self.client.clone(),
            hardware: self.decoded.hardware,
            source: self.arrival.source,
            softwire: None,
            relay_path: RelayHop::path(self.decoded.packet),
            subnet: subnet.id(),
            hostname: self.hostname(),
            valid_lifetime,
        };
        // Checked above, and nothing changed since; the store has the last word all the same.
        work.leases.grant(grant, work.now).map_err(|conflict| match conflict {
            Conflict::NoRoom => Drop4::StoreFull,
            _ => Drop4::NoFreeAddress,
        })?;
        Ok(Outcome4::Answered(Sent4::Ack))
    }

    /// Seconds that the client may still use `address` for, if it holds it.
    fn what_is_left(&self, address: Ipv4Addr, work: &Work<'_>) -> Option<u32> {
        let lease = work.leases.get(address).filter(|lease| lease.is_held_by(&self.client, work.now))?;
        let left = lease.expires().map(|end| end.seconds_since(work.now));
        Some(left.map_or(u32::MAX, |left| u32::try_from(left).unwrap_or(u32::MAX)))
    }

    fn refuse(&self, why: &'static str, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        self.write(&Answer::refusal(why), work)?;
        Ok(Outcome4::Answered(Sent4::Nak))
    }

    /// RFC 2131 §4.3.3.
    fn decline(&self, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        self.named_server_is_ours()?;
        let requested = self.decoded.address(OptionCode::REQUESTED_IP_ADDRESS)?;
        let address = requested.ok_or(Drop4::NoAddress)?;
        if !work.leases.can_end() {
            return Err(Drop4::StoreFull);
        }
        if self.lease4_decline(address, work)? {
            let probation = self.server.config.decline_probation_period;
            work.leases.decline(address, &self.client, probation, work.now);
        }
        Ok(Outcome4::Silent(Silence4::Decline))
    }

    /// RFC 2131 §4.3.4.
    fn release(&self, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        self.named_server_is_ours()?;
        let address = self.decoded.message.ciaddr();
        if address.is_unspecified() {
            return Err(Drop4::NoAddress);
        }
        if !work.leases.can_end() {
            return Err(Drop4::StoreFull);
        }
        if self.lease4_release(address, work)? {
            work.leases.release(address, &self.client, work.now);
        }
        Ok(Outcome4::Silent(Silence4::Release))
    }

    /// RFC 2131 §4.3.5: parameters for an address that the client has from elsewhere. No lease, no lease time.
    fn inform(&self, work: &mut Work<'_>) -> Result<Outcome4, Drop4> {
        self.named_server_is_ours()?;
        self.write(&Answer::parameters(), work)?;
        Ok(Outcome4::Answered(Sent4::Ack))
    }

    fn named_server_is_ours(&self) -> Result<(), Drop4> {
        match self.decoded.address(OptionCode::SERVER_IDENTIFIER)? {
            Some(server) if !self.server.is_ours(server) => Err(Drop4::NotForUs),
            _ => Ok(()),
        }
    }

    /// How long the client gets an address, after its wish (option 51) within what is configured.
    fn lifetime(&self, subnet: &Subnet<'_>) -> Result<u32, Drop4> {
        let wish = match self.decoded.message.option(OptionCode::LEASE_TIME) {
            None => None,
            Some(data) => Some(data.to_u32().ok_or(Drop4::OptionLength)?),
        };
        Ok(subnet.timers().valid_lifetime.grant(wish))
    }

    /// The name that the client gave (option 12), without what does not belong in a name.
    fn hostname(&self) -> Box<str> {
        let Some(data) = self.decoded.message.option(OptionCode::HOST_NAME) else { return Box::default() };
        let printable = data.bytes().filter(u8::is_ascii_graphic).map(char::from);
        printable.take(255).collect::<String>().into()
    }

    fn write(&self, answer: &Answer, work: &mut Work<'_>) -> Result<(), Drop4> {
        answer::write(self, answer, work.out).map_err(|_| Drop4::AnswerTooLong)
    }
}

fn reason(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::NotInPool { .. } => "the address is not given out here",
        Conflict::OnOffer { .. } => "the address is on offer to another client",
        _ => "the address is in use",
    }
}
