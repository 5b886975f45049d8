//! One attempt to deliver a webhook message: sign it unless it is signed already, post it, record the result.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::post::{NotDelivered, Post};
use crate::domain::{CallbackKind, ProductKey, UnderWay};
use crate::serve::App;
use crate::signing;
use crate::store::{self, DueCallback, Tx};
use crate::wire::envelope::{Signer, Unsigned};
use crate::wire::reply::Failure;

/// The number of tries, and the pause between them, of a change while the writer's queue is full.
const WRITE_TRIES: u32 = 50;
const WRITE_PAUSE: Duration = Duration::from_millis(200);

/// The time after the last attempt when the message becomes due once more, in case the attempt's result was not
/// recorded.
const AFTER_LAST: Duration = Duration::from_mins(5);

/// A message that is due, and the key that signs it.
pub struct Delivery {
    callback: DueCallback,
    /// The key of the message's product, if it has its own; `None`: the global key signs.
    signing_product: Option<ProductKey>,
}

impl Delivery {
    /// The message that has been due for the longest time, among those of another kind than `except` that go to another
    /// target, and are about another license, than each of the deliveries `under_way`.
    pub fn next_due(
        app: &App,
        under_way: &[UnderWay],
        except: Option<CallbackKind>,
    ) -> Result<Option<Self>, Failure> {
        app.store.try_read(|tx| {
            let Some(callback) = tx.due_callback(under_way, except, app.clock.now())? else {
                return Ok(None);
            };
            let product = match callback.product_id {
                Some(id) => tx.product(id)?,
                None => None,
            };
            let signing_product = product.and_then(|product| product.own_key());
            Ok(Some(Self { callback, signing_product }))
        })
    }

    /// Describes the delivery while it is in progress.
    pub fn under_way(&self) -> UnderWay {
        let DueCallback { kind, target, license_id, .. } = &self.callback;
        UnderWay { kind: *kind, target: target.clone(), license_id: *license_id }
    }

    /// Makes the attempt, and logs it if its result can't be recorded.
    pub fn run(self, app: &App, post: &Post) {
        let (id, attempts) = (self.callback.id, self.callback.attempts);
        if let Err(error) = self.attempt(app, post) {
            log::error!(
                "webhook {id}: the result of attempt {} was not recorded, so it may be sent again: {error}",
                attempts + 1
            );
        }
    }

    fn attempt(self, app: &App, post: &Post) -> Result<(), store::Error> {
        let (id, delays) = (self.callback.id, &app.config.webhooks.delays);
        let tried = self.callback.attempts.saturating_add(1);
        let delay =
            |attempts: u32| usize::try_from(attempts).ok().and_then(|number| delays.get(number)).copied();
        if self.callback.attempts > 0 && delay(self.callback.attempts).is_none() {
            // The server ended during the last attempt, or could not record its result.
            let reason = "the result of the last attempt is not known";
            let now = app.clock.now();
            return write(app, move |tx| tx.callback_not_delivered(id, reason, None, now));
        }
        let sent = self.post(app, post, delay(tried).unwrap_or(AFTER_LAST))?;
        let now = app.clock.now();
        match sent {
            Ok(_) => {
                log::info!("webhook {id} was delivered");
                write(app, move |tx| tx.callback_delivered(id, now))
            }
            Err(NotDelivered { reason, retry, .. }) => {
                log::warn!("webhook {id}: attempt {tried} failed: {reason}");
                let next = delay(tried).filter(|_| retry).map(|delay| now.plus(delay));
                write(app, move |tx| tx.callback_not_delivered(id, &reason, next, now))
            }
        }
    }

    /// Stores the signed bytes and counts the attempt before it sends anything. So every attempt, also one after
    /// a crash, sends the same bytes, and attempts never come too early or too often, even if the result of one
    /// can't be recorded.
    fn post(
        &self,
        app: &App,
        post: &Post,
        until_next: Duration,
    ) -> Result<Result<u16, NotDelivered>, store::Error> {
        let (id, now) = (self.callback.id, app.clock.now());
        let next = now.plus(until_next);
        let body: Result<Arc<str>, _> = match &self.callback.body {
            Some(body) => Ok(body.as_str().into()),
            None => self.sign(app).map(Into::into),
        };
        let stored = body.as_ref().ok().cloned();
        write(app, move |tx| tx.begin_attempt(id, stored.as_deref(), next, now))?;
        Ok(match body {
            Ok(body) => post.json(&self.callback.url, &body),
            Err(error) => Err(NotDelivered { reason: error.to_string(), status: None, retry: true }),
        })
    }

    fn sign(&self, app: &App) -> Result<String, signing::Error> {
        let signer = Signer::choose(&app.keyring, self.signing_product.as_ref())?;
        // Signs on this thread, so that webhooks don't delay the signatures of answers.
        let envelope = signer.sign_here(&Unsigned::again(self.callback.reply.clone()))?;
        // The envelope is ASCII.
        let envelope = String::from_utf8_lossy(&envelope);
        Ok(match self.callback.kind {
            // The original queues a PHP response object, and sends its JSON form (API §6.1).
            CallbackKind::Assignment => {
                format!(r#"{{"headers":{{}},"original":{envelope},"exception":null}}"#)
            }
            CallbackKind::Deactivation => envelope.into_owned(),
        })
    }
}

/// Reschedules the messages whose delivery was interrupted by the end of the server.
pub fn resume(app: &App) -> Result<(), store::Error> {
    let now = app.clock.now();
    write(app, move |tx| tx.resume_callbacks(now))
}

/// Makes a change, retrying while the writer's queue is full of requests, which take precedence.
fn write(
    app: &App,
    change: impl Fn(&Tx<'_>) -> Result<(), store::Error> + Clone + Send + 'static,
) -> Result<(), store::Error> {
    let mut tries = 1;
    loop {
        match app.store.change_blocking(change.clone()) {
            Err(error) if error.is_temporary() && tries < WRITE_TRIES => {
                tries += 1;
                thread::sleep(WRITE_PAUSE);
            }
            written => return written,
        }
    }
}
