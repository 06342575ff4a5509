//! Lifetimes and timers, with what they inherit.

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{Cache, Lifetime, Timers};

/// Kea's `valid-lifetime` where nobody gives one, in seconds.
const DEFAULT_VALID_LIFETIME: u32 = 7200;

/// The three keys of a lifetime at one level.
#[derive(Debug, Clone, Copy, Default)]
struct LifetimeKeys {
    min: Option<At<u32>>,
    default: Option<At<u32>>,
    max: Option<At<u32>>,
}

/// The keys of one level, or of it and those around it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimerKeys {
    valid: LifetimeKeys,
    preferred: LifetimeKeys,
    renew: Option<At<u32>>,
    rebind: Option<At<u32>>,
    calculate: Option<At<bool>>,
    t1_percent: Option<At<f64>>,
    t2_percent: Option<At<f64>>,
    cache_threshold: Option<At<f64>>,
    cache_max_age: Option<At<u32>>,
}

/// The lifetimes of a client class.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClassTimers {
    pub(super) valid: Option<Lifetime>,
    pub(super) preferred: Option<Lifetime>,
}

impl ClassTimers {
    pub(super) fn read(object: &Object<'_>, report: &mut Report) -> Self {
        let TimerKeys { valid, preferred, .. } = TimerKeys::read(object);
        Self {
            valid: valid.of_class("valid-lifetime", report),
            preferred: preferred.of_class("preferred-lifetime", report),
        }
    }
}

/// What holds where no level says anything: it differs between the halves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    pub(super) calculate_tee_times: bool,
    pub(super) t1_percent: f64,
    pub(super) t2_percent: f64,
    /// Whether a T1 or T2 that is not below the lifetime is kept from clients (DHCPv4).
    pub(super) bounded_by_lifetime: bool,
}

impl LifetimeKeys {
    fn read(object: &Object<'_>, min: &str, default: &str, max: &str) -> Self {
        Self { min: object.integer(min), default: object.integer(default), max: object.integer(max) }
    }

    fn under(self, outer: Self) -> Self {
        Self {
            min: self.min.or(outer.min),
            default: self.default.or(outer.default),
            max: self.max.or(outer.max),
        }
    }

    /// What a class says, if it says anything: what is left out of the three is the default, else the bound that is given.
    fn of_class(&self, name: &str, report: &mut Report) -> Option<Lifetime> {
        let otherwise = self.default.or(self.min).or(self.max)?.value;
        Some(self.resolve(self, otherwise, name, Some(report)))
    }

    fn is_empty(&self) -> bool {
        self.min.is_none() && self.default.is_none() && self.max.is_none()
    }

    /// As in Kea, a bound that is not given is the default value. `name` is that of the default's key.
    fn resolve(&self, own: &Self, otherwise: u32, name: &str, report: Option<&mut Report>) -> Lifetime {
        let default = self.default.map_or(otherwise, |at| at.value);
        let min = self.min.map_or(default, |at| at.value);
        let max = self.max.map_or(default, |at| at.value);
        if let Some(report) = report
            && let Some((message, keys)) = self.fault(default, name)
        {
            // The mark goes to a key of this level; what it inherits is shown beside it.
            let is_own = |key: &At<u32>| [own.min, own.default, own.max].contains(&Some(*key));
            let mut keys: Vec<At<u32>> = keys.into_iter().flatten().collect();
            keys.sort_by_key(|key| !is_own(key));
            if let Some((first, others)) = keys.split_first() {
                let told = Diagnostic::error(first.span, message);
                let told =
                    others.iter().fold(told, |told, other| told.also(other.span, other.value.to_string()));
                report.push(told.help(format!("min-{name} <= {name} <= max-{name} must hold")));
            }
        }
        Lifetime { min, default, max }
    }

    /// What is wrong between the three, and the keys that it is about.
    fn fault(&self, default: u32, name: &str) -> Option<(String, [Option<At<u32>>; 2])> {
        let whose = if self.default.is_some() { "" } else { ", which is the default" };
        match (self.min, self.max) {
            (Some(min), Some(max)) if min.value > max.value => {
                let text = format!("min-{name} ({}) is above max-{name} ({})", min.value, max.value);
                Some((text, [self.min, self.max]))
            }
            (Some(min), _) if min.value > default => {
                let text = format!("min-{name} ({}) is above {name} ({default}){whose}", min.value);
                Some((text, [self.min, self.default]))
            }
            (_, Some(max)) if max.value < default => {
                let text = format!("max-{name} ({}) is below {name} ({default}){whose}", max.value);
                Some((text, [self.max, self.default]))
            }
            _ => None,
        }
    }
}

impl TimerKeys {
    pub(super) fn read(object: &Object<'_>) -> Self {
        Self {
            valid: LifetimeKeys::read(object, "min-valid-lifetime", "valid-lifetime", "max-valid-lifetime"),
            preferred: LifetimeKeys::read(
                object,
                "min-preferred-lifetime",
                "preferred-lifetime",
                "max-preferred-lifetime",
            ),
            renew: object.integer("renew-timer"),
            rebind: object.integer("rebind-timer"),
            calculate: object.boolean("calculate-tee-times"),
            t1_percent: object.number("t1-percent"),
            t2_percent: object.number("t2-percent"),
            cache_threshold: object.number("cache-threshold"),
            cache_max_age: object.integer("cache-max-age"),
        }
    }

    /// These keys, and those of the level around for what is not among them.
    pub(super) fn under(self, outer: Self) -> Self {
        Self {
            valid: self.valid.under(outer.valid),
            preferred: self.preferred.under(outer.preferred),
            renew: self.renew.or(outer.renew),
            rebind: self.rebind.or(outer.rebind),
            calculate: self.calculate.or(outer.calculate),
            t1_percent: self.t1_percent.or(outer.t1_percent),
            t2_percent: self.t2_percent.or(outer.t2_percent),
            cache_threshold: self.cache_threshold.or(outer.cache_threshold),
            cache_max_age: self.cache_max_age.or(outer.cache_max_age),
        }
    }

    /// Whether this level says anything of its own: what it only inherits has been checked above.
    pub(super) fn is_empty(&self) -> bool {
        self.valid.is_empty()
            && self.preferred.is_empty()
            && self.renew.is_none()
            && self.rebind.is_none()
            && self.calculate.is_none()
            && self.t1_percent.is_none()
            && self.t2_percent.is_none()
            && self.cache_threshold.is_none()
            && self.cache_max_age.is_none()
    }

    /// The timers; problems go to `report`, unless `own` says nothing: then they have been told one level above.
    pub(super) fn resolve(&self, own: &Self, defaults: &Defaults, report: &mut Report) -> Timers {
        let mut report = Some(report).filter(|_| !own.is_empty());
        let timers = Timers {
            valid_lifetime: self.valid.resolve(
                &own.valid,
                DEFAULT_VALID_LIFETIME,
                "valid-lifetime",
                report.as_deref_mut(),
            ),
            renew: self.renew.map(|at| at.value),
            rebind: self.rebind.map(|at| at.value),
            calculate_tee_times: self.calculate.map_or(defaults.calculate_tee_times, |at| at.value),
            t1_percent: self.t1_percent.map_or(defaults.t1_percent, |at| at.value),
            t2_percent: self.t2_percent.map_or(defaults.t2_percent, |at| at.value),
            cache: Cache {
                threshold: self.cache_threshold.map(|at| at.value),
                max_age: self.cache_max_age.map(|at| at.value),
            },
        };
        if let Some(report) = report {
            self.check_tee_times(own, &timers, defaults, report);
            self.check_percents(&timers, report);
            if let Some(at) = own.cache_threshold.filter(|at| !(0.0..1.0).contains(&at.value)) {
                let text = format!("cache-threshold ({}) is not between 0 and 1", at.value);
                report.push(
                    Diagnostic::error(at.span, text)
                        .help("0.25 covers the first quarter of a lifetime; 0 is never"),
                );
            }
        }
        timers
    }

    /// The preferred lifetime, which is 5/8 of the valid one where it is not given.
    pub(super) fn resolve_preferred(&self, own: &Self, valid: &Lifetime, report: &mut Report) -> Lifetime {
        let mut report = Some(report).filter(|_| !own.is_empty());
        if self.preferred.is_empty() {
            return Lifetime {
                min: five_eighths(valid.min),
                default: five_eighths(valid.default),
                max: five_eighths(valid.max),
            };
        }
        let otherwise = five_eighths(valid.default);
        let preferred =
            self.preferred.resolve(&own.preferred, otherwise, "preferred-lifetime", report.as_deref_mut());
        // RFC 9915 §21.6: a client discards addresses whose preferred lifetime is above the valid one.
        let beyond =
            preferred.min > valid.min || preferred.default > valid.default || preferred.max > valid.max;
        if let (true, Some(report)) = (beyond, report) {
            let keys = [self.preferred.default, self.preferred.max, self.preferred.min];
            if let Some(at) = keys.into_iter().flatten().next() {
                report.push(
                    Diagnostic::warning(at.span, "the preferred lifetime is above the valid lifetime")
                        .label(format!("valid-lifetime is {}", valid.default))
                        .help("clients would refuse such addresses, so the valid lifetime is used for both"),
                );
            }
        }
        Lifetime {
            min: preferred.min.min(valid.min),
            default: preferred.default.min(valid.default),
            max: preferred.max.min(valid.max),
        }
    }

    fn check_tee_times(&self, own: &Self, timers: &Timers, defaults: &Defaults, report: &mut Report) {
        let order = if defaults.bounded_by_lifetime {
            "renew-timer < rebind-timer < valid-lifetime should hold (RFC 2131 §4.4.5)"
        } else {
            "renew-timer < rebind-timer < preferred-lifetime should hold (RFC 9915 §21.4)"
        };
        let lifetime = timers.valid_lifetime.max;
        if let (Some(renew), Some(rebind)) = (self.renew, self.rebind) {
            let (renewed, rebound) = (renew.value, rebind.value);
            let (at, beside) = if own.renew.is_some() { (renew, rebind) } else { (rebind, renew) };
            if renewed > rebound {
                let text = format!("renew-timer ({renewed}) is above rebind-timer ({rebound})");
                let told = Diagnostic::error(at.span, text).also(beside.span, "the other timer");
                report.push(told.help(order));
            } else if renewed == rebound && (1..u32::MAX).contains(&renewed) {
                let instead = if defaults.bounded_by_lifetime {
                    "and is not sent"
                } else {
                    "and clients are told to renew earlier"
                };
                let text = format!("renew-timer ({renewed}) is the same as rebind-timer, {instead}");
                let told = Diagnostic::warning(at.span, text).also(beside.span, "the other timer");
                report.push(told.help(order));
            }
        }
        for (name, key) in [("renew-timer", self.renew), ("rebind-timer", self.rebind)] {
            let Some(key) = key.filter(|key| key.value >= lifetime) else { continue };
            // DHCPv6 sends it all the same, and a time that is never is one that a client may be told.
            let consequence = match (defaults.bounded_by_lifetime, name) {
                (true, _) => "is not sent",
                (false, "renew-timer") if key.value < u32::MAX => "leases end before clients renew them",
                (false, _) => continue,
            };
            let text = format!(
                "{name} ({}) is not below the valid lifetime ({lifetime}), and {consequence}",
                key.value
            );
            let mut told = Diagnostic::warning(key.span, text);
            if let Some(valid) = self.valid.max.or(self.valid.default) {
                told = told.also(valid.span, "the valid lifetime");
            }
            report.push(told.help(order));
        }
    }

    fn check_percents(&self, timers: &Timers, report: &mut Report) {
        // As in Kea, percentages that nothing is calculated with may say what they like.
        if !timers.calculate_tee_times {
            return;
        }
        let fits = |percent: f64| percent > 0.0 && percent < 1.0;
        for (name, key) in [("t1-percent", self.t1_percent), ("t2-percent", self.t2_percent)] {
            if let Some(key) = key.filter(|key| !fits(key.value)) {
                report.push(
                    Diagnostic::error(
                        key.span,
                        format!("{name} must lie between 0 and 1, not be {}", key.value),
                    )
                    .help("0.5 is half of the lifetime"),
                );
            }
        }
        if fits(timers.t1_percent) && fits(timers.t2_percent) && timers.t1_percent >= timers.t2_percent {
            let text = format!(
                "t1-percent ({}) must be below t2-percent ({})",
                timers.t1_percent, timers.t2_percent
            );
            if let Some(at) = self.t1_percent.or(self.t2_percent) {
                report.push(Diagnostic::error(at.span, text).help("a client renews before it rebinds"));
            }
        }
    }
}

fn five_eighths(seconds: u32) -> u32 {
    // For ever stays for ever.
    if seconds == u32::MAX { seconds } else { u32::try_from(u64::from(seconds) * 5 / 8).unwrap_or(u32::MAX) }
}
