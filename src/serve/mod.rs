//! The path of every request: read it, authorize it, run its endpoint in its transaction, seal the answer, log one line.

mod body;
mod caller;
mod changelog;
mod download;
mod gate;
mod health;
mod seal;

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::call::{Call, From};
use crate::config::Config;
use crate::domain::{Fingerprint, Timestamp};
use crate::outcome::Outcome;
use crate::params::Params;
use crate::reply::{self, Error, Failure};
use crate::routes::Route;
use crate::signing::{Keyring, Signatures};
use crate::store::{Access, Store, Tx, Verdict};

pub use caller::now;
pub use changelog::changelog;
pub use download::download;
pub use gate::LastUsed;
pub use health::{livez, readyz};

use caller::Caller;

/// What all requests share.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub keyring: Keyring,
    pub signatures: Signatures,
    pub last_used: LastUsed,
}

/// What an endpoint made of a request, and whose key may sign it.
struct Answered {
    result: reply::Result,
    signing_product: Option<(i64, Fingerprint)>,
}

impl Answered {
    fn unsigned_by_product(result: reply::Result) -> Self {
        Self { result, signing_product: None }
    }
}

/// Answers a request to one of the API's routes.
pub async fn answer(
    app: Arc<App>,
    route: &'static Route,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let caller = Caller::of(&request, &app.config);
    let answered = match body::read(&request, payload, app.config.body_timeout).await {
        Ok(params) => run(&app, route, &caller, params).await,
        Err(refusal) => Answered::unsigned_by_product(Err(refusal.into())),
    };
    seal::respond(&app, &caller, route.path, answered).await
}

/// Answers a request to a path that isn't there.
pub async fn unknown_endpoint(app: Arc<App>, request: HttpRequest) -> HttpResponse {
    let caller = Caller::of(&request, &app.config);
    // The path is the caller's text and can hold a key, so it is not logged.
    let answered = Answered::unsigned_by_product(Err(Outcome::UnknownEndpoint.into()));
    seal::respond(&app, &caller, "(unknown)", answered).await
}

/// Answers a request to a path by a method that it doesn't have. `allow`: the methods that it has.
pub async fn method_not_allowed(
    app: Arc<App>,
    path: &'static str,
    allow: &'static str,
    request: HttpRequest,
) -> HttpResponse {
    let caller = Caller::of(&request, &app.config);
    let answered = Answered::unsigned_by_product(Err(Outcome::MethodNotAllowed.into()));
    let mut response = seal::respond(&app, &caller, path, answered).await;
    let allow = actix_web::http::header::HeaderValue::from_static(allow);
    response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    response
}

/// Authorizes on a reader, so that a stranger never comes near the writer; then runs the endpoint where its route says.
async fn run(app: &Arc<App>, route: &'static Route, caller: &Caller, params: Params) -> Answered {
    let (now, address) = (caller.now, caller.address);
    let read = app.store.read(|tx| {
        guarded(|| {
            let key_id = gate::authorize(tx, caller, &params, route.capability)?;
            let secret = gate::sent_secret(caller, &params);
            let from = From { address, api_key_id: key_id, api_key: secret.as_ref(), config: &app.config };
            Ok((key_id, (route.access == Access::Reads).then(|| run_endpoint(route, tx, &params, from, now))))
        })
    });
    match read.unwrap_or_else(|error| Err(error.into())) {
        Err(error) => Answered::unsigned_by_product(Err(error)),
        Ok((key_id, answered)) => {
            app.last_used.note(key_id, now);
            match answered {
                Some(answered) => answered,
                None => write(app, route, params, (address, key_id), now).await,
            }
        }
    }
}

async fn write(
    app: &Arc<App>,
    route: &'static Route,
    params: Params,
    (address, api_key_id): (IpAddr, i64),
    now: Timestamp,
) -> Answered {
    let server = Arc::clone(app);
    let written = app.store.write(move |tx| {
        let from = From { address, api_key_id, api_key: None, config: &server.config };
        let answered = run_endpoint(route, tx, &params, from, now);
        if answered.result.is_ok() { Verdict::Keep(answered) } else { Verdict::Undo(answered) }
    });
    written.await.unwrap_or_else(|error| Answered::unsigned_by_product(Err(error.into())))
}

fn run_endpoint(route: &Route, tx: &Tx<'_>, params: &Params, from: From<'_>, now: Timestamp) -> Answered {
    let mut call = Call::new(tx, params, from, now);
    let result = guarded(|| (route.endpoint)(&mut call));
    Answered { result, signing_product: call.signing_product }
}

/// A panic is a failure like any other: it ends one request and nothing else.
fn guarded<T>(job: impl FnOnce() -> reply::Result<T>) -> reply::Result<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Failed(Failure::Panicked)))
}
