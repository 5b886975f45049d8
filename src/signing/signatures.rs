//! Signatures, made once for all who ask for the same in the same second.
//!
//! PKCS#1 v1.5 is deterministic, and most answers hold only a code, a message and the second: they are the same bytes under the same
//! key, and so is their signature. One RSA operation serves them all, bit for bit what each would have got alone. Nothing has to be
//! forgotten on time, because the second is in the bytes; what is no longer asked for is displaced by what is.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use quick_cache::sync::Cache;
use tokio::sync::oneshot;

use super::{Error, KeyError, SigningKey};

/// How many signatures are remembered: far more than there are (product, code) pairs in a second.
const REMEMBERED: usize = 4096;

/// The longest message that is remembered, in bytes. What is longer carries data of its own and is not asked for twice.
const LONGEST_REMEMBERED: usize = 1024;

/// How many signatures may wait to be made: a fraction of a second's worth. Past that, answers are refused instead of late.
const QUEUE: usize = 1024;

/// What a signature depends on: the key (its fingerprint) and the bytes.
type Question = (Arc<str>, Box<[u8]>);

/// Threads that sign, and what they made. RSA runs here and nowhere else, so that it stalls neither the network nor the writer.
pub struct Signatures {
    queue: Sender<Order>,
    remembered: Cache<Question, Arc<str>>,
}

struct Order {
    key: Arc<SigningKey>,
    message: Box<[u8]>,
    customer: oneshot::Sender<Result<Arc<str>, Error>>,
}

impl Signatures {
    /// Starts `threads` threads; they end when this is dropped.
    pub fn start(threads: usize) -> Result<Self, KeyError> {
        let (queue, orders) = bounded(QUEUE);
        for number in 0..threads.max(1) {
            let orders = orders.clone();
            thread::Builder::new()
                .name(format!("signer-{number}"))
                .spawn(move || work(&orders))
                .map_err(KeyError::Thread)?;
        }
        Ok(Self { queue, remembered: Cache::new(REMEMBERED) })
    }

    /// The signature of `message` in base64. Of those who ask for the same at once, one has it made and the others wait for it.
    pub async fn sign(&self, key: &Arc<SigningKey>, message: &[u8]) -> Result<Arc<str>, Error> {
        if message.len() > LONGEST_REMEMBERED {
            return self.make(key, message).await;
        }
        self.remembered.get_or_insert_async(&question(key, message), self.make(key, message)).await
    }

    /// As [`Self::sign`], without waiting in the queue: for the one answer that says that the queue is full.
    pub fn sign_at_once(&self, key: &Arc<SigningKey>, message: &[u8]) -> Result<Arc<str>, Error> {
        let question = question(key, message);
        if let Some(signature) = self.remembered.get(&question) {
            return Ok(signature);
        }
        let signature: Arc<str> = key.sign(message)?.into();
        self.remembered.insert(question, Arc::clone(&signature));
        Ok(signature)
    }

    async fn make(&self, key: &Arc<SigningKey>, message: &[u8]) -> Result<Arc<str>, Error> {
        let (customer, made) = oneshot::channel();
        let order = Order { key: Arc::clone(key), message: message.into(), customer };
        self.queue.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Failed,
        })?;
        made.await.map_err(|_| Error::Failed)?
    }
}

fn question(key: &SigningKey, message: &[u8]) -> Question {
    (Arc::clone(&key.fingerprint().0), message.into())
}

fn work(orders: &Receiver<Order>) {
    while let Ok(Order { key, message, customer }) = orders.recv() {
        // Whoever has gone away meanwhile needs no signature.
        if !customer.is_closed() {
            drop(customer.send(key.sign(&message).map(Into::into)));
        }
    }
}
