//! Timestamps in whole Unix seconds, and the text formats that people and the API use.

use std::fmt;
use std::time::Duration;

use jiff::Span;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SECONDS_PER_DAY: i64 = 86_400;

/// 0001-01-01 00:00:00 and 9999-12-30 22:00:00 UTC: the range that `jiff` supports in every time zone.
const YEAR_1: i64 = -62_135_596_800;
const YEAR_9999: i64 = 253_402_207_200;

/// Unix seconds, UTC. Displayed as `YYYY-MM-DD HH:MM:SS` (API §3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The text is not a timestamp in an accepted format.
#[derive(Debug, thiserror::Error)]
#[error(
    "\"{0}\" is not a time: write YYYY-MM-DD HH:MM:SS in UTC, or with an offset and no zone's name, for example \
     \"2026-01-31 23:59:59\" or 2026-01-31T23:59:59+02:00"
)]
pub struct ParseTimestampError(String);

impl Timestamp {
    /// Parses `YYYY-MM-DD HH:MM:SS` as UTC, or ISO 8601 with an offset. Refuses a time zone or a calendar in brackets,
    /// such as `[Europe/Berlin]`: the parser below would ignore it.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        let text = text.trim();
        if text.contains('[') {
            return Err(ParseTimestampError(text.to_owned()));
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_second()));
        }
        let civil: Result<DateTime, _> = text.parse();
        let zoned = civil.and_then(|local| local.to_zoned(TimeZone::UTC));
        zoned
            .map(|moment| Self(moment.timestamp().as_second()))
            .map_err(|_| ParseTimestampError(text.to_owned()))
    }

    /// Like [`Self::parse`], for the end of a period: a date alone is the end of that day, UTC.
    pub fn parse_end(text: &str) -> Result<Self, ParseTimestampError> {
        let is_date = !text.trim().contains([' ', 't', 'T']);
        Self::parse(text).map(|moment| if is_date { moment.plus_days(1) } else { moment })
    }

    /// Formats as `2024-02-24T21:21:24.000000Z`, for `created_at` and `updated_at` (API §3.7).
    pub fn to_iso(self) -> String {
        self.in_calendar().strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
    }

    /// Clamps to the range of four-digit years.
    fn in_calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.clamp(YEAR_1, YEAR_9999)).unwrap_or_default()
    }

    /// Adds a duration in whole seconds; saturates.
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Subtracts a duration in whole seconds; saturates.
    pub fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The time until `later`; zero if `later` is in the past.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_secs(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The days until `later`, rounded up; none or fewer if `later` is in the past.
    pub fn days_until(self, later: Self) -> i64 {
        let seconds = later.0.saturating_sub(self.0);
        seconds.div_euclid(SECONDS_PER_DAY) + i64::from(seconds.rem_euclid(SECONDS_PER_DAY) > 0)
    }

    /// The beginning of its day, in UTC.
    pub fn start_of_day(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(SECONDS_PER_DAY)))
    }

    /// Adds days; saturates.
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(SECONDS_PER_DAY)))
    }

    /// Adds calendar years, UTC: the 29th of February becomes the 28th where a year has none. `None`: the result is
    /// beyond the calendar.
    pub fn plus_years(self, years: i64) -> Option<Self> {
        let moment = jiff::Timestamp::from_second(self.0).ok()?.to_zoned(TimeZone::UTC);
        let later = moment.checked_add(Span::new().try_years(years).ok()?).ok()?;
        Some(Self(later.timestamp().as_second()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.in_calendar().strftime("%Y-%m-%d %H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_utc_and_reads_back() {
        let moment = Timestamp::parse("2024-02-27 03:05:31").unwrap();
        assert_eq!(moment, Timestamp(1_709_003_131));
        assert_eq!(moment.to_string(), "2024-02-27 03:05:31");
        assert_eq!(moment.to_iso(), "2024-02-27T03:05:31.000000Z");
        assert_eq!(Timestamp::parse("2024-02-27T05:05:31+02:00").unwrap(), moment);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "yesterday",
            "2024-02-30 00:00:00",
            "2024-02-27 25:00:00",
            "2024-02-27T03:05:31[Europe/Berlin]",
            "2024-02-27T03:05:31+01:00[Europe/Berlin]",
            "2024-02-27T03:05:31Z[UTC]",
            "2024-02-27[u-ca=japanese]",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_is_added_and_measured_in_whole_seconds_that_never_run_over() {
        assert_eq!(Timestamp(5).plus(Duration::from_millis(2_999)), Timestamp(7));
        assert_eq!(Timestamp(5).plus(Duration::MAX), Timestamp(i64::MAX));
        assert_eq!(Timestamp(5).until(Timestamp(7)), Duration::from_secs(2));
        assert_eq!(Timestamp(7).until(Timestamp(5)), Duration::ZERO);
    }

    #[test]
    fn a_date_alone_ends_with_its_last_second() {
        for (text, end) in [
            ("2027-06-30", "2027-07-01 00:00:00"),
            (" 20270630 ", "2027-07-01 00:00:00"),
            ("2028-02-29", "2028-03-01 00:00:00"),
            ("2026-12-31", "2027-01-01 00:00:00"),
            ("2027-06-30 00:00:00", "2027-06-30 00:00:00"),
            ("2027-06-30T12:00:00+02:00", "2027-06-30 10:00:00"),
        ] {
            assert_eq!(Timestamp::parse_end(text).unwrap().to_string(), end, "{text}");
        }
        for text in ["2027-02-29", "30.6.2027", "2027-06", "tomorrow", "", "2027-06-30Z"] {
            assert!(Timestamp::parse_end(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_year_beyond_the_calendar_is_its_end() {
        assert!(Timestamp(i64::MAX).to_string().starts_with("9999-12-3"));
        assert!(Timestamp(1_700_000_000).plus_days(2_147_483_647).to_iso().starts_with("9999-12-3"));
        assert!(Timestamp(i64::MIN).to_string().starts_with("0001-01-01"));
    }

    #[test]
    fn days_are_rounded_up() {
        for (seconds, days) in [(0, 0), (1, 1), (86_400, 1), (86_401, 2), (-1, 0), (-86_401, -1)] {
            assert_eq!(Timestamp(5).days_until(Timestamp(5 + seconds)), days, "{seconds}");
        }
    }

    #[test]
    fn a_day_past_the_end_of_time_is_the_end_of_time() {
        assert_eq!(Timestamp(5).plus_days(i64::MAX), Timestamp(i64::MAX));
    }
}
