//! The path of every request: read it, authorize it, run its endpoint in its transaction, seal the answer, log one line.

mod body;
mod caller;
mod changelog;
mod download;
mod gate;
mod health;
mod repeat;
mod seal;
mod unread;

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::Semaphore;

use crate::call::{Call, From};
use crate::config::Config;
use crate::domain::{ApiKeySecret, Fingerprint, Timestamp};
use crate::outcome::Outcome;
use crate::params::Params;
use crate::reply::{self, Error, Failure, Reply};
use crate::routes::Route;
use crate::signing::{self, Keyring, Signatures};
use crate::store::{Access, GivenAnswer, Store, Tx, Verdict};

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
    /// Places for endpoints that read much.
    pub lists: Semaphore,
}

impl App {
    /// What an endpoint gets to know of a caller and of the server.
    pub fn from<'a>(
        &'a self,
        address: IpAddr,
        api_key_id: i64,
        api_key: Option<&'a ApiKeySecret>,
    ) -> From<'a> {
        let global_public_key = self.keyring.global().map(|key| key.public().pem());
        From { address, api_key_id, api_key, config: &self.config, names_request: false, global_public_key }
    }
}

/// What an endpoint made of a request, and whose key may sign it.
struct Answered {
    result: reply::Result<Content>,
    signing_product: Option<(i64, Fingerprint)>,
}

/// What to answer.
enum Content {
    New(Reply),
    /// What is written already, for this request or for the same one before.
    Given(GivenAnswer),
}

impl Answered {
    /// An end before any product was found.
    fn refused(error: impl Into<Error>) -> Self {
        Self { result: Err(error.into()), signing_product: None }
    }
}

/// Answers a request to one of the API's routes.
pub async fn answer(
    app: Arc<App>,
    route: &'static Route,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let mut caller = Caller::of(&request, &app.config);
    let answered = if app.signatures.is_overloaded() {
        // Refused before anything is done: what is done is also answered.
        body::discard(&mut payload, app.config.body_timeout).await;
        Answered::refused(Outcome::ServiceUnavailable)
    } else {
        match body::read(&request, &mut payload, app.config.body_timeout).await {
            Ok(params) => {
                // A body may have taken its time.
                caller.now = now();
                run(&app, route, &caller, params).await
            }
            Err(refusal) => Answered::refused(refusal),
        }
    };
    let response = seal::respond(&app, &caller, route.path, answered).await;
    unread::close(response, &request, payload)
}

/// Answers a request to a path that isn't there.
pub async fn unknown_endpoint(
    app: Arc<App>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let caller = Caller::of(&request, &app.config);
    body::discard(&mut payload, app.config.body_timeout).await;
    // The path is the caller's text and can hold a key, so it is not logged.
    let answered = Answered::refused(Outcome::UnknownEndpoint);
    let response = seal::respond(&app, &caller, "(unknown)", answered).await;
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
    let caller = Caller::of(&request, &app.config);
    body::discard(&mut payload, app.config.body_timeout).await;
    let answered = Answered::refused(Outcome::MethodNotAllowed);
    let mut response = seal::respond(&app, &caller, path, answered).await;
    let allow = actix_web::http::header::HeaderValue::from_static(allow);
    response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    unread::close(response, &request, payload)
}

/// Authorizes on a reader, so that a stranger never comes near the writer; then runs the endpoint where its route says.
async fn run(app: &Arc<App>, route: &'static Route, caller: &Caller, params: Params) -> Answered {
    let (now, address) = (caller.now, caller.address);
    let read = app.store.read(|tx| {
        guarded(|| {
            let of_field = gate::secret_of_field(&params);
            let secret = caller.secret.as_ref().or(of_field.as_ref());
            let key_id = gate::authorize(tx, caller, secret, &params, route.capability)?;
            let from = app.from(address, key_id, secret);
            Ok((key_id, (route.access == Access::Reads).then(|| run_endpoint(route, tx, &params, from, now))))
        })
    });
    match read.unwrap_or_else(|error| Err(error.into())) {
        Err(error) => Answered::refused(error),
        Ok((key_id, answered)) => {
            app.last_used.note(key_id, now);
            match answered {
                Some(answered) => answered,
                None if route.access == Access::Lists => list(app, route, caller, key_id, params).await,
                None => write(app, route, caller, key_id, params).await,
            }
        }
    }
}

/// Reads on a thread of its own, where the others don't wait for it; a few at a time, so that there are readers left for them.
async fn list(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    api_key_id: i64,
    params: Params,
) -> Answered {
    let Ok(_place) = app.lists.acquire().await else { return Answered::refused(Outcome::ServiceUnavailable) };
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    let read = web::block(move || {
        server.store.read(|tx| {
            let from = server.from(address, api_key_id, None);
            written(run_endpoint(route, tx, &params, from, now), now)
        })
    });
    match read.await {
        Ok(answered) => answered.unwrap_or_else(Answered::refused),
        Err(_) => Answered::refused(Error::Failed(Failure::Panicked)),
    }
}

/// A long reply is written where it was read, and only signed and sent where others wait.
fn written(answered: Answered, now: Timestamp) -> Answered {
    let signing_product = answered.signing_product;
    let result = answered.result.map(|content| match content {
        Content::New(reply) => Content::Given(seal::given(&reply, signing_product.as_ref(), now)),
        given @ Content::Given(_) => given,
    });
    Answered { result, signing_product }
}

async fn write(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    api_key_id: i64,
    params: Params,
) -> Answered {
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    let repeat_key = match repeat::key(caller.idempotency_key.as_deref(), route, api_key_id, &params) {
        Ok(key) => key,
        Err(refusal) => return Answered::refused(refusal),
    };
    let written = app.store.write(move |tx| {
        let from = From { names_request: repeat_key.is_some(), ..server.from(address, api_key_id, None) };
        let once = repeat::once(tx, repeat_key.as_ref(), now, || run_endpoint(route, tx, &params, from, now));
        let mut answered = once.unwrap_or_else(Answered::refused);
        // What can't be signed is not done: asked here, where it can still be undone.
        if let Err(error) = seal::check_signable(&server, &answered) {
            answered = Answered::refused(signing::Error::from(error));
        }
        if answered.result.is_ok() { Verdict::Keep(answered) } else { Verdict::Undo(answered) }
    });
    written.await.unwrap_or_else(Answered::refused)
}

fn run_endpoint(route: &Route, tx: &Tx<'_>, params: &Params, from: From<'_>, now: Timestamp) -> Answered {
    let mut call = Call::new(tx, params, from, now);
    let result = guarded(|| (route.endpoint)(&mut call).map(Content::New));
    Answered { result, signing_product: call.signing_product }
}

/// A panic is a failure like any other: it ends one request and nothing else.
pub fn guarded<T>(job: impl FnOnce() -> reply::Result<T>) -> reply::Result<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Failed(Failure::Panicked)))
}

#[cfg(test)]
mod tests;
