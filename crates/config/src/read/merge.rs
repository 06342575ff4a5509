//! What subnets take from their shared network: its options, and a bound on how much is copied.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Report};
use crate::model::OptionValue;
use crate::source::Span;

/// Room for what is copied from shared networks into their subnets, so that a small file cannot fill the memory.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes_left: 256 << 20 }
    }
}

impl Budget {
    /// Takes room for a subnet's copy; when there is none left, that is reported, and the copy must not be made.
    pub(super) fn charge(&mut self, bytes: usize, subnet: Span, report: &mut Report) -> bool {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.unwrap_or(self.bytes_left);
        if left.is_none() {
            let told = Diagnostic::error(
                subnet,
                "what subnets take from their shared networks has more than 256 MiB",
            );
            report.push(told.help("move options of shared networks to the global level, or shorten them"));
        }
        left.is_some()
    }
}

/// What a copy of these options takes.
pub(super) fn bytes_of(options: &[OptionValue]) -> usize {
    options.iter().map(|option| option.data.len().saturating_add(size_of::<OptionValue>())).sum()
}

/// The options of a subnet with those of its shared network: what the subnet gives counts. As a network and its subnet
/// are next to each other among the places where options are looked for, this changes no answer.
pub(super) fn merge(mut own: Vec<OptionValue>, network: &[OptionValue]) -> Vec<OptionValue> {
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
    own.extend(network.iter().filter(|outer| !replaced.contains(&key(outer))).cloned());
    own
}
