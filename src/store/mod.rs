//! All SQL: one SQLite file, many readers, one writer. Gives and takes domain types; knows no outcome, no HTTP, no clock.

mod activations;
mod api_keys;
mod blocks;
mod callbacks;
mod connection;
mod contracts;
mod data_dir;
mod download_files;
mod downloadables;
mod error;
mod generators;
mod idempotency;
mod jobs;
mod license_files;
mod license_meta;
mod licenses;
mod product_meta;
mod products;
mod schema;
mod telemetry;
mod tx;
mod writer;

use std::sync::Arc;

use blocks::BlocklistCache;
use connection::Readers;
use crossbeam_channel::{Receiver, bounded};
use tokio::sync::oneshot;
use writer::Writer;

pub use api_keys::NewApiKey;
pub use callbacks::{DueCallback, MAX_UNDER_WAY};
pub use data_dir::{DataDir, ServerLock};
pub use error::{Error, OpenError};
pub use idempotency::{GivenAnswer, RepeatKey};
pub use tx::{Access, Tx, Verdict};

/// The database: a pool of read-only connections, and the one thread that writes.
pub struct Store {
    readers: r2d2::Pool<Readers>,
    writer: Writer,
    blocklist: Arc<BlocklistCache>,
    work: Receiver<()>,
}

impl Store {
    /// Makes the database of a new data directory, and opens it.
    pub fn create(data: &DataDir) -> Result<Self, OpenError> {
        schema::create(data)?;
        Self::open(data, 1)
    }

    /// Opens an existing database for up to `readers` reads at the same time.
    ///
    /// Refuses one that is missing, damaged, another program's, or newer than this program, and an SQLite that can damage it.
    pub fn open(data: &DataDir, readers: u32) -> Result<Self, OpenError> {
        let writing = schema::open_writer(data)?;
        let blocklist = Arc::new(BlocklistCache::default());
        // One word is enough, however much there is to do.
        let (has_work, work) = bounded(1);
        let writer = Writer::start(writing, Arc::clone(&blocklist), has_work)?;
        let readers = r2d2::Pool::builder()
            .max_size(readers.max(1))
            .min_idle(Some(0))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .build_unchecked(Readers::new(data));
        Ok(Self { readers, writer, blocklist, work })
    }

    /// Runs `job` on one moment's view of the database. Blocks for as long as it reads.
    pub fn read<T>(&self, job: impl FnOnce(&Tx<'_>) -> T) -> Result<T, Error> {
        let connection = self.readers.get()?;
        // Rolled back when dropped, also by a panic: a connection never returns to the pool inside a transaction.
        let transaction = connection.unchecked_transaction()?;
        Ok(job(&Tx::new(&transaction, &self.blocklist)))
    }

    /// Runs `job` on the writer thread, in a transaction shared with what else is waiting.
    ///
    /// Comes back when its changes are on disk ([`Verdict::Keep`]) or undone ([`Verdict::Undo`]). An error means that nothing was kept.
    /// [`Error::Overloaded`] if the queue is full.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job)?.await.map_err(|_| Error::Panicked)?
    }

    /// As [`Self::write`], for callers that have nothing else to do: the command line.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job)?.blocking_recv().map_err(|_| Error::Panicked)?
    }

    /// Gets a word after each commit that queued a job or a message to another server.
    pub fn work(&self) -> &Receiver<()> {
        &self.work
    }

    fn enqueue<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (answer, answered) = oneshot::channel();
        self.writer.enqueue(writer::Job::new(job, answer))?;
        Ok(answered)
    }
}

#[cfg(test)]
mod tests;
