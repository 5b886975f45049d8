//! One attempt to deliver a message: sign it, if that is not done yet, post it, and note what came of it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::post::{NotDelivered, Post};
use crate::domain::{CallbackKind, Fingerprint};
use crate::envelope::{Signer, Unsigned};
use crate::reply::Failure;
use crate::serve::{App, now};
use crate::signing;
use crate::store::{self, DueCallback, Tx, Verdict};

/// How often, and how far apart, a change is tried that the writer has no room for.
const WRITE_TRIES: u32 = 50;
const WRITE_PAUSE: Duration = Duration::from_millis(200);

/// A message that is due, and the key that signs it.
pub struct Delivery {
    callback: DueCallback,
    /// The product that signs, if it has a key of its own; else the installation does.
    signing_product: Option<(i64, Fingerprint)>,
}

impl Delivery {
    /// The message that has been due for longest, to a target that is not busy.
    pub fn next_due(app: &App, busy: &[String]) -> Result<Option<Self>, Failure> {
        app.store.read(|tx| {
            let Some(callback) = tx.due_callback(busy, now())? else { return Ok(None) };
            let product = match callback.product_id {
                Some(id) => tx.product(id)?,
                None => None,
            };
            let signing_product = product.and_then(|product| Some((product.id, product.signing_key?)));
            Ok(Some(Self { callback, signing_product }))
        })?
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
        let id = self.callback.id;
        match self.post(app, post)? {
            Ok(()) => {
                log::info!("callback {id} is delivered");
                write(app, move |tx| tx.callback_delivered(id, now()))
            }
            Err(NotDelivered { reason, another_try }) => {
                let tried = self.callback.attempts.saturating_add(1);
                log::warn!("callback {id} is not delivered by attempt {tried}: {reason}");
                let delay =
                    usize::try_from(tried).ok().and_then(|tried| app.config.callback_delays.get(tried));
                let next = delay.filter(|_| another_try).map(|delay| now().plus(*delay));
                write(app, move |tx| tx.callback_not_delivered(id, &reason, next, now()))
            }
        }
    }

    /// Nothing is sent before its bytes are kept: a second attempt, be it after a crash, sends the same.
    fn post(&self, app: &App, post: &Post) -> Result<Result<(), NotDelivered>, store::Error> {
        let body: Arc<str> = match &self.callback.body {
            Some(body) => body.as_str().into(),
            None => match self.sign(app) {
                Ok(body) => {
                    let (id, body): (i64, Arc<str>) = (self.callback.id, body.into());
                    let kept = Arc::clone(&body);
                    write(app, move |tx| tx.set_callback_body(id, &kept))?;
                    body
                }
                Err(error) => {
                    return Ok(Err(NotDelivered { reason: error.to_string(), another_try: true }));
                }
            },
        };
        Ok(post.json(&self.callback.url, &body))
    }

    fn sign(&self, app: &App) -> Result<String, signing::Error> {
        let signer = Signer::choose(&app.keyring, self.signing_product.as_ref())?;
        // Here and not among the threads that sign answers: no request waits for a message.
        let envelope = signer.seal_at_once(&Unsigned::again(self.callback.reply.clone()))?;
        // All of it is ASCII.
        let envelope = String::from_utf8_lossy(&envelope);
        Ok(match self.callback.kind {
            // What PHP prints for the response that the original put into its queue; the empty object is one here (contract §6.1).
            CallbackKind::Assignment => {
                format!(r#"{{"headers":{{}},"original":{envelope},"exception":null}}"#)
            }
            CallbackKind::Deactivation => envelope.into_owned(),
        })
    }
}

/// Makes a change, waiting for its turn if the writer is busy with requests: they come first.
fn write(
    app: &App,
    change: impl Fn(&Tx<'_>) -> Result<(), store::Error> + Clone + Send + 'static,
) -> Result<(), store::Error> {
    let mut tries = 1;
    loop {
        let change = change.clone();
        let written = app.store.write_blocking(move |tx| match change(tx) {
            Ok(()) => Verdict::Keep(Ok(())),
            Err(error) => Verdict::Undo(Err(error)),
        });
        match written.and_then(|written| written) {
            Err(error) if error.is_temporary() && tries < WRITE_TRIES => {
                tries += 1;
                thread::sleep(WRITE_PAUSE);
            }
            written => return written,
        }
    }
}
