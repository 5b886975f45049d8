//! `GET /.well-known/keyseal-keys.json`: all public keys, for clients that follow a rotation. Open to anyone:
//! they are public.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::documents::{ASK_AGAIN, JSON, etag, is_known};
use crate::domain::{PublishedKey, Timestamp};
use crate::serve::answer::Answer;
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::http_quirks::unread;
use crate::serve::respond;
use crate::signing::SigningKey;
use crate::store;

const ROUTE: &str = "/.well-known/keyseal-keys.json";

/// For how long a list is sent as it was read: any number of strangers costs one read in that time.
const FRESH: Duration = Duration::from_secs(1);

/// The list as it was read last.
#[derive(Default)]
pub struct PublishedKeys(Mutex<Option<Read>>);

#[derive(Clone)]
struct Read {
    at: Instant,
    /// The global key that the server had then: with another one the list is another too, at once.
    global: Option<Arc<SigningKey>>,
    list: Bytes,
    etag: String,
}

impl Read {
    fn is_of(&self, now: Instant, global: Option<&Arc<SigningKey>>) -> bool {
        let is_same = match (&self.global, global) {
            (Some(then), Some(now)) => then.fingerprint() == now.fingerprint(),
            (then, now) => then.is_none() && now.is_none(),
        };
        is_same && now.duration_since(self.at) < FRESH
    }
}

/// Answers with a list of keys. Not signed: whoever is to trust a key must get it over a connection, or from
/// a hand, that he trusts. Only that a caller asks too often is said as everywhere.
pub async fn keys(app: Arc<App>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let caller = Caller::of(&request, &app);
    let response = match app.load.admit_unsigned(caller.address, caller.secret.as_ref()) {
        Ok(_ticket) => answer(&app, &caller, &request).await,
        Err(refusal) => respond::respond(&app, &caller, ROUTE, Answer::refused(refusal)).await,
    };
    unread::close(response, &request, payload)
}

async fn answer(app: &Arc<App>, caller: &Caller, request: &HttpRequest) -> HttpResponse {
    let (code, mut response) = match list(app).await {
        Ok(read) => {
            let is_known = is_known(request, &read.etag);
            let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
            response.insert_header((ETAG, read.etag)).insert_header((CACHE_CONTROL, ASK_AGAIN));
            if is_known {
                (304, response.finish())
            } else {
                (200, response.insert_header((CONTENT_TYPE, JSON)).body(read.list))
            }
        }
        Err(reason) => {
            log::error!("the public keys can't be listed: {reason}");
            (
                503,
                HttpResponse::ServiceUnavailable()
                    .content_type("text/plain; charset=utf-8")
                    .body("not now\n"),
            )
        }
    };
    respond::finish(app, caller, ROUTE, code, &mut response);
    response
}

/// Read on a thread of its own, because there may be many products; by one caller, and the others wait for
/// what he gets. That takes none of the places that the API's own lists have.
async fn list(app: &Arc<App>) -> Result<Read, String> {
    let mut kept = app.pages.keys.0.lock().await;
    // The key first: if it changes before the database is read, that has both.
    let (at, global) = (Instant::now(), app.keyring.global());
    if let Some(read) = kept.as_ref().filter(|read| read.is_of(at, global.as_ref())) {
        return Ok(read.clone());
    }
    let (server, current) = (Arc::clone(app), global.clone());
    let reading = web::block(move || {
        let keys = server.store.try_read(|tx| tx.published_keys())?;
        let global = current.as_ref().map(|key| (key.fingerprint(), key.public().pem()));
        let keys = PublishedKey::as_served(keys, global);
        Ok::<_, store::Error>(Value::Array(keys.iter().map(shown).collect()).to_string())
    });
    let list = reading.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let read = Read { at, global, etag: etag(list.as_bytes()), list: list.into() };
    *kept = Some(read.clone());
    Ok(read)
}

fn shown(key: &PublishedKey) -> Value {
    let owner = key.owner.map_or_else(|| json!("global"), |id| json!(id));
    let seconds = |time: Option<Timestamp>| time.map(|time| time.0);
    json!({
        "owner": owner, "state": key.state.as_str(), "fingerprint": &*key.fingerprint.0, "pem": key.public_key,
        "from": seconds(key.from), "until": seconds(key.until),
    })
}
