//! Addresses and prefixes for a client that asks for them: Solicit, Request, and what Renew finds missing.

use fosix_config::{Lifetime, Subnet6};
use fosix_lease::{Association, Key6, LeaseKind6, LeaseRef6, LeaseState};
use fosix_policy::Topic;
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};
use smallvec::SmallVec;
use tracing::debug;

use crate::Drop6;
use crate::associations::{Asked, SERVED_AT_ONCE, associations};
use crate::extend::tell_what_is_left;
use crate::outcome::Sent6;
use crate::plan::{End, PlannedLease, Step};
use crate::process::{Exchange, Work};
use crate::server::Hex;

const NOTHING_LEFT: &str = "nothing is left for this identity association";
const TOO_MANY: &str = "more identity associations than are served at a time";
const OTHER_LINK: &str = "an address does not fit the link";
pub(crate) const NO_SUBNET: &str = "no subnet serves this client";

impl Exchange<'_> {
    /// RFC 9915 §18.3.1, §18.3.9.
    pub(crate) fn solicit(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        if self.may_commit_rapidly() {
            self.request(work)?;
            work.plan.rapid_commit = true;
            return Ok(());
        }
        work.plan.begin(Sent6::Advertise);
        // What could not be promised afterwards is not advertised: another server may have room.
        if !self.link.is_empty() && !work.leases.can_grant(1) {
            return Err(Drop6::StoreFull);
        }
        self.assign_each(Step::Offer, true, work)
    }

    /// RFC 9915 §18.3.2.
    pub(crate) fn request(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::Reply);
        let count = associations(&self.message).take(SERVED_AT_ONCE).count();
        let has_room = work.leases.can_grant(count);
        self.assign_each(Step::Grant, has_room, work)
    }

    fn assign_each(&self, step: Step, has_room: bool, work: &mut Work<'_>) -> Result<(), Drop6> {
        let is_request = self.message.message_type() == MessageType::REQUEST;
        for (number, asked) in associations(&self.message).enumerate() {
            let from = work.plan.leases.len();
            let status = if self.link.is_empty() {
                Some((asked.nothing_available(), NO_SUBNET))
            } else if number >= SERVED_AT_ONCE {
                Some((asked.nothing_available(), TOO_MANY))
            } else if is_request && self.names_another_link(&asked) {
                // RFC 9915 §18.3.2: NotOnLink, and no address, if any of them does not fit the link.
                Some((StatusCode::NOT_ON_LINK, OTHER_LINK))
            } else if self.keep(&asked, step, has_room, work)? {
                None
            } else if !has_room {
                return Err(Drop6::StoreFull);
            } else if self.choose(&asked, step, work)? {
                None
            } else {
                Some((asked.nothing_available(), NOTHING_LEFT))
            };
            work.plan.associate(asked.kind, asked.iaid, from, status);
        }
        Ok(())
    }

    /// Whether the client asks with an address that is of no subnet of its link.
    fn names_another_link(&self, asked: &Asked<'_>) -> bool {
        asked.kind == LeaseKind6::Address && asked.keys().any(|key| !self.fits_link(key))
    }

    /// Plans what the association holds on this link already; false where that is nothing.
    fn keep(
        &self,
        asked: &Asked<'_>,
        step: Step,
        has_room: bool,
        work: &mut Work<'_>,
    ) -> Result<bool, Drop6> {
        let from = work.plan.leases.len();
        self.plan_held(asked, step, has_room, work);
        for at in (from..work.plan.leases.len()).rev() {
            if !has_room {
                // Nothing can be promised that is not on disk: the client is told what is left.
                tell_what_is_left(at, work);
            } else if step == Step::Grant {
                self.lease6_extend(at, false, work)?;
                self.tell_again(at, work);
            } else if !self.lease6_select(at, work)? {
                work.plan.leases.remove(at);
            }
        }
        Ok(work.plan.leases.len() > from)
    }

    /// Plans every lease that the association holds in the subnets of its link. What is for others meanwhile, or would be in
    /// the place of what is reserved for the client, it gives up where it can be given something new.
    pub(crate) fn plan_held(&self, asked: &Asked<'_>, step: Step, has_room: bool, work: &mut Work<'_>) {
        let client = asked.of(self.duid);
        let reserved = if has_room { self.find_reserved(asked, client, work) } else { None };
        for &at in self.link {
            let Some(subnet) = self.server.subnet(at) else { continue };
            let held = work.leases.held_by(client, subnet.id(), work.now).map(LeaseRef6::key);
            let held: SmallVec<[Key6; 4]> = held.collect();
            for key in held {
                let is_admitted = self.server.admits(at, &self.classes);
                let is_own = self.reserved(&subnet).contains(&key);
                let is_open = is_admitted && self.within(&subnet, |scope| work.leases.is_open(key, &scope));
                if !has_room || is_own || (is_open && reserved.is_none()) {
                    work.why.add(Topic::Lease, || {
                        let why = if is_own { ", and it is reserved for the client" } else { "" };
                        format!("{key} of subnet {}: the client holds it{why}", subnet.id())
                    });
                    work.plan.leases.push(self.planned(key, asked.iaid, at, step));
                    continue;
                }
                work.why.add(Topic::Lease, || match reserved {
                    Some((reserved, _)) => {
                        format!("not {key}, which it holds: {reserved} is reserved for the client")
                    }
                    None => format!("not {key}, which it holds: it is for other clients now"),
                });
                if step == Step::Grant {
                    work.plan.ends.push((End::Release, key, asked.iaid));
                }
            }
        }
    }

    /// What is reserved for the client, and free for this association, with the place of its subnet. What the association
    /// holds already is nothing to find.
    fn find_reserved(
        &self,
        asked: &Asked<'_>,
        client: Association<'_>,
        work: &mut Work<'_>,
    ) -> Option<(Key6, usize)> {
        if !self.hosts.is_any() {
            return None;
        }
        let mut found = None;
        for subnet in self.subnets() {
            for key in self.reserved(&subnet).into_iter().filter(|key| key.kind == asked.kind) {
                let is_planned = work.plan.leases.iter().any(|lease| lease.key == key);
                if is_planned || found.is_some() {
                    continue;
                }
                let is_held = work
                    .leases
                    .get(key)
                    .is_some_and(|lease| lease.is_held_by(self.duid, asked.iaid, work.now));
                if is_held {
                    return None;
                }
                match self.within(&subnet, |scope| work.leases.check(key, client, scope, work.now)) {
                    Ok(()) => found = Some((key, subnet.at)),
                    Err(conflict) => {
                        work.why.add(Topic::Lease, || {
                            format!("not {key}, which is reserved for the client: {conflict}")
                        });
                        debug!(%key, %conflict, duid = %Hex(self.duid), "what is reserved cannot be given");
                    }
                }
            }
        }
        found
    }

    /// Plans a lease that the association does not hold; false where nothing is left, or hooks do not let it have what is.
    pub(crate) fn choose(&self, asked: &Asked<'_>, step: Step, work: &mut Work<'_>) -> Result<bool, Drop6> {
        let client = asked.of(self.duid);
        let Some((key, at)) = self.find(asked, client, work) else { return Ok(false) };
        if self.check_limits(key, at, work).is_err() {
            return Ok(false);
        }
        if step == Step::Offer && !work.leases.can_offer(client, work.now) {
            return Err(Drop6::OffersFull);
        }
        work.plan.leases.push(self.planned(key, asked.iaid, at, step));
        let planned = work.plan.leases.len().saturating_sub(1);
        if !self.lease6_select(planned, work)? {
            work.plan.leases.truncate(planned);
            return Ok(false);
        }
        // Another association of the same message must not be given the same.
        let of_class = self.server.rules.classifier().offer_lifetime(&self.classes);
        let lifetime = of_class.unwrap_or(self.server.settings.offer_lifetime);
        work.leases.offer(key, client, lifetime, work.now);
        Ok(true)
    }

    /// What the association should get, and the place of its subnet: subnets that the client knows come first, then the
    /// subnet that was selected, then the others of its shared network.
    fn find(&self, asked: &Asked<'_>, client: Association<'_>, work: &mut Work<'_>) -> Option<(Key6, usize)> {
        if let Some((key, at)) = self.find_reserved(asked, client, work) {
            work.why.add(Topic::Lease, || format!("{key}: it is reserved for the client"));
            return Some((key, at));
        }
        work.hints.clear();
        work.hints.extend(asked.keys().take(SERVED_AT_ONCE));
        let (now, prefix_len) = (work.now, asked.prefix_len());
        let is_only_one = self.subnets().nth(1).is_none();
        for familiar in [true, false] {
            for subnet in self.subnets() {
                let knows = is_only_one
                    || work.hints.iter().any(|&hint| subnet.gives(hint))
                    || work.leases.known(client, subnet.id(), now).is_some();
                if knows != familiar {
                    continue;
                }
                let on_record = || work.leases.known(client, subnet.id(), now).map(LeaseRef6::key);
                // Of use to an explanation alone.
                let had = if work.why.is_wanted() { on_record() } else { None };
                let hints: &[Key6] = work.hints;
                let chosen =
                    self.within(&subnet, |scope| work.leases.choose(client, scope, hints, prefix_len, now));
                if let Some(key) = chosen {
                    work.why.add(Topic::Lease, || {
                        let why = match Some(key) {
                            chosen if chosen == had => "the client had it last",
                            _ if work.hints.contains(&key) => "the client asks for it, and it is free",
                            _ => "it is free, or on offer to the client",
                        };
                        format!("{key} of subnet {}{}: {why}", subnet.id(), subnet.pool_text(key))
                    });
                    return Some((key, subnet.at));
                }
                work.why.add(Topic::Lease, || {
                    format!(
                        "nothing of subnet {}: no pool that admits the client has anything free",
                        subnet.id()
                    )
                });
            }
        }
        None
    }

    /// A lease with the lifetimes of its subnet.
    pub(crate) fn planned(&self, key: Key6, iaid: u32, at: usize, step: Step) -> PlannedLease {
        let subnet = self.server.subnet(at);
        let classifier = self.server.rules.classifier();
        let of_subnet = |of: fn(&Subnet6) -> Lifetime| subnet.map_or(0, |subnet| of(subnet.config).default);
        let of_class = classifier.valid_lifetime(&self.classes).map(|lifetime| lifetime.default);
        let valid_lifetime = of_class.unwrap_or_else(|| of_subnet(|subnet| subnet.timers.valid_lifetime));
        let of_class = classifier.preferred_lifetime(&self.classes).map(|lifetime| lifetime.default);
        let preferred_lifetime = of_class.unwrap_or_else(|| of_subnet(|subnet| subnet.preferred_lifetime));
        // RFC 9915 §21.6: the preferred one is nowhere above the valid one.
        let preferred_lifetime = preferred_lifetime.min(valid_lifetime);
        PlannedLease { key, iaid, subnet: Some(at), preferred_lifetime, valid_lifetime, step }
    }

    /// Whether the client's link may have `key`: an address of one of its subnets, a prefix of one of their pools.
    pub(crate) fn fits_link(&self, key: Key6) -> bool {
        self.subnets().any(|subnet| match key.kind {
            LeaseKind6::Address => subnet.config.prefix.contains(&key.address),
            LeaseKind6::Prefix => subnet.gives(key) || self.reserved(&subnet).contains(&key),
        })
    }

    /// RFC 9915 §18.3.1: a client that asks for it gets its leases at once where that is configured.
    fn may_commit_rapidly(&self) -> bool {
        let asks = self.message.options().find(OptionCode::RAPID_COMMIT).is_some();
        asks && self.subnet().is_some_and(|subnet| subnet.config.rapid_commit)
    }

    /// Whether the association has anything on record that is in use, wherever it is.
    pub(crate) fn has_binding(&self, asked: &Asked<'_>, work: &Work<'_>) -> bool {
        let mut leases = work.leases.of_association(asked.of(self.duid));
        leases.any(|lease| lease.state() == LeaseState::Assigned && lease.is_active(work.now))
    }
}
