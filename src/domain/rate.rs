//! How often somebody may do something.

use std::num::NonZeroU32;
use std::time::Duration;

/// So many at once, and one more after each `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: NonZeroU32,
    pub every: Duration,
}

impl Rate {
    /// So many a second, and twice as many at once. `None` for 0: any number.
    pub fn per_second(number: u32) -> Option<Self> {
        Some(Self {
            burst: NonZeroU32::new(number.saturating_mul(2))?,
            every: Duration::from_secs(1) / number,
        })
    }

    /// So many a minute, and as many at once. `None` for 0: any number.
    pub fn per_minute(number: u32) -> Option<Self> {
        Some(Self { burst: NonZeroU32::new(number)?, every: Duration::from_mins(1) / number })
    }
}

/// What is limited; `None`: it isn't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests from one address, or from one IPv6 network of 64 bits.
    pub address: Option<Rate>,
    /// Requests under one API key.
    pub api_key: Option<Rate>,
    /// Wrong keys from one address, API keys and license keys together.
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
