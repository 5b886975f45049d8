//! A job in the writer's queue: the work, the caller that waits for it, and how long it may queue.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::store::{Decision, Error, Tx};

/// A queued job. Either all of its changes are committed or none.
pub(in crate::store) struct WriteJob {
    queued_at: Instant,
    timeout: Duration,
    task: Box<dyn Task>,
}

impl WriteJob {
    /// A job whose result goes to `caller`. It is refused as busy when its turn comes later than `timeout`
    /// after this call.
    pub(in crate::store) fn new<T: Send + 'static>(
        work: impl Fn(&Tx<'_>) -> Decision<T> + Send + 'static,
        caller: oneshot::Sender<Result<T, Error>>,
        timeout: Duration,
    ) -> Self {
        Self { queued_at: Instant::now(), timeout, task: Box::new(Call { work, caller, value: None }) }
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.queued_at.elapsed() > self.timeout
    }

    /// Runs the work in `tx`. Returns whether to commit. May be called again after a rollback.
    pub(super) fn run(&mut self, tx: &Tx<'_>) -> bool {
        self.task.run(tx)
    }

    /// Sends the caller the value of the last run, or the error that prevented its commit. A caller that
    /// left doesn't hear it; its change stays.
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
    /// What the last run returned; `None` if it panicked.
    value: Option<T>,
}

impl<T: Send, W: Fn(&Tx<'_>) -> Decision<T> + Send> Task for Call<W, T> {
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        self.value = None;
        let (commits, value) = match (self.work)(tx) {
            Decision::Commit(value) => (true, value),
            Decision::Rollback(value) => (false, value),
        };
        self.value = Some(value);
        commits
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let Self { caller, value, .. } = *self;
        let answer = match outcome {
            Ok(()) => value.ok_or(Error::Panicked),
            Err(error) => Err(error),
        };
        // Fails only if the caller left.
        drop(caller.send(answer));
    }
}
