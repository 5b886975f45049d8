//! Rates: how many events are allowed in a time.

use std::num::NonZeroU32;
use std::time::Duration;

/// A rate limit: up to `burst` events at once, replenished by one per `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: NonZeroU32,
    pub every: Duration,
}

impl Rate {
    /// `number` events per second, with bursts of twice as many. `None` for 0: no limit.
    pub fn per_second(number: u32) -> Option<Self> {
        Some(Self {
            burst: NonZeroU32::new(number.saturating_mul(2))?,
            every: Duration::from_secs(1) / number,
        })
    }

    /// `number` events per minute, with bursts of as many. `None` for 0: no limit.
    pub fn per_minute(number: u32) -> Option<Self> {
        Some(Self { burst: NonZeroU32::new(number)?, every: Duration::from_mins(1) / number })
    }
}

/// How many bytes of telemetry one client may store; `None`: no limit. A client is an API key, and also an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelemetryQuota {
    pub hour: Option<Rate>,
    pub day: Option<Rate>,
}

impl TelemetryQuota {
    /// Megabytes in an hour and in a day. 0: no limit.
    pub fn megabytes(hour: u32, day: u32) -> Self {
        let quota = |megabytes: u32, time| bytes(megabytes.saturating_mul(1_000_000), time);
        Self { hour: quota(hour, Duration::from_hours(1)), day: quota(day, DAY) }
    }
}

impl Default for TelemetryQuota {
    fn default() -> Self {
        Self::megabytes(10, 100)
    }
}

/// How many bytes of answers are kept for the requests of one client with an `Idempotency-Key`, in a day; `None`: no
/// limit. An address has a tenth of an API key's share, so that one customer can't use up the share of a key that ships
/// to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerQuota {
    pub api_key: Option<Rate>,
    pub address: Option<Rate>,
}

impl AnswerQuota {
    /// Megabytes in a day under one API key. 0: no limit.
    pub fn megabytes(day: u32) -> Self {
        let day = day.saturating_mul(1_000_000);
        Self { api_key: bytes(day, DAY), address: bytes(day / 10, DAY) }
    }
}

impl Default for AnswerQuota {
    fn default() -> Self {
        Self::megabytes(250)
    }
}

const DAY: Duration = Duration::from_hours(24);

/// This many bytes in a time, which may come at once. `None` for 0: no limit.
fn bytes(number: u32, time: Duration) -> Option<Rate> {
    let burst = NonZeroU32::new(number)?;
    Some(Rate { burst, every: time / burst.get() })
}

/// The rate limits of a server; `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests from one IPv4 address or one IPv6 /64 network.
    pub address: Option<Rate>,
    /// Requests with one API key.
    pub api_key: Option<Rate>,
    /// Wrong API keys and license keys, together, from one IPv4 address or one IPv6 /64 network.
    pub guesses: Option<Rate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_a_burst_and_a_pace_and_none_is_no_limit() {
        let rate = Rate::per_second(500).unwrap();
        assert_eq!((rate.burst.get(), rate.every), (1000, Duration::from_millis(2)));
        let rate = Rate::per_minute(60).unwrap();
        assert_eq!((rate.burst.get(), rate.every), (60, Duration::from_secs(1)));
        assert_eq!((Rate::per_second(0), Rate::per_minute(0)), (None, None));
    }
}
