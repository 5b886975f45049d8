//! `GET /.well-known/keyseal-keys.json`: all public keys, for clients that follow a rotation. Open to everybody.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::documents::send_unless_known;
use super::health::plain;
use crate::domain::{PublishedKey, Timestamp};
use crate::routes::PUBLIC_KEYS as ROUTE;
use crate::serve::answer::Answer;
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::page_state::{JSON, KeyList, etag};
use crate::serve::respond;
use crate::store;

/// Answers with the list of keys. It is not signed: a key must reach a client in a way that the client trusts
/// already, such as TLS. A caller over its rate gets the usual 1929.
pub async fn keys(app: &Arc<App>, request: &HttpRequest) -> HttpResponse {
    let caller = Caller::of(request, app);
    match app.load.admit_unsigned(caller.address, caller.secret.as_ref()) {
        Ok(_ticket) => answer(app, &caller, request).await,
        Err(refusal) => respond::respond(app, &caller, ROUTE, Answer::refused(refusal)).await,
    }
}

async fn answer(app: &Arc<App>, caller: &Caller, request: &HttpRequest) -> HttpResponse {
    let mut response = match list(app).await {
        Ok(read) => send_unless_known(request, &read.etag, JSON, &read.list),
        Err(reason) => {
            log::error!("the public keys could not be read: {reason}");
            plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
        }
    };
    let code = response.status().as_u16();
    respond::finish(app, caller, ROUTE, code, &mut response);
    response
}

/// Returns the list of keys, after reading it again if it is too old. One request reads it on the blocking pool,
/// because there may be many products, and the others wait for it. This read doesn't count as one of the lists read
/// at once.
async fn list(app: &Arc<App>) -> Result<KeyList, String> {
    let mut cached = app.pages.keys.lock().await;
    // The key before the database: if it is switched in between, the database has both.
    let (read_at, global) = (Instant::now(), app.keyring.global());
    if let Some(read) = cached.as_ref().filter(|read| read.is_current(read_at, global.as_ref())) {
        return Ok(read.clone());
    }
    let (server, current) = (Arc::clone(app), global.clone());
    let reading = web::block(move || {
        let keys = server.store.try_read(|tx| tx.published_keys())?;
        let global = current.as_ref().map(|key| (key.fingerprint(), key.public().pem()));
        let keys = PublishedKey::as_served(keys, global);
        Ok::<_, store::Error>(Value::Array(keys.iter().map(to_json).collect()).to_string())
    });
    let list = reading.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let read = KeyList { read_at, global, etag: etag(list.as_bytes()), list: list.into() };
    *cached = Some(read.clone());
    Ok(read)
}

fn to_json(key: &PublishedKey) -> Value {
    let owner = key.owner.map_or_else(|| json!("global"), |id| json!(id));
    let seconds = |time: Option<Timestamp>| time.map(|time| time.0);
    json!({
        "owner": owner, "state": key.state.as_str(), "fingerprint": &*key.fingerprint.0, "pem": key.public_key,
        "from": seconds(key.from), "until": seconds(key.until),
    })
}
