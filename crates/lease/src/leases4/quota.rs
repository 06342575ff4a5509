//! How many leases somebody has, kept while leases come and go.

use smallvec::SmallVec;

use super::{Leases4, identity_of};
use crate::ClientIdentity;
use crate::entry4::LeaseRef4;
use crate::fields::Relay;
use crate::quota::{CountBy, Counted, Shares};
use crate::record::LeaseState;

impl Leases4 {
    /// From now on counts leases by that. It takes as long as there are leases, if that is something else than before.
    pub fn count_by(&mut self, by: CountBy) {
        if self.quotas.by() != by {
            self.quotas.restart(by);
            self.count_again();
        }
    }

    /// How many leases those have that one of `client`, which comes by `path`, in `subnet` would be counted by. Leases that ended
    /// unnoticed may be among them; [`Self::reclaim`] notices them.
    pub fn shares(&self, client: &ClientIdentity, path: SmallVec<[Relay<'_>; 4]>, subnet: u32) -> Shares {
        let client = name_of(client);
        self.quotas.shares(&Counted { is_prefix: false, client, path, subnet, classes: SmallVec::new() })
    }

    /// How many leases the members of a class have.
    pub fn of_class(&self, name: &str) -> u32 {
        self.quotas.of_class(false, name)
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

/// By what the leases of a client are counted.
fn name_of(client: &ClientIdentity) -> SmallVec<[u8; 32]> {
    let (octets, distinction) = identity_of(client);
    octets.iter().copied().chain(distinction).collect()
}

fn counted(lease: LeaseRef4<'_>) -> Option<Counted<'_>> {
    (lease.state() == LeaseState::Assigned).then(|| Counted {
        is_prefix: false,
        client: name_of(&lease.client()),
        path: lease.relay_path().collect(),
        subnet: lease.subnet(),
        classes: lease.classes().collect(),
    })
}
