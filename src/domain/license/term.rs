//! The end of a license as a date, expressed in what a license stores: days, and the time from which they count.

use super::LicenseStatus;
use crate::domain::Timestamp;

/// How long a license is valid, and from when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// In days.
    pub validity: i64,
    pub assigned_at: Timestamp,
}

/// Why a license can't end at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    #[error("a license that is {} gets its end when it is assigned: give the validity in days", .0.as_str())]
    NotAssigned(LicenseStatus),
    #[error("the license begins only at {0}")]
    NotAfterBegin(Timestamp),
    #[error("a validity of 0 means that the license never expires: leave one of them out")]
    NeverExpires,
    #[error("by the validity and the begin it is {0}: leave one of them out")]
    Contradiction(Timestamp),
}

impl Term {
    /// The term of a license with this status that ends at `end`, to the second. The validity is rounded up to whole
    /// days, and the begin moves to that many days before the end. `validity` and `assigned_at`: where they are given
    /// or known, they must agree with the end to less than a day.
    pub fn until(
        end: Timestamp,
        validity: Option<i64>,
        assigned_at: Option<Timestamp>,
        status: LicenseStatus,
        now: Timestamp,
    ) -> Result<Self, TermError> {
        if status.is_assignable() {
            return Err(TermError::NotAssigned(status));
        }
        if let Some(begin) = assigned_at.filter(|begin| end <= *begin) {
            return Err(TermError::NotAfterBegin(begin));
        }
        match (validity, assigned_at) {
            (Some(0), _) => return Err(TermError::NeverExpires),
            (Some(days), Some(begin)) if !is_within_a_day(begin.plus_days(days), end) => {
                return Err(TermError::Contradiction(begin.plus_days(days)));
            }
            _ => {}
        }
        let begin = assigned_at.unwrap_or_else(|| now.min(end.plus_days(-1)));
        let validity = validity.unwrap_or_else(|| begin.days_until(end).max(1));
        Ok(Self { validity, assigned_at: end.plus_days(-validity) })
    }
}

fn is_within_a_day(one: Timestamp, other: Timestamp) -> bool {
    one < other.plus_days(1) && other < one.plus_days(1)
}

#[cfg(test)]
mod tests {
    use super::LicenseStatus::*;
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: Timestamp = Timestamp(100 * DAY);

    fn until(
        end: i64,
        validity: Option<i64>,
        begin: Option<i64>,
        status: LicenseStatus,
    ) -> Result<(i64, i64), TermError> {
        let term = Term::until(Timestamp(end), validity, begin.map(Timestamp), status, NOW)?;
        Ok((term.validity, term.assigned_at.0))
    }

    #[test]
    fn a_license_ends_at_the_very_second() {
        for (end, validity, begin, expected) in [
            (130 * DAY, None, None, (30, 100 * DAY)),
            (130 * DAY + 1, None, None, (31, 99 * DAY + 1)),
            (100 * DAY + 1, None, None, (1, 99 * DAY + 1)),
            (50 * DAY, None, None, (1, 49 * DAY)),
            (130 * DAY, None, Some(90 * DAY), (40, 90 * DAY)),
            (130 * DAY - 1, None, Some(90 * DAY), (40, 90 * DAY - 1)),
            (130 * DAY, Some(10), None, (10, 120 * DAY)),
            (130 * DAY, Some(40), Some(90 * DAY + 50), (40, 90 * DAY)),
        ] {
            for status in [Assigned, Blocked] {
                assert_eq!(until(end, validity, begin, status), Ok(expected), "{end} {validity:?} {begin:?}");
                assert_eq!(Timestamp(expected.1).plus_days(expected.0), Timestamp(end));
            }
        }
    }

    #[test]
    fn what_contradicts_an_end_is_refused() {
        let end = 130 * DAY;
        for (validity, begin, status, expected) in [
            (None, None, Available, TermError::NotAssigned(Available)),
            (Some(3), None, Reserved, TermError::NotAssigned(Reserved)),
            (None, Some(end), Assigned, TermError::NotAfterBegin(Timestamp(end))),
            (Some(0), None, Assigned, TermError::NeverExpires),
            (Some(39), Some(90 * DAY), Assigned, TermError::Contradiction(Timestamp(129 * DAY))),
        ] {
            assert_eq!(until(end, validity, begin, status), Err(expected));
        }
    }
}
