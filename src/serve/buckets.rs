//! Buckets: what each of many callers has used up of a limit, in memory that doesn't grow.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;

use crate::domain::Rate;

/// How many callers each limit knows at a time. Past that it forgets those that it hasn't heard of for
/// longest, so that no flood from many addresses takes more memory; whoever is forgotten starts afresh.
pub const KNOWN: usize = 1 << 16;

/// One limit for each of many.
pub struct Limit<K: Hash + Eq + Clone, C: Clock> {
    pub limiter: RateLimiter<K, Buckets<K>, C, NoOpMiddleware<C::Instant>>,
    buckets: Buckets<K>,
    clock: C,
    start: C::Instant,
    /// What one costs, in the time of the buckets.
    one: Nanos,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limit<K, C> {
    /// `None`: a rate of no time at all is no limit.
    pub fn new(rate: Rate, clock: &C) -> Option<Self> {
        let quota = Quota::with_period(rate.every)?.allow_burst(rate.burst);
        let buckets = Buckets(Arc::new(Cache::new(KNOWN)));
        let (start, one) = (clock.now(), Nanos::from(rate.every));
        let limiter = RateLimiter::new(quota, buckets.clone(), clock.clone());
        Some(Self { limiter, buckets, clock: clock.clone(), start, one })
    }

    /// Makes one of those that were taken one that may be given back.
    pub fn set_aside(&self, key: &K) {
        if let Some(bucket) = self.buckets.0.peek(key) {
            bucket.unsettled.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Ends that, with or without giving it back.
    pub fn settle(&self, key: &K, give_back: bool) {
        let Some(bucket) = self.buckets.0.peek(key) else { return };
        // Whoever was forgotten meanwhile has started afresh, and nothing is owed to him.
        let settled =
            bucket.unsettled.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        if give_back && settled.is_ok() {
            bucket.replace(|used_up_to| used_up_to.saturating_sub(self.one));
        }
    }

    /// Whether anything is used up but for what is unsettled.
    pub fn has_used(&self, key: &K) -> bool {
        self.buckets.0.peek(key).is_some_and(|bucket| {
            let unsettled = self.one * bucket.unsettled.load(Ordering::Acquire);
            bucket.used_up_to().saturating_sub(unsettled) > self.clock.now().duration_since(self.start)
        })
    }
}

/// What each has used up, of those that are known.
#[derive(Clone)]
pub struct Buckets<K>(Arc<Cache<K, Arc<Bucket>>>);

/// What one has used up: the time at which it is full again, and how many of those that it was charged for
/// may be given back.
#[derive(Default)]
pub struct Bucket {
    used: InMemoryState,
    unsettled: AtomicU64,
}

impl Bucket {
    fn used_up_to(&self) -> Nanos {
        // Looks without changing anything: what fails is not replaced.
        let used_up_to = self.used.measure_and_replace(&NotKeyed::NonKey, Err::<((), Nanos), _>);
        used_up_to.err().flatten().unwrap_or_else(|| Nanos::from(0))
    }

    fn replace(&self, change: impl Fn(Nanos) -> Nanos) {
        let changed = |used: Option<Nanos>| Ok::<_, Infallible>(((), used.map_or(Nanos::from(0), &change)));
        let Ok(()) = self.used.measure_and_replace(&NotKeyed::NonKey, changed);
    }
}

impl<K: Hash + Eq + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let made = self.0.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        match made {
            Ok(bucket) => bucket.used.measure_and_replace(&NotKeyed::NonKey, f),
            Err(never) => match never {},
        }
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Buckets<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain(|_, bucket| bucket.used_up_to() > drop_below);
    }

    fn shrink_to_fit(&self) {}

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
