//! The beginning of a time: a day, a number of days or hours, or a time.

use std::time::Duration;

use crate::domain::Timestamp;

const SECONDS_PER_HOUR: u64 = 3600;

/// The beginning, as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The beginning of this day, in UTC.
    Today,
    Hours(u32),
    At(Timestamp),
}

impl Since {
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "today" {
            return Ok(Self::Today);
        }
        let hours = |digits: Option<&str>, each: u32| {
            digits.and_then(|digits| digits.parse::<u32>().ok()).and_then(|number| number.checked_mul(each))
        };
        let found = hours(text.strip_suffix('d'), 24).or_else(|| hours(text.strip_suffix('h'), 1));
        found.map_or_else(
            || Timestamp::parse(text).map(Self::At).map_err(|_| wrong(text)),
            |hours| Ok(Self::Hours(hours)),
        )
    }

    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Today => now.start_of_day(),
            Self::Hours(hours) => now.minus(Duration::from_secs(u64::from(hours) * SECONDS_PER_HOUR)),
            Self::At(time) => time,
        }
    }
}

fn wrong(text: &str) -> String {
    format!(
        "\"{text}\" is not a time: write today, a number of days or hours such as 7d or 12h, or a time in UTC such as \
         2026-01-31"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_day_a_number_or_a_time() {
        let now = Timestamp::parse("2026-11-28 15:30:00").unwrap();
        for (text, expected) in [
            ("today", "2026-11-28 00:00:00"),
            ("7d", "2026-11-21 15:30:00"),
            (" 12h", "2026-11-28 03:30:00"),
            ("2026-11-01", "2026-11-01 00:00:00"),
            ("2026-11-01 12:00:00", "2026-11-01 12:00:00"),
        ] {
            assert_eq!(Since::parse(text).unwrap().before(now).to_string(), expected);
        }
        for text in ["", "yesterday", "d", "-1d", "7", "99999999999d", "7 d", "1.5d"] {
            assert!(Since::parse(text).is_err(), "{text}");
        }
    }
}
