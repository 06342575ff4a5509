//! The validated configuration: immutable plain data, which the two halves and the program read.
//!
//! Inheritance (global, shared network, subnet) is resolved here: whoever holds a subnet needs to look nowhere else for
//! its parameters. Options are the exception: they stay at the scope that they were written in, because which scope wins
//! is decided for each packet (pool before subnet before global); those of a shared network are merged into its subnets.

mod classes;
mod dhcp4;
mod dhcp6;
mod flex;
mod hooks;
mod limits;
mod reservations;
mod rules;
mod settings;

use std::fmt;

pub use classes::{ClassNames, ClassNumber, ClassRule, ClientClass, ClientClasses, Guard, built_in};
pub use dhcp4::{Dhcp4, Pool4, Selector4o6, Subnet4};
pub use dhcp6::{
    Dhcp6, DuidSpec, FqdnPolicy, InterfaceSpec, MacSource, PdPool, Pool6, ReplaceClientName, ServerIdSpec,
    Subnet6,
};
pub use flex::{FlexAction, FlexId, FlexOption};
pub use hooks::{HookSettings, LegalLogFormat, LegalLogSettings, LogPeriod, RunScriptSettings};
pub use limits::{Limit, Limits, Rate};
pub use reservations::{Host, HostDetails, IdentifierKind, ReservationModes, Reservations, ReservedLease};
pub use rules::ClientRules;
pub use settings::{
    Durability, ExpiredLeases, FosixSettings, JournalSettings, LeaseChecks, LinkSettings, LogFormat,
    LogLevel, LogSettings, OfferSettings, Ports, StoreSettings,
};

/// Everything that the given files say.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The DHCPv6 half; absent when no file has a `Dhcp6` object.
    pub dhcp6: Option<Dhcp6>,
    /// The DHCPv4 half; absent when no file has a `Dhcp4` object.
    pub dhcp4: Option<Dhcp4>,
    /// What Kea has no key for; the defaults when no file has a `Fosix` object.
    pub fosix: FosixSettings,
}

impl Config {
    /// Where the leases of the DHCPv4 half are kept: what `Fosix.store` says, else in memory where `lease-database` has
    /// `"persist": false`, else on disk with the defaults.
    pub fn store4(&self) -> StoreSettings {
        self.fosix.store_of(self.dhcp4.as_ref().is_none_or(|half| half.persist))
    }

    /// Where the leases of the DHCPv6 half are kept, in the same way.
    pub fn store6(&self) -> StoreSettings {
        self.fosix.store_of(self.dhcp6.as_ref().is_none_or(|half| half.persist))
    }
}

/// The number of a subnet, 1 to 4,294,967,294; unique within `Dhcp4` and, separately, within `Dhcp6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubnetId(pub u32);

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One configured option, as it goes on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptionValue {
    /// The option's code; with `vendor` the code within that vendor's space. At most 254 in `Dhcp4`.
    pub code: u16,
    /// The option's body, without its code and length; sub-options are already inside.
    pub data: Vec<u8>,
    /// Sent also to a client that did not ask for it.
    pub always_send: bool,
    /// Not sent, whatever the client asks for and whatever other scopes say of this code.
    pub never_send: bool,
    /// The IANA enterprise number when the option belongs in a vendor option (17 in DHCPv6, 125 in DHCPv4).
    pub vendor: Option<u32>,
}

/// How a free address or prefix is chosen for a client that has had none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Allocator {
    /// The next one in the order of the pools.
    #[default]
    Iterative,
    /// Any one.
    Random,
    /// One that follows from who the client is.
    Identity,
}

/// Seconds that a lease may last: `min <= default <= max`; 4,294,967,295 is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// The least that a client's wish is granted.
    pub min: u32,
    /// What a client gets that has no wish.
    pub default: u32,
    /// The most that a client's wish is granted.
    pub max: u32,
}

impl Lifetime {
    /// The same value for the default and both bounds: the client's wish changes nothing.
    pub const fn fixed(seconds: u32) -> Self {
        Self { min: seconds, default: seconds, max: seconds }
    }

    /// What to grant a client that wishes for `wish` seconds.
    pub fn grant(&self, wish: Option<u32>) -> u32 {
        wish.map_or(self.default, |seconds| seconds.max(self.min).min(self.max))
    }
}

/// How long a lease lasts and when its holder is to renew it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timers {
    /// The valid lifetime of a lease.
    pub valid_lifetime: Lifetime,
    /// T1 in seconds, where `renew-timer` is configured.
    pub renew: Option<u32>,
    /// T2 in seconds, where `rebind-timer` is configured.
    pub rebind: Option<u32>,
    /// Whether a time that is not configured is calculated from the lifetime.
    pub calculate_tee_times: bool,
    /// T1 as a part of the lifetime, between 0 and 1.
    pub t1_percent: f64,
    /// T2 as a part of the lifetime, between 0 and 1.
    pub t2_percent: f64,
    /// Which leases are told again without being extended.
    pub cache: Cache,
}

/// Which leases are young enough to be told again as they are, so that a client that asks too often costs no write. Neither
/// is given: none is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cache {
    /// The part of the lifetime that may have passed, from 0 to below 1.
    pub threshold: Option<f64>,
    /// Seconds that may have passed.
    pub max_age: Option<u32>,
}

impl Cache {
    /// Whether a lease of `lifetime` seconds, `age` seconds after it was given or extended, is told again.
    pub fn covers(&self, age: u64, lifetime: u32) -> bool {
        let of_lifetime = self.threshold.map(|part| part_of(lifetime, part));
        let Some(limit) = of_lifetime.into_iter().chain(self.max_age).min() else { return false };
        age < u64::from(limit)
    }
}

impl Timers {
    /// T1 and T2 to send with a DHCPv4 lease of `lifetime` seconds; what would make no sense is not sent.
    ///
    /// T2 is sent when it is more than 0 and less than the lifetime, T1 when it is more than 0 and less than the T2 that
    /// is sent (than the lifetime when no T2 is). RFC 2131 §4.4.5: T1 < T2 < lifetime.
    pub fn tee_times(&self, lifetime: u32) -> (Option<u32>, Option<u32>) {
        let candidate = |configured: Option<u32>, percent: f64| {
            configured.or_else(|| self.calculate_tee_times.then(|| part_of(lifetime, percent)))
        };
        let t2 = candidate(self.rebind, self.t2_percent).filter(|&t2| t2 > 0 && t2 < lifetime);
        let ceiling = t2.unwrap_or(lifetime);
        let t1 = candidate(self.renew, self.t1_percent).filter(|&t1| t1 > 0 && t1 < ceiling);
        (t1, t2)
    }

    /// T1 and T2 of an `IA_NA` or `IA_PD` whose shortest preferred lifetime is `shortest_preferred` seconds; 0 leaves a
    /// time to the client, 4,294,967,295 is never.
    ///
    /// A T1 that would be 0 or not below the T2 that is sent is made of T2, unless both are never: there are clients that
    /// ignore an association with a T2 and no T1 (systemd-networkd).
    pub fn tee_times6(&self, shortest_preferred: u32) -> (u32, u32) {
        let nothing_configured = self.renew.is_none() && self.rebind.is_none();
        let time = |configured: Option<u32>, percent: f64| match (configured, shortest_preferred) {
            (Some(seconds), _) => seconds,
            // RFC 9915 §21.4, §7.7: where the shortest preferred lifetime is infinity, T1 and T2 are, too.
            (None, u32::MAX) if self.calculate_tee_times || nothing_configured => u32::MAX,
            (None, _) if self.calculate_tee_times => part_of(shortest_preferred, percent),
            (None, _) => 0,
        };
        let t2 = time(self.rebind, self.t2_percent);
        let t1 = time(self.renew, self.t1_percent);
        let t1 = match t2 {
            0 => t1,
            u32::MAX => {
                if t1 == 0 {
                    t2
                } else {
                    t1
                }
            }
            // RFC 9915 §21.4: a client discards an IA whose T1 is above its T2, with both above 0.
            _ if t1 == 0 || t1 >= t2 => part_of(t2, self.t1_percent / self.t2_percent).clamp(1, t2),
            _ => t1,
        };
        (t1, t2)
    }
}

/// `percent` (a part between 0 and 1) of `lifetime`, rounded to the nearest second.
fn part_of(lifetime: u32, percent: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let seconds = (f64::from(lifetime) * percent).round() as u32;
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(renew: Option<u32>, rebind: Option<u32>, calculate_tee_times: bool) -> Timers {
        Timers {
            valid_lifetime: Lifetime::fixed(4000),
            renew,
            rebind,
            calculate_tee_times,
            t1_percent: 0.5,
            t2_percent: 0.875,
            cache: Cache::default(),
        }
    }

    #[test]
    fn a_lease_is_told_again_while_both_bounds_hold() {
        let table = [
            (None, None, 0, false),
            (Some(0.25), None, 999, true),
            (Some(0.25), None, 1000, false),
            (Some(0.0), None, 0, false),
            (None, Some(60), 59, true),
            (None, Some(60), 60, false),
            (Some(0.25), Some(60), 61, false),
            (Some(0.01), Some(60), 41, false),
            (Some(0.25), Some(0), 0, false),
        ];
        for (threshold, max_age, age, expected) in table {
            assert_eq!(
                Cache { threshold, max_age }.covers(age, 4000),
                expected,
                "{threshold:?} {max_age:?} {age}"
            );
        }
    }

    #[test]
    fn tee_times_that_make_no_sense_are_not_sent() {
        let table = [
            (timers(Some(1000), Some(2000), false), (Some(1000), Some(2000))),
            (timers(Some(1000), Some(4000), false), (Some(1000), None)),
            (timers(Some(2000), Some(2000), false), (None, Some(2000))),
            (timers(Some(3000), Some(2000), false), (None, Some(2000))),
            (timers(Some(5000), None, false), (None, None)),
            (timers(Some(0), Some(0), false), (None, None)),
            (timers(None, None, false), (None, None)),
            (timers(None, None, true), (Some(2000), Some(3500))),
            (timers(None, Some(1000), true), (None, Some(1000))),
        ];
        for (timers, expected) in table {
            assert_eq!(timers.tee_times(4000), expected, "{timers:?}");
        }
    }

    #[test]
    fn tee_times_of_dhcpv6_are_in_order_and_no_t2_is_without_a_t1() {
        const NEVER: u32 = u32::MAX;
        let table = [
            (timers(Some(1000), Some(2000), true), 3000, (1000, 2000)),
            // What is configured is sent, whatever the lifetime.
            (timers(Some(1000), Some(2000), true), 500, (1000, 2000)),
            (timers(None, None, true), 4000, (2000, 3500)),
            (timers(None, None, false), 4000, (0, 0)),
            (timers(Some(1000), None, false), 4000, (1000, 0)),
            (timers(None, Some(2000), false), 4000, (1143, 2000)),
            (timers(Some(1000), None, true), 4000, (1000, 3500)),
            // T1 must be below T2.
            (timers(Some(3600), None, true), 4000, (2000, 3500)),
            (timers(None, Some(2000), true), 4000, (1143, 2000)),
            (timers(None, Some(2001), true), 4000, (2000, 2001)),
            (timers(Some(3000), Some(2000), false), 4000, (1143, 2000)),
            (timers(Some(2000), Some(2000), false), 4000, (1143, 2000)),
            (timers(Some(0), Some(2000), false), 4000, (1143, 2000)),
            (timers(Some(0), Some(NEVER), false), 4000, (NEVER, NEVER)),
            (timers(Some(0), Some(0), true), 4000, (0, 0)),
            // Addresses that are deprecated, or about to be.
            (timers(None, None, true), 0, (0, 0)),
            (timers(None, None, true), 1, (1, 1)),
            (timers(None, None, true), 2, (1, 2)),
            // For ever.
            (timers(None, None, true), NEVER, (NEVER, NEVER)),
            (timers(None, None, false), NEVER, (NEVER, NEVER)),
            (timers(Some(1000), None, true), NEVER, (1000, NEVER)),
            (timers(Some(1000), None, false), NEVER, (1000, 0)),
            (timers(None, Some(2000), true), NEVER, (1143, 2000)),
            (timers(Some(NEVER), Some(NEVER), true), 4000, (NEVER, NEVER)),
            (timers(Some(NEVER), Some(2000), true), 4000, (1143, 2000)),
        ];
        for (timers, preferred, expected) in table {
            assert_eq!(timers.tee_times6(preferred), expected, "{timers:?} {preferred}");
        }
    }

    #[test]
    fn a_wish_is_granted_within_the_bounds() {
        let lifetime = Lifetime { min: 100, default: 200, max: 300 };
        assert_eq!(lifetime.grant(None), 200);
        assert_eq!(lifetime.grant(Some(50)), 100);
        assert_eq!(lifetime.grant(Some(250)), 250);
        assert_eq!(lifetime.grant(Some(u32::MAX)), 300);
    }
}
