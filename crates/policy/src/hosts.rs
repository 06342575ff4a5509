//! What is reserved for the client of a message.

use fosix_config::{ClassNumber, Host, HostDetails, IdentifierKind, OptionValue, Reservations, SubnetId};
use smallvec::SmallVec;

use crate::options::EffectiveOptions;
use crate::{Explanation, Topic};

/// The reservations of one client: at most one of each subnet, and one that holds everywhere.
#[derive(Debug, Clone)]
pub struct Hosts<'a, A> {
    /// With the place of their subnet.
    of_subnets: SmallVec<[(usize, &'a Host<A>); 2]>,
    everywhere: Option<&'a Host<A>>,
}

/// A subnet whose reservations may count.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Its place in the configuration.
    pub at: usize,
    /// Its id.
    pub id: SubnetId,
    /// Whether its own reservations count.
    pub in_subnet: bool,
    /// Whether those that hold everywhere do.
    pub global: bool,
}

impl<A> Default for Hosts<'_, A> {
    fn default() -> Self {
        Self { of_subnets: SmallVec::new(), everywhere: None }
    }
}

impl<'a, A> Hosts<'a, A> {
    /// Looks for what is reserved in `subnets` for the client whose identifiers `identifier` tells, in the order of `kinds`.
    pub fn find<'i>(
        reservations: &'a Reservations<A>,
        kinds: &[IdentifierKind],
        subnets: impl Iterator<Item = Candidate>,
        mut identifier: impl FnMut(IdentifierKind) -> Option<&'i [u8]>,
        why: &mut Explanation,
    ) -> Self {
        let mut found = Self::default();
        if reservations.is_empty() {
            return found;
        }
        let mut identifiers: SmallVec<[(IdentifierKind, &[u8]); 5]> = SmallVec::new();
        identifiers.extend(kinds.iter().filter_map(|&kind| Some((kind, identifier(kind)?))));
        let of = |subnet| {
            identifiers.iter().find_map(|&(kind, identifier)| {
                reservations.find(subnet, kind, identifier).map(|host| (kind, identifier, host))
            })
        };
        let mut looked_everywhere = false;
        for subnet in subnets {
            if subnet.in_subnet
                && reservations.is_any(Some(subnet.id))
                && let Some((kind, identifier, host)) = of(Some(subnet.id))
            {
                why.add(Topic::Reservation, || {
                    format!(
                        "of subnet {}, by {} {}",
                        subnet.id,
                        kind.name(),
                        fosix_wire::text::hex(identifier)
                    )
                });
                found.of_subnets.push((subnet.at, host));
            }
            if subnet.global && !looked_everywhere {
                looked_everywhere = true;
                found.look_everywhere(reservations, of(None), why);
            }
        }
        if !found.is_any() {
            why.add(Topic::Reservation, || {
                let by = identifiers
                    .iter()
                    .map(|(kind, octets)| format!("{} {}", kind.name(), fosix_wire::text::hex(octets)));
                let by: Vec<String> = by.collect();
                format!(
                    "none; looked for {}",
                    if by.is_empty() { "nothing".to_owned() } else { by.join(", ") }
                )
            });
        }
        found
    }

    /// Looks for what holds everywhere alone.
    pub fn find_everywhere<'i>(
        reservations: &'a Reservations<A>,
        kinds: &[IdentifierKind],
        mut identifier: impl FnMut(IdentifierKind) -> Option<&'i [u8]>,
        why: &mut Explanation,
    ) -> Self {
        let mut found = Self::default();
        let host = kinds.iter().find_map(|&kind| {
            let identifier = identifier(kind)?;
            reservations.find(None, kind, identifier).map(|host| (kind, identifier, host))
        });
        found.look_everywhere(reservations, host, why);
        found
    }

    fn look_everywhere(
        &mut self,
        reservations: &'a Reservations<A>,
        host: Option<(IdentifierKind, &[u8], &'a Host<A>)>,
        why: &mut Explanation,
    ) {
        if !reservations.is_any(None) {
            return;
        }
        if let Some((kind, identifier, host)) = host {
            why.add(Topic::Reservation, || {
                format!("one that holds everywhere, by {} {}", kind.name(), fosix_wire::text::hex(identifier))
            });
            self.everywhere = Some(host);
        }
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.everywhere.is_some() || !self.of_subnets.is_empty()
    }

    /// The one that counts in the subnet at `at`: its own, else the one that holds everywhere.
    pub fn of(&self, at: Option<usize>) -> Option<&'a Host<A>> {
        let own = self.of_subnets.iter().find(|(of, _)| Some(*of) == at).map(|(_, host)| *host);
        own.or(self.everywhere)
    }

    /// The own one of the subnet at `at`.
    pub fn own(&self, at: usize) -> Option<&'a Host<A>> {
        self.of_subnets.iter().find(|(of, _)| *of == at).map(|(_, host)| *host)
    }

    /// The one that holds everywhere.
    pub fn everywhere(&self) -> Option<&'a Host<A>> {
        self.everywhere
    }

    /// The places of the subnets that have one.
    pub fn subnets(&self) -> impl Iterator<Item = usize> {
        self.of_subnets.iter().map(|(at, _)| *at)
    }

    /// The classes that the client is in by the one that counts in the subnet at `at`, or else by the first.
    pub fn classes(&self, at: Option<usize>) -> &'a [ClassNumber] {
        let host = self.of(at).or_else(|| self.of_subnets.first().map(|(_, host)| *host));
        details(host).map_or(&[], |details| &details.classes)
    }
}

/// What a reservation says beside addresses.
pub fn details<A>(host: Option<&Host<A>>) -> Option<&HostDetails> {
    host?.details.as_deref()
}

/// The options of a reservation, which few have.
pub fn host_options(own: &[OptionValue]) -> EffectiveOptions {
    EffectiveOptions::merge(&[own])
}
