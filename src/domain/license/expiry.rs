//! The status and the expiry of a license in words.

use super::{License, LicenseStatus};
use crate::domain::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl License {
    /// The status in words, with what it means for a customer at `now`.
    pub fn status_in_words(&self, now: Timestamp) -> &'static str {
        match self.status {
            LicenseStatus::Available => "available, assigned to nobody",
            LicenseStatus::Reserved => "reserved, assigned to nobody",
            LicenseStatus::Blocked => "blocked",
            LicenseStatus::Assigned if self.check_not_expired(now).is_err() => "assigned, but expired",
            LicenseStatus::Assigned => "assigned",
        }
    }

    /// The expiry in words, such as "expires in 12 days, on 2026-12-10 14:00:00 UTC".
    pub fn expiry_in_words(&self, now: Timestamp) -> String {
        let Some(end) = self.expires_at() else {
            return match self.validity {
                1.. => format!("expires {} from assignment", count(self.validity, "day")),
                _ => "never expires".to_owned(),
            };
        };
        let seconds = end.0.saturating_sub(now.0);
        let distance = distance(seconds.saturating_abs());
        if self.check_not_expired(now).is_ok() {
            format!("expires in {distance}, on {end} UTC")
        } else {
            format!("expired {distance} ago, on {end} UTC")
        }
    }
}

/// A time in whole days, hours or minutes, rounded down.
fn distance(seconds: i64) -> String {
    match seconds {
        DAY.. => count(seconds / DAY, "day"),
        HOUR.. => count(seconds / HOUR, "hour"),
        MINUTE.. => count(seconds / MINUTE, "minute"),
        _ => "less than a minute".to_owned(),
    }
}

fn count(number: i64, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::license::tests::license;

    #[test]
    fn an_expiry_is_told_as_people_say_it() {
        let now = Timestamp(1_000 * DAY);
        for (validity, assigned, words) in [
            (0, Some(0), "never expires"),
            (0, None, "never expires"),
            (1, None, "expires 1 day from assignment"),
            (365, None, "expires 365 days from assignment"),
            (12, Some(1_000 * DAY), "expires in 12 days, on 1972-10-09 00:00:00 UTC"),
            (1, Some(999 * DAY + 1), "expires in less than a minute, on 1972-09-27 00:00:01 UTC"),
            (1, Some(999 * DAY), "expired less than a minute ago, on 1972-09-27 00:00:00 UTC"),
            (1, Some(999 * DAY + 119), "expires in 1 minute, on 1972-09-27 00:01:59 UTC"),
            (1, Some(999 * DAY - 7_200), "expired 2 hours ago, on 1972-09-26 22:00:00 UTC"),
            (997, Some(0), "expired 3 days ago, on 1972-09-24 00:00:00 UTC"),
        ] {
            let license = license(LicenseStatus::Assigned, validity, assigned);
            assert_eq!(license.expiry_in_words(now), words);
        }
    }

    #[test]
    fn a_status_says_what_it_means_now() {
        let words = |status, now| license(status, 1, Some(0)).status_in_words(Timestamp(now));
        assert_eq!(words(LicenseStatus::Assigned, DAY - 1), "assigned");
        assert_eq!(words(LicenseStatus::Assigned, DAY), "assigned, but expired");
        assert_eq!(words(LicenseStatus::Blocked, DAY), "blocked");
        assert_eq!(words(LicenseStatus::Available, 0), "available, assigned to nobody");
    }
}
