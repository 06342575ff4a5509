//! The guards of pools by number, as the lease store knows them.

use std::collections::HashMap;

use fosix_config::Guard;
use fosix_expression::Classes;

/// The guards that pools have, each with a number; 0 is an open one. The same pools in the same order give the same numbers.
#[derive(Debug, Default)]
pub struct Guards {
    /// By number, from 1 on.
    list: Vec<Guard>,
    numbers: HashMap<Guard, u32>,
}

impl Guards {
    /// The guards of pools, in their order.
    pub fn new<'a>(of_pools: impl Iterator<Item = &'a Guard>) -> Self {
        let mut this = Self::default();
        for guard in of_pools.filter(|guard| !guard.is_open()) {
            if !this.numbers.contains_key(guard) {
                this.list.push(guard.clone());
                let number = u32::try_from(this.list.len()).unwrap_or(u32::MAX);
                this.numbers.insert(guard.clone(), number);
            }
        }
        this
    }

    /// The number of a guard.
    pub fn number(&self, guard: &Guard) -> u32 {
        self.numbers.get(guard).copied().unwrap_or(0)
    }

    /// Whether the guard with this number admits who is in `classes`.
    pub fn admits(&self, number: u32, classes: &Classes) -> bool {
        let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.list.get(at)).is_none_or(|guard| guard.admits(classes))
    }
}
