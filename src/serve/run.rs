//! Step 3, run: the endpoint in its transaction, on a reader or on the writer, as its route says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix_web::web;

use super::activity::RefusedFields;
use super::answer::{Answer, Content};
use super::app::App;
use super::base_url::Called;
use super::caller::Caller;
use super::fields::Sent;
use super::{authorize, idempotency, sign};
use crate::api::call::{Call, RequestContext};
use crate::domain::{Actor, CallerId, Timestamp};
use crate::load::{Reader, Ticket};
use crate::routes::{Route, Runs};
use crate::signing::{self, Priority};
use crate::store::{Decision, Tx};
use crate::wire::params::Params;
use crate::wire::reply::{self, Error, Failure};

/// Authorizes on a reader, so that a stranger never reaches the writer, and runs the endpoint where its route says.
pub async fn run(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    sent: Sent<'_>,
    ticket: &mut Ticket<'_>,
) -> Answer {
    let (now, address, access) = (caller.now, caller.address, route.access());
    let base_url = Called { request: sent.request, config: &app.config, is_proxied: caller.is_proxied };
    let mut refused = None;
    let read = app.store.read(|tx| {
        guarded(|| {
            let of_header = match authorize::check_header(tx, caller, access) {
                Ok(of_header) => of_header,
                Err(error) => {
                    refused = fields_of_unauthorized(tx, caller, sent);
                    return Err(error);
                }
            };
            let params = sent.params()?;
            let of_field = if caller.secret.is_none() { authorize::secret_of_field(&params) } else { None };
            of_field.as_ref().map_or(Ok(()), |secret| ticket.admit_api_key(secret))?;
            let authorized = authorize::authorize(tx, caller, of_header, of_field.as_ref(), &params, access)
                .inspect_err(|_| refused = RefusedFields::of_unauthorized(tx, &params).ok())?;
            ticket.check_guess(tx, &params, authorized.sees_licenses, route.runs == Runs::OnWriter)?;
            let secret = caller.secret.as_ref().or(of_field.as_ref());
            let context = app.request_context(address, authorized.caller_id, secret);
            let context = RequestContext { public_url: &base_url, ..context };
            // In the same snapshot, and on this thread.
            let answer = (route.runs == Runs::Inline).then(|| run_endpoint(route, tx, &params, context, now));
            Ok((authorized, params, answer))
        })
    });
    let answer = match read.unwrap_or_else(|error| Err(error.into())) {
        Err(error) => Answer::unauthorized(error, refused),
        Ok((authorized, params, answer)) => {
            let caller_id = authorized.caller_id;
            app.last_used.record(caller_id, authorized.former_text, now);
            match answer {
                Some(answer) => match answer.result.as_ref().ok().and_then(Content::long_texts) {
                    Some(length) => write_elsewhere(app, caller, answer, length, ticket).await,
                    None => answer,
                },
                None if route.runs == Runs::OnBlockingPool => {
                    list(app, route, caller, caller_id, params, ticket).await
                }
                None => write(app, route, caller, caller_id, params, ticket).await,
            }
        }
    };
    answer.settle_guess(ticket)
}

/// The fields of a request whose caller was refused before they were parsed. Those of strangers are not parsed.
fn fields_of_unauthorized(tx: &Tx<'_>, caller: &Caller, sent: Sent<'_>) -> Option<RefusedFields> {
    caller.known_as.get()?;
    RefusedFields::of_unauthorized(tx, &sent.params().ok()?).ok()
}

/// Refuses a caller by its address or the key in its header, before its body is read.
pub fn check_header(app: &App, route: &'static Route, caller: &Caller) -> reply::Result<()> {
    app.store.read(|tx| guarded(|| authorize::check_header(tx, caller, route.access()).map(drop)))?
}

/// Runs the endpoint on the blocking pool, where other requests don't wait for it. Limits how many run at once, so
/// that readers stay free for the others.
async fn list(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    caller_id: CallerId,
    params: Params,
    ticket: &mut Ticket<'_>,
) -> Answer {
    let _place = match ticket.enter_list().await {
        Ok(place) => place,
        Err(refusal) => return Answer::refused(refusal),
    };
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    let body = ticket.take_body();
    let read = web::block(move || {
        let _until_done = body;
        server.store.read(|tx| {
            let context = server.request_context(address, caller_id, None);
            written(run_endpoint(route, tx, &params, context, now), now)
        })
    });
    match read.await {
        Ok(answer) => answer.unwrap_or_else(Answer::refused),
        Err(_) => Answer::refused(Error::Failed(Failure::Panicked)),
    }
}

/// Writes a long reply on the blocking pool, if there will be memory for the answer. `length`: that of its texts.
async fn write_elsewhere(
    app: &Arc<App>,
    caller: &Caller,
    answer: Answer,
    length: usize,
    ticket: &Ticket<'_>,
) -> Answer {
    // What the text and its base64 take at least, until it is known.
    let least = length.saturating_mul(7) / 3;
    let held = match app.load.hold_answer(caller.limited_address(), least, Reader::Caller) {
        Ok(held) => held,
        Err(refusal) => return Answer::refused(refusal),
    };
    let place = match ticket.enter_background().await {
        Ok(place) => place,
        Err(refusal) => return Answer::refused(refusal),
    };
    let now = caller.now;
    let writing = web::block(move || {
        let answer = written(answer, now);
        drop((held, place));
        answer
    });
    writing.await.unwrap_or_else(|_| Answer::refused(Error::Failed(Failure::Panicked)))
}

/// Writes a long reply as JSON on the blocking pool, so that the threads that serve other requests only sign and send
/// it.
fn written(answer: Answer, now: Timestamp) -> Answer {
    let product = answer.signing_product.as_ref();
    let result = answer.result.map(|content| match content {
        Content::Reply(reply) => Content::Written(sign::write(&reply, product, now)),
        written @ Content::Written(_) => written,
    });
    Answer { result, ..answer }
}

/// Runs the endpoint on the writer thread.
async fn write(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    caller_id: CallerId,
    params: Params,
    ticket: &mut Ticket<'_>,
) -> Answer {
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    if route.has_quota()
        && let Err(refusal) = ticket.admit_telemetry(caller_id, params.canonical().len())
    {
        return Answer::refused(refusal);
    }
    let repeat_key = match idempotency::key(caller.idempotency_key.as_deref(), route, caller_id, &params) {
        Ok(key) => key,
        Err(refusal) => return Answer::refused(refusal),
    };
    let actor = Actor {
        at: now,
        caller: caller_id,
        address: Some(address),
        action: route.path.trim_start_matches('/').to_owned(),
    };
    let body = ticket.take_body();
    let written = app.store.write(move |tx| {
        // The fields are kept as long as the job, even if the client goes away.
        let _held = &body;
        if let Err(refusal) = server.load.admit_change() {
            return Decision::Rollback((Answer::refused(refusal), None));
        }
        tx.act_as(actor.clone());
        let context = RequestContext {
            has_idempotency_key: repeat_key.is_some(),
            ..server.request_context(address, caller_id, None)
        };
        let admit = |length| server.load.admit_answer(address, caller_id, length);
        let once = idempotency::once(tx, repeat_key.as_ref(), now, admit, || {
            run_endpoint(route, tx, &params, context, now)
        });
        let mut answer = once.unwrap_or_else(Answer::refused);
        // A change whose answer can't be signed is rolled back: a client could not trust that it was made.
        if let Err(error) = sign::check_signable(&server, &answer) {
            answer = Answer::refused(signing::Error::from(error));
        }
        let Ok(made) = &answer.result else { return Decision::Rollback((answer, None)) };
        let promise = (!made.is_shared()).then(|| server.load.promise_signature());
        Decision::Commit((answer, promise))
    });
    let (answer, promise) = written.await.unwrap_or_else(|error| (Answer::refused(error), None));
    ticket.keep_promise(promise);
    Answer { priority: Priority::AfterCommit, ..answer }
}

fn run_endpoint(
    route: &Route,
    tx: &Tx<'_>,
    params: &Params,
    context: RequestContext<'_>,
    now: Timestamp,
) -> Answer {
    let mut call = Call::new(tx, params, &route.endpoint.record, context, now);
    let result = guarded(|| (route.endpoint.run)(&mut call).map(Content::Reply));
    let (found, order, signing_product) = (call.found, call.order_fingerprint, call.signing_product);
    Answer { order, ..Answer::new(result, signing_product) }.about(params, found)
}

/// Turns a panic into a failure: it ends one request and nothing else.
pub fn guarded<T>(job: impl FnOnce() -> reply::Result<T>) -> reply::Result<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Failed(Failure::Panicked)))
}
