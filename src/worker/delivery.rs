//! One attempt to deliver a message: sign it, if that is not done yet, post it, and note what came of it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::post::{NotDelivered, Post};
use crate::domain::{CallbackKind, ProductKey};
use crate::serve::App;
use crate::signing;
use crate::store::{self, DueCallback, Tx};
use crate::wire::envelope::{Signer, Unsigned};
use crate::wire::reply::Failure;

/// How often, and how far apart, a change is tried that the writer has no room for.
const WRITE_TRIES: u32 = 50;
const WRITE_PAUSE: Duration = Duration::from_millis(200);

/// How long after its last attempt a message is looked at again, if nothing is known of what came of it.
const AFTER_LAST: Duration = Duration::from_mins(5);

/// A message that is due, and the key that signs it.
pub struct Delivery {
    callback: DueCallback,
    /// The product that signs, if it has a key of its own; else the installation does.
    signing_product: Option<ProductKey>,
}

impl Delivery {
    /// The message that has been due for longest, to a target that is not busy.
    pub fn next_due(app: &App, busy: &[String]) -> Result<Option<Self>, Failure> {
        app.store.try_read(|tx| {
            let Some(callback) = tx.due_callback(busy, app.clock.now())? else { return Ok(None) };
            let product = match callback.product_id {
                Some(id) => tx.product(id)?,
                None => None,
            };
            let signing_product = product.and_then(|product| product.own_key());
            Ok(Some(Self { callback, signing_product }))
        })
    }

    pub fn target(&self) -> &str {
        &self.callback.target
    }

    pub fn run(self, app: &App, post: &Post) {
        let (id, attempts) = (self.callback.id, self.callback.attempts);
        if let Err(error) = self.attempt(app, post) {
            // The message is sent again, if it was sent.
            log::error!("callback {id}: what came of attempt {} can't be written: {error}", attempts + 1);
        }
    }

    fn attempt(self, app: &App, post: &Post) -> Result<(), store::Error> {
        let (id, delays) = (self.callback.id, &app.config.webhooks.delays);
        let tried = self.callback.attempts.saturating_add(1);
        let delay =
            |attempts: u32| usize::try_from(attempts).ok().and_then(|number| delays.get(number)).copied();
        if self.callback.attempts > 0 && delay(self.callback.attempts).is_none() {
            // The server ended in the midst of the last one, or could not write what came of it.
            let reason = "what came of the last attempt is not known";
            let now = app.clock.now();
            return write(app, move |tx| tx.callback_not_delivered(id, reason, None, now));
        }
        let sent = self.post(app, post, delay(tried).unwrap_or(AFTER_LAST))?;
        let now = app.clock.now();
        match sent {
            Ok(()) => {
                log::info!("callback {id} is delivered");
                write(app, move |tx| tx.callback_delivered(id, now))
            }
            Err(NotDelivered { reason, another_try }) => {
                log::warn!("callback {id} is not delivered by attempt {tried}: {reason}");
                let next = delay(tried).filter(|_| another_try).map(|delay| now.plus(delay));
                write(app, move |tx| tx.callback_not_delivered(id, &reason, next, now))
            }
        }
    }

    /// Nothing is sent before its bytes are kept and the attempt is counted: a second attempt, be it after a
    /// crash, sends the same, and none comes sooner or oftener than it should, even if what comes of this one
    /// can't be written.
    fn post(
        &self,
        app: &App,
        post: &Post,
        until_next: Duration,
    ) -> Result<Result<(), NotDelivered>, store::Error> {
        let (id, now) = (self.callback.id, app.clock.now());
        let next = now.plus(until_next);
        let body: Result<Arc<str>, _> = match &self.callback.body {
            Some(body) => Ok(body.as_str().into()),
            None => self.sign(app).map(Into::into),
        };
        let kept = body.as_ref().ok().cloned();
        write(app, move |tx| tx.begin_attempt(id, kept.as_deref(), next, now))?;
        Ok(match body {
            Ok(body) => post.json(&self.callback.url, &body),
            Err(error) => Err(NotDelivered { reason: error.to_string(), another_try: true }),
        })
    }

    fn sign(&self, app: &App) -> Result<String, signing::Error> {
        let signer = Signer::choose(&app.keyring, self.signing_product.as_ref())?;
        // Here and not among the threads that sign answers: no request waits for a message.
        let envelope = signer.sign_here(&Unsigned::again(self.callback.reply.clone()))?;
        // All of it is ASCII.
        let envelope = String::from_utf8_lossy(&envelope);
        Ok(match self.callback.kind {
            // What PHP prints for the response that the original put into its queue; the empty object is one
            // here (API §6.1).
            CallbackKind::Assignment => {
                format!(r#"{{"headers":{{}},"original":{envelope},"exception":null}}"#)
            }
            CallbackKind::Deactivation => envelope.into_owned(),
        })
    }
}

/// Goes on with what the end of the server interrupted.
pub fn resume(app: &App) -> Result<(), store::Error> {
    let now = app.clock.now();
    write(app, move |tx| tx.resume_callbacks(now))
}

/// Makes a change, waiting for its turn if the writer is busy with requests: they come first.
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
