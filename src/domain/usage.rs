//! Usage: the number of answers in each hour.

use super::Timestamp;

const SECONDS_PER_HOUR: i64 = 3600;

/// What answers of an hour are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usage {
    pub hour: Hour,
    pub endpoint: &'static str,
    pub code: u16,
    /// The product that the request was about. `None`: none was found.
    pub product_id: Option<i64>,
}

/// The number of answers of an endpoint with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerCount {
    pub endpoint: String,
    pub code: u16,
    pub count: i64,
}

/// An hour, in hours since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

impl Hour {
    /// The hour that a time is in.
    pub fn of(time: Timestamp) -> Self {
        Self(time.0.div_euclid(SECONDS_PER_HOUR))
    }

    pub fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(SECONDS_PER_HOUR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_first_and_its_last_second() {
        for (second, hour) in [(-1, -1), (0, 0), (3599, 0), (3600, 1)] {
            assert_eq!(Hour::of(Timestamp(second)), Hour(hour));
        }
        assert_eq!(Hour(2).start(), Timestamp(7200));
    }
}
