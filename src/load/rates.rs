//! The rate limits: requests of an address and of an API key, wrong keys from an address.
//!
//! A refusal says when to retry (API §0.4, item 1). The signed part of it is the same for everybody within a second,
//! so one signature serves all refusals.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::buckets::{Buckets, Token};
use super::network::Network;
use crate::domain::{ApiKeySecret, Outcome, Rate, RateLimits};
use crate::wire::reply::{Reply, Result};

/// The rate limits of a server, and how much of them each client has used. `now` is the time since the server's start.
pub struct Rates {
    pub address: RateLimit<Network>,
    pub api_key: RateLimit<ApiKeyHash>,
    pub guesses: RateLimit<Network>,
    hash_seed: RandomState,
    /// The total of refused requests when it was last logged.
    logged: AtomicU64,
}

/// A hash of an API key with a random seed, kept in place of its text.
type ApiKeyHash = u64;

/// One rate limit, and how many requests it has refused.
pub struct RateLimit<K> {
    /// `None`: no limit.
    buckets: Option<Buckets<K>>,
    refused: AtomicU64,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { buckets: rate.map(Buckets::new), refused: AtomicU64::new(0) }
    }

    /// Takes a token from the client's bucket, to be spent (dropped) or refunded.
    pub fn take(&self, client: &K, now: Duration) -> Result<Option<Token>> {
        self.take_many(client, 1, now)
    }

    /// As [`Self::take`], for several tokens at once.
    pub fn take_many(&self, client: &K, number: u32, now: Duration) -> Result<Option<Token>> {
        let Some(buckets) = &self.buckets else { return Ok(None) };
        buckets.take(client, number, now).map(Some).map_err(|wait| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Reply::from(Outcome::TooManyRequests).after(whole_seconds(wait)).into()
        })
    }

    /// Whether the client's bucket is not full.
    pub fn has_used(&self, client: &K, now: Duration) -> bool {
        self.buckets.as_ref().is_some_and(|buckets| buckets.has_used(client, now))
    }

    /// How many requests it has refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn forget_full(&self, now: Duration) {
        if let Some(buckets) = &self.buckets {
            buckets.forget_full(now);
        }
    }
}

impl Rates {
    pub fn new(limits: &RateLimits) -> Self {
        Self {
            address: RateLimit::new(limits.address),
            api_key: RateLimit::new(limits.api_key),
            guesses: RateLimit::new(limits.guesses),
            hash_seed: RandomState::new(),
            logged: AtomicU64::new(0),
        }
    }

    /// Counts a request against its API key.
    pub fn admit_api_key(&self, secret: &ApiKeySecret, now: Duration) -> Result<()> {
        self.api_key.take(&self.hash_seed.hash_one(secret.expose()), now).map(drop)
    }

    /// The number of requests that each limit has refused, by its name in the metrics.
    pub fn refused(&self) -> [(&'static str, u64); 3] {
        [
            ("address", self.address.refused()),
            ("key", self.api_key.refused()),
            ("guesses", self.guesses.refused()),
        ]
    }

    /// Forgets clients whose buckets are full, and logs how many requests were refused since the last call. To be
    /// called once a minute.
    pub fn tidy(&self, now: Duration) {
        self.address.forget_full(now);
        self.api_key.forget_full(now);
        self.guesses.forget_full(now);
        let total = self.refused().iter().map(|(_, count)| count).sum();
        let logged = self.logged.swap(total, Ordering::Relaxed);
        if total > logged {
            log::warn!(
                "{} requests exceeded a rate limit and got 1929: see --rate-limit-address, --rate-limit-key and \
                 --rate-limit-guesses; if all requests come through a proxy, name it with --trusted-proxy",
                total.saturating_sub(logged)
            );
        }
    }
}

/// Rounds up to whole seconds, so that a client which retries after that time is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::wire::reply::Error;

    fn rates() -> Rates {
        let rate = Rate { burst: NonZeroU32::new(3).unwrap(), every: Duration::from_secs(1) };
        Rates::new(&RateLimits { address: None, api_key: None, guesses: Some(rate) })
    }

    /// `None`: admitted; else the seconds after which to retry.
    fn guess(rates: &Rates, address: &str) -> Option<u64> {
        match rates.guesses.take(&Network::of(address.parse().unwrap()), Duration::ZERO) {
            Ok(_) => None,
            Err(Error::Refused(reply)) => Some(reply.retry_after.unwrap()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_is_counted() {
        let rates = rates();
        assert_eq!([(); 5].map(|()| guess(&rates, "192.0.2.1")), [None, None, None, Some(1), Some(1)]);
        assert_eq!(guess(&rates, "192.0.2.2"), None);
        assert_eq!(rates.refused(), [("address", 0), ("key", 0), ("guesses", 2)]);
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one() {
        let rates = rates();
        let tries: Vec<_> = (1..=4).map(|host| guess(&rates, &format!("2001:db8::{host}"))).collect();
        assert_eq!(tries, [None, None, None, Some(1)]);
        assert_eq!(guess(&rates, "2001:db8:0:1::1"), None);
    }

    #[test]
    fn waits_are_rounded_up() {
        for (wait, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (3_600_000, 3600)] {
            assert_eq!(whole_seconds(Duration::from_millis(wait)), seconds);
        }
    }
}
