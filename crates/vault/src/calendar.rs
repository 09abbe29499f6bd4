//! Points in time for people: UTC, Gregorian calendar, without leap seconds.

/// A second of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Utc {
    /// The second that holds `at_ms` (milliseconds since 1970); everything behind the year 9999 is its last second.
    pub(crate) fn at(at_ms: u64) -> Self {
        const LAST_SECOND: u64 = 253_402_300_799; // 9999-12-31 23:59:59

        let seconds = (at_ms / 1000).min(LAST_SECOND);
        let (year, month, day) = date(seconds / 86_400);
        Self { year, month, day, hour: seconds / 3600 % 24, minute: seconds / 60 % 60, second: seconds % 60 }
    }
}

/// `at_ms` (milliseconds since 1970) as `2026-11-21 03:15:22 UTC`.
pub fn utc_text(at_ms: u64) -> String {
    let Utc { year, month, day, hour, minute, second } = Utc::at(at_ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the last
/// one; an era of 400 years has 146,097 days.
fn date(day: u64) -> (u64, u64, u64) {
    let shifted = day + 719_468; // from 0000-03-01
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        let mut before = date(0);
        for day in 1..200_000 {
            let (year, month, of_month) = date(day);
            let next_day = (before.0, before.1, before.2 + 1);
            let next_month = (before.0, before.1 + 1, 1);
            let next_year = (before.0 + 1, 1, 1);
            assert!([next_day, next_month, next_year].contains(&(year, month, of_month)), "{day}");
            assert!((1..=12).contains(&month) && (1..=31).contains(&of_month));
            before = (year, month, of_month);
        }
    }

    #[test]
    fn seconds_have_names() {
        assert_eq!(utc_text(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc_text(1_795_230_922_123), "2026-11-21 03:15:22 UTC");
    }
}
