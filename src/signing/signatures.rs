//! The signing threads, and how a signature is requested from them. RSA runs there and nowhere else, so that it stalls
//! neither the network nor the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Sender, unbounded};
use tokio::sync::oneshot;

use super::delay::{SigningDelay, Waiter};
use super::queue::{SignRequest, SigningQueue};
use super::{Error, KeyError, SigningKey};

/// The priority of a signing request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Signed before all queued requests: for the few answers that report an overload or that the server is alive.
    Urgent,
    /// Signed in the queue's order, and counted as an answer to a committed change.
    AfterCommit,
    /// Signed in the queue's order.
    Normal,
}

/// The sending end of the signing queue.
pub struct Signatures {
    requests: Sender<SignRequest>,
    /// The queue of urgent requests, which are signed before those in `requests`.
    urgent: Sender<SignRequest>,
    requested: AtomicU64,
    made: Arc<AtomicU64>,
    /// The delay of the queue `requests`; urgent requests don't count.
    delay: Arc<SigningDelay>,
}

impl Signatures {
    /// Starts `threads` signing threads; they end when this is dropped.
    pub fn start(threads: usize) -> Result<Self, KeyError> {
        let threads = threads.max(1);
        let (signatures, queue) = Self::without_threads(threads);
        for number in 0..threads {
            let queue = queue.clone();
            thread::Builder::new()
                .name(format!("signer-{number}"))
                .spawn(move || queue.run())
                .map_err(KeyError::Thread)?;
        }
        Ok(signatures)
    }

    /// Both ends of a queue for `threads` threads, none of which runs yet.
    fn without_threads(threads: usize) -> (Self, SigningQueue) {
        let ((requests, requests_out), (urgent, urgent_out)) = (unbounded(), unbounded());
        let (made, delay) = (Arc::default(), Arc::new(SigningDelay::new(threads)));
        let queue = SigningQueue {
            requests: requests_out,
            urgent: urgent_out,
            made: Arc::clone(&made),
            delay: Arc::clone(&delay),
        };
        (Self { requests, urgent, requested: AtomicU64::new(0), made, delay }, queue)
    }

    /// The number of RSA operations so far.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// The number of signatures that answers have needed, including shared ones.
    pub fn requested(&self) -> u64 {
        self.requested.load(Ordering::Relaxed)
    }

    /// Counts an answer that shares the signature of another.
    pub fn count_shared(&self) {
        self.requested.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of requests that wait for a thread.
    pub fn waiting(&self) -> usize {
        self.delay.waiting() + self.urgent.len()
    }

    /// The signing delay: the time that answers wait for their signatures.
    pub fn delay(&self) -> &Arc<SigningDelay> {
        &self.delay
    }

    /// Signs once on this thread to measure the cost of a signature, before the first requests: with a key of
    /// 4096 bits it is seven times as much as with one of 2048.
    pub fn measure(&self, key: &SigningKey) -> Result<(), Error> {
        let began = Instant::now();
        key.sign(b"")?;
        self.delay.seed_estimate(began.elapsed());
        Ok(())
    }

    /// The signature of `message` in base64.
    pub async fn sign(
        &self,
        key: &Arc<SigningKey>,
        message: &[u8],
        priority: Priority,
    ) -> Result<String, Error> {
        self.requested.fetch_add(1, Ordering::Relaxed);
        let (reply_to, result) = oneshot::channel();
        let waiter = if priority == Priority::AfterCommit { Waiter::AfterCommit } else { Waiter::Other };
        let request = SignRequest { key: Arc::clone(key), message: message.into(), waiter, reply_to };
        self.enqueue(request, priority)?;
        result.await.map_err(|_| Error::Failed)?
    }

    fn enqueue(&self, request: SignRequest, priority: Priority) -> Result<(), Error> {
        if priority == Priority::Urgent {
            return self.urgent.send(request).map_err(|_| Error::Failed);
        }
        self.delay.enter(request.waiter);
        self.requests.send(request).map_err(|unsent| {
            self.delay.leave(unsent.0.waiter);
            Error::Failed
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use std::time::Duration;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(500);

    fn key() -> Arc<SigningKey> {
        let pem = include_bytes!("../../tests/golden/keys/pkcs8.pem");
        Arc::new(SigningKey::parse(pem, Path::new("pkcs8.pem")).unwrap())
    }

    #[tokio::test]
    async fn nothing_is_signed_for_a_caller_that_has_left() {
        let ((signatures, queue), key) = (Signatures::without_threads(1), key());
        let mut leaving = Box::pin(signatures.sign(&key, b"left", Priority::Normal));
        let staying = signatures.sign(&key, b"stays", Priority::Normal);
        assert!(futures_util::poll!(&mut leaving).is_pending());
        drop(leaving);
        thread::spawn(move || queue.run());
        assert!(key.public().verifies(b"stays", &staying.await.unwrap()));
        assert_eq!((signatures.requested(), signatures.made()), (2, 1));
    }

    #[tokio::test]
    async fn urgent_requests_come_first_and_no_queued_one_is_lost() {
        let ((signatures, queue), key) = (Signatures::without_threads(1), key());
        let messages: Vec<String> = (0..40).map(|number| format!("message {number}")).collect();
        let mut waiting: Vec<_> = messages
            .iter()
            .map(|message| Box::pin(signatures.sign(&key, message.as_bytes(), Priority::Normal)))
            .collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        let mut urgent = Box::pin(signatures.sign(&key, b"urgent", Priority::Urgent));
        assert!(futures_util::poll!(&mut urgent).is_pending());
        for next in
            [queue.try_next().unwrap(), queue.next().unwrap()].into_iter().zip(["urgent", "message 0"])
        {
            assert_eq!(&*next.0.message, next.1.as_bytes());
            signatures.enqueue(next.0, Priority::Normal).unwrap();
        }
        thread::spawn(move || queue.run());
        assert!(key.public().verifies(b"urgent", &urgent.await.unwrap()));
        for (waiting, message) in waiting.into_iter().zip(&messages) {
            assert!(key.public().verifies(message.as_bytes(), &waiting.await.unwrap()));
        }
    }

    #[tokio::test]
    async fn a_thread_that_waits_for_requests_holds_no_result_back() {
        let (signatures, key) = (Signatures::start(2).unwrap(), key());
        // Two threads and a few requests: again and again one takes the last request that the other saw waiting.
        for burst in 0..150 {
            let messages: Vec<String> =
                (0..2 + burst % 3).map(|number| format!("{burst} {number}")).collect();
            let made =
                messages.iter().map(|message| signatures.sign(&key, message.as_bytes(), Priority::Normal));
            let made = tokio::time::timeout(Duration::from_secs(20), futures_util::future::join_all(made));
            assert!(made.await.expect("a request was never answered").iter().all(Result::is_ok));
        }
    }

    #[tokio::test]
    async fn the_delay_follows_from_the_queue_and_the_cost_of_a_signature() {
        let ((signatures, queue), key) = (Signatures::without_threads(1), key());
        assert!(!signatures.delay.exceeds(LIMIT));
        let messages: Vec<String> = (0..20).map(|number| format!("message {number}")).collect();
        let mut waiting: Vec<_> = messages
            .iter()
            .map(|message| Box::pin(signatures.sign(&key, message.as_bytes(), Priority::Normal)))
            .collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert!(!signatures.delay.exceeds(LIMIT));
        for _ in 0..100 {
            signatures.delay.record(Duration::from_secs(1));
        }
        assert!(signatures.delay.exceeds(LIMIT));
        thread::spawn(move || queue.run());
        futures_util::future::join_all(waiting).await;
        assert!(!signatures.delay.exceeds(LIMIT));
    }
}
