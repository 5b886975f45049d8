//! The end of every request: failures become outcomes, the answer is signed by the right key and sent, and one line is logged.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::caller::Caller;
use super::{Answered, App, Content};
use crate::domain::{Fingerprint, Timestamp};
use crate::envelope::{self, Signer, Unsigned};
use crate::outcome::{Outcome, SignedBy};
use crate::reply::{Error, Failure, Reply};
use crate::signing::{self, KeyError};
use crate::store::GivenAnswer;

/// Seconds after which a client may try again what was refused because too much was going on.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Seals and sends. `route` is the route's own text, never the caller's.
pub async fn respond(app: &App, caller: &Caller, route: &str, answered: Answered) -> HttpResponse {
    let (code, response) = match answered.result {
        Ok(Content::Given(given)) => {
            let code = given.code;
            match seal_given(app, given).await {
                Ok(body) => (code, envelope_response(StatusCode::OK).body(body)),
                Err(error) => last_resort(app, caller, &shown(&error.into(), caller, route)),
            }
        }
        Ok(Content::New(reply)) | Err(Error::Refused(reply)) => {
            seal_new(app, caller, route, &reply, answered.signing_product.as_ref()).await
        }
        Err(Error::Failed(failure)) => {
            seal_new(app, caller, route, &shown(&failure, caller, route), None).await
        }
    };
    log_request(caller, route, code);
    response
}

/// The one line that each request leaves in the log. `route` is the route's own text, never the caller's, which can hold a key.
pub fn log_request(caller: &Caller, route: &str, code: u16) {
    log::info!(
        target: "keyseal::request",
        "{} {route} {code} {:.1}ms {}",
        caller.method_name(),
        caller.arrived.elapsed().as_secs_f64() * 1e3,
        caller.address,
    );
}

/// Logs a failure, once, and gives what the client is told of it.
fn shown(failure: &Failure, caller: &Caller, route: &str) -> Reply {
    log::error!("{} {route} failed: {failure}", caller.method_name());
    failure.outcome().into()
}

async fn seal_new(
    app: &App,
    caller: &Caller,
    route: &str,
    reply: &Reply,
    product: Option<&(i64, Fingerprint)>,
) -> (u16, HttpResponse) {
    let unsigned = Unsigned::write(reply, caller.now);
    let sealed = match signer(app, reply.outcome.signed_by(), product) {
        Ok(signer) => envelope::seal(&unsigned, &signer, &app.signatures).await,
        Err(error) => Err(error.into()),
    };
    match sealed {
        Ok(body) => (reply.outcome.code(), http_response(app, reply.outcome, body)),
        Err(error) => last_resort(app, caller, &shown(&error.into(), caller, route)),
    }
}

/// What is written already is sealed as it is: of a request that comes again, the very bytes that were given before.
async fn seal_given(app: &App, given: GivenAnswer) -> Result<Vec<u8>, signing::Error> {
    let signed_by = if given.signing_product.is_some() { SignedBy::Product } else { SignedBy::Global };
    let signer = signer(app, signed_by, given.signing_product.as_ref())?;
    envelope::seal(&Unsigned::again(given.response), &signer, &app.signatures).await
}

/// A reply written down, and whose key signs it: all that it takes to seal it later, the same however often.
pub fn given(reply: &Reply, product: Option<&(i64, Fingerprint)>, now: Timestamp) -> GivenAnswer {
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

/// The key that the contract wants, and its label (contract §0.4, item 3).
fn signer(app: &App, signed_by: SignedBy, product: Option<&(i64, Fingerprint)>) -> Result<Signer, KeyError> {
    Signer::choose(&app.keyring, product.filter(|_| signed_by == SignedBy::Product))
}

/// Signs what says that signing failed: by the global key, on this thread.
fn last_resort(app: &App, caller: &Caller, reply: &Reply) -> (u16, HttpResponse) {
    let unsigned = Unsigned::write(reply, caller.now);
    let sealed = Signer::choose(&app.keyring, None).map_err(signing::Error::from);
    let body = sealed.and_then(|signer| signer.seal_at_once(&unsigned)).unwrap_or_else(|error| {
        log::error!("the global key can't sign: {error}");
        Vec::new()
    });
    (reply.outcome.code(), http_response(app, reply.outcome, body))
}

fn http_response(app: &App, outcome: Outcome, body: Vec<u8>) -> HttpResponse {
    let status = outcome.http_status(app.config.http_status);
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
    response.body(body)
}

fn envelope_response(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache, private")));
    response
}
