//! Dates and times of day in UTC, for logs and for the names of their files.

use std::fmt;

use fosix_lease::Timestamp;

/// A date of the Gregorian calendar and a time of day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: u64,
    /// 1 to 12.
    pub(crate) month: u64,
    /// 1 to 31.
    pub(crate) day: u64,
    seconds_of_day: u64,
}

impl Utc {
    const SECONDS_OF_DAY: u64 = 86_400;

    /// The date and time of `at`.
    pub(crate) fn of(at: Timestamp) -> Self {
        // The calendar repeats every 400 years of 146,097 days. Counted from 1 March of the year 0, a leap day is the
        // last day of its year.
        const DAYS_TO_1970: u64 = 719_468;
        const DAYS_OF_400_YEARS: u64 = 146_097;
        let days = at.0 / Self::SECONDS_OF_DAY + DAYS_TO_1970;
        let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Five months from March on have 153 days.
        let months = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months + 2) / 5 + 1;
        let (month, later) = if months < 10 { (months + 3, 0) } else { (months - 9, 1) };
        let year = era * 400 + year_of_era + later;
        Self { year, month, day, seconds_of_day: at.0 % Self::SECONDS_OF_DAY }
    }

    /// Hour, minute and second.
    fn time(self) -> (u64, u64, u64) {
        let seconds = self.seconds_of_day;
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// `2026-08-01 17:04:05`.
    pub(crate) fn spaced(self) -> String {
        let (hour, minute, second) = self.time();
        format!("{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Utc {
    /// As in RFC 3339: `2026-08-01T17:04:05Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.time();
        write!(f, "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_000_000_000, "2001-09-09T01:46:40Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in table {
            assert_eq!(Utc::of(Timestamp(seconds)).to_string(), expected);
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut before = Utc::of(Timestamp(0));
        for day in 1..200_000 {
            let next = Utc::of(Timestamp(day * 86_400));
            let follows = match (next.day, next.month) {
                (1, 1) => (before.month, before.day, before.year + 1) == (12, 31, next.year),
                (1, month) => before.month + 1 == month && before.day >= 28,
                (day, month) => before.month == month && before.day + 1 == day,
            };
            assert!(follows, "{before} {next}");
            before = next;
        }
    }
}
