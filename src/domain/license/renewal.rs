//! Renewals: how many days a license must be valid to last longer.

use super::{License, LicenseStatus, MAX_LICENSE_NUMBER};
use crate::domain::Timestamp;

/// By how much, or until when, a license is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// This many days more, from the expiry, or from now if that is later.
    Days(i64),
    /// This many calendar years more, from the expiry, or from now if that is later.
    Years(i64),
    /// Until this time at least.
    Until(Timestamp),
}

/// Why a license can't be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalError {
    #[error("it never expires")]
    NeverExpires,
    #[error("it is {}, and gets its end when it is assigned: renew it by a number of days", .0.as_str())]
    NotAssigned(LicenseStatus),
    #[error("it would have ended at {0}")]
    NotInFuture(Timestamp),
    #[error("its term begins only at {0}")]
    NotAfterBegin(Timestamp),
    #[error("it would be valid for more than {MAX_LICENSE_NUMBER} days, or beyond the year 9999")]
    TooLong,
}

impl License {
    /// The validity of the license after a renewal: rounded up to whole days, because v1 counts days from the
    /// assignment. A license that is not assigned yet gets as many days more as it would if it were assigned now.
    pub fn renewed_validity(&self, renewal: Renewal, now: Timestamp) -> Result<i64, RenewalError> {
        let begin = self.assigned_at.filter(|_| !self.is_assignable());
        let begin = match (self.validity, begin, renewal) {
            (0, _, _) => return Err(RenewalError::NeverExpires),
            (_, Some(begin), _) => begin,
            (_, None, _) if self.status == LicenseStatus::Assigned => return Err(RenewalError::NeverExpires),
            (_, None, Renewal::Until(_)) => return Err(RenewalError::NotAssigned(self.status)),
            (_, None, _) => now,
        };
        let from = begin.plus_days(self.validity).max(now);
        let end = match renewal {
            Renewal::Days(days) => Some(from.plus_days(days)),
            Renewal::Years(years) => from.plus_years(years),
            Renewal::Until(end) if end <= now => return Err(RenewalError::NotInFuture(end)),
            Renewal::Until(end) if end <= begin => return Err(RenewalError::NotAfterBegin(begin)),
            Renewal::Until(end) => Some(end),
        };
        let validity = end.map(|end| begin.days_until(end));
        validity.filter(|validity| *validity <= MAX_LICENSE_NUMBER).ok_or(RenewalError::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::LicenseStatus::*;
    use super::Renewal::*;
    use super::*;
    use crate::domain::license::tests::license;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// The validity and the end after a renewal of a license that was assigned at `begin`.
    fn renewed(
        validity: i64,
        begin: &str,
        now: &str,
        renewal: Renewal,
    ) -> Result<(i64, String), RenewalError> {
        let license = license(Assigned, validity, Some(at(begin).0));
        let validity = license.renewed_validity(renewal, at(now))?;
        let end = License { validity, ..license }.expires_at().unwrap();
        Ok((validity, end.to_string()))
    }

    #[test]
    fn a_term_is_added_to_the_end_of_one_that_runs() {
        let begin = "2026-03-01 10:30:00";
        for (validity, now, renewal, days, end) in [
            (365, "2026-11-28 00:00:00", Days(30), 395, "2027-03-31 10:30:00"),
            (365, "2026-11-28 00:00:00", Years(1), 731, "2028-03-01 10:30:00"),
            (365, "2026-11-28 00:00:00", Years(2), 1096, "2029-03-01 10:30:00"),
            // In its last second, and at the second in which it expires.
            (365, "2027-03-01 10:29:59", Days(1), 366, "2027-03-02 10:30:00"),
            (365, "2027-03-01 10:30:00", Days(1), 366, "2027-03-02 10:30:00"),
            // From a second after its end on, the term begins now, and the days are rounded up.
            (365, "2027-03-01 10:30:01", Days(1), 367, "2027-03-03 10:30:00"),
            (365, "2027-03-11 10:30:00", Days(30), 405, "2027-04-10 10:30:00"),
            (365, "2027-03-11 18:00:00", Days(30), 406, "2027-04-11 10:30:00"),
            (365, "2027-03-11 18:00:00", Years(1), 742, "2028-03-12 10:30:00"),
        ] {
            let expected = Ok((days, end.to_owned()));
            assert_eq!(renewed(validity, begin, now, renewal), expected, "{now} {renewal:?}");
        }
    }

    #[test]
    fn a_year_is_a_year_of_the_calendar() {
        for (begin, validity, renewal, end) in [
            // To and from the 29th of February, which most years don't have.
            ("2027-02-28 12:00:00", 366, Years(1), "2029-02-28 12:00:00"),
            ("2027-03-01 12:00:00", 365, Years(1), "2029-02-28 12:00:00"),
            ("2027-03-01 12:00:00", 365, Years(4), "2032-02-29 12:00:00"),
            ("2027-02-28 12:00:00", 365, Years(1), "2029-02-28 12:00:00"),
            // Across a leap day, and not.
            ("2027-01-31 00:00:00", 365, Years(1), "2029-01-31 00:00:00"),
            ("2025-12-31 23:59:59", 365, Years(1), "2027-12-31 23:59:59"),
            ("2098-03-01 00:00:00", 365, Years(1), "2100-03-01 00:00:00"),
        ] {
            let found = renewed(validity, begin, "2026-01-01 00:00:00", renewal).unwrap().1;
            let first = at(begin).plus_days(validity);
            assert_eq!(found, end, "{first} {renewal:?}");
        }
    }

    #[test]
    fn an_end_that_is_named_is_reached_in_whole_days() {
        let (begin, now) = ("2026-11-01 10:00:00", "2026-11-28 00:00:00");
        for (end, days, expected) in [
            ("2027-07-01 10:00:00", 242, "2027-07-01 10:00:00"),
            ("2027-07-01 00:00:00", 242, "2027-07-01 10:00:00"),
            ("2027-07-01 10:00:01", 243, "2027-07-02 10:00:00"),
            ("2026-11-28 00:00:01", 27, "2026-11-28 10:00:00"),
        ] {
            assert_eq!(renewed(365, begin, now, Until(at(end))), Ok((days, expected.to_owned())), "{end}");
        }
        for past in [now, "2026-11-27 23:59:59", "0001-01-01 00:00:00"] {
            let refused = Err(RenewalError::NotInFuture(at(past)));
            assert_eq!(renewed(365, begin, now, Until(at(past))), refused);
        }
        let begin = "2027-01-01 00:00:00";
        let refused = Err(RenewalError::NotAfterBegin(at(begin)));
        assert_eq!(renewed(365, begin, now, Until(at(begin))), refused);
    }

    #[test]
    fn a_license_that_is_not_assigned_gets_more_days() {
        let now = at("2027-03-01 08:00:00");
        let of = |status, begin, renewal| license(status, 365, begin).renewed_validity(renewal, now);
        for status in [Available, Reserved, Blocked] {
            assert_eq!(of(status, None, Days(30)), Ok(395), "{status:?}");
            // The year from 2028-02-29 on.
            assert_eq!(of(status, None, Years(1)), Ok(730), "{status:?}");
            let until = Until(at("2029-01-01 00:00:00"));
            assert_eq!(of(status, None, until), Err(RenewalError::NotAssigned(status)));
        }
        // A date that is replaced when it is assigned.
        assert_eq!(of(Available, Some(5), Days(1)), Ok(366));
        assert_eq!(of(Blocked, Some(now.plus_days(-365).0), Days(1)), Ok(366));
    }

    #[test]
    fn what_never_ends_and_what_would_end_too_late_is_not_renewed() {
        let now = Timestamp(0);
        for (validity, begin) in [(0, Some(0)), (0, None), (30, None)] {
            for renewal in [Days(1), Years(1), Until(Timestamp(1))] {
                let license = license(Assigned, validity, begin);
                assert_eq!(license.renewed_validity(renewal, now), Err(RenewalError::NeverExpires));
            }
        }
        let longest = license(Assigned, MAX_LICENSE_NUMBER - 1, Some(0));
        assert_eq!(longest.renewed_validity(Days(1), now), Ok(MAX_LICENSE_NUMBER));
        for renewal in [Days(2), Days(i64::MAX), Years(1), Years(i64::MAX)] {
            assert_eq!(longest.renewed_validity(renewal, now), Err(RenewalError::TooLong), "{renewal:?}");
        }
        let license = license(Assigned, 1, Some(0));
        assert_eq!(license.renewed_validity(Years(8029), now).map(|days| days > 2_900_000), Ok(true));
        for renewal in [Years(9000), Years(20_000), Until(Timestamp(i64::MAX))] {
            assert_eq!(license.renewed_validity(renewal, now), Err(RenewalError::TooLong), "{renewal:?}");
        }
    }
}
