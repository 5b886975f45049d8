//! Repeated requests: all requests with the same `Idempotency-Key` get the answer to the first one (API §1.9).

use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Content};
use super::sign;
use crate::domain::{CallerId, Outcome, Timestamp};
use crate::routes::Route;
use crate::store::{self, RepeatKey, Tx};
use crate::wire::params::Params;
use crate::wire::reply::{self, Reply};

/// The longest `Idempotency-Key`, in bytes.
const MAX_KEY: usize = 255;

/// The identity of a request with an `Idempotency-Key`, or `None` without one. Another payload under the same key is
/// another request: v1 has no code for a mismatch.
pub fn key(
    header: Option<&str>,
    route: &'static Route,
    caller: CallerId,
    params: &Params,
) -> reply::Result<Option<RepeatKey>> {
    let Some(idempotency_key) = header.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if idempotency_key.len() > MAX_KEY {
        return Err(Reply::from(Outcome::PayloadTooLarge).with("field", "Idempotency-Key").into());
    }
    let params_hash = Sha256::digest(params.canonical()).into();
    Ok(Some(RepeatKey {
        caller,
        route: route.path,
        idempotency_key: idempotency_key.to_owned(),
        params_hash,
    }))
}

/// Runs a request unless its key has an answer already. The change and its stored answer are committed together. What
/// changes nothing, as a refusal or an activation that was there, is not stored: a repeat is answered anew.
///
/// `admit` gets the number of bytes to store. If it refuses them, the request is refused, and its change must be rolled
/// back.
pub fn once(
    tx: &Tx<'_>,
    key: Option<&RepeatKey>,
    now: Timestamp,
    admit: impl FnOnce(usize) -> reply::Result<()>,
    run: impl FnOnce() -> Answer,
) -> Result<Answer, store::Error> {
    let Some(key) = key else { return Ok(run()) };
    if let Some(written) = tx.given_answer(key, now)? {
        return Ok(Answer::new(Ok(Content::Written(written)), None));
    }
    let before = tx.changed_rows();
    let answer = run();
    if let Ok(Content::Reply(reply)) = &answer.result
        && tx.changed_rows() != before
    {
        let written = sign::write(reply, answer.signing_product.as_ref(), now);
        if let Err(refusal) = admit(key.idempotency_key.len() + written.response.len()) {
            return Ok(Answer::refused(refusal));
        }
        tx.keep_answer(key, &written, now)?;
    }
    Ok(answer)
}
