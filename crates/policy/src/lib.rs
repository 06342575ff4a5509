//! What both halves decide alike: which options an answer carries and from which scope, and how they count.

mod options;
mod tally;

pub use options::EffectiveOptions;
pub use tally::{CounterName, Tally};
