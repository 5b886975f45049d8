//! The rate limits: requests of an address and of an API key, wrong keys from an address.
//!
//! A refusal says when to come back (API §0.4, item 1). The signed part of it is the same for everybody within a
//! second, so one signature serves all refusals.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::buckets::{Buckets, Reservation};
use super::network::Network;
use crate::domain::{ApiKeySecret, Outcome, Rate, RateLimits};
use crate::wire::reply::{Reply, Result};

/// The limits of a server, and what each client has used of them. Times are since the server's start.
pub struct Rates {
    address: Option<Buckets<Network>>,
    api_key: Option<Buckets<u64>>,
    guesses: Option<Buckets<Network>>,
    /// Keys are told apart by a hash with a random seed, so that their texts are not kept.
    hasher: RandomState,
    refused: Refused,
    /// The total that was last logged.
    logged: AtomicU64,
}

/// How many requests each limit has refused.
#[derive(Default)]
pub struct Refused {
    pub address: AtomicU64,
    pub api_key: AtomicU64,
    pub guesses: AtomicU64,
}

impl Rates {
    pub fn new(limits: &RateLimits) -> Self {
        Self {
            address: buckets(limits.address),
            api_key: buckets(limits.api_key),
            guesses: buckets(limits.guesses),
            hasher: RandomState::new(),
            refused: Refused::default(),
            logged: AtomicU64::new(0),
        }
    }

    /// Counts a request against its address.
    pub fn admit_address(&self, client: Network, now: Duration) -> Result<()> {
        let taken = self.address.as_ref().map_or(Ok(()), |limit| limit.take(&client, now));
        taken.map_err(|wait| refusal(wait, &self.refused.address).into())
    }

    /// Counts a request against its API key.
    pub fn admit_api_key(&self, secret: &ApiKeySecret, now: Duration) -> Result<()> {
        let hash = || self.hasher.hash_one(secret.expose());
        let taken = self.api_key.as_ref().map_or(Ok(()), |limit| limit.take(&hash(), now));
        taken.map_err(|wait| refusal(wait, &self.refused.api_key).into())
    }

    /// Counts a wrong key against its address.
    pub fn admit_guess(&self, client: Network, now: Duration) -> Result<()> {
        let taken = self.guesses.as_ref().map_or(Ok(()), |limit| limit.take(&client, now));
        taken.map_err(|wait| refusal(wait, &self.refused.guesses).into())
    }

    /// Counts a key that may be wrong against its address, to be refunded if it is right. Keys that are probably right
    /// don't count for [`Self::has_guessed`] meanwhile. `None`: guesses are not limited.
    pub fn reserve_guess(
        &self,
        client: Network,
        is_probably_right: bool,
        now: Duration,
    ) -> Result<Option<Reservation>> {
        let Some(limit) = &self.guesses else { return Ok(None) };
        let reserved = if is_probably_right {
            limit.reserve_provisionally(&client, now)
        } else {
            limit.reserve(&client, now)
        };
        reserved.map(Some).map_err(|wait| refusal(wait, &self.refused.guesses).into())
    }

    /// Whether an address has sent wrong keys that still count.
    pub fn has_guessed(&self, client: Network, now: Duration) -> bool {
        self.guesses.as_ref().is_some_and(|limit| limit.has_used(&client, now))
    }

    pub fn refused(&self) -> &Refused {
        &self.refused
    }

    /// To be called once a minute: forgets clients that have nothing used up, and logs how many requests were refused
    /// since the last call.
    pub fn tidy(&self, now: Duration) {
        for limit in [&self.address, &self.guesses].into_iter().flatten() {
            limit.forget_full(now);
        }
        if let Some(limit) = &self.api_key {
            limit.forget_full(now);
        }
        let total = self.refused.total();
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

impl Refused {
    pub fn total(&self) -> u64 {
        [&self.address, &self.api_key, &self.guesses].iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

fn buckets<K: Hash + Eq + Clone>(rate: Option<Rate>) -> Option<Buckets<K>> {
    rate.map(Buckets::new)
}

fn refusal(wait: Duration, refused: &AtomicU64) -> Reply {
    refused.fetch_add(1, Ordering::Relaxed);
    Reply::from(Outcome::TooManyRequests).after(whole_seconds(wait))
}

/// Rounded up, so that a client which comes back then is not too early.
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

    /// `None`: admitted; else the seconds after which to come back.
    fn guess(rates: &Rates, address: &str) -> Option<u64> {
        match rates.admit_guess(Network::of(address.parse().unwrap()), Duration::ZERO) {
            Ok(()) => None,
            Err(Error::Refused(reply)) => Some(reply.retry_after.unwrap()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_is_counted() {
        let rates = rates();
        assert_eq!([(); 5].map(|()| guess(&rates, "192.0.2.1")), [None, None, None, Some(1), Some(1)]);
        assert_eq!(guess(&rates, "192.0.2.2"), None);
        assert_eq!(rates.refused().total(), 2);
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
