//! The path of every request: read it, authorize it, run its endpoint in its transaction, seal the answer,
//! log one line.

mod read;
mod buckets;
mod caller;
mod envelopes;
mod authorize;
mod guesses;
mod http_quirks;
mod large_bodies;
mod limits;
mod pages;
mod idempotency;
mod request_id;
mod run;
mod respond;
mod unavailable;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::Semaphore;

use crate::api::call::RequestContext;
use crate::clock::{Clock, now};
use crate::config::Config;
use crate::domain::{ApiKeySecret, CallerId, Outcome, ProductKey, Timestamp};
use crate::metrics::Metrics;
use crate::routes::Route;
use crate::signing::{Keyring, Priority, Signatures};
use crate::store::{GivenAnswer, Store};
use crate::wire::reply::{self, Error, Reply};

pub use authorize::LastUsed;
pub use http_quirks::head::without_body;
pub use limits::Limits;
pub use pages::changelog::changelog;
pub use pages::demo::{Demo, mount as mount_demo, playable};
pub use pages::documents::{Library, document, paths as document_paths};
pub use pages::download::download;
pub use pages::health::{livez, readyz};
pub use pages::keys::{Published, keys};
pub use pages::metrics::serve_metrics;
#[cfg(feature = "fuzzing")]
pub use read::from_multipart;
pub use run::guarded;

use caller::Caller;
use envelopes::Envelopes;
use http_quirks::unread;
use large_bodies::LargeBodies;
use request_id::RequestIds;
use unavailable::{Cause, Unavailable};

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
    /// A server's own, from what it has opened. As many lists are read at the same time as there are threads
    /// that answer.
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
            limits: Limits::new(&config.limits.rates),
            metrics: config.http.metrics_listen.is_some().then(Metrics::new),
            started_at: now(),
            request_ids: RequestIds::default(),
            config,
            store,
            keyring,
            signatures,
        }
    }

    /// What an endpoint gets to know of a caller and of the server.
    pub fn request_context<'a>(
        &'a self,
        address: IpAddr,
        caller: CallerId,
        api_key: Option<&'a ApiKeySecret>,
    ) -> RequestContext<'a> {
        let (config, keyring) = (&self.config, &self.keyring);
        RequestContext { address, caller, api_key, config, names_request: false, keyring }
    }
}

/// What an endpoint made of a request, and whose key may sign it.
struct Answered {
    result: reply::Result<Content>,
    signing_product: Option<ProductKey>,
    /// Of its signature; some outcomes have another.
    priority: Priority,
}

/// What to answer.
enum Content {
    New(Reply),
    /// What is written already, for this request or for the same one before.
    Given(GivenAnswer),
}

impl Content {
    /// Whether it shares its signature with others, as far as that is known without reading what is written.
    fn is_shared(&self) -> bool {
        matches!(self, Self::New(reply) if reply.is_bare())
    }
}

impl Answered {
    fn new(result: reply::Result<Content>, signing_product: Option<ProductKey>) -> Self {
        Self { result, signing_product, priority: Priority::Normal }
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
        read::discard(&request, &mut payload, app.config.limits.body_timeout).await;
        Answered::refused(refusal)
    } else {
        match read::read(&app, caller.address, &request, &mut payload).await {
            Ok(params) => {
                // A body may have taken its time, and what waits may have become too much meanwhile.
                caller.now = app.clock.now();
                match admit_work(&app) {
                    Ok(()) => run::run(&app, route, &caller, params).await,
                    Err(refusal) => Answered::refused(refusal),
                }
            }
            Err(refusal) => {
                if refusal == Outcome::ServiceUnavailable {
                    app.unavailable.note(Cause::Bodies);
                }
                Answered::refused(refusal)
            }
        }
    };
    let response = respond::respond(&app, &caller, route.path, answered).await;
    unread::close(response, &request, payload)
}

/// Before anything is done: what is done is also answered.
fn admit(app: &App, caller: &Caller) -> reply::Result<()> {
    app.limits.admit(caller)?;
    admit_work(app)
}

/// The signing delay past which a new request is refused before it does anything. What was admitted is always signed,
/// however long the queue: its change may be committed already.
const ADMISSION_LIMIT: Duration = Duration::from_millis(500);

/// What would wait too long for its signature is not begun.
fn admit_work(app: &App) -> reply::Result<()> {
    if app.signatures.delay().exceeds(ADMISSION_LIMIT) {
        app.unavailable.note(Cause::Signing);
        return Err(Outcome::ServiceUnavailable.into());
    }
    Ok(())
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
    read::discard(&request, &mut payload, app.config.limits.body_timeout).await;
    // The path is the caller's text and can hold a key, so it is not logged.
    let answered = elsewhere(&app, &caller, Outcome::UnknownEndpoint);
    let response = respond::respond(&app, &caller, "(unknown)", answered).await;
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
    read::discard(&request, &mut payload, app.config.limits.body_timeout).await;
    let answered = elsewhere(&app, &caller, Outcome::MethodNotAllowed);
    let mut response = respond::respond(&app, &caller, path, answered).await;
    let allow = actix_web::http::header::HeaderValue::from_static(allow);
    response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    unread::close(response, &request, payload)
}

#[cfg(test)]
mod tests;
