//! Leases that bear the number of another subnet than the one that their address is in: what `sanity-checks` asks for.
//!
//! A lease is served in the subnet that its address is in, whatever number it bears. The number is for those who read it.

use fosix_config::LeaseChecks;
use fosix_lease::{Kept as _, Store, Timestamp};
use tracing::{info, warn};

use super::family::Half;

/// Leases that are looked at under one lock.
const SLICE: u32 = 1_000;

/// Looks at every lease, and does what `checks` says about those that bear a wrong number.
pub(super) fn check<F: Half>(
    store: &Store<F::Leases>,
    config: &F::Config,
    checks: LeaseChecks,
    now: Timestamp,
) {
    if checks == LeaseChecks::None {
        return;
    }
    let subnets = Subnets::new(F::ranges(config));
    let (mut wrong, mut fixed, mut deleted) = (0u64, 0u64, 0u64);
    let mut next = Some(0);
    while let Some(from) = next {
        let mut leases = store.lock();
        let mut found = Vec::new();
        next = F::scan(&leases, from, SLICE, &mut |lease| {
            let place = F::place(&lease).map(|(address, id)| (subnets.of_address(address), id));
            if let Some((right, id)) = place
                && right != Some(id)
            {
                found.push((lease, right));
            }
        });
        for (lease, right) in found {
            wrong += 1;
            match (checks, right) {
                (LeaseChecks::Fix | LeaseChecks::FixDelete, Some(subnet)) => {
                    fixed += u64::from(F::move_to(&mut leases, lease, subnet, now));
                }
                (LeaseChecks::Delete, _) | (LeaseChecks::FixDelete, None) => {
                    deleted += u64::from(F::delete(&mut leases, &lease, now));
                }
                _ => {}
            }
        }
    }
    let family = F::Leases::FAMILY;
    if fixed + deleted > 0 {
        info!(family, wrong, fixed, deleted, "leases with the id of another subnet than their address is in");
    } else if wrong > 0 {
        warn!(
            family,
            wrong,
            "leases have the id of another subnet than their address is in, or are in none: see `sanity-checks`"
        );
    }
}

/// Subnets by address.
struct Subnets(Vec<(u128, u128, u32)>);

impl Subnets {
    fn new(mut ranges: Vec<(u128, u128, u32)>) -> Self {
        ranges.sort_unstable();
        Self(ranges)
    }

    /// The id of the subnet that the address is in; no two subnets share an address.
    fn of_address(&self, address: u128) -> Option<u32> {
        let after = self.0.partition_point(|(first, _, _)| *first <= address);
        let (_, last, id) = self.0.get(after.checked_sub(1)?)?;
        (address <= *last).then_some(*id)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use fosix_config::Dhcp4;
    use fosix_lease::{Leases4, PoolRange4, Store4, cause};

    use super::*;
    use crate::leases::V4;

    fn config(checks: &str) -> Dhcp4 {
        let text = format!(
            "{{ \"Dhcp4\": {{ \"sanity-checks\": {{ \"lease-checks\": \"{checks}\" }}, \"subnet4\": [
                {{ \"id\": 7, \"subnet\": \"10.0.0.0/24\" }}, {{ \"id\": 9, \"subnet\": \"10.0.1.0/24\" }} ] }} }}"
        );
        fosix_config::load_text("fosix.json", &text).config.unwrap().dhcp4.unwrap()
    }

    /// What is left of three leases: with the right number, with another one, and in no subnet.
    fn after(checks: &str) -> Vec<(u8, u32)> {
        let pool = PoolRange4::new(7, [10, 0, 0, 1].into(), [10, 0, 0, 9].into());
        let mut leases = Leases4::new(&[pool], 10);
        for (third, subnet) in [(0, 7), (1, 7), (2, 7)] {
            let value = serde_json::json!({
                "ip-address": Ipv4Addr::new(10, 0, third, 5), "hw-address": format!("02:00:00:00:00:0{third}"),
                "subnet-id": subnet, "valid-lft": 3600, "cltt": 1000
            });
            let lease = crate::leases::to4(&value).unwrap();
            leases.put_lease(&lease, cause::IMPORTED, Timestamp(1000)).unwrap();
        }
        let store = Store4::in_memory(leases, None);
        let config = config(checks);
        check::<V4>(&store, &config, config.lease_checks, Timestamp(1000));
        let leases = store.lock();
        let mut left: Vec<_> =
            leases.iter().map(|lease| (lease.address().octets()[2], lease.subnet())).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn leases_with_a_wrong_number_are_treated_as_configured() {
        let all = [(0, 7), (1, 7), (2, 7)];
        assert_eq!(after("none"), all);
        assert_eq!(after("warn"), all);
        assert_eq!(after("fix"), [(0, 7), (1, 9), (2, 7)]);
        assert_eq!(after("fix-del"), [(0, 7), (1, 9)]);
        assert_eq!(after("del"), [(0, 7)]);
    }
}
