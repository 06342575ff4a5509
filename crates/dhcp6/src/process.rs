//! What RFC 9915 §18.3 has a server do with each message of a client, DHCPV4-QUERY apart: first it is planned, then the
//! answer is written, then leases change.

use std::net::Ipv6Addr;

use fosix_expression::Classes;
use fosix_hooks::{Arrival, Context, Query6};
use fosix_lease::{Grant6, HardwareAddress, Key6, LeaseKind6, Leases6, RelayHop, Timestamp};
use fosix_policy::{Explanation, LimitedBy, Topic};
use fosix_wire::v6::{Message, MessageType, OptionCode, Packet, StatusCode};
use smallvec::SmallVec;

use crate::associations::{self, associations};
use crate::extend::tell_what_is_left;
use crate::outcome::{Drop6, Sent6};
use crate::plan::{End, Plan, PlannedLease, Step};
use crate::reserved::Hosts6;
use crate::scopes::Subnet;
use crate::server::Server6;
use crate::{client, fqdn};

/// One message of one client, with everything that is known before it is served.
pub(crate) struct Exchange<'a> {
    pub(crate) server: &'a Server6,
    pub(crate) packet: &'a Packet<'a>,
    pub(crate) message: Message<'a>,
    /// The client's DUID; empty where it gave none.
    pub(crate) duid: &'a [u8],
    /// The places of the subnets of the client's link: the one that was selected, then the others of its shared network.
    pub(crate) link: &'a [usize],
    pub(crate) arrival: Arrival<'a>,
    /// Where the datagram was sent to.
    pub(crate) destination: Ipv6Addr,
    /// The classes that the message is in.
    pub(crate) classes: Classes,
    /// What is reserved for the client.
    pub(crate) hosts: Hosts6<'a>,
}

/// What an exchange works with and on.
pub(crate) struct Work<'a> {
    pub(crate) now: Timestamp,
    pub(crate) leases: &'a mut Leases6,
    pub(crate) plan: &'a mut Plan,
    /// What a client would like; kept for its memory.
    pub(crate) hints: &'a mut Vec<Key6>,
    /// What hooks keep for this message.
    pub(crate) context: &'a mut Context,
    /// What was decided, and why.
    pub(crate) why: &'a mut Explanation,
    /// Whose limits leases were not given for.
    pub(crate) limited: SmallVec<[LimitedBy; 2]>,
}

const ALL_ON_LINK: &str = "all addresses fit the link";
const NOT_ON_LINK: &str = "an address does not fit the link";

impl<'a> Exchange<'a> {
    /// Plans the answer to a message whose identifiers were checked.
    pub(crate) fn plan(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        associations::check(&self.message)?;
        match self.message.message_type() {
            MessageType::SOLICIT => self.solicit(work),
            MessageType::REQUEST => self.request(work),
            MessageType::RENEW => self.renew(work),
            MessageType::REBIND => self.rebind(work),
            MessageType::CONFIRM => self.confirm(work),
            MessageType::RELEASE => self.release(work),
            MessageType::DECLINE => self.decline(work),
            MessageType::INFORMATION_REQUEST => self.inform(work),
            MessageType::ADDR_REG_INFORM => self.register(work),
            _ => Err(Drop6::MessageType),
        }
    }

    /// RFC 9915 §18.3.3.
    fn confirm(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::Reply);
        // A client with prefixes sends Rebind instead (RFC 9915 §18.2.12).
        let addresses = associations(&self.message).filter(|asked| asked.kind == LeaseKind6::Address);
        let mut keys = addresses.flat_map(|asked| asked.keys()).peekable();
        // RFC 9915 §18.3.3: silence where there is nothing to check, or nothing to check it with.
        if keys.peek().is_none() {
            return Err(Drop6::NoAddresses);
        }
        if self.link.is_empty() {
            return Err(Drop6::NoSubnet);
        }
        work.plan.status = Some(if keys.all(|key| self.fits_link(key)) {
            (StatusCode::SUCCESS, ALL_ON_LINK)
        } else {
            (StatusCode::NOT_ON_LINK, NOT_ON_LINK)
        });
        Ok(())
    }

    /// RFC 9915 §18.3.6.
    fn inform(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::Reply);
        // RFC 9915 §16.12: with an identity association in it, it is discarded.
        let kinds = [OptionCode::IA_NA, OptionCode::IA_TA, OptionCode::IA_PD];
        if kinds.iter().any(|&code| self.message.options().find(code).is_some()) {
            return Err(Drop6::IaInInformationRequest);
        }
        Ok(())
    }

    /// Does what is planned, now that the answer is written.
    pub(crate) fn carry_out(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        for &(end, key, iaid) in &work.plan.ends {
            match end {
                End::Release => work.leases.release(key, self.duid, iaid, work.now),
                End::Decline => {
                    let probation = self.server.decline_probation_period;
                    work.leases.decline(key, self.duid, iaid, probation, work.now)
                }
            };
        }
        let grants = |lease: &&PlannedLease| lease.step == Step::Grant;
        if !work.plan.leases.iter().any(|lease| grants(&lease)) {
            return Ok(());
        }
        let hostname = fqdn::hostname(self, work.plan);
        let hardware = client::hardware(self.packet, self.arrival.source, &self.server.mac_sources);
        let relay_path = RelayHop::path(self.packet);
        for lease in work.plan.leases.iter().filter(grants) {
            let Some(subnet) = lease.subnet.and_then(|at| self.server.subnet(at)) else { continue };
            let grant = self.grant(lease, subnet.id(), hardware, relay_path.clone(), hostname.clone());
            // It was looked at when it was planned, and nothing has changed since; the store has the last word all the same.
            let now = work.now;
            let granted = self.within(&subnet, |scope| work.leases.grant_within(&scope, grant, now));
            granted.map_err(|conflict| match conflict {
                fosix_lease::Conflict6::NoRoom => Drop6::StoreFull,
                _ => Drop6::NoFreeLease,
            })?;
        }
        Ok(())
    }

    fn grant(
        &self,
        lease: &PlannedLease,
        subnet: u32,
        hardware: Option<HardwareAddress>,
        relay_path: Box<[RelayHop]>,
        hostname: Box<str>,
    ) -> Grant6 {
        Grant6 {
            kind: lease.key.kind,
            address: lease.key.address,
            prefix_len: lease.key.prefix_len,
            duid: self.duid.into(),
            iaid: lease.iaid,
            hardware,
            source: client::address(self.packet, self.arrival.source),
            relay_path,
            subnet,
            classes: self.server.rules.limiter().limited_classes(&self.classes),
            hostname,
            preferred_lifetime: lease.preferred_lifetime,
            valid_lifetime: lease.valid_lifetime,
        }
    }

    /// Has the client told what is left of a planned lease that is too young to be extended and that the grant would not
    /// change.
    pub(crate) fn tell_again(&self, at: usize, work: &mut Work<'_>) {
        let Some(planned) = work.plan.leases.get(at).copied() else { return };
        let Some(subnet) = planned.subnet.and_then(|at| self.server.subnet(at)) else { return };
        let Some(lease) = work.leases.get(planned.key) else { return };
        let age = work.now.seconds_since(lease.last_transaction());
        if planned.step != Step::Grant
            || !subnet.config.timers.cache.covers(age, lease.valid_lifetime())
            || !lease.is_held_by(self.duid, planned.iaid, work.now)
        {
            return;
        }
        let hardware = client::hardware(self.packet, self.arrival.source, &self.server.mac_sources);
        let hostname = fqdn::hostname(self, work.plan);
        let grant = self.grant(&planned, subnet.id(), hardware, RelayHop::path(self.packet), hostname);
        if lease.repeats(&grant) {
            let text =
                || format!("{} is not extended: it was {age} s ago, and the cache covers that", planned.key);
            work.why.add(Topic::Lease, text);
            tell_what_is_left(at, work);
        }
    }

    /// The subnet that was selected.
    pub(crate) fn subnet(&self) -> Option<Subnet<'a>> {
        self.server.subnet(*self.link.first()?)
    }

    pub(crate) fn query(&self) -> Query6<'a> {
        Query6 { packet: self.packet, arrival: self.arrival }
    }
}
