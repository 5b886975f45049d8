//! Signatures, made once for all who ask for the same in the same second.
//!
//! PKCS#1 v1.5 is deterministic, and most answers hold only a code, a message and the second: they are the same bytes under the same
//! key, and so is their signature. One RSA operation serves them all, bit for bit what each would have got alone. Nothing has to be
//! forgotten on time, because the second is in the bytes; what is no longer asked for is displaced by what is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use quick_cache::sync::Cache;
use tokio::sync::oneshot;

use super::{Error, KeyError, SigningKey};

/// How many signatures are remembered: far more than there are (product, code) pairs in a second.
const REMEMBERED: usize = 4096;

/// The longest message that is remembered, in bytes. What is longer carries data of its own and is not asked for twice.
const LONGEST_REMEMBERED: usize = 1024;

/// How many signatures may wait before new requests are refused instead of answered late: a fraction of a second's worth. What was let in
/// is always signed, however many wait: its change may be on disk already.
const OVERLOADED: usize = 1024;

/// What a signature depends on: the key (its fingerprint) and the bytes.
type Question = (Arc<str>, Box<[u8]>);

/// Threads that sign, and what they made. RSA runs here and nowhere else, so that it stalls neither the network nor the writer.
pub struct Signatures {
    queue: Sender<Order>,
    remembered: Cache<Question, Arc<str>>,
    made: Arc<AtomicU64>,
}

struct Order {
    key: Arc<SigningKey>,
    message: Box<[u8]>,
    customer: oneshot::Sender<Result<Arc<str>, Error>>,
}

impl Signatures {
    /// Starts `threads` threads; they end when this is dropped.
    pub fn start(threads: usize) -> Result<Self, KeyError> {
        let (queue, orders) = unbounded();
        let made = Arc::new(AtomicU64::new(0));
        for number in 0..threads.max(1) {
            let (orders, made) = (orders.clone(), Arc::clone(&made));
            thread::Builder::new()
                .name(format!("signer-{number}"))
                .spawn(move || work(&orders, &made))
                .map_err(KeyError::Thread)?;
        }
        Ok(Self { queue, remembered: Cache::new(REMEMBERED), made })
    }

    /// How many RSA operations there have been.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Whether so many wait that a new request is better refused, before it does anything.
    pub fn is_overloaded(&self) -> bool {
        self.queue.len() > OVERLOADED
    }

    /// The signature of `message` in base64. Of those who ask for the same at once, one has it made and the others wait for it.
    pub async fn sign(&self, key: &Arc<SigningKey>, message: &[u8]) -> Result<Arc<str>, Error> {
        if message.len() > LONGEST_REMEMBERED {
            return self.make(key, message).await;
        }
        self.remembered.get_or_insert_async(&question(key, message), self.make(key, message)).await
    }

    async fn make(&self, key: &Arc<SigningKey>, message: &[u8]) -> Result<Arc<str>, Error> {
        let (customer, made) = oneshot::channel();
        let order = Order { key: Arc::clone(key), message: message.into(), customer };
        self.queue.send(order).map_err(|_| Error::Failed)?;
        made.await.map_err(|_| Error::Failed)?
    }
}

fn question(key: &SigningKey, message: &[u8]) -> Question {
    (Arc::clone(&key.fingerprint().0), message.into())
}

fn work(orders: &Receiver<Order>, made: &AtomicU64) {
    while let Ok(Order { key, message, customer }) = orders.recv() {
        // Whoever has gone away meanwhile needs no signature.
        if !customer.is_closed() {
            made.fetch_add(1, Ordering::Relaxed);
            drop(customer.send(key.sign(&message).map(Into::into)));
        }
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
        let same = futures_util::future::join_all((0..50).map(|_| signatures.sign(&key, b"same"))).await;
        let first = same[0].as_ref().unwrap();
        assert!(key.public().verifies(b"same", first));
        assert!(same.iter().all(|signature| signature.as_ref().unwrap() == first));
        assert_eq!(signatures.made(), 1);
        assert!(key.public().verifies(b"other", &signatures.sign(&key, b"other").await.unwrap()));
        assert_eq!(signatures.made(), 2);
    }

    #[tokio::test]
    async fn one_who_leaves_does_not_take_the_others_signature_along() {
        let (signatures, key) = (Signatures::start(1).unwrap(), key());
        let mut leaving = Box::pin(signatures.sign(&key, b"same"));
        let staying = signatures.sign(&key, b"same");
        assert!(futures_util::poll!(&mut leaving).is_pending());
        drop(leaving);
        assert!(key.public().verifies(b"same", &staying.await.unwrap()));
    }

    #[tokio::test]
    async fn a_long_message_is_signed_and_not_remembered() {
        let (signatures, key) = (Signatures::start(1).unwrap(), key());
        let long = vec![b'x'; LONGEST_REMEMBERED + 1];
        for _ in 0..2 {
            assert!(key.public().verifies(&long, &signatures.sign(&key, &long).await.unwrap()));
        }
        assert_eq!(signatures.made(), 2);
    }
}
