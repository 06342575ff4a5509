//! Subnet ids: those that are given, and those that are derived from the prefix.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report};
use crate::model::SubnetId;
use crate::source::Span;

/// Derived ids have the uppermost bit, which hardly anybody's own ids have.
const DERIVED: u32 = 1 << 31;

/// The id of an IPv4 subnet without one: its network address without the lowest bit, so that two subnets that do not
/// overlap have two ids (except neighbouring /32s). It does not depend on the place in the file.
pub(super) fn derive4(network: Ipv4Addr) -> SubnetId {
    SubnetId(bounded(DERIVED | (u32::from(network) >> 1)))
}

/// The id of an IPv6 subnet without one: a hash (FNV-1a) of its network address and length.
pub(super) fn derive6(network: Ipv6Addr, len: u8) -> SubnetId {
    let hash = network
        .octets()
        .iter()
        .chain([&len])
        .fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    SubnetId(bounded(DERIVED | hash))
}

/// Kea keeps the highest number for itself.
fn bounded(id: u32) -> u32 {
    id.min(u32::MAX.saturating_sub(1))
}

/// Who has an id.
#[derive(Debug, Clone, Copy)]
struct Taken {
    span: Span,
    given: bool,
    network: u128,
}

/// The ids of one half.
#[derive(Debug, Default)]
pub(super) struct Ids {
    taken: HashMap<SubnetId, Taken>,
}

impl Ids {
    /// The id that a subnet's object gives, else the derived one. One that is taken is reported. `network` is the
    /// subnet's first address.
    pub(super) fn take(
        &mut self,
        object: &Object<'_>,
        derived: SubnetId,
        network: u128,
        report: &mut Report,
    ) -> SubnetId {
        // As in Kea 2.2, 0 is as good as none.
        let given = object.integer::<u32>("id").filter(|id| id.value != 0);
        let span = given.map_or_else(|| object.head(), |id: At<u32>| id.span);
        if given.is_some_and(|id| id.value == u32::MAX) {
            report.push(
                Diagnostic::error(span, format!("`id` must be from 1 to {}", u32::MAX.saturating_sub(1)))
                    .help("choose another id"),
            );
        }
        let id = given.map_or(derived, |id| SubnetId(id.value));
        let new = Taken { span, given: given.is_some(), network };
        let Some(first) = self.taken.get(&id) else {
            self.taken.insert(id, new);
            return id;
        };
        let told = if first.given && new.given {
            Diagnostic::error(span, format!("the subnet id {id} is given twice"))
                .help("give each subnet an id of its own")
        } else if !first.given && !new.given && first.network == network {
            // They overlap, which is told when all prefixes are known.
            return id;
        } else {
            let message = format!("the subnet id {id}, derived from the prefix, is that of another subnet");
            Diagnostic::error(span, message).help("give the subnet without an `id` one of its own")
        };
        report.push(told.also(first.span, "the other subnet"));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_stable() {
        // Leases may be kept under these numbers: they must not change with a release.
        assert_eq!(derive4(Ipv4Addr::new(10, 0, 0, 0)), SubnetId(0x8500_0000));
        assert_eq!(derive4(Ipv4Addr::new(192, 0, 2, 0)), SubnetId(0xe000_0100));
        assert_eq!(derive4(Ipv4Addr::BROADCAST), SubnetId(0xffff_fffe));
        assert_eq!(derive6("2001:db8::".parse().unwrap(), 64), SubnetId(0x934b_ab45));
        assert_ne!(derive6("2001:db8::".parse().unwrap(), 64), derive6("2001:db8::".parse().unwrap(), 48));
    }
}
