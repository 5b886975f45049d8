//! The writer thread: it takes the jobs that are waiting, commits them in one transaction, and then answers
//! each of them (group commit).
//!
//! With `synchronous=FULL` every commit costs one sync of the disk. Sharing the commit lets one sync serve many
//! jobs. No job is answered before the commit that holds its changes has returned.
//!
//! While committed changes queue for their signatures anyway, the writer waits some milliseconds before each
//! batch, so that more jobs share it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::Connection;

use super::checkpoint::checkpoint;
use super::connection::execute;
use super::writer_stats::WriterStats;
use crate::store::row_cache::BlocklistCache;
use crate::store::write_job::WriteJob;
use crate::store::{Error, OpenError, Tx};

/// The length of the queue. A job that comes when it is full is refused at once.
const QUEUE: usize = 1024;

/// The most jobs in one commit. It bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// The signing delay from which the writer waits for more jobs before each batch. It waits a quarter of the
/// delay, but at most [`LONGEST_GATHERING`].
const WORTH_GATHERING: Duration = Duration::from_millis(4);
const LONGEST_GATHERING: Duration = Duration::from_millis(10);

/// Returns how long the answer to a change committed now would wait for its signature.
pub(in crate::store) type SigningDelay = Box<dyn Fn() -> Duration + Send>;

/// The handle of the writer thread. Dropping it waits until the thread has run all queued jobs.
pub(in crate::store) struct Writer {
    queue: Option<Sender<WriteJob>>,
    thread: Option<JoinHandle<()>>,
    stats: WriterStats,
}

/// The state of the writer thread.
struct Context {
    blocklist: Arc<BlocklistCache>,
    signing_delay: SigningDelay,
    stats: WriterStats,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(in crate::store) fn start(
        connection: Connection,
        blocklist: Arc<BlocklistCache>,
        signing_delay: SigningDelay,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = bounded(QUEUE);
        let stats = WriterStats::new();
        let context = Context { blocklist, signing_delay, stats: stats.clone() };
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || context.run(connection, &jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), stats })
    }

    pub(in crate::store) fn stats(&self) -> &WriterStats {
        &self.stats
    }

    /// The number of waiting jobs.
    pub(in crate::store) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }

    pub(in crate::store) fn enqueue(&self, job: WriteJob) -> Result<(), Error> {
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Error::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Error::Panicked),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the writer thread panicked");
        }
    }
}

impl Context {
    /// Runs jobs until the queue is closed and empty.
    fn run(&self, mut connection: Connection, jobs: &Receiver<WriteJob>) {
        let pages_in_log = count_pages_in_log(&mut connection);
        let mut may_checkpoint = true;
        while let Ok(first) = jobs.recv() {
            if jobs.len() + 1 < BATCH {
                thread::sleep(time_to_gather((self.signing_delay)()));
            }
            let mut batch: Vec<WriteJob> = Vec::with_capacity(jobs.len().min(BATCH) + 1);
            batch.push(first);
            batch.extend(jobs.try_iter().take(BATCH - 1));
            if let Err(error) = self.run_batch(&connection, batch) {
                // No transaction could be opened, usually because another process kept the database locked for
                // the whole busy timeout. The jobs that queued meanwhile have waited as long.
                for job in jobs.try_iter().take(QUEUE) {
                    job.answer(Err(error.of_the_batch()));
                }
            }
            may_checkpoint = may_checkpoint && checkpoint(&connection, &pages_in_log, jobs.is_empty());
        }
        // The last connection to close checkpoints and removes the log. Closed here, because a destructor
        // could not report an error.
        if let Err((_, error)) = connection.close() {
            log::error!("the database did not close cleanly: {error}");
        }
    }

    /// Runs all jobs in one transaction, commits it, and answers them: all with their values, or, if the
    /// commit failed, all with an error. Returns the error if no transaction could be opened.
    fn run_batch(&self, connection: &Connection, batch: Vec<WriteJob>) -> Result<(), Error> {
        let mut waiting = batch.into_iter();
        if let Err(error) = execute(connection, "BEGIN IMMEDIATE").map_err(Error::from) {
            waiting.for_each(|job| job.answer(Err(error.of_the_batch())));
            return Err(error);
        }
        let mut done = Vec::with_capacity(waiting.len());
        match self.commit_batch(connection, &mut waiting, &mut done) {
            Ok(()) => done.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(error) => {
                if !connection.is_autocommit()
                    && let Err(error) = connection.execute_batch("ROLLBACK")
                {
                    log::error!("a batch of changes could not be rolled back: {error}");
                }
                done.into_iter().chain(waiting).for_each(|job| job.answer(Err(error.of_the_batch())));
            }
        }
        Ok(())
    }

    /// Runs the jobs, moves those that ran to `done`, and commits.
    fn commit_batch(
        &self,
        connection: &Connection,
        waiting: &mut impl Iterator<Item = WriteJob>,
        done: &mut Vec<WriteJob>,
    ) -> Result<(), Error> {
        let tx = Tx::writing(connection, &self.blocklist);
        let mut changes = 0;
        for job in waiting {
            changes += 1;
            if job.has_timed_out() {
                job.answer(Err(Error::Busy));
                continue;
            }
            done.push(job);
            if let Some(job) = done.last_mut() {
                run_job(connection, &tx, job)?;
            }
            // A full disk or a failed write can end the whole transaction, and the changes of earlier jobs
            // with it.
            if connection.is_autocommit() {
                return Err(Error::temporary("the database rolled back the transaction of this change"));
            }
        }
        // Breaks the guarantee on purpose: the proof that builds with this feature must notice.
        #[cfg(feature = "answer-before-commit")]
        done.drain(..).for_each(|job| job.answer(Ok(())));
        // If the sync of a commit fails, SQLite takes its frames for unwritten: the next commit writes its own
        // frames over them and syncs those. So no commit relies on the failed sync of another. `checkpoint`
        // says what holds for checkpoints.
        let committing = Instant::now();
        execute(connection, "COMMIT")?;
        self.stats.committed(changes, committing);
        Ok(())
    }
}

/// Counts the pages in the write-ahead log after each commit. The hook replaces SQLite's automatic
/// checkpoint, which would run inside a commit while callers wait.
fn count_pages_in_log(connection: &mut Connection) -> Arc<AtomicI32> {
    let pages_in_log = Arc::new(AtomicI32::new(0));
    let counter = Arc::clone(&pages_in_log);
    let hooked = connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
        counter.store(pages, Ordering::Relaxed);
        Ok(())
    }));
    if let Err(error) = hooked {
        log::warn!("the writer can't schedule checkpoints, SQLite runs its own: {error}");
    }
    pages_in_log
}

/// The time that the writer waits before a batch so that more jobs share its commit: each commit takes processor time
/// from the threads that sign.
///
/// It adds no latency to answers that need a signature of their own; an answer whose signature is cached may come
/// later by as much. Answers without a change don't count, because they wait for no commit.
fn time_to_gather(signing_delay: Duration) -> Duration {
    if signing_delay < WORTH_GATHERING { Duration::ZERO } else { (signing_delay / 4).min(LONGEST_GATHERING) }
}

/// Runs a job in its own savepoint: one that refuses, fails or panics rolls back to it and harms no other.
fn run_job(connection: &Connection, tx: &Tx<'_>, job: &mut WriteJob) -> Result<(), Error> {
    execute(connection, "SAVEPOINT job")?;
    let commits = catch_unwind(AssertUnwindSafe(|| job.run(tx))).unwrap_or(false);
    if !connection.is_autocommit() {
        if !commits {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_gathers_jobs_only_while_signatures_are_late_and_never_for_long() {
        let gathered = |delay| time_to_gather(Duration::from_millis(delay)).as_micros();
        assert_eq!([0, 3, 4].map(gathered), [0, 0, 1_000]);
        assert_eq!([20, 40, 440].map(gathered), [5_000, 10_000, 10_000]);
    }
}
