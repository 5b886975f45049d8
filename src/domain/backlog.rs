//! What waits for its signature, kept by many threads at once without a lock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// What a signature is taken to cost until some have been made, in nanoseconds.
const FIRST_GUESS: u64 = 1_000_000;

/// Who waits for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Someone whose change is on disk already.
    Change,
    /// Anyone else.
    Other,
}

/// How many answers wait for signatures, and what one costs here and now. The default is that of a program
/// that signs nothing.
#[derive(Debug)]
pub struct Backlog {
    changes: AtomicUsize,
    others: AtomicUsize,
    /// The mean of the last signatures, in nanoseconds.
    mean: AtomicU64,
    /// Threads that sign.
    threads: u32,
}

impl Default for Backlog {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Backlog {
    pub fn new(threads: usize) -> Self {
        let threads = u32::try_from(threads).unwrap_or(u32::MAX).max(1);
        Self {
            changes: AtomicUsize::new(0),
            others: AtomicUsize::new(0),
            mean: AtomicU64::new(FIRST_GUESS),
            threads,
        }
    }

    /// One more waits.
    pub fn add(&self, who: Waiting) {
        self.count(who).fetch_add(1, Ordering::Relaxed);
    }

    /// One of them waits no longer: a thread has begun with it.
    pub fn take(&self, who: Waiting) {
        self.count(who).fetch_sub(1, Ordering::Relaxed);
    }

    fn count(&self, who: Waiting) -> &AtomicUsize {
        match who {
            Waiting::Change => &self.changes,
            Waiting::Other => &self.others,
        }
    }

    /// One signature was made, before any that somebody waits for: what the next will be taken to cost.
    pub fn expect(&self, took: Duration) {
        self.mean.store(nanoseconds(took), Ordering::Relaxed);
    }

    /// A signature was made.
    pub fn note(&self, took: Duration) {
        // Two threads at once may lose one of two measurements: it is a mean.
        let (mean, took) = (self.mean.load(Ordering::Relaxed), nanoseconds(took));
        self.mean.store(mean - mean / 64 + took / 64, Ordering::Relaxed);
    }

    pub fn waiting(&self) -> usize {
        self.changes.load(Ordering::Relaxed) + self.others.load(Ordering::Relaxed)
    }

    /// How long one more would wait.
    pub fn wait(&self) -> Duration {
        self.time_for(self.waiting())
    }

    /// How long one more would wait if changes alone waited.
    pub fn wait_of_changes(&self) -> Duration {
        self.time_for(self.changes.load(Ordering::Relaxed))
    }

    fn time_for(&self, signatures: usize) -> Duration {
        let signatures = u32::try_from(signatures).unwrap_or(u32::MAX);
        Duration::from_nanos(self.mean.load(Ordering::Relaxed)).saturating_mul(signatures) / self.threads
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_counts_at_once() {
        let backlog = Backlog::new(1);
        (0..10).for_each(|_| backlog.add(Waiting::Change));
        assert_eq!(backlog.wait(), Duration::from_millis(10));
        backlog.expect(Duration::from_millis(4));
        assert_eq!(backlog.wait(), Duration::from_millis(40));
    }

    #[test]
    fn a_wait_is_what_waits_by_what_each_costs_shared_by_the_threads() {
        let backlog = Backlog::new(2);
        assert_eq!(backlog.wait(), Duration::ZERO);
        (0..7).for_each(|_| backlog.add(Waiting::Other));
        (0..4).for_each(|_| backlog.add(Waiting::Change));
        backlog.take(Waiting::Other);
        assert_eq!((backlog.waiting(), backlog.wait()), (10, Duration::from_millis(5)));
        assert_eq!(backlog.wait_of_changes(), Duration::from_millis(2));
        for _ in 0..1000 {
            backlog.note(Duration::from_millis(2));
        }
        let wait = backlog.wait();
        assert!((Duration::from_micros(9_990)..Duration::from_micros(10_010)).contains(&wait), "{wait:?}");
    }
}
