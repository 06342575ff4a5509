//! The queries that wait for their answers: a bounded count that ages by itself. No answer needs it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// When each query went out, the oldest first, by their numbers, which follow one another.
#[derive(Debug)]
pub(crate) struct InFlight {
    first: u64,
    /// `None` for one that is done with.
    started: VecDeque<Option<Instant>>,
    open: usize,
    limit: usize,
    patience: Duration,
}

/// Places that are kept for those done with behind one that is not, for each that may be open.
const PLACES: usize = 16;

impl InFlight {
    /// At most `limit` at a time, each for `patience` at most.
    pub(crate) fn new(limit: usize, patience: Duration) -> Self {
        Self { first: 1, started: VecDeque::new(), open: 0, limit, patience }
    }

    /// The number for one more; `None` when there are too many.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<u64> {
        if self.open >= self.limit || self.started.len() >= self.limit.saturating_mul(PLACES) {
            return None;
        }
        let number = self.first.checked_add(u64::try_from(self.started.len()).ok()?)?;
        self.started.push_back(Some(now));
        self.open += 1;
        Some(number)
    }

    /// One is done with: how long it took. `None` when it is not among those that are waited for.
    pub(crate) fn finish(&mut self, number: u64, now: Instant) -> Option<Duration> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let started = self.started.get_mut(at)?.take()?;
        self.open -= 1;
        self.drop_finished();
        Some(now.saturating_duration_since(started))
    }

    /// Gives those up that have waited too long, and says how many.
    pub(crate) fn expire(&mut self, now: Instant) -> usize {
        let before = self.open;
        while let Some(Some(started)) = self.started.front()
            && now.saturating_duration_since(*started) > self.patience
        {
            self.started.pop_front();
            self.first += 1;
            self.open -= 1;
            self.drop_finished();
        }
        before - self.open
    }

    /// Gives all up, and says how many.
    pub(crate) fn clear(&mut self) -> usize {
        self.first += u64::try_from(self.started.len()).unwrap_or(u64::MAX);
        self.started.clear();
        std::mem::take(&mut self.open)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.open
    }

    fn drop_finished(&mut self) {
        while let Some(None) = self.started.front() {
            self.started.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[test]
    fn answers_in_any_order_make_room() {
        let start = Instant::now();
        let mut in_flight = InFlight::new(3, PATIENCE);
        assert_eq!([(); 4].map(|()| in_flight.begin(start)), [Some(1), Some(2), Some(3), None]);
        let later = start + Duration::from_millis(5);
        assert_eq!(in_flight.finish(2, later), Some(Duration::from_millis(5)));
        assert_eq!(in_flight.finish(2, later), None, "done with");
        assert_eq!((in_flight.begin(later), in_flight.begin(later)), (Some(4), None));
        for number in [1, 3, 4] {
            assert!(in_flight.finish(number, later).is_some());
        }
        assert_eq!((in_flight.len(), in_flight.started.len()), (0, 0));
        assert_eq!((in_flight.finish(0, later), in_flight.finish(99, later)), (None, None));
        assert_eq!(in_flight.begin(later), Some(5));
    }

    #[test]
    fn one_that_gets_no_answer_ages_out() {
        let start = Instant::now();
        let mut in_flight = InFlight::new(2, PATIENCE);
        in_flight.begin(start);
        in_flight.begin(start + Duration::from_secs(1));
        assert_eq!(in_flight.expire(start + PATIENCE), 0);
        assert_eq!(in_flight.expire(start + PATIENCE + Duration::from_millis(1)), 1);
        assert_eq!(in_flight.finish(1, start), None);
        assert_eq!((in_flight.clear(), in_flight.len()), (1, 0));
        assert_eq!(in_flight.finish(2, start), None);
        assert_eq!(in_flight.begin(start), Some(3));
    }

    #[test]
    fn an_old_one_that_waits_does_not_let_the_list_grow_for_ever() {
        let start = Instant::now();
        let mut in_flight = InFlight::new(2, PATIENCE);
        in_flight.begin(start);
        let mut begun = 1;
        while let Some(number) = in_flight.begin(start) {
            in_flight.finish(number, start);
            begun += 1;
        }
        assert_eq!(begun, 2 * PLACES);
    }
}
