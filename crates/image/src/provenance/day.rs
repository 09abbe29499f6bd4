//! Days for people: UTC, Gregorian calendar.

/// The day that holds a second since 1970, as `2026-11-21`; everything behind the year 9999 is its last day.
pub(super) fn day(seconds: u64) -> String {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    const LAST: u64 = 2_932_896;

    let mut left = (seconds / 86_400).min(LAST) + 719_162; // from 0001-01-01
    let mut year = 1 + left / DAYS_OF_400_YEARS * 400;
    left %= DAYS_OF_400_YEARS;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    // At most 400 turns.
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for days in months {
        if left < days {
            break;
        }
        left -= days;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `date -u -d @SECONDS +%F` prints them.
    #[test]
    fn days_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (1_798_761_599, "2026-12-31"),
            (253_402_300_799, "9999-12-31"),
            (u64::MAX, "9999-12-31"),
        ] {
            assert_eq!(day(seconds), expected);
        }
    }
}
