//! Step 5, respond: failures become outcomes, the envelope becomes an HTTP response, one line is logged.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use log::Level;

use super::answer::{Answer, Content};
use super::app::App;
use super::caller::Caller;
use super::http_quirks::body;
use super::sign::{Signed, Unsent};
use super::{request_id, sign};
use crate::domain::{Outcome, ProductKey};
use crate::load::Cause;
use crate::signing::Priority;
use crate::store;
use crate::wire::reply::{Error, Failure, Reply};

/// Seconds after which a client may retry a request that was answered 1901.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// For this client only, and to be revalidated before each use.
pub const PRIVATE: HeaderValue = HeaderValue::from_static("no-cache, private");

/// Signs an answer and makes the HTTP response. `route`: the route's own text, never the caller's.
pub async fn respond(app: &App, caller: &Caller, route: &'static str, answer: Answer) -> HttpResponse {
    let Answer { result, signing_product, priority, order: _, about } = answer;
    let (code, mut response) = match result {
        Ok(Content::Written(written)) => {
            let code = written.code;
            match sign::sign_written(app, caller, written, priority).await {
                Ok(signed) => (code, with_body(envelope_response(StatusCode::OK), signed)),
                Err(unsent) => respond_unsent(app, caller, route, unsent).await,
            }
        }
        Ok(Content::Reply(reply)) | Err(Error::Refused(reply)) => {
            respond_reply(app, caller, route, &reply, (signing_product.as_ref(), priority)).await
        }
        Err(Error::Failed(failure)) => {
            let reply = reply_to_failure(app, &failure, caller, route);
            respond_reply(app, caller, route, &reply, (None, priority)).await
        }
    };
    app.activity.record(&caller.answered(route, code), about);
    finish(app, caller, route, code, &mut response);
    response
}

/// Counts a response in the metrics, names its request in a header, and logs one line. `route`: the route's own text,
/// never the caller's, which can hold a key.
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
    // A flood of refusals is summarized once a minute.
    let level = match code {
        _ if code == Outcome::TooManyRequests.code() => Level::Debug,
        _ if code == Outcome::ServiceUnavailable.code() => app.load.level_of_unavailable(),
        _ => Level::Info,
    };
    log::log!(
        target: "keyseal::request",
        level,
        method, route, code, ms, address:%, request_id;
        "{method} {route} {code} {ms:.1}ms {address} {request_id}",
    );
}

async fn respond_reply(
    app: &App,
    caller: &Caller,
    route: &str,
    reply: &Reply,
    (product, priority): (Option<&ProductKey>, Priority),
) -> (u16, HttpResponse) {
    match sign::sign_reply(app, caller, reply, product, priority).await {
        Ok(signed) => (reply.outcome.code(), http_response(app, reply, signed)),
        Err(unsent) => respond_unsent(app, caller, route, unsent).await,
    }
}

/// Responds in place of an answer that can't be sent.
async fn respond_unsent(app: &App, caller: &Caller, route: &str, unsent: Unsent) -> (u16, HttpResponse) {
    let outcome = match unsent {
        Unsent::Unsigned(error) => return respond_unsignable(app, caller, route, &error.into()),
        Unsent::Refused(outcome) => outcome,
    };
    let reply = Reply::from(outcome);
    match sign::sign_bare(app, &reply, caller.now, None, Priority::Normal).await {
        Ok(envelope) => (outcome.code(), http_response(app, &reply, Signed { envelope, held: None })),
        Err(error) => respond_unsignable(app, caller, route, &error.into()),
    }
}

/// Responds after signing failed, with a failure reply that the global key signs on this thread.
fn respond_unsignable(app: &App, caller: &Caller, route: &str, failure: &Failure) -> (u16, HttpResponse) {
    let reply = reply_to_failure(app, failure, caller, route);
    let envelope = sign::sign_here(app, &reply, caller.now).unwrap_or_else(|error| {
        log::error!("the global key can't sign: {error}");
        Bytes::new()
    });
    (reply.outcome.code(), http_response(app, &reply, Signed { envelope, held: None }))
}

/// Logs a failure once, and gives the reply that the client gets.
fn reply_to_failure(app: &App, failure: &Failure, caller: &Caller, route: &str) -> Reply {
    if let Failure::Store(error) = failure {
        app.store.note(error);
    }
    let is_overload = matches!(failure, Failure::Store(store::Error::Busy));
    // In an overload, a line for each of thousands of refusals would be more load.
    if !is_overload {
        let (method, request_id) = (caller.method_name(), caller.request_id.as_str());
        log::error!(method, route, request_id; "{method} {route} failed: {failure} (request {request_id})");
    }
    match failure.outcome() {
        Outcome::ServiceUnavailable => {
            app.load.unavailable(if is_overload { Cause::Writing } else { Cause::Failure }).into()
        }
        outcome => outcome.into(),
    }
}

fn http_response(app: &App, reply: &Reply, signed: Signed) -> HttpResponse {
    let outcome = reply.outcome;
    let status = outcome.http_status(app.config.http.status);
    let mut response =
        envelope_response(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    match outcome {
        Outcome::ServiceUnavailable => {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        // The rest of the body may still be coming, and is not the next request.
        Outcome::RequestTimeout | Outcome::PayloadTooLarge => {
            response.force_close();
        }
        _ => {}
    }
    if let Some(seconds) = reply.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    with_body(response, signed)
}

/// Keeps the memory of a large answer until it is sent.
fn with_body(mut response: HttpResponseBuilder, signed: Signed) -> HttpResponse {
    let response = response.body(signed.envelope);
    match signed.held {
        Some(held) => body::keep(response, held),
        None => response,
    }
}

fn envelope_response(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response.insert_header((CACHE_CONTROL, PRIVATE));
    response
}
