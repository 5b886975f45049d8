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

/// The buckets of one limit. Times are since any fixed moment, the same for all calls.
pub struct Buckets<K> {
    clients: Cache<K, Arc<Bucket>>,
    /// Nanoseconds in which one token is refilled.
    refill: u64,
    /// Nanoseconds in which an empty bucket is refilled but for one token.
    tolerance: u64,
}

#[derive(Default)]
struct Bucket {
    /// In nanoseconds.
    full_at: AtomicU64,
    /// Reservations that are not counted as used while they are open.
    provisional: AtomicU64,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub fn new(rate: Rate) -> Self {
        let refill = nanoseconds(rate.every);
        let tolerance = refill.saturating_mul(u64::from(rate.burst.get()) - 1);
        Self { clients: Cache::new(TRACKED_CLIENTS), refill, tolerance }
    }

    /// Takes a token of `key`'s. The error is the time until there is one.
    pub fn take(&self, key: &K, now: Duration) -> Result<(), Duration> {
        self.take_from(&self.bucket(key), now)
    }

    /// Takes a token that may be refunded.
    pub fn reserve(&self, key: &K, now: Duration) -> Result<Reservation, Duration> {
        let bucket = self.bucket(key);
        self.take_from(&bucket, now)?;
        Ok(Reservation { bucket, refill: self.refill, is_provisional: false, is_refunded: false })
    }

    /// Takes a token that is likely to be refunded: until then, [`Self::has_used`] ignores it.
    pub fn reserve_provisionally(&self, key: &K, now: Duration) -> Result<Reservation, Duration> {
        let bucket = self.bucket(key);
        bucket.provisional.fetch_add(1, Ordering::AcqRel);
        let reservation =
            Reservation { bucket, refill: self.refill, is_provisional: true, is_refunded: false };
        self.take_from(&reservation.bucket, now)?;
        Ok(reservation)
    }

    /// Whether `key` has used any token that is not refilled yet.
    pub fn has_used(&self, key: &K, now: Duration) -> bool {
        self.clients.peek(key).is_some_and(|bucket| {
            let provisional = bucket.provisional.load(Ordering::Acquire).saturating_mul(self.refill);
            bucket.full_at.load(Ordering::Acquire).saturating_sub(provisional) > nanoseconds(now)
        })
    }

    /// Forgets the clients whose buckets are full.
    pub fn forget_full(&self, now: Duration) {
        let now = nanoseconds(now);
        self.clients.retain(|_, bucket| bucket.full_at.load(Ordering::Acquire) > now);
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    fn bucket(&self, key: &K) -> Arc<Bucket> {
        match self.clients.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default())) {
            Ok(bucket) => bucket,
            Err(never) => match never {},
        }
    }

    fn take_from(&self, bucket: &Bucket, now: Duration) -> Result<(), Duration> {
        let now = nanoseconds(now);
        let taken = bucket.full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            let full_at = full_at.max(now);
            (full_at - now <= self.tolerance).then(|| full_at.saturating_add(self.refill))
        });
        match taken {
            Ok(_) => Ok(()),
            Err(full_at) => {
                Err(Duration::from_nanos(full_at.saturating_sub(now).saturating_sub(self.tolerance)))
            }
        }
    }
}

/// A token that was taken: spent when this is dropped, unless it is refunded. It holds the bucket it came from, so a
/// client that was evicted and starts afresh gets no refund for what it no longer owes.
#[must_use]
pub struct Reservation {
    bucket: Arc<Bucket>,
    refill: u64,
    is_provisional: bool,
    is_refunded: bool,
}

impl Reservation {
    pub fn refund(mut self) {
        self.is_refunded = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.is_provisional {
            self.bucket.provisional.fetch_sub(1, Ordering::AcqRel);
        }
        if self.is_refunded {
            // The token was added to this very bucket, so there is at least as much to take away.
            self.bucket.full_at.fetch_sub(self.refill, Ordering::AcqRel);
        }
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
    /// An arbitrary moment.
    const START: Duration = Duration::from_secs(1000);

    fn buckets() -> Buckets<u32> {
        Buckets::new(Rate { burst: NonZeroU32::new(3).unwrap(), every: SECOND })
    }

    #[test]
    fn a_burst_is_admitted_and_then_one_token_after_each_refill() {
        let buckets = buckets();
        let tries = [(); 5].map(|()| buckets.take(&1, START));
        assert_eq!(tries, [Ok(()), Ok(()), Ok(()), Err(SECOND), Err(SECOND)]);
        assert_eq!(buckets.take(&2, START), Ok(()));
        assert_eq!(buckets.take(&1, START + SECOND / 4), Err(SECOND * 3 / 4));
        assert_eq!([(); 2].map(|()| buckets.take(&1, START + SECOND)), [Ok(()), Err(SECOND)]);
        // A full bucket gets no fuller.
        let later = START + 60 * SECOND;
        assert_eq!([(); 4].map(|()| buckets.take(&1, later)), [Ok(()), Ok(()), Ok(()), Err(SECOND)]);
    }

    #[test]
    fn clients_with_full_buckets_are_forgotten() {
        let buckets = buckets();
        assert!(!buckets.has_used(&1, START));
        buckets.take(&1, START).unwrap();
        buckets.forget_full(START);
        assert!(buckets.has_used(&1, START) && buckets.len() == 1);
        buckets.forget_full(START + SECOND);
        assert!(!buckets.has_used(&1, START + SECOND) && buckets.len() == 0);
    }

    #[test]
    fn a_reservation_counts_at_once_and_a_refund_undoes_it() {
        let buckets = buckets();
        let reservations: Vec<_> = (0..3).map(|_| buckets.reserve(&1, START).unwrap()).collect();
        assert!(buckets.has_used(&1, START) && buckets.take(&1, START).is_err());
        reservations.into_iter().for_each(Reservation::refund);
        assert!(!buckets.has_used(&1, START));
        drop(buckets.reserve(&1, START).unwrap());
        assert!(buckets.has_used(&1, START));
    }

    #[test]
    fn provisional_reservations_take_tokens_and_count_only_once_they_are_spent() {
        let (buckets, mut now) = (buckets(), START);
        buckets.take(&1, now).unwrap();
        // Always two at once, so that one is always open.
        for _ in 0..4 {
            let first = buckets.reserve_provisionally(&1, now).unwrap();
            now += SECOND / 4;
            let second = buckets.reserve_provisionally(&1, now).unwrap();
            first.refund();
            second.refund();
        }
        assert!(!buckets.has_used(&1, now));
        let open: Vec<_> = (0..3).map(|_| buckets.reserve_provisionally(&1, now).unwrap()).collect();
        assert!(!buckets.has_used(&1, now) && buckets.reserve_provisionally(&1, now).is_err());
        drop(open);
        assert!(buckets.has_used(&1, now));
    }

    #[test]
    fn an_evicted_client_gets_no_refund() {
        let buckets = buckets();
        let open = buckets.reserve(&1, START).unwrap();
        let later = START + 2 * SECOND;
        buckets.forget_full(later);
        (0..3).for_each(|_| buckets.take(&1, later).unwrap());
        open.refund();
        assert_eq!(buckets.take(&1, later), Err(SECOND));
    }

    #[test]
    fn a_flood_from_many_clients_does_not_grow_it() {
        let buckets = buckets();
        for client in 0..200_000 {
            assert_eq!(buckets.take(&client, START), Ok(()));
        }
        assert!(buckets.len() <= TRACKED_CLIENTS);
    }
}
