//! What the benchmarks of the lease store have in common.

mod clients;
mod machine;
mod measured;
mod place;

pub use clients::{POOL_START, SUBNET, client, grant, pool};
pub use machine::{describe, load};
pub use measured::{Measured, cpu_time, quantile, written_bytes};
pub use place::{Place, allocated};

/// Numbers that look random and are the same in each run.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// The next one.
    pub fn number(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.number() >> 16) % end
    }
}
