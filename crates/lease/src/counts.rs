//! How many leases there are in each state.

use crate::LeaseState;

/// Leases by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; LeaseState::COUNT]);

impl Counts {
    /// Those in `state`.
    pub fn of(&self, state: LeaseState) -> u64 {
        self.0.get(state.index()).copied().unwrap_or(0)
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// One lease has another state; `None` is no lease.
    pub(crate) fn moved(&mut self, from: Option<LeaseState>, to: Option<LeaseState>) {
        if let Some(count) = from.and_then(|state| self.0.get_mut(state.index())) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = to.and_then(|state| self.0.get_mut(state.index())) {
            *count += 1;
        }
    }
}
