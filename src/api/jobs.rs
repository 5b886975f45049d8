//! Queued assignments: accepted here, carried out by the worker.

use super::license_ends;
use super::random_assignments::{BY_GENERATOR, GENERATE, ONE_OR_MORE};
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{IDENTIFIER, OWNER_EMAIL, OWNER_NAME, PRODUCT_ID};
use crate::api::record::{Audience, Record, plain};
use crate::domain::{Outcome, job_fingerprint};
use crate::wire::reply::Result;

// A body has at most 1 MiB.
const WEBHOOK_URL: Field<String> = Field::text("webhook_url", 1024 * 1024, "https://example.com/webhook")
    .says("Receives the answer, in the member `original`. Without this field, the answer is sent to nobody.");

/// `POST /random-assign-license-keys-queued` (API §4.9).
pub const QUEUE: Endpoint =
    Record::new(Audience::Shop, "Queues a random assignment, and sends its answer to a webhook")
        .says(
            "Refusals are sent to the webhook too. Two requests that are alike are two orders, if both \
             were answered. One whose answer could not be sent, because the connection was gone, may be \
             repeated within five minutes, and is carried out once; so is one under the same \
             `Idempotency-Key`.",
        )
        .takes(&[
            &PRODUCT_ID.optional(),
            &ONE_OR_MORE,
            &GENERATE,
            &BY_GENERATOR,
            &OWNER_NAME,
            &OWNER_EMAIL,
            &WEBHOOK_URL,
            &IDENTIFIER
                .optional()
                .says("For example the number of an order. The webhook receives it with the answer."),
        ])
        .answers(&[plain(Outcome::RequestQueued)])
        .run(queue);

/// Refuses only a faulty identifier; all other errors are reported to the webhook. Without an `Idempotency-Key`, a
/// request repeats one that is equal in seven fields and whose answer was lost (API §4.9).
fn queue(call: &mut Call<'_>) -> Result {
    license_ends::refuse_end(call)?;
    call.get(IDENTIFIER)?;
    let sent = &call.sent;
    let fields = [
        sent.text(&WEBHOOK_URL),
        sent.text(&IDENTIFIER),
        sent.text(&PRODUCT_ID),
        sent.text(&ONE_OR_MORE),
        sent.text(&OWNER_EMAIL),
        sent.text(&GENERATE),
        sent.text(&BY_GENERATOR),
    ];
    let fingerprint = job_fingerprint(call.context.caller, &fields.each_ref().map(|field| field.as_deref()));
    let is_repeat = !call.context.has_idempotency_key
        && call.context.lost_orders.take(&fingerprint)
        && call.tx.has_recent_job(&fingerprint, call.now)?;
    if !is_repeat {
        call.tx.add_job(call.context.caller, &sent.to_json(), &fingerprint, call.now)?;
    }
    call.order_fingerprint = (!call.context.has_idempotency_key).then_some(fingerprint);
    Ok(Outcome::RequestQueued.into())
}
