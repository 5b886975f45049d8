//! The worker: carries out queued assignments and delivers webhook messages in the background. Beside it, `audit_index`
//! keeps the index of the audit trail by license, `retention` deletes what is no longer kept, and `test_message` tries
//! a receiver for a command.
//!
//! It sleeps until a commit creates work or the next delivery is due. Every other second it looks for work that a
//! command, in another process, has queued. Its whole state is in the database, so a server that crashes continues
//! after its restart.

pub mod audit_index;
mod delivery;
mod jobs;
mod post;
mod resolver;
pub mod retention;
pub mod test_message;

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle, Scope};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, after, bounded, select, unbounded};

use crate::domain::{CallbackKind, UnderWay};
use crate::serve::App;
use crate::store::MAX_UNDER_WAY;
use crate::wire::reply::Failure;
use delivery::Delivery;
use post::Post;

/// How many deliveries of deactivations may be in progress: the others are kept for assignments, which shops wait for.
const MAX_DEACTIVATIONS: usize = 6;

/// The longest sleep. A command may queue a webhook or ask for a retry, but can't wake this thread from its own
/// process.
const LONGEST_SLEEP: Duration = Duration::from_secs(2);

/// The pause after an error of the database.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The worker's thread. Dropping this stops it after the work in progress.
pub struct Worker {
    stop: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub fn start(app: Arc<App>) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let thread = thread::Builder::new().name("worker".to_owned()).spawn(move || run(&app, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the worker thread panicked");
        }
    }
}

fn run(app: &Arc<App>, stopped: &Receiver<Infallible>) {
    if let Err(error) = delivery::resume(app) {
        log::warn!("interrupted webhooks were not rescheduled, and wait for their next attempt: {error}");
    }
    let post = Post::new(&app.config.webhooks);
    let (ended, ends) = unbounded();
    thread::scope(|scope| {
        let mut round = Round { app, post: &post, scope, ended, under_way: Vec::new() };
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            let sleep = round.turn().unwrap_or_else(|error| {
                log::error!("the worker failed, and tries again in {} s: {error}", AFTER_FAILURE.as_secs());
                AFTER_FAILURE
            });
            select! {
                // Nothing is ever sent: the channel disconnects when the worker is dropped, and the loop ends.
                recv(stopped) -> _ => {}
                recv(app.store.worker_wakeups()) -> _ => {}
                recv(ends) -> target => round.end(&target.unwrap_or_default()),
                recv(after(sleep)) -> _ => {}
            }
        }
        // The scope waits for the deliveries in progress, so that their results are recorded.
    });
}

/// The state of the worker's loop.
struct Round<'scope, 'env> {
    app: &'env Arc<App>,
    post: &'env Post,
    scope: &'scope Scope<'scope, 'env>,
    /// Receives the target of each delivery that has ended.
    ended: Sender<String>,
    /// The deliveries in progress.
    under_way: Vec<UnderWay>,
}

impl Round<'_, '_> {
    /// Carries out one job, and starts the deliveries that are due. Returns how long to sleep.
    fn turn(&mut self) -> Result<Duration, Failure> {
        let carried_out = jobs::carry_out_next(self.app);
        while self.under_way.len() < MAX_UNDER_WAY
            && let Some(delivery) = Delivery::next_due(self.app, &self.under_way, self.full())?
        {
            if let Err(error) = self.send(delivery) {
                log::error!("can't start a thread to send a webhook: {error}");
                return Ok(AFTER_FAILURE);
            }
        }
        // Checked only now, so that a failing job doesn't delay deliveries.
        if carried_out? { Ok(Duration::ZERO) } else { self.sleep() }
    }

    /// The kind of which no more are sent now.
    fn full(&self) -> Option<CallbackKind> {
        let deactivations =
            self.under_way.iter().filter(|delivery| delivery.kind == CallbackKind::Deactivation).count();
        (deactivations >= MAX_DEACTIVATIONS).then_some(CallbackKind::Deactivation)
    }

    /// Notes that the delivery to a target has ended.
    fn end(&mut self, target: &str) {
        self.under_way.retain(|delivery| delivery.target != target);
    }

    fn sleep(&self) -> Result<Duration, Failure> {
        // At the maximum number of deliveries, the end of one wakes the worker.
        if self.under_way.len() >= MAX_UNDER_WAY {
            return Ok(LONGEST_SLEEP);
        }
        let next = self.app.store.try_read(|tx| tx.next_callback_at(&self.under_way, self.full()))?;
        Ok(next.map_or(LONGEST_SLEEP, |next| self.app.clock.now().until(next)).min(LONGEST_SLEEP))
    }

    fn send(&mut self, delivery: Delivery) -> io::Result<()> {
        let (app, post, ended) = (self.app, self.post, self.ended.clone());
        let under_way = delivery.under_way();
        let target = under_way.target.clone();
        let sender = thread::Builder::new().name("webhook".to_owned()).spawn_scoped(self.scope, move || {
            if catch_unwind(AssertUnwindSafe(|| delivery.run(app, post))).is_err() {
                log::error!("the thread that sends a webhook panicked");
            }
            drop(ended.send(target));
        });
        sender.map(|_| self.under_way.push(under_way))
    }
}

#[cfg(test)]
mod tests;
