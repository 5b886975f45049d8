//! All SQL: one SQLite file, many readers, one writer. Gives and takes domain types; knows no outcome, no
//! HTTP, no clock.

mod copied_files;
mod data_dir;
mod download_files;
mod error;
mod integrity;
mod nouns;
mod ownership;
mod schema;
mod sqlite;
mod tx;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use integrity::check::{Check, Damage};
use nouns::blocks::BlocklistCache;
use sqlite::reader::Readers;
use sqlite::writer::{self, Writer};
use tokio::sync::oneshot;

pub use copied_files::{
    CopiedFile, copy_file, describe_file, make_private_directory, sync_directory, write_file,
};
pub use data_dir::{DataDir, ServerLock, create_private_file};
pub use error::{Error, OpenError};
pub use integrity::contents::Contents;
pub use integrity::inspection::{Inspection, sqlite_version};
pub use integrity::soundness::TableCounts;
pub use nouns::api_keys::NewApiKey;
pub use nouns::callbacks::{DueCallback, MAX_UNDER_WAY};
pub use nouns::idempotency::{GivenAnswer, RepeatKey};
pub use ownership::give_directory;
pub use schema::VERSION as SCHEMA_VERSION;
pub use sqlite::snapshot::copy_database;
pub use sqlite::writer_stats::WriterStats;
pub use tx::{Tx, Verdict};

/// How long a change may wait for its turn: whoever asked for it is told to come again, rather than later
/// than is of use.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database: a pool of read-only connections, and the one thread that writes.
pub struct Store {
    /// Looks through the database while it is served. First here, so that it lets go of the file before the
    /// writer does.
    check: Mutex<Option<Check>>,
    readers: r2d2::Pool<Readers>,
    writer: Writer,
    blocklist: Arc<BlocklistCache>,
    work: Receiver<()>,
    damage: Arc<Damage>,
}

impl Store {
    /// Makes the database of a new data directory, and opens it.
    pub fn create(data: &DataDir) -> Result<Self, OpenError> {
        schema::create(data)?;
        Self::open(data, 1, || Duration::ZERO)
    }

    /// Opens an existing database for up to `readers` reads at the same time. `answer_delay` tells how long the
    /// answer to a change waits after its commit: the longer, the more changes share the next one.
    ///
    /// Refuses one that is missing, damaged, another program's, or newer than this program, and an SQLite
    /// that can damage it.
    pub fn open(
        data: &DataDir,
        readers: u32,
        answer_delay: impl Fn() -> Duration + Send + 'static,
    ) -> Result<Self, OpenError> {
        let writing = schema::open_writer(data)?;
        let blocklist = Arc::new(BlocklistCache::default());
        // One word is enough, however much there is to do.
        let (has_work, work) = bounded(1);
        let writer = Writer::start(writing, Arc::clone(&blocklist), has_work, answer_delay)?;
        let readers = r2d2::Pool::builder()
            .max_size(readers.max(1))
            .min_idle(Some(0))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .build_unchecked(Readers::new(data));
        let (damage, check) = (Arc::default(), Mutex::default());
        Ok(Self { check, readers, writer, blocklist, work, damage })
    }

    /// Looks through the whole database, and refuses one that is damaged. What has not been seen `within`
    /// that time is looked at while the database is served; once damage is found, all that is asked of it is
    /// [`Error::Damaged`].
    pub fn check(&self, data: &DataDir, within: Duration) -> Result<(), OpenError> {
        let check = Check::start(data, &self.damage)?;
        let found = check.wait(within);
        *self.check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check);
        found
    }

    /// Tells of an error that an answer ended with: one that shows that the database is damaged is the last
    /// that it answers.
    pub fn note(&self, error: &Error) {
        if let Some(what) = error.damage() {
            self.damage.note(&what);
        }
    }

    /// Runs `job` on one moment's view of the database. Blocks for as long as it reads.
    pub fn read<T>(&self, job: impl FnOnce(&Tx<'_>) -> T) -> Result<T, Error> {
        self.damage.refuse_if_known()?;
        self.readers.get()?.at_one_moment(&self.blocklist, job)
    }

    /// Runs `job` on the writer thread, in a transaction shared with what else is waiting.
    ///
    /// Comes back when its changes are on disk ([`Verdict::Keep`]) or undone ([`Verdict::Undo`]). An error
    /// means that nothing was kept, nor ever seen by another; only if the disk failed in the last moment, and
    /// the program dies before its next commit, may it be there after. [`Error::Overloaded`] if the queue is
    /// full, or its turn did not come within a second.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job, PATIENCE)?.await.map_err(|_| Error::Panicked)?
    }

    /// As [`Self::write`], for callers that have time: the command line and the worker.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(job, Duration::MAX)?.blocking_recv().map_err(|_| Error::Panicked)?
    }

    /// What the writer has done so far.
    pub fn writer_stats(&self) -> &WriterStats {
        self.writer.stats()
    }

    /// How many changes wait for the writer.
    pub fn queued(&self) -> usize {
        self.writer.queued()
    }

    /// Gets a word after each commit that queued a job or a message to another server.
    pub fn work(&self) -> &Receiver<()> {
        &self.work
    }

    fn enqueue<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
        patience: Duration,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        self.damage.refuse_if_known()?;
        let (answer, answered) = oneshot::channel();
        self.writer.enqueue(writer::Job::new(job, answer, patience))?;
        Ok(answered)
    }
}

#[cfg(test)]
mod tests;
