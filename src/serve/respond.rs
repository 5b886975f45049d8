//! The end of every request: failures become outcomes, the answer is signed by the right key and sent, and
//! one line is logged.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use log::Level;

use super::caller::Caller;
use super::unavailable::Cause;
use super::{Answered, App, Content, request_id};
use crate::domain::{Outcome, ProductKey, SignedBy, Timestamp};
use crate::signing::{self, Caching, KeyError, Priority};
use crate::store::{self, GivenAnswer};
use crate::wire::envelope::{self, Signer, Unsigned};
use crate::wire::reply::{Error, Failure, Reply};

/// Seconds after which a client may try again what was refused because too much was going on.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Seals and sends. `route` is the route's own text, never the caller's.
pub async fn respond(app: &App, caller: &Caller, route: &'static str, answered: Answered) -> HttpResponse {
    let Answered { result, signing_product, priority } = answered;
    let (code, mut response) = match result {
        Ok(Content::Given(given)) => {
            let code = given.code;
            match seal_given(app, given, priority).await {
                Ok(body) => (code, envelope_response(StatusCode::OK).body(body)),
                Err(error) => last_resort(app, caller, &shown(app, &error.into(), caller, route)),
            }
        }
        Ok(Content::New(reply)) | Err(Error::Refused(reply)) => {
            seal_new(app, caller, route, &reply, (signing_product.as_ref(), priority)).await
        }
        Err(Error::Failed(failure)) => {
            seal_new(app, caller, route, &shown(app, &failure, caller, route), (None, priority)).await
        }
    };
    finish(app, caller, route, code, &mut response);
    response
}

/// What is left of each request when it is answered: it is counted, and one line is logged. `route` is the
/// route's own text, never the caller's, which can hold a key.
pub fn finish(app: &App, caller: &Caller, route: &'static str, code: u16, response: &mut HttpResponse) {
    let took = caller.arrived.elapsed();
    if let Some(metrics) = &app.metrics {
        metrics.answered(route, code, took);
    }
    let (method, address, request_id) = (caller.method_name(), caller.address, caller.request_id.as_str());
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    let ms = f64::from(u32::try_from(took.as_micros()).unwrap_or(u32::MAX)) / 1e3;
    // Of a flood, the line a minute that tells of it is enough.
    let level = match code {
        _ if code == Outcome::TooManyRequests.code() => Level::Debug,
        _ if code == Outcome::ServiceUnavailable.code() => app.unavailable.level(),
        _ => Level::Info,
    };
    log::log!(
        target: "keyseal::request",
        level,
        method, route, code, ms, address:%, request_id;
        "{method} {route} {code} {ms:.1}ms {address} {request_id}",
    );
}

/// Logs a failure, once, and gives what the client is told of it.
fn shown(app: &App, failure: &Failure, caller: &Caller, route: &str) -> Reply {
    if let Failure::Store(error) = failure {
        app.store.note(error);
    }
    let is_overload = matches!(failure, Failure::Store(store::Error::Busy));
    if failure.outcome() == Outcome::ServiceUnavailable {
        app.unavailable.note(if is_overload { Cause::Writing } else { Cause::Failure });
    }
    // A line for each of thousands that were refused would be one more thing to do.
    if !is_overload {
        let (method, request_id) = (caller.method_name(), caller.request_id.as_str());
        log::error!(method, route, request_id; "{method} {route} failed: {failure} (request {request_id})");
    }
    failure.outcome().into()
}

async fn seal_new(
    app: &App,
    caller: &Caller,
    route: &str,
    reply: &Reply,
    (product, priority): (Option<&ProductKey>, Priority),
) -> (u16, HttpResponse) {
    let priority = priority_of(reply.outcome, priority);
    let caching = if reply.outcome == Outcome::Changelog { Caching::Always } else { Caching::IfShort };
    let sealed = match signer(app, reply.outcome.signed_by(), product) {
        Ok(signer) => {
            app.envelopes.sign(reply, caller.now, &signer, &app.signatures, (priority, caching)).await
        }
        Err(error) => Err(error.into()),
    };
    match sealed {
        Ok(body) => (reply.outcome.code(), http_response(app, reply, body)),
        Err(error) => last_resort(app, caller, &shown(app, &error.into(), caller, route)),
    }
}

/// An answer that reports an overload must not wait in the queue that it reports.
fn priority_of(outcome: Outcome, otherwise: Priority) -> Priority {
    if outcome == Outcome::ServiceUnavailable { Priority::Urgent } else { otherwise }
}

/// What is written already is sealed as it is: of a request that comes again, the very bytes that were given before.
async fn seal_given(app: &App, given: GivenAnswer, priority: Priority) -> Result<Vec<u8>, signing::Error> {
    let signed_by = if given.signing_product.is_some() { SignedBy::Product } else { SignedBy::Global };
    let product = given.signing_product.as_ref();
    let signer =
        signer(app, signed_by, product).or_else(|error| signer_after_rotation(app, product, error))?;
    envelope::sign(&Unsigned::again(given.response), &signer, &app.signatures, priority, Caching::IfShort)
        .await
}

/// The key that signs for a product now, where the one that did is not to be had: its operator may have
/// deleted it after a rotation.
fn signer_after_rotation(
    app: &App,
    product: Option<&ProductKey>,
    error: KeyError,
) -> Result<Signer, KeyError> {
    let Some(former) = product else { return Err(error) };
    let found = app.store.read(|tx| tx.product(former.product_id)).and_then(|found| found);
    match found.ok().flatten().and_then(|product| product.own_key()) {
        Some(current) => Signer::choose(&app.keyring, Some(&current)),
        None => Err(error),
    }
}

/// A reply written down, and whose key signs it: all that it takes to seal it later, the same however often.
pub fn given(reply: &Reply, product: Option<&ProductKey>, now: Timestamp) -> GivenAnswer {
    GivenAnswer {
        code: reply.outcome.code(),
        response: Unsigned::write(reply, now).into_response(),
        signing_product: product.filter(|_| reply.outcome.signed_by() == SignedBy::Product).cloned(),
    }
}

/// Whether the key that must sign this answer is there.
pub fn check_signable(app: &App, answered: &Answered) -> Result<(), KeyError> {
    match &answered.result {
        Ok(Content::New(reply)) => {
            signer(app, reply.outcome.signed_by(), answered.signing_product.as_ref()).map(drop)
        }
        Ok(Content::Given(_)) | Err(_) => Ok(()),
    }
}

/// The key that the contract wants, and its label (API §0.4, item 3).
fn signer(app: &App, signed_by: SignedBy, product: Option<&ProductKey>) -> Result<Signer, KeyError> {
    Signer::choose(&app.keyring, product.filter(|_| signed_by == SignedBy::Product))
}

/// Signs what says that signing failed: by the global key, on this thread.
fn last_resort(app: &App, caller: &Caller, reply: &Reply) -> (u16, HttpResponse) {
    let unsigned = Unsigned::write(reply, caller.now);
    let sealed = Signer::choose(&app.keyring, None).map_err(signing::Error::from);
    let body = sealed.and_then(|signer| signer.sign_here(&unsigned)).unwrap_or_else(|error| {
        log::error!("the global key can't sign: {error}");
        Vec::new()
    });
    (reply.outcome.code(), http_response(app, reply, body.into()))
}

fn http_response(app: &App, reply: &Reply, body: Bytes) -> HttpResponse {
    let outcome = reply.outcome;
    let status = outcome.http_status(app.config.http.status);
    let mut response =
        envelope_response(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    match outcome {
        Outcome::ServiceUnavailable => {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        // What is left of the body may still be coming, and is not the next request.
        Outcome::RequestTimeout | Outcome::PayloadTooLarge => {
            response.force_close();
        }
        _ => {}
    }
    if let Some(seconds) = reply.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    response.body(body)
}

fn envelope_response(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache, private")));
    response
}
