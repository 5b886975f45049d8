//! The signing queue: the threads that take signing requests in order, sign, and send the results back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, select_biased};
use tokio::sync::oneshot;

use super::delay::{SigningDelay, Waiter};
use super::{Error, SigningKey};

/// The number of results that a thread may collect before it sends them, as long as four times as many requests wait.
/// Waking the waiting tasks in groups costs less, and delays no answer by more than a quarter of its wait.
const MAX_COLLECTED: usize = 32;

/// A request for one signature.
pub(super) struct SignRequest {
    pub(super) key: Arc<SigningKey>,
    pub(super) message: Box<[u8]>,
    pub(super) waiter: Waiter,
    pub(super) reply_to: oneshot::Sender<SignResult>,
}

/// A signature in base64.
type SignResult = Result<String, Error>;

/// The receiving end of the queue, of which each signing thread has a clone.
#[derive(Clone)]
pub(super) struct SigningQueue {
    pub(super) requests: Receiver<SignRequest>,
    /// Urgent requests, which are signed before those in `requests`.
    pub(super) urgent: Receiver<SignRequest>,
    pub(super) made: Arc<AtomicU64>,
    pub(super) delay: Arc<SigningDelay>,
}

impl SigningQueue {
    /// Signs until the sending end is dropped and the queue is empty.
    pub(super) fn run(&self) {
        let mut results = Vec::with_capacity(MAX_COLLECTED);
        loop {
            // Results are sent before the thread blocks: another thread may have taken the request it saw waiting.
            let Some(request) = self.try_next().or_else(|| {
                send_results(&mut results);
                self.next()
            }) else {
                return;
            };
            let SignRequest { key, message, reply_to, .. } = request;
            // A caller that has gone away needs no signature.
            if !reply_to.is_closed() {
                let began = Instant::now();
                let signature = key.sign(&message);
                self.made.fetch_add(1, Ordering::Relaxed);
                self.delay.record(began.elapsed());
                results.push((reply_to, signature));
            }
            if results.len() >= (self.delay.waiting() / 4).min(MAX_COLLECTED) {
                send_results(&mut results);
            }
        }
    }

    /// The next request, if one is queued.
    pub(super) fn try_next(&self) -> Option<SignRequest> {
        self.urgent
            .try_recv()
            .or_else(|_| self.requests.try_recv().inspect(|request| self.delay.leave(request.waiter)))
            .ok()
    }

    /// Blocks until the next request. `None`: the sending end is dropped and nothing is left.
    pub(super) fn next(&self) -> Option<SignRequest> {
        select_biased! {
            recv(self.urgent) -> request => request.ok(),
            recv(self.requests) -> request => request.ok().inspect(|request| self.delay.leave(request.waiter)),
        }
        // Both channels close together; the other one may still hold requests.
        .or_else(|| self.try_next())
    }
}

fn send_results(results: &mut Vec<(oneshot::Sender<SignResult>, SignResult)>) {
    for (reply_to, result) in results.drain(..) {
        drop(reply_to.send(result));
    }
}
