//! What RFC 2131 §4.3 has a server do with each message of a client.

use std::net::Ipv4Addr;

use fosix_config::HostDetails;
use fosix_expression::Classes;
use fosix_hooks::{Arrival, Context, Proposal4};
use fosix_lease::{ClientIdentity, Conflict, Grant4, LeaseRef4, Leases4, RelayHop, Scope4, Timestamp};
use fosix_policy::{Explanation, LimitedBy, Topic, details};
use fosix_wire::v4::{MessageType, OptionCode};
use tracing::debug;

use crate::answer::{self, Answer};
use crate::commit::Commit4;
use crate::hooked::Decision;
use crate::outcome::{Drop4, Sent4, Silence4};
use crate::query::Decoded;
use crate::server::{Host4, Hosts4, Outcome4, Served4, Server4, Subnet};

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
    /// The classes that the query is in.
    pub(crate) classes: Classes,
    /// What is reserved for the client.
    pub(crate) hosts: Hosts4<'a>,
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
    /// Whose limit a lease was not given for.
    pub(crate) limited: Option<LimitedBy>,
    /// What was decided, and why.
    pub(crate) why: &'a mut Explanation,
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

impl<'a> Exchange<'a> {
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
        self.check_limits(&subnet, work).map_err(|_| Drop4::LeaseLimit)?;
        if !work.leases.can_offer(address, &self.client, work.now) {
            return Err(Drop4::OffersFull);
        }
        let mut proposal = Proposal4::new(address, subnet.id(), true, self.lifetime(&subnet)?);
        self.lease4_select(&mut proposal, work.context)?;
        self.write(&Answer::lease(Sent4::Offer, address, proposal.valid_lifetime), work)?;
        self.lease4_offer(&proposal, work.context)?;
        let of_class = self.server.rules.classifier().offer_lifetime(&self.classes);
        let lifetime = of_class.or(subnet.config.offer_lifetime);
        let lifetime = lifetime.unwrap_or(self.server.settings.offer_lifetime);
        work.leases.offer(address, &self.client, lifetime, work.now);
        Ok(Outcome4::Answered(Sent4::Offer))
    }

    /// What the client should be offered, and the subnet that it is of: what is reserved for it, else of subnets that it
    /// knows, then of the one that it belongs to, then of the others of its shared network.
    fn choose(&self, requested: Option<Ipv4Addr>, work: &mut Work<'_>) -> Option<(Ipv4Addr, Subnet<'a>)> {
        let now = work.now;
        for subnet in self.subnets() {
            let Some(address) = self.reserved(&subnet) else { continue };
            match self.within(&subnet, |scope| work.leases.check(address, &self.client, scope, now)) {
                Ok(()) => {
                    work.why.add(Topic::Lease, || {
                        format!("{address} of subnet {}: it is reserved for the client", subnet.id())
                    });
                    return Some((address, subnet));
                }
                Err(conflict) => {
                    work.why.add(Topic::Lease, || {
                        format!("not {address}, which is reserved for the client: {conflict}")
                    });
                    debug!(%address, %conflict, client = %self.client, "a reserved address cannot be given");
                }
            }
        }
        let is_only_one = self.subnets().nth(1).is_none();
        for familiar in [true, false] {
            for subnet in self.subnets() {
                let knows = is_only_one
                    || requested.is_some_and(|address| subnet.config.prefix.contains(&address))
                    || work.leases.known(&self.client, subnet.id(), now).is_some();
                if knows != familiar {
                    continue;
                }
                let on_record = || {
                    let held = work.leases.held_by(&self.client, subnet.id(), now);
                    let had = work.leases.known(&self.client, subnet.id(), now);
                    (held.map(LeaseRef4::address), had.map(LeaseRef4::address))
                };
                // Of use to an explanation alone.
                let (held, had) = if work.why.is_wanted() { on_record() } else { (None, None) };
                let chosen =
                    self.within(&subnet, |scope| work.leases.choose(&self.client, scope, requested, now));
                if let Some(address) = chosen {
                    work.why.add(Topic::Lease, || {
                        let why = match Some(address) {
                            chosen if chosen == held => "the client holds it",
                            chosen if chosen == had => "the client had it last",
                            chosen if chosen == requested => "the client asks for it, and it is free",
                            _ => "it is free, or on offer to the client",
                        };
                        format!("{address} of subnet {}{}: {why}", subnet.id(), pool_of(&subnet, address))
                    });
                    return Some((address, subnet));
                }
                work.why.add(Topic::Lease, || {
                    format!(
                        "nothing of subnet {}: no pool that admits the client has a free address",
                        subnet.id()
                    )
                });
            }
        }
        None
    }

    /// The subnets that the client may be given addresses of.
    pub(crate) fn subnets(&self) -> impl Iterator<Item = Subnet<'a>> {
        let admitted = self.link.iter().filter(|&&at| self.server.admits(at, &self.classes));
        admitted.filter_map(|&at| self.server.subnet(at))
    }

    /// What is reserved for the client in a subnet.
    fn reserved(&self, subnet: &Subnet<'_>) -> Option<Ipv4Addr> {
        let own = self.hosts.own(subnet.at).and_then(|host| host.reserved);
        let everywhere = || {
            let host = self.hosts.everywhere().filter(|_| subnet.config.reservation_modes.global);
            host?.reserved.filter(|address| subnet.config.prefix.contains(address))
        };
        own.or_else(everywhere)
    }

    /// The reservation that counts in the subnet of an answer.
    pub(crate) fn host(&self, subnet: Option<&Subnet<'_>>) -> Option<&'a Host4> {
        self.hosts.of(subnet.map(|subnet| subnet.at))
    }

    fn host_details(&self, subnet: Option<&Subnet<'_>>) -> Option<&'a HostDetails> {
        details(self.host(subnet))
    }

    /// Calls `with` with what the client may be given in a subnet.
    fn within<T>(&self, subnet: &Subnet<'_>, with: impl FnOnce(Scope4<'_>) -> T) -> T {
        let admits = |guard| self.server.guards.admits(guard, &self.classes);
        with(Scope4 { subnet: subnet.id(), reserved: self.reserved(subnet), admits: &admits })
    }

    /// The subnet of the client's shared network that has `address`; the one that the query belongs to where none has.
    pub(crate) fn subnet_of(&self, address: Ipv4Addr) -> Option<Subnet<'a>> {
        self.subnets().find(|subnet| subnet.config.prefix.contains(&address)).or(self.subnet)
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
                    Some(subnet) => {
                        let now = work.now;
                        let checked = self
                            .within(&subnet, |scope| work.leases.check(address, &self.client, scope, now));
                        match checked {
                            Err(Conflict::NotInPool { .. }) => {
                                Ok(Outcome4::Silent(Silence4::OtherServersAddress))
                            }
                            _ => self.grant(&subnet, address, work),
                        }
                    }
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
        let known = self.subnets().find_map(|subnet| work.leases.known(&self.client, subnet.id(), work.now));
        match known.map(LeaseRef4::address).or_else(|| self.reserved(&subnet)) {
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
        let now = work.now;
        let checked = self.within(subnet, |scope| work.leases.check(address, &self.client, scope, now));
        if let Err(conflict) = checked {
            work.why.add(Topic::Lease, || format!("not {address}: {conflict}"));
            return self.refuse(reason(conflict), work);
        }
        if let Some(other) = self.other_reserved(subnet, address, work) {
            work.why.add(Topic::Lease, || format!("not {address}: {other} is reserved for the client"));
            return self.refuse("another address is reserved for the client", work);
        }
        if let Err(reached) = self.check_limits(subnet, work) {
            return self.refuse(too_many(reached.by), work);
        }
        work.why.add(Topic::Lease, || {
            format!("{address} of subnet {}{}: the client may have it", subnet.id(), pool_of(subnet, address))
        });
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
        let grant = Grant4 {
            address,
            client: self.client.clone(),
            hardware: self.decoded.hardware,
            source: self.arrival.source,
            softwire: None,
            relay_path: RelayHop::path(self.decoded.packet),
            subnet: subnet.id(),
            classes: self.server.rules.limiter().limited_classes(&self.classes),
            hostname: self.hostname(subnet),
            valid_lifetime: proposal.valid_lifetime,
        };
        let told_again =
            if decision == Decision::Keep { None } else { self.told_again(subnet, &grant, work) };
        // The answer is written first: when it cannot be, nothing was granted.
        let valid_lifetime = told_again.unwrap_or(proposal.valid_lifetime);
        self.write(&Answer::lease(Sent4::Ack, address, valid_lifetime), work)?;
        if decision == Decision::Keep || told_again.is_some() {
            return Ok(Outcome4::Answered(Sent4::Ack));
        }
        // Checked above, and nothing changed since; the store has the last word all the same.
        let granted = self.within(subnet, |scope| work.leases.grant_within(&scope, grant, now));
        granted.map_err(|conflict| match conflict {
            Conflict::NoRoom => Drop4::StoreFull,
            _ => Drop4::NoFreeAddress,
        })?;
        Ok(Outcome4::Answered(Sent4::Ack))
    }

    /// What is reserved for the client other than `address`, if it could have that.
    fn other_reserved(&self, subnet: &Subnet<'_>, address: Ipv4Addr, work: &Work<'_>) -> Option<Ipv4Addr> {
        let other = self.subnets().find_map(|subnet| Some((self.reserved(&subnet)?, subnet)));
        let (other, of) =
            other.filter(|(other, _)| *other != address && self.reserved(subnet) != Some(address))?;
        let is_free =
            self.within(&of, |scope| work.leases.check(other, &self.client, scope, work.now)).is_ok();
        is_free.then_some(other)
    }

    /// What is left of a lease that is too young to be extended and that the grant would not change.
    fn told_again(&self, subnet: &Subnet<'_>, grant: &Grant4, work: &mut Work<'_>) -> Option<u32> {
        let lease =
            work.leases.get(grant.address).filter(|lease| lease.is_held_by(&self.client, work.now))?;
        let age = work.now.seconds_since(lease.last_transaction());
        if !subnet.timers().cache.covers(age, lease.valid_lifetime()) || !lease.repeats(grant) {
            return None;
        }
        work.why.add(Topic::Lease, || format!("not extended: it was {age} s ago, and the cache covers that"));
        self.what_is_left(grant.address, work)
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
        let of_class = self.server.rules.classifier().valid_lifetime(&self.classes);
        let lifetime = of_class.unwrap_or_else(|| subnet.timers().valid_lifetime);
        Ok(lifetime.grant(wish))
    }

    /// The name that is reserved for the client, else the one that it gave (option 12), without what does not belong in a
    /// name.
    fn hostname(&self, subnet: &Subnet<'_>) -> Box<str> {
        let reserved = self.host_details(Some(subnet)).map_or("", |details| &details.hostname);
        if !reserved.is_empty() {
            return reserved.to_ascii_lowercase().into();
        }
        let Some(data) = self.decoded.message.option(OptionCode::HOST_NAME) else { return Box::default() };
        let printable = data.bytes().filter(u8::is_ascii_graphic).map(char::from);
        printable.take(255).collect::<String>().into()
    }

    fn write(&self, answer: &Answer, work: &mut Work<'_>) -> Result<(), Drop4> {
        answer::write(self, answer, work.out, work.why).map_err(|_| Drop4::AnswerTooLong)
    }
}

/// The pool that an address is of, for an explanation: `, pool 192.0.2.1 - 192.0.2.9`.
fn pool_of(subnet: &Subnet<'_>, address: Ipv4Addr) -> String {
    match subnet.pool(address) {
        Some(pool) => format!(", pool {} - {}", pool.first, pool.last),
        None => ", in no pool".to_owned(),
    }
}

fn reason(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::NotInPool { .. } => "the address is not given out here",
        Conflict::Reserved { .. } => "the address is for other clients",
        Conflict::OnOffer { .. } => "the address is on offer to another client",
        _ => "the address is in use",
    }
}

fn too_many(by: LimitedBy) -> &'static str {
    match by {
        LimitedBy::Client => "the client has as many addresses as it may have",
        LimitedBy::InterfaceId | LimitedBy::RemoteId => "the line has as many addresses as it may have",
        LimitedBy::Class | LimitedBy::Subnet => "as many addresses are given out as may be",
    }
}
