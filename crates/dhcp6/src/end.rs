//! Release and Decline (RFC 9915 §18.3.7, §18.3.8): what a client gives back, and what it found in use by another.

use fosix_lease::{Key6, LeaseKind6};
use fosix_wire::v6::StatusCode;

use crate::Drop6;
use crate::associations::{Asked, SERVED_AT_ONCE, associations};
use crate::outcome::Sent6;
use crate::plan::{End, Status};
use crate::process::{Exchange, Work};

const NOT_KNOWN: &str = "nothing is known of this identity association";
const RELEASED: Status = (StatusCode::SUCCESS, "released what was held");
const DECLINED: Status = (StatusCode::SUCCESS, "declined what was held");

impl Exchange<'_> {
    pub(crate) fn release(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        self.end_each(End::Release, RELEASED, work)
    }

    pub(crate) fn decline(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        self.end_each(End::Decline, DECLINED, work)
    }

    fn end_each(&self, end: End, status: Status, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::Reply);
        work.plan.status = Some(status);
        // Nobody else uses a prefix by accident: only addresses are declined (RFC 9915 §18.3.8).
        let concerned = |asked: &Asked<'_>| end == End::Release || asked.kind == LeaseKind6::Address;
        for asked in associations(&self.message).filter(concerned).take(SERVED_AT_ONCE) {
            let from = work.plan.leases.len();
            // RFC 9915 §18.3.7, §18.3.8: only what is not known is in the answer.
            if !self.has_binding(&asked, work) || self.excludes_anew(&asked) {
                work.plan.associate(asked.kind, asked.iaid, from, Some((StatusCode::NO_BINDING, NOT_KNOWN)));
                continue;
            }
            for key in asked.keys().take(SERVED_AT_ONCE) {
                self.end(end, key, asked.iaid, work)?;
            }
        }
        if !work.leases.can_end(work.plan.ends.len()) {
            return Err(Drop6::StoreFull);
        }
        Ok(())
    }

    /// Plans the end of a lease if the association holds it and hooks let it go; what it does not hold is not looked at.
    fn end(&self, end: End, key: Key6, iaid: u32, work: &mut Work<'_>) -> Result<(), Drop6> {
        let held = work.leases.get(key).filter(|lease| lease.is_held_by(self.duid, iaid, work.now));
        if held.is_none() || work.plan.ends.iter().any(|&(_, known, _)| known == key) {
            return Ok(());
        }
        let goes = match end {
            End::Release => self.lease6_release(key, work),
            End::Decline => self.lease6_decline(key, work)?,
        };
        if goes {
            work.plan.ends.push((end, key, iaid));
        }
        Ok(())
    }

    /// RFC 6603 §6.2: a released prefix with an excluded one that it was not delegated with is not known.
    fn excludes_anew(&self, asked: &Asked<'_>) -> bool {
        asked.keys().take(SERVED_AT_ONCE).any(|key| {
            let mut expected = Vec::new();
            self.server.write_excluded(self, key, &mut expected);
            asked.excluded(key).any(|data| expected.get(4..) != Some(data))
        })
    }
}
