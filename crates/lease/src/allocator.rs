//! Which of the free addresses or prefixes of a pool a client is given.

use crate::random::Draw;

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

/// What the choice for one client follows from; worked out only for pools whose allocator wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Picks<'a> {
    draw: Draw,
    client: &'a [u8],
    /// What tells it from others with the same octets.
    distinction: &'a [u8],
}

impl<'a> Picks<'a> {
    /// Those of the client with this identity, and of a number that nobody can foretell.
    pub(crate) fn new(draw: Draw, client: &'a [u8], distinction: &'a [u8]) -> Self {
        Self { draw, client, distinction }
    }

    /// A number that nobody can foretell.
    pub(crate) fn random(&self) -> u128 {
        self.draw.number()
    }

    /// The numbers that follow from the identity, the first one first.
    pub(crate) fn probes(&self) -> impl Iterator<Item = u128> + use<> {
        // FNV-1a: what it gives must never change, as all clients would be given something else then.
        let octets = self.client.iter().chain(self.distinction);
        let identity = octets.fold(0xcbf2_9ce4_8422_2325, |hash: u64, &octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
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
        let picks = Picks::new(Draw::default(), &[2, 0, 0, 0], &[0, 1]);
        let numbers: Vec<u128> = picks.probes().take(2).map(|number| number % 1_000_000).collect();
        assert_eq!(numbers, NUMBERS);
    }

    /// Of the client with the hardware address 02:00:00:00:00:01 in a pool of a million.
    const NUMBERS: [u128; 2] = [916_742, 295_969];
}
