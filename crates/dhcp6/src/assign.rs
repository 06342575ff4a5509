//! Addresses and prefixes for a client that asks for them: Solicit, Request, and what Renew finds missing.

use fosix_lease::{Association, Key6, LeaseKind6, LeaseState};
use fosix_wire::v6::{MessageType, OptionCode, StatusCode};

use crate::Drop6;
use crate::associations::{Asked, SERVED_AT_ONCE, associations};
use crate::extend::tell_what_is_left;
use crate::outcome::Sent6;
use crate::plan::{PlannedLease, Step};
use crate::process::{Exchange, Work};

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
        self.plan_held(asked, step, work);
        for at in (from..work.plan.leases.len()).rev() {
            if !has_room {
                // Nothing can be promised that is not on disk: the client is told what is left.
                tell_what_is_left(at, work);
            } else if step == Step::Grant {
                self.lease6_extend(at, false, work)?;
            } else if !self.lease6_select(at, work)? {
                work.plan.leases.remove(at);
            }
        }
        Ok(work.plan.leases.len() > from)
    }

    /// Plans every lease that the association holds in the subnets of its link.
    pub(crate) fn plan_held(&self, asked: &Asked<'_>, step: Step, work: &mut Work<'_>) {
        for &at in self.link {
            let Some(subnet) = self.server.subnet(at) else { continue };
            let held = work.leases.held_by(asked.of(self.duid), subnet.id(), work.now);
            for lease in held {
                work.plan.leases.push(self.planned(lease.key(), asked.iaid, at, step));
            }
        }
    }

    /// Plans a lease that the association does not hold; false where nothing is left, or hooks do not let it have what is.
    pub(crate) fn choose(&self, asked: &Asked<'_>, step: Step, work: &mut Work<'_>) -> Result<bool, Drop6> {
        let client = asked.of(self.duid);
        let Some((key, at)) = self.find(asked, client, work) else { return Ok(false) };
        work.plan.leases.push(self.planned(key, asked.iaid, at, step));
        let planned = work.plan.leases.len().saturating_sub(1);
        if !self.lease6_select(planned, work)? {
            work.plan.leases.truncate(planned);
            return Ok(false);
        }
        // Another association of the same message must not be given the same.
        work.leases.offer(key, client, self.server.settings.offer_lifetime, work.now);
        Ok(true)
    }

    /// What the association should get, and the place of its subnet: subnets that the client knows come first, then the
    /// subnet that was selected, then the others of its shared network.
    fn find(&self, asked: &Asked<'_>, client: Association<'_>, work: &mut Work<'_>) -> Option<(Key6, usize)> {
        work.hints.clear();
        work.hints.extend(asked.keys().take(SERVED_AT_ONCE));
        let (now, prefix_len) = (work.now, asked.prefix_len());
        if let [only] = self.link {
            let id = self.server.subnet(*only)?.id();
            return work.leases.choose(client, id, work.hints, prefix_len, now).map(|key| (key, *only));
        }
        for familiar in [true, false] {
            for &at in self.link {
                let Some(subnet) = self.server.subnet(at) else { continue };
                let knows = work.hints.iter().any(|&hint| subnet.gives(hint))
                    || work.leases.known(client, subnet.id(), now).is_some();
                if knows == familiar
                    && let Some(key) = work.leases.choose(client, subnet.id(), work.hints, prefix_len, now)
                {
                    return Some((key, at));
                }
            }
        }
        None
    }

    /// A lease with the lifetimes of its subnet.
    pub(crate) fn planned(&self, key: Key6, iaid: u32, at: usize, step: Step) -> PlannedLease {
        let subnet = self.server.subnet(at);
        PlannedLease {
            key,
            iaid,
            subnet: Some(at),
            preferred_lifetime: subnet.map_or(0, |subnet| subnet.config.preferred_lifetime.default),
            valid_lifetime: subnet.map_or(0, |subnet| subnet.config.timers.valid_lifetime.default),
            step,
        }
    }

    /// Whether the client's link may have `key`: an address of one of its subnets, a prefix of one of their pools.
    pub(crate) fn fits_link(&self, key: Key6) -> bool {
        let mut subnets = self.link.iter().filter_map(|&at| self.server.subnet(at));
        subnets.any(|subnet| match key.kind {
            LeaseKind6::Address => subnet.config.prefix.contains(&key.address),
            LeaseKind6::Prefix => subnet.gives(key),
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
