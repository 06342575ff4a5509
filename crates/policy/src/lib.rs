//! What both halves decide alike: which options an answer carries and from which scope, which subnet's prefix holds an
//! address, what an expression makes of a message, and how they count.

pub mod expression;
mod options;
mod prefixes;
mod tally;

pub use options::EffectiveOptions;
pub use prefixes::Prefixes;
pub use tally::{CounterName, Tally};
