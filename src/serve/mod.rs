//! The path of every request: read it, authorize it, run its endpoint in its transaction, seal the answer, log one line.

mod body;
mod buckets;
mod caller;
mod changelog;
mod clock;
mod demo;
mod documents;
mod download;
mod envelopes;
mod gate;
mod guesses;
mod head;
mod health;
mod keys;
mod large_bodies;
mod limits;
mod repeat;
mod request_id;
mod scrape;
mod seal;
mod unavailable;
mod unread;

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::Semaphore;

use crate::call::{Call, From};
use crate::config::Config;
use crate::domain::{Actor, ApiKeySecret, Fingerprint, Timestamp, Who};
use crate::metrics::Metrics;
use crate::outcome::Outcome;
use crate::params::Params;
use crate::reply::{self, Error, Failure, Reply};
use crate::routes::Route;
use crate::signing::{self, Asked, Keyring, Signatures};
use crate::store::{Access, GivenAnswer, Store, Tx, Verdict};

#[cfg(feature = "fuzzing")]
pub use body::from_multipart;
pub use changelog::changelog;
pub use clock::{Clock, now};
pub use demo::{Demo, mount as mount_demo, playable};
pub use documents::{Library, document, paths as document_paths};
pub use download::download;
pub use gate::LastUsed;
pub use head::without_body;
pub use health::{livez, readyz};
pub use keys::{Published, keys};
pub use limits::Limits;
pub use scrape::serve_metrics;

use caller::Caller;
use envelopes::Envelopes;
use guesses::Guess;
use large_bodies::LargeBodies;
use request_id::RequestIds;
use unavailable::Unavailable;

/// How long a list waits for its turn to be read.
const PATIENCE: Duration = Duration::from_secs(1);

/// What all requests share.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub keyring: Keyring,
    pub signatures: Signatures,
    pub envelopes: Envelopes,
    pub last_used: LastUsed,
    pub limits: Limits,
    pub unavailable: Unavailable,
    /// `None`: nobody asks for them.
    pub metrics: Option<Metrics>,
    pub started_at: Timestamp,
    pub request_ids: RequestIds,
    /// Places for endpoints that read much.
    pub lists: Semaphore,
    /// What a demo begins again with; `None` in every other server.
    pub demo: Option<Demo>,
    pub large_bodies: LargeBodies,
    pub library: Library,
    pub published: Published,
}

impl App {
    /// A server's own, from what it has opened. As many lists are read at the same time as there are threads that answer.
    pub fn new(config: Config, store: Store, keyring: Keyring, signatures: Signatures) -> Self {
        Self {
            clock: Clock::start(Arc::clone(&config.clock_ahead)),
            lists: Semaphore::new(config.workers),
            large_bodies: LargeBodies::default(),
            envelopes: Envelopes::default(),
            unavailable: Unavailable::default(),
            last_used: LastUsed::default(),
            demo: None,
            library: Library::default(),
            published: Published::default(),
            limits: Limits::new(&config.rate_limits),
            metrics: config.metrics_listen.is_some().then(Metrics::new),
            started_at: now(),
            request_ids: RequestIds::default(),
            config,
            store,
            keyring,
            signatures,
        }
    }

    /// What an endpoint gets to know of a caller and of the server.
    pub fn from<'a>(
        &'a self,
        address: IpAddr,
        api_key_id: i64,
        api_key: Option<&'a ApiKeySecret>,
    ) -> From<'a> {
        let (config, keyring) = (&self.config, &self.keyring);
        From { address, api_key_id, api_key, config, names_request: false, keyring }
    }
}

/// What an endpoint made of a request, and whose key may sign it.
struct Answered {
    result: reply::Result<Content>,
    signing_product: Option<(i64, Fingerprint)>,
    /// As far as the outcome doesn't say.
    asked: Asked,
}

/// What to answer.
enum Content {
    New(Reply),
    /// What is written already, for this request or for the same one before.
    Given(GivenAnswer),
}

impl Answered {
    fn new(result: reply::Result<Content>, signing_product: Option<(i64, Fingerprint)>) -> Self {
        Self { result, signing_product, asked: Asked::Once }
    }

    /// An end before any product was found.
    fn refused(error: impl Into<Error>) -> Self {
        Self::new(Err(error.into()), None)
    }
}

/// Answers a request to one of the API's routes.
pub async fn answer(
    app: Arc<App>,
    route: &'static Route,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let mut caller = Caller::of(&request, &app);
    let answered = if let Err(refusal) = admit(&app, &caller) {
        body::discard(&request, &mut payload, app.config.body_timeout).await;
        Answered::refused(refusal)
    } else {
        match body::read(&app, caller.address, &request, &mut payload).await {
            Ok(params) => {
                // A body may have taken its time, and what waits may have become too much meanwhile.
                caller.now = app.clock.now();
                match admit_work(&app) {
                    Ok(()) => run(&app, route, &caller, params).await,
                    Err(refusal) => Answered::refused(refusal),
                }
            }
            Err(refusal) => Answered::refused(refusal),
        }
    };
    let response = seal::respond(&app, &caller, route.path, answered).await;
    unread::close(response, &request, payload)
}

/// Before anything is done: what is done is also answered.
fn admit(app: &App, caller: &Caller) -> reply::Result<()> {
    app.limits.admit(caller)?;
    admit_work(app)
}

/// What would wait too long for its signature is not begun.
fn admit_work(app: &App) -> reply::Result<()> {
    if app.signatures.is_overloaded() { Err(Outcome::ServiceUnavailable.into()) } else { Ok(()) }
}

/// What a request is answered that no endpoint is asked for.
fn elsewhere(app: &App, caller: &Caller, outcome: Outcome) -> Answered {
    Answered::refused(app.limits.admit(caller).err().unwrap_or_else(|| outcome.into()))
}

/// Answers a request to a path that isn't there.
pub async fn unknown_endpoint(
    app: Arc<App>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let caller = Caller::of(&request, &app);
    body::discard(&request, &mut payload, app.config.body_timeout).await;
    // The path is the caller's text and can hold a key, so it is not logged.
    let answered = elsewhere(&app, &caller, Outcome::UnknownEndpoint);
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
    let caller = Caller::of(&request, &app);
    body::discard(&request, &mut payload, app.config.body_timeout).await;
    let answered = elsewhere(&app, &caller, Outcome::MethodNotAllowed);
    let mut response = seal::respond(&app, &caller, path, answered).await;
    let allow = actix_web::http::header::HeaderValue::from_static(allow);
    response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    unread::close(response, &request, payload)
}

/// Authorizes on a reader, so that a stranger never comes near the writer; then runs the endpoint where its route says.
async fn run(app: &Arc<App>, route: &'static Route, caller: &Caller, params: Params) -> Answered {
    let (now, address) = (caller.now, caller.address);
    let of_field = if caller.secret.is_none() { gate::secret_of_field(&params) } else { None };
    if let Some(Err(refusal)) = of_field.as_ref().map(|secret| app.limits.admit_key(secret)) {
        return Answered::refused(refusal);
    }
    let guess = Guess::new(app, address);
    let read = app.store.read(|tx| {
        guarded(|| {
            let secret = caller.secret.as_ref().or(of_field.as_ref());
            let authorized = gate::authorize(tx, caller, secret, &params, route.capability)?;
            guess.check(tx, &params, &authorized, route.access)?;
            let from = app.from(address, authorized.id, secret);
            Ok((
                authorized.id,
                (route.access == Access::Reads).then(|| run_endpoint(route, tx, &params, from, now)),
            ))
        })
    });
    let answered = match read.unwrap_or_else(|error| Err(error.into())) {
        Err(error) => Answered::refused(error),
        Ok((key_id, answered)) => {
            app.last_used.note(key_id, now);
            match answered {
                Some(answered) => answered,
                None if route.access == Access::Lists => list(app, route, caller, key_id, params).await,
                None => write(app, route, caller, key_id, params).await,
            }
        }
    };
    guess.judge(answered)
}

/// Reads on a thread of its own, where the others don't wait for it; a few at a time, so that there are readers left for them.
async fn list(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    api_key_id: i64,
    params: Params,
) -> Answered {
    let Ok(Ok(_place)) = tokio::time::timeout(PATIENCE, app.lists.acquire()).await else {
        return Answered::refused(Outcome::ServiceUnavailable);
    };
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
    let product = answered.signing_product.as_ref();
    let result = answered.result.map(|content| match content {
        Content::New(reply) => Content::Given(seal::given(&reply, product, now)),
        given @ Content::Given(_) => given,
    });
    Answered { result, ..answered }
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
    let actor = Actor {
        at: now,
        who: Who::caller(api_key_id),
        address: Some(address),
        action: route.path.trim_start_matches('/').to_owned(),
    };
    let written = app.store.write(move |tx| {
        tx.act_as(actor);
        let from = From { names_request: repeat_key.is_some(), ..server.from(address, api_key_id, None) };
        let once = repeat::once(tx, repeat_key.as_ref(), now, || run_endpoint(route, tx, &params, from, now));
        let mut answered = once.unwrap_or_else(Answered::refused);
        // What can't be signed is not done: asked here, where it can still be undone.
        if let Err(error) = seal::check_signable(&server, &answered) {
            answered = Answered::refused(signing::Error::from(error));
        }
        if answered.result.is_ok() { Verdict::Keep(answered) } else { Verdict::Undo(answered) }
    });
    let answered = written.await.unwrap_or_else(Answered::refused);
    Answered { asked: Asked::AfterChange, ..answered }
}

fn run_endpoint(route: &Route, tx: &Tx<'_>, params: &Params, from: From<'_>, now: Timestamp) -> Answered {
    let mut call = Call::new(tx, params, from, now);
    let result = guarded(|| (route.endpoint)(&mut call).map(Content::New));
    Answered::new(result, call.signing_product)
}

/// A panic is a failure like any other: it ends one request and nothing else.
pub fn guarded<T>(job: impl FnOnce() -> reply::Result<T>) -> reply::Result<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Failed(Failure::Panicked)))
}

#[cfg(test)]
mod tests;
