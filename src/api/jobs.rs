//! Queued assignments: taken here, carried out by the worker.

use crate::api::call::Call;
use crate::domain::{Outcome, job_fingerprint};
use crate::wire::reply::Result;

/// The longest `identifier`, in bytes.
const MAX_IDENTIFIER: usize = 255;

/// What makes a request the same as another (API §4.9), where its client doesn't say it by an `Idempotency-Key`.
const SAME: [&str; 7] =
    ["webhook_url", "identifier", "product_id", "quantity", "owner_email", "generate", "generator_id"];

/// `POST /random-assign-license-keys-queued` (API §4.9): the fields of `/random-assign-license-keys`,
/// `webhook_url`, which is told what became of it, and `identifier`, which it is told with. Everything else
/// that may be wrong is told there.
pub fn queue(call: &mut Call<'_>) -> Result {
    call.text("identifier", MAX_IDENTIFIER)?;
    let fields = SAME.map(|field| call.params.text(field));
    let fingerprint = job_fingerprint(call.context.caller, &fields.each_ref().map(|field| field.as_deref()));
    if call.context.names_request || !call.tx.has_recent_job(&fingerprint, call.now)? {
        call.tx.add_job(call.context.caller, &call.params.to_json(), &fingerprint, call.now)?;
    }
    Ok(Outcome::RequestQueued.into())
}
