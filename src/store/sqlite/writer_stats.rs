//! Statistics of the writer thread.

use std::time::Instant;

use prometheus_client::metrics::histogram::Histogram;

/// Histograms of the writer's commits since the database was opened. Clones share the same counts.
#[derive(Clone, Debug)]
pub struct WriterStats {
    /// The number of changes that shared each commit.
    pub batches: Histogram,
    /// The duration of each commit in seconds, including its sync.
    pub commits: Histogram,
}

/// Upper bounds of the buckets for batch sizes. The last is the largest batch.
const BATCH_SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Upper bounds of the buckets for commit times, in seconds: from a fast disk to one that hangs.
const COMMIT_SECONDS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

impl WriterStats {
    pub(in crate::store) fn new() -> Self {
        Self { batches: Histogram::new(BATCH_SIZES), commits: Histogram::new(COMMIT_SECONDS) }
    }

    pub(in crate::store) fn committed(&self, jobs: usize, since: Instant) {
        self.batches.observe(f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)));
        self.commits.observe(since.elapsed().as_secs_f64());
    }
}
