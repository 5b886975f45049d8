//! A job in the write queue: the work, the caller that waits for it, and how long it may queue. The code here is
//! common to all engines: an engine only runs and answers the job.

use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use super::{Decision, Error, Tx};

/// A queued job. Either all of its changes are committed or none.
pub(super) struct WriteJob {
    queued_at: Instant,
    timeout: Duration,
    task: Box<dyn Task>,
}

impl WriteJob {
    /// A job whose result goes to `caller`. It is refused as busy when its turn comes later than `timeout`
    /// after this call. `wakeups` gets a message if its commit leaves work for the worker.
    pub(super) fn new<T: Send + 'static>(
        work: impl Fn(&Tx<'_>) -> Decision<T> + Send + 'static,
        caller: oneshot::Sender<Result<T, Error>>,
        timeout: Duration,
        wakeups: Sender<()>,
    ) -> Self {
        let task = Call { work, caller, wakeups, wakes_worker: false, value: None };
        Self { queued_at: Instant::now(), timeout, task: Box::new(task) }
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.queued_at.elapsed() > self.timeout
    }

    /// Runs the work in `tx`. Returns whether to commit. May be called again after a rollback.
    pub(super) fn run(&mut self, tx: &Tx<'_>) -> bool {
        tx.begin_job();
        self.task.run(tx)
    }

    /// Ends the job: `Ok` after the commit or rollback that its last run asked for. Sends the caller the value of
    /// that run, or the error, and wakes the worker if that run asked for it. If the caller has stopped waiting, the
    /// value is dropped, and the change stays.
    pub(super) fn answer(self, outcome: Result<(), Error>) {
        self.task.answer(outcome);
    }
}

trait Task: Send {
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

struct Call<W, T> {
    work: W,
    caller: oneshot::Sender<Result<T, Error>>,
    wakeups: Sender<()>,
    /// Whether the last run asked for a commit that wakes the worker.
    wakes_worker: bool,
    /// The value that the last run returned; `None` if it panicked.
    value: Option<T>,
}

impl<T: Send, W: Fn(&Tx<'_>) -> Decision<T> + Send> Task for Call<W, T> {
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        (self.value, self.wakes_worker) = (None, false);
        let (commits, value) = match (self.work)(tx) {
            Decision::Commit(value) => (true, value),
            Decision::Rollback(value) => (false, value),
        };
        self.wakes_worker = commits && tx.wakes_worker();
        self.value = Some(value);
        commits
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let Self { caller, wakeups, wakes_worker, value, .. } = *self;
        let answer = match outcome {
            Ok(()) => value.ok_or(Error::Panicked),
            Err(error) => Err(error),
        };
        if wakes_worker && answer.is_ok() {
            // Fails only if a wake-up is pending already.
            let _ = wakeups.try_send(());
        }
        // Fails only if the caller has left.
        drop(caller.send(answer));
    }
}
