//! What both halves decide alike: which classes a message belongs to, what is reserved for its client, which options an
//! answer carries and from which scope, which subnet's prefix holds an address, what limits its client has, why all of that is so, and how they count.

mod classify;
mod explanation;
mod flex;
mod guards;
mod hosts;
mod limits;
mod options;
mod prefixes;
mod rules;
mod tally;
mod trace;

pub use classify::Classifier;
pub use explanation::{Explanation, Step, Topic, option_text};
pub use flex::FlexDecisions;
pub use guards::Guards;
pub use hosts::{Candidate, Hosts, details, host_options};
pub use limits::{LimitedBy, Limiter, Reached};
pub use options::{ClientOptions, EffectiveOptions};
pub use prefixes::Prefixes;
pub use rules::{Dropped, Rules, not_dropped};
pub use tally::{CounterName, Tally};
pub use trace::{Traced, Tracer};
