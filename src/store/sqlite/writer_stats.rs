//! What the writer has done, in numbers.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::Histogram;

/// Shared by the writer thread and whoever reads it. Counts from the opening of the database.
#[derive(Clone, Debug)]
pub struct WriterStats {
    /// How many changes shared a commit.
    pub batches: Arc<Histogram>,
    /// How long each commit took, its sync included, in microseconds.
    pub commits: Arc<Histogram>,
}

/// Up to the largest batch.
const BATCH_SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// From a fast disk's sync to one that hangs.
const COMMIT_MICROSECONDS: &[u64] =
    &[50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

impl WriterStats {
    pub(in crate::store) fn new() -> Self {
        Self {
            batches: Arc::new(Histogram::new(BATCH_SIZES)),
            commits: Arc::new(Histogram::new(COMMIT_MICROSECONDS)),
        }
    }

    pub(in crate::store) fn committed(&self, jobs: usize, since: Instant) {
        self.batches.record(u64::try_from(jobs).unwrap_or(u64::MAX));
        self.commits.record(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
}
