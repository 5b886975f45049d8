//! One rate limit for many clients: a token bucket for each, in bounded memory.
//!
//! A bucket is one number, the time at which it will be full again (the generic cell rate algorithm): a token taken
//! moves it later by the time in which one token is refilled, a refund moves it back.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::TRACKED_CLIENTS;
use crate::domain::Rate;

/// The buckets of one limit. `now` is the time since a fixed start, the same for all calls.
pub struct Buckets<K> {
    clients: Cache<K, Arc<FullAt>>,
    /// Nanoseconds in which one token is added to a bucket.
    refill: u64,
    /// Nanoseconds in which an empty bucket becomes full.
    full: u64,
}

/// The time at which a bucket is full again, in nanoseconds.
type FullAt = AtomicU64;

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub fn new(rate: Rate) -> Self {
        let refill = nanoseconds(rate.every);
        let full = refill.saturating_mul(u64::from(rate.burst.get()));
        Self { clients: Cache::new(TRACKED_CLIENTS), refill, full }
    }

    /// Takes so many tokens from the bucket of `key`, at most as many as it holds. The error is the time until they
    /// are available.
    pub fn take(&self, key: &K, number: u32, now: Duration) -> Result<Token, Duration> {
        let full_at = match self.clients.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default())) {
            Ok(full_at) => full_at,
            Err(never) => match never {},
        };
        let now = nanoseconds(now);
        let refill = self.refill.saturating_mul(u64::from(number)).min(self.full);
        let tolerance = self.full.saturating_sub(refill);
        let taken = full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            let full_at = full_at.max(now);
            (full_at - now <= tolerance).then(|| full_at.saturating_add(refill))
        });
        match taken {
            Ok(_) => Ok(Token { bucket: full_at, refill }),
            Err(full_at) => Err(Duration::from_nanos(full_at.saturating_sub(now).saturating_sub(tolerance))),
        }
    }

    /// Whether the bucket of `key` is not full.
    pub fn has_used(&self, key: &K, now: Duration) -> bool {
        self.clients.peek(key).is_some_and(|full_at| full_at.load(Ordering::Acquire) > nanoseconds(now))
    }

    /// Forgets the clients whose buckets are full.
    pub fn forget_full(&self, now: Duration) {
        let now = nanoseconds(now);
        self.clients.retain(|_, full_at| full_at.load(Ordering::Acquire) > now);
    }
}

/// A token that was taken. Dropping it spends it. It holds the bucket that it came from, so a refund never reaches the
/// new bucket of a client that was evicted in between.
pub struct Token {
    bucket: Arc<FullAt>,
    refill: u64,
}

impl Token {
    pub fn refund(self) {
        // Taking it added as much to this very bucket.
        self.bucket.fetch_sub(self.refill, Ordering::AcqRel);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    /// An arbitrary time.
    const START: Duration = Duration::from_secs(1000);

    fn buckets() -> Buckets<u32> {
        Buckets::new(Rate { burst: NonZeroU32::new(3).unwrap(), every: SECOND })
    }

    /// The time to wait after each of so many tries at once.
    fn waits<const N: usize>(buckets: &Buckets<u32>, client: u32, now: Duration) -> [Option<Duration>; N] {
        [(); N].map(|()| buckets.take(&client, 1, now).err())
    }

    #[test]
    fn a_burst_is_admitted_and_then_one_token_after_each_refill() {
        let buckets = buckets();
        assert_eq!(waits(&buckets, 1, START), [None, None, None, Some(SECOND), Some(SECOND)]);
        assert_eq!(waits(&buckets, 2, START), [None]);
        assert_eq!(waits(&buckets, 1, START + SECOND / 4), [Some(SECOND * 3 / 4)]);
        assert_eq!(waits(&buckets, 1, START + SECOND), [None, Some(SECOND)]);
        // A full bucket gets no fuller.
        assert_eq!(waits(&buckets, 1, START + 60 * SECOND), [None, None, None, Some(SECOND)]);
    }

    #[test]
    fn many_tokens_are_taken_together_or_not_at_all() {
        let buckets = buckets();
        assert!(buckets.take(&1, 2, START).is_ok());
        assert_eq!(buckets.take(&1, 2, START).err(), Some(SECOND));
        buckets.take(&1, 1, START).unwrap().refund();
        assert!(buckets.take(&1, 2, START + SECOND).is_ok());
        // More than a full bucket holds is as much as that.
        assert!(buckets.take(&2, 100, START).is_ok());
        assert_eq!(waits(&buckets, 2, START), [Some(SECOND)]);
    }

    #[test]
    fn clients_with_full_buckets_are_forgotten() {
        let buckets = buckets();
        assert!(!buckets.has_used(&1, START));
        assert_eq!(waits(&buckets, 1, START), [None]);
        buckets.forget_full(START);
        assert!(buckets.has_used(&1, START) && buckets.clients.len() == 1);
        buckets.forget_full(START + SECOND);
        assert!(!buckets.has_used(&1, START + SECOND) && buckets.clients.is_empty());
    }

    #[test]
    fn a_token_counts_at_once_and_a_refund_undoes_it() {
        let buckets = buckets();
        let tokens: Vec<_> = (0..3).map(|_| buckets.take(&1, 1, START).unwrap()).collect();
        assert!(buckets.has_used(&1, START) && buckets.take(&1, 1, START).is_err());
        tokens.into_iter().for_each(Token::refund);
        assert!(!buckets.has_used(&1, START));
        drop(buckets.take(&1, 1, START).unwrap());
        assert!(buckets.has_used(&1, START));
    }

    #[test]
    fn refunded_tokens_leave_nothing_behind_however_many_there_were() {
        let (buckets, mut now) = (buckets(), START);
        // Always two at once, so that one is always open.
        let mut open = buckets.take(&1, 1, now).unwrap();
        for _ in 0..20 {
            now += SECOND / 4;
            let next = buckets.take(&1, 1, now).unwrap();
            std::mem::replace(&mut open, next).refund();
        }
        open.refund();
        assert!(!buckets.has_used(&1, now));
        assert_eq!(waits(&buckets, 1, now), [None, None, None, Some(SECOND)]);
    }

    #[test]
    fn an_evicted_client_gets_no_refund() {
        let buckets = buckets();
        let open = buckets.take(&1, 1, START).unwrap();
        let later = START + 2 * SECOND;
        buckets.forget_full(later);
        assert_eq!(waits(&buckets, 1, later), [None, None, None]);
        open.refund();
        assert_eq!(waits(&buckets, 1, later), [Some(SECOND)]);
    }

    #[test]
    fn a_flood_from_many_clients_does_not_grow_it() {
        let buckets = buckets();
        for client in 0..200_000 {
            assert_eq!(waits(&buckets, client, START), [None]);
        }
        assert!(buckets.clients.len() <= TRACKED_CLIENTS);
    }
}
