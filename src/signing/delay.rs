//! The signing delay: how long an answer that needs a signature would wait for it now. Lock-free counters, shared by
//! every thread that asks for signatures or makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The assumed cost of a signature before any was measured, in nanoseconds.
const INITIAL_ESTIMATE: u64 = 1_000_000;

/// The kind of an answer that waits for its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiter {
    /// An answer to a change that is committed already.
    AfterCommit,
    /// Any other answer.
    Other,
}

/// Counts the answers that wait for signatures, and estimates the cost of one from the last signatures.
#[derive(Debug)]
pub struct SigningDelay {
    after_commit: AtomicUsize,
    others: AtomicUsize,
    /// The moving average of the time that a signature takes, in nanoseconds.
    mean: AtomicU64,
    /// The number of threads that sign.
    threads: u32,
}

impl SigningDelay {
    pub fn new(threads: usize) -> Self {
        let threads = u32::try_from(threads).unwrap_or(u32::MAX).max(1);
        Self {
            after_commit: AtomicUsize::new(0),
            others: AtomicUsize::new(0),
            mean: AtomicU64::new(INITIAL_ESTIMATE),
            threads,
        }
    }

    /// Counts one more waiter.
    pub fn enter(&self, waiter: Waiter) {
        self.count(waiter).fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one waiter less, because a thread has begun to make its signature.
    pub fn leave(&self, waiter: Waiter) {
        self.count(waiter).fetch_sub(1, Ordering::Relaxed);
    }

    fn count(&self, waiter: Waiter) -> &AtomicUsize {
        match waiter {
            Waiter::AfterCommit => &self.after_commit,
            Waiter::Other => &self.others,
        }
    }

    /// Replaces the estimate with one measured signature, made before the first request.
    pub fn seed_estimate(&self, took: Duration) {
        self.mean.store(nanoseconds(took), Ordering::Relaxed);
    }

    /// Adds one measured signature to the moving average.
    pub fn record(&self, took: Duration) {
        // Two threads at once may lose one of two measurements, which an average tolerates.
        let (mean, took) = (self.mean.load(Ordering::Relaxed), nanoseconds(took));
        self.mean.store(mean - mean / 64 + took / 64, Ordering::Relaxed);
    }

    /// The number of waiting answers.
    pub fn waiting(&self) -> usize {
        self.after_commit.load(Ordering::Relaxed) + self.others.load(Ordering::Relaxed)
    }

    /// The time that one more answer would wait for its signature.
    pub fn estimate(&self) -> Duration {
        self.time_for(self.waiting())
    }

    /// The time that one more answer would wait if only answers to committed changes were ahead of it.
    pub fn estimate_after_commit(&self) -> Duration {
        self.time_for(self.after_commit.load(Ordering::Relaxed))
    }

    /// Whether one more answer would wait longer than `limit`.
    pub fn exceeds(&self, limit: Duration) -> bool {
        self.estimate() > limit
    }

    /// Counts a signature as waiting before it is requested, until the promise is dropped. The writer thread makes a
    /// promise for each change, because the signature is requested only after the commit.
    pub fn promise(self: &Arc<Self>) -> Promise {
        self.enter(Waiter::AfterCommit);
        Promise(Arc::clone(self))
    }

    fn time_for(&self, signatures: usize) -> Duration {
        let signatures = u32::try_from(signatures).unwrap_or(u32::MAX);
        Duration::from_nanos(self.mean.load(Ordering::Relaxed)).saturating_mul(signatures) / self.threads
    }
}

/// A signature that will be requested.
pub struct Promise(Arc<SigningDelay>);

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.leave(Waiter::AfterCommit);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_estimate_counts_at_once() {
        let delay = SigningDelay::new(1);
        (0..10).for_each(|_| delay.enter(Waiter::AfterCommit));
        assert_eq!(delay.estimate(), Duration::from_millis(10));
        delay.seed_estimate(Duration::from_millis(4));
        assert_eq!(delay.estimate(), Duration::from_millis(40));
    }

    #[test]
    fn the_delay_is_the_number_of_waiters_times_the_cost_shared_by_the_threads() {
        let delay = SigningDelay::new(2);
        assert_eq!(delay.estimate(), Duration::ZERO);
        (0..7).for_each(|_| delay.enter(Waiter::Other));
        (0..4).for_each(|_| delay.enter(Waiter::AfterCommit));
        delay.leave(Waiter::Other);
        assert_eq!((delay.waiting(), delay.estimate()), (10, Duration::from_millis(5)));
        assert_eq!(delay.estimate_after_commit(), Duration::from_millis(2));
        assert!(delay.exceeds(Duration::from_millis(4)) && !delay.exceeds(Duration::from_millis(5)));
        for _ in 0..1000 {
            delay.record(Duration::from_millis(2));
        }
        let estimate = delay.estimate();
        assert!(
            (Duration::from_micros(9_990)..Duration::from_micros(10_010)).contains(&estimate),
            "{estimate:?}"
        );
    }

    #[test]
    fn a_promise_counts_until_it_is_dropped() {
        let delay = Arc::new(SigningDelay::new(1));
        let promises: Vec<_> = (0..1000).map(|_| delay.promise()).collect();
        assert_eq!((delay.waiting(), delay.estimate()), (1000, Duration::from_secs(1)));
        drop(promises);
        assert_eq!(delay.waiting(), 0);
    }
}
