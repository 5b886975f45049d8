//! The one thread that writes. It takes what is waiting, commits it all at once, and only then answers each: group commit.
//!
//! With `synchronous=FULL` a commit costs a sync of the disk; sharing it lets many answers have one. Nothing is ever answered as done
//! before the commit that holds it has returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::blocks::BlocklistCache;
use super::connection::{BUSY_TIMEOUT, execute};
use super::stats::WriterStats;
use super::{Error, OpenError, Tx, Verdict};

/// How many jobs may wait. Past that a job is refused at once instead of answered late.
const QUEUE: usize = 1024;

/// How many jobs share a commit at the most: bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// Pages in the write-ahead log (4 KiB each) from which it is copied into the database: when the writer is idle, and when it never is.
const CHECKPOINT_IDLE: i32 = 1_000;
const CHECKPOINT_BUSY: i32 = 4_000;

/// Pages from which the log is also cut short, if no reader is in it.
const CHECKPOINT_TRUNCATE: i32 = 16_000;

/// What is left to do for a job once the fate of its batch is known.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// One unit of work: all of it is kept, or none. Called once: with the transaction to run in, or with the reason why there is none.
pub(super) struct Job(Box<Work>);

type Work = dyn FnOnce(Result<&Tx<'_>, Error>) -> Option<Verdict<Answer>> + Send;

impl Job {
    /// Joins the work and the channel its caller waits on. The channel closes unanswered only if the work panics. What has waited longer
    /// than `patience` before its turn comes is refused instead, with nothing done.
    pub(super) fn new<T: Send + 'static>(
        work: impl FnOnce(&Tx<'_>) -> Verdict<T> + Send + 'static,
        caller: oneshot::Sender<Result<T, Error>>,
        patience: Duration,
    ) -> Self {
        let came = Instant::now();
        Self(Box::new(move |tx| {
            // A caller that has gone away doesn't undo what it asked for, so nobody minds whether it still listens.
            let tx = match tx {
                Ok(_) if came.elapsed() > patience => {
                    return (drop(caller.send(Err(Error::Overloaded))), None).1;
                }
                Ok(tx) => tx,
                Err(error) => return (drop(caller.send(Err(error))), None).1,
            };
            let answer =
                |value: T| -> Answer { Box::new(move |fate| drop(caller.send(fate.map(|()| value)))) };
            Some(match work(tx) {
                Verdict::Keep(value) => Verdict::Keep(answer(value)),
                Verdict::Undo(value) => Verdict::Undo(answer(value)),
            })
        }))
    }
}

/// The queue to the writer thread. Dropping it lets the thread finish what is queued, and waits for that.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    stats: WriterStats,
}

impl Writer {
    /// `has_work` gets a word after each commit that left something to do.
    pub(super) fn start(
        connection: Connection,
        blocklist: Arc<BlocklistCache>,
        has_work: Sender<()>,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = bounded(QUEUE);
        let stats = WriterStats::new();
        let counting = stats.clone();
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(connection, &jobs, &blocklist, &has_work, &counting))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), stats })
    }

    pub(super) fn stats(&self) -> &WriterStats {
        &self.stats
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }

    pub(super) fn enqueue(&self, job: Job) -> Result<(), Error> {
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Error::Overloaded),
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

fn run(
    mut connection: Connection,
    jobs: &Receiver<Job>,
    blocklist: &BlocklistCache,
    has_work: &Sender<()>,
    stats: &WriterStats,
) {
    let pages_in_log = Arc::new(AtomicI32::new(0));
    // Replaces SQLite's automatic checkpoint, which would run inside a commit, with callers waiting.
    let counter = Arc::clone(&pages_in_log);
    let hooked = connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
        counter.store(pages, Ordering::Relaxed);
        Ok(())
    }));
    if let Err(error) = hooked {
        log::warn!("SQLite keeps its own checkpoints: {error}");
    }
    let mut may_checkpoint = true;
    while let Ok(first) = jobs.recv() {
        let mut batch: Vec<Job> = Vec::with_capacity(jobs.len().min(BATCH) + 1);
        batch.push(first);
        batch.extend(jobs.try_iter().take(BATCH - 1));
        if let Err(error) = run_batch(&connection, batch, blocklist, has_work, stats) {
            // Whoever came while this batch waited in vain, for another process to finish say, is not made to wait as long again.
            for Job(job) in jobs.try_iter().take(QUEUE) {
                job(Err(error.of_the_batch()));
            }
        }
        may_checkpoint = may_checkpoint && checkpoint(&connection, &pages_in_log, jobs.is_empty());
    }
    // The last connection to close checkpoints and removes the log; closing here, not in a destructor, lets a failure be told.
    if let Err((_, error)) = connection.close() {
        log::error!("the database did not close cleanly: {error}");
    }
}

/// Runs all jobs in one transaction, commits it, and answers them: all as done, or, if it can't be committed, none. Gives the error if
/// there was no transaction to run in.
fn run_batch(
    connection: &Connection,
    batch: Vec<Job>,
    blocklist: &BlocklistCache,
    has_work: &Sender<()>,
    stats: &WriterStats,
) -> Result<(), Error> {
    let mut jobs = batch.into_iter();
    let mut answers = Vec::with_capacity(jobs.len());
    let begun = execute(connection, "BEGIN IMMEDIATE").map_err(Error::from);
    let could_begin = begun.is_ok();
    match begun.and_then(|()| commit_batch(connection, &mut jobs, blocklist, &mut answers, stats)) {
        Ok(left_work) => {
            for answer in answers {
                answer(Ok(()));
            }
            if left_work {
                // Full: the word is there already.
                let _ = has_work.try_send(());
            }
        }
        Err(error) => {
            if !connection.is_autocommit()
                && let Err(error) = connection.execute_batch("ROLLBACK")
            {
                log::error!("a batch of changes could not be rolled back: {error}");
            }
            for answer in answers {
                answer(Err(error.of_the_batch()));
            }
            for Job(job) in jobs {
                job(Err(error.of_the_batch()));
            }
            if !could_begin {
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Tells whether the batch left something to do after it.
fn commit_batch(
    connection: &Connection,
    jobs: &mut impl Iterator<Item = Job>,
    blocklist: &BlocklistCache,
    answers: &mut Vec<Answer>,
    stats: &WriterStats,
) -> Result<bool, Error> {
    let tx = Tx::new(connection, blocklist);
    let mut changes = 0;
    for job in jobs {
        changes += 1;
        answers.extend(run_job(&tx, job)?);
        // A full disk or a failed write can end the whole transaction, and with it what earlier jobs wrote.
        if connection.is_autocommit() {
            return Err(Error::Abandoned);
        }
    }
    // The promise broken on purpose: a proof must find out.
    #[cfg(feature = "answer-before-commit")]
    for answer in answers.drain(..) {
        answer(Ok(()));
    }
    // After a sync that failed, SQLite takes nothing of this batch for written: the next commit writes its own pages to the same place in the
    // log and syncs those. So no sync is trusted for what another failed to do; for those of checkpoints see there.
    let committing = Instant::now();
    execute(connection, "COMMIT")?;
    stats.committed(changes, committing);
    Ok(tx.has_work.get())
}

/// Runs one job in a savepoint of its own, so that one that refuses, fails or panics harms no other.
fn run_job(tx: &Tx<'_>, Job(job): Job) -> Result<Option<Answer>, Error> {
    execute(tx.connection, "SAVEPOINT job")?;
    tx.act_as_nobody();
    let (keep, answer) = match catch_unwind(AssertUnwindSafe(|| job(Ok(tx)))) {
        Ok(Some(Verdict::Keep(answer))) => (true, Some(answer)),
        Ok(Some(Verdict::Undo(answer))) => (false, Some(answer)),
        Ok(None) | Err(_) => (false, None),
    };
    if !tx.connection.is_autocommit() {
        if !keep {
            execute(tx.connection, "ROLLBACK TO job")?;
        }
        execute(tx.connection, "RELEASE job")?;
    }
    Ok(answer)
}

/// Copies the log into the database between batches, when nobody waits or when it has grown. `false`: there must be no other.
///
/// A checkpoint that readers cut short copies pages, counts them as copied, and leaves the sync to a later one. If that sync fails, the
/// system may have dropped those pages, and SQLite will not copy them again: after a later one the log is written over, and they are
/// gone. So after an I/O error the log is kept whole, also at the end: whoever opens the database next takes in all of it anew.
fn checkpoint(connection: &Connection, pages_in_log: &AtomicI32, idle: bool) -> bool {
    let pages = pages_in_log.load(Ordering::Relaxed);
    let due = if idle { CHECKPOINT_IDLE } else { CHECKPOINT_BUSY };
    if pages < due {
        return true;
    }
    pages_in_log.store(0, Ordering::Relaxed);
    let how = if pages < CHECKPOINT_TRUNCATE {
        "PRAGMA wal_checkpoint(PASSIVE)"
    } else {
        "PRAGMA wal_checkpoint(TRUNCATE)"
    };
    // Cutting it short asks readers to leave it. A backup stays for as long as it copies, and nobody is made to wait for that: next time.
    let checkpoint = connection
        .busy_timeout(Duration::ZERO)
        .and_then(|()| connection.query_row(how, [], |_| Ok(())))
        .and(connection.busy_timeout(BUSY_TIMEOUT));
    let Err(error) = checkpoint else { return true };
    log::warn!("the write-ahead log ({pages} pages) could not be copied into the database: {error}");
    if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
        return true;
    }
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        log::error!("the write-ahead log can't be kept from being taken in at the end: {error}");
    }
    log::error!(
        "the disk failed while the database was synced: the write-ahead log is kept and grows until the next start; look at the \
         disk, then restart the server"
    );
    false
}
