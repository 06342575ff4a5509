//! Hook points, the trait behind them, and the hooks that are shipped.
//!
//! A [`Hook`] names the [`Point`]s at which it wants to be asked. The halves hold [`Hooks`] and ask them at each point
//! that a packet passes; where nothing is attached that is the test of one bit. `docs/hooks.md` says what each
//! [`Status`] means at each point.

/// The examples of the document are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/hooks.md")]
struct Document;

mod calendar;
mod chain;
mod complaint;
mod context;
mod error;
mod hook;
mod legal_log;
mod message4;
mod message6;
mod point;
mod run_script;
#[cfg(test)]
mod samples;
mod text;
mod view;

pub use chain::Hooks;
pub use context::{Context, State};
pub use error::EditError;
pub use hook::{Hook, Status};
pub use legal_log::LegalLog;
pub use message4::Message4;
pub use message6::Message6;
pub use point::{Point, Points};
pub use run_script::RunScript;
pub use view::{Arrival, Proposal4, Proposal6, Query4, Query6, SubnetChoice};
