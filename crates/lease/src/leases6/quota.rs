//! How many leases somebody has, kept while leases come and go.

use smallvec::SmallVec;

use super::Leases6;
use crate::entry6::LeaseRef6;
use crate::fields::Relay;
use crate::quota::{CountBy, Counted, Shares};
use crate::record::LeaseState;
use crate::record6::LeaseKind6;

impl Leases6 {
    /// From now on counts leases by that. It takes as long as there are leases, if that is something else than before.
    pub fn count_by(&mut self, by: CountBy) {
        if self.quotas.by() != by {
            self.quotas.restart(by);
            self.count_again();
        }
    }

    /// How many leases of that kind those have that one of the client with this DUID, which comes by `path`, in `subnet` would be
    /// counted by. Leases that ended unnoticed may be among them; [`Self::reclaim`] notices them.
    pub fn shares(
        &self,
        kind: LeaseKind6,
        duid: &[u8],
        path: SmallVec<[Relay<'_>; 4]>,
        subnet: u32,
    ) -> Shares {
        let is_prefix = kind == LeaseKind6::Prefix;
        self.quotas.shares(&Counted {
            is_prefix,
            client: duid.into(),
            path,
            subnet,
            classes: SmallVec::new(),
        })
    }

    /// How many leases of that kind the members of a class have.
    pub fn of_class(&self, kind: LeaseKind6, name: &str) -> u32 {
        self.quotas.of_class(kind == LeaseKind6::Prefix, name)
    }

    pub(super) fn count_again(&mut self) {
        if self.quotas.is_on() {
            self.quotas.restart(self.quotas.by());
            (0..self.table.entries.slot_end()).for_each(|slot| self.recount(slot));
        }
    }

    /// That what was counted on the way is what there is.
    #[cfg(test)]
    pub(super) fn check_quotas(&self) {
        let mut again = self.quotas.emptied();
        self.iter().filter_map(counted).for_each(|lease| again.add(&lease));
        assert_eq!(again.counts(), self.quotas.counts());
    }

    /// Counts the lease in `slot`, which was just put there.
    pub(super) fn recount(&mut self, slot: u32) {
        if self.quotas.is_on()
            && let Some(lease) = self.table.get(slot).and_then(counted)
        {
            self.quotas.add(&lease);
        }
    }

    /// Counts the lease in `slot`, which is about to go or change, no longer.
    pub(super) fn uncount(&mut self, slot: Option<u32>) {
        if self.quotas.is_on()
            && let Some(lease) = slot.and_then(|slot| self.table.get(slot)).and_then(counted)
        {
            self.quotas.remove(&lease);
        }
    }
}

fn counted(lease: LeaseRef6<'_>) -> Option<Counted<'_>> {
    (lease.state() == LeaseState::Assigned).then(|| Counted {
        is_prefix: lease.kind() == LeaseKind6::Prefix,
        client: lease.duid().into(),
        path: lease.relay_path().collect(),
        subnet: lease.subnet(),
        classes: lease.classes().collect(),
    })
}
