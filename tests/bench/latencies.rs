//! How long answers took, and the points of their distribution.

use std::time::Duration;

#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn note(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.sort();
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// In milliseconds, of sorted ones: what so many in a thousand did not exceed.
    pub fn milliseconds(&self, permille: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0
            .get((self.0.len() * permille / 1000).min(last))
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// A rate.
pub fn per_second(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / elapsed.as_secs_f64()
}
