//! Step 4, sign: an answer becomes a signed envelope under the key that its outcome asks for.

use actix_web::web::Bytes;

use super::answer::{Answer, Content};
use super::app::App;
use super::signed_answers::Caching;
use crate::domain::{Outcome, ProductKey, SignedBy, Timestamp};
use crate::signing::{Error, KeyError, Priority};
use crate::store::GivenAnswer;
use crate::wire::envelope::{Signer, Unsigned};
use crate::wire::reply::Reply;

/// Signs a reply. `product`: the key of the product that signs it, if its outcome is one that products sign.
pub async fn sign_reply(
    app: &App,
    reply: &Reply,
    at: Timestamp,
    product: Option<&ProductKey>,
    priority: Priority,
) -> Result<Bytes, Error> {
    // An answer that reports an overload must not wait in the queue that it reports.
    let priority = if reply.outcome == Outcome::ServiceUnavailable { Priority::Urgent } else { priority };
    let signer = signer(app, reply.outcome.signed_by(), product)?;
    app.signed_answers.sign_reply(reply, at, &signer, &app.signatures, priority).await
}

/// Signs an answer that is written already: a repeated request gets the bytes of the first answer again.
pub async fn sign_written(app: &App, written: GivenAnswer, priority: Priority) -> Result<Bytes, Error> {
    let product = written.signing_product.as_ref();
    let signed_by = if product.is_some() { SignedBy::Product } else { SignedBy::Global };
    let signer =
        signer(app, signed_by, product).or_else(|error| signer_after_rotation(app, product, error))?;
    let unsigned = Unsigned::again(written.response);
    app.signed_answers.sign(&unsigned, &signer, &app.signatures, priority, Caching::IfShort).await
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
        response: Unsigned::write(reply, now).into_response(),
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
