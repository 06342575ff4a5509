//! Renew and Rebind (RFC 9915 §18.3.4, §18.3.5): what a client holds is extended, what is missing is given to it, and it is
//! told what it cannot have any more.

use fosix_lease::{Conflict6, Key6};
use fosix_wire::v6::StatusCode;

use crate::Drop6;
use crate::assign::NO_SUBNET;
use crate::associations::{Asked, SERVED_AT_ONCE, associations};
use crate::outcome::Sent6;
use crate::plan::{PlannedLease, Status, Step};
use crate::process::{Exchange, Work};

const NOT_KNOWN: &str = "nothing is known of this identity association";
const NOTHING_LEFT: &str = "nothing is left for this identity association";
const NO_ROOM: &str = "no new lease can be given at the moment";

impl Exchange<'_> {
    pub(crate) fn renew(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        self.extend_each(false, work)
    }

    pub(crate) fn rebind(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        // RFC 9915 §18.3.5: of a link that is not known here another server may know more.
        if self.link.is_empty() {
            return Err(Drop6::NoSubnet);
        }
        self.extend_each(true, work)?;
        // A Rebind to which there is nothing to say is discarded.
        if work.plan.associations.is_empty() { Err(Drop6::NoAssociations) } else { Ok(()) }
    }

    fn extend_each(&self, is_rebind: bool, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::Reply);
        let count = associations(&self.message).take(SERVED_AT_ONCE).count();
        let has_room = work.leases.can_grant(count);
        // RFC 9915 §18.3.5: with Rebind other servers may be creating bindings, too; only where Rapid Commit says that
        // there is one server are they created.
        let may_create = !is_rebind || self.subnet().is_some_and(|subnet| subnet.config.rapid_commit);
        for (number, asked) in associations(&self.message).enumerate() {
            let from = work.plan.leases.len();
            let status = if self.link.is_empty() {
                Some((StatusCode::NO_BINDING, NO_SUBNET))
            } else if number >= SERVED_AT_ONCE {
                Some((StatusCode::NO_BINDING, NOT_KNOWN))
            } else {
                self.extend(&asked, is_rebind, has_room, may_create, work)?
            };
            if !self.link.is_empty() && number < SERVED_AT_ONCE {
                self.withdraw(&asked, from, work);
            }
            work.plan.associate(asked.kind, asked.iaid, from, status);
        }
        Ok(())
    }

    /// Plans what the association holds, else something new for it, else says why not.
    fn extend(
        &self,
        asked: &Asked<'_>,
        is_rebind: bool,
        has_room: bool,
        may_create: bool,
        work: &mut Work<'_>,
    ) -> Result<Option<Status>, Drop6> {
        let from = work.plan.leases.len();
        self.plan_held(asked, Step::Grant, has_room && may_create, work);
        for at in from..work.plan.leases.len() {
            if has_room {
                self.lease6_extend(at, is_rebind, work)?;
                self.tell_again(at, work);
            } else {
                // Nothing can be promised that is not on disk: the client is told what is left.
                tell_what_is_left(at, work);
            }
        }
        if work.plan.leases.len() > from {
            return Ok(None);
        }
        if !may_create {
            return Ok(Some((StatusCode::NO_BINDING, NOT_KNOWN)));
        }
        if !has_room {
            return Ok(Some((asked.nothing_available(), NO_ROOM)));
        }
        let chosen = self.choose(asked, Step::Grant, work)?;
        Ok((!chosen).then_some((asked.nothing_available(), NOTHING_LEFT)))
    }

    /// Plans lifetimes of 0 for what the client names and cannot have: it does not fit its link, or somebody else holds
    /// it, or the association was given others. Where nothing is known, another server may know.
    fn withdraw(&self, asked: &Asked<'_>, from: usize, work: &mut Work<'_>) {
        let to = work.plan.leases.len();
        for key in asked.keys().take(SERVED_AT_ONCE) {
            let planned = work.plan.leases.get(from..).unwrap_or_default();
            if planned.iter().any(|lease| lease.key == key) {
                continue;
            }
            if to > from || !self.fits_link(key) || self.is_anothers(key, asked, work) {
                work.plan.leases.push(PlannedLease {
                    key,
                    iaid: asked.iaid,
                    subnet: None,
                    preferred_lifetime: 0,
                    valid_lifetime: 0,
                    step: Step::Withdraw,
                });
            }
        }
    }

    /// Whether somebody else holds it or is about to, another association of the same message among them.
    fn is_anothers(&self, key: Key6, asked: &Asked<'_>, work: &Work<'_>) -> bool {
        let is_held = work.leases.get(key).is_some_and(|lease| {
            lease.is_active(work.now) && !lease.is_held_by(self.duid, asked.iaid, work.now)
        });
        let client = asked.of(self.duid);
        is_held
            || self.subnets().any(|subnet| {
                let conflict = self.within(&subnet, |scope| work.leases.check(key, client, scope, work.now));
                matches!(
                    conflict,
                    Err(Conflict6::Held { .. } | Conflict6::OnOffer { .. } | Conflict6::Reserved { .. })
                )
            })
    }
}

/// Has the client told what is left of a planned lease, and nothing done.
pub(crate) fn tell_what_is_left(at: usize, work: &mut Work<'_>) {
    let Some(planned) = work.plan.leases.get_mut(at) else { return };
    let Some(lease) = work.leases.get(planned.key) else { return };
    let passed = u32::try_from(work.now.seconds_since(lease.last_transaction())).unwrap_or(u32::MAX);
    // For ever stays for ever.
    let left = |lifetime: u32| if lifetime == u32::MAX { lifetime } else { lifetime.saturating_sub(passed) };
    planned.preferred_lifetime = left(lease.preferred_lifetime());
    planned.valid_lifetime = left(lease.valid_lifetime());
    planned.step = Step::Tell;
}
