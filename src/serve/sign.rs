//! Step 4, sign: an answer becomes a signed envelope under the key that its outcome asks for.

use actix_web::web::Bytes;

use super::answer::{Answer, Content};
use super::app::App;
use super::caller::Caller;
use super::signed_answers::Caching;
use crate::domain::{Outcome, ProductKey, SignedBy, Timestamp};
use crate::load::{HeldAnswer, LARGE_ANSWER, Reader};
use crate::signing::{Error, KeyError, Priority};
use crate::store::GivenAnswer;
use crate::wire::envelope::{Signer, Unsigned};
use crate::wire::reply::Reply;

/// A signed answer, and the memory that it holds if it is a large one.
pub struct Signed {
    pub envelope: Bytes,
    pub held: Option<HeldAnswer>,
}

/// Why an answer can't be sent.
pub enum Unsent {
    Unsigned(Error),
    /// It is large, and there is no memory for it.
    Refused(Outcome),
}

impl<E: Into<Error>> From<E> for Unsent {
    fn from(error: E) -> Self {
        Self::Unsigned(error.into())
    }
}

/// Signs a reply. `product`: the key of the product that signs it, if its outcome is one that products sign.
pub async fn sign_reply(
    app: &App,
    caller: &Caller,
    reply: &Reply,
    product: Option<&ProductKey>,
    priority: Priority,
) -> Result<Signed, Unsent> {
    if reply.is_bare() {
        let envelope = sign_bare(app, reply, caller.now, product, priority).await?;
        return Ok(Signed { envelope, held: None });
    }
    let signer = signer(app, reply.outcome.signed_by(), product)?;
    // A changelog is long, the same for all clients, and open to everybody.
    let (caching, reader) = match reply.outcome {
        Outcome::Changelog => (Caching::Always, Reader::Stranger),
        _ => (Caching::IfShort, Reader::Caller),
    };
    let unsigned = Unsigned::write(reply, caller.now);
    let held = hold(app, caller, &unsigned, reader, priority)?;
    let envelope = app.signed_answers.sign(&unsigned, &signer, &app.signatures, priority, caching).await?;
    Ok(Signed::new(envelope, held))
}

/// Signs a reply without fields.
pub async fn sign_bare(
    app: &App,
    reply: &Reply,
    at: Timestamp,
    product: Option<&ProductKey>,
    priority: Priority,
) -> Result<Bytes, Error> {
    // An answer that reports an overload must not wait in the queue that it reports.
    let priority = if reply.outcome == Outcome::ServiceUnavailable { Priority::Urgent } else { priority };
    let signer = signer(app, reply.outcome.signed_by(), product)?;
    app.signed_answers.sign_bare(reply, at, &signer, &app.signatures, priority).await
}

/// Holds the memory of an answer until it is taken, if it is a large one. While it is signed it takes twice its length.
fn hold(
    app: &App,
    caller: &Caller,
    unsigned: &Unsigned,
    reader: Reader,
    priority: Priority,
) -> Result<Option<HeldAnswer>, Unsent> {
    let length = unsigned.length();
    if length <= LARGE_ANSWER {
        return Ok(None);
    }
    let reader = if priority == Priority::AfterCommit { Reader::Committed } else { reader };
    app.load.hold_answer(caller.limited_address(), length * 2, reader).map(Some).map_err(Unsent::Refused)
}

impl Signed {
    /// From here on the memory of the text before its signature is free.
    fn new(envelope: Bytes, mut held: Option<HeldAnswer>) -> Self {
        if let Some(held) = &mut held {
            held.shrink(envelope.len());
        }
        Self { envelope, held }
    }
}

/// Signs an answer that is written already: a repeated request gets the bytes of the first answer again.
pub async fn sign_written(
    app: &App,
    caller: &Caller,
    written: GivenAnswer,
    priority: Priority,
) -> Result<Signed, Unsent> {
    let product = written.signing_product.as_ref();
    let signed_by = if product.is_some() { SignedBy::Product } else { SignedBy::Global };
    let signer =
        signer(app, signed_by, product).or_else(|error| signer_after_rotation(app, product, error))?;
    let unsigned = Unsigned::again(written.response);
    let held = hold(app, caller, &unsigned, Reader::Caller, priority)?;
    let signing = app.signed_answers.sign(&unsigned, &signer, &app.signatures, priority, Caching::IfShort);
    Ok(Signed::new(signing.await?, held))
}

/// Signs on this thread with the global key: for the answer that reports that signing failed.
pub fn sign_here(app: &App, reply: &Reply, at: Timestamp) -> Result<Bytes, Error> {
    let signer = Signer::choose(&app.keyring, None)?;
    signer.sign_here(&Unsigned::write(reply, at)).map(Bytes::from)
}

/// Writes a reply, and records the product whose key signs it: everything needed to sign it later, any number of
/// times.
pub fn write(reply: &Reply, product: Option<&ProductKey>, now: Timestamp) -> GivenAnswer {
    GivenAnswer {
        code: reply.outcome.code(),
        response: reply.write(now),
        signing_product: product.filter(|_| reply.outcome.signed_by() == SignedBy::Product).cloned(),
    }
}

/// Fails if the key that must sign this answer is not available.
pub fn check_signable(app: &App, answer: &Answer) -> Result<(), KeyError> {
    match &answer.result {
        Ok(Content::Reply(reply)) => {
            signer(app, reply.outcome.signed_by(), answer.signing_product.as_ref()).map(drop)
        }
        Ok(Content::Written(_)) | Err(_) => Ok(()),
    }
}

/// Chooses the key and its label (API §0.4, item 3).
fn signer(app: &App, signed_by: SignedBy, product: Option<&ProductKey>) -> Result<Signer, KeyError> {
    Signer::choose(&app.keyring, product.filter(|_| signed_by == SignedBy::Product))
}

/// Chooses the product's current key if the key that signed the first answer is not available: the operator may have
/// deleted that key after a rotation.
fn signer_after_rotation(
    app: &App,
    product: Option<&ProductKey>,
    error: KeyError,
) -> Result<Signer, KeyError> {
    let Some(former) = product else { return Err(error) };
    let found = app.store.try_read(|tx| tx.product(former.product_id));
    match found.ok().flatten().and_then(|product| product.own_key()) {
        Some(current) => Signer::choose(&app.keyring, Some(&current)),
        None => Err(error),
    }
}
