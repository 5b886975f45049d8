//! Requests that come again: the answer to the first is the answer to all (API §1.9).

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

/// What makes a request the same as another, if its client gave it an `Idempotency-Key`. Another payload
/// under the same key is another request: no code exists for a mismatch.
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

/// Runs a request once, however often it comes. What it did and what was answered are kept or lost together;
/// a refusal did nothing, so it is not kept, and may be another answer next time.
pub fn once(
    tx: &Tx<'_>,
    key: Option<&RepeatKey>,
    now: Timestamp,
    run: impl FnOnce() -> Answer,
) -> Result<Answer, store::Error> {
    let Some(key) = key else { return Ok(run()) };
    if let Some(given) = tx.given_answer(key, now)? {
        return Ok(Answer::new(Ok(Content::Written(given)), None));
    }
    let answered = run();
    if let Ok(Content::Reply(reply)) = &answered.result {
        let given = sign::write(reply, answered.signing_product.as_ref(), now);
        tx.keep_answer(key, &given, now)?;
    }
    Ok(answered)
}
