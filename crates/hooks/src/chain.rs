//! All attached hooks, and how they are asked.

use std::fmt;
use std::sync::Arc;

use tracing::debug;

use crate::{Context, Hook, Point, Points, State, Status};

/// The attached hooks in the order in which they are asked. A clone has the same hooks.
#[derive(Clone, Default)]
pub struct Hooks {
    attached: Arc<[Arc<dyn Hook>]>,
    /// Every point at which any of them is asked.
    points: Points,
}

impl Hooks {
    /// These hooks, in this order.
    pub fn new(attached: Vec<Arc<dyn Hook>>) -> Self {
        let points = attached.iter().fold(Points::NONE, |points, hook| points.with(hook.points()));
        Self { attached: attached.into(), points }
    }

    /// Whether any hook is asked at `point`.
    #[inline]
    pub fn wants(&self, point: Point) -> bool {
        self.points.contains(point)
    }

    /// Whether any hook is asked at any of `points`.
    #[inline]
    pub fn wants_any(&self, points: Points) -> bool {
        self.points.intersects(points)
    }

    /// Each hook that is told what happens to leases of the DHCPv6 half.
    pub fn followers6(&self) -> impl Iterator<Item = &Arc<dyn Hook>> {
        self.attached.iter().filter(|hook| hook.follows_leases6())
    }

    /// Each hook that is told what happens to leases of the DHCPv4 half.
    pub fn followers(&self) -> impl Iterator<Item = &Arc<dyn Hook>> {
        self.attached.iter().filter(|hook| hook.follows_leases())
    }

    /// Asks every hook of `point` and says what is to become of the packet: the strongest of their answers.
    ///
    /// After a [`Status::Drop`] no further hook is asked: there is no packet any more. After a [`Status::Skip`] the
    /// others are, and cannot take it back.
    #[inline]
    pub fn ask(
        &self,
        point: Point,
        context: &mut Context,
        ask: impl FnMut(&dyn Hook, &mut State) -> Status,
    ) -> Status {
        if self.wants(point) { self.ask_each(point, context, ask) } else { Status::Continue }
    }

    #[cold]
    fn ask_each(
        &self,
        point: Point,
        context: &mut Context,
        mut ask: impl FnMut(&dyn Hook, &mut State) -> Status,
    ) -> Status {
        let mut status = Status::Continue;
        for (hook, state) in self.attached.iter().zip(context.states(self.attached.len())) {
            if !hook.points().contains(point) {
                continue;
            }
            let answer = ask(hook.as_ref(), state);
            if answer != Status::Continue {
                debug!(hook = hook.name(), %point, ?answer, "a hook interfered");
            }
            status = status.max(answer);
            if status == Status::Drop {
                break;
            }
        }
        status
    }

    /// Has every hook finish what it has in hand.
    pub fn stop(&self) {
        for hook in self.attached.iter() {
            hook.stop();
        }
    }

    /// What all hooks counted, by name; hooks of the same kind together.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut sums: Vec<(&'static str, u64)> = Vec::new();
        for (name, count) in self.attached.iter().flat_map(|hook| hook.counters()) {
            match sums.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => sums.push((name, count)),
            }
        }
        sums
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.attached.iter().map(|hook| hook.name())).finish()
    }
}
