//! The end of every request: failures become outcomes, the answer is signed by the right key and sent, and one line is logged.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use super::caller::Caller;
use super::{Answered, App};
use crate::domain::{Fingerprint, Timestamp};
use crate::envelope::{self, Label, Signer, Unsigned};
use crate::outcome::{Outcome, SignedBy};
use crate::reply::{Error, Failure, Reply};
use crate::signing::{self, KeyError};

/// Seconds after which a client may try again what was refused because too much was going on.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Seals and sends. `route` is the route's own text, never the caller's.
pub async fn respond(app: &App, caller: &Caller, route: &str, answered: Answered) -> HttpResponse {
    let reply = match answered.result {
        Ok(reply) | Err(Error::Refused(reply)) => reply,
        Err(Error::Failed(failure)) => shown(&failure, caller, route),
    };
    let (reply, body) = match seal(app, &reply, answered.signing_product.as_ref(), caller.now).await {
        Ok(body) => (reply, body),
        Err(error) => last_resort(app, shown(&error.into(), caller, route), caller.now),
    };
    log_request(caller, route, reply.outcome.code());
    http_response(reply.outcome, app.config.http_status, body)
}

/// The one line that each request leaves in the log. `route` is the route's own text, never the caller's, which can hold a key.
pub fn log_request(caller: &Caller, route: &str, code: u16) {
    log::info!(
        target: "keyseal::request",
        "{} {route} {code} {:.1}ms {}",
        caller.method,
        caller.arrived.elapsed().as_secs_f64() * 1e3,
        caller.address,
    );
}

/// Logs a failure, once, and gives what the client is told of it.
fn shown(failure: &Failure, caller: &Caller, route: &str) -> Reply {
    log::error!("{} {route} failed: {failure}", caller.method);
    failure.outcome().into()
}

async fn seal(
    app: &App,
    reply: &Reply,
    product: Option<&(i64, Fingerprint)>,
    now: Timestamp,
) -> Result<Vec<u8>, signing::Error> {
    let signer = signer(app, reply.outcome, product)?;
    envelope::seal(reply, now, &signer, &app.signatures).await
}

/// The key that the contract wants, and its label (contract §0.4, item 3).
fn signer(app: &App, outcome: Outcome, product: Option<&(i64, Fingerprint)>) -> Result<Signer, KeyError> {
    match (outcome.signed_by(), product) {
        (SignedBy::Product, Some((id, fingerprint))) => {
            Ok(Signer { key: app.keyring.of_product(*id, fingerprint)?, label: Label::Product })
        }
        _ => Ok(Signer { key: app.keyring.global().clone(), label: Label::Global }),
    }
}

/// Signs what says that signing failed, past the queue that may be the reason. Its bytes are the same for a whole second.
fn last_resort(app: &App, reply: Reply, now: Timestamp) -> (Reply, Vec<u8>) {
    let unsigned = Unsigned::write(&reply, now);
    let body = match app.signatures.sign_at_once(app.keyring.global(), unsigned.message()) {
        Ok(signature) => unsigned.signed(Label::Global, &signature),
        Err(error) => {
            log::error!("the global key can't sign: {error}");
            Vec::new()
        }
    };
    (reply, body)
}

fn http_response(outcome: Outcome, mode: crate::outcome::HttpStatus, body: Vec<u8>) -> HttpResponse {
    let status = StatusCode::from_u16(outcome.http_status(mode)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache, private")));
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
    response.body(body)
}
