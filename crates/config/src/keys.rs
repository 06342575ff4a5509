//! Every key that Kea knows, and those of the `Fosix` object: what each takes, and what becomes of it here.
//!
//! The tables are the union of Kea 2.2 and 3.3. `docs/configuration.md` shows them to operators; a test holds it to them.

mod check;
mod common;
mod dhcp4;
mod dhcp6;
mod fosix;
mod hooks;
mod services;
mod shape;
#[cfg(test)]
mod table;

pub(crate) use check::{check, nearest};
pub(crate) use fosix::ROOT;
pub(crate) use hooks::{FLEX_ID, FLEX_OPTION, LEGAL_LOG, RUN_SCRIPT};

use shape::Key;

/// One kind of map: its name, and the keys that it may have besides those that every map may have.
#[derive(Debug)]
pub(crate) struct Spec {
    /// What it is called in messages and in the documentation.
    pub(crate) name: &'static str,
    groups: &'static [&'static [Key]],
}

impl Spec {
    const fn new(name: &'static str, groups: &'static [&'static [Key]]) -> Self {
        Self { name, groups }
    }

    fn find(&self, name: &str) -> Option<&'static Key> {
        // Each group is in ascending order of names; a test holds them to that.
        self.groups.iter().find_map(|group| {
            let at = group.binary_search_by(|key| key.name.cmp(name)).ok()?;
            group.get(at)
        })
    }

    fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().copied().flatten()
    }
}

/// Every kind of map, the outermost first.
static ALL: &[&Spec] = &[
    &ROOT,
    &dhcp4::DHCP4,
    &dhcp4::SHARED_NETWORK,
    &dhcp4::SUBNET,
    &dhcp4::POOL,
    &dhcp6::DHCP6,
    &dhcp6::SHARED_NETWORK,
    &dhcp6::SUBNET,
    &dhcp6::POOL,
    &dhcp6::PD_POOL,
    &dhcp6::SERVER_ID,
    &common::OPTION_DATA,
    &common::OPTION_DEF,
    &dhcp4::INTERFACES,
    &dhcp6::INTERFACES,
    &common::RELAY,
    &services::SANITY_CHECKS,
    &services::HOOKS_LIBRARY,
    &FLEX_ID,
    &FLEX_OPTION,
    &hooks::FLEX_OPTIONS,
    &LEGAL_LOG,
    &RUN_SCRIPT,
    &services::LEASE_DATABASE,
    &services::LOGGER,
    &services::LOGGER_OUTPUT,
    &services::COMPATIBILITY,
    &services::CONTROL_SOCKET,
    &services::AUTHENTICATION,
    &services::AUTHENTICATION_CLIENT,
    &services::HTTP_HEADER,
    &services::DHCP_DDNS,
    &services::MULTI_THREADING,
    &services::QUEUE_CONTROL,
    &services::EXPIRED_LEASES,
    &services::CONFIG_CONTROL,
    &common::CLIENT_CLASS,
    &common::RESERVATION,
    &fosix::FOSIX,
    &fosix::STORE,
    &fosix::PORTS,
    &fosix::LOG,
    &fosix::OFFERS,
    &fosix::LIMITS,
    &fosix::LIMIT,
];

#[cfg(test)]
mod tests {
    use super::shape::{Shape, Status};
    use super::*;

    #[test]
    fn every_group_ascends_and_no_map_lists_a_key_twice() {
        for spec in ALL {
            for group in spec.groups {
                assert!(group.windows(2).all(|pair| pair[0].name < pair[1].name), "{}: {group:?}", spec.name);
            }
            let mut names: Vec<_> = spec.keys().map(|key| key.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: {names:?}", spec.name);
        }
    }

    #[test]
    fn every_map_that_a_key_leads_to_is_listed() {
        for spec in ALL {
            for key in spec.keys() {
                if let Shape::Map(inner) | Shape::List(inner) = key.shape {
                    assert!(
                        ALL.iter().any(|listed| std::ptr::eq(*listed, inner)),
                        "{}.{}",
                        spec.name,
                        key.name
                    );
                }
            }
        }
    }

    #[test]
    fn whatever_is_not_supported_says_why() {
        for key in ALL.iter().flat_map(|spec| spec.keys()) {
            assert!(key.status == Status::Supported || !key.note.is_empty(), "{}", key.name);
        }
    }
}
