//! The database: one SQLite file with many readers and one writer. All SQL is here. Takes and returns domain types;
//! knows no outcome, no HTTP and no clock.

mod dialect;
mod error;
mod integrity;
mod nouns;
mod remains;
mod row_cache;
mod schema;
mod sql;
mod sqlite;
mod tx;
mod unused_space;
mod write_job;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use integrity::check::{Check, Damage};
use row_cache::BlocklistCache;
use sqlite::reader::Readers;
use sqlite::writer::Writer;
use tokio::sync::oneshot;
use write_job::WriteJob;

use crate::files::DataDir;

pub use error::{Error, OpenError};
pub use integrity::contents::Contents;
pub use integrity::inspection::{Inspection, sqlite_version};
pub use integrity::snapshot::copy_database;
pub use integrity::soundness::TableCounts;
pub use nouns::api_keys::NewApiKey;
pub use nouns::callbacks::{DueCallback, MAX_UNDER_WAY};
pub use nouns::erasure::{FileState, PersonalTable, TextRow};
pub use nouns::idempotency::{GivenAnswer, RepeatKey, StoredAnswer};
pub use remains::{Remains, RemainsError, file_contains};
pub use schema::VERSION as SCHEMA_VERSION;
pub use schema::copies::{erasable_copies, upgrade_copies};
pub use schema::upgrade::{Upgrade, UpgradeEvent, needs_upgrade, upgrade};
pub use schema::upgrade_error::UpgradeError;
pub use sqlite::writer_stats::WriterStats;
pub use tx::{Decision, Tx};

/// The time that a change may wait in the write queue. A client that waits longer is refused, so that it retries
/// while an answer is still of use to it.
const WRITE_QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

/// An open database: a pool of read-only connections, and one thread that writes.
pub struct Store {
    /// The integrity check that runs while the database is served. Declared before the writer, so that it
    /// closes its connection first.
    check: Mutex<Option<Check>>,
    readers: r2d2::Pool<Readers>,
    writer: Writer,
    blocklist: Arc<BlocklistCache>,
    wake: Sender<()>,
    wakeups: Receiver<()>,
    damage: Arc<Damage>,
}

impl Store {
    /// Creates the database of a new data directory, and opens it.
    pub fn create(data: &DataDir) -> Result<Self, OpenError> {
        schema::create(data)?;
        Self::open(data, 1, || Duration::ZERO)
    }

    /// Opens an existing database for up to `readers` concurrent reads. `signing_delay` returns how long the
    /// answer to a change committed now would wait for its signature; the writer batches more changes while
    /// that is long.
    ///
    /// Refuses a database that is missing, damaged, another program's, or of a newer version than this
    /// program, and a version of SQLite with a bug that can damage it.
    pub fn open(
        data: &DataDir,
        readers: u32,
        signing_delay: impl Fn() -> Duration + Send + 'static,
    ) -> Result<Self, OpenError> {
        let connection = schema::open_writer(data)?;
        let blocklist = Arc::new(BlocklistCache::default());
        // One pending wake-up is enough: the worker does all there is to do.
        let (wake, wakeups) = bounded(1);
        let writer = Writer::start(connection, Arc::clone(&blocklist), Box::new(signing_delay))?;
        let readers = r2d2::Pool::builder()
            .max_size(readers.max(1))
            .min_idle(Some(0))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .build_unchecked(Readers::new(data));
        let (damage, check) = (Arc::default(), Mutex::default());
        Ok(Self { check, readers, writer, blocklist, wake, wakeups, damage })
    }

    /// Starts an integrity check of the whole database, and waits up to `timeout` for its result. A longer
    /// check goes on while the database is served. Once damage is found, every read and write fails with
    /// [`Error::Damaged`].
    pub fn check(&self, data: &DataDir, timeout: Duration) -> Result<(), OpenError> {
        let check = Check::start(data, &self.damage)?;
        let found = check.wait(timeout);
        *self.check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check);
        found
    }

    /// Takes note of an error that a request ended with. If it shows that the database is damaged, every
    /// later read and write fails with [`Error::Damaged`].
    pub fn note(&self, error: &Error) {
        if let Some(what) = error.damage() {
            self.damage.note(what);
        }
    }

    /// Runs `job` on one snapshot of the database. Blocks while it reads.
    pub fn read<T>(&self, job: impl FnOnce(&Tx<'_>) -> T) -> Result<T, Error> {
        self.damage.refuse_if_known()?;
        self.readers.get()?.on_snapshot(&self.blocklist, job)
    }

    /// Like [`Self::read`], for a job that can fail: its error and the database's are returned alike.
    pub fn try_read<T, E: From<Error>>(&self, job: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.read(job)?
    }

    /// Runs `job` on the writer thread, in a savepoint of a transaction that it shares with other jobs.
    ///
    /// Returns once its changes are committed to disk ([`Decision::Commit`]) or rolled back
    /// ([`Decision::Rollback`]). After an error nothing was committed, with one exception: if the disk failed
    /// during the commit and the program dies before its next one, the changes may be there at the next start.
    /// [`Error::Busy`]: the queue is full, or the job queued longer than a second.
    ///
    /// A job may be run again from its start after a rollback, so it must have no effect outside of `tx`
    /// that can't be repeated.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Decision<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job, WRITE_QUEUE_TIMEOUT)?.await.map_err(|_| Error::Panicked)?
    }

    /// Like [`Self::write`], but blocks, and queues without a timeout: for the command line and the worker.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Decision<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job, Duration::MAX)?.blocking_recv().map_err(|_| Error::Panicked)?
    }

    /// Like [`Self::write`], for a job that can fail: commits on `Ok` and rolls back on `Err`. Its error and the
    /// database's are returned alike.
    pub async fn change<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.write(move |tx| decide(job(tx))).await?
    }

    /// Like [`Self::change`], but blocks, and queues without a timeout.
    pub fn change_blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.write_blocking(move |tx| decide(job(tx)))?
    }

    /// The writer's counters.
    pub fn writer_stats(&self) -> &WriterStats {
        self.writer.stats()
    }

    /// The length of the write queue.
    pub fn queued(&self) -> usize {
        self.writer.queued()
    }

    /// Receives a message after each commit that queued a job or a webhook.
    pub fn worker_wakeups(&self) -> &Receiver<()> {
        &self.wakeups
    }

    fn enqueue<T: Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Decision<T> + Send + 'static,
        timeout: Duration,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        self.damage.refuse_if_known()?;
        let (caller, answer) = oneshot::channel();
        self.writer.enqueue(WriteJob::new(job, caller, timeout, self.wake.clone()))?;
        Ok(answer)
    }
}

fn decide<T, E>(result: Result<T, E>) -> Decision<Result<T, E>> {
    match result {
        Ok(value) => Decision::Commit(Ok(value)),
        Err(error) => Decision::Rollback(Err(error)),
    }
}

#[cfg(test)]
mod tests;
