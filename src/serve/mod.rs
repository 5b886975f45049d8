//! The path of one API request. [`fn@answer`] takes it through five steps, each in a file of its own:
//!
//! 1. `read`: the query string and the body, within a size and a time.
//! 2. `authorize`: blocklist, API key, its networks and capabilities; or a contract's key. Only then are the fields
//!    parsed; those of a large body before, elsewhere.
//! 3. `run`: the endpoint, in a transaction on a reader or on the writer, as its route says; once for requests with the
//!    same `Idempotency-Key` (`idempotency`).
//! 4. `sign`: with the key that the outcome asks for; identical answers of one second share a signature
//!    (`signed_answers`).
//! 5. `respond`: failures become outcomes, the envelope becomes an HTTP response, one line is logged.
//!
//! Before the first step, `load` admits the request; its ticket is held until the third. `pages` answers
//! requests beside the API: health, documents, keys, downloads. `http_quirks` holds workarounds for
//! actix-web.

mod activity;
mod answer;
mod app;
mod authorize;
mod base_url;
mod body_format;
mod caller;
mod cors;
mod fields;
mod forwarders;
mod http_quirks;
mod idempotency;
mod last_used;
mod lost_answers;
mod page_state;
mod pages;
mod read;
mod request_id;
mod respond;
mod run;
mod sign;
mod signed_answers;

use std::sync::Arc;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::Outcome;
use crate::metrics;
use crate::routes::Route;
use crate::wire::reply::Error;
use answer::Answer;
use caller::Caller;
use http_quirks::{taken, unread};

pub use app::App;
pub use cors::Sharing;
#[cfg(feature = "fuzzing")]
pub use fields::from_multipart;
pub use http_quirks::head::without_body;
pub use http_quirks::parts::in_parts;
pub use http_quirks::taken::Descriptor;
pub use http_quirks::turns::{Expected, Turn, Turns};
pub use page_state::Demo;
pub use pages::demo::playable;
pub use pages::metrics::serve_metrics;
pub use pages::page;
pub use run::guarded;

/// Answers a request to one of the API's routes.
pub async fn answer(
    app: Arc<App>,
    route: &'static Route,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let mut caller = Caller::of(&request, &app);
    let answer = run_admitted(&app, route, &mut caller, &request, &mut payload).await;
    let order = answer.order.map(|fingerprint| taken::UndeliveredOrder::new(&app, fingerprint));
    let response = respond::respond(&app, &caller, route.path, answer).await;
    let response = match order {
        Some(order) => taken::watch(response, &request, order),
        None => response,
    };
    unread::close(response, &request, payload)
}

/// The steps from admission to the endpoint. The ticket is dropped when they are done.
async fn run_admitted(
    app: &Arc<App>,
    route: &'static Route,
    caller: &mut Caller,
    request: &HttpRequest,
    payload: &mut web::Payload,
) -> Answer {
    let timeout = app.config.limits.body_timeout;
    let mut ticket = match app.load.admit(caller.address, caller.secret.as_ref()) {
        Ok(ticket) => ticket,
        Err(refusal) => {
            read::discard(request, payload, timeout).await;
            return Answer::refused(refusal);
        }
    };
    // A small body costs less to read than a look-up of its own.
    if read::may_be_large(request)
        && let Err(refusal) = run::check_header(app, route, caller)
    {
        read::discard(request, payload, timeout).await;
        return Answer::refused(refusal).settle_guess(&mut ticket);
    }
    let sent = match read::receive(route.path, request, payload, timeout, &mut ticket).await {
        Ok(sent) => sent,
        Err(refusal) => return Answer::refused(refusal),
    };
    // While the body was read, the signing delay may have grown.
    caller.now = app.clock.now();
    match ticket.admit_work() {
        Ok(()) => run::run(app, route, caller, sent, &mut ticket).await,
        Err(refusal) => Answer::refused(refusal),
    }
}

/// Answers a request to a path that doesn't exist.
pub async fn unknown_endpoint(
    app: Arc<App>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let caller = Caller::of(&request, &app);
    let refusal = refusal(&app, &caller, Outcome::UnknownEndpoint);
    // The path is the caller's text and can hold a key, so it is not logged.
    let response = refuse(&app, &caller, metrics::UNKNOWN, refusal, &request, &mut payload).await;
    unread::close(response, &request, payload)
}

/// Answers a request to a path by a method that it doesn't have. `allow`: the methods that it has.
pub async fn method_not_allowed(
    app: Arc<App>,
    path: &'static str,
    allow: &'static str,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let caller = Caller::of(&request, &app);
    let preflight = cors::preflight(&app, request.method(), request.path(), request.headers(), allow);
    let refusal = match preflight {
        Some(response) => match app.load.admit_unsigned(caller.address, None) {
            Ok(_ticket) => return unread::close(response, &request, payload),
            Err(refusal) => refusal,
        },
        None => refusal(&app, &caller, Outcome::MethodNotAllowed),
    };
    let mut response = refuse(&app, &caller, path, refusal, &request, &mut payload).await;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    unread::close(response, &request, payload)
}

/// Why a request that reaches no endpoint is refused: by `outcome`, unless it exceeds a rate. It counts against its
/// rates like any other.
fn refusal(app: &App, caller: &Caller, outcome: Outcome) -> Error {
    let admitted = app.load.admit_unsigned(caller.address, caller.secret.as_ref());
    admitted.map_or_else(|refusal| refusal, |_| outcome.into())
}

/// Answers a request that reaches no endpoint.
async fn refuse(
    app: &App,
    caller: &Caller,
    path: &'static str,
    refusal: Error,
    request: &HttpRequest,
    payload: &mut web::Payload,
) -> HttpResponse {
    read::discard(request, payload, app.config.limits.body_timeout).await;
    respond::respond(app, caller, path, Answer::refused(refusal)).await
}

#[cfg(test)]
mod explained;
#[cfg(test)]
mod tests;
