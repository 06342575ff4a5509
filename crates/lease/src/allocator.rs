//! Which of the free addresses or prefixes of a pool a client is given.

/// Which one a pool gives out, of those that nobody ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocator {
    /// The next one upwards.
    #[default]
    Iterative,
    /// One that nobody can foretell.
    Random,
    /// One that follows from who the client is: after a loss of all leases nearly every client is given what it had.
    Identity,
}

/// Places that are tried for a client before the next free one is taken: few clients of a pool that is not nearly full have
/// all of theirs taken.
const PROBES: u64 = 16;

/// What the choice for one client follows from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picks {
    random: u128,
    identity: u64,
}

impl Picks {
    /// Those of the client with this identity, and of a number that nobody can foretell.
    pub(crate) fn new(random: u128, identity: impl Iterator<Item = u8>) -> Self {
        // FNV-1a: what it gives must never change, as all clients would be given something else then.
        let hash = identity.fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { random, identity: hash }
    }

    /// A number that nobody can foretell.
    pub(crate) fn random(&self) -> u128 {
        self.random
    }

    /// The numbers that follow from the identity, the first one first.
    pub(crate) fn probes(&self) -> impl Iterator<Item = u128> + use<> {
        let identity = self.identity;
        (0..PROBES).map(move |probe| {
            let seed = identity.wrapping_add(probe.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            u128::from(mixed(seed)) << 64 | u128::from(mixed(!seed))
        })
    }
}

/// SplitMix64's last step.
fn mixed(seed: u64) -> u64 {
    let once = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_an_identity_never_changes() {
        let picks = Picks::new(0, [2, 0, 0, 0, 0, 1].into_iter());
        let numbers: Vec<u128> = picks.probes().take(2).map(|number| number % 1_000_000).collect();
        assert_eq!(numbers, NUMBERS);
    }

    /// Of the client with the hardware address 02:00:00:00:00:01 in a pool of a million.
    const NUMBERS: [u128; 2] = [916_742, 295_969];
}
