//! Which client begins an exchange next.

use std::time::Duration;

use super::args::{Scenario, Settings};
use super::clients::{Clients, Step};

/// What a client begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Discover(u32),
    Renew(u32),
    Release(u32),
    /// It goes, and tells nobody.
    Go(u32),
}

/// A small generator of numbers that nobody has to foretell (xorshift64*).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % limit.max(1)
    }
}

/// Which client is next.
#[derive(Debug)]
pub(super) struct Turns {
    scenario: Scenario,
    mix: [u32; 4],
    next: u32,
    random: Random,
    /// How many of the clients are bound before measuring begins.
    pub(super) bind_first: u32,
}

impl Turns {
    pub(super) fn new(settings: &Settings) -> Self {
        let bind_first = match settings.scenario {
            Scenario::Renew => settings.clients,
            // So that new ones are left.
            Scenario::Mixed => settings.clients / 2,
            Scenario::Dora | Scenario::Discover => 0,
        };
        // An echo gives no leases.
        let bind_first = if settings.echo { 0 } else { bind_first };
        Self {
            scenario: settings.scenario,
            mix: settings.mix,
            next: 0,
            random: Random::new(0xf051),
            bind_first,
        }
    }

    /// The next client to be bound before measuring begins.
    pub(super) fn next_to_bind(&mut self) -> Option<Begin> {
        (self.next < self.bind_first).then(|| {
            self.next += 1;
            Begin::Discover(self.next - 1)
        })
    }

    /// What begins next; `None` where no client is left for it.
    pub(super) fn next(&mut self, clients: &Clients) -> Option<Begin> {
        match self.scenario {
            Scenario::Dora => self.new_client(clients),
            Scenario::Discover => {
                let at = self.next % clients.len();
                self.next = self.next.wrapping_add(1);
                clients.get(at).filter(|client| client.step == Step::Idle).map(|_| Begin::Discover(at))
            }
            Scenario::Renew => (0..64).find_map(|_| {
                let at = self.next % clients.len();
                self.next = self.next.wrapping_add(1);
                clients.get(at).filter(|client| client.step == Step::Idle).map(|_| Begin::Renew(at))
            }),
            Scenario::Mixed => {
                let [new, renew, release, _] = self.mix.map(u64::from);
                let dice = self.random.below(100);
                if dice < new {
                    return self.new_client(clients);
                }
                let bound = (0..64).find_map(|_| {
                    let at = u32::try_from(self.random.below(clients.len().into())).unwrap_or(0);
                    clients.get(at).filter(|client| client.bound && client.step == Step::Idle).map(|_| at)
                })?;
                Some(match dice - new {
                    dice if dice < renew => Begin::Renew(bound),
                    dice if dice < renew + release => Begin::Release(bound),
                    _ => Begin::Go(bound),
                })
            }
        }
    }

    /// One that holds nothing: each once, and with a mix also those that gave back what they had.
    fn new_client(&mut self, clients: &Clients) -> Option<Begin> {
        if self.next < clients.len() {
            self.next += 1;
            return Some(Begin::Discover(self.next - 1));
        }
        if self.scenario != Scenario::Mixed {
            return None;
        }
        (0..64).find_map(|_| {
            let at = u32::try_from(self.random.below(clients.len().into())).unwrap_or(0);
            clients
                .get(at)
                .filter(|client| !client.bound && client.step == Step::Idle)
                .map(|_| Begin::Discover(at))
        })
    }
}

/// Whole microseconds.
pub(super) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_below_their_limit_and_reach_all_of_it() {
        let mut random = Random::new(7);
        let mut seen = [0; 10];
        for _ in 0..1000 {
            seen[usize::try_from(random.below(10)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }
}
