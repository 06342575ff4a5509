//! What looking after leases does differently for the two halves.

use std::sync::Arc;

use fosix_config::{Dhcp4, Dhcp6};
use fosix_hooks::Hook;
use fosix_journal::Frame;
use fosix_lease::{
    Change4, Change6, Kept, Key4, Key6, Lease4, Lease6, LeaseEvent4, LeaseEvent6, LeaseKind6, Timestamp,
    cause,
};

use crate::leases::{Family, V4, V6};

/// What followers of a family's leases are told.
pub(super) type EventOf<F> = <<F as Family>::Leases as Kept>::Event;

/// A family whose leases are served.
pub(super) trait Half: Family + Send {
    /// What the configuration says of it.
    type Config;

    /// Has changes kept for whoever follows them.
    fn follow_changes(leases: &mut Self::Leases);
    fn set_hold_reclaimed_time(leases: &mut Self::Leases, seconds: Option<u32>);
    fn reclaim(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize;
    fn forget_former(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize;

    /// What a record of the log tells.
    fn change_of(frame: &Frame<'_>) -> Option<ChangeOf<Self>>;
    fn event(sequence: u64, changes: Vec<ChangeOf<Self>>) -> EventOf<Self>;
    /// Tells a hook.
    fn tell(hook: &dyn Hook, event: &EventOf<Self>);

    /// The addresses of each subnet, with its id.
    fn ranges(config: &Self::Config) -> Vec<(u128, u128, u32)>;
    /// The address of a lease that has to lie in its subnet, and the subnet's id; a delegated prefix need not.
    fn place(lease: &Self::Lease) -> Option<(u128, u32)>;
    /// Gives a lease another subnet's id.
    fn move_to(leases: &mut Self::Leases, lease: Self::Lease, subnet: u32, now: Timestamp) -> bool;
    /// Removes a lease.
    fn delete(leases: &mut Self::Leases, lease: &Self::Lease, now: Timestamp) -> bool;
}

/// One change of a lease of a family.
pub(super) type ChangeOf<F> = Arc<fosix_lease::Change<<F as Family>::Lease>>;

impl Half for V4 {
    type Config = Dhcp4;

    fn follow_changes(leases: &mut Self::Leases) {
        leases.follow_changes();
    }

    fn set_hold_reclaimed_time(leases: &mut Self::Leases, seconds: Option<u32>) {
        leases.set_hold_reclaimed_time(seconds);
    }

    fn reclaim(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize {
        leases.reclaim(now, limit)
    }

    fn forget_former(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize {
        leases.forget_former(now, limit)
    }

    fn change_of(frame: &Frame<'_>) -> Option<Arc<Change4>> {
        Change4::of_record(frame).map(Arc::new)
    }

    fn event(sequence: u64, changes: Vec<Arc<Change4>>) -> LeaseEvent4 {
        LeaseEvent4 { sequence, changes }
    }

    fn tell(hook: &dyn Hook, event: &LeaseEvent4) {
        hook.leases4_changed(event);
    }

    fn ranges(config: &Dhcp4) -> Vec<(u128, u128, u32)> {
        let number = |address| u128::from(u32::from(address));
        let subnets = config.subnets.iter();
        let range = |subnet: &fosix_config::Subnet4| {
            (number(subnet.prefix.network()), number(subnet.prefix.broadcast()), subnet.id.0)
        };
        subnets.map(range).collect()
    }

    fn place(lease: &Lease4) -> Option<(u128, u32)> {
        Some((u32::from(lease.address).into(), lease.subnet))
    }

    fn move_to(leases: &mut Self::Leases, lease: Lease4, subnet: u32, now: Timestamp) -> bool {
        leases.put_lease(&Lease4 { subnet, ..lease }, cause::OPERATOR, now).is_ok()
    }

    fn delete(leases: &mut Self::Leases, lease: &Lease4, now: Timestamp) -> bool {
        leases.remove(Key4 { address: lease.address, port_set: lease.port_set }, now)
    }
}

impl Half for V6 {
    type Config = Dhcp6;

    fn follow_changes(leases: &mut Self::Leases) {
        leases.follow_changes();
    }

    fn set_hold_reclaimed_time(leases: &mut Self::Leases, seconds: Option<u32>) {
        leases.set_hold_reclaimed_time(seconds);
    }

    fn reclaim(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize {
        leases.reclaim(now, limit)
    }

    fn forget_former(leases: &mut Self::Leases, now: Timestamp, limit: usize) -> usize {
        leases.forget_former(now, limit)
    }

    fn change_of(frame: &Frame<'_>) -> Option<Arc<Change6>> {
        Change6::of_record(frame).map(Arc::new)
    }

    fn event(sequence: u64, changes: Vec<Arc<Change6>>) -> LeaseEvent6 {
        LeaseEvent6 { sequence, changes }
    }

    fn tell(hook: &dyn Hook, event: &LeaseEvent6) {
        hook.leases6_changed(event);
    }

    fn ranges(config: &Dhcp6) -> Vec<(u128, u128, u32)> {
        let subnets = config.subnets.iter();
        let range = |subnet: &fosix_config::Subnet6| {
            (subnet.prefix.network().into(), subnet.prefix.broadcast().into(), subnet.id.0)
        };
        subnets.map(range).collect()
    }

    fn place(lease: &Lease6) -> Option<(u128, u32)> {
        (lease.kind == LeaseKind6::Address).then(|| (lease.address.into(), lease.subnet))
    }

    fn move_to(leases: &mut Self::Leases, lease: Lease6, subnet: u32, now: Timestamp) -> bool {
        leases.put_lease(&Lease6 { subnet, ..lease }, cause::OPERATOR, now).is_ok()
    }

    fn delete(leases: &mut Self::Leases, lease: &Lease6, now: Timestamp) -> bool {
        leases.remove(Key6::of(lease), now)
    }
}
