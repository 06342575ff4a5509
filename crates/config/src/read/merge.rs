//! The options of shared networks in their subnets.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Report};
use crate::model::OptionValue;
use crate::source::Span;

/// Merges the options of shared networks into those of their subnets, and keeps an eye on how much is copied.
#[derive(Debug)]
pub(super) struct Merger {
    bytes_left: usize,
}

impl Default for Merger {
    fn default() -> Self {
        Self { bytes_left: 256 << 20 }
    }
}

impl Merger {
    /// What an option takes besides its data.
    const OVERHEAD: usize = size_of::<OptionValue>();

    /// The options of a subnet with those of its shared network: what the subnet gives counts. As a network and its
    /// subnet are next to each other among the places where options are looked for, this changes no answer. `at` is the
    /// subnet.
    pub(super) fn merge(
        &mut self,
        mut own: Vec<OptionValue>,
        network: &[OptionValue],
        at: Span,
        report: &mut Report,
    ) -> Vec<OptionValue> {
        if network.is_empty() {
            return own;
        }
        let key = |option: &OptionValue| (option.code, option.vendor);
        let mut outer_flags: HashMap<_, (bool, bool)> = HashMap::new();
        for outer in network {
            let (always, never) = outer_flags.entry(key(outer)).or_default();
            *always |= outer.always_send;
            *never |= outer.never_send;
        }
        // A flag at one level is enough for it to count.
        for inner in &mut own {
            let (always, never) = outer_flags.get(&key(inner)).copied().unwrap_or_default();
            inner.always_send |= always;
            inner.never_send |= never;
        }
        let replaced: HashSet<_> = own.iter().map(key).collect();
        for outer in network.iter().filter(|outer| !replaced.contains(&key(outer))) {
            let bytes = outer.data.len().saturating_add(Self::OVERHEAD);
            let Some(left) = self.bytes_left.checked_sub(bytes) else {
                let told = Diagnostic::error(
                    at,
                    "the options of shared networks take too much room in their subnets",
                );
                report.push(told.help("move them to the global level, or shorten them"));
                break;
            };
            self.bytes_left = left;
            own.push(outer.clone());
        }
        own
    }
}
