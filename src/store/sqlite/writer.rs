//! The one thread that writes. It takes what is waiting, commits it all at once, and only then answers each:
//! group commit.
//!
//! While the answers to changes wait for signatures anyway, it first lets more of them come, for some milliseconds.
//!
//! With `synchronous=FULL` a commit costs a sync of the disk; sharing it lets many answers have one. Nothing
//! is ever answered as done before the commit that holds it has returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::nouns::blocks::BlocklistCache;
use crate::store::sqlite::checkpoint::checkpoint;
use crate::store::sqlite::connection::execute;
use crate::store::sqlite::writer_stats::WriterStats;
use crate::store::{Error, OpenError, Tx, Verdict};

/// How many jobs may wait. Past that a job is refused at once instead of answered late.
const QUEUE: usize = 1024;

/// How many jobs share a commit at the most: bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// Where the answers to earlier changes wait so long for their signatures, others gather: for a quarter of
/// that, and so long at the most.
const WORTH_GATHERING: Duration = Duration::from_millis(4);
const LONGEST_GATHERING: Duration = Duration::from_millis(10);

/// What is left to do for a job once the fate of its batch is known.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// One unit of work: all of it is kept, or none. Called once: with the transaction to run in, or with the
/// reason why there is none.
pub(in crate::store) struct Job(Box<Work>);

type Work = dyn FnOnce(Result<&Tx<'_>, Error>) -> Option<Verdict<Answer>> + Send;

impl Job {
    /// Joins the work and the channel its caller waits on. The channel closes unanswered only if the work
    /// panics. What has waited longer than `patience` before its turn comes is refused instead, with nothing
    /// done.
    pub(in crate::store) fn new<T: Send + 'static>(
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
pub(in crate::store) struct Writer {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    stats: WriterStats,
}

impl Writer {
    /// `has_work` gets a word after each commit that left something to do.
    pub(in crate::store) fn start(
        connection: Connection,
        blocklist: Arc<BlocklistCache>,
        has_work: Sender<()>,
        answer_delay: impl Fn() -> Duration + Send + 'static,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = bounded(QUEUE);
        let stats = WriterStats::new();
        let counting = stats.clone();
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(connection, &jobs, &blocklist, &has_work, &counting, &answer_delay))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), stats })
    }

    pub(in crate::store) fn stats(&self) -> &WriterStats {
        &self.stats
    }

    pub(in crate::store) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }

    pub(in crate::store) fn enqueue(&self, job: Job) -> Result<(), Error> {
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
    answer_delay: &impl Fn() -> Duration,
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
        if jobs.len() + 1 < BATCH {
            thread::sleep(time_to_gather(answer_delay()));
        }
        let mut batch: Vec<Job> = Vec::with_capacity(jobs.len().min(BATCH) + 1);
        batch.push(first);
        batch.extend(jobs.try_iter().take(BATCH - 1));
        if let Err(error) = run_batch(&connection, batch, blocklist, has_work, stats) {
            // Whoever came while this batch waited in vain, for another process to finish say, is not made to
            // wait as long again.
            for Job(job) in jobs.try_iter().take(QUEUE) {
                job(Err(error.of_the_batch()));
            }
        }
        may_checkpoint = may_checkpoint && checkpoint(&connection, &pages_in_log, jobs.is_empty());
    }
    // The last connection to close checkpoints and removes the log; closing here, not in a destructor, lets a
    // failure be told.
    if let Err((_, error)) = connection.close() {
        log::error!("the database did not close cleanly: {error}");
    }
}

/// How long changes may gather before they are committed together: commits that few share take time from the
/// processors that sign. Where each change has an answer of its own to be signed, nobody gets his later for
/// it; one whose signature is remembered comes later by as much. Answers that nothing was changed for don't
/// count: however many they are, they wait for no commit.
fn time_to_gather(answer_delay: Duration) -> Duration {
    if answer_delay < WORTH_GATHERING { Duration::ZERO } else { (answer_delay / 4).min(LONGEST_GATHERING) }
}

/// Runs all jobs in one transaction, commits it, and answers them: all as done, or, if it can't be committed,
/// none. Gives the error if there was no transaction to run in.
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
    // After a sync that failed, SQLite takes nothing of this batch for written: the next commit writes its
    // own pages to the same place in the log and syncs those. So no sync is trusted for what another failed
    // to do; for those of checkpoints see there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_gather_only_while_their_answers_would_wait_for_signatures_and_never_long() {
        let gathers = [0, 3, 4, 20, 40, 440].map(|delay| time_to_gather(Duration::from_millis(delay)));
        assert_eq!(gathers.map(|time| time.as_micros()), [0, 0, 1_000, 5_000, 10_000, 10_000]);
    }
}
