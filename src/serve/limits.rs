//! Rate limits: how many requests an address and an API key may send, and how many wrong keys an address may try.
//!
//! Whoever is over a limit is told when to come back (API §0.4, item 1). What is signed of that says
//! nothing of who it is for, so one signature a second serves however many are refused.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};

use super::buckets::Limit;
use super::caller::{Caller, Network};
use crate::domain::{ApiKeySecret, Outcome, RateLimits};
use crate::wire::reply::{Reply, Result};

/// The limits of a server, and who has used how much of them.
pub struct Limits<C: Clock + Clone = MonotonicClock> {
    address: Option<Limit<Network, C>>,
    api_key: Option<Limit<u64, C>>,
    guesses: Option<Limit<Network, C>>,
    /// API keys are told apart by a number that is another after each start: their texts stay with their callers.
    hasher: RandomState,
    refused: Refused,
    /// How many of them the operator has been told of.
    told: AtomicU64,
}

/// How many requests each limit has refused.
#[derive(Default)]
pub struct Refused {
    pub address: AtomicU64,
    pub api_key: AtomicU64,
    pub guesses: AtomicU64,
}

impl Limits {
    pub fn new(rates: &RateLimits) -> Self {
        Self::with_clock(rates, &MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(rates: &RateLimits, clock: &C) -> Self {
        Self {
            address: rates.address.and_then(|rate| Limit::new(rate, clock)),
            api_key: rates.api_key.and_then(|rate| Limit::new(rate, clock)),
            guesses: rates.guesses.and_then(|rate| Limit::new(rate, clock)),
            hasher: RandomState::new(),
            refused: Refused::default(),
            told: AtomicU64::new(0),
        }
    }

    /// Takes one request off what the caller's address may send, and off what the API key of its header may.
    pub fn admit(&self, caller: &Caller) -> Result<()> {
        take(self.address.as_ref(), || Network::of(caller.address), &self.refused.address)?;
        caller.secret.as_ref().map_or(Ok(()), |secret| self.admit_key(secret))
    }

    /// Takes one request off what an API key may send.
    pub fn admit_key(&self, secret: &ApiKeySecret) -> Result<()> {
        take(self.api_key.as_ref(), || self.hasher.hash_one(secret.expose()), &self.refused.api_key)
    }

    /// Takes one off the wrong keys that an address may try.
    pub fn admit_guess(&self, address: IpAddr) -> Result<()> {
        take(self.guesses.as_ref(), || Network::of(address), &self.refused.guesses)
    }

    /// The same for what may turn out to be right: to be settled once that is known.
    pub fn pay_guess(&self, address: IpAddr) -> Result<()> {
        self.admit_guess(address)?;
        if let Some(limit) = &self.guesses {
            limit.set_aside(&Network::of(address));
        }
        Ok(())
    }

    /// Ends what [`Self::pay_guess`] began: what was right is given back.
    pub fn settle_guess(&self, address: IpAddr, was_right: bool) {
        if let Some(limit) = &self.guesses {
            limit.settle(&Network::of(address), was_right);
        }
    }

    /// Whether wrong keys have used up some of what an address may try. What is paid and not settled doesn't count.
    pub fn has_guessed(&self, address: IpAddr) -> bool {
        self.guesses.as_ref().is_some_and(|limit| limit.has_used(&Network::of(address)))
    }

    pub fn refused(&self) -> &Refused {
        &self.refused
    }

    /// To be done now and then: forgets who has nothing used up any more, and tells the operator what was
    /// refused since the last time.
    pub fn tidy(&self) {
        self.forget();
        let total = self.refused.total();
        let told = self.told.swap(total, Ordering::Relaxed);
        if total > told {
            log::warn!(
                "{} requests were over a rate limit and got 1929: see --rate-limit-address, --rate-limit-key and --rate-limit-guesses; \
                 if all come through a proxy, name it with --trusted-proxy",
                total.saturating_sub(told)
            );
        }
    }

    fn forget(&self) {
        for limit in [&self.address, &self.guesses].into_iter().flatten() {
            limit.limiter.retain_recent();
        }
        if let Some(limit) = &self.api_key {
            limit.limiter.retain_recent();
        }
    }
}

impl Refused {
    pub fn total(&self) -> u64 {
        [&self.address, &self.api_key, &self.guesses].iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

fn take<K: Hash + Eq + Clone, C: Clock + Clone>(
    limit: Option<&Limit<K, C>>,
    key: impl FnOnce() -> K,
    refused: &AtomicU64,
) -> Result<()> {
    let Some(Limit { limiter, .. }) = limit else { return Ok(()) };
    limiter.check_key(&key()).map_err(|not_until| {
        refused.fetch_add(1, Ordering::Relaxed);
        let wait = not_until.wait_time_from(limiter.clock().now());
        Reply::from(Outcome::TooManyRequests).after(whole_seconds(wait)).into()
    })
}

/// Rounded up: who comes back then is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::domain::Rate;
    use crate::serve::buckets::KNOWN;
    use crate::wire::reply::Error;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(clock: &FakeRelativeClock) -> Limits<FakeRelativeClock> {
        let rate = Some(Rate { burst: NonZeroU32::new(3).unwrap(), every: SECOND });
        Limits::with_clock(&RateLimits { address: None, api_key: None, guesses: rate }, clock)
    }

    /// `None`: admitted; else the seconds after which to come back.
    fn guess(limits: &Limits<FakeRelativeClock>, address: &str) -> Option<u64> {
        match limits.admit_guess(address.parse().unwrap()) {
            Ok(()) => None,
            Err(Error::Refused(reply)) => Some(reply.retry_after.unwrap()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_burst_is_admitted_and_then_one_after_each_while() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let tries: Vec<_> = (0..5).map(|_| guess(&limits, "192.0.2.1")).collect();
        assert_eq!(tries, [None, None, None, Some(1), Some(1)]);
        assert_eq!(guess(&limits, "192.0.2.2"), None);
        clock.advance(SECOND);
        assert_eq!([guess(&limits, "192.0.2.1"), guess(&limits, "192.0.2.1")], [None, Some(1)]);
        assert_eq!(limits.refused().total(), 3);
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let tries: Vec<_> = (1..=4).map(|host| guess(&limits, &format!("2001:db8::{host}"))).collect();
        assert_eq!(tries, [None, None, None, Some(1)]);
        assert_eq!(guess(&limits, "2001:db8:0:1::1"), None);
    }

    #[test]
    fn who_has_nothing_used_up_any_more_is_forgotten() {
        let clock = FakeRelativeClock::default();
        let (limits, address) = (limits(&clock), "192.0.2.1".parse().unwrap());
        assert!(!limits.has_guessed(address));
        assert_eq!(guess(&limits, "192.0.2.1"), None);
        limits.forget();
        assert!(limits.has_guessed(address));
        clock.advance(5 * SECOND);
        limits.forget();
        assert!(!limits.has_guessed(address));
    }

    #[test]
    fn what_is_given_back_does_not_count_and_does_not_last() {
        let clock = FakeRelativeClock::default();
        let (limits, address) = (limits(&clock), "192.0.2.1".parse().unwrap());
        assert_eq!(guess(&limits, "192.0.2.1"), None);
        for _ in 0..4 {
            // Always two at once, so that there is always one that is not settled.
            limits.pay_guess(address).unwrap();
            clock.advance(SECOND / 4);
            limits.pay_guess(address).unwrap();
            limits.settle_guess(address, true);
            limits.settle_guess(address, true);
        }
        assert!(!limits.has_guessed(address));
        limits.pay_guess(address).unwrap();
        assert!(!limits.has_guessed(address));
        limits.settle_guess(address, false);
        assert!(limits.has_guessed(address));
        // Nothing is left to give back.
        limits.settle_guess(address, true);
        assert!(limits.has_guessed(address));
    }

    #[test]
    fn no_flood_from_many_networks_makes_it_grow_without_end() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        for number in 0..200_000_u32 {
            assert_eq!(
                guess(&limits, &format!("2001:db8:{:x}:{:x}::1", number >> 16, number & 0xffff)),
                None
            );
        }
        assert!(limits.guesses.as_ref().unwrap().limiter.len() <= KNOWN);
    }

    #[test]
    fn waits_are_rounded_up() {
        for (wait, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (3_600_000, 3600)] {
            assert_eq!(whole_seconds(Duration::from_millis(wait)), seconds);
        }
    }
}
