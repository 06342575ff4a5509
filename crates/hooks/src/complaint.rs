//! Log lines about something that may go wrong again and again: one now and then, with how many there were.

use std::time::{Duration, Instant};

/// Lets at most one complaint through in [`Complaint::INTERVAL`].
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    last: Option<Instant>,
    withheld: u64,
}

impl Complaint {
    const INTERVAL: Duration = Duration::from_secs(10);

    /// How often it was withheld since it was last let through, if it may be said at `now`.
    pub(crate) fn due(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < Self::INTERVAL) {
            self.withheld = self.withheld.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_complaint_in_an_interval_is_let_through() {
        let (mut complaint, start) = (Complaint::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(complaint.due(at(0)), Some(0));
        assert_eq!(complaint.due(at(1)), None);
        assert_eq!(complaint.due(at(9)), None);
        assert_eq!(complaint.due(at(10)), Some(2));
        assert_eq!(complaint.due(at(11)), None);
    }
}
