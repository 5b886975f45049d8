//! Signatures, made once for all who ask for the same in the same second.
//!
//! PKCS#1 v1.5 is deterministic, and most answers hold only a code, a message and the second: they are the
//! same bytes under the same key, and so is their signature. One RSA operation serves them all, bit for bit
//! what each would have got alone. Nothing has to be forgotten on time, because the second is in the bytes;
//! what is no longer asked for is displaced by what is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, unbounded};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::desk::{Desk, Order};
use super::{Error, KeyError, SigningKey};
use crate::domain::{Backlog, Waiting};

/// How many signatures are remembered: far more than there are (product, code) pairs in a second.
const REMEMBERED: usize = 4096;

/// The longest message that is remembered as it is, in bytes. What is longer carries data of its own and is
/// mostly not asked for twice; where it is, its hash is remembered in its place.
const LONGEST_REMEMBERED: usize = 1024;

/// How long a new request would wait for its signature when it is refused instead. What was let in is always
/// signed, however many wait: its change may be on disk already. So this, and not the second after which an
/// answer is too old, is asked for at the door.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long it would wait when a change that was let in is refused after all, in its turn to be made. More
/// than at the door: where only a little too much comes, it is refused there, before it has cost anything.
const LATEST_TURN: Duration = Duration::from_secs(1);

/// By whom a signature is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One caller, who waits for his turn.
    Once,
    /// The same, with a change that is on disk already.
    AfterChange,
    /// Many, who all ask for the same in one second, however long it is.
    ByMany,
    /// Many, and before all that waits: for the few answers that say that there is too much to do, or that
    /// the server lives.
    First,
}

/// What a signature depends on: the key (its fingerprint) and the bytes, or their SHA-256.
type Question = (Arc<str>, Box<[u8]>);

/// Threads that sign, and what they made. RSA runs here and nowhere else, so that it stalls neither the
/// network nor the writer.
pub struct Signatures {
    queue: Sender<Order>,
    /// Comes before the queue: what says that there is no time for more must not wait for its turn.
    urgent: Sender<Order>,
    remembered: Cache<Question, Arc<str>>,
    requested: AtomicU64,
    made: Arc<AtomicU64>,
    /// Of the queue, without what is urgent.
    backlog: Arc<Backlog>,
}

/// A signature that will be asked for.
pub struct Promise(Arc<Backlog>);

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.take(Waiting::Change);
    }
}

impl Signatures {
    /// Starts `threads` threads; they end when this is dropped.
    pub fn start(threads: usize) -> Result<Self, KeyError> {
        let threads = threads.max(1);
        let (signatures, desk) = Self::unattended(threads);
        for number in 0..threads {
            let desk = desk.clone();
            thread::Builder::new()
                .name(format!("signer-{number}"))
                .spawn(move || desk.attend())
                .map_err(KeyError::Thread)?;
        }
        Ok(signatures)
    }

    /// What `threads` threads are to attend, and nobody does yet.
    fn unattended(threads: usize) -> (Self, Desk) {
        let ((queue, orders), (urgent, urgent_orders)) = (unbounded(), unbounded());
        let (made, backlog) = (Arc::default(), Arc::new(Backlog::new(threads)));
        let desk =
            Desk { orders, urgent: urgent_orders, made: Arc::clone(&made), backlog: Arc::clone(&backlog) };
        let (remembered, requested) = (Cache::new(REMEMBERED), AtomicU64::new(0));
        (Self { queue, urgent, remembered, requested, made, backlog }, desk)
    }

    /// How many RSA operations there have been.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// How many signatures were asked for.
    pub fn requested(&self) -> u64 {
        self.requested.load(Ordering::Relaxed)
    }

    /// Counts one that was asked for, of someone who has its bytes from another.
    pub fn note_shared(&self) {
        self.requested.fetch_add(1, Ordering::Relaxed);
    }

    /// How many wait for a thread.
    pub fn waiting(&self) -> usize {
        self.backlog.waiting() + self.urgent.len()
    }

    /// For those who can use the time that an answer waits anyway.
    pub fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    /// Makes one signature on this thread, to know what they cost before the first crowd comes: that of a
    /// long key costs seven times as much.
    pub fn try_out(&self, key: &SigningKey) -> Result<(), Error> {
        let began = Instant::now();
        key.sign(b"")?;
        self.backlog.expect(began.elapsed());
        Ok(())
    }

    /// Counts one as waiting that will be asked for after a change, for as long as what this gives is kept:
    /// between a change and the question lie a commit, with many others, and the way back to who answers.
    pub fn promise(&self) -> Promise {
        self.backlog.add(Waiting::Change);
        Promise(Arc::clone(&self.backlog))
    }

    /// Whether a new request would wait so long for its signature that it is better refused, before it does anything.
    pub fn is_overloaded(&self) -> bool {
        self.backlog.wait() > LONGEST_WAIT
    }

    /// Whether even a change that was let in would wait so long for its signature that it is better not made.
    pub fn is_overrun(&self) -> bool {
        self.backlog.wait() > LATEST_TURN
    }

    /// The signature of `message` in base64. Of those who ask for the same at once, one has it made and the
    /// others wait for it.
    pub async fn sign(&self, key: &Arc<SigningKey>, message: &[u8], asked: Asked) -> Result<Arc<str>, Error> {
        self.requested.fetch_add(1, Ordering::Relaxed);
        let making = async {
            let (customer, made) = oneshot::channel();
            let who = if asked == Asked::AfterChange { Waiting::Change } else { Waiting::Other };
            let order = Order { key: Arc::clone(key), message: message.into(), who, customer };
            self.order(order, asked)?;
            made.await.map_err(|_| Error::Failed)?
        };
        let is_long = message.len() > LONGEST_REMEMBERED;
        if is_long && matches!(asked, Asked::Once | Asked::AfterChange) {
            return making.await;
        }
        let message = if is_long { Sha256::digest(message).as_slice().into() } else { message.into() };
        self.remembered.get_or_insert_async(&(Arc::clone(&key.fingerprint().0), message), making).await
    }

    fn order(&self, order: Order, asked: Asked) -> Result<(), Error> {
        if asked == Asked::First {
            return self.urgent.send(order).map_err(|_| Error::Failed);
        }
        self.backlog.add(order.who);
        self.queue.send(order).map_err(|unsent| {
            self.backlog.take(unsent.0.who);
            Error::Failed
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn key() -> Arc<SigningKey> {
        let pem = include_bytes!("../../tests/golden/keys/pkcs8.pem");
        Arc::new(SigningKey::parse(pem, Path::new("pkcs8.pem")).unwrap())
    }

    #[tokio::test]
    async fn those_who_ask_for_the_same_at_once_share_one_operation() {
        let (signatures, key) = (Signatures::start(2).unwrap(), key());
        let same =
            futures_util::future::join_all((0..50).map(|_| signatures.sign(&key, b"same", Asked::Once)))
                .await;
        let first = same[0].as_ref().unwrap();
        assert!(key.public().verifies(b"same", first));
        assert!(same.iter().all(|signature| signature.as_ref().unwrap() == first));
        assert_eq!(signatures.made(), 1);
        assert!(
            key.public().verifies(b"other", &signatures.sign(&key, b"other", Asked::Once).await.unwrap())
        );
        assert_eq!(signatures.made(), 2);
    }

    #[tokio::test]
    async fn one_who_leaves_does_not_take_the_others_signature_along() {
        let ((signatures, desk), key) = (Signatures::unattended(1), key());
        let mut leaving = Box::pin(signatures.sign(&key, b"same", Asked::Once));
        let staying = signatures.sign(&key, b"same", Asked::Once);
        assert!(futures_util::poll!(&mut leaving).is_pending());
        drop(leaving);
        thread::spawn(move || desk.attend());
        assert!(key.public().verifies(b"same", &staying.await.unwrap()));
    }

    #[tokio::test]
    async fn what_is_urgent_comes_first_and_nothing_that_waits_is_forgotten() {
        let ((signatures, desk), key) = (Signatures::unattended(1), key());
        let messages: Vec<String> = (0..40).map(|number| format!("message {number}")).collect();
        let mut waiting: Vec<_> = messages
            .iter()
            .map(|message| Box::pin(signatures.sign(&key, message.as_bytes(), Asked::Once)))
            .collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        let mut urgent = Box::pin(signatures.sign(&key, b"urgent", Asked::First));
        assert!(futures_util::poll!(&mut urgent).is_pending());
        for next in [desk.waiting().unwrap(), desk.next().unwrap()].into_iter().zip(["urgent", "message 0"]) {
            assert_eq!(&*next.0.message, next.1.as_bytes());
            signatures.order(next.0, Asked::Once).unwrap();
        }
        thread::spawn(move || desk.attend());
        assert!(key.public().verifies(b"urgent", &urgent.await.unwrap()));
        for (waiting, message) in waiting.into_iter().zip(&messages) {
            assert!(key.public().verifies(message.as_bytes(), &waiting.await.unwrap()));
        }
    }

    #[tokio::test]
    async fn no_signature_is_held_back_by_a_thread_that_waits_for_more() {
        let (signatures, key) = (Signatures::start(2).unwrap(), key());
        // Two threads and a few orders: again and again one takes the last that the other has seen coming.
        for burst in 0..150 {
            let messages: Vec<String> =
                (0..2 + burst % 3).map(|number| format!("{burst} {number}")).collect();
            let made = messages.iter().map(|message| signatures.sign(&key, message.as_bytes(), Asked::Once));
            let made = tokio::time::timeout(Duration::from_secs(20), futures_util::future::join_all(made));
            assert!(made.await.expect("one waits for ever").iter().all(Result::is_ok));
        }
    }

    #[tokio::test]
    async fn too_many_that_wait_are_too_much_by_what_each_costs() {
        let ((signatures, desk), key) = (Signatures::unattended(1), key());
        assert!(!signatures.is_overloaded());
        let messages: Vec<String> = (0..20).map(|number| format!("message {number}")).collect();
        let mut waiting: Vec<_> = messages
            .iter()
            .map(|message| Box::pin(signatures.sign(&key, message.as_bytes(), Asked::Once)))
            .collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert!(!signatures.is_overloaded());
        for _ in 0..100 {
            signatures.backlog.note(Duration::from_secs(1));
        }
        assert!(signatures.is_overloaded());
        thread::spawn(move || desk.attend());
        futures_util::future::join_all(waiting).await;
        assert!(!signatures.is_overloaded());
    }

    #[test]
    fn what_is_promised_counts_until_it_is_asked_for() {
        let (signatures, _desk) = Signatures::unattended(1);
        let promises: Vec<_> = (0..1000).map(|_| signatures.promise()).collect();
        assert!(signatures.is_overloaded() && !signatures.is_overrun());
        assert_eq!(signatures.waiting(), 1000);
        let more = signatures.promise();
        assert!(signatures.is_overrun());
        drop((promises, more));
        assert!(!signatures.is_overloaded());
        assert_eq!(signatures.waiting(), 0);
    }

    #[tokio::test]
    async fn a_long_message_is_signed_and_not_remembered() {
        let (signatures, key) = (Signatures::start(1).unwrap(), key());
        let long = vec![b'x'; LONGEST_REMEMBERED + 1];
        for _ in 0..2 {
            assert!(key.public().verifies(&long, &signatures.sign(&key, &long, Asked::Once).await.unwrap()));
        }
        assert_eq!(signatures.made(), 2);
    }

    #[tokio::test]
    async fn a_long_message_that_many_ask_for_is_signed_once() {
        let (signatures, key) = (Signatures::start(1).unwrap(), key());
        let (long, other) = (vec![b'x'; 1 << 20], vec![b'y'; 1 << 20]);
        for message in [&long, &other, &long, &other] {
            let signature = signatures.sign(&key, message, Asked::ByMany).await.unwrap();
            assert!(key.public().verifies(message, &signature));
        }
        assert_eq!(signatures.made(), 2);
    }
}
