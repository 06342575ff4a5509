//! What hooks keep from one point to the next for one packet.

use std::any::Any;
use std::fmt;

/// What one hook keeps for one packet: any value of its own, or nothing. Other hooks do not see it, and it is gone
/// when the packet is.
#[derive(Default)]
pub struct State(Option<Box<dyn Any + Send>>);

impl State {
    /// What was kept, if it is a `T`.
    pub fn get<T: Any + Send>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }

    /// What was kept, to change it, if it is a `T`.
    pub fn get_mut<T: Any + Send>(&mut self) -> Option<&mut T> {
        self.0.as_mut()?.downcast_mut()
    }

    /// Keeps `value` in place of what was kept before.
    pub fn set<T: Any + Send>(&mut self, value: T) {
        self.0 = Some(Box::new(value));
    }

    /// Keeps nothing.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "State(kept)" } else { "State(nothing)" })
    }
}

/// What all hooks keep for one packet. Whoever takes a packet through its points has one for it, empty at first.
///
/// It allocates nothing until a hook is called.
#[derive(Debug, Default)]
pub struct Context {
    /// One for each attached hook, in their order; empty until the first call.
    states: Vec<State>,
}

impl Context {
    /// Nothing is kept.
    pub const fn new() -> Self {
        Self { states: Vec::new() }
    }

    /// What each of `count` hooks keeps.
    pub(crate) fn states(&mut self, count: usize) -> &mut [State] {
        if self.states.len() < count {
            self.states.resize_with(count, State::default);
        }
        &mut self.states
    }
}
